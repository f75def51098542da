package prefetch_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/artifactdump/artifactdump/prefetch"
	"github.com/google/go-cmp/cmp"
)

// A truth is what another parser, or an independent decode, found in one real file.
type truth struct {
	Path       string   `json:"path"`
	Status     string   `json:"status"`
	Version    uint32   `json:"version"`
	Executable string   `json:"executable"`
	Hash       string   `json:"hash"`
	RunCount   uint32   `json:"run_count"`
	RunTimes   []uint64 `json:"run_times"`
	Volumes    []struct {
		Device  string `json:"device_path"`
		Serial  string `json:"serial"`
		Created uint64 `json:"creation"`
	} `json:"volumes"`
	Filenames  []string `json:"filenames"`
	References []uint64 `json:"file_references"`
	Own        struct {
		MetricsOffset uint32     `json:"metrics_offset"`
		Size          int        `json:"uncompressed_size"`
		MAM           bool       `json:"mam"`
		Flags         uint32     `json:"flags"`
		Traces        int        `json:"trace_chain_entries"`
		Record        string     `json:"executable_path_record"`
		Directories   [][]string `json:"directories"`
		RefCounts     []int      `json:"file_reference_counts"`
	} `json:"own"`
}

// evidenceDir is the folder of real prefetch files, or "".
func evidenceDir() string {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "prefetch")
}

// evidence returns the folder of real prefetch files, or skips the test.
func evidence(tb testing.TB) string {
	tb.Helper()
	dir := evidenceDir()
	if dir == "" {
		tb.Skip("ARTIFACTDUMP_EVIDENCE names no folder of real files")
	}
	return dir
}

func truths(tb testing.TB) (dir string, all []truth) {
	tb.Helper()
	dir = evidence(tb)
	file, err := os.Open(filepath.Join(dir, "truth.jsonl.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	zr, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(zr)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var t truth
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			tb.Fatal(err)
		}
		all = append(all, t)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return dir, all
}

func read(tb testing.TB, dir, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Every file that others could read has the same values here, and no damage.
func TestTruth(t *testing.T) {
	dir, all := truths(t)
	intact, equal := 0, 0
	for _, want := range testcost.Sample(all, 8) {
		b := read(t, dir, want.Path)
		f, err := prefetch.Parse(b, &prefetch.Options{Traces: true})
		if want.Status != "OK" {
			if err == nil && len(f.Damage) == 0 {
				t.Errorf("Parse(%s): no error and no damage, want either for a file that is %s", want.Path, want.Status)
			}
			t.Logf("%s: %v", want.Path, err)
			if f != nil {
				for _, d := range f.Damage {
					t.Logf("%s: %s: %v", want.Path, d.Kind, d)
				}
			}
			continue
		}
		intact++
		if err != nil {
			t.Errorf("Parse(%s): %v", want.Path, err)
			continue
		}
		for _, d := range f.Damage {
			t.Errorf("Parse(%s): damage %s: %v", want.Path, d.Kind, d)
		}
		if diff := cmp.Diff(flatTruth(want), flatFile(f, len(want.References) > 0)); diff != "" {
			t.Errorf("Parse(%s): -want +got\n%s", want.Path, diff)
			continue
		}
		equal++
		if renamed := strings.HasPrefix(want.Path, "ez/Win8x/_"); f.NameMatches(want.Path) == renamed {
			t.Errorf("%s: NameMatches = %t for a file that Windows called %s", want.Path, !renamed, f.FileName())
		}
	}
	t.Logf("%d of %d intact files equal their truth", equal, intact)
	if intact < 1400 && !testcost.Samples() {
		t.Errorf("%d intact files, want at least 1400", intact)
	}
}

// flat is what truth and File are compared by.
type flat struct {
	Version     uint32
	Name, Hash  string
	Runs        uint32
	Times       []uint64
	Volumes     []string
	Files       []string
	References  []uint64
	Size        int
	MAM         bool
	Flags       uint32
	Traces      int
	Record      string
	Directories [][]string
	RefCounts   []int
}

func flatTruth(w truth) flat {
	f := flat{
		Version: w.Version, Name: w.Executable, Hash: w.Hash, Runs: w.RunCount, Files: w.Filenames, References: w.References,
		Size: w.Own.Size, MAM: w.Own.MAM, Flags: w.Own.Flags, Traces: w.Own.Traces, Record: w.Own.Record,
		Directories: w.Own.Directories, RefCounts: w.Own.RefCounts,
	}
	for _, ft := range w.RunTimes {
		if ft != 0 {
			f.Times = append(f.Times, ft)
		}
	}
	for _, v := range w.Volumes {
		f.Volumes = append(f.Volumes, fmt.Sprint(v.Device, " ", v.Serial, " ", v.Created))
	}
	return f
}

func flatFile(p *prefetch.File, references bool) flat {
	f := flat{
		Version: uint32(p.Version), Name: p.Executable, Hash: fmt.Sprintf("%08X", p.Hash), Runs: p.RunCount, Times: p.RawLastRuns,
		Size: p.Size, MAM: p.Compressed, Flags: p.Flags, Traces: len(p.Traces), Record: p.ExecutablePath + p.PackageFullName,
	}
	for _, m := range p.Files {
		f.Files = append(f.Files, m.Name)
		if references {
			f.References = append(f.References, m.MFT.Entry|uint64(m.MFT.Sequence)<<48)
		}
	}
	for _, v := range p.Volumes {
		f.Volumes = append(f.Volumes, fmt.Sprintf("%s %08X %d", v.Device, v.Serial, v.RawCreated))
		f.Directories = append(f.Directories, append([]string{}, v.Directories...))
		f.RefCounts = append(f.RefCounts, len(v.Refs))
	}
	return f
}
