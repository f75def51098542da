package hiveview

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/hive"
)

const (
	listed = 120 // how much of a value a list shows
	found  = 200 // and a line of a value that was found
)

// List writes the subkeys and values of a key, and with all those of the keys below.
func (f *File) List(w io.Writer, k hive.Key, all bool) error {
	if all {
		return f.below(k, func(k hive.Key) error { f.list(w, k); return nil })
	}
	f.list(w, k)
	return nil
}

func (f *File) list(w io.Writer, k hive.Key) {
	fmt.Fprintf(w, "%s  last written %s\n", output.Clean(k.Path()), cmp.Or(output.FormatTime(k.Written()), "(no time)"))
	if class, err := k.ClassName(); err == nil && class != "" {
		fmt.Fprintf(w, "  class  %s\n", output.Clean(class))
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			f.bad(err)
			continue
		}
		fmt.Fprintf(w, "  %s  %s\\\n", cmp.Or(output.FormatTime(sub.Written()), "(no time)                   "), output.Clean(sub.Name()))
	}
	f.Values(w, k)
}

// Values lists the values of a key, each in a line.
func (f *File) Values(w io.Writer, k hive.Key) {
	for v, err := range k.Values() {
		if err != nil {
			f.bad(err)
			continue
		}
		text, err := hivefile.Show(v, listed)
		if err != nil {
			f.bad(err)
		}
		fmt.Fprintf(w, "  %-20s %-14s %s\n", output.Clean(hivefile.ValueName(v)), v.Type(), text)
	}
}

// Value returns a value of the key at a path. The default value is also called
// (Default).
func (f *File) Value(path, name string) (hive.Value, error) {
	k, err := f.Find(path)
	if err != nil {
		return hive.Value{}, err
	}
	v, err := k.Value(name)
	if errors.Is(err, hive.ErrNotExist) && strings.EqualFold(name, "(Default)") {
		v, err = k.Value("")
	}
	if errors.Is(err, hive.ErrNotExist) {
		err = fmt.Errorf("no value %q in %s", name, path)
	}
	return v, err
}

// Print writes a value in full: as text, or as the bytes that are stored.
func (f *File) Print(w io.Writer, v hive.Value, raw bool) {
	if raw {
		b, err := v.Bytes()
		if err != nil {
			f.bad(err)
		}
		w.Write(b)
		return
	}
	text, err := hivefile.Show(v, 0)
	if err != nil {
		f.bad(err)
	}
	fmt.Fprintln(w, text)
}
