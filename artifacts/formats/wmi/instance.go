package wmi

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// hashName returns the hash of a name as the repository stores it: SHA-256 of
// the upper-case name in UTF-16 (XP: MD5), in hexadecimal digits.
func hashName(name string, xp bool) string {
	u := make([]byte, 0, 2*len(name))
	for _, c := range strings.ToUpper(name) {
		if c > 0xFFFF {
			c = 0xFFFD
		}
		u = append(u, byte(c), byte(c>>8))
	}
	if xp {
		return fmt.Sprintf("%X", md5.Sum(u))
	}
	return fmt.Sprintf("%X", sha256.Sum256(u))
}

// wanted returns the classes whose instances are read, by their hash.
func (r *Repository) wanted() map[string]string {
	m := map[string]string{}
	add := func(name string) {
		m[hashName(name, false)] = name
		m[hashName(name, true)] = name
	}
	for _, defs := range r.classes {
		if c := defs[0]; c.super != "" && !strings.EqualFold(c.super, "__SystemClass") {
			add(c.name)
		}
	}
	for _, name := range subscribed {
		add(name)
	}
	add(namespaceClass)
	return m
}

// hexText reads n hexadecimal digits in UTF-16 at the start of b.
func hexText(b []byte, n int, out []byte) (string, bool) {
	if len(b) < 2*n {
		return "", false
	}
	for i := range n {
		c := b[2*i]
		if b[2*i+1] != 0 || !(c >= '0' && c <= '9' || c >= 'A' && c <= 'F') {
			return "", false
		}
		out = append(out, c)
	}
	return string(out), true
}

// classOf returns the class of an instance record and the size of its hash.
func classOf(b []byte, wanted map[string]string) (class string, head int) {
	var buf [64]byte
	for _, n := range [...]int{64, 32} {
		if h, ok := hexText(b, n, buf[:0]); ok {
			if name := wanted[h]; name != "" {
				return name, 2 * n
			}
		}
	}
	return "", 0
}

// addInstance decodes a record when it is an instance of a wanted class.
func (r *Repository) addInstance(rec *record, wanted map[string]string) {
	if len(rec.b) < 64 {
		return
	}
	name, head := classOf(rec.b, wanted)
	if name == "" {
		return
	}
	at := int64(rec.page)*pageSize + int64(rec.off)
	i, problem := r.decode(name, head, r.whole(rec))
	if problem != "" {
		r.note(at, "instance of "+name, problem)
	}
	if i == nil {
		return
	}
	i.Offset, i.Page, i.State, i.Size = at, rec.page, rec.state, rec.size
	i.logical, i.id = rec.logical, rec.id
	r.keep(i)
}

func (r *Repository) keep(i *Instance) {
	if strings.EqualFold(i.Class, namespaceClass) {
		if i.State != Deleted && len(r.spaces) < maxInstances {
			r.spaces = append(r.spaces, i)
		}
		return
	}
	if len(r.Instances) == maxInstances {
		r.note(i.Offset, "instance", "is one too many; it and later ones are left out")
		return
	}
	r.Instances = append(r.Instances, i)
}

// addFree looks for instances in a part of a page that no record uses: those of
// deleted records. Only one that decodes without a problem is kept.
func (r *Repository) addFree(rec *record, wanted map[string]string) {
	const step = 64 // a hash of 128 bytes has two steps inside, one of 64 one
	b := rec.b
	for at := 0; at+step <= len(b); at += step {
		start, ok := hexStart(b, at)
		if !ok {
			continue
		}
		name, head := classOf(b[start:], wanted)
		if name == "" {
			continue
		}
		i, problem := r.decode(name, head, b[start:])
		if i == nil || problem != "" || len(i.Properties) == 0 {
			continue
		}
		i.Offset, i.Page, i.State = int64(rec.page)*pageSize+int64(rec.off+start), rec.page, Deleted
		i.logical = noPage
		r.keep(i)
		at = start + i.Size - step
	}
}

// hexStart returns where the hexadecimal UTF-16 text begins that covers b[at:].
func hexStart(b []byte, at int) (int, bool) {
	isHex := func(i int) bool {
		return i >= 0 && i+1 < len(b) && b[i+1] == 0 && (b[i] >= '0' && b[i] <= '9' || b[i] >= 'A' && b[i] <= 'F')
	}
	if !isHex(at) {
		if at++; !isHex(at) {
			return 0, false
		}
	}
	for n := 0; n < 64 && isHex(at-2); n++ {
		at -= 2
	}
	return at, true
}

// Instance record: the hash, FILETIME of storing, FILETIME of the class, then
// the instance ([MS-WMIO] 2.2.53): u32 size, u8 flags, u32 class name, two bits
// for each property, the value table, qualifiers, the heap.
const (
	instTimes  = 16
	instHeader = 9
	firstTime  = 119600064000000000 // 1980
	lastTime   = 157469184000000000 // 2100
)

// decode decodes an instance record. It returns nil when it is none, and what
// is wrong with it.
func (r *Repository) decode(name string, head int, b []byte) (*Instance, string) {
	if len(b) < head+instTimes+instHeader {
		return nil, "is too short"
	}
	stored, class := le.Uint64(b[head:]), le.Uint64(b[head+8:])
	block := b[head+instTimes:]
	size := le.Uint32(block)
	if stored > lastTime || stored < firstTime || class > lastTime || int64(size) < instHeader {
		return nil, "has no valid times or size"
	}
	i := &Instance{Class: name, Stored: wire.Time(stored), ClassStored: wire.Time(class)}
	if int64(size) > int64(len(block)) {
		i.Strings = texts(block)
		return i, fmt.Sprintf("is cut short: %d of %d bytes", len(block), size)
	}
	block = block[:size]
	i.Size = head + instTimes + int(size)
	i.raw = bytes.Clone(b[:i.Size])
	c := r.class(name, class)
	if c == nil || !i.decode(block, c) {
		i.Properties = nil
		i.Strings = texts(block)
		if c == nil {
			return i, ""
		}
		return i, "does not fit the definition of its class"
	}
	if s, ok := heapString(instanceHeap(block, c), le.Uint32(block[5:])); !ok || !strings.EqualFold(s, name) {
		return i, "names another class"
	}
	return i, ""
}

// instanceHeap returns the heap of an instance, nil when it does not fit.
func instanceHeap(block []byte, c *class) []byte {
	rd := wire.NewReader(block, instHeader)
	rd.Skip((2*len(c.all) + 7) / 8)
	rd.Skip(c.values)
	skipSized(rd)
	if flag := rd.Uint8(); flag == 2 { // qualifiers of each property
		for range c.all {
			skipSized(rd)
		}
	} else if flag != 1 {
		return nil
	}
	n := rd.Uint32()
	if n&0x80000000 == 0 {
		return nil
	}
	return rd.Take(int(n & 0x7FFFFFFF))
}

// decode fills in the properties.
func (i *Instance) decode(block []byte, c *class) bool {
	heap := instanceHeap(block, c)
	if heap == nil {
		return false
	}
	flags := block[instHeader:]
	values := flags[(2*len(c.all)+7)/8:][:c.values]
	for n, p := range c.all {
		f := flags[n/4] >> (2 * (n % 4)) & 3
		from, in, isDefault := values[p.offset:][:slot(p.typ)], heap, false
		switch f {
		case 1:
			continue // NULL
		case 2, 3: // the default of the class
			if p.null || p.def == nil {
				continue
			}
			from, in, isDefault = p.def, p.heap, true
		}
		v, ok := value(p.typ, from, in)
		if !ok {
			return false
		}
		if v != nil {
			i.Properties = append(i.Properties, Property{Name: p.name, Value: v, Default: isDefault})
		}
	}
	return true
}

// value reads a value of a type from its slot. It returns nil for an embedded
// object, which is not decoded.
func value(typ uint32, b, heap []byte) (any, bool) {
	if typ&cimArray != 0 {
		return array(typ&^cimArray, le.Uint32(b), heap)
	}
	switch typ {
	case cimString, cimDatetime, cimReference:
		return heapString(heap, le.Uint32(b))
	case cimObject:
		return nil, true
	case cimBoolean:
		return le.Uint16(b) != 0, true
	case cimReal32:
		return float64(math.Float32frombits(le.Uint32(b))), true
	case cimReal64:
		return math.Float64frombits(le.Uint64(b)), true
	case cimSint8:
		return int64(int8(b[0])), true
	case cimSint16:
		return int64(int16(le.Uint16(b))), true
	case cimSint32:
		return int64(int32(le.Uint32(b))), true
	case cimSint64:
		return int64(le.Uint64(b)), true
	case cimUint8:
		return uint64(b[0]), true
	case cimUint16, cimChar16:
		return uint64(le.Uint16(b)), true
	case cimUint32:
		return uint64(le.Uint32(b)), true
	case cimUint64:
		return le.Uint64(b), true
	}
	return nil, false
}

// array reads an array in the heap: u32 count, then the elements.
func array(typ, ref uint32, heap []byte) (any, bool) {
	if int64(ref)+4 > int64(len(heap)) {
		return nil, false
	}
	n, b := int64(le.Uint32(heap[ref:])), heap[ref+4:]
	w := int64(width(typ))
	if n*w > int64(len(b)) {
		return nil, false
	}
	if typ == cimUint8 {
		return bytes.Clone(b[:n]), true
	}
	var texts []string
	var ints []int64
	var uints []uint64
	var bools []bool
	var floats []float64
	for i := range n {
		v, ok := value(typ, b[i*w:], heap)
		if !ok {
			return nil, false
		}
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case int64:
			ints = append(ints, v)
		case uint64:
			uints = append(uints, v)
		case bool:
			bools = append(bools, v)
		case float64:
			floats = append(floats, v)
		}
	}
	switch {
	case texts != nil:
		return texts, true
	case ints != nil:
		return ints, true
	case uints != nil:
		return uints, true
	case bools != nil:
		return bools, true
	case floats != nil:
		return floats, true
	}
	return nil, true
}

// heapString reads an encoded string: u8 0 and 8-bit text, or u8 1 and UTF-16;
// a NUL ends it.
func heapString(heap []byte, ref uint32) (string, bool) {
	if int64(ref) >= int64(len(heap)) {
		return "", false
	}
	b := heap[ref+1:]
	switch heap[ref] {
	case 0:
		if text, _, ok := bytes.Cut(b, []byte{0}); ok {
			return wire.Latin1(text), true
		}
	case 1:
		if n := wire.UTF16Len(b); n >= 2 && b[n-1] == 0 && b[n-2] == 0 {
			return wire.UTF16(b[:n-2]), true
		}
	}
	return "", false
}

// texts returns the strings of a block whose layout is unknown: encoded strings
// of four printable characters and more.
func texts(b []byte) (out []string) {
	const most = 64
	for i := 0; i < len(b) && len(out) < most; {
		s, ok := heapString(b, uint32(i))
		if !ok || len(s) < 4 || strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }) >= 0 {
			i++
			continue
		}
		out = append(out, s)
		if i++; b[i-1] == 0 {
			i += bytes.IndexByte(b[i:], 0)
		} else {
			i += wire.UTF16Len(b[i:])
		}
	}
	return out
}
