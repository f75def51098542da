package inspect

import (
	"errors"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/hive"
)

var hiveFormat = format{kind: "hive", known: begins("regf"), read: readHive}

// maxHive is the largest hive that is read: the format ends at 4 GiB, and those
// of Windows stay below this.
const maxHive = 1 << 30

// readHive gives the keys and values of a hive in the order of its tree, after its
// logs have been replayed.
func readHive(f File, opts Options, yield func(Row) bool) error {
	if f.Size > maxHive {
		return fmt.Errorf("%d bytes are more than the limit of %d", f.Size, maxHive)
	}
	b := make([]byte, f.Size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return err
	}
	var logs []hive.Log
	for _, suffix := range []string{".LOG1", ".LOG2", ".LOG"} {
		if f.Beside == nil {
			break
		}
		l, err := f.Beside(suffix)
		if err != nil || l.Size > maxHive {
			continue
		}
		data, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size))
		if err == nil {
			logs = append(logs, hive.Log{Name: suffix[1:], Data: data})
		}
	}
	h, err := hive.Open(b, &hive.Options{Logs: logs})
	if h == nil {
		return err
	}
	x := hiveRows{yield: yield}
	for k, err := range h.Keys() {
		if err != nil {
			x.errs = append(x.errs, err)
			continue
		}
		if !x.key(k, k.Path(), "", "") {
			return nil
		}
	}
	if opts.Recovered && !x.remnants(h) {
		return nil
	}
	for _, d := range h.Damage() {
		x.errs = append(x.errs, d)
	}
	if err != nil {
		x.errs = append(x.errs, err)
	}
	return damageError(len(x.errs), len(x.errs), func(i int) error { return x.errs[i] })
}

type hiveRows struct {
	yield func(Row) bool
	errs  []error
}

// remnants adds what was deleted, and what no list leads to.
func (x *hiveRows) remnants(h *hive.Hive) bool {
	for r := range h.Deleted() {
		state := "deleted"
		if r.Unreachable {
			state = "unreachable"
		}
		switch {
		case r.IsKey && !x.key(r.Key, r.Path, state, r.Note()):
			return false
		case !r.IsKey && !x.value(r.Value, r.Path, state, r.Note()):
			return false
		}
	}
	return true
}

func (x *hiveRows) key(k hive.Key, path, state, note string) bool {
	row := Row{Kind: "hive", Offset: k.Offset(), State: state}
	row.Add("key", path)
	row.Add("written", k.Written())
	row.Add("filetime", k.WrittenRaw())
	row.Add("note", absent(note))
	if !x.yield(row) {
		return false
	}
	if state != "" {
		return true // its values are remnants of their own
	}
	for v, err := range k.Values() {
		if err != nil {
			x.errs = append(x.errs, err)
			continue
		}
		if !x.value(v, path, "", "") {
			return false
		}
	}
	return true
}

func (x *hiveRows) value(v hive.Value, path, state, note string) bool {
	row := Row{Kind: "hive", Offset: v.Offset(), State: state}
	row.Add("key", path)
	row.Add("value", v.Name())
	row.Add("type", v.Type().String())
	b, err := v.Bytes()
	if err != nil {
		row.Damage = err.Error()
		if _, ok := errors.AsType[*hive.FormatError](err); !ok {
			x.errs = append(x.errs, err)
		}
	}
	switch v.Type() {
	case hive.String, hive.ExpandString, hive.Link:
		if s, err := v.Text(); err == nil {
			row.Add("text", s)
		}
	case hive.MultiString:
		if s, err := v.Texts(); err == nil {
			row.Add("texts", s)
		}
	case hive.DWord, hive.QWord, hive.DWordBigEndian:
		if n, err := v.Uint(); err == nil {
			row.Add("number", n)
		}
	}
	row.Add("data", b)
	row.Add("note", absent(note))
	return x.yield(row)
}
