package collect_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// filesOf are n files of a volume, and the bytes of each.
func filesOf(n int) (names []string, data map[string]string) {
	rng := rand.New(rand.NewPCG(7, 8))
	data = map[string]string{}
	for i := range n {
		name := fmt.Sprintf("C/Windows/Prefetch/FILE%d.pf", i)
		var b strings.Builder
		for range 40 + 10*i {
			fmt.Fprintf(&b, "%x;", rng.Uint32())
		}
		names = append(names, name)
		data[name] = b.String()
	}
	return names, data
}

// read counts the files that a collection delivers whole. wrong is set when one is delivered with other bytes.
func read(c *collect.Collection, data map[string]string) (n int, wrong bool, errs []error) {
	errs = append(errs, c.Problems...)
	for _, h := range c.Hosts {
		errs = append(errs, h.Problems...)
		for _, v := range h.Volumes {
			fs.WalkDir(v.FS, ".", func(p string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				b, err := fs.ReadFile(v.FS, p)
				want := data[v.Path+"/"+p]
				switch {
				case err != nil:
					errs = append(errs, err)
				case string(b) == want:
					n++
				default:
					wrong = true
				}
				return nil
			})
		}
	}
	return n, wrong, errs
}

// streamed writes a zip as a program does that cannot seek back: the sizes of each file follow its data.
func streamed(t testing.TB, names []string, data map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		f, err := w.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, data[n])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sized writes a zip whose local headers have the sizes.
func sized(t testing.TB, names []string, data map[string]string, method uint16) []byte {
	var ms []member
	for _, n := range names {
		ms = append(ms, member{name: n, data: data[n], method: method})
	}
	return zipOf(t, ms...)
}

func TestZipDamage(t *testing.T) {
	names, data := filesOf(12)
	for kind, b := range map[string][]byte{
		"streamed": streamed(t, names, data), "stored": sized(t, names, data, zip.Store), "deflated": sized(t, names, data, zip.Deflate),
	} {
		directory := bytes.Index(b, []byte("PK\x01\x02"))
		for name, spoil := range map[string]func([]byte) []byte{
			"the last byte is missing":       func(b []byte) []byte { return b[:len(b)-1] },
			"70 KB follow the end":           func(b []byte) []byte { return append(b, bytes.Repeat([]byte("junk"), 17_500)...) },
			"the first header is damaged":    func(b []byte) []byte { b[0]++; return b },
			"half the directory is missing":  func(b []byte) []byte { return b[:directory+(len(b)-directory)/2] },
			"the directory is damaged":       func(b []byte) []byte { b[directory+1]++; return b },
			"there is no directory":          func(b []byte) []byte { return b[:directory] },
			"a header in the middle is gone": func(b []byte) []byte { copy(b[bytes.Index(b, []byte("FILE5"))-60:], make([]byte, 60)); return b },
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				bad := spoil(bytes.Clone(b))
				c, err := openZip(t, bad, nil)
				if err != nil {
					t.Fatal(err)
				}
				n, wrong, errs := read(c, data)
				least := len(names)
				if strings.HasPrefix(name, "a header") {
					least-- // its name may be gone, too
				}
				if n < least || wrong {
					t.Errorf("%d files of %d (wrong bytes: %v): %v", n, len(names), wrong, errs)
				}
				if whole := name == "the first header is damaged" || strings.HasPrefix(name, "a header"); len(errs) == 0 && !whole {
					t.Error("nothing says that the archive is damaged")
				}
			})
		}
	}
}

// A zip that is cut off anywhere gives the files that stand before the cut, and says that it is cut off.
func TestZipCut(t *testing.T) {
	names, data := filesOf(9)
	for kind, b := range map[string][]byte{"streamed": streamed(t, names, data), "deflated": sized(t, names, data, zip.Deflate)} {
		before := 0
		for cut := len(b) / 8; cut < len(b); cut += 97 {
			c, err := openZip(t, b[:cut], nil)
			if err != nil {
				t.Errorf("%s, %d of %d bytes: %v", kind, cut, len(b), err)
				continue
			}
			n, wrong, errs := read(c, data)
			least := max(bytes.Count(b[:cut], []byte("PK\x03\x04"))-1, 0)
			if n < least || n < before || wrong || len(errs) == 0 {
				t.Errorf("%s, %d of %d bytes: %d files, %d stand before the cut: %v", kind, cut, len(b), n, least, errs)
			}
			before = n
		}
	}
}

// What is stored without compression is held to its CRC as well.
func TestStoredCRC(t *testing.T) {
	names, data := filesOf(2)
	b := sized(t, names, data, zip.Store)
	b[bytes.Index(b, []byte(data[names[1]]))+5] ^= 1
	c, err := openZip(t, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, wrong, errs := read(c, data)
	if n != 1 || wrong || len(errs) != 1 || !strings.Contains(errs[0].Error(), "CRC-32") {
		t.Errorf("%d files, wrong bytes: %v, %v", n, wrong, errs)
	}
}

func tarOf(t testing.TB, names []string, data map[string]string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range names {
		if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o600, Size: int64(len(data[n]))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, data[n])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A tar that is cut off, compressed or not, gives what stands before the cut.
func TestTarCut(t *testing.T) {
	names, data := filesOf(9)
	plain := tarOf(t, names, data)
	packers := map[collect.Container]func(w io.Writer) io.WriteCloser{
		"tar.gz": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"tar.zst": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	}
	whole, err := openZip(t, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, _, errs := read(whole, data); n != len(names) || len(errs) > 0 {
		t.Errorf("%d files, %v", n, errs)
	}
	for kind, pack := range packers {
		var b bytes.Buffer
		w := pack(&b)
		w.Write(plain)
		w.Close()
		c, err := openZip(t, b.Bytes(), nil)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if n, wrong, errs := read(c, data); n != len(names) || wrong || len(errs) > 0 || c.Container != kind {
			t.Errorf("%s: %s, %d files, %v", kind, c.Container, n, errs)
		}
		c.Close()
		if c, err = openZip(t, b.Bytes()[:b.Len()*9/10], nil); err != nil {
			if kind == "tar.zst" {
				continue // one block, of which nothing can be expanded
			}
			t.Errorf("%s, cut off: %v", kind, err)
			continue
		}
		if n, wrong, errs := read(c, data); n < 3 || wrong || len(errs) == 0 {
			t.Errorf("%s, cut off: %d files, %v", kind, n, errs)
		}
		c.Close()
	}
	for cut := 1024; cut < len(plain); cut += 512 {
		c, err := openZip(t, plain[:cut], nil)
		if err != nil {
			if cut > 4096 {
				t.Errorf("%d of %d bytes: %v", cut, len(plain), err)
			}
			continue
		}
		least, at := 0, 0
		for _, n := range names {
			if at += 512 + (len(data[n])+511)/512*512; at > cut {
				break
			}
			least++
		}
		n, wrong, errs := read(c, data)
		if n < least || wrong || len(errs) == 0 && cut < len(plain)-512 {
			t.Errorf("%d of %d bytes: %d files, %d stand before the cut: %v", cut, len(plain), n, least, errs)
		}
	}
}

// Names of many short components do not take memory without bound.
func TestImpliedDirectories(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	const entries = 8000
	for i := range entries {
		name := fmt.Sprintf("C/Windows/%d", i) + strings.Repeat("/d", 240) + "/f"
		if _, err := w.CreateHeader(&zip.FileHeader{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	directory := b.Len() - bytes.Index(b.Bytes(), []byte("PK\x01\x02"))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, err := openZip(t, b.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("directory %d bytes, tree %d bytes (%.1f times)", directory, grown, float64(grown)/float64(directory))
	if grown > 10*int64(directory) {
		t.Errorf("%d bytes for a directory of %d", grown, directory)
	}
	if s := fmt.Sprint(c.Problems); !strings.Contains(s, "imply") {
		t.Errorf("nothing says that entries were left out: %.300s", s)
	}
	runtime.KeepAlive(c)
}

func TestSpoolLimit(t *testing.T) {
	s, err := collect.Spool(strings.NewReader("0123456789"), 0, 100)
	if err != nil || s.Size() != 10 {
		t.Errorf("%v", err)
	}
	if _, err := collect.Spool(io.LimitReader(zeroReader{}, 80<<20), 0, 70<<20); err == nil {
		t.Error("no limit")
	} else if _, ok := errors.AsType[*collect.LimitError](err); !ok {
		t.Error(err)
	}
	s, err = collect.Spool(io.LimitReader(zeroReader{}, 70<<20), 0, 100<<20)
	if err != nil || s.Size() != 70<<20 {
		t.Fatalf("%v", err)
	}
	p := make([]byte, 10)
	if _, err := s.ReadAt(p, 69<<20); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }
