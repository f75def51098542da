package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// text is what a file holds, "-" where there is none.
func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return "-"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, name, s string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(s), 0o666); err != nil {
		t.Fatal(err)
	}
}

// out opens an output and writes a word.
func out(t *testing.T, name string, force bool) *Out {
	t.Helper()
	o, err := OpenOut(name, force, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOut: a file has its name when it is whole, and not before.
func TestOut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.csv")
	o := out(t, name, false)
	if o.Standard() || !o.Named() || o.Path() != name+".partial" || text(t, name) != "-" {
		t.Errorf("while it is written: %s is %q", name, text(t, name))
	}
	if err := o.Commit(); err != nil || text(t, name) != "new" || text(t, name+".partial") != "-" {
		t.Errorf("committed: %v, %q", err, text(t, name))
	}

	if _, err := OpenOut(name, false, nil, nil); !isExists(err) {
		t.Errorf("without force: %v", err)
	}
	put(t, name, "old")
	if err := out(t, name, true).Commit(); err != nil || text(t, name) != "new" {
		t.Errorf("with force: %v, %q", err, text(t, name))
	}
}

// TestOutAborted leaves what was written under the other name, and nothing of what
// was never begun.
func TestOutAborted(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	put(t, name, "old")
	out(t, name, true).Abort()
	if text(t, name) != "old" || text(t, name+".partial") != "new" {
		t.Errorf("aborted: %q and %q", text(t, name), text(t, name+".partial"))
	}
	o, err := OpenOut(filepath.Join(dir, "b"), false, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Abort(); text(t, filepath.Join(dir, "b.partial")) != "-" {
		t.Error("an empty file is left")
	}
	// The next run drops what the first one left.
	if err := out(t, name, true).Commit(); err != nil || text(t, name) != "new" || text(t, name+".partial") != "-" {
		t.Errorf("after the aborted one: %v, %q", err, text(t, name))
	}
}

// TestOutMeanwhile: a file that another program made while ours was written is not
// replaced without force, and ours is not lost.
func TestOutMeanwhile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	o := out(t, name, false)
	put(t, name, "theirs")
	if err := o.Commit(); !isExists(err) {
		t.Errorf("committed over another file: %v", err)
	}
	if text(t, name) != "theirs" || text(t, name+".partial") != "new" {
		t.Errorf("%q, and ours %q", text(t, name), text(t, name+".partial"))
	}
}

// TestOutPlaces: standard output, a folder, a folder that is not there, evidence.
func TestOutPlaces(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	for _, name := range []string{"", "-"} {
		o, err := OpenOut(name, false, &b, nil)
		if err != nil || !o.Standard() || o.Named() {
			t.Fatalf("%q: %v", name, err)
		}
		o.WriteString("x")
		if err := o.Commit(); err != nil {
			t.Error(err)
		}
	}
	if o, err := OpenOut("-", false, &b, nil); err == nil {
		o.WriteString("y")
		o.Abort() // what was written to a pipe has gone: the rest follows it
	}
	if b.String() != "xxy" {
		t.Errorf("standard output has %q", b.String())
	}
	for _, name := range []string{dir, filepath.Join(dir, "none", "a")} {
		if o, err := OpenOut(name, true, nil, nil); err == nil {
			o.Abort()
			t.Errorf("%s is taken for a file", name)
		}
	}
	if _, err := OpenOut(filepath.Join(dir, "ev", "a"), true, nil, []string{filepath.Join(dir, "ev")}); err == nil {
		t.Error("a file in the evidence is written")
	}
}

// TestLinksInTheWay: somebody who can write into the folder of the output puts links
// to the evidence where our unfinished files go. They are not followed.
func TestLinksInTheWay(t *testing.T) {
	dir := t.TempDir()
	evidence := filepath.Join(dir, "SYSTEM")
	put(t, evidence, "evidence")
	for _, ending := range []string{".tmp", ".partial"} {
		if err := os.Symlink(evidence, filepath.Join(dir, "a"+ending)); err != nil {
			t.Skip(err)
		}
	}
	name := filepath.Join(dir, "a")
	if err := Replace(name, []byte("{}"), Usual); err == nil {
		t.Error("Replace writes through a link")
	}
	if o, err := OpenOut(name, true, nil, nil); err == nil {
		o.WriteString("x")
		o.Commit()
		t.Error("OpenOut writes through a link")
	}
	if text(t, evidence) != "evidence" {
		t.Errorf("the evidence is %q", text(t, evidence))
	}
}

// TestReplace replaces a file in one step, with its mode, and leaves nothing else.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "manifest.json")
	for _, s := range []string{"{}", strings.Repeat("long ", 1000), ""} {
		if err := Replace(name, []byte(s), Private); err != nil || text(t, name) != s {
			t.Fatalf("%v: %.20q", err, text(t, name))
		}
	}
	st, err := os.Stat(name)
	if err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	put(t, name+".tmp", "left by a run that was killed")
	if err := Replace(name, []byte("1"), Usual); err != nil || text(t, name) != "1" {
		t.Errorf("%v: %q", err, text(t, name))
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%d files in the folder, %v", len(list), err)
	}
	if err := Replace(filepath.Join(dir, "none", "x"), nil, Usual); err == nil {
		t.Error("a file in a folder that is not there")
	}
}

// TestWriteFolder makes a folder and files in it, once.
func TestWriteFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tables")
	bad := errors.New("no more")
	write := func(create func(string) (io.Writer, error)) error {
		for _, name := range []string{"a.csv", "b.csv"} {
			w, err := create(name)
			if err != nil {
				return err
			}
			io.WriteString(w, name)
		}
		_, err := create("a.csv") // a name twice
		if err == nil {
			t.Error("a second file of one name")
		}
		return bad
	}
	if err := WriteFolder(dir, write); !errors.Is(err, bad) {
		t.Errorf("the error of the writer is %v", err)
	}
	if text(t, filepath.Join(dir, "a.csv")) != "a.csv" || text(t, filepath.Join(dir, "b.csv")) != "b.csv" {
		t.Error("the files are not there")
	}
	if err := WriteFolder(dir, write); err == nil || errors.Is(err, bad) {
		t.Errorf("into a folder that is there: %v", err)
	}
}

// TestSHA256Stopped ends when the context does.
func TestSHA256Stopped(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	put(t, name, "abc")
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, appendix B.1
	if got, err := SHA256(t.Context(), name); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := SHA256(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
	if _, err := SHA256(t.Context(), name+"x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
