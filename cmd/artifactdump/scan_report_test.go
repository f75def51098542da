package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestScanReport holds the page of a case folder to the one of the command
// report, in both languages, and to the manifest.
func TestScanReport(t *testing.T) {
	testcost.Again(t)
	for _, lang := range []string{"en", "ja"} {
		dir := filepath.Join(t.TempDir(), "case")
		if _, stderr, code := runArgs(t, "scan", "-q", "--lang", lang, theIncident, "-o", dir); code != exitOK {
			t.Fatalf("scan: exit %d: %s", code, stderr)
		}
		page, err := os.ReadFile(filepath.Join(dir, "report.html"))
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := runArgs(t, "report", "-q", "--lang", lang, theIncident)
		if !bytes.Equal(page, []byte(want)) {
			t.Errorf("%s: the page of the case folder is not the one that report writes", lang)
		}
		manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
		if err != nil || !strings.Contains(string(manifest), `"report.html"`) {
			t.Errorf("the manifest does not name the page: %v", err)
		}
	}
	if _, _, code := runArgs(t, "scan", "--lang", "xx", theIncident, "-o", filepath.Join(t.TempDir(), "x")); code != exitUsage {
		t.Errorf("an unknown language: exit %d", code)
	}
}
