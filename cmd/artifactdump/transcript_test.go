package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts runs every line "$ artifactdump …" of testdata/*.txt in the
// root of the module and compares what follows it with what the command
// prints: standard error first, then standard output, then the exit code
// unless it is 0. `| head N` and `| tail N` after a command cut the output.
func TestTranscripts(t *testing.T) {
	testcost.Again(t)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	var all []string
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, abs)
	}
	t.Chdir("../..")
	for _, f := range all {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			comment := true // a comment stands above a command, not in its output
			for line := range strings.Lines(string(want)) {
				switch {
				case line == "\n":
					comment = true
				case strings.HasPrefix(line, "#") && comment:
					got.WriteString(line)
				case strings.HasPrefix(line, "$ "):
					comment = false
					got.WriteString(line)
					got.WriteString(transcript(t, strings.TrimSpace(line[2:])))
					got.WriteString("\n")
				}
			}
			if *update {
				if err := os.WriteFile(f, []byte(got.String()), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got.String() != string(want) {
				t.Errorf("the transcript differs (go test ./cmd/artifactdump -update rewrites it):\n%s", firstDifference(string(want), got.String()))
			}
		})
	}
}

// transcript runs one command line as a user would type it.
func transcript(t *testing.T, line string) string {
	t.Helper()
	cmd, pipe, _ := strings.Cut(line, " | ")
	args := shellFields(cmd)
	if len(args) == 0 || args[0] != "artifactdump" {
		t.Fatalf("a transcript line runs artifactdump, not %q", line)
	}
	tmp := t.TempDir()
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "$TMP", tmp)
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), args, &stdout, &stderr)
	lines := strings.SplitAfter(stdout.String(), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	var n int
	if _, err := fmt.Sscanf(pipe, "head %d", &n); err == nil {
		lines = lines[:min(n, len(lines))]
	} else if _, err := fmt.Sscanf(pipe, "tail %d", &n); err == nil {
		lines = lines[max(0, len(lines)-n):]
	} else if pipe == "wc" {
		lines = []string{fmt.Sprintf("%d lines\n", len(lines))}
	} else if what, ok := strings.CutPrefix(pipe, "grep "); ok {
		var kept []string
		for _, l := range lines {
			if strings.Contains(l, strings.Trim(what, "'")) {
				kept = append(kept, l)
			}
		}
		lines = kept
	} else if pipe != "" {
		t.Fatalf("unknown filter %q", pipe)
	}
	out := strings.ReplaceAll(stderr.String()+strings.Join(lines, ""), tmp, "$TMP")
	if code != 0 {
		out += fmt.Sprintf("[exit %d]\n", code)
	}
	return out
}

// shellFields splits at blanks outside quotes, single or double.
func shellFields(s string) []string {
	s = strings.ReplaceAll(s, "'", `"`)
	return winpath.Fields(s)
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n- %.300s\n+ %.300s", i+1, a, b)
		}
	}
	return ""
}
