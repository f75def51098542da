//go:build unix

package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestOutputPipe writes to a named pipe: it must get the bytes and stay a pipe.
func TestOutputPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0) // both ends, so that nobody waits
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, stderr, code := runArgs(t, "list", "--force", "-o", name, "prefetch"); code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if st, err := os.Lstat(name); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe was replaced: %v %v", st, err)
	}
	got := make([]byte, 8)
	if n, err := f.Read(got); n == 0 || err != nil {
		t.Errorf("nothing came out of the pipe: %v", err)
	}
	if _, err := os.Lstat(name + ".partial"); err == nil {
		t.Error("a .partial file was left")
	}
}

// TestOutputDeviceFull names a device without room.
func TestOutputDeviceFull(t *testing.T) {
	st, err := os.Stat("/dev/full")
	if err != nil || st.Mode()&os.ModeCharDevice == 0 {
		t.Skip("no /dev/full")
	}
	_, stderr, code := runArgs(t, "list", "-o", "/dev/full")
	if code != exitFailed || !strings.Contains(stderr, "no space left") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	_, _, code = runArgs(t, "timeline", "--format", "sqlite", "-o", "/dev/full", "../../corpus/files/incident")
	if code != exitUsage {
		t.Errorf("sqlite into a device: exit %d", code)
	}
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestOutputFull writes to a standard output without room.
func TestOutputFull(t *testing.T) {
	for _, args := range [][]string{{"completion", "bash"}, {"man"}, {"list"}} {
		var stderr strings.Builder
		if code := run(t.Context(), append([]string{"artifactdump"}, args...), fullWriter{}, &stderr); code != exitFailed || stderr.Len() == 0 {
			t.Errorf("%v: exit %d: %s", args, code, &stderr)
		}
	}
}

// TestOutputIsEvidence names the file that is read as output.
func TestOutputIsEvidence(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "NTUSER.DAT")
	whole := regf.New("ROOT", time.Unix(1600000000, 0)).Build()
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"hive", "dump", name}, {"hive", "get", name, "", "x"}, {"prefetch", name}, {"timeline", name}} {
		if _, stderr, code := runArgs(t, append(args, "--force", "-o", name)...); code != exitFailed {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	if _, stderr, code := runArgs(t, "prefetch", dir, "-o", filepath.Join(dir, "new")); code != exitFailed {
		t.Errorf("prefetch into its folder: exit %d: %s", code, stderr)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != string(whole) {
		t.Error("the evidence was changed")
	}
}

// TestPrefetchSpecialFiles reads a folder with a pipe, and with links that lead out of it or to the pipe: none may be opened.
func TestPrefetchSpecialFiles(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "PIPE.EXE-11111111.pf"), 0o600); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"NTUSER.DAT", "Layout.ini"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(other, "secret"), []byte("MAM\x04secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"OUT.EXE-11111112.pf": filepath.Join(other, "secret"), "TO.EXE-11111113.pf": "PIPE.EXE-11111111.pf", "LOOP.EXE-11111114.pf": "LOOP.EXE-11111114.pf"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan string)
	go func() {
		_, stderr, _ := runArgs(t, "prefetch", dir)
		done <- stderr
	}()
	select {
	case stderr := <-done:
		if n := strings.Count(stderr, "damaged: "); n != 4 {
			t.Errorf("%d files are named, want 4:\n%s", n, stderr)
		}
		if strings.Contains(stderr, "sha256") || strings.Contains(stderr, "MAM") {
			t.Errorf("a link was followed out of the folder:\n%s", stderr)
		}
	case <-time.After(5 * time.Minute):
		t.Fatal("the pipe was opened")
	}
}

// TestTimeBehindYear9999 reads a key whose last write no JSON can hold: the record comes, and the key is named.
func TestTimeBehindYear9999(t *testing.T) {
	spec := regf.New("ROOT", time.Unix(1600000000, 0))
	far := time.Date(9000, 1, 2, 3, 4, 5, 0, time.UTC)
	k := spec.Root.Add("Software").Add("Sysinternals").Add("PsExec")
	k.Set("EulaAccepted", regf.DWord(1))
	k.Written = far
	b := spec.Build()
	ft := uint64(far.Unix()+11644473600) * 1e7
	n := strings.Index(string(b), string(binary.LittleEndian.AppendUint64(nil, ft)))
	if n < 0 {
		t.Fatal("the key's time is not there")
	}
	binary.LittleEndian.PutUint64(b[n:], 1<<63)
	dir := filepath.Join(t.TempDir(), "Users", "x")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "NTUSER.DAT"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := runArgs(t, "dump", "--format", "jsonl", filepath.Dir(filepath.Dir(dir)))
	if code != exitDamaged || !strings.Contains(stdout, `"tool":"PsExec"`) || !strings.Contains(stderr, "0x8000000000000000") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestEmptyHive reads a hive of no bytes where a live one must be: it is named.
func TestEmptyHive(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "Users", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Users", "x", "NTUSER.DAT"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := runArgs(t, "timeline", dir); code != exitDamaged || !strings.Contains(stderr, "NTUSER.DAT") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
