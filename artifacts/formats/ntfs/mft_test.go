package ntfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

var corpusDay = time.Date(2026, 3, 6, 17, 0, 0, 0, time.UTC)

// readAll makes the table of a $MFT and returns its records and their paths.
func readAll(t testing.TB, mft []byte) (*Table, map[uint64]*Record) {
	t.Helper()
	table, err := ReadTable(bytes.NewReader(mft), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := map[uint64]*Record{}
	for r, err := range Records(bytes.NewReader(mft), &RecordOptions{Table: table, Slack: true}) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Entry] = r.Clone()
	}
	return table, all
}

func entryOf(r ntfsmeta.Ref) uint64 { return Reference(r).Entry() }

func longNames(r *Record) []string {
	var out []string
	for i := range r.Names {
		if !r.Names[i].DOS() {
			out = append(out, r.Names[i].Name())
		}
	}
	slices.Sort(out)
	return out
}

// TestStory reads a program's life: it arrives with a Mark of the Web, is
// renamed, has its times forged, and is deleted with its folder.
func TestStory(t *testing.T) {
	for _, size := range []int{1024, 4096} {
		v := ntfsmeta.New(ntfsmeta.Spec{RecordSize: size, Made: corpusDay})
		at := func(minute int) time.Time { return corpusDay.Add(time.Duration(minute) * time.Minute) }
		dir := v.Mkdir(ntfsmeta.Root, "Some folder", at(1))
		file := v.Create(dir, "invoice of march.tmp", []byte("MZ small"), at(2))
		mark := []byte("[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://example.com/a\r\nHostUrl=https://example.com/b.exe\r\n")
		v.Stream(file, "Zone.Identifier", mark, at(3))
		v.Rename(file, dir, "b.exe", at(4))
		forged := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
		v.SetTimes(file, forged, forged, forged, time.Time{}, at(5))
		stays := v.Create(ntfsmeta.Root, "stays.txt", nil, at(6))
		v.Delete(file, at(7))
		v.Delete(dir, at(8))

		table, all := readAll(t, v.MFT())
		r := all[entryOf(file)]
		path, state, ok := table.Path(r)
		if path != `\Some folder\b.exe` || state != PathDeleted || !ok {
			t.Errorf("%d: path %q, %s", size, path, state)
		}
		if r.InUse() || r.Sequence != 2 || r.Reference() != Reference(file) || r.Directory() {
			t.Errorf("%d: in use %v, sequence %d, reference %s", size, r.InUse(), r.Sequence, r.Reference())
		}
		if !r.Standard.Created().Equal(forged) || !r.Names[0].Created().Equal(at(2)) {
			t.Errorf("%d: created %v, name made %v", size, r.Standard.Created(), r.Names[0].Created())
		}
		z := r.ZoneIdentifier()
		if z == nil || ParseZone(z.Value).HostURL != "https://example.com/b.exe" {
			t.Errorf("%d: zone %+v", size, z)
		}
		if seq, inUse, known := table.Sequence(entryOf(dir)); seq != 1 || inUse || !known {
			t.Errorf("%d: folder %d %v %v", size, seq, inUse, known)
		}
		if path, state, _ := table.Path(all[entryOf(stays)]); path != `\stays.txt` || state != PathWhole {
			t.Errorf("%d: %q %s", size, path, state)
		}
	}
}

// TestExtensionRecords joins names that do not fit into the base record, of a
// file that exists, of one that is deleted, and of one whose base record has
// been given to another file.
func TestExtensionRecords(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "d", corpusDay)
	var files []ntfsmeta.Ref
	for i := range 3 {
		f := v.Create(dir, fmt.Sprintf("f%d", i), nil, corpusDay)
		for k := range 12 {
			v.Link(f, dir, fmt.Sprintf("hard link %d of %d", k, i), corpusDay)
		}
		files = append(files, f)
	}
	v.Delete(files[1], corpusDay)
	mft := v.MFT()
	le.PutUint16(mft[entryOf(files[2])*1024+recSequence:], 9) // its record has been reused since

	table, all := readAll(t, mft)
	for i, want := range []int{13, 13, 0} {
		r := all[entryOf(files[i])]
		if got := longNames(r); want > 0 && (len(got) != want || r.Extensions == 0) {
			t.Errorf("file %d: %d names from %d extension records: %q", i, len(got), r.Extensions, got)
		} else if want == 0 && r.Extensions != 0 {
			t.Errorf("file %d: joined names of another file: %q", i, got)
		}
	}
	reused := 0
	for _, r := range all {
		if r.IsBase() {
			continue
		}
		if r.Reused != (r.Base == Reference(files[2])) {
			t.Errorf("record %d of %s: reused %v", r.Entry, r.Base, r.Reused)
		}
		if r.Reused {
			reused++
			if path, state, _ := table.Path(r); !strings.HasPrefix(path, `\d\hard link `) || state != PathWhole {
				t.Errorf("record %d: %q %s", r.Entry, path, state)
			}
		}
	}
	if reused == 0 {
		t.Error("no extension record of a reused base")
	}
}

// TestStaleFolder asks that a folder whose base record has been reused, and
// whose name is left in an extension record, still gives its files a path, and
// that the new owner of the record does not.
func TestStaleFolder(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "first", corpusDay)
	for k := range 12 {
		v.Link(dir, ntfsmeta.Root, fmt.Sprintf("folder of many names %d", k), corpusDay)
	}
	file := v.Create(dir, "a.exe", nil, corpusDay)
	other := v.Create(ntfsmeta.Root, "unrelated.txt", nil, corpusDay)
	_ = other
	mft := v.MFT()
	le.PutUint16(mft[entryOf(dir)*1024+recSequence:], 7)
	table, all := readAll(t, mft)
	path, state, _ := table.Path(all[entryOf(file)])
	if !strings.HasPrefix(path, `\folder of many names `) || state != PathDeleted {
		t.Errorf("%q %s", path, state)
	}
}

// TestOrphan asks for the one thing that a reader must never do: take the
// record's new owner for the parent.
func TestOrphan(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "old folder", corpusDay)
	sub := v.Mkdir(dir, "sub", corpusDay)
	file := v.Create(sub, "a.exe", nil, corpusDay)
	v.Delete(file, corpusDay)
	v.Delete(sub, corpusDay)
	v.Delete(dir, corpusDay)
	if reused := v.Mkdir(ntfsmeta.Root, "new folder", corpusDay); entryOf(reused) != entryOf(dir) {
		t.Fatal("the record has not been reused")
	}
	table, all := readAll(t, v.MFT())
	want := fmt.Sprintf(`\$Orphan\(%s)\sub\a.exe`, Reference(dir))
	if path, state, _ := table.Path(all[entryOf(file)]); path != want || state != PathOrphan {
		t.Errorf("%q %s, want %q", path, state, want)
	}
}

// TestLoop puts two folders into each other.
func TestLoop(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	a := v.Mkdir(ntfsmeta.Root, "a", corpusDay)
	b := v.Mkdir(a, "b", corpusDay)
	mft := v.MFT()
	// The first attribute after $STANDARD_INFORMATION is a's name.
	name := mft[entryOf(a)*1024+56+96+24:]
	if le.Uint64(name) != uint64(ntfsmeta.Root) {
		t.Fatal("not the parent of a")
	}
	le.PutUint64(name, uint64(b))
	table, all := readAll(t, mft)
	path, state, _ := table.Path(all[entryOf(b)])
	if state != PathOrphan || strings.Count(path, `\`) != maxDepth+3 {
		t.Errorf("%d levels, %s", strings.Count(path, `\`), state)
	}
}

// TestSlackNames finds the long name that a rename has left after the record.
func TestSlackNames(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	file := v.Create(ntfsmeta.Root, "a name that is long enough to be left behind.exe", make([]byte, 8), corpusDay)
	v.Stream(file, "Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), corpusDay)
	mft := v.MFT()
	// The record ends after its first name, as if the rest had been removed.
	rec := mft[entryOf(file)*1024:][:1024]
	if putBack(rec) != 0 {
		t.Fatal("torn")
	}
	off := int(le.Uint16(rec[recAttrs:]))
	for range 2 {
		off += int(le.Uint32(rec[off+attrLen:]))
	}
	copy(rec[off+8:], bytes.Clone(rec[off:])) // what follows is shifted by the end mark
	le.PutUint32(rec[off:], typeEnd)
	le.PutUint32(rec[off+4:], 0)
	le.PutUint32(rec[recUsed:], uint32(off+8))
	protect(rec, 48, 3)
	_, all := readAll(t, mft)
	r := all[entryOf(file)]
	if len(r.Names) != 1 || len(r.SlackNames) != 1 || r.SlackNames[0].Name() != "a name that is long enough to be left behind.exe" {
		t.Errorf("names %q, slack %d", longNames(r), len(r.SlackNames))
	}
	if len(r.SlackStreams) != 2 || r.SlackStreams[1].Name() != "Zone.Identifier" || r.ZoneIdentifier() != nil {
		t.Errorf("streams in the slack: %d", len(r.SlackStreams))
	}
}

// TestTornRecord keeps what a torn record holds, and says that it is torn.
func TestTornRecord(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	file := v.Create(ntfsmeta.Root, "torn.exe", nil, corpusDay)
	mft := v.MFT()
	at := entryOf(file) * 1024
	mft[at+1022]++
	copy(mft[1*1024:], "BAAD")
	mft = append(mft, make([]byte, 100)...)
	all := map[uint64]*Record{}
	var last error
	for r, err := range Records(bytes.NewReader(mft), nil) {
		if last = err; err == nil {
			all[r.Entry] = r.Clone()
		}
	}
	if r := all[entryOf(file)]; r.Damage != Torn || r.Names[0].Name() != "torn.exe" {
		t.Errorf("%s %+v", r.Damage, r.Names)
	}
	if all[1].Damage != Baad || all[1].Names != nil {
		t.Errorf("%+v", all[1])
	}
	if e, ok := errors.AsType[*wire.FormatError](last); !ok || e.Offset != int64(len(mft)-100) {
		t.Errorf("the end of the file: %v", last)
	}
	for _, err := range Records(io.MultiReader(bytes.NewReader(mft[:5000]), failing{}), nil) {
		last = err
	}
	if !errors.Is(last, errFailing) {
		t.Errorf("a failing source: %v", last)
	}
}

var errFailing = errors.New("bad sector")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

// TestEntryIsPosition takes the number in a record's header for what it is: the
// one that mkfs.ntfs leaves 0 in entries 16 to 23.
func TestEntryIsPosition(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	file := v.Create(ntfsmeta.Root, "a", nil, corpusDay)
	mft := v.MFT()
	le.PutUint32(mft[entryOf(file)*1024+44:], 0)
	_, all := readAll(t, mft)
	if r := all[entryOf(file)]; r == nil || r.Names[0].Name() != "a" {
		t.Error("the record is not where it is")
	}
}

// TestSurrogates keeps names apart that only unpaired surrogates distinguish.
func TestSurrogates(t *testing.T) {
	for _, c := range []struct {
		units []byte
		want  string
	}{
		{[]byte{0x00, 0xD8}, "\xED\xA0\x80"},
		{[]byte{0x00, 0xDC, 'a', 0}, "\xED\xB0\x80a"},
		{[]byte{0x3D, 0xD8, 0x00, 0xDE}, "😀"},
		{[]byte{'a', 0, 'b', 0, 'c', 0, 'd', 0, 0xE9, 0, 0x42, 0x30}, "abcdéあ"},
		{[]byte{'a', 0, 'b'}, "a"},
	} {
		if got := string(appendUTF16(nil, c.units)); got != c.want {
			t.Errorf("% x is %q, want %q", c.units, got, c.want)
		}
	}
}

// TestNoAllocations reads records without a byte of garbage for each.
func TestNoAllocations(t *testing.T) {
	if testcost.Race {
		t.Skip("the race detector makes pools forget")
	}
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "a folder", corpusDay)
	for i := range 2000 {
		v.Create(dir, fmt.Sprintf("file number %d.txt", i), []byte("x"), corpusDay)
	}
	mft := v.MFT()
	table, _ := readAll(t, mft)
	var buf []byte
	got := testing.AllocsPerRun(5, func() {
		for r := range Records(bytes.NewReader(mft), &RecordOptions{Table: table}) {
			for i := range r.Names {
				buf, _ = table.AppendPath(buf[:0], &r.Names[i])
			}
		}
	})
	if got > 50 {
		t.Errorf("%.0f allocations for 2,025 records", got)
	}
}

// manyRecords repeats the records of a volume as one long $MFT.
type manyRecords struct {
	folder, file []byte
	left         int
	n            int
	buf          []byte
}

func (m *manyRecords) Read(p []byte) (int, error) {
	if len(m.buf) == 0 {
		if m.n == m.left {
			return 0, io.EOF
		}
		src := m.file
		if m.n%10 < 3 {
			src = m.folder
		}
		m.buf = append(m.buf[:0], src...)
		m.n++
	}
	n := copy(p, m.buf)
	m.buf = m.buf[n:]
	return n, nil
}

// TestTableMemory makes the table of a million records, three of ten of them
// folders. The goal is 64 MB with everything.
func TestTableMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a gigabyte")
	}
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	dir := v.Mkdir(ntfsmeta.Root, "a folder of some length", corpusDay)
	file := v.Create(dir, "file of some length.txt", []byte("x"), corpusDay)
	mft := v.MFT()
	rec := func(r ntfsmeta.Ref) []byte { return mft[entryOf(r)*1024:][:1024] }
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table, err := ReadTable(&manyRecords{folder: rec(dir), file: rec(file), left: 1e6}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%.1f MB for a million records with %d folders", float64(used)/1e6, table.nDirs)
	if used > 40e6 || table.nDirs != 300000 || table.Dropped != 0 {
		t.Errorf("%d bytes, %d folders, %d dropped", used, table.nDirs, table.Dropped)
	}
	runtime.KeepAlive(table)
}

// TestTableLimits asks that the limits hold and are reported.
func TestTableLimits(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	for i := range 20 {
		f := v.Create(ntfsmeta.Root, fmt.Sprint("f", i), nil, corpusDay)
		for k := range 12 {
			v.Link(f, ntfsmeta.Root, fmt.Sprintf("hard link %d of %d", k, i), corpusDay)
		}
	}
	table, err := ReadTable(bytes.NewReader(v.MFT()), nil, &TableOptions{MaxExtensions: 2000})
	if err != nil || table.Dropped == 0 || table.bytes > 2000 {
		t.Errorf("%d bytes of extension records, %d dropped: %v", table.bytes, table.Dropped, err)
	}
	table, err = ReadTable(bytes.NewReader(v.MFT()), nil, &TableOptions{MaxNames: 1})
	if err != nil || table.Dropped != 2 {
		t.Errorf("%d folders dropped, want the two there are: %v", table.Dropped, err)
	}
}
