package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), append([]string{"artifactdump"}, args...), &out, &errs); code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, errs.String())
	}
	return out.String()
}

// completionCases are half-typed lines, and what each shell makes of them: the
// words that it offers, in their order.
var completionCases = []struct{ line, want string }{
	{"artifactdump sc", "scan"},
	{"artifactdump hive zz", ""},
	{"artifactdump hive l", "ls"},
	{"artifactdump timeline --form", "--format"},
	{"artifactdump timeline --format times", "timesketch timesketch-csv"},
	{"artifactdump timeline --format=parq", "parquet"},
	{"artifactdump timeline -q --format parq", "parquet"},
	{"artifactdump scan x --format sqlite,parq", "sqlite,parquet"},
	{"artifactdump findings --level h", "high"},
	{"artifactdump dump -a amcachef", "amcachefiles"},
	{"artifactdump completion z", "zsh"},
	{"artifactdump scan --force --hash-e", "--hash-evidence"},
	{"artifactdump list shim", "shimcache shims"},
	{"artifactdump hive dump --del", "--deleted"},
	{"artifactdump hive dump --format ts", "tsv"},
	{"artifactdump report --lang j", "ja"},
	{"artifactdump timeline --no-such --format b", "bodyfile"},
	{"artifactdump scan evid", "evidence.zip"},
	{"artifactdump scan --output evid", "evidence.zip"},
	{"artifactdump sc evid", ""},
}

// completionDir is an empty folder with one file, for lines that complete
// names of files.
func completionDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "evidence.zip"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

func shellOf(t *testing.T, names ...string) string {
	t.Helper()
	for _, n := range names {
		if exe, err := exec.LookPath(n); err == nil {
			return exe
		}
	}
	t.Skipf("%s is not installed", names[0])
	return ""
}

// TestBashCompletion lets bash complete half-typed lines.
func TestBashCompletion(t *testing.T) {
	testcost.Again(t)
	bash := shellOf(t, "bash")
	dir := completionDir(t)
	script := printed(t, "completion", "bash")
	for _, c := range completionCases {
		// As readline splits the line; names of files are its own business, when
		// the function has nothing to offer.
		line := strings.ReplaceAll(c.line, "=", " = ")
		want := c.want
		if want == "evidence.zip" {
			want = ""
		}
		cmd := exec.Command(bash, "--norc", "-c", script+"\nCOMP_WORDS=("+line+")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_artifactdump\necho \"${COMPREPLY[*]}\"")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s<TAB>: %q (%v), want %q", c.line, got, err, want)
		}
	}
	if out, err := exec.Command(bash, "--norc", "-c", script+"\ncomplete -p artifactdump").Output(); err != nil || !strings.Contains(string(out), "-o default -F _artifactdump artifactdump") {
		t.Errorf("complete -p: %s (%v)", out, err)
	}
}

// TestFishCompletion lets fish complete half-typed lines.
func TestFishCompletion(t *testing.T) {
	fish := shellOf(t, "fish")
	script := filepath.Join(t.TempDir(), "artifactdump.fish")
	if err := os.WriteFile(script, []byte(printed(t, "completion", "fish")), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(fish, "-n", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// The lines go in as arguments, so that no shell reads them twice.
	args := []string{"--no-config", "-c", "source $argv[1]; for line in $argv[2..]; complete -C $line | string split -f 1 \\t; echo .; end", script}
	for _, c := range completionCases {
		args = append(args, c.line)
	}
	cmd := exec.Command(fish, args...)
	cmd.Dir = completionDir(t)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	offers := strings.Split(string(out), ".\n")
	if err != nil || len(offers) != len(completionCases)+1 {
		t.Fatalf("%v: %s", err, out)
	}
	for i, c := range completionCases {
		got := strings.Fields(offers[i])
		for j := range got {
			_, after, _ := strings.Cut(c.line, "=")
			if after != "" {
				_, got[j], _ = strings.Cut(got[j], "=")
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s<TAB>: %q, want %q", c.line, got, c.want)
		}
	}
}

// zshDriver types lines into a zsh of its own, presses Tab, and writes down
// what that one offers.
const zshDriver = `
zmodload zsh/zpty
zpty inner "zsh -f -i"
zpty -w inner "source ${(q)1}"
count() { local n; n=$(wc -l < $2 2>/dev/null); print ${n:-0} }
integer done_=0 i
: > $2
while IFS= read -r line; do
    zpty -w -n inner "$line"$'\t'
    (( done_++ ))
    for ((i = 0; i < 500; i++)); do
        while zpty -r -t inner out_; do :; done
        (( $(count x $2) >= done_ )) && break
        sleep 0.02
    done
done < $3
zpty -d inner
`

// zshSetup is read by the inner zsh. Tab writes the words that were offered as
// one line, and clears the command line. How the script gets into the shell is
// for the first %s.
const zshSetup = `
PROMPT= RPS1=
cd %[2]s
autoload -Uz compinit
%[1]s
offered=()
compadd() {
    local -a hits
    if [[ "$*" == (*' '|)-[ADO]' '* ]]; then builtin compadd "$@"; return; fi
    builtin compadd -O hits "$@"
    offered+=("${hits[@]}")
    builtin compadd "$@"
}
tell() {
    offered=()
    zle expand-or-complete
    print -r -- "${offered[*]}" >> %[3]s
    BUFFER=
}
zle -N tell
unsetopt beep
bindkey '^I' tell
`

// TestZshCompletion lets an interactive zsh complete half-typed lines, with the
// script in the search path and with the script sourced.
func TestZshCompletion(t *testing.T) {
	testcost.Again(t)
	zsh := shellOf(t, "zsh")
	q := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	for _, way := range testcost.Sample([]string{"fpath", "source"}, 2) {
		t.Run(way, func(t *testing.T) {
			dir := t.TempDir()
			file := func(name, text string) string {
				name = filepath.Join(dir, name)
				if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
				return name
			}
			script := file("_artifactdump", printed(t, "completion", "zsh"))
			if out, err := exec.Command(zsh, "-n", script).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			load := "fpath=(" + q(dir) + " $fpath)\ncompinit -u -D"
			if way == "source" {
				load = "compinit -u -D\nsource " + q(script)
			}
			told := filepath.Join(dir, "told")
			setup := file("setup", fmt.Sprintf(zshSetup, load, q(completionDir(t)), q(told)))
			var lines strings.Builder
			for _, c := range completionCases {
				lines.WriteString(c.line + "\n")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, zsh, "-f", file("driver", zshDriver), setup, told, file("lines", lines.String()))
			cmd.Env = append(os.Environ(), "HOME="+dir, "TERM=xterm")
			out, err := cmd.CombinedOutput()
			b, _ := os.ReadFile(told)
			offers := strings.Split(string(b), "\n")
			if err != nil || len(offers) != len(completionCases)+1 {
				t.Fatalf("%v: %s\n%d lines for %d: %q", err, out, len(offers)-1, len(completionCases), offers)
			}
			for i, c := range completionCases {
				want := c.want
				if strings.HasSuffix(c.line, "sqlite,parq") {
					want = "parquet" // what stands before is not offered again
				}
				if offers[i] != want {
					t.Errorf("%s<TAB>: %q, want %q", c.line, offers[i], want)
				}
			}
		})
	}
}

// powershellDriver asks PowerShell itself what it would offer.
const powershellDriver = `
. $args[0]
Set-Location $args[1]
foreach ($line in Get-Content $args[2]) {
    $found = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches
    ($found | ForEach-Object { $_.CompletionText }) -join ' '
}
`

// TestPowerShellCompletion lets PowerShell complete half-typed lines.
func TestPowerShellCompletion(t *testing.T) {
	pwsh := shellOf(t, "pwsh", "powershell")
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	var lines strings.Builder
	var want []string
	for _, c := range completionCases {
		// Names of files are the shell's own, with its own way to write them;
		// a comma makes a list of PowerShell's.
		if c.want == "evidence.zip" || strings.Contains(c.line, ",") || c.want == "" {
			continue
		}
		lines.WriteString(c.line + "\n")
		before, _, ok := strings.Cut(c.line, "=")
		prefix := ""
		if ok {
			prefix = before[strings.LastIndexByte(before, ' ')+1:] + "="
		}
		want = append(want, prefix+c.want)
	}
	out, err := exec.Command(pwsh, "-NoProfile", "-NonInteractive", "-File", file("driver.ps1", powershellDriver),
		file("artifactdump.ps1", printed(t, "completion", "powershell")), completionDir(t), file("lines", lines.String())).CombinedOutput()
	got := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(out), "\r", "")), "\n")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v: %q, want %q", err, got, want)
	}
}

// TestCompletionScripts looks for every command in each script.
func TestCompletionScripts(t *testing.T) {
	for _, name := range shell.Shells {
		script := printed(t, "completion", name)
		for _, c := range newApp(nil, nil).Commands {
			if !c.Hidden && !strings.Contains(script, c.Name) {
				t.Errorf("%s: %s is not there", name, c.Name)
			}
		}
	}
}

// TestManual has the formatters of manual pages read the page without a
// warning, and without a remark about its style.
func TestManual(t *testing.T) {
	defer func(date string) { stampedDate = date }(stampedDate)
	stampedDate = "2026-03-01"
	page := printed(t, "man")
	for _, want := range []string{".SS \"scan\"", ".SS \"hive ls\"", `\fB\-\-format\fR \fIFORMAT\fR`, ".SH EXIT STATUS", ".B 130"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, args := range [][]string{{"groff", "-man", "-Tutf8", "-ww", "-z"}, {"mandoc", "-Tlint", "-Wall"}} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.Command(shellOf(t, args[0]), args[1:]...)
			cmd.Stdin = strings.NewReader(page)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
