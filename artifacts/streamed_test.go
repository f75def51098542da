package artifacts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
)

// A brokenFS fails in the middle of its event logs.
type brokenFS struct {
	fstest.MapFS
	after int
}

type brokenFile struct {
	fs.File
	left int
}

var errBroken = errors.New("the medium is broken here")

func (b brokenFS) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".evtx") {
		return f, err
	}
	return &brokenFile{f, b.after}, nil
}

func (f *brokenFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, errBroken
	}
	n, err := f.File.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// systemLog is a log of two chunks.
func systemLog() []byte {
	times := make([]time.Time, 900)
	for i := range times {
		times[i] = corpus.Installed.Add(time.Duration(i) * time.Hour)
	}
	return corpus.LogSpec{First: 1, Times: times, PerPart: 500}.Build()
}

// TestStreamed reads a file that is not held in memory: its hash is that of
// the whole file, also where the decoder stops early, and an error in the
// middle leaves what was read.
func TestStreamed(t *testing.T) {
	const path = "Windows/System32/winevt/Logs/System.evtx"
	whole := systemLog()
	sum := sha256.Sum256(whole)
	f := casetest.Damaged[events.EvtxFile](t, "evtxfiles", path, whole)
	if len(f.Records) != 1 || f.Records[0].From.SHA256 != hex.EncodeToString(sum[:]) || f.Data[0].Size != int64(len(whole)) {
		t.Fatalf("%d records, %v", len(f.Records), f.Errs)
	}
	text := []byte(strings.Repeat("no event log ", 100_000))
	sum = sha256.Sum256(text)
	f = casetest.Damaged[events.EvtxFile](t, "evtxfiles", path, text)
	if len(f.Errs) != 1 || f.Errs[0].From.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("a file that is none: %v", f.Errs)
	}
	// Most of what follows the first record is not looked at: its error is said
	// all the same.
	f = casetest.Run[events.EvtxFile](t, testtree.OpenFS(t, brokenFS{fstest.MapFS{"Windows/System32/config/none": {}, path: {Data: text}}, len(text) / 2}), "evtxfiles")
	if len(f.Errs) != 2 || !errors.Is(f.Errs[1].Err, errBroken) || f.Errs[0].From.SHA256 != "" {
		t.Errorf("a broken file that is none: %v", f.Errs)
	}
	for after, want := range map[int][2]int{0: {0, 1}, 100: {0, 1}, 4096: {1, 1}, len(whole) - 65536 + 700: {1, 3}} {
		broken := brokenFS{fstest.MapFS{"Windows/System32/config/none": {}, path: {Data: whole}}, after}
		f := casetest.Run[events.EvtxFile](t, testtree.OpenFS(t, broken), "evtxfiles")
		if len(f.Data) != want[0] || len(f.Errs) != want[1] || !errors.Is(f.Errs[len(f.Errs)-1].Err, errBroken) {
			t.Errorf("broken after %d bytes: %d records, %v", after, len(f.Data), f.Errs)
		}
		for _, r := range f.Records {
			if r.From.SHA256 != "" {
				t.Errorf("broken after %d bytes: %s is the hash of a part", after, r.From.SHA256)
			}
		}
	}
}

// TestStreamedMemory wants far less memory than a log has bytes.
func TestStreamedMemory(t *testing.T) {
	const path, size = "Windows/System32/winevt/Logs/System.evtx", 64 << 20
	whole := append(make([]byte, 0, size), systemLog()...)[:size]
	tree := testtree.OpenFS(t, fstest.MapFS{"Windows/System32/config/none": {}, path: {Data: whole}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f := casetest.Run[events.EvtxFile](t, tree, "evtxfiles")
	runtime.ReadMemStats(&after)
	if len(f.Data) != 1 || f.Data[0].Records != 900 || f.Data[0].Size != size {
		t.Fatalf("%+v, %v", f.Data, f.Errs)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > size/4 {
		t.Errorf("%d bytes of memory for a log of %d", n, size)
	}
}
