package collector

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// some is an artifact that names all text files.
var some = &artifacts.Artifact{Name: "texts", Sources: []artifacts.Source{{Glob: `%AnyDrive%\Windows\*.txt`}}}

// texts is a machine with text files.
func texts(n int) fstest.MapFS {
	m := fstest.MapFS{"Windows/System32/config/SYSTEM": {Data: []byte("no hive")}}
	for i := range n {
		b := bytes.Repeat([]byte{byte('a' + i%26), byte(i)}, 3000+100*i)
		m["Windows/"+strings.Repeat("x", i+1)+".txt"] = &fstest.MapFile{Data: b, ModTime: time.Date(2026, 3, 1, 0, i, 0, 0, time.UTC)}
	}
	return m
}

// copies is a machine with an older copy, in which all but one of its files are unchanged.
func copies(n int) fstest.MapFS {
	m := fstest.MapFS{}
	for name, f := range texts(n) {
		m["C/"+name], m["VSS1/"+name] = f, f
	}
	now := m["C/Windows/x.txt"]
	m["VSS1/Windows/x.txt"] = &fstest.MapFile{Data: bytes.Repeat([]byte("!"), len(now.Data)), ModTime: now.ModTime}
	return m
}

func open(t *testing.T, fsys fs.FS) *evidence.Evidence {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "machine", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func options() *Options {
	return &Options{Artifacts: []*artifacts.Artifact{some}, Tool: "test", Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
}

// stopAfter is a context that ends when so many files were begun.
func stopAfter(t *testing.T, o *Options, n int) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(done, _ int, _ string) {
		if done == n {
			cancel()
		}
	}
	return ctx
}

// TestResume interrupts a collection at each file. What is resumed has the bytes of a collection in one go.
func TestResume(t *testing.T) {
	t.Run("files", func(t *testing.T) { resumeEach(t, texts(9), 10) })
	t.Run("files and copies of them", func(t *testing.T) { resumeEach(t, copies(4), 10) })
}

func resumeEach(t *testing.T, machine fstest.MapFS, stops int) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.zip")
	want, err := File(t.Context(), open(t, machine), whole, options(), New)
	if err != nil {
		t.Fatal(err)
	}
	for n := range stops {
		name := filepath.Join(dir, "cut.zip")
		o := options()
		if _, err := File(stopAfter(t, o, n), open(t, machine), name, o, New); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at file %d: %v", n, err)
		}
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("an unfinished collection has its name: %v", err)
		}
		if n == 0 { // no file was complete
			if left, _ := filepath.Glob(name + "*"); len(left) > 0 {
				t.Errorf("stopped at file %d: %v is left", n, left)
			}
			continue
		}
		if _, err := File(t.Context(), open(t, machine), name, options(), New); err == nil || !strings.Contains(err.Error(), "unfinished") {
			t.Errorf("a second run over an unfinished one: %v", err)
		}
		got, err := File(t.Context(), open(t, machine), name, options(), Resume)
		if err != nil {
			t.Fatalf("resumed at file %d: %v", n, err)
		}
		if got.Resumed == 0 {
			t.Errorf("stopped at file %d: nothing was taken from the first run", n)
		}
		sameResumed(t, whole, name, want, got)
		for _, left := range []string{".partial", ".journal"} {
			if _, err := os.Stat(name + left); err == nil {
				t.Errorf("%s%s is left", name, left)
			}
		}
		os.Remove(name)
	}
}

// sameResumed compares two collections. Only the log says that one was resumed.
func sameResumed(t *testing.T, one, two string, want, got *Summary) {
	t.Helper()
	a, err := zip.OpenReader(one)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := zip.OpenReader(two)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if len(a.File) != len(b.File) || want.Files != got.Files || want.Bytes != got.Bytes || want.Listed != got.Listed {
		t.Fatalf("%d entries, %+v; want %d, %+v", len(b.File), got, len(a.File), want)
	}
	for i, f := range a.File {
		g := b.File[i]
		if strings.HasSuffix(f.Name, "collect.log") {
			continue
		}
		x, err1 := fs.ReadFile(a, f.Name)
		y, err2 := fs.ReadFile(b, g.Name)
		if f.Name != g.Name || !bytes.Equal(x, y) || err1 != nil || err2 != nil {
			t.Errorf("%s and %s differ (%v, %v)", f.Name, g.Name, err1, err2)
		}
	}
	if sum, err := files.SHA256(t.Context(), two); err != nil || sum != got.SHA256 {
		t.Errorf("SHA-256 %s (%v), the file has %s", got.SHA256, err, sum)
	}
}

// TestResumeDamaged resumes what was cut, changed, or is of another source.
func TestResumeDamaged(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.zip")
	want, err := File(t.Context(), open(t, texts(9)), whole, options(), New)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(what func([]byte) []byte) func(string) {
		return func(name string) {
			b, err := os.ReadFile(name)
			if err == nil {
				err = os.WriteFile(name, what(b), 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name    string
		partial func(string)
		journal func(string)
		options func(*Options)
		refused string
	}{
		{name: "cut", partial: edit(func(b []byte) []byte { return b[:len(b)*2/3] })},
		{name: "more", partial: edit(func(b []byte) []byte { return append(b, "torn entry"...) })},
		{name: "changed", partial: edit(func(b []byte) []byte { b[len(b)/2] ^= 1; return b })},
		{name: "empty", partial: edit(func(b []byte) []byte { return nil })},
		{name: "journal cut", journal: edit(func(b []byte) []byte { return b[:len(b)*2/3] })},
		{name: "other limits", options: func(o *Options) { o.MaxFile = 17 }, refused: "other options"},
		{name: "other version", options: func(o *Options) { o.Tool = "another" }, refused: "another version"},
		{name: "no journal", journal: edit(func(b []byte) []byte { return nil }), refused: "--force"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "cut.zip")
			o := options()
			if _, err := File(stopAfter(t, o, 6), open(t, texts(9)), name, o, New); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if c.partial != nil {
				c.partial(name + ".partial")
			}
			if c.journal != nil {
				c.journal(name + ".journal")
			}
			o = options()
			if c.options != nil {
				c.options(o)
			}
			got, err := File(t.Context(), open(t, texts(9)), name, o, Resume)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Fatalf("%v, want %q", err, c.refused)
				}
				if _, err := File(t.Context(), open(t, texts(9)), name, o, Force); err != nil {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			sameResumed(t, whole, name, want, got)
		})
	}
}

// A moving file system has a file that another program writes each time after it was opened, up to a number of times.
type moving struct {
	fstest.MapFS
	name  string
	times int
}

func (m *moving) Open(name string) (fs.File, error) {
	f, err := m.MapFS.Open(name)
	if name == m.name && m.times > 0 {
		m.times--
		old := m.MapFS[name]
		m.MapFS[name] = &fstest.MapFile{Data: append(bytes.Clone(old.Data), 'x'), ModTime: old.ModTime.Add(time.Second)}
	}
	return f, err
}

// TestChanged collects a file that is written meanwhile.
func TestChanged(t *testing.T) {
	for _, c := range []struct {
		times int
		state string
	}{{0, whole}, {1, changed}, {100, changed}} {
		m := &moving{MapFS: texts(3), name: "Windows/xx.txt", times: c.times}
		name := filepath.Join(t.TempDir(), "c.zip")
		sum, err := File(t.Context(), open(t, m), name, options(), New)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := fs.ReadFile(z, "artifactdump/files.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		man, err := fs.ReadFile(z, "artifactdump/manifest.json")
		z.Close()
		if err != nil {
			t.Fatal(err)
		}
		named := bytes.Contains(man, []byte(`\\Windows\\xx.txt"`))
		both := bytes.Contains(list, []byte(`"sha256_again":`)) && bytes.Contains(list, []byte("changed while it was read"))
		if moved := c.state == changed; moved != named || moved != both || moved != (sum.Changed == 1) || sum.Partial > 0 {
			t.Errorf("written %d times: %+v\n%s%s", c.times, sum, list, man)
		}
	}
}

// TestWholeRecords finds the record that is torn.
func TestWholeRecords(t *testing.T) {
	rec := func() []byte {
		b := make([]byte, 1024)
		copy(b, "FILE")
		b[4], b[6] = 0x30, 3
		for _, at := range []int{0x30, 510, 1022} {
			b[at], b[at+1] = 7, 9
		}
		return b
	}
	b := bytes.Join([][]byte{rec(), make([]byte, 1024), rec(), []byte("FILE")}, nil)
	if !wholeRecords(b) {
		t.Error("whole records are taken for torn ones")
	}
	b[2048+1022]++
	if wholeRecords(b) {
		t.Error("a torn record is not found")
	}
	b[2048+6] = 200 // a number of sectors that cannot be
	if !wholeRecords(b) {
		t.Error("a record of no form is checked")
	}
}

// TestSame stores what an older copy has unchanged once.
func TestSame(t *testing.T) {
	m := copies(4)
	want := int64(0)
	for name, f := range m {
		if strings.HasPrefix(name, "C/") || name == "VSS1/Windows/x.txt" {
			want += int64(len(f.Data))
		}
	}
	o := options()
	sum, err := Collect(t.Context(), open(t, m), io.Discard, o)
	if err != nil || sum.Files != len(m) || sum.Bytes != want {
		t.Errorf("%d files of %d bytes (%v), want %d of %d", sum.Files, sum.Bytes, err, len(m), want)
	}
	o.Layout = LayoutKAPE
	if sum, err = Collect(t.Context(), open(t, m), io.Discard, o); err != nil || sum.Bytes <= want {
		t.Errorf("in folders: %d bytes (%v), want those of the copies, too", sum.Bytes, err)
	}
}
