package exportview

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/export"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// job opens a volume with one file, tool.exe.
func job(t *testing.T) (j *Job, tool []byte, reports, said *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	img := filepath.Join(dir, "a.img")
	tool = []byte(strings.Repeat("MZ tool ", 1000))
	os.WriteFile(filepath.Join(dir, "tool"), tool, 0o600)
	if err := os.WriteFile(img, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mkfs.ntfs", "-F", "-Q", "-q", img}, {"ntfscp", "-f", img, filepath.Join(dir, "tool"), "tool.exe"}} {
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Skipf("%s is not installed", args[0])
		}
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	d, err := image.Open(img, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	v, err := export.Select(d, export.Choice{Volume: -1})
	if err != nil {
		t.Fatal(err)
	}
	reports, said = new(bytes.Buffer), new(bytes.Buffer)
	return &Job{Log: messages.New(said), Volume: v, Image: img, Reports: reports}, tool, reports, said
}

// TestOne writes a file to where it may, and reports beside it.
func TestOne(t *testing.T) {
	j, tool, reports, said := job(t)
	sum := sha256.Sum256(tool)
	hash := hex.EncodeToString(sum[:])
	var stdout bytes.Buffer
	if err := j.One(t.Context(), "tool.exe", "", &stdout); err != nil || stdout.Len() > 0 || !strings.Contains(reports.String(), hash) {
		t.Errorf("the report alone: %v, %d bytes: %s", err, stdout.Len(), reports)
	}
	reports.Reset()
	if err := j.One(t.Context(), "tool.exe", "-", &stdout); err != nil || !bytes.Equal(stdout.Bytes(), tool) || reports.Len() > 0 ||
		!strings.Contains(said.String(), hash) {
		t.Errorf("standard output: %v, %d bytes; said %s", err, stdout.Len(), said)
	}
	out := filepath.Join(t.TempDir(), "out")
	j.JSON = true
	for i, force := range []bool{false, true} {
		j.Force = force
		if err := j.One(t.Context(), "tool.exe", out, &stdout); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	got, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(got, tool) || !strings.Contains(reports.String(), `"output":"`) {
		t.Errorf("%v, %d bytes: %s", err, len(got), reports)
	}
	j.Force = false
	for _, bad := range []struct{ name, output, says string }{
		{"tool.exe", out, "exists"},
		{"tool.exe", filepath.Join(filepath.Dir(j.Image), "x"), "never written to"},
		{"nothing.exe", "", `no file record has the name or reference "nothing.exe"`},
	} {
		if err := j.One(t.Context(), bad.name, bad.output, &stdout); err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// TestDeleted writes into a folder outside the evidence.
func TestDeleted(t *testing.T) {
	j, _, reports, said := job(t)
	if err := j.Deleted(t.Context(), filepath.Join(t.TempDir(), "deleted")); err != nil || reports.Len() > 0 ||
		said.String() != "note: 0 files written, 0 not whole, 0 failed\n" {
		t.Errorf("%v: %s%s", err, reports, said)
	}
	for _, folder := range []string{"", "-"} {
		err := j.Deleted(t.Context(), folder)
		if _, ok := errors.AsType[usage.Error](err); !ok {
			t.Errorf("%q: %v", folder, err)
		}
	}
	if err := j.Deleted(t.Context(), filepath.Join(filepath.Dir(j.Image), "deleted")); err == nil {
		t.Error("deleted files are written into the evidence")
	}
}
