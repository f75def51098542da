package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestClosedOutput starts the program with its standard output closed, and with
// the null device in its place.
func TestClosedOutput(t *testing.T) {
	testcost.Again(t)
	for _, c := range []struct {
		line string
		code int
	}{
		{`"$0" list >&-; exit $?`, exitFailed},
		{`"$0" timeline -q "$1" >&-; exit $?`, exitFailed},
		{`"$0" dump -a prefetch -q "$1" >&- <&-; exit $?`, exitFailed},
		{`"$0" --help >&-; exit $?`, exitFailed},
		{`"$0" list >/dev/null; exit $?`, exitOK},
		{`"$0" list <>/dev/null >&0 2>&0; exit $?`, exitOK}, // as a daemon
		{`"$0" timeline -q -a prefetch -o "$2/x.txt" "$1" >&-; exit $?`, exitOK},
	} {
		cmd := child(t, nil)
		cmd.Args = []string{"sh", "-c", c.line, cmd.Path, theIncident, t.TempDir()}
		sh, err := exec.LookPath("sh")
		if err != nil {
			t.Skip(err)
		}
		cmd.Path = sh
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if code := exitCode(t, cmd.Wait()); code != c.code || c.code == exitFailed && !strings.Contains(said.String(), "standard output") {
			t.Errorf("%s: exit %d, want %d: %s", c.line, code, c.code, said.String())
		}
	}
}
