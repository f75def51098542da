package judging

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/lists/rds"
)

// A FlagError is a mistake in the value of a flag.
type FlagError struct{ Text string }

func (e *FlagError) Error() string { return e.Text }

// ListFlags are for commands that compare with lists.
func ListFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "iocs", Usage: "compare with the indicators in `FILE`: one a line, CSV, STIX, MISP (repeatable)"},
		&cli.StringSliceFlag{Name: "hashes",
			Usage: "compare with the hashes of `ROLE=FILE`: bad=FILE, or good=FILE for known files (repeatable)"},
		&cli.StringFlag{Name: "iocs-level", Value: "high", Usage: "`LEVEL` of hits on entries of lists that state none"},
	}
}

// Listed reports whether the flags name a list.
func Listed(c *cli.Context) bool { return len(c.StringSlice("iocs"))+len(c.StringSlice("hashes")) > 0 }

// Lists reads the lists that the flags name; nil when they name none. What is not
// used of them goes to note, with file and line.
func Lists(c *cli.Context, note func(format string, args ...any)) (*lists.Set, error) {
	if !Listed(c) {
		return nil, nil
	}
	set := &lists.Set{Level: strings.ToLower(c.String("iocs-level"))}
	if _, ok := findings.ParseLevel(set.Level); !ok {
		return nil, &FlagError{fmt.Sprintf("--iocs-level: unknown level %q; known: %s", set.Level, strings.Join(findings.Levels(), ", "))}
	}
	type file struct {
		flag, path string
		role       lists.Role
	}
	var list []file
	for _, path := range c.StringSlice("iocs") {
		list = append(list, file{"--iocs", path, lists.Indicators})
	}
	for _, v := range c.StringSlice("hashes") {
		role, path, ok := strings.Cut(v, "=")
		if !ok || path == "" || !slices.Contains([]lists.Role{lists.Bad, lists.Good}, lists.Role(role)) {
			return nil, &FlagError{fmt.Sprintf("--hashes %q: want bad=FILE or good=FILE", v)}
		}
		list = append(list, file{"--hashes", path, lists.Role(role)})
	}
	for _, f := range list {
		if err := set.Add(f.path, f.role, &lists.Options{SQLite: rds.Open}); err != nil {
			set.Close()
			return nil, fmt.Errorf("%s: %w", f.flag, err)
		}
		l := set.Lists[len(set.Lists)-1]
		for _, p := range l.Problems {
			note("%s: %s", f.path, p)
		}
		if n := l.Skipped - len(l.Problems); n > 0 {
			note("%s: %d more that are not used", f.path, n)
		}
	}
	set.Prepare()
	return set, nil
}
