package arguments

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Tables adds the statements in files of a user to the tables that ship.
func Tables(names []string) (*findings.Tables, error) {
	t := findings.ShippedTables()
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("--rules: %w", err)
		}
		t, err = t.Extend(name, f)
		f.Close()
		if err != nil {
			return nil, usage.Of(err)
		}
	}
	return t, nil
}

// sigmaStatuses are the statuses of the specification of Sigma, and all of them but the
// last two.
var sigmaStatuses = []string{"all", "stable", "test", "experimental", "deprecated", "unsupported"}

// Sigma loads the Sigma rules in paths; nil where there are none. statuses is a list,
// and placeholders the name of a file.
func Sigma(paths []string, statuses, placeholders string) (*sigma.Set, error) {
	opts := &sigma.Options{}
	for s := range strings.SplitSeq(strings.ToLower(statuses), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if !slices.Contains(sigmaStatuses, s) {
			return nil, usage.Errorf("--sigma-status: unknown %q; known: %s", s, strings.Join(sigmaStatuses, ", "))
		}
		opts.Statuses = append(opts.Statuses, s)
	}
	if len(paths) == 0 {
		return nil, nil
	}
	if placeholders != "" {
		f, err := os.Open(placeholders)
		if err == nil {
			opts.Placeholders, err = readPlaceholders(f)
			f.Close()
		}
		if err != nil {
			return nil, fmt.Errorf("--sigma-placeholders: %w", err)
		}
	}
	set, err := sigma.Load(paths, opts)
	if err != nil {
		return nil, fmt.Errorf("--sigma: %w", err)
	}
	return set, nil
}

// readPlaceholders reads lines of a name and its values.
func readPlaceholders(r io.Reader) (map[string][]string, error) {
	out := map[string][]string{}
	in := bufio.NewScanner(r)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, rest, _ := strings.Cut(line, " ")
		key = strings.Trim(key, "%")
		for v := range strings.SplitSeq(rest, ",") {
			if v = strings.TrimSpace(v); v != "" {
				out[key] = append(out[key], v)
			}
		}
	}
	return out, in.Err()
}

// Marks reads files with the marks of analysts.
func Marks(names []string) ([]report.Mark, error) {
	var all []io.Reader
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err == nil {
			_, err = report.ReadMarks(bytes.NewReader(b))
		}
		if err != nil {
			return nil, usage.Errorf("--marks %s: %v", name, err)
		}
		all = append(all, bytes.NewReader(b), strings.NewReader("\n"))
	}
	return report.ReadMarks(io.MultiReader(all...))
}
