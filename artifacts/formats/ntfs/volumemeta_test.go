package ntfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// journalVolume is a volume whose change journal begins with a hole of a
// terabyte.
func journalVolume(t *testing.T) (img []byte, moments []ntfsmeta.Moment, free []byte) {
	t.Helper()
	const hole = 1 << 40
	w := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay, FirstUSN: hole})
	dir := w.Mkdir(ntfsmeta.Root, "a folder", corpusDay)
	for i := range 120 {
		w.Delete(w.Create(dir, names(200)[i], nil, corpusDay.Add(time.Duration(i)*time.Second)), corpusDay.Add(time.Hour))
	}
	j := w.J()
	b := newBuilder(400, 64)
	b.dir(RootEntry, 5, ".", ent{11, "$Extend", fnIsDir, 3})
	b.dir(11, 5, "$Extend", ent{24, "$UsnJrnl", 0, 3})
	run1 := b.put(j[:8192])
	b.put([]byte("something else between the pieces"))
	run2 := b.put(j[8192:])
	b.file(24, 11, "$UsnJrnl", 0,
		b.nonResident(typeData, "$J", runsOf(run{0, -1, hole / bCluster}, run1, run2), hole+uint64(len(j)), 0),
		resident(typeData, "$Max", w.Max(corpusDay)))
	lost := b.put(j[4096:8192]) // a copy of a page that no file owns
	bitmap := make([]byte, 400/8)
	for lcn := range b.next {
		bitmap[lcn/8] |= 1 << (lcn % 8)
	}
	bitmap[lost.lcn/8] &^= 1 << (lost.lcn % 8)
	b.file(entryBitmap, 5, "$Bitmap", 0, resident(typeData, "", bitmap))
	return b.bytes(), w.Moments(), j[4096:8192]
}

// TestVolumeJournal reads a journal of a terabyte of which all but some pages
// are a hole: forwards, backwards, and what is left in free clusters.
func TestVolumeJournal(t *testing.T) {
	img, moments, lost := journalVolume(t)
	v := mustOpen(t, img, nil)
	j, err := v.Journal()
	if err != nil {
		t.Fatal(err)
	}
	var want []uint64
	for _, m := range moments {
		want = append(want, m.USN)
	}
	var got, back []uint64
	for c, err := range j.Changes() {
		if err != nil {
			t.Fatal(err)
		}
		if int64(c.USN) != c.Offset {
			t.Errorf("USN %d at offset %d", c.USN, c.Offset)
		}
		got = append(got, c.USN)
	}
	for c, err := range j.Backward() {
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, c.USN)
	}
	slices.Reverse(back)
	if !slices.Equal(got, want) || !slices.Equal(back, want) {
		t.Errorf("%d records, %d backwards, want %d", len(got), len(back), len(want))
	}
	if info, err := v.JournalInfo(); err != nil || info.ID == 0 || info.LowestUSN != want[0] {
		t.Errorf("$Max: %+v, %v", info, err)
	}
	whole := lines(t, NewJournal(bytes.NewReader(lost), int64(len(lost))).Changes())
	var carved []string
	err = v.CarveJournal(func(c *Change, err error) bool {
		if err != nil || !c.Carved {
			t.Error(err, c)
		}
		carved = append(carved, truthLine(c))
		return true
	})
	if d := firstDiff(carved, whole); err != nil || d != "" || len(carved) == 0 {
		t.Errorf("carved: %v %s", err, d)
	}
	// The same through the file that fs.FS gives.
	f, err := v.Open("$Extend/$UsnJrnl:$J")
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	n := 0
	for range NewJournal(f.(io.ReaderAt), info.Size()).Changes() {
		n++
	}
	if n != len(want) {
		t.Errorf("%d records through the file, want %d", n, len(want))
	}
}

// TestNoJournal names what is missing.
func TestNoJournal(t *testing.T) {
	if _, err := mustOpen(t, sample(), nil).Journal(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// free marks a record as freed, as Windows does: not in use, with the next
// sequence number; and returns the clusters of its data.
func freeRecord(t *testing.T, img []byte, v *Volume, entry uint64) []Range {
	t.Helper()
	s := v.mft
	var ranges []Range
	rec, err := v.readRecord(entry)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rec.attrs {
		if a := &rec.attrs[i]; a.typ == typeData && !a.resident && a.name == "" {
			runs, problem := v.appendRuns(nil, 0, a.runs)
			if problem != "" {
				t.Fatal(problem)
			}
			for _, r := range runs {
				ranges = append(ranges, Range{r.lcn, r.n})
			}
		}
	}
	off := int64(entry) * v.record
	k := s.find(off / v.cluster)
	at := s.runs[k].lcn*v.cluster + off - s.runs[k].vcn*v.cluster
	le.PutUint16(img[at+recFlags:], 0)
	le.PutUint16(img[at+recSequence:], le.Uint16(img[at+recSequence:])+1)
	return ranges
}

// setBitmap marks clusters as free or used in $Bitmap, whose data lies in one
// run.
func setBitmap(t *testing.T, img []byte, v *Volume, list []Range, used bool) {
	t.Helper()
	s, err := v.bitmapStream()
	if err != nil || len(s.runs) != 1 {
		t.Fatal(err, "$Bitmap is not in one piece")
	}
	bits := img[s.runs[0].lcn*v.cluster:]
	for _, r := range list {
		for lcn := r.Offset; lcn < r.Offset+r.Length; lcn++ {
			if used {
				bits[lcn/8] |= 1 << (lcn % 8)
			} else {
				bits[lcn/8] &^= 1 << (lcn % 8)
			}
		}
	}
}

// madeVolume is a volume by mkfs.ntfs with files by ntfscp.
func madeVolume(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	for _, tool := range []string{"mkfs.ntfs", "ntfscp"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	img := filepath.Join(dir, "volume")
	if err := os.WriteFile(img, make([]byte, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run("mkfs.ntfs", "-F", "-Q", "-q", "-L", "made", img)
	for name, data := range files {
		src := filepath.Join(dir, "source")
		if err := os.WriteFile(src, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, stream, ok := name, "", false
		if i := bytes.IndexByte([]byte(name), ':'); i > 0 {
			file, stream, ok = name[:i], name[i+1:], true
		}
		if ok {
			run("ntfscp", "-f", "-N", stream, img, src, file)
		} else {
			run("ntfscp", "-f", img, src, file)
		}
	}
	b, err := os.ReadFile(img)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDeletedFile reads a deleted file of a volume that ntfs-3g wrote as long
// as no other file has taken its clusters.
func TestDeletedFile(t *testing.T) {
	large := bytes.Repeat([]byte("content that needs clusters\n"), 4000)
	img := madeVolume(t, map[string][]byte{"large.exe": large})
	small := madeVolume(t, map[string][]byte{"small.exe": []byte("MZ resident")})

	v := mustOpen(t, small, nil)
	_, ref := findByName(t, v, "small.exe")
	freeRecord(t, small, v, ref.Entry())
	v = mustOpen(t, small, nil)
	if got, err := readReference(v, ref); err != nil || string(got) != "MZ resident" {
		t.Errorf("a resident file: %q, %v", got, err)
	}

	v = mustOpen(t, img, nil)
	path, ref := findByName(t, v, "large.exe")
	if got, err := readReference(v, ref); path != `\large.exe` || err != nil || !bytes.Equal(got, large) {
		t.Errorf("before: %q, %d bytes, %v", path, len(got), err)
	}
	clusters := freeRecord(t, img, v, ref.Entry())
	setBitmap(t, img, v, clusters, false)
	v = mustOpen(t, img, nil)
	if got, err := readReference(v, ref); err != nil || !bytes.Equal(got, large) {
		t.Errorf("deleted: %d bytes, %v", len(got), err)
	}
	if _, err := v.OpenReference(NewReference(ref.Entry(), ref.Sequence()+1), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another sequence number: %v", err)
	}
	last := clusters[len(clusters)-1]
	setBitmap(t, img, v, []Range{{last.Offset + last.Length - 1, 1}}, true)
	v = mustOpen(t, img, nil)
	if got, err := readReference(v, ref); !errors.Is(err, ErrOverwritten) {
		t.Errorf("with one cluster of another file: %d bytes, %v", len(got), err)
	}
	f, err := v.OpenRemains(ref, "")
	if err != nil {
		t.Fatal(err)
	}
	cut := len(large) - int(f.Lost)
	got, err := io.ReadAll(f)
	if err != nil || f.Lost == 0 || f.Lost > 4096 || !bytes.Equal(got[:cut], large[:cut]) || !bytes.Equal(got[cut:], make([]byte, f.Lost)) {
		t.Errorf("what remains: %d bytes, %d lost, %v", len(got), f.Lost, err)
	}
	if n := len(f.Extents); n < 2 || f.Extents[n-2].Clusters != ClustersFree || f.Extents[n-1].Clusters != ClustersReused ||
		f.Extents[n-1].Volume != last.Offset+last.Length-4096 && f.Extents[n-1].Length > 4096 {
		t.Errorf("extents: %+v", f.Extents)
	}
}

func readReference(v *Volume, ref Reference) ([]byte, error) {
	f, err := v.OpenReference(ref, "")
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

func findByName(t *testing.T, v *Volume, name string) (string, Reference) {
	t.Helper()
	table, err := v.Table(nil)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range v.Records(table, false) {
		if err != nil {
			t.Fatal(err)
		}
		if n := r.BestName(); n != nil && n.Name() == name {
			path, state, _ := table.Path(r)
			if state != PathWhole {
				t.Errorf("%q is %s", path, state)
			}
			return path, r.Reference()
		}
	}
	t.Fatalf("no record of %s", name)
	return "", 0
}

// TestMadeVolume reads a Zone.Identifier that ntfscp wrote, and lists the root
// folder by its index as by its records.
func TestMadeVolume(t *testing.T) {
	img := madeVolume(t, map[string][]byte{"a.exe": []byte("MZ")})
	dir := t.TempDir()
	vol, mark := filepath.Join(dir, "v"), filepath.Join(dir, "m")
	for name, b := range map[string][]byte{vol: img, mark: []byte("[ZoneTransfer]\nZoneId=3\nHostUrl=https://example.com/a.exe\n")} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("ntfscp", "-f", "-N", "Zone.Identifier", vol, mark, "a.exe").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	img, err := os.ReadFile(vol)
	if err != nil {
		t.Fatal(err)
	}
	v := mustOpen(t, img, nil)
	byRecord := map[Reference]string{}
	marked := 0
	for r, err := range v.Records(nil, false) {
		if err != nil {
			t.Fatal(err)
		}
		if n := r.BestName(); n != nil && r.InUse() && n.Parent == NewReference(5, 5) {
			byRecord[r.Reference()] = n.Name()
		}
		if z := r.ZoneIdentifier(); z != nil {
			marked++
			if zone := ParseZone(z.Value); zone.ID != 3 || zone.HostURL != "https://example.com/a.exe" {
				t.Errorf("%+v", zone)
			}
		}
	}
	if marked != 1 {
		t.Errorf("%d marks of the web", marked)
	}
	for e, err := range v.IndexEntries(NewReference(5, 5)) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Slack {
			continue
		}
		if byRecord[e.File] != e.Name.Name() {
			t.Errorf("the index has %s %q, the records %q", e.File, e.Name.Name(), byRecord[e.File])
		}
		delete(byRecord, e.File)
	}
	if len(byRecord) > 0 {
		t.Errorf("not in the index: %v", byRecord)
	}
	if f, err := v.LogFile(); err != nil || f.Size() == 0 {
		t.Errorf("$LogFile: %v", err)
	}
}

// TestSharedRuns reads a journal whose runs claim the same clusters again and
// again: each of its records is there once.
func TestSharedRuns(t *testing.T) {
	s := &stream{v: &Volume{cluster: 4096}, size: 1 << 30, init: 1 << 30, runs: []run{
		{0, 10, 5}, {5, 20, 5}, {10, 12, 1}, {11, -1, 7}, {18, 18, 4}, {22, 30, 2},
	}}
	want := []Range{{0, 10 * 4096}, {22 * 4096, 2 * 4096}}
	if got := s.dataRanges(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestMutatedVolume changes bytes of a volume at random and reads all of its
// metadata. Nothing may panic or take long.
func TestMutatedVolume(t *testing.T) {
	testcost.Again(t)
	good, _, _ := journalVolume(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	for range testcost.Rounds(150) {
		img := bytes.Clone(good)
		for range 1 + rnd.IntN(6) {
			// The records of the MFT, at cluster 4, are what is parsed.
			entry := []int{0, 5, 6, 11, 24}[rnd.IntN(5)]
			img[4*bCluster+entry*bRecord+rnd.IntN(400)] = byte(rnd.Uint32())
		}
		v, err := Open(bytes.NewReader(img), int64(len(img)), nil)
		if err != nil {
			continue
		}
		table, _ := v.Table(nil)
		for r, err := range v.Records(table, true) {
			if err != nil {
				break
			}
			table.Path(r)
			if f, err := v.OpenReference(r.Reference(), ""); err == nil {
				io.CopyN(io.Discard, f, 1<<20)
			}
			if f, err := v.OpenRemains(r.Reference(), ""); err == nil {
				io.CopyN(io.Discard, f, 1<<20)
			}
			if r.Directory() {
				for range v.IndexEntries(r.Reference()) {
				}
			}
		}
		if j, err := v.Journal(); err == nil {
			if w, err := NewRewind(table, j); err == nil {
				for range w.Changes(j) {
				}
			}
		}
		v.JournalInfo()
		v.CarveJournal(func(*Change, error) bool { return true })
	}
}

// TestSameState compares the split of runs with the bitmap bit by bit.
func TestSameState(t *testing.T) {
	testcost.Again(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	bitmap := make([]byte, 10_000)
	for i := range bitmap {
		switch rnd.IntN(3) { // long runs of one state, too
		case 0:
			bitmap[i] = byte(rnd.Uint32())
		case 1:
			bitmap[i] = 0xFF
		}
	}
	copy(bitmap[100:], make([]byte, 5000))
	v := &Volume{cluster: 512, Size: 1 << 30}
	s := &stream{v: v, resident: bitmap, size: int64(len(bitmap)), init: int64(len(bitmap))}
	for range testcost.Rounds(500) {
		r := run{7, int64(rnd.IntN(70_000)), 1 + int64(rnd.IntN(9_000))}
		out, err := v.splitRun(nil, s, r)
		if err != nil {
			t.Fatal(err)
		}
		at := r.lcn
		for i, e := range out {
			if e.Volume != at*512 || e.Offset != (r.vcn+at-r.lcn)*512 || i > 0 && out[i-1].Clusters == e.Clusters {
				t.Fatalf("%+v of %+v", e, r)
			}
			for ; at < (e.Volume+e.Length)/512; at++ {
				if used := bitmap[at/8]>>(at%8)&1 != 0; used != (e.Clusters == ClustersReused) {
					t.Fatalf("cluster %d: %+v", at, e)
				}
			}
		}
		if at != r.lcn+r.n {
			t.Fatalf("%+v ends at %d", r, at)
		}
	}
}
