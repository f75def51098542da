package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/verify"
	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestMain makes the test binary a witness when verify starts it as one, and the
// program itself for tests that need a process.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "witness" {
		os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
	}
	if os.Getenv(childEnv) != "" {
		beChild()
	}
	code := m.Run()
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// childEnv makes the test binary the program itself.
const childEnv = "ARTIFACTDUMP_TEST_CHILD"

// verifyAll runs verify and returns its verdicts.
func verifyAll(t *testing.T, path string) []verify.Verdict {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"artifactdump", "verify", "--format", "jsonl", path}, &stdout, &stderr)
	if code == exitFailed || code == exitUsage {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	var out []verify.Verdict
	sc := bufio.NewScanner(&stdout)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var v verify.Verdict
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func TestVerifyIncident(t *testing.T) {
	agreed := 0
	for _, v := range verifyAll(t, "../../corpus/files/incident") {
		agreed += v.Agreed
		for _, d := range v.Unexplained {
			t.Errorf("%s: unexplained %+v", v.Path, d)
		}
	}
	if agreed < 1000 {
		t.Errorf("only %d fields agreed", agreed)
	}
}

// TestVerifyEvidence ends with nothing unexplained over all real evidence, and
// survives the files on which the witness dies.
func TestVerifyEvidence(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	if testing.Short() {
		t.Skip("the witness takes its time")
	}
	for _, sub := range []string{"prefetch", "hives", "evtx", "sigma", "images/win10-composed", "images/win7-composed", "images/server2022-attacked"} {
		t.Run(sub, func(t *testing.T) {
			files, agreed, known, alone := 0, 0, 0, 0
			for _, v := range verifyAll(t, filepath.Join(dir, filepath.FromSlash(sub))) {
				files++
				agreed += v.Agreed
				known += v.Divergences()
				if v.Witness != "" {
					alone++
				}
				for _, d := range v.Unexplained {
					t.Errorf("%s: unexplained %+v", v.Path, d)
				}
			}
			if files == 0 || agreed == 0 {
				t.Error("nothing was compared")
			}
			t.Logf("%d files, %d fields agreed, %d known divergences, %d without a witness", files, agreed, known, alone)
		})
	}
}

// TestVerifyVolumes ends with nothing unexplained over every $MFT of the evidence.
func TestVerifyVolumes(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	tables, err := filepath.Glob(filepath.Join(dir, "ntfs", "mft", "*.mft.gz"))
	if err != nil || len(tables) == 0 {
		t.Fatal("no $MFT in the evidence")
	}
	agreed, known := 0, 0
	for _, name := range testcost.Sample(tables, 4) {
		folder := t.TempDir()
		must(t, os.WriteFile(filepath.Join(folder, "$MFT"), unpacked(t, name), 0o600))
		for _, v := range verifyAll(t, folder) {
			agreed += v.Agreed
			known += v.Divergences()
			if v.Kind != "mft" || v.Differences() > 0 || v.Witness != "" {
				t.Errorf("%s: %s, %q, unexplained %+v", filepath.Base(name), v.Kind, v.Witness, v.Unexplained)
			}
		}
	}
	if t.Logf("%d fields agreed, %d known divergences", agreed, known); agreed == 0 || !testcost.Samples() && (agreed < 300_000 || known == 0) {
		t.Error("too few to mean anything")
	}
}

// TestVerifyDamaged reads a Prefetch file that nobody can read, and one that
// is damaged inside: both are named, and the exit code says so.
func TestVerifyDamaged(t *testing.T) {
	spec := scca.Sample(30, 0)
	whole := spec.Build()
	cut := slices.Clone(whole[:len(whole)/2])
	for name, b := range map[string][]byte{"whole": whole, "cut": cut, "no Prefetch file": []byte("MAM\x04\xFF\xFF\x00\x00 this is no LZ77")} {
		dir := filepath.Join(t.TempDir(), "Windows", "Prefetch")
		if err := os.MkdirAll(filepath.Join(filepath.Dir(dir), "System32"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "BROKEN.EXE-12345678.pf"), b, 0o666); err != nil {
			t.Fatal(err)
		}
		_, stderr, code := runArgs(t, "verify", filepath.Dir(filepath.Dir(dir)))
		want := exitDamaged
		if name == "whole" {
			want = exitOK
		}
		if code != want || strings.Contains(stderr, "damaged: ") != (want == exitDamaged) || want == exitDamaged && !strings.Contains(stderr, "BROKEN.EXE-12345678.pf") {
			t.Errorf("%s: exit %d, want %d: %s", name, code, want, stderr)
		}
	}
}
