//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// startedScan starts a scan as a process of its own and returns when it reads. It
// cannot end before the rest of what it says is read from stderr.
func startedScan(t *testing.T, args ...string) (cmd *exec.Cmd, stderr io.Reader) {
	t.Helper()
	cmd = child(t, nil, append([]string{"scan", "-v"}, args...)...)
	stderr = narrowPipe(t, cmd)
	for line := range spoken(stderr) {
		if strings.Contains(line, "read 20 of") {
			break
		}
	}
	return cmd, stderr
}

// TestScanInUse has a second run want the case of one that is at work: whatever
// it asks for, the first comes to its end with every byte.
func TestScanInUse(t *testing.T) {
	testcost.Again(t)
	evidence, want := undisturbed(t, 1)
	ev, tmp := evidence[0], t.TempDir()
	dir := filepath.Join(tmp, "case")
	cmd, stderr := startedScan(t, ev, "-o", dir)
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"--resume"}, {"--force"}, {}} {
		code, said := runs(t.Context(), append(flags, ev, "-o", dir)...)
		if code != exitFailed || !strings.Contains(said, "is in use by a running scan (process ") {
			t.Errorf("%v: exit %d: %s", flags, code, said)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(stderr)
	if code := exitCode(t, cmd.Wait()); code != exitOK {
		t.Fatalf("exit %d: %s", code, rest)
	}
	sameCase(t, dir, want)
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left: %q (%v)", left, err)
	}
}

// TestScanKilled kills a run without warning: its lock is gone with it.
func TestScanKilled(t *testing.T) {
	testcost.Again(t)
	ev := sameIncidents(t, 1)[0]
	dir := filepath.Join(t.TempDir(), "case")
	cmd, stderr := startedScan(t, ev, "-o", dir)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, stderr)
	cmd.Wait() // tells that it was killed
	if m, err := scan.ReadManifest(dir + ".partial"); err != nil || m.State != "running" {
		t.Fatalf("%v", err)
	}
	if code, said := runs(t.Context(), ev, "-o", dir, "--resume"); code != exitOK {
		t.Errorf("--resume: exit %d: %s", code, said)
	}
}

// TestScanModes looks at who may read a case.
func TestScanModes(t *testing.T) {
	testcost.Again(t)
	ev := sameIncidents(t, 1)[0]
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for _, c := range []struct {
		flags     []string
		file, dir os.FileMode
	}{{nil, 0o600, 0o700}, {[]string{"--group-readable"}, 0o640, 0o750}} {
		dir := filepath.Join(t.TempDir(), "deep", "case")
		if code, said := runs(t.Context(), append(c.flags, ev, "-o", dir, "--format", "all", "-a", "prefetch,userassist")...); code != exitOK {
			t.Fatalf("exit %d: %s", code, said)
		}
		n := 0
		err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			st, err := d.Info()
			want := c.file
			if d.IsDir() {
				want = c.dir
			}
			if n++; st.Mode().Perm() != want {
				t.Errorf("%v: %s is %s, want %s", c.flags, p, st.Mode().Perm(), want)
			}
			return err
		})
		if err != nil || n < 20 {
			t.Errorf("%d files, %v", n, err)
		}
	}
}
