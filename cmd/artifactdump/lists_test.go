package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// The lists of the tests: what the incident holds, one line that is no entry, and
// what it does not hold.
const (
	badHashes = "# of an earlier case\n8fbaf9dbb2faaafc40f95654807d38951dbbaafd  nbtscan of the case\nnot a hash\n" +
		"00000000000000000000000000000000000000aa\n"
	indicators = `{"type":"bundle","objects":[
{"type":"indicator","id":"indicator--c2","name":"server of the group","pattern":"[ipv4-addr:value = '198.51.100.20']","pattern_type":"stix"},
{"type":"indicator","id":"indicator--old","pattern":"[windows-registry-key:key = 'HKLM\\\\Software\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Run']","valid_until":"2001-01-01T00:00:00Z"},
{"type":"indicator","id":"indicator--none","pattern":"[domain-name:value = 'absent.example']"}]}`
	goodHashes = "sha1,filename\nb5fe69ae1482b592d105c709e748374a21b1deb4,Rar.exe\n"
)

// writeLists writes the lists into a folder and returns the flags that name them.
func writeLists(t *testing.T, dir string) []string {
	t.Helper()
	for name, text := range map[string]string{"bad.txt": badHashes, "iocs.json": indicators, "good.csv": goodHashes} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--hashes", "bad=" + filepath.Join(dir, "bad.txt"), "--iocs", filepath.Join(dir, "iocs.json"),
		"--hashes", "good=" + filepath.Join(dir, "good.csv")}
}

// hitsOf reads findings as JSON lines and returns those on lists, by subject.
func hitsOf(t *testing.T, text string) map[string]findings.Finding {
	t.Helper()
	out := map[string]findings.Finding{}
	for l := range strings.Lines(text) {
		var f findings.Finding
		if json.Unmarshal([]byte(l), &f) == nil && slices.Contains(f.RuleIDs, "I-01") {
			f.Reasons = slices.DeleteFunc(f.Reasons, func(r findings.Reason) bool { return r.RuleID != "I-01" })
			out[f.Subject] = f
		}
	}
	return out
}

// TestListsEndToEnd compares the incident with lists, as evidence and as a case that
// was scanned without them, and demands the same hits.
func TestListsEndToEnd(t *testing.T) {
	testcost.Again(t)
	dir := t.TempDir()
	flags := writeLists(t, dir)
	run := func(args ...string) (string, string) {
		t.Helper()
		stdout, stderr, code := runArgs(t, args...)
		if code != 0 && code != 3 {
			t.Fatalf("%v: %d %s", args, code, stderr)
		}
		return stdout, stderr
	}
	text, stderr := run(append([]string{"findings", "--format", "jsonl", "--level", "informational", theIncident}, flags...)...)
	if !strings.Contains(stderr, "bad.txt: line 3: ") {
		t.Errorf("the line that is no hash is not named: %s", stderr)
	}
	hits := hitsOf(t, text)
	for subject, want := range map[string]struct {
		level findings.Level
		says  string
	}{
		`C:\Users\daniel\AppData\Local\Temp\nbtscan.exe`:                        {findings.High, "is on the list bad.txt: nbtscan of the case"},
		"address 198.51.100.20":                                                 {findings.High, "iocs.json: server of the group; indicator--c2"},
		`key hklm\software\microsoft\windows\currentversion\run\securityhealth`: {findings.Medium, "outside of its validity"},
	} {
		f, found := findings.Finding{}, false
		for s, x := range hits {
			if strings.EqualFold(s, subject) {
				f, found = x, true
			}
		}
		if !found || f.Reasons[0].Level != want.level || !strings.Contains(f.Reasons[0].Says, want.says) {
			t.Errorf("%s: %+v", subject, f.Reasons)
		}
	}
	if strings.Contains(text, "absent.example") || !strings.Contains(text, "known files: 0 programs;") {
		t.Error("coverage does not speak of known files, or an absent domain has a hit")
	}

	plain, with := scannedIncident(t), filepath.Join(dir, "with")
	run(append([]string{"scan", "-q", "-o", with, theIncident}, flags...)...)
	kept, _ := run(append([]string{"findings", "-q", "--format", "jsonl", "--level", "informational", plain}, flags...)...)
	late := hitsOf(t, kept)
	if len(late) != len(hits) {
		t.Errorf("%d hits in the evidence, %d in the case", len(hits), len(late))
	}
	for s, f := range hits {
		if g := late[s]; g.ID != f.ID || g.Level != f.Level || !slices.Equal(g.Reasons, f.Reasons) {
			t.Errorf("%s: %+v in the evidence, %+v in the case", s, f.Reasons, g.Reasons)
		}
	}
	theCaseNamesLists(t, dir, with)
	theStoryNamesLists(t, dir, plain, run)
	programs, _ := run(append([]string{"programs", "-q", "--format", "jsonl", plain, "nbtscan.exe"}, flags...)...)
	if !strings.Contains(programs, `"lookups":[{"list":"bad.txt","role":"bad"`) {
		t.Errorf("programs of the case: %.300s", programs)
	}
	for _, command := range testcost.Sample([]string{"report", "timeline", "view"}, 3) {
		args := append([]string{command, "-q", "-o", filepath.Join(dir, command)}, flags...)
		if command == "timeline" {
			args = append(args, "--format", "jsonl")
		}
		for _, place := range []string{plain, theIncident} {
			run(append(args, "--force", place)...)
			b, err := os.ReadFile(filepath.Join(dir, command))
			if command == "view" { // its data are compressed
				run("view", "-q", "-o", filepath.Join(dir, "none"), "--force", place)
				none, _ := os.ReadFile(filepath.Join(dir, "none"))
				if err != nil || bytes.Equal(b, none) {
					t.Errorf("view %s: the page is the same without lists (%v)", place, err)
				}
			} else if err != nil || !bytes.Contains(b, []byte("I-01")) {
				t.Errorf("%s %s: no hit (%v)", command, place, err)
			}
		}
	}
}

// theCaseNamesLists demands each list with hash and number of entries in the manifest.
func theCaseNamesLists(t *testing.T, dir, out string) {
	t.Helper()
	var m scan.Manifest
	b, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil || len(m.Options.Lists) != 3 {
		t.Fatalf("%v: lists of the manifest: %+v", err, m.Options.Lists)
	}
	for _, l := range m.Options.Lists {
		b, err := os.ReadFile(filepath.Join(dir, filepath.Base(l.Path)))
		sum := sha256.Sum256(b)
		if err != nil || l.SHA256 != hex.EncodeToString(sum[:]) || l.Size != int64(len(b)) || l.Entries == 0 {
			t.Errorf("%+v (%v)", l, err)
		}
		if strings.HasSuffix(l.Path, "bad.txt") && (l.Skipped != 1 || len(l.Problems) != 1 || l.Problems[0].Line != 3 || l.Entries != 2) {
			t.Errorf("%+v", l)
		}
	}
}

// theStoryNamesLists demands the same story of evidence and of a case that was scanned
// without lists, also with windows of another length.
func theStoryNamesLists(t *testing.T, dir, plain string, run func(...string) (string, string)) {
	t.Helper()
	file := filepath.Join(dir, "names.txt")
	if err := os.WriteFile(file, []byte("mspaint.exe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range testcost.Sample([][]string{{"--iocs", file, "--window-gap", "10m", "--lang", "ja"}, {"--iocs", file}, {"--window-gap", "3h"}}, 3) {
		args := append([]string{"findings", "-q", "--story"}, flags...)
		of, _ := run(append(args, theIncident)...)
		in, _ := run(append(args, plain)...)
		if of != in || slices.Contains(flags, "--iocs") != strings.Contains(in, "mspaint.exe") {
			t.Errorf("%s: the story of the evidence\n%s\nof the case\n%s", flags, of, in)
		}
	}
	page := filepath.Join(dir, "story.html")
	run("report", "-q", "--iocs", file, "-o", page, plain)
	b, err := os.ReadFile(page)
	if err == nil {
		_, told, _ := strings.Cut(string(b), `<section id="story"`)
		told, _, _ = strings.Cut(told, "</section>")
		if !strings.Contains(told, "mspaint.exe") {
			err = os.ErrNotExist
		}
	}
	if err != nil {
		t.Errorf("the story of the report does not know the list: %v", err)
	}
}

func TestListMistakes(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("# nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--hashes", "x.txt"}, 2, "want bad=FILE or good=FILE"},
		{[]string{"--hashes", "worse=x.txt"}, 2, "want bad=FILE or good=FILE"},
		{[]string{"--iocs", empty, "--iocs-level", "x"}, 2, "unknown level"},
		{[]string{"--iocs", empty}, 1, "no entry"},
		{[]string{"--iocs", filepath.Join(dir, "absent")}, 1, "absent"},
	} {
		_, stderr, code := runArgs(t, append([]string{"findings", "-q", theIncident}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: %d %s", c.args, code, stderr)
		}
	}
}
