package filesystem

import (
	"bytes"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

func realFile(t *testing.T, name string) []byte {
	t.Helper()
	return testtree.Unpack(t, testtree.Evidence(t, "ntfs", name))
}

// checkTimes judges a volume; every asks for programs with supporting signs only, too.
func checkTimes(t *testing.T, mft []byte, every bool) []judgedFile {
	t.Helper()
	table, err := ntfs.ReadTable(bytes.NewReader(mft), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := NewTimeCheck()
	c.every = every
	paths := map[ntfs.Reference]string{}
	each := func(do func(*ntfs.Record)) {
		for r, err := range ntfs.Records(bytes.NewReader(mft), &ntfs.RecordOptions{Table: table}) {
			if err != nil {
				t.Fatal(err)
			}
			do(r)
		}
	}
	each(c.Survey)
	c.Narrow(table)
	each(func(r *ntfs.Record) {
		c.Compare(r)
		if path, _, ok := table.Path(r); ok {
			paths[r.Reference()] = path
		}
	})
	var out []judgedFile
	for _, f := range c.Forged() {
		f.Path = paths[f.File]
		out = append(out, judgedFile{f, paths[f.Twin]})
	}
	return out
}

type judgedFile struct {
	Forged
	twin string
}

// TestForgedTimes finds the five forged programs of a published exercise among
// some 12,500, and nothing else that is strong. The change journal's order
// gives three of them a window of ten and a half minutes on the day of the
// attack; their records say 197 days earlier.
func TestForgedTimes(t *testing.T) {
	attack := time.Date(2012, 4, 3, 0, 0, 0, 0, time.UTC)
	want := map[string]TimeTests{
		`\WINDOWS\system32\dllhost\svchost.exe`: Cloned | AloneAndOld,
		`\WINDOWS\system32\pe.exe`:              Cloned | AloneAndOld,
		`\WINDOWS\system32\hydrakatz.exe`:       ChangedBeforeName | AllWhole | Cloned | AloneAndOld | Rearranged | OutOfOrder,
		`\WINDOWS\system32\sekurlsa.dll`:        ChangedBeforeName | AllWhole | Cloned | AloneAndOld | Rearranged | OutOfOrder,
		`\WINDOWS\system32\hyvy.exe`:            ChangedBeforeName | AllWhole | Cloned | AloneAndOld | Rearranged | OutOfOrder,
	}
	counts := map[TimeTests]int{}
	for _, f := range checkTimes(t, realFile(t, "mft/tdungan.mft.gz"), true) {
		for b := ChangedBeforeName; b <= OutOfOrder; b <<= 1 {
			if f.Tests.Has(b) {
				counts[b]++
			}
		}
		if !f.Tests.Strong() {
			continue
		}
		if f.Tests != want[f.Path] {
			t.Errorf("%s: tests %b, want %b", f.Path, f.Tests, want[f.Path])
		}
		delete(want, f.Path)
		from, to := wire.Time(f.NotBefore), wire.Time(f.NotAfter)
		if from.Before(attack) || to.After(attack.Add(24*time.Hour)) || from.After(to) {
			t.Errorf("%s changed between %v and %v", f.Path, from, to)
		}
		if f.Tests.Has(AllWhole) && to.Sub(from).Round(time.Minute/2) != 10*time.Minute+30*time.Second {
			t.Errorf("%s: a window of %v", f.Path, to.Sub(from))
		}
		if f.twin != `\WINDOWS\system32\smss.exe` {
			t.Errorf("%s: cloned from %s", f.Path, f.twin)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
	for test, n := range map[TimeTests]int{ChangedBeforeName: 4, AllWhole: 3, Cloned: 5, AloneAndOld: 11, Rearranged: 141} {
		if counts[test] != n {
			t.Errorf("test %b hits %d programs, want %d", test, counts[test], n)
		}
	}
}

// TestNoForgedTimes judges volumes on which nothing was forged.
func TestNoForgedTimes(t *testing.T) {
	for _, name := range []string{
		"4k-large", "compressed_sparse", "deleted", "different_la", "libfsntfs-1", "mapping_pairs_1", "nist-dfr16", "orphan", "slack", "unicode",
	} {
		for _, f := range checkTimes(t, realFile(t, "mft/"+name+".mft.gz"), true) {
			if f.Tests.Strong() || f.Tests.Weak(false) {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// TestForgedOnWrittenVolume forges times in each way on a volume of the corpus.
func TestForgedOnWrittenVolume(t *testing.T) {
	made := time.Date(2026, 1, 1, 8, 30, 0, 123400, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made, FirstUSN: 4096})
	at := func(days, seconds int) time.Time {
		return made.AddDate(0, 0, days).Add(time.Duration(seconds)*time.Second + 7700)
	}
	old := time.Date(2019, 12, 7, 9, 8, 0, 0, time.UTC)
	dir := v.Mkdir(ntfsmeta.Root, "Windows", at(0, 0))
	system := v.Create(dir, "system.dll", nil, at(0, 1))
	v.SetTimes(system, old, old, time.Time{}, time.Time{}, at(0, 2))
	for i := range 20 {
		v.Create(dir, "file"+string(rune('a'+i))+".txt", nil, at(9, i))
	}
	cloned := v.Create(dir, "cloned.exe", nil, at(10, 0))
	v.SetTimes(cloned, old, old, time.Time{}, time.Time{}, at(10, 300))
	native := v.Create(dir, "native.exe", nil, at(10, 600))
	other := old.AddDate(0, 0, 1)
	v.SetTimes(native, other, other, other, other, at(10, 900))
	honest := v.Create(dir, "honest.exe", nil, at(10, 1200))
	for i := range 20 {
		v.Create(dir, "later"+string(rune('a'+i))+".txt", nil, at(11, i))
	}
	for i := range 6 { // an installation from a package with old times
		f := v.Create(dir, "setup"+string(rune('a'+i))+".exe", nil, at(12, i))
		v.SetTimes(f, old, old, time.Time{}, time.Time{}, at(12, i))
	}
	found := map[ntfs.Reference]judgedFile{}
	for _, f := range checkTimes(t, v.MFT(), true) {
		found[f.File] = f
	}
	if f := found[ntfs.Reference(cloned)]; f.Tests != Cloned|AloneAndOld || f.twin != `\Windows\system.dll` {
		t.Errorf("cloned: %+v", f)
	}
	if f := found[ntfs.Reference(native)]; !f.Tests.Has(ChangedBeforeName|AllWhole|OutOfOrder) || !f.Tests.Strong() {
		t.Errorf("native: %+v", f)
	} else if from, to := wire.Time(f.NotBefore), wire.Time(f.NotAfter); from.After(at(10, 900)) || to.Before(at(10, 900)) {
		t.Errorf("native changed between %v and %v", from, to)
	}
	if f, ok := found[ntfs.Reference(honest)]; ok {
		t.Errorf("honest: %+v", f)
	}
	for ref, f := range found {
		if f.Tests.Strong() && ref != ntfs.Reference(cloned) && ref != ntfs.Reference(native) {
			t.Errorf("strong: %+v", f)
		}
	}
}

// TestSelection counts what is shown of a whole volume: at most 5,000 rows, and
// all that the intruder left.
func TestSelection(t *testing.T) {
	mft := realFile(t, "mft/tdungan.mft.gz")
	table, err := ntfs.ReadTable(bytes.NewReader(mft), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var s Selection
	each := func(do func(r *ntfs.Record, path string, n *ntfs.Name)) {
		for r, err := range ntfs.Records(bytes.NewReader(mft), &ntfs.RecordOptions{Table: table}) {
			if err != nil {
				t.Fatal(err)
			}
			if n := r.BestName(); n != nil && r.IsBase() && !r.Directory() {
				path, _, _ := table.Path(r)
				do(r, path, n)
			}
		}
	}
	each(func(_ *ntfs.Record, path string, n *ntfs.Name) { s.Add(path, n.Times[0]) })
	counts := map[Reason]int{}
	files, rows := 0, 0
	missing := map[string]bool{
		`\WINDOWS\system32\dllhost\svchost.exe`: true, `\WINDOWS\system32\pe.exe`: true, `\WINDOWS\system32\hydrakatz.exe`: true,
		`\WINDOWS\system32\sekurlsa.dll`: true, `\WINDOWS\system32\hyvy.exe`: true,
	}
	each(func(r *ntfs.Record, path string, n *ntfs.Name) {
		files++
		why := s.Select(path, n.Times[0], r.ZoneIdentifier() != nil)
		counts[why]++
		if why != NotSelected {
			rows++
			delete(missing, path)
		}
	})
	t.Log(files, "files,", rows, "rows:", counts)
	if rows > 5000 || rows < 500 || len(missing) > 0 {
		t.Errorf("%d rows of %d files; not shown: %v", rows, files, missing)
	}
}
