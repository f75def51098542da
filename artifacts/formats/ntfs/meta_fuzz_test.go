package ntfs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// smallVolume is a volume with folders, links, streams and deleted files.
func smallVolume() *ntfsmeta.Volume {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay, FirstUSN: 4096})
	dir := v.Mkdir(ntfsmeta.Root, "Users", corpusDay)
	sub := v.Mkdir(dir, "a longer folder name", corpusDay)
	f := v.Create(sub, "f.exe", []byte("MZ"), corpusDay)
	v.Stream(f, "Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), corpusDay)
	for k := range 8 {
		v.Link(f, dir, fmt.Sprintf("hard link number %d", k), corpusDay)
	}
	v.Reparse(v.Create(dir, "link", nil, corpusDay), 0xA000000C, corpusDay)
	v.Delete(v.Create(sub, "gone.dll", nil, corpusDay), corpusDay)
	gone := v.Mkdir(dir, "gone", corpusDay)
	v.Delete(gone, corpusDay)
	v.Rename(sub, ntfsmeta.Root, "renamed", corpusDay)
	return v
}

// checkRecords reads bytes as a $MFT in every way and asks that a path that is
// called whole has each of its links in the records themselves.
func checkRecords(t *testing.T, mft []byte) {
	t.Helper()
	table, _ := ReadTable(bytes.NewReader(mft), nil, nil)
	all := map[uint64]*Record{}
	n := 0
	for r, err := range Records(bytes.NewReader(mft), &RecordOptions{Table: table, Slack: true}) {
		if err != nil {
			break
		}
		if n++; n > len(mft)/minRecord+1 {
			t.Fatal("more records than fit")
		}
		all[r.Entry] = r.Clone()
	}
	for _, r := range all {
		for i := range r.Names {
			path, state := table.AppendPath(nil, &r.Names[i])
			if len(path) > (maxDepth+2)*(3*255+2)+64 {
				t.Fatalf("a path of %d bytes", len(path))
			}
			if state == PathWhole {
				confirmed(t, all, &r.Names[i])
			}
		}
	}
}

// confirmed follows the parents of a name without the table.
func confirmed(t *testing.T, all map[uint64]*Record, n *Name) {
	t.Helper()
	ref := n.Parent
	for range maxDepth + 1 {
		if ref.Entry() == RootEntry {
			return
		}
		r := all[ref.Entry()]
		if r == nil || !r.InUse() || !r.IsBase() || r.Sequence != ref.Sequence() || !r.Directory() {
			t.Fatalf("%q is whole, but %s is not a folder that exists", n.Name(), ref)
		}
		ref = r.BestName().Parent
	}
	t.Fatal("too deep for a whole path")
}

func FuzzRecords(f *testing.F) {
	f.Add(smallVolume().MFT())
	f.Fuzz(func(t *testing.T, mft []byte) { checkRecords(t, mft) })
}

// TestMutatedMFT changes one to eight bytes of a $MFT at random, many times.
func TestMutatedMFT(t *testing.T) {
	testcost.Again(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	good := smallVolume().MFT()
	for range testcost.Rounds(1000) {
		mft := bytes.Clone(good)
		for range 1 + rnd.IntN(8) {
			at := rnd.IntN(len(mft))
			mft[at/1024*1024+at%400] = byte(rnd.Uint32()) // where headers and names are
		}
		checkRecords(t, mft)
	}
}

func FuzzJournal(f *testing.F) {
	v := smallVolume()
	f.Add(v.J(), v.MFT())
	f.Add(append(make([]byte, 8192+8), v.J()...), []byte{})
	f.Fuzz(func(t *testing.T, data, mft []byte) {
		j := NewJournal(bytes.NewReader(data), int64(len(data)))
		n := 0
		end := int64(0)
		for c, err := range j.Changes() {
			if err != nil {
				t.Fatal(err)
			}
			if c.Offset < end || c.Offset+usn2Head > int64(len(data)) {
				t.Fatalf("a record at %d of %d bytes, after %d", c.Offset, len(data), end)
			}
			end = c.Offset + usn2Head
			n++
		}
		table, _ := ReadTable(bytes.NewReader(mft), nil, nil)
		w, err := NewRewind(table, j)
		if err != nil {
			t.Fatal(err)
		}
		for c := range w.Changes(j) {
			w.AppendPath(nil, c)
		}
		for range Sessions(j.Changes()) {
			if n--; n < 0 {
				t.Fatal("more sessions than records")
			}
		}
		CarveChanges(bytes.NewReader(data), func(*Change, error) bool { return true })
	})
}

func FuzzIndex(f *testing.F) {
	b := block(0, nodeOf([][]byte{indexEntry(5, ent{40, "a.exe", 0, 3}, -1), indexEntry(5, ent{41, "b.exe", 0, 3}, -1)}, -1, 24))
	f.Add(b)
	f.Add(append(bytes.Clone(b), b...))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for e, err := range IndexEntries(bytes.NewReader(data), nil) {
			if err != nil {
				break
			}
			if n++; n > len(data)/8+1 || e.Offset < 0 || e.Offset >= int64(len(data)) {
				t.Fatalf("entry %d at %d of %d bytes", n, e.Offset, len(data))
			}
		}
	})
}

func FuzzLog(f *testing.F) {
	page := make([]byte, 2*logPage)
	copy(page, "RSTR\x1e\x00\x09\x00")
	le.PutUint32(page[rstrLogPage:], logPage)
	le.PutUint16(page[rstrArea:], 0x30)
	le.PutUint16(page[rstrMajor:], 1)
	le.PutUint32(page[0x30+areaSeqBits:], 0x2A)
	copy(page[logPage:], "RCRD\x28\x00\x09\x00")
	copy(page[logPage+512:], smallVolume().J()[:2048])
	copy(page[logPage+3072:], smallVolume().MFT()[:900])
	f.Add(page)
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for it, err := range Log(bytes.NewReader(data)) {
			if err != nil {
				break
			}
			if n++; n > len(data)/8+1 || it.Offset < 0 || it.Offset >= int64(len(data)) {
				t.Fatalf("item %d at %d of %d bytes", n, it.Offset, len(data))
			}
		}
	})
}

func FuzzZone(f *testing.F) {
	f.Add([]byte("[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=https://example.com/\r\n"))
	f.Add([]byte("\xff\xfe[\x00Z\x00]\x00\n\x00Z\x00o\x00n\x00e\x00I\x00d\x00=\x003\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if z := ParseZone(data); len(z.Other) > maxZoneLines {
			t.Fatalf("%d lines", len(z.Other))
		}
	})
}

func FuzzRuns(f *testing.F) {
	f.Add([]byte{0x21, 0x18, 0x34, 0x56, 0x00})
	f.Add([]byte{0x01, 0x30, 0x21, 0x01, 0x00, 0xFF, 0})
	v := &Volume{Size: 1 << 40, cluster: 4096}
	f.Fuzz(func(t *testing.T, pairs []byte) {
		runs, _ := v.appendRuns(nil, 0, pairs)
		if len(runs) > len(pairs)/2+1 {
			t.Fatalf("%d runs in %d bytes", len(runs), len(pairs))
		}
		for _, r := range runs {
			if r.n <= 0 || r.lcn > v.Size/v.cluster {
				t.Fatalf("%+v", r)
			}
		}
	})
}
