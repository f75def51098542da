package arguments

import (
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/lists/rds"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Lists reads lists of indicators and of hashes; nil where there are none. level is
// that of hits on entries that state none. What is not used of the lists goes to
// note, with file and line.
func Lists(iocs, hashes []string, level string, note func(format string, args ...any)) (*lists.Set, error) {
	set := &lists.Set{Level: strings.ToLower(level)}
	if _, ok := findings.ParseLevel(set.Level); !ok && (level != "" || len(iocs)+len(hashes) > 0) {
		return nil, usage.Errorf("--iocs-level: unknown level %q; known: %s", set.Level, strings.Join(findings.Levels(), ", "))
	}
	if len(iocs)+len(hashes) == 0 {
		return nil, nil
	}
	type file struct {
		flag, path string
		role       lists.Role
	}
	var list []file
	for _, path := range iocs {
		list = append(list, file{"--iocs", path, lists.Indicators})
	}
	for _, v := range hashes {
		role, path, ok := strings.Cut(v, "=")
		if !ok || path == "" || !slices.Contains([]lists.Role{lists.Bad, lists.Good}, lists.Role(role)) {
			return nil, usage.Errorf("--hashes %q: want bad=FILE or good=FILE", v)
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
