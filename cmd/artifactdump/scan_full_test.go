//go:build unix

package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestScanFileLimit gives a run no room for its largest files, and then goes
// on with it.
func TestScanFileLimit(t *testing.T) {
	testcost.Again(t)
	for _, machines := range []int{1, 2} {
		evidence := sameIncidents(t, machines)
		want, dir := filepath.Join(t.TempDir(), "want"), filepath.Join(t.TempDir(), "case")
		if code, said := runs(t.Context(), append(evidence, "-o", want, "-q", "--format", "sqlite,parquet")...); code != exitOK {
			t.Fatalf("exit %d: %s", code, said)
		}
		for _, limit := range []int{150 << 10, 500 << 10} {
			os.RemoveAll(dir + ".partial")
			code, said := runChild(t, []string{"ARTIFACTDUMP_TEST_FSIZE=" + strconv.Itoa(limit)},
				append([]string{"scan", "-o", dir, "--format", "sqlite,parquet"}, evidence...)...)
			if code != exitFailed || !strings.Contains(said, "file too large") || !strings.Contains(said, "use --resume to continue") {
				t.Fatalf("%d bytes: exit %d: %s", limit, code, said)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("an unfinished case has its final name")
			}
			wholePart(t, dir+".partial", want, "failed")
			if m, err := scan.ReadManifest(dir + ".partial"); err != nil || !strings.Contains(m.Error, "file too large") {
				t.Errorf("the manifest does not say why: %+v %v", m, err)
			}
		}
		if code, said := runs(t.Context(), append(evidence, "-o", dir, "--resume", "--format", "sqlite,parquet")...); code != exitOK {
			t.Fatalf("--resume: exit %d: %s", code, said)
		}
		sameCase(t, dir, want)
	}
}

// TestScanDiskFull writes a case to a disk that is too small for it.
func TestScanDiskFull(t *testing.T) {
	testcost.Again(t)
	evidence, want := undisturbed(t, 1)
	ev, disk := evidence[0], t.TempDir()
	mountTemp(t, disk, "size=2m")
	dir := filepath.Join(disk, "case")
	code, said := runs(t.Context(), ev, "-o", dir, "--sort-memory", "1")
	if code != exitFailed || !strings.Contains(said, "no space left") {
		t.Fatalf("exit %d: %s", code, said)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("an unfinished case has its final name")
	}
	wholePart(t, dir+".partial", want, "failed")

	// Not even a manifest has room.
	fill, err := os.Create(filepath.Join(disk, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer fill.Close()
	for n := 1 << 20; n > 0; n /= 2 {
		for {
			if _, err := fill.Write(make([]byte, n)); err != nil {
				break
			}
		}
	}
	dir = filepath.Join(disk, "other")
	if code, said := runs(t.Context(), ev, "-o", dir); code != exitFailed || !strings.Contains(said, "no space left") {
		t.Fatalf("exit %d: %s", code, said)
	}
	for name, b := range listing(t, dir+".partial") {
		t.Errorf("%s is left, %d bytes", name, len(b))
	}
}

// TestScanReadOnly writes a case where nothing can be written.
func TestScanReadOnly(t *testing.T) {
	ev, disk := sameIncidents(t, 1)[0], t.TempDir()
	mountTemp(t, disk, "size=1m,ro")
	if code, said := runs(t.Context(), ev, "-o", filepath.Join(disk, "case")); code != exitFailed || !strings.Contains(said, "read-only") {
		t.Errorf("exit %d: %s", code, said)
	}
	if n := len(listing(t, disk)); n != 0 {
		t.Errorf("%d files", n)
	}
}

// TestScanForbidden names a folder in which the user may not write, and one in
// which a file is in the way.
func TestScanForbidden(t *testing.T) {
	ev, tmp := incident(t), t.TempDir()
	closed := filepath.Join(tmp, "closed")
	if err := os.Mkdir(closed, 0o555); err != nil {
		t.Fatal(err)
	}
	env := []string{}
	if os.Getuid() == 0 { // for whom no folder is closed
		env = append(env, "ARTIFACTDUMP_TEST_UID=65534")
		for p := ev; len(p) > len(os.TempDir()); p = filepath.Dir(p) {
			os.Chmod(p, 0o755)
		}
		for p := tmp; len(p) > len(os.TempDir()); p = filepath.Dir(p) {
			os.Chmod(p, 0o755)
		}
	}
	code, said := runChild(t, env, "scan", ev, "-o", filepath.Join(closed, "case"))
	if code != exitFailed || !strings.Contains(said, "permission denied") {
		t.Errorf("a closed folder: exit %d: %s", code, said)
	}
	dir := filepath.Join(tmp, "case")
	if err := os.WriteFile(dir+".partial", []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"-q", "--force", "--resume"} {
		if code, said := runs(t.Context(), ev, "-o", dir, more); code != exitFailed || !strings.Contains(said, "case.partial") {
			t.Errorf("a file in the way, %s: exit %d: %s", more, code, said)
		}
	}
	if b, _ := os.ReadFile(dir + ".partial"); string(b) != "mine" {
		t.Error("the file in the way was touched")
	}
}

// mountTemp mounts a disk of its own, where the system lets us.
func mountTemp(t *testing.T, dir, opts string) {
	t.Helper()
	if err := mountTmpfs(dir, opts); err != nil {
		t.Skipf("no file system of our own: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
}

// TestClosedPipe runs commands whose output nobody wants: `… | head -1` after
// its first line.
func TestClosedPipe(t *testing.T) {
	testcost.Again(t)
	hive := "../../corpus/files/incident/C/Users/daniel/NTUSER.DAT"
	if _, err := os.Stat(hive); err != nil {
		t.Fatal(err)
	}
	for _, args := range testcost.Sample([][]string{
		{"timeline", theIncident}, {"timeline", "--format", "csv", theIncident}, {"dump", theIncident}, {"dump", "--format", "jsonl", theIncident},
		{"findings", theIncident}, {"findings", "--format", "jsonl", theIncident}, {"report", theIncident},
		{"prefetch", theIncident}, {"prefetch", "--format", "jsonl", theIncident}, {"hive", "dump", hive}, {"hive", "dump", "--format", "tsv", hive},
		{"hive", "ls", hive}, {"hive", "find", hive, "e"}, {"hive", "deleted", hive}, {"verify", theIncident}, {"list"}, {"man"}, {"completion", "bash"}, {"--help"}, {"scan", "--help"},
	}, 2) { // left out are other formats of a command, and the work of one goroutine
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
			cmd := child(t, nil, append(args, "-q")...)
			if args[0] == "list" || args[0] == "man" || args[0] == "completion" || args[len(args)-1] == "--help" || args[0] == "hive" {
				cmd = child(t, nil, args...)
			}
			var stderr strings.Builder
			cmd.Stdout, cmd.Stderr = w, &stderr
			err = cmd.Run()
			w.Close()
			if code := exitCode(t, err); code != exitPipe || strings.Contains(stderr.String(), "pipe") || strings.Contains(stderr.String(), "artifactdump:") {
				t.Errorf("exit %d: %s", code, &stderr)
			}
		})
	}
}

// TestScanMessagesUnread closes the pipe that takes what scan says: the case is
// whole nevertheless.
func TestScanMessagesUnread(t *testing.T) {
	testcost.Again(t)
	evidence, want := undisturbed(t, 1)
	ev, dir := evidence[0], filepath.Join(t.TempDir(), "case")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := child(t, nil, "scan", ev, "-o", dir, "-v")
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if code := exitCode(t, cmd.Wait()); code != exitOK {
		t.Fatalf("exit %d", code)
	}
	sameCase(t, dir, want)
}

// TestHelpFull writes help to a device without room.
func TestHelpFull(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {}, {"--version"}, {"scan", "--help"}, {"hive", "--help"}, {"hive", "ls", "--help"}} {
		var stderr strings.Builder
		if code := run(t.Context(), append([]string{"artifactdump"}, args...), fullWriter{}, &stderr); code != exitFailed || !strings.Contains(stderr.String(), syscall.ENOSPC.Error()) {
			t.Errorf("%v: exit %d: %s", args, code, &stderr)
		}
	}
}

// TestEmptyName gives commands a name that is empty.
func TestEmptyName(t *testing.T) {
	for _, args := range [][]string{
		{"scan", "", "-o", "x"}, {"scan", theIncident, "", "-o", "x"}, {"timeline", ""}, {"timeline", theIncident, ""}, {"findings", ""}, {"dump", ""}, {"report", ""},
		{"explain", "", "x"}, {"verify", ""}, {"prefetch", ""}, {"hive", "info", ""}, {"hive", "ls", "", `\`}, {"hive", "dump", ""},
		{"timeline", theIncident, "-o", ""}, {"scan", theIncident, "-o", ""},
	} {
		_, stderr, code := runArgs(t, args...)
		if code != exitUsage || !strings.Contains(stderr, "is empty") {
			t.Errorf("%q: exit %d: %s", args, code, stderr)
		}
	}
	if _, stderr, _ := runArgs(t, "hive", "ls", ""); !strings.Contains(stderr, "argument 1 of hive ls is empty") {
		t.Error(stderr)
	}
	if _, stderr, code := runArgs(t, "explain", theIncident, ""); code != exitUsage {
		t.Errorf("an empty id: exit %d: %s", code, stderr)
	}
	if _, stderr, code := runArgs(t, "hive", "ls", "../../corpus/files/incident/C/Users/daniel/NTUSER.DAT", ""); code == exitUsage {
		t.Errorf("the root key is named by an empty path: %s", stderr)
	}
}
