package hive

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// evidence returns the folder with real hives, or skips the test.
func evidence(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return filepath.Join(dir, "hives")
}

func gunzip(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// evidenceHives returns the hives that have a file with the suffix beside them, by their path below the folder.
func evidenceHives(t testing.TB, suffix string) []string {
	t.Helper()
	dir := evidence(t)
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(path, suffix); ok && err == nil {
			rel, _ := filepath.Rel(dir, name)
			files = append(files, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no hives in the evidence folder")
	}
	return files
}

// logsBeside reads the logs that lie beside a hive, whatever their case.
func logsBeside(t testing.TB, file string) []Log {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	var logs []Log
	for _, e := range entries {
		for _, suffix := range []string{".LOG", ".LOG1", ".LOG2"} {
			if strings.EqualFold(e.Name(), filepath.Base(file)+suffix) {
				b, err := os.ReadFile(filepath.Join(filepath.Dir(file), e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				logs = append(logs, Log{e.Name(), b})
			}
		}
	}
	return logs
}

func openEvidence(t testing.TB, name string) *Hive {
	t.Helper()
	file := filepath.Join(evidence(t), name)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(b, &Options{Logs: logsBeside(t, file)})
	if err != nil {
		t.Fatalf("Open(%s): %v", name, err)
	}
	return h
}

func TestTruth(t *testing.T) {
	for _, name := range testcost.Sample(evidenceHives(t, ".truth.tsv.gz"), 7) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var partial bool
			var want []string
			for line := range strings.Lines(string(gunzip(t, filepath.Join(evidence(t), name+".truth.tsv.gz")))) {
				if strings.HasPrefix(line, "#") {
					partial = true
					continue
				}
				want = append(want, line)
			}
			h := openEvidence(t, name)
			var out bytes.Buffer
			if err := Dump(&out, h, nil); err != nil {
				t.Fatal(err)
			}
			got := slices.Collect(strings.Lines(out.String()))
			slices.Sort(want)
			missing, extra := diffSorted(want, got)
			if len(missing) > 0 || len(extra) > 0 && !partial {
				t.Errorf("%d lines, %d missing, %d extra", len(got), len(missing), len(extra))
				for _, l := range missing[:min(5, len(missing))] {
					t.Logf("missing %q", l)
				}
				for _, l := range extra[:min(5, len(extra))] {
					t.Logf("extra   %q", l)
				}
			} else if partial {
				t.Logf("%d lines, %d more than the partial truth", len(got), len(extra))
			}
		})
	}
}

// diffSorted compares two sorted lists.
func diffSorted(want, got []string) (missing, extra []string) {
	for len(want) > 0 && len(got) > 0 {
		switch strings.Compare(want[0], got[0]) {
		case 0:
			want, got = want[1:], got[1:]
		case -1:
			missing, want = append(missing, want[0]), want[1:]
		default:
			extra, got = append(extra, got[0]), got[1:]
		}
	}
	return append(missing, want...), append(extra, got...)
}
