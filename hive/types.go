package hive

import (
	"fmt"
	"time"
)

// A Type is a value's type. Any number is legal; regf section 8 names the families that are known.
type Type uint32

// The types that Windows defines for every registry value.
const (
	None Type = iota
	String
	ExpandString
	Binary
	DWord
	DWordBigEndian
	Link
	MultiString
	ResourceList
	FullResourceDescriptor
	ResourceRequirementsList
	QWord
)

var typeNames = [...]string{
	"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK", "REG_MULTI_SZ",
	"REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD",
}

func (t Type) String() string {
	if int64(t) < int64(len(typeNames)) {
		return typeNames[t]
	}
	return fmt.Sprintf("0x%08X", uint32(t))
}

// Families of types; regf section 8.
const (
	devProp        = 0xFFFF0000 // | DEVPROPTYPE
	devPropTime    = devProp | 0x10
	devPropStrings = 0x2000 // list of
	appData        = 0x05F5E100
	appDataLast    = appData + 0x25
)

// Base returns the type, out of the twelve that Windows defines for every value, as which the data can be read:
// device properties by their property type, the driver database's types by their low word. Types of
// application containers and unknown ones are [Binary].
func (t Type) Base() Type {
	switch {
	case t <= QWord:
		return t
	case t >= appData && t <= appDataLast:
		return Binary
	case t>>16 == 0xFFFF:
		switch t & 0xFFFF {
		case 0, 1:
			return None
		case 0x06, 0x07, 0x17, 0x18: // i32, u32, Win32 error, NTSTATUS
			return DWord
		case 0x08, 0x09, 0x10: // i64, u64, FILETIME
			return QWord
		case 0x12, 0x14, 0x19: // string, SDDL string, indirect string
			return String
		case devPropStrings | 0x12, devPropStrings | 0x14, devPropStrings | 0x19:
			return MultiString
		}
		return Binary
	case t>>16 != 0 && t&0xFFFF <= QWord:
		return t & 0xFFFF
	}
	return Binary
}

func (v Value) typeError(want string) error {
	return warn(int(v.Offset()), "value", "type %v with %d bytes is not %s", v.Type(), v.Size(), want)
}

// Text returns the data of a string type: up to the first NUL, without it. [Value.TextDetails] describes what else
// is there.
func (v Value) Text() (string, error) {
	switch v.Type().Base() {
	case String, ExpandString, Link:
	default:
		return "", v.typeError("text")
	}
	b, err := v.Bytes()
	return v.h.text(b), err
}

// AppendText appends what [Value.Text] returns to dst, in UTF-8.
func (v Value) AppendText(dst []byte) ([]byte, error) {
	switch v.Type().Base() {
	case String, ExpandString, Link:
	default:
		return dst, v.typeError("text")
	}
	b, err := v.Bytes()
	return appendText(dst, b), err
}

// TextDetails returns the data of a string type with what [Value.Text] leaves out.
func (v Value) TextDetails() (Text, error) {
	b, err := v.Bytes()
	return DecodeText(b), err
}

// Texts returns the strings of a multi-string value, empty strings between others included, and the one string
// of a string value.
func (v Value) Texts() ([]string, error) {
	switch v.Type().Base() {
	case MultiString:
		b, err := v.Bytes()
		return DecodeTexts(b), err
	case String, ExpandString, Link:
		s, err := v.Text()
		return []string{s}, err
	}
	return nil, v.typeError("a list of text")
}

// Uint returns the data of a number type, which must have that type's size.
func (v Value) Uint() (uint64, error) {
	b, err := v.Bytes()
	if err != nil {
		return 0, err
	}
	switch t := v.Type().Base(); {
	case t == DWord && len(b) == 4:
		return uint64(le.Uint32(b)), nil
	case t == DWordBigEndian && len(b) == 4:
		return uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3]), nil
	case t == QWord && len(b) == 8:
		return le.Uint64(b), nil
	}
	return 0, v.typeError("a number")
}

// Time returns data of 8 bytes as FILETIME, of any type; zero is the zero time. Values are times by
// convention only: whether a date makes sense is for the caller to judge.
func (v Value) Time() (time.Time, error) {
	b, err := v.Bytes()
	if err != nil {
		return time.Time{}, err
	}
	if len(b) != 8 || le.Uint64(b) > maxFiletime {
		return time.Time{}, v.typeError("a time")
	}
	return filetime(le.Uint64(b)), nil
}

// A Text is what data of a string type holds; regf section 8.
type Text struct {
	Text      string // units before the first NUL
	AfterNUL  string // units after the first NUL without NULs at the end: an older, longer text, or hidden data
	OddLength bool   // the last byte is half a unit and left out
	NoNUL     bool   // no NUL ends the text
	Narrow    string // the data read as 8-bit text, where it is printable ASCII that cannot be meant as UTF-16
}

// DecodeText reads data as UTF-16LE text. A lone surrogate becomes U+FFFD.
func DecodeText(b []byte) Text {
	end := textEnd(b)
	t := Text{Text: utf16String(b[:end]), OddLength: len(b)%2 != 0, NoNUL: end == len(b)&^1, Narrow: narrowText(b)}
	if rest := trimNUL(b[end : len(b)&^1]); len(rest) > 0 {
		t.AfterNUL = utf16String(rest[2:])
	}
	return t
}

// DecodeTexts reads data as a list of UTF-16LE strings, each ended by a NUL. Empty strings inside the list are
// kept: readers that stop at the first of them lose the rest of PendingFileRenameOperations.
func DecodeTexts(b []byte) []string {
	b = b[:len(b)&^1]
	// The list's own terminator, and padding behind it, are no strings; the last string's terminator is
	// part of it.
	b = trimNUL(b)
	if len(b) == 0 {
		return nil
	}
	var list []string
	for {
		end := textEnd(b)
		list = append(list, utf16String(b[:end]))
		if end+2 > len(b) {
			break
		}
		b = b[end+2:]
	}
	return list
}

// textEnd returns the position of the first NUL unit, or where the last whole unit ends.
func textEnd(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i
		}
	}
	return len(b) &^ 1
}

// trimNUL cuts NUL units off the end.
func trimNUL(b []byte) []byte {
	for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	return b
}

// narrowText tells 8-bit text that a program stored as UTF-16: all printable ASCII up to a final NUL, and either
// of odd length or without any unit whose high byte is zero.
func narrowText(b []byte) string {
	s := b
	if len(s) > 0 && s[len(s)-1] == 0 {
		s = s[:len(s)-1]
	}
	if len(s) < 2 {
		return ""
	}
	for _, c := range s {
		if c < 0x20 || c > 0x7E {
			return ""
		}
	}
	return string(s)
}
