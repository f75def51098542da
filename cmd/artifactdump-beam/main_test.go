package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/memfs"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/corpus"
)

func TestMain(m *testing.M) {
	flag.Parse()
	beam.Init()
	os.Exit(m.Run())
}

// parsed is what a command line gives.
func parsed(t *testing.T, args ...string) *options {
	t.Helper()
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	o := flags(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

// results are the files of a comparison but its manifest.
func results(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range list {
		if e.Name() == fleet.ManifestName {
			continue
		}
		if out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestPrism scans and compares machines on the embedded runner, and wants the
// bytes of the plain comparison. ARTIFACTDUMP_BEAM_MACHINES sets their number.
func TestPrism(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("ARTIFACTDUMP_BEAM_MACHINES"))
	dir := t.TempDir()
	var paths []string
	for _, m := range corpus.Fleet(max(n, 10), 1) {
		p := filepath.Join(dir, "evidence", m.Name)
		if err := m.Write(p); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	// What cannot be scanned is a row, and the rest is compared.
	for name, data := range map[string]string{"WREN-empty.zip": "", "WREN-damaged.zip": "PK\x03\x04" + strings.Repeat("\xff", 500)} {
		if err := os.WriteFile(filepath.Join(dir, "evidence", name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cases, first := filepath.Join(dir, "out", "cases"), filepath.Join(dir, "out", "first")
	o := parsed(t, "--evidence", filepath.Join(dir, "evidence", "WREN-*"), "-o", first, "--cases", cases)
	if err := o.run(t.Context()); !errors.Is(err, errDamaged) {
		t.Fatalf("with two damaged files: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(first, fleet.ManifestName))
	if err != nil || bytes.Count(b, []byte("WREN-empty.zip")) == 0 || bytes.Count(b, []byte("WREN-damaged.zip")) == 0 {
		t.Errorf("the damaged files are not in the manifest: %v", err)
	}

	// Again, without them: the cases are used again.
	var made []string
	var times []int64
	for _, p := range paths {
		c := filepath.Join(cases, caseName(p))
		st, err := os.Stat(filepath.Join(c, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		made, times = append(made, c), append(times, st.ModTime().UnixNano())
	}
	listed := filepath.Join(dir, "paths.txt")
	if err := os.WriteFile(listed, []byte(strings.Join(paths, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(dir, "out", "second")
	if err := parsed(t, "--list", listed, "-o", second, "--cases", cases).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, c := range made {
		if st, err := os.Stat(filepath.Join(c, "manifest.json")); err != nil || st.ModTime().UnixNano() != times[i] {
			t.Errorf("%s was scanned again: %v", c, err)
		}
	}
	plain := filepath.Join(dir, "out", "plain")
	slices.Reverse(made)
	if _, err := fleet.Run(context.Background(), fleet.Options{Cases: made, Dir: plain, Version: version()}); err != nil {
		t.Fatal(err)
	}
	want := results(t, plain)
	for run, got := range map[string]map[string][]byte{"first": results(t, first), "second": results(t, second)} {
		for name, b := range want {
			if run == "first" && name == "fleet.html" {
				continue // it names the damaged files
			}
			if !bytes.Equal(got[name], b) {
				t.Errorf("%s: %s differs from that of the plain comparison", run, name)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "out", "*partial*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestRemote scans evidence of a file system that only reads streams.
func TestRemote(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	fs, err := filesystem.New(ctx, "memfs://bucket/pc1/SYSTEM")
	if err != nil {
		t.Fatal(err)
	}
	hive := corpus.Fleet(10, 1)[0].Files()["Windows/System32/config/SYSTEM"]
	if err := filesystem.Write(ctx, fs, "memfs://bucket/pc1/SYSTEM", hive); err != nil {
		t.Fatal(err)
	}
	scratch := filepath.Join(dir, "scratch")
	o := parsed(t, "--evidence", "memfs://bucket/*/SYSTEM", "-o", filepath.Join(dir, "fleet"), "--scratch", scratch)
	if err := o.run(ctx); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(scratch); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	f := &scanFn{Cases: filepath.Join(dir, "cases"), Scratch: scratch, Seconds: 60, MaxBytes: 10}
	if err := f.scan(ctx, "memfs://bucket/pc1/SYSTEM", filepath.Join(dir, "cases", "x")); err == nil || !strings.Contains(err.Error(), "--max-bytes") {
		t.Errorf("a file larger than allowed: %v", err)
	}
}

// TestRunners names the runners of clusters: each is linked, and asks for what it needs. A job that cannot begin leaves nothing behind.
func TestRunners(t *testing.T) {
	defer func(runner, endpoint string) { *runners.Runner, *jobopts.Endpoint = runner, endpoint }(*runners.Runner, *jobopts.Endpoint)
	*jobopts.Endpoint = "" // prism sets it to its own
	dir := t.TempDir()
	for name, says := range map[string]string{
		"flink": "--endpoint", "spark": "--endpoint", "universal": "--endpoint", "portable": "--endpoint", "dataflow": "--project",
		"nothing": "unknown runner",
	} {
		*runners.Runner = name
		err := parsed(t, "--evidence", filepath.Join(t.TempDir(), "*"), "-o", filepath.Join(dir, "fleet")).run(t.Context())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
	// A job service that nobody runs: the port of a listener that is closed.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	for _, name := range []string{"flink", "spark", "universal", "portable"} {
		*runners.Runner, *jobopts.Endpoint = name, closed
		err := parsed(t, "--evidence", filepath.Join(t.TempDir(), "*"), "-o", filepath.Join(dir, "fleet")).run(t.Context())
		var usage *fleet.OptionError
		if err == nil || errors.As(err, &usage) || errors.Is(err, errDamaged) || !strings.Contains(err.Error(), "cannot be reached (--endpoint "+closed) {
			t.Errorf("%s without its job service: %v", name, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestFailure scans a machine for which no time is left, and one on which the scan panics: each is a row of errors.
func TestFailure(t *testing.T) {
	f := &scanFn{Cases: t.TempDir(), Seconds: -1} // a time that is over before the scan begins
	var rows []string
	err := f.ProcessElement(t.Context(), t.TempDir(), func(string, string) { t.Error("a machine") }, func(string) { t.Error("a case") },
		func(row string) { rows = append(rows, row) })
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0], `"error":`) {
		t.Errorf("%q, %v", rows, err)
	}
	f = nil // what no check foresees
	if err := f.scan(t.Context(), "x", "y"); err == nil || !strings.Contains(err.Error(), "panic: ") {
		t.Errorf("a panic: %v", err)
	}
}

// TestUsage refuses mistakes before a job begins.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"--evidence", "x"}, {"-o", filepath.Join(dir, "f")}, {"--evidence", "x", "--list", "y", "-o", filepath.Join(dir, "f")},
		{"--evidence", "x", "-o", dir}, {"--evidence", "x", "-o", filepath.Join(dir, "f"), "--format", "nothing"},
	} {
		if err := parsed(t, args...).run(t.Context()); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
