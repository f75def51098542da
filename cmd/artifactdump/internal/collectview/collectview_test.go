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
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
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
	o := &collector.Options{Artifacts: chosen, MaxFile: large, MaxTotal: large, Listing: collector.ListNone}
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
	for _, v := range []string{"full", "hot", "none"} {
		if got, err := Listing(v); got != v || err != nil {
			t.Errorf("%s: %v, %v", v, got, err)
		}
	}
	if _, err := Listing("some"); err == nil || err.Error() != `unknown listing "some"; known: full, hot, none` {
		t.Errorf("%v", err)
	}
}

// TestPrograms stores the files of autostarts when they are asked for, and no file twice.
func TestPrograms(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "machine")
	if err := os.CopyFS(dir, os.DirFS(incident)); err != nil {
		t.Fatal(err)
	}
	run, err := arguments.Artifacts([]string{"runkeys"})
	if err != nil {
		t.Fatal(err)
	}
	list := func(programs bool) (lines []string) {
		t.Helper()
		ev, err := evidence.Open(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		o := &collector.Options{Artifacts: run}
		if programs {
			o.Programs = Programs
		}
		var b bytes.Buffer
		if err := collector.Preview(t.Context(), &b, ev, o); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(b.String()), "\n")
	}
	ev, err := evidence.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(t.Context(), ev.Trees[0], run, nil)
	if err != nil {
		t.Fatal(err)
	}
	var image string
	for res := range results {
		for _, r := range res.Records {
			if p := r.Data.(persistence.Autostarter).Autostart().Image; strings.HasPrefix(p, `C:\Users\`) && strings.HasSuffix(p, ".exe") {
				image = p
			}
		}
	}
	name := filepath.Join(dir, "C", filepath.FromSlash(strings.ReplaceAll(strings.TrimPrefix(image, `C:\`), `\`, "/")))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("MZ"), 0o644); err != nil {
		t.Fatal(err)
	}
	without, with := list(false), list(true)
	extra := slices.DeleteFunc(slices.Clone(with), func(l string) bool { return slices.Contains(without, l) })
	if !slices.Contains(extra, image) || len(with) != len(without)+len(extra) {
		t.Errorf("%d files without and %d with programs; %q is not among %q", len(without), len(with), image, extra)
	}
	if slices.Contains(without, image) {
		t.Errorf("%s is stored without being asked for", image)
	}
}
