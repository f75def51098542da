package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), append([]string{"artifactdump"}, args...), &out, &errs); code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, errs.String())
	}
	return out.String()
}

// TestBashCompletion lets bash complete half-typed lines.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	script := printed(t, "completion", "bash")
	for line, want := range map[string]string{
		"artifactdump sc":                            "scan",
		"artifactdump hive le":                       "",
		"artifactdump hive l":                        "ls",
		"artifactdump timeline --form":               "--format",
		"artifactdump timeline --format times":       "timesketch timesketch-csv",
		"artifactdump timeline -q --format parq":     "parquet",
		"artifactdump scan x --format sqlite,parq":   "sqlite,parquet",
		"artifactdump findings --level h":            "high",
		"artifactdump dump -a amcachef":              "amcachefiles",
		"artifactdump completion z":                  "zsh",
		"artifactdump timeline --output time":        "",
		"artifactdump scan --force --hash":           "--hash-evidence",
		"artifactdump list shim":                     "shimcache shims",
		"artifactdump timeline --no-such --format b": "bodyfile",
	} {
		cmd := exec.Command(bash, "--norc", "-c", script+"\nCOMP_WORDS=("+line+")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_artifactdump\necho \"${COMPREPLY[*]}\"")
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s<TAB>: %q (%v), want %q", line, got, err, want)
		}
	}
}

// TestCompletionScripts has the other shells read their scripts, where they
// are installed, and looks for every command in each.
func TestCompletionScripts(t *testing.T) {
	for shell, check := range map[string][]string{"bash": {"bash", "-n"}, "zsh": {"zsh", "-n"}, "fish": {"fish", "-n"}, "powershell": nil} {
		script := printed(t, "completion", shell)
		for _, c := range newApp(nil, nil).Commands {
			if !c.Hidden && !strings.Contains(script, c.Name) {
				t.Errorf("%s: %s is not there", shell, c.Name)
			}
		}
		if check == nil {
			continue
		}
		exe, err := exec.LookPath(check[0])
		if err != nil {
			t.Logf("%s is not installed", check[0])
			continue
		}
		name := filepath.Join(t.TempDir(), shell)
		if err := os.WriteFile(name, []byte(script), 0o666); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(exe, append(check[1:], name)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}

// TestManual has groff read the page without a warning.
func TestManual(t *testing.T) {
	page := printed(t, "man")
	for _, want := range []string{".SS \"scan\"", ".SS \"hive ls\"", `\fB\-\-format\fR \fIFORMAT\fR`, ".SH EXIT STATUS", ".B 130"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z")
	cmd.Stdin = strings.NewReader(page)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%s", err, out)
	}
}
