package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

func TestReport(t *testing.T) {
	testcost.Again(t)
	const incident = "../../corpus/files/incident"
	call := func(args ...string) (code int, stdout, stderr string) {
		var out, msg bytes.Buffer
		code = run(t.Context(), append([]string{"artifactdump"}, args...), &out, &msg)
		return code, out.String(), msg.String()
	}
	code, page, msg := call("report", "-q", incident)
	if code != exitOK || !strings.HasPrefix(page, "<!doctype html>") || !strings.HasSuffix(page, "</html>\n") {
		t.Fatalf("exit code %d, %d bytes: %s", code, len(page), msg)
	}
	// The page counts the same events as the timeline.
	_, timeline, _ := call("timeline", "-q", "--format", "jsonl", incident)
	if want := fmt.Sprintf(">%d events<", strings.Count(timeline, "\n")); !strings.Contains(page, want) {
		t.Errorf("the page does not say %q", want)
	}
	// The sentences of the story lead to rows.
	_, told, _ := strings.Cut(page, `<ol class="story">`)
	told, _, _ = strings.Cut(told, "</ol>")
	links := regexp.MustCompile(`href="#(r[0-9a-f]+)"`).FindAllStringSubmatch(told, -1)
	for _, l := range links {
		if strings.Count(page, `<tr id="`+l[1]+`"`) != 1 {
			t.Errorf("the story leads to %s, which is no row", l[1])
		}
	}
	if sentences := strings.Count(told, "<li>"); len(links) < sentences {
		t.Errorf("%d sentences have %d links to rows", sentences, len(links))
	}
	// The same evidence gives the same bytes, whatever the number of workers.
	name := filepath.Join(t.TempDir(), "report.html")
	if code, _, msg := call("report", "-q", "--jobs", "1", "-o", name, incident); code != exitOK {
		t.Fatalf("exit code %d: %s", code, msg)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != page {
		t.Errorf("another run gave another page: %d bytes, want %d (%v)", len(b), len(page), err)
	}
	if _, ja, _ := call("report", "-q", "--lang", "ja", incident); !strings.Contains(ja, `<html lang="ja">`) || !strings.Contains(ja, "検出事項") {
		t.Error("--lang ja gives no Japanese page")
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"an existing file", []string{"-o", name, incident}, exitFailed, "--force"},
		{"inside the evidence", []string{"-o", incident + "/r.html", incident}, exitFailed, "inside the evidence"},
		{"a language that is not there", []string{"--lang", "xx", incident}, exitUsage, "en or ja"},
		{"no rows", []string{"--rows", "0", incident}, exitUsage, "--rows"},
		{"no evidence", nil, exitUsage, "missing EVIDENCE"},
		{"not there", []string{incident + "/nothing"}, exitFailed, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, msg := call(append([]string{"report", "-q"}, c.args...)...)
			if code != c.code || !strings.Contains(msg, c.says) || out != "" {
				t.Errorf("exit code %d, want %d; %q should say %q; %d bytes written", code, c.code, msg, c.says, len(out))
			}
		})
	}
	if _, err := os.Stat(incident + "/r.html"); err == nil {
		t.Error("something was written into the evidence")
	}
}
