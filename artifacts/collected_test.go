package artifacts_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestCollected scans evidence and a collection of it: the records, their places and the errors are the same.
func TestCollected(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		testcost.Again(t)
		dir := filepath.Join(t.TempDir(), "machine")
		if err := corpus.Incident().Write(dir); err != nil {
			t.Fatal(err)
		}
		sameCollected(t, dir)
	})
	for _, name := range []string{"win10-composed", "win7-composed", "server2022-attacked"} {
		t.Run(name, func(t *testing.T) { sameCollected(t, filepath.Join(testtree.EvidenceDir(t), "images", name)) })
	}
	t.Run("image with shadow copies", func(t *testing.T) {
		testcost.Again(t)
		checkSame(t, sameCollected(t, shadowImage(t, 0)))
	})
}

// A sectors device refuses every read that is not of whole sectors into an aligned buffer.
type sectors struct {
	b    []byte
	unit int
	t    *testing.T
}

func (s *sectors) Size() int64     { return int64(len(s.b)) }
func (s *sectors) SectorSize() int { return s.unit }
func (s *sectors) ReadAt(p []byte, off int64) (int, error) {
	at := int64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))
	if u := int64(s.unit); off%u != 0 || int64(len(p))%u != 0 || at%u != 0 || off+int64(len(p)) > int64(len(s.b)) {
		s.t.Errorf("read of %d bytes at %d into %#x", len(p), off, at)
		return 0, os.ErrInvalid
	}
	return bytes.NewReader(s.b).ReadAt(p, off)
}

// TestCollectedVolume collects a volume through its handle: the files are those of the image.
func TestCollectedVolume(t *testing.T) {
	testcost.Again(t)
	name := shadowImage(t, 3)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := storedSums(t, collectTo(t, name))
	for _, unit := range testcost.Sample([]int{4096, 512}, 2) {
		ev, err := evidence.OpenVolume(&sectors{b, unit, t}, `\\.\C:`, "C:", nil)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "live.zip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = collector.Collect(t.Context(), ev, f, &collector.Options{Artifacts: catalogue.All()})
		if err = errors.Join(err, f.Close(), ev.Close()); err != nil {
			t.Fatal(err)
		}
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fs.Stat(z, "artifactdump/listing.jsonl.gz"); err != nil {
			t.Errorf("$MFT of a volume that changes is taken for its listing: %v", err)
		}
		z.Close()
		if got := storedSums(t, path); !maps.Equal(got, want) {
			t.Errorf("sectors of %d bytes: %d files, want %d, or other hashes", unit, len(got), len(want))
		}
	}
}

// A moving device has a byte that another program changes whenever it was read, up to a number of times.
type moving struct {
	sectors
	at    int64
	times int
}

func (m *moving) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.sectors.ReadAt(p, off)
	if off <= m.at && m.at < off+int64(n) && m.times > 0 {
		m.times--
		m.b[m.at]++
	}
	return n, err
}

// TestCollectedWhileItChanges collects a volume on which a hive is being written. One that comes to rest is whole.
func TestCollectedWhileItChanges(t *testing.T) {
	testcost.Again(t)
	states := shadowStates()[3:]
	b, err := os.ReadFile(shadowImage(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, states[0][software][:4096]) // the base block, whose second half means nothing
	if at < 0 {
		t.Fatal("the hive is not in the image")
	}
	for _, c := range testcost.Sample([]struct {
		times   int
		changed int
	}{{1 << 30, 1}, {1, 0}, {0, 0}}, 2) {
		dev := &moving{sectors{bytes.Clone(b), 512, t}, int64(at) + 2000, c.times}
		ev, err := evidence.OpenVolume(dev, `\\.\C:`, "C:", nil)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := collector.Collect(t.Context(), ev, io.Discard, &collector.Options{Artifacts: catalogue.All()})
		if err = errors.Join(err, ev.Close()); err != nil {
			t.Fatal(err)
		}
		if sum.Changed != c.changed || sum.Partial > 0 {
			t.Errorf("written %d times: %d files changed, want %d; %d in part", c.times, sum.Changed, c.changed, sum.Partial)
		}
	}
}

// storedSums reads the hashes that a collection lists, and checks them against what it holds.
func storedSums(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	list, err := fs.ReadFile(z, "artifactdump/files.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range bytes.Lines(list) {
		var row struct {
			Path, Snapshot, Stored, SHA256 string
			Same                           string `json:"same_as"`
			Size, StoredSize               int64
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		b, err := fs.ReadFile(z, cmp.Or(row.Stored, row.Same))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:]); got != row.SHA256 && int64(len(b)) == row.Size {
			t.Errorf("%s: SHA-256 %s, the list has %s", row.Stored, got, row.SHA256)
		}
		out[row.Snapshot+row.Path] = row.SHA256
	}
	return out
}

// checkSame wants each file once: what an older copy has unchanged is named, and not stored again.
func checkSame(t *testing.T, path string) {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	list, err := fs.ReadFile(z, "artifactdump/files.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	stored, same := map[string]string{}, 0
	for line := range bytes.Lines(list) {
		var row struct {
			Path, Kind, Stored, SHA256 string
			Same                       string `json:"same_as"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if row.Same != "" {
			same++
			continue
		}
		key := row.Path + row.SHA256
		if row.Kind != "index" && stored[key] != "" {
			t.Errorf("%s is stored as %s and as %s", row.Path, stored[key], row.Stored)
		}
		stored[key] = row.Stored
	}
	if same < 500 {
		t.Errorf("%d unchanged files", same)
	}
}

// sameCollected collects twice: the source, and then the collection. It returns the first.
func sameCollected(t *testing.T, source string) string {
	t.Helper()
	want := allRecords(t, source)
	if len(want) < 100 {
		t.Fatalf("%d records", len(want))
	}
	first := collectTo(t, source)
	sameLines(t, "collection", want, allRecords(t, first))
	sameLines(t, "collection of the collection", want, allRecords(t, collectTo(t, first)))
	return first
}

func sameLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	for _, l := range got {
		count[l]--
	}
	bad := 0
	for l, n := range count {
		if n == 0 {
			continue
		}
		if bad++; bad < 6 {
			t.Errorf("%s: %+d times: %.600s", what, -n, l)
		}
	}
	if bad > 0 {
		t.Errorf("%s: %d lines differ of %d", what, bad, len(want))
	}
}

// collectTo writes a collection of the source and returns its path.
func collectTo(t *testing.T, source string) string {
	t.Helper()
	var b bytes.Buffer
	s := collectInto(t, source, &b)
	if s.Partial > 0 {
		t.Errorf("%d files in part", s.Partial)
	}
	name := filepath.Join(t.TempDir(), "host.zip")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func collectInto(t testing.TB, source string, w io.Writer) *collector.Summary {
	t.Helper()
	ev, err := evidence.Open(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	when := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	s, err := collector.Collect(context.Background(), ev, w, &collector.Options{
		Artifacts: catalogue.All(), Now: func() time.Time { return when }, Damage: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// allRecords returns everything that a run says: records with their ids, places and events, and errors. Files may be broken.
func allRecords(t *testing.T, source string, broken ...string) []string {
	t.Helper()
	ev, err := evidence.Open(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	var out []string
	for _, tree := range ev.Trees {
		for _, err := range tree.Problems() {
			if !slices.ContainsFunc(broken, func(b string) bool { return strings.Contains(err.Error(), b) }) {
				t.Errorf("%s: %v", source, err)
			}
		}
		results, err := artifacts.Run(context.Background(), tree, catalogue.All(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			for _, err := range res.Errors {
				out = append(out, "error: "+err.Error())
			}
			for _, n := range res.Notes {
				out = append(out, "note: "+n)
			}
			for i := range res.Records {
				out = append(out, recordLine(t, &res.Records[i]))
			}
		}
	}
	return out
}

func recordLine(t *testing.T, r *artifacts.Record) string {
	t.Helper()
	b, err := json.Marshal(struct {
		Artifact, ID, Host string
		User               evidence.User
		From               artifacts.Locator
		Data               any
	}{r.Artifact.Name, r.ID, r.Host, r.User, r.From, r.Data})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Events() {
		b = e.Time.AppendFormat(append(b, ' '), time.RFC3339Nano)
	}
	return string(b)
}
