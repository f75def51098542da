package collector

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// collected is a collection in memory.
type collected struct {
	*zip.Reader
	raw []byte
	sum *Summary
}

func collectAll(t *testing.T, fsys fs.FS, o *Options) *collected {
	t.Helper()
	var b bytes.Buffer
	sum, err := Collect(t.Context(), open(t, fsys), &b, o)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return &collected{z, b.Bytes(), sum}
}

func (c *collected) read(t *testing.T, name string) []byte {
	t.Helper()
	// Not fs.ReadFile: the names of entries are not always paths.
	for _, f := range c.File {
		if f.Name == name {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("no entry %s", name)
	return nil
}

func (c *collected) names() (out []string) {
	for _, f := range c.File {
		out = append(out, f.Name)
	}
	return out
}

// decode reads the JSON values of an entry.
func decode[T any](t *testing.T, b []byte) (out []T) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		var v T
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (c *collected) manifest(t *testing.T) manifest {
	t.Helper()
	return decode[manifest](t, c.read(t, "artifactdump/manifest.json"))[0]
}

// TestLists reads what is written beside the files: each list names the same files, and every hash leads to the next.
func TestLists(t *testing.T) {
	machine := texts(3)
	o := options()
	o.Command = []string{"artifactdump", "collect"}
	c := collectAll(t, machine, o)

	if got := hashOf(c.raw); got != c.sum.SHA256 || c.sum.Size != int64(len(c.raw)) {
		t.Errorf("the zip has SHA-256 %s and %d bytes, the summary %s and %d", got, len(c.raw), c.sum.SHA256, c.sum.Size)
	}
	if got := hashOf(c.read(t, "artifactdump/manifest.json")); got != c.sum.ManifestSHA256 {
		t.Errorf("the manifest has SHA-256 %s, the summary %s", got, c.sum.ManifestSHA256)
	}
	man := c.manifest(t)
	if got := hashOf(c.read(t, "artifactdump/files.jsonl")); got != man.Hashes["artifactdump/files.jsonl"] {
		t.Errorf("the list has SHA-256 %s, the manifest %v", got, man.Hashes)
	}
	lines := decode[fileLine](t, c.read(t, "artifactdump/files.jsonl"))
	var stored int64
	for _, l := range lines {
		b := c.read(t, l.Stored)
		source := machine[strings.ReplaceAll(strings.TrimPrefix(l.Path, `C:\`), `\`, "/")]
		if source == nil || !bytes.Equal(b, source.Data) {
			t.Errorf("%s is not the file %s", l.Stored, l.Path)
			continue
		}
		if l.SHA256 != hashOf(b) || l.Size != int64(len(b)) || l.StoredSize != l.Size || l.State != whole || l.StoredSHA256 != "" {
			t.Errorf("%s: %+v", l.Path, l)
		}
		if l.SI[1] != filetime(source.ModTime) || l.SI[0] != 0 {
			t.Errorf("%s: times %v", l.Path, l.SI)
		}
		stored += l.StoredSize
	}
	if len(lines) != 4 || c.sum.Files != 4 || c.sum.Bytes != stored || c.sum.Machines != 1 || c.sum.Partial+c.sum.Changed+c.sum.Resumed != 0 {
		t.Errorf("%d lines of %d bytes, %+v", len(lines), stored, c.sum)
	}

	when := time.Unix(1_800_000_000, 0).UTC()
	if man.Tool != "test" || man.Machine != "machine" || man.Started != when.Format(time.RFC3339Nano) || man.Ended != man.Started ||
		!slices.Equal(man.Command, o.Command) || man.Traces != "" || len(man.Changed)+len(man.Cut) != 0 {
		t.Errorf("manifest %+v", man)
	}
	if fmt.Sprint(man.States) != "map[whole:4]" || man.Counts["files"] != 4 || man.Counts["stored_bytes"] != stored ||
		man.Limits["max_file"] != DefaultMaxFile || man.Limits["max_total"] != DefaultMaxTotal {
		t.Errorf("counts %v, limits %v, states %v", man.Counts, man.Limits, man.States)
	}
	if !slices.Contains(man.Absent, `%AnyDrive%\$MFT`) || slices.Contains(man.Absent, some.Sources[0].Glob) || !slices.IsSorted(man.Absent) {
		t.Errorf("absent %v", man.Absent)
	}
	if len(man.Volumes) != 1 || man.Volumes[0].Name != "C:" || man.Volumes[0].Stored != "uploads/auto/C%3A" ||
		man.Volumes[0].Listed != man.Counts["listed"] || man.Volumes[0].Listed != c.sum.Listed {
		t.Errorf("volumes %+v", man.Volumes)
	}

	type upload struct {
		Path       string   `json:"vfs_path"`
		Components []string `json:"_Components"`
		Size       int64    `json:"file_size"`
		Uploaded   int64    `json:"uploaded_size"`
	}
	uploads := decode[upload](t, c.read(t, "uploads.json"))
	for i, u := range uploads {
		if i >= len(lines) || u.Path != lines[i].Path || u.Size != lines[i].Size || u.Uploaded != u.Size ||
			u.Components[0] != "uploads" || u.Components[2] != "C:" {
			t.Errorf("upload %d: %+v", i, u)
		}
	}
	if len(uploads) != len(lines) {
		t.Errorf("%d uploads", len(uploads))
	}
	context := decode[struct {
		Session   string   `json:"session_id"`
		Created   int64    `json:"create_time"`
		Artifacts []string `json:"artifacts_with_results"`
	}](t, c.read(t, "collection_context.json"))[0]
	if context.Session != "F.artifactdump" || context.Created != when.UnixMicro() ||
		!slices.Contains(context.Artifacts, "Windows.KapeFiles.Targets/All Matches Metadata") {
		t.Errorf("context %+v", context)
	}
	client := decode[map[string]string](t, c.read(t, "client_info.json"))[0]
	if client["Hostname"] != "machine" || client["OS"] != "windows" {
		t.Errorf("client %v", client)
	}
	// The times of a plain copy are not those of the machine, and no program is to take them for it.
	if b := c.read(t, "results/Windows.KapeFiles.Targets%2FAll Matches Metadata.json"); len(b) != 0 {
		t.Errorf("times of copies: %s", b)
	}
}

// TestReadBack opens a collection as evidence: the files are those of its source, in both layouts.
func TestReadBack(t *testing.T) {
	machine := texts(3)
	machine["Windows/odd % name#.txt"] = &fstest.MapFile{Data: []byte("odd")}
	machine["Windows/ü.txt"] = &fstest.MapFile{Data: []byte("umlaut")}
	machine["Windows/empty.txt"] = &fstest.MapFile{}
	for _, layout := range []string{LayoutVelociraptor, LayoutKAPE} {
		for _, store := range []bool{false, true} {
			o := options()
			o.Layout, o.Store = layout, store
			c := collectAll(t, machine, o)
			ev := open(t, c.Reader)
			list, errs := ev.Trees[0].Glob(some.Sources[0].Glob)
			for _, err := range errs {
				t.Errorf("%s: %v", layout, err)
			}
			for _, f := range list {
				b, err := f.Bytes()
				want := machine[strings.ReplaceAll(strings.TrimPrefix(f.Path, `C:\`), `\`, "/")]
				if err != nil || want == nil || !bytes.Equal(b, want.Data) {
					t.Errorf("%s: %s has %d bytes, %v", layout, f.Path, len(b), err)
				}
			}
			if len(list) != 6 {
				t.Errorf("%s: %d files", layout, len(list))
			}
			for _, f := range c.File {
				if packed := f.Method == zip.Deflate; packed == store && strings.HasSuffix(f.Name, ".txt") {
					t.Errorf("%s, store %v: %s has method %d", layout, store, f.Name, f.Method)
				}
			}
		}
	}
}

// TestKAPE reads the names and the copy log of the layout with a folder for each drive.
func TestKAPE(t *testing.T) {
	o := options()
	o.Layout = LayoutKAPE
	c := collectAll(t, copies(2), o)
	for _, name := range []string{"C/Windows/x.txt", "VSS1/Windows/x.txt", "C/Windows/System32/config/SYSTEM", "artifactdump/files.jsonl"} {
		if !slices.Contains(c.names(), name) {
			t.Errorf("no entry %s in %v", name, c.names())
		}
	}
	for _, name := range c.names() {
		if strings.HasPrefix(name, "uploads") || strings.Contains(name, "listing") {
			t.Errorf("an entry of another layout: %s", name)
		}
	}
	const log = "2027-01-15T08_00_00_0000000_CopyLog.csv"
	rows, err := csv.NewReader(bytes.NewReader(c.read(t, log))).ReadAll()
	if err != nil || len(rows) != 1 || rows[0][1] != "SourceFile" || len(rows[0]) != 10 {
		t.Errorf("copy log %v, %v", rows, err) // of copies, whose times are not the machine's, no row
	}

	// What a first collection knows of the times goes on into the log of a second one.
	source := Options{Artifacts: o.Artifacts, Now: o.Now}
	first := collectAll(t, texts(1), &source)
	old := decode[fileLine](t, first.read(t, "artifactdump/files.jsonl"))
	timed := fstest.MapFS{}
	for _, f := range first.File {
		timed[f.Name] = &fstest.MapFile{Data: first.read(t, f.Name), ModTime: f.Modified}
	}
	for i := range old {
		old[i].Copied, old[i].Source = false, "$STANDARD_INFORMATION"
		old[i].SI = [4]uint64{133_500_000_000_000_001, 133_500_000_000_000_002, 133_500_000_000_000_003, 133_500_000_000_000_004}
	}
	var b bytes.Buffer
	for _, l := range old {
		if err := json.NewEncoder(&b).Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	timed["artifactdump/files.jsonl"].Data = b.Bytes()
	second := collectAll(t, timed, o)
	rows, err = csv.NewReader(bytes.NewReader(second.read(t, log))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("copy log %v, %v", rows, err)
	}
	// 133500000000000001 is 2024-01-17 21:20:00.0000001 UTC.
	for _, r := range rows[1:] {
		if r[6] != "2024-01-17 21:20:00.0000001" || r[7] != "2024-01-17 21:20:00.0000002" || r[8] != "2024-01-17 21:20:00.0000003" ||
			!strings.HasPrefix(r[2], `\C\Windows\`) || !strings.HasPrefix(r[1], `C:\Windows\`) {
			t.Errorf("row %q", r)
		}
	}
}

// TestListing reads the names that a collection has of a volume.
func TestListing(t *testing.T) {
	machine := fstest.MapFS{
		"Windows/System32/config/SYSTEM":                      {Data: []byte("no hive")},
		"Windows/System32/drivers/etc/hosts":                  {Data: []byte("hosts")},
		"Windows/System32/DriverStore/FileRepository/a/b.inf": {Data: []byte("inf")},
		"Windows/WinSxS/deep/er.dll":                          {Data: []byte("dll")},
		"Program Files/one/two/three/four/five.exe":           {Data: []byte("exe")},
		"Users/anna/AppData/x":                                {Data: make([]byte, 77), ModTime: time.Unix(1_700_000_000, 500)},
		"Games/big.iso":                                       {Data: []byte("iso")},
		"Windows/not\\a:name":                                 {Data: []byte("a stream of another collection")},
	}
	names := func(listing string) map[string]listed {
		o := options()
		o.Listing = listing
		c := collectAll(t, machine, o)
		man := c.manifest(t)
		if listing == ListNone {
			if slices.Contains(c.names(), "artifactdump/listing.jsonl.gz") || man.Volumes[0].Listing != "" || c.sum.Listed != 0 {
				t.Errorf("a listing that nobody asked for: %+v", man.Volumes)
			}
			return nil
		}
		if want := map[string]string{ListHot: ListHot}[listing]; man.Volumes[0].Scope != want || man.Volumes[0].Listing != "listing.jsonl.gz" {
			t.Errorf("%q: %+v", listing, man.Volumes[0])
		}
		z, err := gzip.NewReader(bytes.NewReader(c.read(t, "artifactdump/listing.jsonl.gz")))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]listed{}
		for _, l := range decode[listed](t, b) {
			out[l.Path] = l
		}
		if int64(len(out)) != c.sum.Listed {
			t.Errorf("%q: %d names, the summary has %d", listing, len(out), c.sum.Listed)
		}
		return out
	}
	names(ListNone)
	full := names(ListFull)
	if len(names("")) != len(full) {
		t.Error("no word for the listing is not the full one")
	}
	for name := range machine {
		at := `C:\` + strings.ReplaceAll(name, "/", `\`)
		l, ok := full[at]
		if strings.Contains(name, ":") {
			if ok {
				t.Errorf("%s is listed", at)
			}
			continue
		}
		if !ok || l.Dir || l.Size != int64(len(machine[name].Data)) || l.Times[1] != filetime(machine[name].ModTime) || l.Listed {
			t.Errorf("%s: %+v", at, l)
		}
	}
	if l := full[`C:\Windows\System32`]; !l.Dir || l.Size != 0 {
		t.Errorf("a folder: %+v", l)
	}
	part := names(ListHot)
	for at, want := range map[string][2]bool{ // whether it is listed, and all of it
		`C:\Windows`:                                     {true, true},
		`C:\Windows\WinSxS`:                              {true, false},
		`C:\Windows\WinSxS\deep`:                         {false, false},
		`C:\Windows\System32\drivers\etc`:                {true, true},
		`C:\Windows\System32\drivers\etc\hosts`:          {true, false},
		`C:\Windows\System32\DriverStore`:                {true, true},
		`C:\Windows\System32\DriverStore\FileRepository`: {true, false},
		`C:\Program Files\one\two`:                       {true, true},
		`C:\Program Files\one\two\three`:                 {true, false},
		`C:\Program Files\one\two\three\four`:            {false, false},
		`C:\Users\anna\AppData\x`:                        {true, false},
		`C:\Games`:                                       {true, false},
		`C:\Games\big.iso`:                               {false, false},
	} {
		if l, ok := part[at]; ok != want[0] || l.Listed != want[1] {
			t.Errorf("%s: listed %v, all of it %v, want %v", at, ok, l.Listed, want)
		}
	}
}

// TestTimes converts times by hand: 116444736000000000 is 1970, in 100 ns since 1601.
func TestTimes(t *testing.T) {
	for _, c := range []struct {
		time  time.Time
		ft    uint64
		shown string
	}{
		{time.Unix(0, 0), 116_444_736_000_000_000, "1970-01-01T00:00:00.0000000Z"},
		{time.Unix(1, 100), 116_444_736_010_000_001, "1970-01-01T00:00:01.0000001Z"},
		{time.Date(2026, 12, 1, 2, 3, 4, 999, time.UTC), 134_405_641_840_000_009, "2026-12-01T02:03:04.0000009Z"},
		{time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), 1, "1601-01-01T00:00:00.0000001Z"},
		{time.Time{}, 0, ""},
		{time.Date(1600, 12, 31, 23, 59, 59, 0, time.UTC), 0, ""},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 0, ""},
	} {
		if got := filetime(c.time); got != c.ft {
			t.Errorf("%v is %d, want %d", c.time, got, c.ft)
		}
		if got := shownTime(c.ft); got != c.shown {
			t.Errorf("%d is %s, want %s", c.ft, got, c.shown)
		}
	}
	when := time.Unix(1_700_000_000, 0)
	st := &collect.Times{Created: when, Modified: when.Add(1), Source: "a list", Copied: false}
	if si, _, source := timesOf(info{st}); si != [4]uint64{filetime(when), filetime(when), 0, 0} || source != "a list" {
		t.Errorf("%v from %q", si, source)
	}
	st.Copied = true
	if _, _, source := timesOf(info{st}); source != "" {
		t.Errorf("times of a copy are from %q", source)
	}
}

type info struct{ sys any }

func (info) Name() string       { return "" }
func (info) Size() int64        { return 0 }
func (info) Mode() fs.FileMode  { return 0 }
func (info) ModTime() time.Time { return time.Unix(5, 0) }
func (info) IsDir() bool        { return false }
func (i info) Sys() any         { return i.sys }

// TestKAPEName has the names of streams that other programs of this layout know.
func TestKAPEName(t *testing.T) {
	for _, c := range []struct {
		place evidence.Place
		want  string
	}{
		{evidence.Place{Volume: "C:", Name: "Windows/a.txt"}, "C/Windows/a.txt"},
		{evidence.Place{Volume: "C:", Snapshot: "vss3", Name: "Windows/a.txt"}, "VSS3/Windows/a.txt"},
		{evidence.Place{Volume: "D:", Name: "$Extend/$UsnJrnl:$J"}, "D/$Extend/$J"},
		{evidence.Place{Volume: "D:", Name: "$Extend/$UsnJrnl:$Max"}, "D/$Extend/$Max"},
		{evidence.Place{Volume: "C:", Name: "$Secure:$SDS"}, "C/$Secure_$SDS"},
		{evidence.Place{Volume: "C:", Name: "a.exe:Zone.Identifier"}, "C/a.exe%3AZone.Identifier"},
		{evidence.Place{Volume: "C:", Name: "Logs/Microsoft-Windows-Bits-Client%4Operational.evtx"},
			"C/Logs/Microsoft-Windows-Bits-Client%4Operational.evtx"},
		{evidence.Place{Volume: "C:", Name: "100%25.txt:a"}, "C/100%25.txt%3Aa"},
		{evidence.Place{Volume: "C:", Name: "$UsnJrnl:$J/x"}, "C/$UsnJrnl%3A$J/x"},
	} {
		if got := kapeName(c.place); got != c.want {
			t.Errorf("%+v: %s, want %s", c.place, got, c.want)
		}
	}
}

// TestRank has the order in which files are read.
func TestRank(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		want       int
	}{
		{"Windows/Prefetch/A.EXE-1.PF", "file", rankPrefetch}, {"Logs/Security.EVTX", "file", rankLogs}, {"$MFT", "filesystem", rankFileSystem},
		{"config/SYSTEM", "hive", rankHives}, {"x.txt", "file", rankRest}, {"a.exe", "program", rankRest},
	} {
		if got := rank(c.name, c.kind); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	machine := texts(2)
	all := &artifacts.Artifact{Name: "all", Sources: []artifacts.Source{{Glob: `%AnyDrive%\Windows\*`}}}
	for i, name := range []string{"z.pf", "old.evtx", "new.evtx", "a.pf"} {
		machine["Windows/"+name] = &fstest.MapFile{Data: []byte("x"), ModTime: time.Unix(int64(i), 0)}
	}
	var got []string
	for _, it := range MakePlan(open(t, machine).Trees[0], []*artifacts.Artifact{all}).Items {
		got = append(got, it.File.Path[strings.LastIndexByte(it.File.Path, '\\')+1:])
	}
	if want := "[a.pf z.pf new.evtx old.evtx SYSTEM x.txt xx.txt]"; fmt.Sprint(got) != want {
		t.Errorf("order %v, want %s", got, want)
	}
}
