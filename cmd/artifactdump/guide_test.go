package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// guideHead opens docs/guide.md.
const guideHead = `# The first-response guide, answered from a disk copy

The initial-response guide of J-CRAT (IPA, 2017) collects with live commands: ` + "`reg query`, `dir`, `schtasks`" + `. Each has an answer from a
copied disk, shown here for the incident of this repository (docs/corpus.md). Where a command prints nothing, the machine
has no such data. Offline, the answer covers all users, not only the one who is logged on. Settings that were deleted, or
that only a transaction log holds, are shown and marked.

Columns: what the record proves, its user, the time (UTC; for a registry setting the last change of its whole key), its
content, tags in brackets, and the id that ` + "`artifactdump explain`" + ` takes.

Generated from cmd/artifactdump/testdata/guide.txt by ` + "`go test ./cmd/artifactdump -update`" + `, which is also a test.
`

// guide renders the transcript as a page: the guide's command, then ours and
// what it prints.
func guide(transcript string) string {
	var b strings.Builder
	b.WriteString(guideHead)
	open := false
	for line := range strings.Lines(transcript) {
		line = strings.TrimSuffix(line, "\n")
		title, isTitle := strings.CutPrefix(line, "# ")
		cmd, isCommand := strings.CutPrefix(line, "$ ")
		if open && (isTitle || isCommand || line == "") {
			b.WriteString("```\n")
			open = false
		}
		switch {
		case isTitle:
			fmt.Fprintf(&b, "\n## %s\n", title)
		case isCommand:
			fmt.Fprintf(&b, "\n```\n$ %s\n", cmd)
			open = true
		case line != "":
			b.WriteString(line + "\n")
		}
	}
	if open {
		b.WriteString("```\n")
	}
	return b.String()
}

// TestGuide holds docs/guide.md to the transcript.
func TestGuide(t *testing.T) {
	transcript, err := os.ReadFile("testdata/guide.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := guide(string(transcript))
	if *update {
		if err := os.WriteFile("../../docs/guide.md", []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/guide.md is not what testdata/guide.txt says: go test ./cmd/artifactdump -update")
	}
}
