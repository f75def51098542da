package filesystem_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// decode runs the chapter over files of a volume, and fails on damage.
func decode(t *testing.T, files map[string][]byte, opts *artifacts.Options) []artifacts.Record {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, b := range files {
		fsys[name] = &fstest.MapFile{Data: b, Mode: 0o444}
	}
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), ev.Trees[0], filesystem.Artifacts(), opts)
	if err != nil {
		t.Fatal(err)
	}
	var out []artifacts.Record
	for res := range results {
		for _, e := range res.Errors {
			t.Error(e)
		}
		out = append(out, res.Records...)
	}
	return out
}

func of[T any](recs []artifacts.Record) []T {
	var out []T
	for i := range recs {
		if d, ok := artifacts.As[T](&recs[i]); ok {
			out = append(out, d)
		}
	}
	return out
}

func real(t *testing.T, name string) []byte {
	t.Helper()
	return testtree.Unpack(t, testtree.Evidence(t, "ntfs", name))
}

// TestLayouts reads the same $MFT and journal under the names that collectors
// give them: the rows are the same.
func TestLayouts(t *testing.T) {
	v := corpus.Metadata()
	mft, journal := v.MFT(), v.J()
	hive := corpus.Incident().Files()["Windows/System32/config/SYSTEM"]
	lines := func(files map[string][]byte) []string {
		var out []string
		for _, r := range decode(t, files, nil) {
			for _, e := range r.Events() {
				out = append(out, e.Time.Format(time.RFC3339Nano)+" "+e.Message)
			}
		}
		slices.Sort(out)
		return out
	}
	want := lines(map[string][]byte{"C/$MFT": mft, "C/$Extend/$J": journal, "C/Windows/System32/config/SYSTEM": hive})
	if len(want) < 300 {
		t.Fatalf("%d events", len(want))
	}
	for name, files := range map[string]map[string][]byte{
		"CyLR":         {"C/$MFT": mft, "C/$Extend/$UsnJrnl:$J": journal, "C/Windows/System32/config/SYSTEM": hive},
		"Velociraptor": {"uploads/ntfs/%5C%5C.%5CC%3A/$MFT": mft, "uploads/ntfs/%5C%5C.%5CC%3A/$Extend/$UsnJrnl%3A$J": journal, "uploads/ntfs/%5C%5C.%5CC%3A/Windows/System32/config/SYSTEM": hive},
		"acquire":      {"fs/C:/$MFT": mft, "fs/C:/$Extend/$UsnJrnl:$J": journal, "fs/C:/Windows/System32/config/SYSTEM": hive},
		"loose names":  {"$MFT": mft, "$J": journal},
		"loose":        {"table.bin": mft, "journal.bin": journal},
	} {
		if got := lines(files); !slices.Equal(got, want) {
			t.Errorf("%s: %d events, want %d", name, len(got), len(want))
		}
	}
}

// TestTwoVolumes keeps the records of two volumes apart.
func TestTwoVolumes(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	volume := func(name string) []byte {
		v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
		v.Create(ntfsmeta.Root, name, []byte("x"), made.Add(time.Hour))
		return v.MFT()
	}
	recs := of[filesystem.File](decode(t, map[string][]byte{
		"C/$MFT": volume("here.exe"), "D/$MFT": volume("there.exe"),
		"C/Windows/System32/config/SYSTEM": corpus.Incident().Files()["Windows/System32/config/SYSTEM"],
	}, nil))
	var paths []string
	for _, f := range recs {
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	if want := []string{`C:\here.exe`, `D:\there.exe`}; !slices.Equal(paths, want) {
		t.Errorf("files %q, want %q", paths, want)
	}
}

// TestBursts: one update renames thousands of files, and they are one row; the
// records of all of them are there when they are asked for.
func TestBursts(t *testing.T) {
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	dir := v.Mkdir(ntfsmeta.Root, "tool", at)
	at = at.Add(24 * time.Hour)
	for i := range 300 {
		v.Create(dir, string(rune('a'+i%26))+string(rune('a'+i/26))+".exe", nil, at.Add(time.Duration(i)*time.Millisecond))
	}
	v.Create(ntfsmeta.Root, "alone.exe", nil, at.Add(time.Hour))
	files := map[string][]byte{"$J": v.J(), "$MFT": v.MFT()}
	kinds := map[string]int{}
	burst := filesystem.Change{}
	for _, c := range of[filesystem.Change](decode(t, files, nil)) {
		kinds[c.Kind]++
		if c.Kind == filesystem.KindBurst {
			burst = c
		}
	}
	if kinds[filesystem.KindSession] != 1 || kinds[filesystem.KindBurst] != 1 || burst.Files != 300 || burst.Action != "created" {
		t.Errorf("%v, burst %+v", kinds, burst)
	}
	kinds = map[string]int{}
	for _, c := range of[filesystem.Change](decode(t, files, &artifacts.Options{FullOf: []string{"usnjrnl"}})) {
		kinds[c.Kind]++
	}
	if kinds[filesystem.KindSession] != 302 || kinds[filesystem.KindBurst] != 0 {
		t.Errorf("all: %v", kinds)
	}
}

// TestIDs: a record has the same id whether all records are asked for or not.
func TestIDs(t *testing.T) {
	v := corpus.Metadata()
	files := map[string][]byte{"$MFT": v.MFT(), "$J": v.J()}
	all := map[string]bool{}
	for _, r := range decode(t, files, &artifacts.Options{Full: true}) {
		if all[r.ID] {
			t.Errorf("two records of %s have the id %s", r.Artifact.Name, r.ID)
		}
		all[r.ID] = true
	}
	for _, r := range decode(t, files, nil) {
		if c, ok := artifacts.As[filesystem.Change](&r); ok && c.Kind == filesystem.KindBurst {
			continue
		}
		if !all[r.ID] {
			t.Errorf("%s is not among all: %s", r.ID, r.Summary())
		}
	}
}

// TestXP reads the whole volume of a real machine: 1,500 rows by default, and
// every record when all are asked for. The five programs with forged times are
// the only ones.
func TestXP(t *testing.T) {
	files := map[string][]byte{"$MFT": real(t, "mft/tdungan.mft.gz")}
	recs := decode(t, files, nil)
	rows, strong := 0, []string{}
	for i := range recs {
		rows += len(recs[i].Events())
		if f, ok := artifacts.As[filesystem.File](&recs[i]); ok && f.Forged != nil && f.Forged.Strong {
			strong = append(strong, strings.ToLower(f.Path))
		}
	}
	if rows < 1000 || rows > 5000 {
		t.Errorf("%d rows by default", rows)
	}
	slices.Sort(strong)
	want := []string{
		`c:\windows\system32\dllhost\svchost.exe`, `c:\windows\system32\hydrakatz.exe`, `c:\windows\system32\hyvy.exe`,
		`c:\windows\system32\pe.exe`, `c:\windows\system32\sekurlsa.dll`,
	}
	if !slices.Equal(strong, want) {
		t.Errorf("forged: %q, want %q", strong, want)
	}
	if n := len(of[filesystem.Mark](recs)); n != 11 {
		t.Errorf("%d files with a Mark of the Web, want 11", n)
	}
	if n := len(of[filesystem.File](decode(t, files, &artifacts.Options{FullOf: []string{"mft"}}))); n != 52_198 { // 52,320 without 123 extension records, and one of those whose base was reused
		t.Errorf("%d records in all, want 52198", n)
	}
}

// TestDamaged wants the records of a damaged $MFT, and the damage with them.
func TestDamaged(t *testing.T) {
	recs := of[filesystem.File](decode(t, map[string][]byte{"$MFT": real(t, "mft/xways-damaged.mft.gz")}, &artifacts.Options{FullOf: []string{"mft"}}))
	torn := 0
	for _, f := range recs {
		if f.Damage != "" {
			torn++
		}
	}
	if len(recs) < 500 || torn == 0 {
		t.Errorf("%d records, %d damaged", len(recs), torn)
	}
}

// TestJournals reads real journals without a $MFT.
func TestJournals(t *testing.T) {
	for name, most := range map[string]int{"iped": 100, "dfir-v2-v4": 20, "janstarke-sample2": 20} {
		b := real(t, "usn/"+name+".j.gz")
		changes := of[filesystem.Change](decode(t, map[string][]byte{"$J": b}, nil))
		if n := len(changes); n == 0 || n > most {
			t.Errorf("%s: %d records", name, n)
		}
	}
	b := real(t, "usn/iped.j.gz")
	all := of[filesystem.Change](decode(t, map[string][]byte{"$J": b, "other.txt": bytes.Repeat([]byte("x"), 2000)}, &artifacts.Options{Full: true}))
	if len(all) < 1000 {
		t.Errorf("%d sessions in all", len(all))
	}
}
