package ntfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// The data of these files was compressed by wimlib: the resources of its images have the form of files that Windows
// compresses for the system, a table of chunks and the chunks. TestWimlib makes more where wimtools are installed.
var wofNames = []string{"xpress4k", "lzx", "xpress8k", "xpress16k"} // by the number of the method

// wofContent is n bytes of text, code with calls, noise and zeros, in pieces.
func wofContent(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 18))
	var b []byte
	for len(b) < n {
		switch piece := 200 + r.IntN(9000); r.IntN(5) {
		case 0, 1:
			for range piece / 12 {
				b = fmt.Appendf(b, "line %d of %s\r\n", r.IntN(300), []string{"a log", "the report", "C:\\Windows\\System32"}[r.IntN(3)])
			}
		case 2:
			for range piece / 16 { // calls of few functions from many places
				b = append(b, 0x48, 0x8B, byte(r.IntN(256)), 0xE8)
				target := r.IntN(40)*0x1010 - len(b)%lzxChunk
				if r.IntN(30) == 0 {
					target = lzxTarget - 1 - r.IntN(1+len(b)%lzxChunk) // too far, and negative when it is made absolute
				}
				b = le.AppendUint32(b, uint32(target))
				b = append(b, 0x90, 0x0F, 0xE8, byte(r.IntN(4)))
			}
		case 3:
			for range piece {
				b = append(b, byte(r.IntN(256)))
			}
		case 4:
			b = append(b, make([]byte, piece)...)
		}
	}
	b = b[:n]
	for i := n - 12; i > 0 && i < n; i += 1 + r.IntN(3) { // calls near the end, where they are not translated
		b[i] = 0xE8
	}
	return b
}

// wofVolume has one file, whose data is compressed by a method.
func wofVolume(t *testing.T, method uint32, size int, data []byte) *Volume {
	t.Helper()
	b := newBuilder(64+len(data)/bCluster, 40)
	b.dir(RootEntry, RootEntry, ".", ent{36, "wof", 0, 3})
	info := make([]byte, wofLength)
	for at, n := range map[int]uint32{0: tagWOF, wofVersion: 1, wofProvider: wofProviderFile, wofFile: 1, wofMethod: method} {
		le.PutUint32(info[at:], n)
	}
	packed := b.nonResident(typeData, wofStream, runsOf(b.put(data)), uint64(len(data)), 0)
	b.file(36, RootEntry, "wof", 0, b.nonResident(typeData, "", runsOf(run{0, -1, int64(size)/bCluster + 1}), uint64(size), 0),
		packed, resident(typeReparse, "", info))
	return mustOpen(t, b.bytes(), nil)
}

func checkWOF(t *testing.T, method uint32, want, data []byte) {
	t.Helper()
	v := wofVolume(t, method, len(want), data)
	got, err := v.ReadFile("wof")
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes (%v), want %d, the first difference at %d", wofNames[method], len(got), err, len(want), differ(got, want))
	}
	f, err := v.Open("wof")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 { // pieces over the borders of chunks
		p := make([]byte, 1+r.IntN(len(want)))
		at := r.IntN(len(want))
		n, err := f.(io.ReaderAt).ReadAt(p, int64(at))
		if err != nil && err != io.EOF || !bytes.Equal(p[:n], want[at:at+n]) || n < min(len(p), len(want)-at) {
			t.Fatalf("%s: %d bytes at %d: %d, %v", wofNames[method], len(p), at, n, err)
		}
	}
	if l := f.(interface{ DataRanges() []Range }).DataRanges(); !slices.Equal(l, []Range{{0, int64(len(want))}}) {
		t.Errorf("%s has data in %v", wofNames[method], l)
	}
	s, err := v.OpenReference(Reference(36|1<<48), "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s by its reference: %d bytes, %v", wofNames[method], len(got), err)
	}
}

func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

const wofSize = 41_003

func TestWOF(t *testing.T) {
	for method, name := range wofNames {
		data, err := os.ReadFile(filepath.Join("testdata", "wof", name))
		if err != nil {
			t.Fatal(err)
		}
		checkWOF(t, uint32(method), wofContent(wofSize, 1), data)
	}
}

// TestWimlib compresses contents of many lengths with wimlib.
func TestWimlib(t *testing.T) {
	testcost.Again(t)
	for seed, n := range []int{1, 9, 11, 4095, 4096, 4097, 8193, 16384, 32767, 32768, 32769, 32779, 65535, 65537, 200_001, 700_000} {
		if testing.Short() && n > 100_000 {
			continue
		}
		want := wofContent(n, uint64(seed))
		for method := range wofNames {
			if data := wimlib(t, method, want); data != nil {
				checkWOF(t, uint32(method), want, data)
			}
		}
	}
}

// wimlib compresses a file into an image and returns the resource, nil where it was not made smaller.
func wimlib(t *testing.T, method int, content []byte) []byte {
	t.Helper()
	exe, err := exec.LookPath("wimlib-imagex")
	if err != nil {
		t.Skip("no wimlib-imagex: install wimtools")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in", "file"), content, 0o666); err != nil {
		t.Fatal(err)
	}
	kind := "XPRESS"
	if wofMethods[method].lzx {
		kind = "LZX"
	}
	wim := filepath.Join(dir, "x.wim")
	out, err := exec.Command(exe, "capture", filepath.Join(dir, "in"), wim, "--compress="+kind,
		fmt.Sprintf("--chunk-size=%d", wofMethods[method].chunk)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(wim)
	if err != nil {
		t.Fatal(err)
	}
	// The header names the table of resources, whose entries have 50 bytes: length (7 bytes) and flags, offset, original length.
	const lookup, entry, compressed, metadata = 48, 50, 4, 2
	number := func(at int) int { return int(binary.LittleEndian.Uint64(b[at:])) }
	size := func(at int) int { return int(binary.LittleEndian.Uint64(b[at:]) & (1<<56 - 1)) } // without the flags
	table, length := number(lookup+8), size(lookup)
	for at := table; at < table+length; at += entry {
		if flags := b[at+7]; number(at+16) == len(content) && flags&metadata == 0 {
			if flags&compressed == 0 {
				return nil
			}
			return b[number(at+8):][:size(at)]
		}
	}
	t.Fatal("the image has no such resource")
	return nil
}

// TestBrokenWOF damages what the compressed file is read from.
func TestBrokenWOF(t *testing.T) {
	for method, name := range wofNames {
		data, err := os.ReadFile(filepath.Join("testdata", "wof", name))
		if err != nil {
			t.Fatal(err)
		}
		fails := func(what string, size int, data []byte) {
			t.Helper()
			if _, err := wofVolume(t, uint32(method), size, data).ReadFile("wof"); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		fails("cut", wofSize, data[:len(data)-40])
		fails("no room for the table", 1<<30, data)
		fails("a chunk too long", wofSize-wofSize%int(wofMethods[method].chunk), data)
		turned := slices.Clone(data)
		le.PutUint32(turned, uint32(len(data)))
		fails("a chunk that begins after the end", wofSize, turned)
		turned = slices.Clone(data)
		clear(turned[len(data)-len(data)/4:])
		fails("zeros", wofSize, turned)
	}
	for method, want := range map[uint32]string{4: "method 4 of version 1.1", 1 << 31: "method 2147483648"} {
		_, err := wofVolume(t, method, 10, []byte("x")).Open("wof")
		if !errors.Is(err, ErrSystemCompressed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestStoredLZX reads blocks that are not compressed, which wimlib does not write, after [MS-PATCH].
func TestStoredLZX(t *testing.T) {
	var src, want []byte
	for _, text := range []string{"an odd number of bytes", "?", "an even number of them"} {
		want = append(want, text...)
		n := len(text)
		src = le.AppendUint16(src, uint16(lzxUncompressed<<13|n>>4)) // type, no default size, 12 of 16 bits
		src = le.AppendUint16(src, uint16(n<<12))
		src = append(src, make([]byte, 12)...)
		if src = append(src, text...); n%2 != 0 {
			src = append(src, 0)
		}
	}
	got := make([]byte, len(want))
	r := new(lzxReader)
	if err := r.expand(got, src); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if err := r.expand(got, src[:len(src)-3]); err == nil {
		t.Error("no error when its end is missing")
	}
}

// TestLongWOF reads a table of eight bytes for each chunk, which files above 4 GiB have.
func TestLongWOF(t *testing.T) {
	var data []byte
	for _, at := range []uint64{10, 30} {
		data = le.AppendUint64(data, at)
	}
	data = append(data, bytes.Repeat([]byte("x"), 34)...)
	held := &stream{resident: data, size: int64(len(data)), init: int64(len(data))}
	p := &packed{data: held, size: 3 << 12, chunk: 1 << 12, entry: 8, table: 16}
	for i, want := range [][2]int64{{0, 10}, {10, 30}, {30, 34}} {
		if from, to, err := p.place(int64(i)); err != nil || from != want[0] || to != want[1] {
			t.Errorf("chunk %d is from %d to %d, %v", i, from, to, err)
		}
	}
}

// FuzzLZX expands anything, and wants no more than that it ends.
func FuzzLZX(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "wof", "lzx"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[4:4+le.Uint32(data)], uint16(lzxChunk-1))
	f.Fuzz(func(t *testing.T, b []byte, n uint16) {
		dst := make([]byte, int(n)%lzxChunk+1)
		r := new(lzxReader)
		if r.expand(dst, b) == nil && len(b) == 0 {
			t.Error("something from nothing")
		}
	})
}
