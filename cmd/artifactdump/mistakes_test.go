package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// fewFiles is a machine of three Prefetch files, which every command reads in no
// time.
func fewFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := corpus.Incident().Files()
	for _, name := range []string{"WHOAMI.EXE-9D378AFE.pf", "RUNDLL32.EXE-51176685.pf", "PSEXESVC.EXE-AD70946C.pf"} {
		path := filepath.Join(dir, "C", "Windows", "Prefetch", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, files["Windows/Prefetch/"+name], 0o600))
	}
	return dir
}

// TestMistakes gives commands values that mean nothing: each is refused with exit
// code 2, with a line that names the flag and what it wants, and nothing is printed.
func TestMistakes(t *testing.T) {
	e := fewFiles(t)
	rule := filepath.Join(t.TempDir(), "r.yml")
	must(t, os.WriteFile(rule, []byte("title: x"), 0o600))
	for _, c := range []struct{ line, says string }{
		{"timeline --around xyz E", `--around "xyz": around:xyz±5m: want an id of at least 4 hexadecimal digits, or a time`},
		{"timeline --around 0123abcd --span x E", `--around "0123abcd": around:0123abcd±x: want a span such as 30s, 5m, 2h or 1d`},
		{"timeline --span 5m E", "--span needs --around ID"},
		{"timeline --search level:loud E", `search "level:loud", at character 1: level:loud: want critical`},
		{"timeline --bodyfile-unset 7 --format bodyfile E", `--bodyfile-unset "7": want -1 or 0`},
		{"timeline --evidence-timezone Nowhere/Land E", `--evidence-timezone: unknown time zone "Nowhere/Land"`},
		{"timeline --iocs-level x E", `--iocs-level: unknown level "x"; known: informational, low, medium, high, critical`},
		{"timeline --hashes foo E", `--hashes "foo": want bad=FILE or good=FILE`},
		{"timeline --hashes ugly=x E", `--hashes "ugly=x": want bad=FILE or good=FILE`},
		{"timeline --events nonsense: E", `--events: "nonsense:" is not a channel and not provider:id`},
		{"timeline --jobs x E", `invalid value "x" for flag -jobs`},
		{"timeline --last -5m E", `--last "-5m": want a span such as 90m, 48h or 7d`},
		{"timeline --format sqlite E", "--format sqlite needs a file: use -o FILE"},
		{"timeline --from '' E", "--from is empty"},
		{"timeline --to '' E", "--to is empty"},
		{"timeline --last '' E", "--last is empty"},
		{"timeline --around '' E", "--around is empty"},
		{"search E", "usage: artifactdump search EVIDENCE|CASE WORD…"},
		{"search -e E (", "a parenthesis is not closed"},
		{"search --from '' E x", "--from is empty"},
		{"search --format xml E x", `unknown search format "xml"; known: text, jsonl, csv`},
		{"findings --sigma-status odd E", `--sigma-status: unknown "odd"; known: all, stable, test, experimental, deprecated, unsupported`},
		{"findings --sigma-status stable,odd --sigma R E", `--sigma-status: unknown "odd"`},
		{"scan -o X --machines 0 E", "--machines must be at least 1"},
		{"scan -o X --memory 0 E", "--memory 0: want MiB from 1 to 1048576"},
		{"scan -o X --sort-memory 99999999999999 E", "--sort-memory 99999999999999: want MiB from 1 to 1048576"},
		{"scan -o X --lang de E", `--lang "de": want en or ja`},
		{"scan -o X --fail-level x E", `--fail-level: unknown level "x"`},
		{"scan -o X --force --resume E", "--force and --resume are mutually exclusive"},
		{"scan -o '' E", "--output is empty"},
		{"logons --view x E", `unknown view "x"; known: logons, sessions`},
		{"logons --type abc E", `--type "abc": want numbers such as 3,10`},
		{"logons --status zz E", `--status "zz": want numbers such as 0xC000006A`},
		{"logons --diff 2026-01-01 E", "--diff: give it twice, once for each period"},
		{"logons --path-to DC E", "--path-from and --path-to go together"},
		{"logons --timezone Mars E", `--timezone: unknown time zone "Mars"`},
		{"logons --format neo4j E", "--format neo4j writes several files: name a folder with -o"},
		{"logons --from '' E", "--from is empty"},
		{"diff E", "usage: artifactdump diff CASE1 CASE2"},
		{"diff --format xml E E", `unknown diff format "xml"; known: text, jsonl, csv`},
		{"diff --kind x E E", `--kind: unknown "x"; known: `},
		{"fleet E", "missing -o FLEET: name a new folder for the results"},
		{"hive nonsense", `unknown hive command "nonsense": see artifactdump hive --help`},
		{"hive find --regexp R (", "PATTERN: error parsing regexp: missing closing )"},
		{"inspect", "missing FILE: at least one file"},
		{"inspect --as nothing R", `unknown kind "nothing"; known: ese, evtx, hive`},
		{"inspect --format png R R", "--format png draws one FILE at a time"},
		{"export E", "usage: artifactdump export IMAGE FILE"},
		{"collect E", "missing -o HOST.zip: name the zip to write, or - for standard output"},
		{"explain E", "usage: artifactdump explain EVIDENCE|CASE ID"},
		{"completion tcsh", "one of bash, zsh, fish, powershell"},
		{"man x", "man takes no arguments"},
		{"programs --starts --format jsonl E", "--starts is for --format csv"},
		{"dump --format pecmd E", "--format pecmd writes several files: use -o FOLDER"},
	} {
		x := filepath.Join(t.TempDir(), "x")
		args := strings.Fields(c.line)
		for i, a := range args {
			args[i] = map[string]string{"E": e, "R": rule, "X": x, "''": ""}[a]
			if args[i] == "" && a != "''" {
				args[i] = a
			}
		}
		stdout, stderr, code := runArgs(t, args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "artifactdump: ") || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, %q, %q; want %s", c.line, code, stdout, stderr, c.says)
		}
		if _, err := os.Lstat(x); err == nil {
			t.Errorf("%s: something was written", c.line)
		}
	}
}

// TestEmptyArguments: a variable that is not set makes an empty name, and no command
// takes it for the folder it is in.
func TestEmptyArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, command := range []string{
		"scan -o case", "timeline", "report", "view", "findings", "search", "diff", "logons", "programs", "fleet -o fleet", "dump", "prefetch",
		"hive ls", "inspect", "export", "collect -o x.zip", "explain", "verify",
	} {
		_, stderr, code := runArgs(t, append(strings.Fields(command), "", "x")...)
		if command == "collect -o x.zip" {
			_, stderr, code = runArgs(t, append(strings.Fields(command), "")...)
		}
		if code != exitUsage || !strings.Contains(stderr, "is empty: want a file or folder") {
			t.Errorf("%s: exit %d: %s", command, code, stderr)
		}
	}
	list, err := os.ReadDir(".")
	if err != nil || len(list) != 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

// TestAroundWithSearch: a quotation mark or slash that is not closed in --search does
// not swallow --around.
func TestAroundWithSearch(t *testing.T) {
	e := fewFiles(t)
	rows := func(args ...string) int {
		t.Helper()
		out, stderr, code := runArgs(t, append([]string{"timeline", "-q", "--format", "jsonl"}, append(args, e)...)...)
		if code != exitOK {
			t.Fatalf("%v: exit %d: %s", args, code, stderr)
		}
		return strings.Count(out, "\n")
	}
	first, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", e)
	_, rest, _ := strings.Cut(first, `"id":"`)
	id := rest[:16]
	near := rows("--around", id, "--span", "1s")
	if all := strings.Count(first, "\n"); near == 0 || near >= all {
		t.Fatalf("%d of %d rows are near the first", near, all)
	}
	for _, search := range []string{`"`, `"prefetch`, "prefetch", `"prefetch"`} {
		if got := rows("--search", search, "--around", id, "--span", "1s"); got != near {
			t.Errorf("%s: %d rows, want %d", search, got, near)
		}
	}
	if got := rows("--search", `"no such text`, "--around", id); got != 0 {
		t.Errorf("%d rows have a text that is nowhere", got)
	}
}

// TestDiffOfNoCase: a folder that is there is not said to be missing.
func TestDiffOfNoCase(t *testing.T) {
	e := fewFiles(t)
	for path, want := range map[string]string{e: "not a case folder", filepath.Join(e, "gone"): "no such file or folder"} {
		_, stderr, code := runArgs(t, "diff", path, path)
		if code != exitFailed || !strings.Contains(stderr, path+": "+want) {
			t.Errorf("%s: exit %d: %s", path, code, stderr)
		}
	}
}

// TestEmptyFolder: a folder without anything is no evidence, for no command.
func TestEmptyFolder(t *testing.T) {
	empty := t.TempDir()
	for _, command := range []string{"timeline -q", "dump -q", "findings -q", "report -q", "programs -q", "logons -q", "verify", "view -q -o V"} {
		args := strings.Fields(strings.ReplaceAll(command, "V", filepath.Join(t.TempDir(), "v.html")))
		stdout, stderr, code := runArgs(t, append(args, empty)...)
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, empty) {
			t.Errorf("%s: exit %d, %q, %q", command, code, stdout, stderr)
		}
	}
}

// TestInspectMissing: a file that is not there is named as every command names it, and
// the files beside it are read.
func TestInspectMissing(t *testing.T) {
	there := filepath.Join(fewFiles(t), "C", "Windows", "Prefetch", "WHOAMI.EXE-9D378AFE.pf")
	gone := filepath.Join(t.TempDir(), "gone.bin")
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{gone}, exitFailed}, {[]string{gone, there}, exitDamaged}, {[]string{"--mft", gone, there}, exitFailed}, {[]string{"--format", "png", gone}, exitFailed},
	} {
		stdout, stderr, code := runArgs(t, append([]string{"inspect"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, gone+": no such file or folder") || (stdout != "") != (code == exitDamaged) {
			t.Errorf("%v: exit %d, %d bytes: %s", c.args, code, len(stdout), stderr)
		}
	}
}
