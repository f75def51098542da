package corpus

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// Shell items as Windows 10 writes them.

const (
	myComputer = "20D04FE0-3AEA-1069-A2D8-08002B30309D"
	network    = "F02C1A0D-BE21-4350-88B0-7367FC96EF3C"
)

// sized puts the size before an item.
func sized(body ...byte) []byte {
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(body)+2)), body...)
}

// itemList ends a list of items.
func itemList(items ...[]byte) []byte {
	var b []byte
	for _, it := range items {
		b = append(b, it...)
	}
	return append(b, 0, 0)
}

// guidBytes is the binary form of a GUID.
func guidBytes(s string) []byte {
	hex := strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")
	b := make([]byte, 16)
	for i := range b {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			panic(err)
		}
		b[i] = byte(n)
	}
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5], b[6], b[7] = b[5], b[4], b[7], b[6]
	return b
}

func rootItem(id string) []byte { return sized(append([]byte{0x1F, 0x50}, guidBytes(id)...)...) }

func volumeItem(drive string) []byte {
	return sized(append(append([]byte{0x2F}, drive...), make([]byte, 22-len(drive))...)...)
}

// networkItem is a share: class C3, flags 81, name, description.
func networkItem(path string) []byte {
	b := append([]byte{0xC3, 0x01, 0x81}, path...)
	b = append(b, 0)
	return sized(append(b, "Microsoft Network\x00\x00\x00\x02\x00"...)...)
}

// A fileItem is a file or folder as the shell saw it.
type fileItem struct {
	name, short                 string
	folder                      bool
	size                        uint32
	modified, created, accessed time.Time
	entry                       uint64
	sequence                    uint16
}

// on gives the item the place of a file in the file table.
func (f fileItem) on(path string) fileItem {
	f.entry, f.sequence = reference(path)
	return f
}

func (f fileItem) item() []byte {
	le := binary.LittleEndian
	class, attributes := byte(0x32), uint16(0x20)
	if f.folder {
		class, attributes = 0x31, 0x10
	}
	b := []byte{class, 0}
	b = le.AppendUint32(b, f.size)
	b = le.AppendUint32(b, fat(f.modified))
	b = le.AppendUint16(b, attributes)
	b = append(append(b, f.short...), 0)
	if len(b)%2 != 0 {
		b = append(b, 0)
	}
	at := len(b) + 2
	// Extension block BEEF0004, version 9.
	x := le.AppendUint16(nil, 9)
	x = le.AppendUint32(x, 0xBEEF0004)
	x = le.AppendUint32(x, fat(f.created))
	x = le.AppendUint32(x, fat(f.accessed))
	x = append(x, 0x2E, 0, 0, 0)
	x = le.AppendUint64(x, f.entry|uint64(f.sequence)<<48)
	x = append(x, make([]byte, 8)...)
	x = append(x, 0, 0) // no localized name
	x = append(x, make([]byte, 8)...)
	x = append(x, text16(f.name)...)
	x = le.AppendUint16(x, uint16(at))
	b = append(b, sized(x...)...)
	return sized(b...)
}

// fat is a FAT date and time: date low, time high.
func fat(t time.Time) uint32 {
	if t.IsZero() {
		return 0
	}
	d := (t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day()
	c := t.Hour()<<11 | t.Minute()<<5 | t.Second()/2
	return uint32(c)<<16 | uint32(d)
}

// linkItem is what stands behind a name in the list of recent documents.
func linkItem(name string) []byte {
	return itemList(fileItem{name: name, short: strings.ToUpper(name[:min(len(name), 6)]) + "~1.LNK"}.item())
}

// bag writes one folder below a key of the shell's tree and returns the key of
// the folder.
func bag(k *regf.Key, number uint32, item []byte, at time.Time) *regf.Key {
	k.Set(strconv.FormatUint(uint64(number), 10), regf.Binary(itemList(item))).At(at)
	return k.Sub(strconv.FormatUint(uint64(number), 10)).At(at)
}
