package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

func TestView(t *testing.T) {
	testcost.Again(t)
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "v.html"), scannedIncident(t)
	page := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(b); strings.HasPrefix(s, "<!doctype html>") && strings.HasSuffix(s, "</html>\n") && strings.Contains(s, "default-src 'none'") {
			return s
		}
		t.Fatalf("%s is no page", name)
		return ""
	}
	page(filepath.Join(folder, "viewer.html"))
	manifest, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil || !strings.Contains(string(manifest), `"viewer.html"`) {
		t.Error("the manifest does not name the page")
	}
	if _, msg, code := runArgs(t, "view", "-q", "-o", file, "--lang", "ja", theIncident); code != exitOK {
		t.Fatalf("view of evidence: exit %d: %s", code, msg)
	}
	if !strings.Contains(page(file), `<html lang="ja"`) {
		t.Error("--lang ja gives no Japanese page")
	}
	if _, msg, code := runArgs(t, "view", "-q", "-o", file, "--force", "--title", "A & B", folder); code != exitOK {
		t.Fatalf("view of a case: exit %d: %s", code, msg)
	}
	if !strings.Contains(page(file), "<title>A &amp; B</title>") {
		t.Error("--title is not the title")
	}
	if out, _, code := runArgs(t, "view", "-q", "-o", "-", folder); code != exitOK || !strings.HasSuffix(out, "</html>\n") {
		t.Errorf("standard output: exit %d, %d bytes", code, len(out))
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"an existing file", []string{"-o", file, theIncident}, exitFailed, "--force"},
		{"inside the evidence", []string{"-o", filepath.Join(theIncident, "v.html"), theIncident}, exitFailed, "inside the evidence"},
		{"inside the case", []string{"-o", filepath.Join(folder, "v.html"), folder}, exitFailed, "inside the evidence"},
		{"a language that is not there", []string{"--lang", "xx", folder}, exitUsage, "en or ja"},
		{"no evidence", nil, exitUsage, "missing EVIDENCE"},
		{"not there", []string{"-o", filepath.Join(dir, "w.html"), theIncident + "/nothing"}, exitFailed, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, msg, code := runArgs(t, append([]string{"view", "-q"}, c.args...)...)
			if code != c.code || !strings.Contains(msg, c.says) || out != "" {
				t.Errorf("exit code %d, want %d; %q should say %q", code, c.code, msg, c.says)
			}
		})
	}
	os.Remove(filepath.Join(folder, "timeline.jsonl"))
	if _, msg, code := runArgs(t, "view", "-q", "-o", filepath.Join(dir, "w.html"), folder); code != exitFailed || !strings.Contains(msg, "timeline.jsonl") {
		t.Errorf("a case without a timeline: exit %d: %s", code, msg)
	}
}
