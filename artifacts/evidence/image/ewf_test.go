package image

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/md5"
	"errors"
	"hash/adler32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An ewfPart is one segment file to write.
type ewfPart struct {
	number int
	chunks [][]byte
	last   bool
	plain  bool
	sum    []byte // stored MD5
}

const testChunk = 64 * 512

// ewfFile writes a segment file as EnCase does: volume, sectors, table, table2, then done or next. total counts the chunks of the image.
func ewfFile(p ewfPart, total int) []byte {
	b := slices.Concat(ewfMagic, []byte{1, byte(p.number), 0, 0, 0})
	section := func(typ string, body []byte) {
		h := make([]byte, ewfSection)
		copy(h, typ)
		next := uint64(len(b) + ewfSection + len(body))
		if typ == "done" || typ == "next" {
			next = uint64(len(b))
		}
		le.PutUint64(h[16:], next)
		le.PutUint64(h[24:], uint64(ewfSection+len(body)))
		le.PutUint32(h[72:], adler32.Checksum(h[:72]))
		b = slices.Concat(b, h, body)
	}
	if p.number == 1 {
		v := make([]byte, 1052)
		v[0] = 1
		le.PutUint32(v[4:], uint32(total))
		le.PutUint32(v[8:], 64)
		le.PutUint32(v[12:], 512)
		le.PutUint64(v[16:], uint64(total*64))
		section("volume", v)
	}
	var data, entries []byte
	base := len(b) + ewfSection
	for _, c := range p.chunks {
		if p.plain {
			entries = le.AppendUint32(entries, uint32(len(data)))
			data = le.AppendUint32(append(data, c...), adler32.Checksum(c))
			continue
		}
		entries = le.AppendUint32(entries, uint32(len(data))|ewfCompressed)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(c)
		w.Close()
		data = append(data, z.Bytes()...)
	}
	section("sectors", data)
	t := make([]byte, ewfTableHeader)
	le.PutUint32(t, uint32(len(p.chunks)))
	le.PutUint64(t[8:], uint64(base))
	le.PutUint32(t[20:], adler32.Checksum(t[:20]))
	t = le.AppendUint32(append(t, entries...), adler32.Checksum(entries))
	section("table", t)
	section("table2", t)
	if p.sum != nil {
		section("hash", append(p.sum, make([]byte, 20)...))
	}
	if p.last {
		section("done", nil)
	} else {
		section("next", nil)
	}
	return b
}

// chunksOf is a disk of n chunks, an NTFS boot sector in the first.
func chunksOf(n int) (chunks [][]byte, whole []byte) {
	for i := range n {
		c := bytes.Repeat([]byte{byte(i + 1)}, testChunk)
		if i == 0 {
			copy(c, bootSector())
		}
		chunks = append(chunks, c)
		whole = append(whole, c...)
	}
	return chunks, whole
}

// ewfDir writes segments into a folder under names of their own.
func ewfDir(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEWFSegments(t *testing.T) {
	chunks, whole := chunksOf(6)
	sum := md5.Sum(whole)
	e01 := ewfFile(ewfPart{number: 1, chunks: chunks[:2]}, 6)
	e02 := ewfFile(ewfPart{number: 2, chunks: chunks[2:4], plain: true}, 6)
	e03 := ewfFile(ewfPart{number: 3, chunks: chunks[4:], last: true, sum: sum[:]}, 6)
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		open  string
		want  string // of the error's file and problem
	}{
		{"whole", map[string][]byte{"a.E01": e01, "a.E02": e02, "a.E03": e03}, "a.E01", ""},
		{"lower case", map[string][]byte{"a.e01": e01, "a.e02": e02, "a.e03": e03}, "a.e01", ""},
		{"second missing", map[string][]byte{"a.E01": e01, "a.E03": e03}, "a.E01", "a.E02: segment 2 is missing"},
		{"last missing", map[string][]byte{"a.E01": e01, "a.E02": e02}, "a.E01", "a.E03: segment 3 is missing"},
		{"wrong order", map[string][]byte{"a.E01": e01, "a.E02": e03, "a.E03": e02}, "a.E01", "a.E02: is segment 3 where number 2 belongs"},
		{"second named", map[string][]byte{"a.E01": e01, "a.E02": e02, "a.E03": e03}, "a.E02", "a.E02: is segment 2; name the first one"},
		{"second is no segment", map[string][]byte{"a.E01": e01, "a.E02": []byte("hello"), "a.E03": e03}, "a.E01", "a.E02: is no EWF segment"},
		{"no number in the name", map[string][]byte{"image": e01}, "image", "image: its name ends in no segment number, so segment 2 cannot be found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := ewfDir(t, tt.files)
			d, err := Open(filepath.Join(dir, tt.open), nil)
			if tt.want != "" && err == nil { // what stands before is read
				defer d.Close()
				if got := make([]byte, 2*testChunk); readFull(d, got, 0) != nil || !bytes.Equal(got, whole[:len(got)]) {
					t.Error("the first segment is not read")
				}
				err = errors.Join(d.Damage...)
			}
			if tt.want != "" {
				se, ok := errors.AsType[*SegmentError](err)
				if !ok || se.Error() != tt.want {
					t.Errorf("%v, want %q", err, tt.want)
				}
				if strings.Contains(tt.want, "missing") && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%v is not fs.ErrNotExist", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got := make([]byte, len(whole))
			if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("the disk differs: %v", err)
			}
			if v, err := d.Verify(t.Context()); err != nil || !v.OK() || v.StoredSHA1 != "" {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

func TestEWFDamage(t *testing.T) {
	chunks, whole := chunksOf(4)
	sum := md5.Sum(whole)
	good := func() []byte {
		return ewfFile(ewfPart{number: 1, chunks: chunks, last: true, plain: true, sum: sum[:]}, 4)
	}
	table := bytes.Index(good(), []byte("table\x00"))
	table2 := bytes.Index(good(), []byte("table2\x00"))
	sectors := bytes.Index(good(), []byte("sectors\x00"))
	for _, tt := range []struct {
		name   string
		spoil  func(b []byte) []byte
		open   string // what Open says
		chunk1 string // what reading the second chunk says
	}{
		{"nothing", func(b []byte) []byte { return b }, "", ""},
		{"a chunk", func(b []byte) []byte { b[sectors+ewfSection+testChunk+4+100]++; return b }, "", "chunk 1 at 33989: its checksum is wrong"},
		{"the table, but not its copy", func(b []byte) []byte { b[table+ewfSection+ewfTableHeader+5]++; return b }, "", ""},
		{"the table and its copy", func(b []byte) []byte {
			b[table+ewfSection+ewfTableHeader+5]++
			b[table2+ewfSection+ewfTableHeader+5]++
			return b
		}, "", ""},
		{"a section", func(b []byte) []byte { b[sectors+30]++; return b }, "", ""},
		{"cut off before the table", func(b []byte) []byte { return b[:table] }, "", ""},
		{"a stored hash", func(b []byte) []byte { b[bytes.Index(b, sum[:])]++; return b }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Open(write(t, "a.E01", tt.spoil(good())), nil)
			if tt.open != "" {
				if err == nil || !strings.Contains(err.Error(), tt.open) {
					t.Errorf("%v, want %q", err, tt.open)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			_, err = d.ReadAt(make([]byte, 512), testChunk+1000)
			if tt.chunk1 == "" && err != nil || tt.chunk1 != "" && (err == nil || !strings.Contains(err.Error(), tt.chunk1)) {
				t.Errorf("chunk 1: %v, want %q", err, tt.chunk1)
			}
			v, err := d.Verify(t.Context())
			if ok := tt.chunk1 == "" && tt.name != "a stored hash" && !strings.HasPrefix(tt.name, "cut off"); v.OK() != ok || err != nil && tt.chunk1 == "" {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := Open(write(t, "a.E01", good()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSegmentNames(t *testing.T) {
	dir := ewfDir(t, map[string][]byte{"x.E01": nil})
	d := &Disk{}
	defer d.Close()
	if _, err := d.openFile(filepath.Join(dir, "x.E01")); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{2: "x.E02", 99: "x.E99", 100: "x.EAA", 126: "x.EBA", 775: "x.EZZ", 776: "x.FAA", 14971: "x.ZZZ"} {
		_, err := d.nextSegment(n)
		if se, ok := errors.AsType[*SegmentError](err); !ok || se.File != want {
			t.Errorf("%d: %v, want %s", n, err, want)
		}
	}
	if _, err := d.nextSegment(14972); err == nil || !strings.Contains(err.Error(), "no name") {
		t.Errorf("%v", err)
	}
}
