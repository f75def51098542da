package artifacts

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// Values reads the values of one key: the source's own ([Input.Own]) or another
// ([Input.Of]).
//
// A value that does not exist gives nothing. A value that exists and cannot be
// read, because its data are damaged or of another type, gives what could be
// read and is noted: it appears in [Result.Errors] with the key, the name of
// the value and the offset of its cell. What is left of a deleted key is often
// incomplete, and is not noted.
type Values struct {
	in  Input
	key hive.Key
	own bool
}

// Own reads the values of the source's key.
func (in Input) Own() Values { return Values{in, in.Key, true} }

// Of reads the values of another key.
//
// Nothing is noted of a key of another hive: its place is not in the file that
// the Input is about, and the artifacts that lie there note it.
func (in Input) Of(k hive.Key) Values {
	if k.Hive() != in.Hive {
		in.noted = nil
	}
	return Values{in: in, key: k}
}

// Text returns a text of the source's key, see [Values.Text].
func (in Input) Text(name string) string { return in.Own().Text(name) }

// Texts returns a list of texts of the source's key, see [Values.Texts].
func (in Input) Texts(name string) []string { return in.Own().Texts(name) }

// Uint returns a number of the source's key, see [Values.Uint].
func (in Input) Uint(name string) (uint64, bool) { return in.Own().Uint(name) }

// Time returns a time of the source's key, see [Values.Time].
func (in Input) Time(name string) time.Time { return in.Own().Time(name) }

// Bytes returns the data of a value of the source's key, see [Values.Bytes].
func (in Input) Bytes(name string) []byte { return in.Own().Bytes(name) }

// Find returns the value with this name. Damage that hides the value is noted.
func (k Values) Find(name string) (hive.Value, bool) {
	var v hive.Value
	var err error
	if k.own {
		v, err = k.in.Value(name)
	} else {
		v, err = k.key.Value(name)
	}
	if err != nil && !errors.Is(err, hive.ErrNotExist) {
		k.in.Note(k.at(), err)
	}
	return v, err == nil
}

// All yields the values of the key. What cannot be listed is noted.
func (k Values) All() iter.Seq[hive.Value] {
	values := k.key.Values()
	if k.own {
		values = k.in.Values()
	}
	return func(yield func(hive.Value) bool) {
		for v, err := range values {
			if err != nil {
				k.in.Note(k.at(), err)
				continue
			}
			if !yield(v) {
				return
			}
		}
	}
}

// Subkey returns the key with this name below the key. Damage that hides it is
// noted.
func (k Values) Subkey(name string) (hive.Key, bool) {
	sub, err := k.key.Subkey(name)
	if err != nil && !errors.Is(err, hive.ErrNotExist) {
		k.in.Note(k.at(), err)
	}
	return sub, err == nil
}

// Subkeys yields the keys below the key. What cannot be listed is noted.
func (k Values) Subkeys() iter.Seq[hive.Key] {
	return func(yield func(hive.Key) bool) {
		for sub, err := range k.key.Subkeys() {
			if err != nil {
				k.in.Note(k.at(), err)
				continue
			}
			if !yield(sub) {
				return
			}
		}
	}
}

// Text returns a text, "" when it does not exist.
func (k Values) Text(name string) string {
	if v, ok := k.Find(name); ok {
		return k.TextOf(v)
	}
	return ""
}

// Texts returns a list of texts, nil when it does not exist.
func (k Values) Texts(name string) []string {
	if v, ok := k.Find(name); ok {
		return k.TextsOf(v)
	}
	return nil
}

// Uint returns a number, and whether it exists.
func (k Values) Uint(name string) (uint64, bool) {
	if v, ok := k.Find(name); ok {
		return k.UintOf(v)
	}
	return 0, false
}

// Time returns the FILETIME that the 8 bytes of a value hold, of any type;
// the zero time when it does not exist.
func (k Values) Time(name string) time.Time {
	if v, ok := k.Find(name); ok {
		return k.TimeOf(v)
	}
	return time.Time{}
}

// Bytes returns the data of a value, nil when it does not exist.
func (k Values) Bytes(name string) []byte {
	if v, ok := k.Find(name); ok {
		return k.BytesOf(v)
	}
	return nil
}

// TextOf returns the text of a value of the key.
func (k Values) TextOf(v hive.Value) string {
	s, err := v.Text()
	k.note(v, err)
	return s
}

// TextsOf returns the list of texts of a value of the key.
func (k Values) TextsOf(v hive.Value) []string {
	list, err := v.Texts()
	k.note(v, err)
	return list
}

// UintOf returns the number of a value of the key, and whether it is one.
func (k Values) UintOf(v hive.Value) (uint64, bool) {
	n, err := v.Uint()
	k.note(v, err)
	return n, err == nil
}

// TimeOf returns the FILETIME of a value of the key.
func (k Values) TimeOf(v hive.Value) time.Time {
	b, err := v.Bytes()
	if err == nil && len(b) != 8 {
		err = fmt.Errorf("%d bytes, a time has 8", len(b))
	}
	k.note(v, err)
	return wire.TimeAt(b, 0)
}

// BytesOf returns the data of a value of the key.
func (k Values) BytesOf(v hive.Value) []byte {
	b, err := v.Bytes()
	k.note(v, err)
	return b
}

// AnyOf spells what a value of the key holds: text, a list without its empty
// parts, a number, or up to 256 bytes in hexadecimal. A value of a type that
// settings do not have is noted.
func (k Values) AnyOf(v hive.Value) string {
	switch v.Type() {
	case hive.String, hive.ExpandString, hive.Link:
		return k.TextOf(v)
	case hive.MultiString:
		return strings.Join(slices.DeleteFunc(k.TextsOf(v), func(s string) bool { return s == "" }), "; ")
	}
	n, err := v.Uint()
	if err == nil {
		return strconv.FormatUint(n, 10)
	}
	b, berr := v.Bytes()
	switch {
	case berr != nil:
		k.note(v, berr)
	case v.Type().Base() != hive.Binary && v.Type().Base() != hive.None:
		k.note(v, err)
	}
	return hex.EncodeToString(b[:min(len(b), 256)])
}

func (k Values) note(v hive.Value, err error) {
	switch {
	case err == nil:
	case k.own:
		k.in.Note(k.in.At(v), err)
	default:
		k.in.Note(k.in.BelowAt(k.key, v), err)
	}
}

func (k Values) at() Origin {
	if k.own {
		return k.in.AtKey()
	}
	return k.in.Below(k.key)
}

// Note reports what could not be read at an origin while the decoder continues,
// as if its error named it. The same place is reported once.
func (in Input) Note(at Origin, err error) {
	if in.noted != nil && err != nil {
		in.noted.add(&DecodeError{Artifact: in.Artifact.Name, From: in.locator(at), Err: err})
	}
}

// Remark adds to [Result.Notes] what a reader should know of the source without
// being an error: a database that was not shut down.
func (in Input) Remark(text string) {
	if in.noted != nil {
		in.noted.notes = append(in.noted.notes, in.From.place()+": "+text)
	}
}

// problems are the errors of one call of a decoder, and its remarks.
type problems struct {
	errs  []*DecodeError
	notes []string
	seen  map[problem]bool
}

// A problem is where an error is, and what it says.
type problem struct {
	key, value string
	offset     int64
	says       string
}

func (p *problems) add(e *DecodeError) {
	at := problem{e.From.Key, e.From.Value, e.From.Offset, e.Err.Error()}
	if p.seen[at] {
		return
	}
	if p.seen == nil {
		p.seen = map[problem]bool{}
	}
	p.seen[at] = true
	p.errs = append(p.errs, e)
}

// AnyText reads a value that should hold text. note says what is odd about it:
// another type, or more text after the end. Data of another type is read as
// text where it looks like UTF-16.
func AnyText(v hive.Value) (s, note string, err error) {
	switch v.Type().Base() {
	case hive.String, hive.ExpandString, hive.Link:
		d, err := v.TextDetails()
		if d.AfterNUL != "" {
			note = "more text behind the end: " + d.AfterNUL
		}
		return d.Text, note, err
	case hive.MultiString:
		list, err := v.Texts()
		return strings.Join(list, " "), "", err
	}
	b, err := v.Bytes()
	if err != nil || len(b) < 4 {
		return "", "", errors.Join(err, errors.New("is of type "+v.Type().String()+", not text"))
	}
	d := hive.DecodeText(b)
	for _, r := range d.Text {
		if r < ' ' || r == '\uFFFD' || utf16.IsSurrogate(r) {
			return "", "", errors.New("is of type " + v.Type().String() + ", not text")
		}
	}
	return d.Text, "is of type " + v.Type().String() + ", not text", nil
}
