package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// nasty is an app whose texts have what the shells and roff obey.
func nasty() *cli.App {
	const text = `it's "quoted" $(touch pwned) ` + "`" + `VALUE` + "`" + ` \ and ${HOME}; .dot 'quote`
	return &cli.App{
		Name: "artifactdump", Version: "v1-2", Usage: "a tool: " + text,
		Description: ".TH evil 1\nSecond line.\n\nExamples:\n   .so /etc/passwd\n   artifactdump x \\n\n\nExit codes: 0 all; 1 could not run; 2 wrong usage.",
		Commands: []*cli.Command{
			{Name: "list", Usage: text, Description: "'first\n\n   verbatim - line\nand text after it", ArgsUsage: "[NAME…]", Flags: []cli.Flag{
				&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Value: "text", Usage: "output `FORMAT`: " + text},
				&cli.BoolFlag{Name: "quiet", Usage: text},
				&cli.StringFlag{Name: "empty", Usage: "no value of its own"},
			}},
			{Name: "hive", Usage: text, Subcommands: []*cli.Command{{Name: "ls", Usage: text}, {Name: "gone", Hidden: true, Usage: "SECRET"}}},
			{Name: "witness", Hidden: true, Usage: "SECRET"},
		},
	}
}

func values(command, flag string) ([]string, bool) {
	switch {
	case command == "list" && flag == "format":
		return []string{"text", "jsonl"}, false
	case command == "list" && flag == "":
		return []string{"prefetch", "bam"}, false
	}
	return nil, false
}

// TestManualTexts: no text of a command is a request to the formatter, nothing that
// is hidden is told, and what is copied is copied as it is.
func TestManualTexts(t *testing.T) {
	var b strings.Builder
	Manual(&b, nasty(), "2026-03-06")
	page := b.String()
	known := map[string]bool{".TH": true, ".SH": true, ".SS": true, ".B": true, ".I": true, ".PP": true, ".TP": true, ".nf": true, ".fi": true, ".RS": true, ".RE": true}
	for line := range strings.Lines(page) {
		request, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, ".") && !known[request] || strings.HasPrefix(line, "'") {
			t.Errorf("a request of the texts: %q", line)
		}
		if strings.HasPrefix(line, ".TH") && !strings.HasPrefix(line, `.TH ARTIFACTDUMP 1 "2026-03-06" "artifactdump v1\-2"`) {
			t.Errorf("title %q", line)
		}
	}
	if n := strings.Count("\n"+page, "\n.TH "); n != 1 {
		t.Errorf("%d titles", n)
	}
	if strings.Contains(page, "SECRET") || strings.Contains(page, "witness") {
		t.Error("a hidden command is in the page")
	}
	for _, want := range []string{
		`\fB\-\-format\fR, \fB\-f\fR \fIFORMAT\fR`, `\fB\-\-quiet\fR` + "\n", `\fB\-\-empty\fR \fIvalue\fR`, `(default "text")`, `\e and`,
		".SS \"hive ls\"", ".nf\n.RS 4\nverbatim \\- line\n.RE\n.fi\n", `\&.so /etc/passwd`, ".TP\n.B 0\nall\n", ".TP\n.B 2\nwrong usage\n", "[NAME...]",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "Exit codes") {
		t.Error("the exit codes are told twice")
	}
}

// TestFilled breaks filled text after sentences and before it is too long, and loses
// no word.
func TestFilled(t *testing.T) {
	text := strings.Repeat("some words of this sentence, which is rather long and goes on. ", 6) + "an ellipsis... stays. " + strings.Repeat("x", 120)
	out := filled(text)
	for line := range strings.Lines(out) {
		if l := strings.TrimSuffix(line, "\n"); len(l) > manualLine && strings.Contains(l, " ") {
			t.Errorf("%d characters: %q", len(l), l)
		}
	}
	if got, want := strings.Fields(out), strings.Fields(text); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%q", out)
	}
	if !strings.Contains(out, "goes on.\nsome words") || strings.Contains(out, "ellipsis...\n") {
		t.Errorf("sentences: %q", out)
	}
	if got := filled(""); got != "" {
		t.Errorf("nothing is %q", got)
	}
}

// TestScriptsAreHarmless has each shell that is installed read its script: no text of
// a usage is executed, and the script is one of that shell.
func TestScriptsAreHarmless(t *testing.T) {
	for shell, args := range map[string][]string{"bash": {"bash", "--norc"}, "zsh": {"zsh", "-f"}, "fish": {"fish", "--no-config"}} {
		script, ok := Script(shell, nasty(), values)
		if !ok {
			t.Fatalf("no script for %s", shell)
		}
		if strings.Contains(script, "SECRET") || strings.Contains(script, "witness") {
			t.Errorf("%s: a hidden command is offered", shell)
		}
		exe, err := exec.LookPath(args[0])
		if err != nil {
			t.Logf("%s is not installed", shell)
			continue
		}
		dir := t.TempDir()
		file := filepath.Join(dir, "script")
		if shell == "zsh" {
			script = "compdef() { :; }\n" + script // the completion system is not loaded
		}
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(exe, append(args[1:], file)...)
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
		if _, err := os.Lstat(filepath.Join(dir, "pwned")); err == nil {
			t.Errorf("%s executed the text of a usage", shell)
		}
	}
}

// TestBashCompletes asks the script of bash what can follow, at each kind of place.
func TestBashCompletes(t *testing.T) {
	exe, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	script, _ := Script("bash", nasty(), values)
	for line, want := range map[string]string{
		"artifactdump ":                 "list hive",
		"artifactdump li":               "list",
		"artifactdump hive ":            "ls",
		"artifactdump list ":            "prefetch bam",
		"artifactdump list --fo":        "--format",
		"artifactdump list --format ":   "text jsonl",
		"artifactdump list --format js": "jsonl",
		"artifactdump list --format =":  "text jsonl",
		"artifactdump list --empty ":    "", // a file
		"artifactdump list -":           "--format -f --quiet --empty --help",
		"artifactdump wit":              "",
	} {
		words := strings.Split(line, " ")
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+w+"'")
		}
		program := script + "\nCOMP_WORDS=(" + strings.Join(quoted, " ") + "); COMP_CWORD=" + string(rune('0'+len(words)-1)) + "\n_artifactdump\necho \"${COMPREPLY[*]}\"\n"
		cmd := exec.Command(exe, "--norc", "-c", program)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%q: %q, %v; want %q", line, strings.TrimSpace(string(out)), err, want)
		}
	}
}

// TestScriptLists completes the second of several values with commas between.
func TestScriptLists(t *testing.T) {
	exe, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	list := func(command, flag string) ([]string, bool) {
		if flag == "format" {
			return []string{"text", "tln"}, true
		}
		return nil, false
	}
	script, _ := Script("bash", nasty(), list)
	out, err := exec.Command(exe, "--norc", "-c", script+"\nCOMP_WORDS=(artifactdump list --format tln,te); COMP_CWORD=3\n_artifactdump\necho \"${COMPREPLY[*]}\"\n").CombinedOutput()
	if err != nil || string(out) != "tln,text\n" {
		t.Errorf("%q, %v", out, err)
	}
}
