package wmi

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Index page, "B-tree node" of INDEX.BTR. Offsets in bytes.
const (
	ixMagic   = 0 // u32 0xACCC in use
	ixCount   = 16
	ixHeader  = 20
	ixInUse   = 0xACCC
	nsPrefix  = "NS_"
	namespace = "ROOT"
)

// readIndex finds the keys that lead to the instances. A key is made of pieces:
// the hashes of the namespace and of the class, then that of the instance with
// the logical page, the id and the size of its record:
// NS_…\KI_…\I_….12.345.678.
func (r *Repository) readIndex(f io.ReaderAt, size int64) {
	type place struct{ page, id uint32 }
	want := map[place][]*Instance{}
	for _, list := range [][]*Instance{r.Instances, r.spaces} {
		for _, i := range list {
			if i.State != Deleted {
				want[place{i.logical, i.id}] = append(want[place{i.logical, i.id}], i)
			}
		}
	}
	spaces := map[*Instance]string{}
	buf := make([]byte, pageSize)
	pages := 0
	for n := range min(size/pageSize, maxPages) {
		if got, _ := f.ReadAt(buf, n*pageSize); got < pageSize {
			break
		}
		if r.indexMap != nil {
			if _, ok := r.indexMap.logical[uint32(n)]; !ok {
				continue // a page of an older state
			}
		}
		if le.Uint32(buf[ixMagic:]) != ixInUse {
			continue
		}
		pages++
		indexKeys(buf, func(ns string, page, id uint32) {
			for _, i := range want[place{page, id}] {
				i.indexed = true
				spaces[i] = ns
			}
		})
	}
	if pages == 0 {
		return
	}
	names := r.namespaces(spaces)
	for _, i := range r.Instances {
		i.Namespace = names[spaces[i]]
		if i.State == Live && !i.indexed {
			i.State = Deleted
		}
	}
}

// namespaces names the namespaces by hash: ROOT, and below each known one those
// whose instance of __NAMESPACE is in it.
func (r *Repository) namespaces(in map[*Instance]string) map[string]string {
	names := map[string]string{hashName(namespace, r.XP): namespace}
	left := r.spaces
	for range 16 { // levels
		found := false
		left = slices.DeleteFunc(slices.Clone(left), func(i *Instance) bool {
			parent, ok := names[in[i]]
			if !ok {
				return false
			}
			name := parent + `\` + i.Text("Name")
			names[hashName(name, r.XP)] = name
			found = true
			return true
		})
		if !found {
			break
		}
	}
	return names
}

// indexKeys calls f for each key of an index page that leads to a record.
// After the header stand u32 (zero) and then u32 child for each key, one child
// more, u16 offsets of the keys, u16 size of the keys, the keys (u16 number of
// pieces, u16 piece), u16 number of pieces, u16 offsets, their texts.
func indexKeys(b []byte, f func(ns string, page, id uint32)) {
	u16 := func(at int) int {
		if at < 0 || at+2 > len(b) {
			return -1
		}
		return int(le.Uint16(b[at:]))
	}
	n := int(min(le.Uint32(b[ixCount:]), pageSize))
	offsets := ixHeader + 4*n + 4*(n+1)
	sizeAt := offsets + 2*n
	keys := sizeAt + 2
	countAt := keys + 2*max(u16(sizeAt), 0)
	pieces := u16(countAt)
	if u16(sizeAt) < 0 || pieces < 0 {
		return
	}
	texts := countAt + 2 + 2*(pieces+1)
	piece := func(i int) []byte {
		at := u16(countAt + 2 + 2*i)
		if i < 0 || i >= pieces || at < 0 || texts+at >= len(b) {
			return nil
		}
		end := bytes.IndexByte(b[texts+at:], 0)
		if end < 0 {
			return nil
		}
		return b[texts+at : texts+at+end]
	}
	for i := range n {
		key := keys + 2*u16(offsets+2*i)
		count := u16(key)
		if count < 3 || count > 8 {
			continue
		}
		page, id, ok := recordPlace(piece(u16(key + 2*count)))
		ns := piece(u16(key + 2))
		if ok && bytes.HasPrefix(ns, []byte(nsPrefix)) {
			f(string(ns[len(nsPrefix):]), page, id)
		}
	}
}

// recordPlace reads the end of a key: page, id and size after dots.
func recordPlace(b []byte) (page, id uint32, ok bool) {
	fields := strings.Split(string(b), ".")
	if len(fields) != 4 {
		return 0, 0, false
	}
	p, err1 := strconv.ParseUint(fields[1], 10, 32)
	n, err2 := strconv.ParseUint(fields[2], 10, 32)
	return uint32(p), uint32(n), err1 == nil && err2 == nil
}
