package filesystem_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// A naming is a record that names a file by its reference.
type naming struct {
	artifacts.Origin
	ref artifacts.FileReference
}

func (n naming) FileReferences() []artifacts.FileReference { return []artifacts.FileReference{n.ref} }

// referenced decodes a volume of which an artifact names some files.
func referenced(t *testing.T, mft []byte, refs ...artifacts.FileReference) []filesystem.Referenced {
	t.Helper()
	tree := testtree.Tree(t, map[string][]byte{
		"C/$MFT": mft, "C/$Boot": boot(0x5C3A91E7), "C/Windows/System32/config/SYSTEM": corpus.Incident().Files()["Windows/System32/config/SYSTEM"],
	})
	namer := artifacts.Define(artifacts.Artifact{
		Name: "namer", Title: "Namer", Sources: []artifacts.Source{artifacts.Files(`%AnyDrive%\$MFT`)},
	}, func(_ artifacts.Input, yield func(naming) bool) error {
		for _, r := range refs {
			yield(naming{ref: r})
		}
		return nil
	})
	results, err := artifacts.Run(t.Context(), tree, append([]*artifacts.Artifact{namer}, filesystem.Artifacts()...), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []filesystem.Referenced
	for res := range results {
		for _, e := range res.Errors {
			t.Error(e)
		}
		for i := range res.Records {
			if d, ok := artifacts.As[filesystem.Referenced](&res.Records[i]); ok {
				out = append(out, d)
			}
		}
	}
	return out
}

// boot is a boot sector.
func boot(serial uint32) []byte {
	b := make([]byte, 512)
	copy(b[3:], "NTFS    ")
	binary.LittleEndian.PutUint32(b[72:], serial)
	return b
}

// TestFileReferences follows files by their references: through renames and moves, and
// to their end. A reference of another volume names no file of this one.
func TestFileReferences(t *testing.T) {
	at := time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	dir, other := v.Mkdir(ntfsmeta.Root, "Downloads", at), v.Mkdir(ntfsmeta.Root, "Tools", at)
	file := func(name string) ntfsmeta.Ref { return v.Create(dir, name, []byte("x"), at) }
	stays, renamed, moved, both, gone, reused := file("stays.exe"), file("renamed.exe"), file("moved.exe"), file("both.exe"),
		file("gone.exe"), file("reused.exe")
	later := at.Add(time.Hour)
	v.Rename(renamed, dir, "svchost.exe", later)
	v.Rename(moved, other, "moved.exe", later)
	v.Rename(both, other, "other.exe", later)
	v.Delete(reused, later)
	v.Create(dir, "heir.exe", nil, later) // takes the record
	v.Delete(gone, later)

	ref := func(path string, r ntfsmeta.Ref, created time.Time) artifacts.FileReference {
		return artifacts.FileReference{Path: path, Entry: uint64(r) & (1<<48 - 1), Sequence: uint16(r >> 48), Created: created}
	}
	got := referenced(t, v.MFT(),
		ref(`c:\downloads\STAYS.exe`, stays, at.Add(time.Second)), // shell items count two seconds
		ref(`C:\Downloads\stays.exe`, stays, at.Add(-time.Hour)),
		ref("", stays, time.Time{}),
		ref(`Downloads\stays.exe`, stays, time.Time{}),
		ref(`C:\Downloads\renamed.exe`, renamed, at),
		ref(`C:\Downloads\moved.exe`, moved, time.Time{}),
		ref(`C:\Downloads\both.exe`, both, time.Time{}),
		ref(`C:\Downloads\gone.exe`, gone, time.Time{}),
		ref(`C:\Downloads\reused.exe`, reused, time.Time{}),
		// Of other volumes, of other times.
		ref(`D:\Downloads\stays.exe`, stays, time.Time{}),
		ref(`\\server\share\stays.exe`, stays, time.Time{}),
		ref(`C:\Downloads\letter.txt`, stays, at.Add(-time.Hour)),
		ref(`Documents\letter.txt`, stays, time.Time{}),
		ref(`Documents\letter.txt`, reused, time.Time{}),
		ref(`C:\Downloads\far.exe`, 1<<48|9999, time.Time{}),
		artifacts.FileReference{Path: `C:\Downloads\serial.exe`, Entry: uint64(stays) & (1<<48 - 1), Sequence: 1, Serial: 0x1234},
	)
	var lines []string
	for _, r := range got {
		line := r.Path + ": " + r.Fate + " " + r.Change + " " + r.Now + r.Successor
		if r.Differs {
			line += " differs"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	want := []string{
		`C:\Downloads\both.exe: exists moved and renamed C:\Tools\other.exe`,
		`C:\Downloads\gone.exe: deleted  C:\Downloads\gone.exe`,
		`C:\Downloads\moved.exe: exists moved C:\Tools\moved.exe`,
		`C:\Downloads\renamed.exe: exists renamed C:\Downloads\svchost.exe`,
		`C:\Downloads\reused.exe: record reused  C:\Downloads\heir.exe`,
		`C:\Downloads\stays.exe: exists  C:\Downloads\stays.exe`,
		`C:\Downloads\stays.exe: exists  C:\Downloads\stays.exe differs`,
		`Downloads\stays.exe: exists  C:\Downloads\stays.exe`,
		`c:\downloads\STAYS.exe: exists  C:\Downloads\stays.exe`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// TestObjectIdentifiers follows the shortcuts of a real volume, whose text is in $MFT, to
// their targets by the object identifiers of both: an independent way to the same file.
func TestObjectIdentifiers(t *testing.T) {
	mft := real(t, "mft/tdungan.mft.gz")
	var refs []artifacts.FileReference
	for r, err := range ntfs.Records(bytes.NewReader(mft), nil) {
		if err != nil {
			t.Fatal(err)
		}
		n := r.BestName()
		if n == nil || !r.InUse() || !strings.HasSuffix(strings.ToLower(n.Name()), ".lnk") {
			continue
		}
		for i := range r.Streams {
			s := &r.Streams[i]
			if !s.Main() || !s.Resident {
				continue
			}
			if l, _ := lnk.Parse(s.Value); l != nil && l.Tracker != nil {
				refs = append(refs, artifacts.FileReference{
					Path: l.Target(), ObjectID: l.Tracker.File, VolumeID: l.Tracker.Droid, Created: l.Created,
				})
			}
		}
	}
	if len(refs) != 20 {
		t.Fatalf("%d shortcuts with an identifier", len(refs))
	}
	const documents = `C:\Documents and Settings\tdungan\My Documents\`
	want := map[string]string{
		documents + `Research Project`:          documents + `Alloy Research\Detailed Vibranium R&D Documents moved and renamed`,
		documents + `Backstopped Accounts - NR`: documents + `Backstopped Accounts - R&D Costs Alloy Research renamed`,
	}
	found := referenced(t, mft, refs...)
	if len(found) != 8 {
		t.Errorf("%d of the shortcuts lead to a file, want 8", len(found))
	}
	for _, r := range found {
		if now := cmp.Or(want[r.Path], r.Path+" "); strings.TrimSpace(now) != strings.TrimSpace(r.Now+" "+r.Change) {
			t.Errorf("%s is %s %s, want %s", r.Path, r.Now, r.Change, now)
		}
		// The creation of the target, which each shortcut has too, is that of the file.
		if r.Fate != "exists" || r.Differs || r.Created.IsZero() {
			t.Errorf("%s: %s, created %v", r.Path, r.Fate, r.Created)
		}
		delete(want, r.Path)
	}
	if len(want) > 0 {
		t.Errorf("not found: %q", want)
	}
}
