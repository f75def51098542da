package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// A faulty file system counts its calls and fails one of them, once.
type faulty struct {
	mu    sync.Mutex
	n     int
	fail  int      // the number of the call that fails; 0 for none
	order []string // each call by number, from 1
	hit   string
}

var errFault = errors.New("input/output error of the test")

func (f *faulty) call(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	what := op + " " + name
	f.order = append(f.order, what)
	if f.n == f.fail {
		f.hit = what
		return &fs.PathError{Op: op, Path: name, Err: errFault}
	}
	return nil
}

func (f *faulty) wrap(fsys fs.FS) fs.FS { return faultyFS{fsys, f} }

type faultyFS struct {
	fs.FS
	f *faulty
}

func (f faultyFS) Open(name string) (fs.File, error) {
	if err := f.f.call("open", name); err != nil {
		return nil, err
	}
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return faultyFile{file, f.f, name}, nil
}

func (f faultyFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.f.call("readdir", name); err != nil {
		return nil, err
	}
	return fs.ReadDir(f.FS, name)
}

func (f faultyFS) Stat(name string) (fs.FileInfo, error) {
	if err := f.f.call("stat", name); err != nil {
		return nil, err
	}
	return fs.Stat(f.FS, name)
}

type faultyFile struct {
	fs.File
	f    *faulty
	name string
}

func (f faultyFile) Read(p []byte) (int, error) {
	if err := f.f.call("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f faultyFile) Stat() (fs.FileInfo, error) {
	if err := f.f.call("fstat", f.name); err != nil {
		return nil, err
	}
	return f.File.Stat()
}

// Each call to the file system of the evidence fails once, over every command
// that reads evidence: the command ends with 3 and names the file or folder.
// Only a root that cannot be listed may end it with 1, and with 0 it ends only
// when its output has every byte of the clean run: scan opens the evidence
// twice, and what fails while it plans is read again. The evidence has one reader:
// under the race detector a part of the calls is enough.
func TestFaults(t *testing.T) {
	testcost.Again(t)
	dir := t.TempDir()
	m := corpus.NewMachine().With("system", "software", "accounts", "runkeys", "tasks", "userassist", "hosts", "startupfolder")
	if err := m.Write(filepath.Join(dir, "volume")); err != nil {
		t.Fatal(err)
	}
	defer func() { wrapEvidence = nil }()
	command := func(f *faulty, args ...string) (code int, output, stderr string) {
		wrapEvidence = f.wrap
		var out, errs bytes.Buffer
		code = run(context.Background(), append([]string{"artifactdump"}, args...), &out, &errs)
		for _, name := range []string{"timeline.jsonl", "findings.jsonl", "coverage.jsonl"} {
			b, _ := os.ReadFile(filepath.Join(args[len(args)-2], name))
			out.Write(b)
		}
		if args[0] == "report" || args[0] == "view" {
			b, _ := os.ReadFile(args[len(args)-2])
			out.Write(b)
		}
		return code, out.String(), errs.String()
	}
	n := 0
	for _, args := range [][]string{
		{"timeline", "--jobs", "1"}, {"dump", "--jobs", "1"}, {"findings", "--jobs", "1"},
		{"report", "--jobs", "1", "-o", "report.html"}, {"view", "--jobs", "1", "-o", "viewer.html"}, {"scan", "--jobs", "1", "-o", "case"},
	} {
		t.Run(args[0], func(t *testing.T) {
			argv := func() []string {
				n++
				a := append([]string{}, args...)
				if a[len(a)-2] == "-o" {
					a[len(a)-1] = filepath.Join(dir, fmt.Sprint(n, a[len(a)-1]))
				}
				return append(a, filepath.Join(dir, "volume"))
			}
			clean := &faulty{}
			code, whole, stderr := command(clean, argv()...)
			if code != exitOK || len(whole) < 1000 {
				t.Fatalf("exit %d without a fault, %d bytes: %s", code, len(whole), stderr)
			}
			t.Logf("%d calls", clean.n)
			seen := map[string]int{}
			tried := 0
			var faults []int // which call fails
			for i, what := range clean.order {
				// The first calls of a kind are not the same code as later ones; a file that is read in a hundred pieces is.
				if seen[what]++; seen[what] > 3 {
					continue
				}
				faults = append(faults, i)
			}
			for _, i := range testcost.Sample(faults, 19) {
				tried++
				f := &faulty{fail: i + 1}
				code, output, stderr := command(f, argv()...)
				op, name, _ := strings.Cut(f.hit, " ")
				switch {
				case code == exitFailed && name == "." && strings.Contains(stderr, errFault.Error()):
				case code == exitOK && output == whole:
				case code != exitDamaged:
					t.Errorf("call %d, %s: exit %d, the output differs: %s\n%s", i+1, f.hit, code, differs(whole, output), stderr)
				case !strings.Contains(stderr, path.Base(name)) || !strings.Contains(stderr, errFault.Error()):
					t.Errorf("call %d, %s %s: not named:\n%s", i+1, op, name, stderr)
				}
			}
			t.Logf("%d faults", tried)
		})
	}
}

// differs shows the first line that is not the same.
func differs(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n- %.600s\n+ %.600s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, %d wanted", len(g), len(w))
}
