package ntfsmeta_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"www.velocidex.com/golang/go-ntfs/parser"
)

var (
	le   = binary.LittleEndian
	made = time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
)

func day(n int) time.Time { return made.AddDate(0, 0, n) }

// filetime is the number of 100 ns since 1601, counted by the calendar.
func filetime(t time.Time) uint64 {
	from := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	return uint64(t.Unix()-from.Unix())*1e7 + uint64(t.Nanosecond()/100)
}

// An attr is an attribute of a file record.
type attr struct {
	typ      uint32
	name     string
	resident bool
	value    []byte // resident
	size     uint64
}

// A record is a file record, read by the documents of Linux-NTFS.
type record struct {
	raw        []byte
	seq, links uint16
	used, dir  bool
	base       uint64
	attrs      []attr
}

func text(b []byte) string {
	var u []uint16
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, le.Uint16(b))
	}
	return string(utf16.Decode(u))
}

// unprotect undoes the update sequence, and wants the check value at the end of
// each sector.
func unprotect(t *testing.T, b []byte) []byte {
	t.Helper()
	b = bytes.Clone(b)
	at, n := int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))
	if n != len(b)/512+1 {
		t.Fatalf("an update sequence of %d words for %d bytes", n, len(b))
	}
	for i := 1; i < n; i++ {
		end := b[512*i-2:][:2]
		if !bytes.Equal(end, b[at:at+2]) {
			t.Fatalf("sector %d ends with % x, want % x", i, end, b[at:at+2])
		}
		copy(end, b[at+2*i:][:2])
	}
	return b
}

func records(t *testing.T, mft []byte, size int) (out []*record) {
	t.Helper()
	for e := 0; e*size < len(mft); e++ {
		raw := mft[e*size:][:size]
		if len(bytes.Trim(raw, "\x00")) == 0 {
			out = append(out, nil)
			continue
		}
		b := unprotect(t, raw)
		if string(b[:4]) != "FILE" || int(le.Uint32(b[44:])) != e || int(le.Uint32(b[28:])) != size {
			t.Fatalf("record %d: % x", e, b[:48])
		}
		flags := le.Uint16(b[22:])
		r := &record{raw: b, seq: le.Uint16(b[16:]), links: le.Uint16(b[18:]), used: flags&1 != 0, dir: flags&2 != 0, base: le.Uint64(b[32:])}
		at, last := int(le.Uint16(b[20:])), uint32(0)
		for le.Uint32(b[at:]) != 0xFFFFFFFF {
			a := b[at:][:le.Uint32(b[at+4:])]
			x := attr{typ: le.Uint32(a), resident: a[8] == 0, name: text(a[le.Uint16(a[10:]):][:2*int(a[9])])}
			if x.resident {
				x.value = a[le.Uint16(a[20:]):][:le.Uint32(a[16:])]
				x.size = uint64(len(x.value))
			} else {
				x.size = le.Uint64(a[48:])
			}
			if x.typ < last || len(a)%8 != 0 {
				t.Errorf("record %d: attribute %#x of %d bytes follows %#x", e, x.typ, len(a), last)
			}
			r.attrs, at, last = append(r.attrs, x), at+len(a), x.typ
		}
		if used := int(le.Uint32(b[24:])); used != at+8 {
			t.Errorf("record %d: %d bytes in use, want %d", e, used, at+8)
		}
		out = append(out, r)
	}
	return out
}

func (r *record) find(typ uint32, name string) *attr {
	for i, a := range r.attrs {
		if a.typ == typ && a.name == name {
			return &r.attrs[i]
		}
	}
	return nil
}

// names returns the names of a record with their spaces.
func (r *record) names() map[string]byte {
	out := map[string]byte{}
	for _, a := range r.attrs {
		if a.typ == 0x30 {
			out[text(a.value[66:][:2*int(a.value[64])])] = a.value[65]
		}
	}
	return out
}

func entry(r ntfsmeta.Ref) int { return int(r & (1<<48 - 1)) }

// TestLife takes one file through its life and reads the record of its end.
func TestLife(t *testing.T) {
	for _, size := range []int{1024, 4096} {
		v := ntfsmeta.New(ntfsmeta.Spec{Made: made, RecordSize: size})
		dir := v.Mkdir(ntfsmeta.Root, "Temp", day(1))
		f := v.Create(dir, "a long name.executable", []byte("MZ"), day(2))
		v.Stream(f, "Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3"), day(3))
		v.Write(f, bytes.Repeat([]byte("x"), 5000), day(4))
		v.Rename(f, ntfsmeta.Root, "b.exe", day(5))
		v.SetTimes(f, day(-100), time.Time{}, time.Time{}, time.Time{}, day(6))
		v.Link(f, dir, "c.exe", day(7))
		v.Reparse(f, 0xA000000C, day(8))
		if got := v.Path(f); got != `\b.exe` {
			t.Errorf("path %s", got)
		}
		all := records(t, v.MFT(), size)
		r := all[entry(f)]
		if !r.used || r.dir || r.links != 2 || r.base != 0 {
			t.Errorf("%d: record %+v", size, r)
		}
		if got, want := r.names(), (map[string]byte{"b.exe": 3, "c.exe": 0}); !maps.Equal(got, want) {
			t.Errorf("%d: names %v, want %v", size, got, want)
		}
		si := r.find(0x10, "").value
		for i, want := range []time.Time{day(-100), day(4), day(7), day(2)} {
			if got := le.Uint64(si[8*i:]); got != filetime(want) {
				t.Errorf("%d: time %d of $STANDARD_INFORMATION is %d, want %v", size, i, got, want)
			}
		}
		name := r.find(0x30, "").value
		for i, want := range []time.Time{day(2), day(4), day(4), day(2)} { // as they were at the renaming
			if got := le.Uint64(name[8+8*i:]); got != filetime(want) {
				t.Errorf("%d: time %d of $FILE_NAME is %d, want %v", size, i, got, want)
			}
		}
		if le.Uint32(si[32:])&0x400 == 0 || le.Uint32(r.find(0xC0, "").value) != 0xA000000C {
			t.Errorf("%d: no reparse point", size)
		}
		if a := r.find(0x80, ""); a.resident || a.size != 5000 {
			t.Errorf("%d: data %+v", size, a)
		}
		if a := r.find(0x80, "Zone.Identifier"); !a.resident || !strings.HasSuffix(string(a.value), "ZoneId=3") {
			t.Errorf("%d: stream %+v", size, a)
		}
	}
}

// TestReuse deletes a file and makes another: the entry is the same, its
// sequence one higher, and of the old record there is a rest.
func TestReuse(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	old := v.Create(ntfsmeta.Root, "secret.txt", []byte(strings.Repeat("the old secret. ", 20)), day(1))
	v.Delete(old, day(2))
	gone := records(t, v.MFT(), 1024)[entry(old)]
	if gone.used || gone.seq != uint16(old>>48)+1 || !bytes.HasPrefix(gone.find(0x80, "").value, []byte("the old secret.")) {
		t.Errorf("deleted: %+v", gone)
	}
	fresh := v.Create(ntfsmeta.Root, "new.txt", []byte("n"), day(3))
	if entry(fresh) != entry(old) || uint16(fresh>>48) != uint16(old>>48)+1 {
		t.Errorf("%d-%d after %d-%d", entry(fresh), fresh>>48, entry(old), old>>48)
	}
	r := records(t, v.MFT(), 1024)[entry(fresh)]
	if !r.used || string(r.find(0x80, "").value) != "n" || !bytes.Contains(r.raw[le.Uint32(r.raw[24:]):], []byte("the old secret.")) {
		t.Error("the slack of the record has nothing of the old file")
	}
	defer func() {
		if recover() == nil {
			t.Error("a file that was deleted can be written")
		}
	}()
	v.Write(old, nil, day(4))
}

// TestSpill gives a file more names than one record holds: the list of attributes
// leads to records that name it as their base.
func TestSpill(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	f := v.Create(ntfsmeta.Root, "n00.txt", nil, day(1))
	want := map[string]bool{"n00.txt": true}
	for i := range 9 {
		name := fmt.Sprintf("n%02d-%s.txt", i+1, strings.Repeat("x", 20))
		v.Link(f, ntfsmeta.Root, name, day(2+i))
		want[name] = true
	}
	all := records(t, v.MFT(), 1024)
	r := all[entry(f)]
	list := r.find(0x20, "")
	if list == nil {
		t.Fatal("no list of attributes")
	}
	got := r.names()
	for b := list.value; len(b) > 0; b = b[le.Uint16(b[4:]):] {
		ref := ntfsmeta.Ref(le.Uint64(b[16:]))
		ext := all[entry(ref)]
		if ext.base != uint64(f) || uint64(ext.seq) != uint64(ref>>48) || !ext.used {
			t.Errorf("extension %d: %+v", entry(ref), ext)
		}
		maps.Copy(got, ext.names())
	}
	for n := range want {
		if _, ok := got[n]; !ok {
			t.Errorf("the name %s is in no record", n)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d names, want 10", len(got))
	}
}

// TestShortNames holds a long name to the short one beside it.
func TestShortNames(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	for long, short := range map[string]string{
		"setup.exe": "", "Program Files": "PROGRA~1", "archive.tar.gz": "ARCHIV~1.gz", "a name.html": "ANAME~1.htm", "ninechars": "NINECH~1",
	} {
		f := v.Create(ntfsmeta.Root, long, nil, day(1))
		want := map[string]byte{long: 3}
		if short != "" {
			want = map[string]byte{long: 1, short: 2}
		}
		if got := records(t, v.MFT(), 1024)[entry(f)].names(); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", long, got, want)
		}
	}
}

// TestExtended chains extended attributes by the offset of the next.
func TestExtended(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	f := v.Create(ntfsmeta.Root, "f", nil, day(1))
	v.Extended(f, "$LXUID", []byte("\xE8\x03\x00\x00"), day(2))
	v.Extended(f, "$LXMOD", []byte("\xA4\x81\x00\x00"), day(3))
	b := records(t, v.MFT(), 1024)[entry(f)].find(0xE0, "").value
	var got []string
	for {
		n, size := int(b[5]), int(le.Uint16(b[6:]))
		got = append(got, fmt.Sprintf("%s=%x", b[8:8+n], b[9+n:][:size]))
		next := le.Uint32(b)
		if next == 0 {
			break
		}
		b = b[next:]
	}
	if want := []string{"$LXUID=e8030000", "$LXMOD=a4810000"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestJournal reads the journal by winioctl.h, in both versions, and compares
// each record with the moment that is kept of it.
func TestJournal(t *testing.T) {
	for version, head := range map[int]int{2: 60, 3: 76} {
		v := ntfsmeta.New(ntfsmeta.Spec{Made: made, Version: version, FirstUSN: 1 << 20})
		dir := v.Mkdir(ntfsmeta.Root, "dir", day(1))
		f := v.Create(dir, "one.txt", []byte("1"), day(2))
		v.Rename(f, ntfsmeta.Root, "two.txt", day(3))
		for i := range 80 { // over the border of a page
			v.Create(dir, fmt.Sprintf("fill %02d.txt", i), nil, day(4))
		}
		v.Delete(f, day(5))
		j, moments := v.J(), v.Moments()
		if len(j)%4096 != 0 {
			t.Errorf("a journal of %d bytes", len(j))
		}
		var reasons []uint32
		n := 0
		for at := 0; at < len(j); {
			size := int(le.Uint32(j[at:]))
			if size == 0 {
				at = (at + 4096) &^ 4095
				continue
			}
			b := j[at:][:size]
			if at/4096 != (at+size-1)/4096 || size%8 != 0 || int(le.Uint16(b[4:])) != version {
				t.Fatalf("version %d: record at %d of %d bytes, version %d", version, at, size, le.Uint16(b[4:]))
			}
			usn, reason := le.Uint64(b[head-36:]), le.Uint32(b[head-20:])
			name := text(b[le.Uint16(b[head-2:]):][:le.Uint16(b[head-4:])])
			if usn != 1<<20+uint64(at) || moments[n].USN != usn {
				t.Errorf("version %d: record at %d has the USN %d", version, at, usn)
			}
			if !strings.HasSuffix(moments[n].Path, `\`+name) {
				t.Errorf("version %d: the name %s at %s", version, name, moments[n].Path)
			}
			if le.Uint64(b[8:]) == uint64(f) {
				reasons = append(reasons, reason)
				if parent := le.Uint64(b[8+(head-44)/2:]); parent != uint64(dir) && parent != uint64(ntfsmeta.Root) {
					t.Errorf("version %d: parent %#x", version, parent)
				}
			}
			at, n = at+size, n+1
		}
		if n != len(moments) {
			t.Errorf("version %d: %d records, %d moments", version, n, len(moments))
		}
		// Create, extend, close; renames old and new, close; delete.
		want := []uint32{0x100, 0x102, 0x80000102, 0x1000, 0x2000, 0x80002000, 0x80000200}
		if !slices.Equal(reasons, want) {
			t.Errorf("version %d: reasons %#x, want %#x", version, reasons, want)
		}
		max := v.Max(made)
		if le.Uint64(max[16:]) != filetime(made) || le.Uint64(max[24:]) != 1<<20 {
			t.Errorf("$Max % x", max)
		}
	}
}

// TestIndex reads the block of an index: living names first, deleted ones in the
// slack behind the end.
func TestIndex(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	dir := v.Mkdir(ntfsmeta.Root, "d", day(1))
	var last ntfsmeta.Ref
	for _, n := range []string{"a.txt", "b.txt", "gone.txt"} {
		last = v.Create(dir, n, nil, day(2))
	}
	v.Create(ntfsmeta.Root, "other.txt", nil, day(2))
	v.Delete(last, day(3))
	b := unprotect(t, v.Index(dir))
	if string(b[:4]) != "INDX" {
		t.Fatalf("% x", b[:16])
	}
	at, end := 24+int(le.Uint32(b[24:])), 24+int(le.Uint32(b[28:]))
	var names []string
	for le.Uint32(b[at+12:])&2 == 0 {
		key := b[at+16:][:le.Uint16(b[at+10:])]
		names = append(names, text(key[66:][:2*int(key[64])]))
		at += int(le.Uint16(b[at+8:]))
	}
	if !slices.Equal(names, []string{"a.txt", "b.txt"}) || at+16 != end {
		t.Errorf("names %v, end %d of %d", names, at+16, end)
	}
	gone := utf16.Encode([]rune("gone.txt"))
	var wide []byte
	for _, u := range gone {
		wide = le.AppendUint16(wide, u)
	}
	if i := bytes.Index(b, wide); i < end {
		t.Errorf("the deleted name is at %d, the index ends at %d", i, end)
	}
	if bytes.Contains(b, []byte("o\x00t\x00h\x00e\x00r\x00")) {
		t.Error("a name of another folder is in the index")
	}
}

// TestLogFile has two restart pages that are protected.
func TestLogFile(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	b := v.LogFile()
	for page := range 2 {
		p := unprotect(t, b[page*4096:][:4096])
		area := p[le.Uint16(p[24:]):]
		if string(p[:4]) != "RSTR" || le.Uint64(area[24:]) != 8192 || text(area[le.Uint16(area[22:]):][32:40]) != "NTFS" {
			t.Errorf("restart page %d: % x", page, p[:64])
		}
	}
}

// TestWitness lets go-ntfs build the full paths.
func TestWitness(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	dir := v.Mkdir(v.Mkdir(ntfsmeta.Root, "Users", day(1)), "Mira Ødegård", day(2))
	f := v.Create(dir, "plan 鳥.txt", []byte("x"), day(3))
	mft := v.MFT()
	found := false
	for row := range parser.ParseMFTFile(context.Background(), bytes.NewReader(mft), int64(len(mft)), 4096, 1024) {
		if int(row.EntryNumber) != entry(f) {
			continue
		}
		found = true
		if got := row.FullPath(); got != "/Users/Mira Ødegård/plan 鳥.txt" || !row.InUse || row.FileSize != 1 || !row.Created0x10.Equal(day(3)) {
			t.Errorf("%s, in use %t, %d bytes, created %v", got, row.InUse, row.FileSize, row.Created0x10)
		}
	}
	if !found {
		t.Error("the witness does not find the file")
	}
}

func ExampleVolume() {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	f := v.Create(v.Mkdir(ntfsmeta.Root, "Temp", day(1)), "a.exe", nil, day(2))
	v.Rename(f, ntfsmeta.Root, "b.exe", day(3))
	for _, m := range v.Moments()[3:] {
		fmt.Println(m.Path)
	}
	// Output:
	// \Temp\a.exe
	// \Temp\a.exe
	// \b.exe
	// \b.exe
}
