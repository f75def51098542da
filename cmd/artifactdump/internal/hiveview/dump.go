package hiveview

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/hive"
)

// Dump writes the whole tree as lines of [hive.Dump].
func (f *File) Dump(w io.Writer, deleted bool) error {
	err := hive.Dump(w, f.Hive, &hive.DumpOptions{Deleted: deleted})
	if fe, ok := errors.AsType[*hive.FormatError](err); ok {
		f.Log.HiveDamage(f.Name, fe)
		return nil
	}
	return err
}

// DumpJSON writes the whole tree, an object for each key. What cannot be read is named
// by [File.Check].
func (f *File) DumpJSON(w io.Writer, deleted bool) error {
	for k, err := range f.Keys() {
		if err != nil {
			continue
		}
		if err := output.WriteJSON(w, hivefile.KeyOf(k)); err != nil {
			return err
		}
	}
	if !deleted {
		return nil
	}
	for r := range f.Hive.Deleted() {
		if err := output.WriteJSON(w, hivefile.RemnantOf(r)); err != nil {
			return err
		}
	}
	return nil
}

// Deleted lists the deleted keys and values that the hive still holds, and returns
// what is to be said of their number.
func (f *File) Deleted(w io.Writer) []string {
	n, lost := 0, 0
	for r := range f.Hive.Deleted() {
		kind, bound := "", "-"
		if n++; r.Unreachable {
			n--
			lost++
			kind = "unreachable "
		}
		if !r.NotAfter.IsZero() {
			bound = "deleted at or before " + output.FormatTime(r.NotAfter)
		}
		if r.IsKey {
			fmt.Fprintf(w, "%skey\t%s\t%#x\t%s\t%s\twritten %s\n", kind, r.Note(), r.Offset, bound, output.Clean(r.Path),
				cmp.Or(output.FormatTime(r.Key.Written()), "(no time)"))
			continue
		}
		text, _ := hivefile.Show(r.Value, found)
		fmt.Fprintf(w, "%svalue\t%s\t%#x\t%s\t%s\t%s\t%s\t%s\n", kind, r.Note(), r.Offset, bound, output.Clean(r.Path),
			output.Clean(hivefile.ValueName(r.Value)), r.Value.Type(), text)
	}
	notes := []string{terminal.Count(n, "deleted key or value", "deleted keys and values")}
	if lost > 0 {
		notes = append(notes, terminal.Count(lost, "key or value", "keys and values")+" in use but unreachable")
	}
	return notes
}

// MayRecover refuses a name for the clean copy of the hive that is evidence: what
// lies beside a hive in a copied disk is that, too. It says what the copy is.
func (f *File) MayRecover(name string) error {
	if rec := f.Recovery(); rec.BaseBlockLost {
		f.Log.Note("the copy has a rebuilt base block: the original is lost")
	} else if !rec.Applied {
		f.Log.Notef("nothing to replay: the copy is identical to %s", f.Name)
	}
	if same(f.Name, name) {
		return fmt.Errorf("%s is the evidence itself, which is never written to", f.Name)
	}
	if name == "-" {
		return nil
	}
	return files.Outside(name, []string{filepath.Dir(f.Name)})
}

func same(a, b string) bool {
	sa, err1 := os.Stat(a)
	sb, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(sa, sb)
}
