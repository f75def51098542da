package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// A chooseFn chooses among the cases of one machine as fleet does, and emits the
// observations of the chosen one by their keys.
type chooseFn struct{}

// ProcessElement implements the function.
func (*chooseFn) ProcessElement(
	ctx context.Context, id string, cases func(*string) bool, seen func(key, line string), failed func(string),
) error {
	var scans []*fleet.Machine
	var dir string
	for cases(&dir) {
		list, err := fleet.Machines(ctx, dir)
		if err != nil && len(list) == 0 {
			failed(errorLine(dir, err))
		}
		for _, m := range list {
			if m.ID == id {
				scans = append(scans, m)
			}
		}
	}
	if len(scans) == 0 {
		return nil
	}
	used := fleet.Newest(scans)
	if err := eachLine(filepath.Join(used.Case, observations.FileName), seen); err != nil {
		failed(errorLine(used.Case, err))
	}
	return nil
}

func eachLine(name string, seen func(key, line string)) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 64<<10)
	var o observations.Observation
	for s.Scan() {
		if err := o.Parse(s.Bytes()); err != nil {
			return err
		}
		seen(o.Kind+"\x00"+o.Key, s.Text())
	}
	return s.Err()
}

// A groupFn joins the observations of one key, in the order of machines.
type groupFn struct{}

// ProcessElement implements the function.
func (*groupFn) ProcessElement(_ string, lines func(*string) bool, emit func(string)) {
	var list []string
	var line string
	for lines(&line) {
		list = append(list, line)
	}
	slices.Sort(list) // kind and key are the same in all of them, the machine follows
	emit(strings.Join(list, "\n"))
}

// An observationsFn writes all groups into one sorted file.
type observationsFn struct{ Dir string }

// ProcessElement implements the function.
func (f *observationsFn) ProcessElement(ctx context.Context, _ int, groups func(*string) bool) error {
	return whole(f.Dir, observationsFile, func(name string) error {
		return fleet.WriteSorted(ctx, name, each(groups))
	})
}

// each yields the lines of groups.
func each(groups func(*string) bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var group string
		for groups(&group) {
			for line := range strings.SplitSeq(group, "\n") {
				if !yield(line, nil) {
					return
				}
			}
		}
	}
}

// A linesFn writes lines into one sorted file.
type linesFn struct{ Dir, Name string }

// ProcessElement implements the function.
func (f *linesFn) ProcessElement(_ context.Context, _ int, lines func(*string) bool) error {
	var list []string
	var line string
	for lines(&line) {
		list = append(list, line)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return whole(f.Dir, f.Name, func(name string) error {
		return os.WriteFile(name, []byte(strings.Join(list, "\n")+"\n"), 0o600)
	})
}

// whole writes a file under a name of its own, and renames it: an engine may try
// again while an attempt is under way.
func whole(dir, name string, write func(name string) error) error {
	tmp, err := os.MkdirTemp(dir, "attempt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := write(filepath.Join(tmp, name)); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name))
}

// readLines reads a file of lines, which is not there when there were none.
func readLines(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return strings.FieldsFunc(string(b), func(c rune) bool { return c == '\n' }), err
}

func readErrors(name string) ([]fleet.CaseError, error) {
	list, err := readLines(name)
	if err != nil {
		return nil, err
	}
	var out []fleet.CaseError
	for _, line := range list {
		var e fleet.CaseError
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// version is that of this program.
func version() string {
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "(devel)"
}
