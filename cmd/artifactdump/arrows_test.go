package main

import (
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/artifactdump/artifactdump/"

// TestArrows holds the packages to the picture of docs/design.md.
func TestArrows(t *testing.T) {
	// What each package may import of ours, directly or not; a prefix with a slash
	// stands for all below it. A package without a row fails.
	join := func(lists ...[]string) []string { return slices.Concat(lists...) }
	corpus := []string{"corpus", "corpus/", "prefetch/xpress"}
	evidence := []string{"hive", "prefetch/xpress", "artifacts/winpath", "artifacts/evidence", "artifacts/evidence/", "artifacts/formats/eventjson", "artifacts/formats/ntfs", "artifacts/formats/wire"}
	engine := join(evidence, []string{"artifacts"})
	chapter := join(engine, []string{"prefetch", "prefetch/", "artifacts/formats/", "artifacts/internal/databases", "artifacts/internal/jsontext", "artifacts/internal/ranfiles", "artifacts/internal/websites"})
	chapters := []string{"artifacts/execution", "artifacts/persistence", "artifacts/communication", "artifacts/browser", "artifacts/activity", "artifacts/system", "artifacts/events", "artifacts/filesystem"}
	above := join(chapter, chapters, []string{"artifacts/catalogue"})
	format := []string{"artifacts/formats/wire"}
	onSQLite := join(format, []string{"artifacts/formats/sqlitedb"})
	onESE := join(format, []string{"artifacts/formats/ese", "prefetch/xpress"})
	const own = "cmd/artifactdump/internal/"
	library := []string{"hive", "prefetch", "prefetch/", "artifacts", "artifacts/"}
	reading := join(library, []string{own + "usage", own + "shell", own + "arguments", own + "terminal", own + "damage", own + "messages"})
	allowed := map[string][]string{
		"prefetch/xpress": {},
		"prefetch":        {"prefetch/xpress"},
		"hive":            {},

		"corpus/testcost": {},

		"artifacts/winpath":           {},
		"artifacts/formats/wire":      {},
		"artifacts/formats/appcompat": format,
		"artifacts/formats/lnk":       join(format, []string{"artifacts/formats/shellitem"}),
		"artifacts/formats/ntfs":      join(format, []string{"prefetch/xpress"}),
		"artifacts/formats/shellitem": format,
		"artifacts/formats/taskblob":  format,
		"artifacts/formats/textfile":  format,

		"artifacts/formats/evtx":            format,
		"artifacts/formats/ese":             join(format, []string{"prefetch/xpress"}),
		"artifacts/formats/srum":            onESE,
		"artifacts/formats/ual":             onESE,
		"artifacts/formats/searchitem":      {},
		"artifacts/formats/searchindex":     join(onESE, []string{"artifacts/formats/searchitem"}),
		"artifacts/formats/webcache":        onESE,
		"artifacts/formats/wmi":             format,
		"artifacts/formats/sqlitedb":        format,
		"artifacts/formats/sqlitedb/oracle": {},
		"artifacts/formats/activities":      onSQLite,
		"artifacts/formats/browser":         onSQLite,
		"artifacts/formats/notifications":   onSQLite,
		"artifacts/formats/searchdb":        join(onSQLite, []string{"artifacts/formats/searchitem"}),
		"artifacts/formats/cfb":             format,
		"artifacts/formats/jumplist":        join(format, []string{"artifacts/formats/cfb", "artifacts/formats/lnk", "artifacts/formats/shellitem"}),
		"artifacts/formats/bits":            format,
		"artifacts/formats/defender":        format,
		"artifacts/formats/cit":             join(format, []string{"prefetch/xpress"}),
		"artifacts/formats/openssh":         {},
		"artifacts/formats/rdpcache":        format,
		"artifacts/formats/eventjson":       format,
		"artifacts/formats/regpol":          format,
		"artifacts/formats/setupapi":        format,
		"artifacts/formats/startupinfo":     format,
		"artifacts/formats/tabstate":        format,

		"artifacts/evidence/collect":   {"artifacts/formats/eventjson", "artifacts/formats/ntfs", "prefetch/xpress", "artifacts/formats/wire"},
		"artifacts/evidence/image":     {"artifacts/evidence/collect", "artifacts/evidence/image/vss", "artifacts/formats/eventjson", "artifacts/formats/ntfs", "prefetch/xpress", "artifacts/formats/wire"},
		"artifacts/evidence/image/vss": {},
		"artifacts/evidence":           evidence,

		"artifacts":                    engine,
		"artifacts/execution":          chapter,
		"artifacts/persistence":        chapter,
		"artifacts/communication":      chapter,
		"artifacts/browser":            chapter,
		"artifacts/activity":           chapter,
		"artifacts/system":             chapter,
		"artifacts/events":             chapter,
		"artifacts/filesystem":         chapter,
		"artifacts/catalogue":          join(chapter, chapters),
		"artifacts/catalogue/coverage": join(engine, []string{}),

		"artifacts/inspect":             {"artifacts/evidence/collect", "hive", "prefetch", "prefetch/", "artifacts/winpath", "artifacts/formats/"},
		"artifacts/moments":             join(chapter, []string{"artifacts/execution", "artifacts/persistence"}),
		"artifacts/logons":              join(chapter, []string{"artifacts/events"}),
		"artifacts/programs":            join(chapter, chapters, []string{"artifacts/logons"}),
		"artifacts/lists":               {"artifacts/winpath"},
		"artifacts/lists/rds":           {"artifacts/lists", "artifacts/winpath"},
		"artifacts/findings":            join(above, []string{"artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/programs"}),
		"artifacts/story":               join(above, []string{"artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/programs"}),
		"artifacts/findings/sigma":      {},
		"artifacts/output":              above,
		"artifacts/output/parquet":      join(above, []string{"artifacts/output"}),
		"artifacts/output/sqlite":       join(above, []string{"artifacts/output"}),
		"artifacts/output/files":        {},
		"artifacts/output/hivefile":     join(above, []string{"artifacts/output"}),
		"artifacts/output/pffile":       join(above, []string{"artifacts/output", "artifacts/output/files"}),
		"artifacts/export":              join(above, []string{"artifacts/output", "artifacts/output/files"}),
		"artifacts/collector":           join(engine, []string{"artifacts/output/files"}),
		"artifacts/sealed":              {},
		"artifacts/report":              join(above, []string{"artifacts/output", "artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/programs", "artifacts/story"}),
		"artifacts/search":              join(above, []string{"artifacts/output"}),
		"artifacts/search/recordsearch": join(above, []string{"artifacts/output", "artifacts/search"}),
		"artifacts/viewer":              join(above, []string{"artifacts/output", "artifacts/search", "artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/programs", "artifacts/story"}),
		"artifacts/explain":             join(above, []string{"artifacts/output", "artifacts/output/hivefile", "artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/programs"}),
		"artifacts/fleet/normal":        {"artifacts/winpath"},
		"artifacts/fleet/observations": join(above, []string{
			"artifacts/fleet/normal", "artifacts/output", "artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/programs",
		}),
		"artifacts/fleet": join(above, []string{
			"artifacts/fleet/", "artifacts/output", "artifacts/output/files", "artifacts/output/parquet", "artifacts/findings", "artifacts/findings/sigma",
			"artifacts/lists", "artifacts/logons", "artifacts/programs",
		}),
		"artifacts/scan": join(above, []string{
			"artifacts/fleet/normal", "artifacts/fleet/observations",
			"artifacts/output", "artifacts/output/files", "artifacts/output/hivefile", "artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/moments", "artifacts/report",
			"artifacts/explain", "artifacts/search", "artifacts/viewer", "artifacts/programs", "artifacts/story",
		}),

		"artifacts/casefile": join(above, []string{
			"artifacts/output", "artifacts/output/files", "artifacts/output/hivefile", "artifacts/findings", "artifacts/findings/sigma", "artifacts/lists", "artifacts/logons", "artifacts/moments", "artifacts/report",
			"artifacts/search", "artifacts/viewer", "artifacts/explain", "artifacts/scan", "artifacts/fleet/normal", "artifacts/fleet/observations", "artifacts/programs", "artifacts/story",
		}),

		"artifacts/internal/databases": join(engine, []string{"artifacts/formats/", "prefetch/xpress"}),

		"artifacts/internal/jsontext": {},
		"artifacts/internal/ranfiles": join(engine, []string{"prefetch", "prefetch/", "artifacts/formats/"}),
		"artifacts/internal/websites": engine,
		"artifacts/internal/testtree": join(engine, corpus),
		"artifacts/internal/casetest": join(above, corpus, []string{"artifacts/internal/testtree"}),

		"corpus":              {"prefetch/xpress", "corpus/"},
		"corpus/generate":     {"prefetch/xpress", "corpus", "corpus/"},
		"corpus/regf":         {},
		"corpus/evtx":         {},
		"corpus/ntfsmeta":     {},
		"corpus/esedb":        {},
		"corpus/wmirepo":      {},
		"corpus/sqlitefile":   {},
		"corpus/compound":     {},
		"corpus/destinations": {"corpus/compound"},
		"corpus/schtask":      {},
		"corpus/shelllink":    {},
		"corpus/vss":          {},
		"corpus/scca":         {"prefetch/xpress"},

		"cmd/artifactdump/internal/build":        {},
		"cmd/artifactdump/internal/process":      {},
		"cmd/artifactdump/internal/shell":        {},
		"cmd/artifactdump/internal/usage":        {},
		"cmd/artifactdump/internal/terminal":     join(above, []string{"artifacts/output"}),
		"cmd/artifactdump/internal/timespan":     join(above, []string{"artifacts/output"}),
		"cmd/artifactdump/internal/describe":     join(above, []string{"artifacts/output"}),
		"cmd/artifactdump/internal/damage":       engine,
		"cmd/artifactdump/internal/formats":      join(above, []string{"artifacts/output", "artifacts/output/", own + "usage"}),
		"cmd/artifactdump/internal/arguments":    join(library, []string{own + "shell", own + "usage"}),
		"cmd/artifactdump/internal/messages":     join(library, []string{own + "damage", own + "terminal"}),
		"cmd/artifactdump/internal/session":      reading,
		"cmd/artifactdump/internal/verify":       join(library, []string{own + "terminal"}),
		"cmd/artifactdump/internal/diffview":     library,
		"cmd/artifactdump/internal/collectview":  reading,
		"cmd/artifactdump/internal/explainview":  join(reading, []string{own + "session"}),
		"cmd/artifactdump/internal/exportview":   reading,
		"cmd/artifactdump/internal/findingview":  join(reading, []string{own + "session"}),
		"cmd/artifactdump/internal/hiveview":     reading,
		"cmd/artifactdump/internal/inspectview":  library,
		"cmd/artifactdump/internal/logonview":    join(reading, []string{own + "session", own + "timespan"}),
		"cmd/artifactdump/internal/pageview":     join(reading, []string{own + "session"}),
		"cmd/artifactdump/internal/programview":  join(reading, []string{own + "session"}),
		"cmd/artifactdump/internal/reportview":   join(reading, []string{own + "session", own + "timespan", own + "logonview", own + "findingview"}),
		"cmd/artifactdump/internal/scanview":     reading,
		"cmd/artifactdump/internal/searchview":   join(reading, []string{own + "session"}),
		"cmd/artifactdump/internal/sessiontest":  join(reading, []string{own + "session"}),
		"cmd/artifactdump/internal/timelineview": join(reading, []string{own + "session", own + "timespan"}),
		"cmd/artifactdump":                       {"hive", "prefetch", "prefetch/", "artifacts", "artifacts/", "corpus", "corpus/", "cmd/artifactdump/internal/"},
	}
	for pkg := range deps(t) {
		pkg = strings.TrimPrefix(pkg, module)
		if _, ok := allowed[pkg]; !ok {
			t.Errorf("%s has no row in this table", pkg)
		}
	}
	for pkg, may := range allowed {
		for _, dep := range ours(t, pkg) {
			if dep != pkg && !permitted(dep, may) {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}

// light are the modules that the core links: each has no dependencies of its
// own, and a reason.
var light = map[string]string{
	"github.com/klauspost/compress": "inflates images and archives 1.4 times as fast as the standard library, and reads Zstandard",
}

// TestLightPackages keeps the core importable at no cost: no module but ours,
// and those of the table. The formats that need a library have packages of
// their own.
func TestLightPackages(t *testing.T) {
	for _, pkg := range []string{"prefetch", "prefetch/xpress", "hive", "artifacts", "artifacts/catalogue", "artifacts/output"} {
		for _, dep := range deps(t)[module+pkg] {
			if strings.Contains(strings.SplitN(dep, "/", 2)[0], ".") && !strings.HasPrefix(dep, module) && light[moduleOf(dep)] == "" {
				t.Errorf("%s links %s", pkg, dep)
			}
		}
	}
}

// moduleOf is the module of a package on a forge: its first three components.
func moduleOf(dep string) string {
	parts := strings.SplitN(dep, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

func permitted(dep string, may []string) bool {
	for _, m := range may {
		if dep == m || strings.HasSuffix(m, "/") && strings.HasPrefix(dep, m) {
			return true
		}
	}
	return false
}

// listed holds what each package imports, directly or not.
var listed = sync.OnceValues(func() (map[string][]string, error) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Deps}} {{.}}{{end}}`, module+"...").Output()
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		names := strings.Fields(line)
		all[names[0]] = names[1:]
	}
	return all, err
})

func deps(t *testing.T) map[string][]string {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Skipf("go list does not run here: %v", err)
	}
	return all
}

func ours(t *testing.T, pkg string) []string {
	t.Helper()
	list, ok := deps(t)[module+pkg]
	if !ok {
		t.Errorf("%s has a row in the table and is no package", pkg)
	}
	var out []string
	for _, d := range list {
		if rest, ok := strings.CutPrefix(d, module); ok {
			out = append(out, rest)
		}
	}
	return out
}
