package hive

import (
	"fmt"
	"strconv"
	"time"
)

// A Field is one field of a record: where it stands, and what it says.
type Field struct {
	Name   string
	Offset int64 // in the image
	Size   int
	Value  string
}

// Fields of the records, in their order, for a reader who wants to see each of them.
type fieldKind uint8

const (
	fieldHex    fieldKind = iota // a number, in hexadecimal
	fieldNumber                  // a count or length
	fieldCell                    // a cell offset
	fieldTime                    // FILETIME
	fieldText                    // letters, up to the end of the record where the size is 0
)

type fieldAt struct {
	name string
	at   int
	size int
	kind fieldKind
}

var keyFields = []fieldAt{
	{"signature", 0, 2, fieldText}, {"flags", nkFlags, 2, fieldHex}, {"last written", nkWritten, 8, fieldTime},
	{"access bits", nkAccess, 1, fieldHex}, {"layer", nkLayered, 1, fieldHex}, {"spare", 14, 2, fieldHex},
	{"parent", nkParent, 4, fieldCell}, {"subkeys", nkSubkeys, 4, fieldNumber}, {"volatile subkeys", nkVolatile, 4, fieldNumber},
	{"subkey list", nkSubkeyList, 4, fieldCell}, {"volatile subkey list", 32, 4, fieldCell},
	{"values", nkValues, 4, fieldNumber}, {"value list", nkValueList, 4, fieldCell}, {"security", nkSecurity, 4, fieldCell},
	{"class name", nkClass, 4, fieldCell}, {"longest subkey name", nkMaxSubkey, 2, fieldNumber},
	{"user and virtualisation flags", nkUserFlags, 1, fieldHex}, {"debug bits", nkDebug, 1, fieldHex},
	{"longest class name", nkMaxClass, 4, fieldNumber}, {"longest value name", nkMaxValue, 4, fieldNumber},
	{"largest data", nkMaxData, 4, fieldNumber}, {"work variable", 68, 4, fieldHex},
	{"name length", nkNameLen, 2, fieldNumber}, {"class name length", nkClassLen, 2, fieldNumber}, {"name", nkName, 0, fieldText},
}

var valueFields = []fieldAt{
	{"signature", 0, 2, fieldText}, {"name length", vkNameLen, 2, fieldNumber}, {"data size", vkSize, 4, fieldHex},
	{"data", vkData, 4, fieldCell}, {"type", vkType, 4, fieldHex}, {"flags", vkFlags, 2, fieldHex}, {"spare", 18, 2, fieldHex},
	{"name", vkName, 0, fieldText},
}

// Fields returns all fields of the key node in stored order, also those that no method has.
func (k Key) Fields() []Field { return fields(k.h.data, int(k.n), keyFields, k.name()) }

// Fields returns all fields of the value's record in stored order. The data field of inline data holds the data.
func (v Value) Fields() []Field { return fields(v.h.data, int(v.n), valueFields, v.name()) }

func fields(data []byte, pos int, table []fieldAt, n name) []Field {
	list := make([]Field, 0, len(table))
	for _, f := range table {
		field := Field{Name: f.name, Offset: int64(pos + f.at), Size: f.size}
		var u uint64
		for i := range f.size {
			u |= uint64(data[pos+f.at+i]) << (8 * i)
		}
		switch {
		case f.kind == fieldText && f.size == 0:
			field.Size, field.Value = len(n.raw), strconv.Quote(string(n.append(nil)))
		case f.kind == fieldText:
			field.Value = strconv.Quote(string(data[pos+f.at : pos+f.at+f.size]))
		case f.kind == fieldNumber:
			field.Value = strconv.FormatUint(u, 10)
		case f.kind == fieldTime && filetime(u).IsZero():
			field.Value = strconv.FormatUint(u, 10)
		case f.kind == fieldTime:
			field.Value = filetime(u).Format(time.RFC3339Nano)
		case f.kind == fieldCell && u == uint64(noOffset):
			field.Value = "none"
		default:
			field.Value = fmt.Sprintf("0x%0*X", 2*f.size, u)
		}
		list = append(list, field)
	}
	return list
}
