package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExport writes a file out of an image, to a place of its own only, and keeps
// the image as it is.
func TestExport(t *testing.T) {
	for _, name := range []string{"mkfs.ntfs", "ntfscp"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "case")
	must(t, os.Mkdir(dir, 0o777))
	must(t, os.WriteFile(filepath.Join(tmp, "tool.exe"), []byte(strings.Repeat("MZ tool ", 1000)), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "a.img"), nil, 0o600))
	must(t, os.Truncate(filepath.Join(dir, "a.img"), 4<<20))
	tool(t, dir, "mkfs.ntfs", "-F", "-Q", "-q", "a.img")
	tool(t, dir, "ntfscp", "-f", "a.img", filepath.Join(tmp, "tool.exe"), "tool.exe")
	before := listing(t, dir)
	img, out := filepath.Join(dir, "a.img"), filepath.Join(tmp, "out.exe")

	want, _ := os.ReadFile(filepath.Join(tmp, "tool.exe"))
	hash := sha256.Sum256(want)
	sum := hex.EncodeToString(hash[:])
	stdout, stderr, code := runArgs(t, "export", img, `C:\tool.exe`, "-o", out)
	got, err := os.ReadFile(out)
	if code != exitOK || err != nil || string(got) != string(want) || !strings.Contains(stdout, sum) ||
		!strings.Contains(stdout, "in use by this file") {
		t.Errorf("exit %d, %v: %s%s", code, err, stdout, stderr)
	}
	stdout, stderr, code = runArgs(t, "export", img, "tool.exe", "-o", "-")
	if code != exitOK || stdout != string(want) || !strings.Contains(stderr, sum) {
		t.Errorf("to standard output: exit %d, %d bytes: %s", code, len(stdout), stderr)
	}
	stdout, _, code = runArgs(t, "export", "--format", "jsonl", img, "tool.exe")
	if code != exitOK || !strings.Contains(stdout, `"sha256":"`+sum) {
		t.Errorf("the report alone: exit %d: %s", code, stdout)
	}
	stdout, stderr, code = runArgs(t, "dump", "-a", "mft", "--format", "bodyfile", img)
	if code != exitOK || !strings.Contains(stdout, "0|/tool.exe ($FILE_NAME)|64-48-") ||
		!strings.Contains(stdout, "|r/rrwxrwxrwx|0|0|8000|") || !strings.Contains(stderr, "no Windows on it") {
		t.Errorf("the body file: exit %d: %s%s", code, stdout, stderr)
	}
	for _, x := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{img, "tool.exe", "-o", filepath.Join(dir, "x.exe")}, exitFailed, "never written to"},
		{[]string{img, "tool.exe", "--force", "-o", img}, exitFailed, "never written to"},
		{[]string{"--deleted", img, "-o", filepath.Join(dir, "x")}, exitFailed, "never written to"},
		{[]string{"--deleted", img}, exitUsage, "-o FOLDER"},
		{[]string{img, "tool.exe", "-o", out}, exitFailed, "--force"},
		{[]string{img, `\none.exe`}, exitFailed, "no file record"},
		{[]string{img}, exitUsage, "usage: "},
		{[]string{"--volume", "7", img, "tool.exe"}, exitUsage, "no NTFS volume 7; known: 0 ("},
		{[]string{"--shadow", "vss1", img, "tool.exe"}, exitUsage, "no shadow copy"},
		{[]string{"--format", "xml", img, "tool.exe"}, exitUsage, "unknown format"},
		{[]string{filepath.Join(tmp, "none.img"), "tool.exe"}, exitFailed, "no such file"},
	} {
		if _, stderr, code := runArgs(t, append([]string{"export"}, x.args...)...); code != x.code || !strings.Contains(stderr, x.want) {
			t.Errorf("%q: exit %d: %s", x.args, code, stderr)
		}
	}
	after := listing(t, dir)
	if len(after) != 1 || after["a.img"] != before["a.img"] {
		t.Errorf("the folder of the image has changed: %d files", len(after))
	}
}
