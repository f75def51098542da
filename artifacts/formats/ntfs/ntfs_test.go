package ntfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

func mustOpen(t testing.TB, img []byte, opts *Options) *Volume {
	t.Helper()
	v, err := Open(bytes.NewReader(img), int64(len(img)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sample is a volume with one of each: a large directory, a small one, streams of all kinds.
func sample() []byte {
	b := newBuilder(400, 64)
	big := names(20)
	var crowd []ent
	for i, n := range big {
		crowd = append(crowd, ent{uint64(40 + i), n, 0, 1})
		b.file(uint64(40+i), 30, n, 0, resident(typeData, "", []byte(n)))
	}
	b.dir(RootEntry, 5, ".",
		ent{5, ".", fnIsDir, 3}, ent{30, "Crowd", fnIsDir, 3}, ent{32, "link", fnIsDir | fnIsReparse, 3}, ent{31, "LONGNA~1", fnIsDir, 2}, ent{31, "Longname Dir", fnIsDir, 1})
	b.dir(30, 5, "Crowd", crowd...)
	b.dir(31, 5, "Longname Dir", ent{33, "compressed", 0, 3}, ent{34, "sparse", 0, 3}, ent{35, "split", 0, 3}, ent{36, "wof", 0, 3})
	reparse := make([]byte, 16)
	le.PutUint32(reparse, tagMountPoint)
	b.file(32, 5, "link", fnIsDir|fnIsReparse, resident(typeReparse, "", reparse))

	// A compression unit of 16 clusters: LZNT1 data and a hole; then one that is all hole, and one that is plain.
	packed := b.put(lznt1Sample())
	plain := b.put(bytes.Repeat([]byte("plain..."), 8192))
	c := b.nonResident(typeData, "", runsOf(packed, run{0, -1, 16 - packed.n}, run{0, -1, 16}, plain), 3*65536, 0)
	le.PutUint16(c[12:], attrCompressed)
	c[34] = 4
	b.file(33, 31, "compressed", 0, c)

	s := b.nonResident(typeData, "", runsOf(run{0, -1, 100}, b.put([]byte("after a hole"))), 100*bCluster+12, 0)
	b.file(34, 31, "sparse", 0, s, resident(typeData, "stream", []byte("alternate")))

	// Data in two pieces, the second of which an attribute list finds in another record.
	one, two := b.put(bytes.Repeat([]byte{1}, bCluster)), b.put([]byte("second"))
	list := make([]byte, 0, 128)
	for _, e := range []struct {
		typ   uint32
		entry uint64
	}{{typeStandardInfo, 35}, {typeFileName, 35}, {typeData, 35}, {typeData, 37}} {
		x := make([]byte, 32)
		le.PutUint32(x, e.typ)
		le.PutUint16(x[4:], 32)
		le.PutUint64(x[16:], e.entry|1<<48)
		list = append(list, x...)
	}
	b.file(35, 31, "split", 0, resident(typeAttributeList, "", list), b.nonResident(typeData, "", runsOf(one), bCluster+6, 0))
	b.record(37, flagInUse, 35|1<<48, b.nonResident(typeData, "", runsOf(two), 0, 1))

	wof := make([]byte, 16)
	le.PutUint32(wof, 0x80000017)
	b.file(36, 31, "wof", 0, b.nonResident(typeData, "", runsOf(run{0, -1, 1}), 4096, 0), resident(typeReparse, "", wof), resident(typeData, "WofCompressedData", []byte("…")))
	return b.bytes()
}

// lznt1Text is as long as a whole number of groups of eight literals.
const lznt1Text = "the quick brown fox jumps over the lazy dog, and back over it once more."

// lznt1Sample is a chunk of literals with one match behind them, and then a stored chunk.
func lznt1Sample() []byte {
	text := []byte(lznt1Text)
	var body []byte
	for i := 0; i < len(text); i += 8 { // literals alone
		body = append(append(body, 0), text[i:min(i+8, len(text))]...)
	}
	// A match of 10 bytes, 3 back: with len(text) bytes written there are 4+4 bits of distance.
	body = append(body, 1)
	lenBits := 12
	for n := (len(text) - 1) >> 4; n > 0; n >>= 1 {
		lenBits--
	}
	body = le.AppendUint16(body, uint16(2<<lenBits|(10-3)))
	var out []byte
	out = le.AppendUint16(out, 0xB000|uint16(len(body)-1))
	out = append(out, body...)
	out = le.AppendUint16(out, 0x3000|4095)
	return append(out, bytes.Repeat([]byte{'S'}, 4096)...)
}

func TestSample(t *testing.T) {
	v := mustOpen(t, sample(), nil)
	if v.Label != "TEST" || v.Version != "3.1" || v.Serial != 0xFEEDFACE12345678 || len(v.Damage) > 0 {
		t.Errorf("%q %q %x %v", v.Label, v.Version, v.Serial, v.Damage)
	}
	if err := fstest.TestFS(v, "Crowd/FILE000019.xxxxx", "Longname Dir/split"); err != nil && !strings.Contains(err.Error(), "WOF") {
		t.Error(err)
	}
	read := func(name string) []byte {
		b, err := fs.ReadFile(v, name)
		if err != nil {
			t.Error(err)
		}
		return b
	}
	for i, n := range names(20) {
		if got := read("crowd/" + strings.ToLower(n)); string(got) != n {
			t.Errorf("%d: %q, want %q", i, got, n)
		}
	}
	text := []byte(lznt1Text)
	want := slices.Clone(text)
	for range 10 {
		want = append(want, want[len(want)-3])
	}
	want = append(want, make([]byte, 4096-len(want))...)
	want = append(want, bytes.Repeat([]byte{'S'}, 4096)...)
	want = append(want, make([]byte, 2*65536-len(want))...)
	want = append(want, bytes.Repeat([]byte("plain..."), 8192)...)
	if got := read("Longname Dir/compressed"); !bytes.Equal(got, want) {
		t.Errorf("compressed: %d bytes, want %d", len(got), len(want))
	}
	if got := read("LONGNA~1/sparse"); len(got) != 100*bCluster+12 || string(got[100*bCluster:]) != "after a hole" || bytes.Count(got[:100*bCluster], []byte{0}) != 100*bCluster {
		t.Errorf("sparse: %d bytes", len(got))
	}
	if got := read("Longname Dir/SPARSE:Stream"); string(got) != "alternate" {
		t.Errorf("stream: %q", got)
	}
	if got := read("Longname Dir/split"); len(got) != bCluster+6 || string(got[bCluster:]) != "second" {
		t.Errorf("split: %d bytes", len(got))
	}
	if _, err := v.Open("Longname Dir/wof"); !errors.Is(err, ErrSystemCompressed) {
		t.Errorf("wof: %v", err)
	}
	info, err := v.Stat("longname dir/SPLIT")
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int64) time.Time { // 100 ns units since 1601
		return time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n/2) * 100).Add(time.Duration(n-n/2) * 100)
	}
	st := info.Sys().(*Stat)
	wantStat := &Stat{Entry: 35, Sequence: 1, Attributes: 0x20,
		Created: at(bTime + 100), Modified: at(bTime + 101), Changed: at(bTime + 102), Accessed: at(bTime + 103),
		Names: []FileName{{Name: "split", Namespace: 3, Parent: 31, ParentSequence: 1,
			Created: at(bTime), Modified: at(bTime + 1), Changed: at(bTime + 2), Accessed: at(bTime + 3)}}}
	if diff := cmp.Diff(wantStat, st); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	ents, err := v.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range ents {
		got = append(got, fmt.Sprint(e.Type(), " ", e.Name()))
	}
	if diff := cmp.Diff([]string{"d--------- Crowd", "d--------- Longname Dir", "L--------- link"}, got); diff != "" {
		t.Error(diff)
	}
}

// The same names are found by going down the index as by the listing.
func TestSearch(t *testing.T) {
	v := mustOpen(t, sample(), &Options{DirCache: 1})
	v.opts.DirCache = -1 // every directory with blocks is too large
	for _, n := range names(20) {
		e, ok, sure := v.search(mustInode(t, v, 30), strings.ToLower(n))
		if !ok || !sure || e.name != n {
			t.Errorf("%s: %q, %v, %v", n, e.name, ok, sure)
		}
		if b, err := v.ReadFile("crowd/" + n); err != nil || string(b) != n {
			t.Errorf("%s: %q, %v", n, b, err)
		}
	}
	for _, n := range []string{"", "A", "FILE000010", "FILE999999", "zzz"} {
		if _, ok, sure := v.search(mustInode(t, v, 30), n); ok || !sure {
			t.Errorf("%q: found %v, sure %v", n, ok, sure)
		}
	}
}

func mustInode(t *testing.T, v *Volume, entry uint64) *inode {
	t.Helper()
	f, err := v.inode(entry)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Each flaw is one change to the sample, and what it must lead to: an error at one place, and everything else as before.
func TestDamage(t *testing.T) {
	rec := func(img []byte, entry int) []byte { return img[4*bCluster+entry*bRecord:][:bRecord] }
	find := func(b []byte, s string) []byte { return b[bytes.Index(b, []byte(s)):] }
	for _, tt := range []struct {
		name  string
		spoil func(img []byte) []byte
		path  string // where the error shows
		want  string
	}{
		{"torn record", func(img []byte) []byte { rec(img, 40)[510] ^= 1; return img }, "Crowd/FILE000000.", "torn write"},
		{"no signature", func(img []byte) []byte { copy(rec(img, 41), "BAAD"); return img }, "Crowd/FILE000001.x", `signature "BAAD"`},
		{"freed record", func(img []byte) []byte { rec(img, 42)[22] = 0; return img }, "Crowd/FILE000002.xx", "reused or freed"},
		{"other sequence", func(img []byte) []byte { rec(img, 43)[16] = 9; return img }, "Crowd/FILE000003.xxx", "reused or freed"},
		{"run outside the volume", func(img []byte) []byte {
			find(rec(img, 33), "\x88\x02\x00\x00\x00\x00\x00\x00\x00")[13] = 0x7F
			return img
		}, "Longname Dir/compressed", "outside the volume"},
		{"a hole beyond all files", func(img []byte) []byte {
			i := bytes.Index(rec(img, 34), append([]byte{0x08}, 100, 0, 0, 0, 0, 0, 0, 0))
			le.PutUint64(rec(img, 34)[i+1:], 1<<52)
			return img
		}, "Longname Dir/sparse", "a run of 4503599627370496 clusters"},
		{"cut off", func(img []byte) []byte { return img[:4*bCluster+64*bRecord+bCluster*40] }, "Longname Dir/compressed", "unexpected EOF"},
		{"directory as its own child", func(img []byte) []byte {
			// The entry "compressed" of directory 31 leads to directory 31 itself.
			i := bytes.Index(rec(img, 31), utf16le("compressed"))
			le.PutUint64(rec(img, 31)[i-66-16:], 31|1<<48)
			return img
		}, "Longname Dir/compressed", "no child of directory"},
		{"attribute list in a circle", func(img []byte) []byte {
			i := bytes.Index(rec(img, 35), []byte{37, 0, 0, 0, 0, 0, 1, 0})
			le.PutUint64(rec(img, 35)[i:], 35|1<<48)
			return img
		}, "Longname Dir/split", "do not fit"},
		{"record of another file", func(img []byte) []byte { rec(img, 37)[32] = 36; return img }, "Longname Dir/split", "do not fit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := tt.spoil(sample())
			v := mustOpen(t, img, nil)
			_, err := fs.ReadFile(v, tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.path, err, tt.want)
			}
			if b, err := fs.ReadFile(v, "Crowd/FILE000010.xxx"); err != nil || string(b) != "FILE000010.xxx" {
				t.Errorf("another file: %q, %v", b, err)
			}
		})
	}
}

// A broken index block costs nothing: the blocks that the tree no longer leads to are found by the bitmap, and the names of the block
// itself come from the file records.
func TestBrokenIndex(t *testing.T) {
	b := newBuilder(800, 512)
	var crowd []ent
	for i, n := range names(300) {
		crowd = append(crowd, ent{uint64(100 + i), n, 0, 1})
		b.file(uint64(100+i), 30, n, 0, resident(typeData, "", []byte(n)))
	}
	b.dir(RootEntry, 5, ".", ent{30, "Crowd", fnIsDir, 3})
	b.dir(30, 5, "Crowd", crowd...)
	img := b.bytes()
	v := mustOpen(t, img, nil)
	ents, err := v.ReadDir("Crowd")
	if err != nil || len(ents) != 300 {
		t.Fatalf("%d entries, %v", len(ents), err)
	}
	first := bytes.Index(img, []byte("INDX"))
	copy(img[first:], "XXXX")
	v = mustOpen(t, img, nil)
	ents, err = v.ReadDir("Crowd")
	if ie, ok := errors.AsType[*IndexError](err); !ok || len(ents) != 300 || ie.FromMFT < 10 {
		t.Errorf("%d entries, %v", len(ents), err)
	}
	if _, ok := errors.AsType[*FormatError](err); !ok {
		t.Errorf("%v is no FormatError", err)
	}
	copy(img[first:], "INDX")
	last := bytes.LastIndex(img, []byte("INDX")) // the upper node, which names all others
	copy(img[last:], "XXXX")
	v = mustOpen(t, img, nil)
	ents, err = v.ReadDir("Crowd")
	if err == nil || len(ents) != 300 {
		t.Errorf("%d entries without the upper node, %v", len(ents), err)
	}
	if _, err := mustOpen(t, img, &Options{MaxDirEntries: 100}).ReadDir("Crowd"); err == nil {
		t.Error("no limit")
	} else if e, ok := errors.AsType[*LimitError](err); !ok || e.Option != "MaxDirEntries" {
		t.Errorf("%v", err)
	}
}

func TestBackupBoot(t *testing.T) {
	img := sample()
	clear(img[:512])
	v := mustOpen(t, img, nil)
	if len(v.Damage) != 1 || v.Label != "TEST" {
		t.Errorf("%v", v.Damage)
	}
	clear(img[len(img)-512:])
	if _, err := Open(bytes.NewReader(img), int64(len(img)), nil); !errors.Is(err, ErrNotNTFS) {
		t.Errorf("%v", err)
	}
}

func TestMirror(t *testing.T) {
	img := sample()
	copy(img[4*bCluster:], "BAAD")
	v, err := Open(bytes.NewReader(img), int64(len(img)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(v.Damage, func(err error) bool { return strings.Contains(err.Error(), "copy of the MFT's first record") }) {
		t.Errorf("damage %v", v.Damage)
	}
	if b, err := v.ReadFile("Crowd/FILE000010.xxx"); err != nil || string(b) != "FILE000010.xxx" {
		t.Errorf("%q, %v", b, err)
	}
	copy(img[2*bCluster:], "BAAD")
	if _, err := Open(bytes.NewReader(img), int64(len(img)), nil); err == nil {
		t.Error("opened without its MFT")
	}
}

// Readers in many goroutines see what one sees.
func TestConcurrent(t *testing.T) {
	v := mustOpen(t, sample(), &Options{DirCache: 30})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				n := names(20)[(i*7+j)%20]
				if b, err := v.ReadFile("crowd/" + n); err != nil || string(b) != n {
					t.Errorf("%s: %q, %v", n, b, err)
				}
				if b, err := v.ReadFile("Longname Dir/compressed"); err != nil || len(b) != 3*65536 {
					t.Errorf("%d bytes, %v", len(b), err)
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkMillionFiles lists all directories of a volume of a million files, as the planning of a run does at the worst.
func BenchmarkMillionFiles(b *testing.B) {
	const dirs, each = 1000, 1000
	w := newBuilder(310_000, dirs*each+2000)
	var root []ent
	for i := range dirs {
		name := fmt.Sprintf("dir%04d", i)
		root = append(root, ent{uint64(64 + i), name, fnIsDir, 3})
		var files []ent
		for j, n := range names(each) {
			files = append(files, ent{uint64(2000 + i*each + j), n, 0, 1})
		}
		w.dir(uint64(64+i), 5, name, files...)
	}
	w.dir(RootEntry, 5, ".", root...)
	img := w.bytes()
	for b.Loop() {
		v := mustOpen(b, img, nil)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		n := 0
		if err := fs.WalkDir(v, ".", func(p string, e fs.DirEntry, err error) error {
			n++
			return err
		}); err != nil || n < dirs*each {
			b.Fatalf("%d entries, %v", n, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(n), "entries")
		b.ReportMetric(float64(int64(after.HeapAlloc-before.HeapAlloc))/(1<<20), "MiB-kept")
		runtime.KeepAlive(v)
	}
}

func TestReadFileLimit(t *testing.T) {
	v := mustOpen(t, sample(), &Options{MaxReadFile: 1000})
	_, err := v.ReadFile("Longname Dir/sparse")
	if e, ok := errors.AsType[*LimitError](err); !ok || e.Option != "MaxReadFile" {
		t.Errorf("%v", err)
	}
}

// meter counts what is read, to see that a volume cannot ask for more work than its size accounts for.
type meter struct {
	*bytes.Reader
	n int64
}

func (m *meter) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.Reader.ReadAt(p, off)
	m.n += int64(n)
	return n, err
}

// A mutated volume neither panics nor goes on and on: directories form a tree, so a walk visits each at most once; and what is read twice is the
// same.
func FuzzVolume(f *testing.F) {
	img := sample()
	for _, at := range []int{13, 64, 4*bCluster + 5*bRecord + 300, 4*bCluster + 30*bRecord + 200, 4*bCluster + 33*bRecord + 200} {
		f.Add(uint32(at), uint64(0xFF), uint32(at+700), uint64(1))
	}
	f.Fuzz(func(t *testing.T, at1 uint32, val1 uint64, at2 uint32, val2 uint64) {
		img := bytes.Clone(img)
		le.PutUint64(img[at1%uint32(len(img)-8):], val1^le.Uint64(img[at1%uint32(len(img)-8):]))
		le.PutUint64(img[at2%uint32(len(img)-8):], val2^le.Uint64(img[at2%uint32(len(img)-8):]))
		m := &meter{Reader: bytes.NewReader(img)}
		v, err := Open(m, int64(len(img)), &Options{MaxReadFile: 1 << 20})
		if err != nil {
			return
		}
		n := 0
		walk := func() (out []string) {
			fs.WalkDir(v, ".", func(p string, e fs.DirEntry, err error) error {
				if n++; n > 1000 {
					t.Fatalf("a volume of 64 records shows more than 1000 names: %s", p)
				}
				out = append(out, fmt.Sprint(p, err))
				if err == nil && !e.IsDir() {
					b, err := fs.ReadFile(v, p)
					out = append(out, fmt.Sprint(len(b), err))
				}
				return nil
			})
			return out
		}
		a := walk()
		n = 0
		if b := walk(); !slices.Equal(a, b) {
			t.Fatalf("first %q, then %q", a, b)
		}
		if m.n > 200*int64(len(img)) {
			t.Fatalf("read %d bytes of a volume of %d", m.n, len(img))
		}
	})
}

// The same by the dice, with the numbers that break arithmetic: a few hundred volumes with up to nine flaws each.
func TestMutations(t *testing.T) {
	testcost.Again(t)
	whole := sample()
	dice := rand.New(rand.NewPCG(1, 2))
	odd := []uint64{0, 1, 5, 30, 31, 0xFFFF, 1 << 31, 1 << 52, 1 << 62, 1 << 63, 1<<64 - 1}
	records := []int{0, 3, 5, 10, 30, 31, 32, 33, 34, 35, 36, 37, 40}
	for i := range testcost.Rounds(400) {
		img := bytes.Clone(whole)
		for range 1 + dice.IntN(9) {
			at := 4*bCluster + records[dice.IntN(len(records))]*bRecord + dice.IntN(700)
			switch dice.IntN(3) {
			case 0:
				img[at] = byte(dice.Uint32())
			case 1:
				img[at] ^= 1 << dice.IntN(8)
			case 2:
				le.PutUint64(img[at:], odd[dice.IntN(len(odd))])
			}
		}
		v, err := Open(bytes.NewReader(img), int64(len(img)), &Options{MaxReadFile: 1 << 20})
		if err != nil {
			continue
		}
		n := 0
		fs.WalkDir(v, ".", func(p string, e fs.DirEntry, err error) error {
			if n++; n > 1000 {
				t.Fatalf("volume %d of 64 records shows more than 1000 names: %s", i, p)
			}
			if err == nil && !e.IsDir() {
				fs.ReadFile(v, p)
				if f, err := v.inode(30); err == nil {
					v.search(f, e.Name())
				}
			}
			return nil
		})
	}
}

func FuzzLZNT1(f *testing.F) {
	f.Add(lznt1Sample())
	f.Add([]byte{0x05, 0xB0, 0x02, 'a', 0xFF, 0x0F, 0, 0})
	f.Fuzz(func(t *testing.T, src []byte) {
		dst := make([]byte, 1<<16)
		n, err := lznt1(dst, src)
		if n < 0 || n > len(dst) || err != nil && !errors.Is(err, errLZNT1) {
			t.Fatalf("%d, %v", n, err)
		}
		if short := make([]byte, 100); err == nil {
			if m, _ := lznt1(short, src); !bytes.Equal(short[:m], dst[:m]) {
				t.Fatal("a shorter destination gets other bytes")
			}
		}
	})
}

var _ io.ReaderAt = (*stream)(nil)
