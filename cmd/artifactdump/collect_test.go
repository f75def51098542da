package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	agelib "filippo.io/age"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestCollect writes a collection to a file and to standard output, never into the evidence, and scans it.
func TestCollect(t *testing.T) {
	testcost.Again(t)
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "machine")
	must(t, corpus.Incident().Write(dir))
	before := listing(t, dir)
	zip := filepath.Join(tmp, "host.zip")

	_, stderr, code := runArgs(t, "collect", dir, "-o", zip)
	if code != exitOK || !strings.Contains(stderr, "SHA-256 of the manifest: ") || !strings.Contains(stderr, " 0 in part") {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	stdout, _, code := runArgs(t, "collect", "-q", dir, "-o", "-")
	if code != exitOK || !strings.HasPrefix(stdout, "PK\x03\x04") {
		t.Errorf("to standard output: exit %d, %d bytes", code, len(stdout))
	}
	want, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", dir)
	got, _, code := runArgs(t, "timeline", "-q", "--format", "jsonl", zip)
	if code != exitOK || got != want || len(want) < 10_000 {
		t.Errorf("timeline of the collection: exit %d, %d bytes, want %d", code, len(got), len(want))
	}

	for _, c := range []struct {
		args []string
		says string
		code int
	}{
		{[]string{"collect", dir}, "missing -o HOST.zip", exitUsage},
		{[]string{"collect", dir, "-o", zip}, "use --force", exitFailed},
		{[]string{"collect", dir, "-o", filepath.Join(dir, "x.zip")}, "inside the evidence", exitFailed},
		{[]string{"collect", dir, "-o", zip, "--force", "--max-file", "2X"}, "give a number of bytes", exitUsage},
		{[]string{"collect", dir, "-o", zip, "--force", "--max-file", "4K"}, "cut: 4096 of ", exitDamaged},
	} {
		_, stderr, code := runArgs(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, want %d with %q: %s", c.args[1:], code, c.code, c.says, stderr)
		}
	}
	stdout, _, code = runArgs(t, "collect", "--dry-run", "-a", "prefetch", dir)
	if code != exitOK || !strings.Contains(stdout, `C:\Windows\Prefetch\`) {
		t.Errorf("dry run: exit %d: %s", code, stdout)
	}
	if !maps.Equal(listing(t, dir), before) {
		t.Error("the evidence changed")
	}
	if _, err := os.Stat(zip); err != nil {
		t.Error(err)
	}
}

// TestCollectEncrypted encrypts a collection, and reads it in place with the secret key.
func TestCollectEncrypted(t *testing.T) {
	testcost.Again(t)
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "machine")
	must(t, corpus.Incident().Write(dir))
	id, err := agelib.GenerateX25519Identity()
	must(t, err)
	key := filepath.Join(tmp, "key.txt")
	must(t, os.WriteFile(key, []byte(id.String()+"\n"), 0o600))
	out := filepath.Join(tmp, "host.zip")

	_, stderr, code := runArgs(t, "collect", dir, "-o", out, "--recipient", id.Recipient().String())
	if code != exitOK || !strings.Contains(stderr, "written to "+out+".age") {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	sum, err := files.SHA256(t.Context(), out+".age")
	must(t, err)
	if !strings.Contains(stderr, "SHA-256 of the zip: "+sum) {
		t.Errorf("the file has SHA-256 %s: %s", sum, stderr)
	}
	b, err := os.ReadFile(out + ".age")
	must(t, err)
	if !bytes.HasPrefix(b, []byte("age-encryption.org/v1\n")) || bytes.Contains(b, []byte("uploads")) {
		t.Errorf("%q…", b[:min(len(b), 200)])
	}
	want, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", dir)
	got, stderr, code := runArgs(t, "timeline", "-q", "--format", "jsonl", "--identity", key, out+".age")
	if code != exitOK || got != want || len(want) < 10_000 {
		t.Errorf("timeline: exit %d, %d bytes, want %d: %s", code, len(got), len(want), stderr)
	}
	_, stderr, code = runArgs(t, "scan", "-q", "--identity", key, out+".age", "-o", filepath.Join(tmp, "case"))
	if code != exitOK {
		t.Errorf("scan: exit %d: %s", code, stderr)
	}
	for _, c := range []struct {
		args []string
		says string
		code int
	}{
		{[]string{"timeline", out + ".age"}, "--identity FILE", exitFailed},
		{[]string{"timeline", out + ".age", "--identity", filepath.Join(tmp, "none")}, "none", exitFailed},
		{[]string{"timeline", out + ".age", "--password", "x"}, "no key that was given opens it", exitFailed},
		{[]string{"collect", dir, "-o", out, "--recipient", "age1x"}, "age1x", exitUsage},
		{[]string{"collect", dir, "-o", out, "--recipient", id.String()}, "secret key", exitUsage},
		{[]string{"collect", dir, "-o", out, "--force", "--resume"}, "mutually exclusive", exitUsage},
		{[]string{"collect", dir, "-o", out, "--resume", "--recipient", id.Recipient().String()}, "use --force", exitFailed},
	} {
		_, stderr, code := runArgs(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, want %d with %q: %s", c.args, code, c.code, c.says, stderr)
		}
	}
	// What others wrote, and what others read, where age is there.
	if _, err := exec.LookPath("age"); err != nil {
		t.Skip("age is not here")
	}
	plain := filepath.Join(tmp, "plain.zip")
	if out, err := exec.Command("age", "-d", "-i", key, "-o", plain, out+".age").CombinedOutput(); err != nil {
		t.Fatalf("age: %v: %s", err, out)
	}
	if got, _, code := runArgs(t, "timeline", "-q", "--format", "jsonl", plain); code != exitOK || got != want {
		t.Errorf("decrypted by age: exit %d, %d bytes", code, len(got))
	}
}
