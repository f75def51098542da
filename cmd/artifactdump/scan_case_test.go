package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCaseFacts demands what an examiner says of a case, and the SHA-256 of its
// evidence, in manifest and report.
func TestCaseFacts(t *testing.T) {
	dir := t.TempDir()
	archive, out := filepath.Join(dir, "pc.zip"), filepath.Join(dir, "case")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	folder, err := fs.Sub(os.DirFS(theIncident), "C")
	if err == nil {
		err = z.AddFS(folder)
	}
	if err == nil {
		err = z.Close()
	}
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := runArgs(t, "scan", "-q", "-a", "prefetch", "--case-id", "2026/17", "--examiner", "M. Ando <x>", "--note",
		"seized at 10:00", "-o", out, archive); code != 0 {
		t.Fatal(code, stderr)
	}
	b, _ := os.ReadFile(archive)
	sum := sha256.Sum256(b)
	var m struct {
		ID       string `json:"case_id"`
		Examiner string
		Note     string
		Evidence []struct{ SHA256 string }
		Hosts    []struct {
			Inputs string `json:"inputs_sha256"`
		}
	}
	b, _ = os.ReadFile(filepath.Join(out, "manifest.json"))
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != "2026/17" || m.Examiner != "M. Ando <x>" || m.Note != "seized at 10:00" || m.Evidence[0].SHA256 != hex.EncodeToString(sum[:]) ||
		len(m.Hosts[0].Inputs) != 64 {
		t.Errorf("manifest: %+v", m)
	}
	b, _ = os.ReadFile(filepath.Join(out, "report.html"))
	_, foot, _ := strings.Cut(string(b), "<footer>")
	for _, want := range []string{"2026/17", "M. Ando &lt;x&gt;", "seized at 10:00", hex.EncodeToString(sum[:]), m.Hosts[0].Inputs} {
		if !strings.Contains(foot, want) {
			t.Errorf("no %q at the foot of the report", want)
		}
	}
	page, _, _ := runArgs(t, "report", "-q", out)
	if page != string(b) {
		t.Error("report of the case is another page")
	}
}
