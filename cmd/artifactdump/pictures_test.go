package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pages returns the pages of the incident that docs shows pictures of.
func pages(t *testing.T) map[string][]byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	if _, errs, code := runArgs(t, "scan", theIncident, "-o", dir, "-q"); code != exitOK {
		t.Fatalf("scan: exit %d: %s", code, errs)
	}
	japanese := filepath.Join(t.TempDir(), "ja.html")
	if _, errs, code := runArgs(t, "report", theIncident, "--lang", "ja", "-o", japanese, "-q"); code != exitOK {
		t.Fatalf("report: exit %d: %s", code, errs)
	}
	out := map[string][]byte{}
	for picture, page := range map[string]string{
		"report.png": filepath.Join(dir, "report.html"), "report-ja.png": japanese, "viewer.png": filepath.Join(dir, "viewer.html"),
	} {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		out[picture] = b
	}
	return out
}

// TestPictures compares the pages with those that the pictures in docs were taken of.
// With ARTIFACTDUMP_PICTURES it writes the pages to that folder instead, for
// .ci/pictures, which takes the pictures.
func TestPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("the same pages on every machine")
	}
	list, err := os.ReadFile("../../docs/pictures.tsv")
	if err != nil && os.Getenv("ARTIFACTDUMP_PICTURES") == "" {
		t.Fatal(err)
	}
	for picture, page := range pages(t) {
		if dir := os.Getenv("ARTIFACTDUMP_PICTURES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(picture, ".png")+".html"), page, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		image, err := os.ReadFile(filepath.Join("../../docs", picture))
		if err != nil {
			t.Fatal(err)
		}
		if line := picture + "\t" + sum(page) + "\t" + sum(image) + "\n"; !bytes.Contains(list, []byte(line)) {
			t.Errorf("docs/%s is older than the page that it shows: run .ci/pictures and look at it", picture)
		}
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
