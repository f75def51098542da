package collectview

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

const incident = "../../../../corpus/files/incident"

// TestWrite writes a zip to where it may, names its hash, and leaves nothing of one
// that was not finished.
func TestWrite(t *testing.T) {
	open := func() *evidence.Evidence { // a collection takes its machines
		t.Helper()
		ev, err := evidence.Open(incident, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ev.Close() })
		return ev
	}
	chosen, err := arguments.Artifacts([]string{"prefetch"})
	if err != nil {
		t.Fatal(err)
	}
	const large = 1 << 30
	o := &collector.Options{Artifacts: chosen, MaxFile: large, MaxTotal: large, NoListing: true}
	var said, stdout bytes.Buffer
	dir := t.TempDir()
	j := Job{Log: messages.New(&said), Source: incident, Output: filepath.Join(dir, "a.zip"), Stdout: &stdout}
	if err := j.Write(t.Context(), open(), o); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(j.Output)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) < 2 || !strings.Contains(said.String(), "SHA-256 of the zip: "+hex.EncodeToString(sum[:])+"\n") {
		t.Errorf("%v: %s", err, &said)
	}
	if err := j.Write(t.Context(), open(), o); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	j.Output = filepath.Join(dir, "b.zip")
	if err := j.Write(gone, open(), o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("half a zip was left: %v", list)
	}
	j.Output = filepath.Join(incident, "c.zip")
	if err := j.Write(t.Context(), open(), o); err == nil || !strings.Contains(err.Error(), "never written to") {
		t.Errorf("%v", err)
	}
	j.Output = ""
	if _, ok := errors.AsType[usage.Error](j.Write(t.Context(), open(), o)); !ok || stdout.Len() > 0 {
		t.Errorf("%d bytes without -o", stdout.Len())
	}
}

func TestListing(t *testing.T) {
	for v, want := range map[string]bool{"full": false, "none": true} {
		if none, err := Listing(v); none != want || err != nil {
			t.Errorf("%s: %v, %v", v, none, err)
		}
	}
	if _, err := Listing("some"); err == nil || err.Error() != `unknown listing "some"; known: full, none` {
		t.Errorf("%v", err)
	}
}
