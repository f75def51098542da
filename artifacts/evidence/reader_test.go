package evidence_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
)

// zipped is the incident's machine in a zip.
func zipped(method uint16) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m := corpus.Incident()
	files := m.Files()
	for _, p := range m.Paths() {
		f, err := w.CreateHeader(&zip.FileHeader{Name: "C/" + p, Method: method})
		if err != nil {
			panic(err)
		}
		f.Write(files[p])
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Evidence is opened from bytes that the program has already: here a zip in
// memory, as an upload brings it.
func ExampleOpenReader() {
	upload := zipped(zip.Deflate)
	ev, err := evidence.OpenReader(bytes.NewReader(upload), int64(len(upload)), "upload.zip", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ev.Close()
	for _, tree := range ev.Trees {
		m := tree.Machine()
		files, _ := tree.Glob(`%SystemRoot%\Prefetch\*.pf`)
		fmt.Printf("%s: %v, Prefetch files: %v\n", ev.Kind, m, len(files) > 0)
	}
	// Output:
	// zip: KESTREL-PC (Windows 10 Pro, build 19045), Prefetch files: true
}

func TestOpenReader(t *testing.T) {
	for name, b := range map[string][]byte{"empty": nil, "text": []byte("hello"), "zeros": make([]byte, 4096)} {
		if _, err := evidence.OpenReader(bytes.NewReader(b), int64(len(b)), name, nil); !errors.Is(err, evidence.ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file reads the same at any offset, whatever holds it.
func TestOpenAt(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.Incident().Write(filepath.Join(dir, "folder")); err != nil {
		t.Fatal(err)
	}
	for name, method := range map[string]uint16{"stored.zip": zip.Store, "deflated.zip": zip.Deflate} {
		if err := os.WriteFile(filepath.Join(dir, name), zipped(method), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"folder", "stored.zip", "deflated.zip"} {
		ev, err := evidence.Open(filepath.Join(dir, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		f, ok := ev.Trees[0].Lookup(`C:\Windows\System32\config\SOFTWARE`)
		if !ok {
			t.Fatalf("%s: no SOFTWARE", name)
		}
		whole, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.OpenAt()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := make([]byte, 1000)
		if _, err := d.ReadAt(got, 3000); err != nil || !bytes.Equal(got, whole[3000:4000]) || d.Size() != int64(len(whole)) {
			t.Errorf("%s: %d of %d bytes, %v", name, d.Size(), len(whole), err)
		}
		if n, err := d.ReadAt(got, d.Size()-10); n != 10 || err != io.EOF {
			t.Errorf("%s: %d bytes at the end, %v", name, n, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A large compressed file goes through a temporary file, and none is left.
func TestOpenAtLarge(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, _ := w.Create("C/Windows/System32/large.db")
	block := make([]byte, 1<<20)
	const blocks = 70
	for i := range blocks {
		block[0] = byte(i)
		f.Write(block)
	}
	w.Close()
	ev, err := evidence.OpenReader(bytes.NewReader(b.Bytes()), int64(b.Len()), "large.zip", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	file, ok := ev.Trees[0].Lookup(`C:\Windows\System32\large.db`)
	if !ok {
		t.Fatal("no file")
	}
	d, err := file.OpenAt()
	if err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	if _, err := d.ReadAt(one, 69<<20); err != nil || one[0] != 69 || d.Size() != blocks<<20 {
		t.Errorf("%d, %v", one[0], err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
