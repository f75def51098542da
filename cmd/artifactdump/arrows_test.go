package main

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/artifactdump/artifactdump/"

// TestArrows holds the packages to the picture of docs/design.md.
func TestArrows(t *testing.T) {
	// What each package may import of ours; a prefix with a slash stands for
	// all below it.
	// The formats below artifacts that several artifacts share.
	formats := []string{"artifacts/winpath", "artifacts/formats/"}
	allowed := map[string][]string{
		"prefetch/xpress":              {},
		"prefetch":                     {"prefetch/xpress"},
		"hive":                         {},
		"artifacts/winpath":            {},
		"artifacts/evidence/collect":   {},
		"artifacts/evidence/image/vss": {},
		"artifacts/evidence":           {"hive", "artifacts/winpath", "artifacts/evidence/", "artifacts/formats/ntfs", "artifacts/formats/wire"},
		"artifacts":                    append([]string{"hive", "prefetch", "prefetch/", "artifacts/evidence", "artifacts/evidence/"}, formats...),
		"artifacts/output":             append([]string{"hive", "prefetch", "prefetch/", "artifacts", "artifacts/evidence", "artifacts/evidence/"}, formats...),
		"artifacts/findings":           append([]string{"hive", "prefetch", "prefetch/", "artifacts", "artifacts/evidence", "artifacts/evidence/"}, formats...),
		"artifacts/report":             {"hive", "prefetch", "prefetch/", "artifacts", "artifacts/"},
		"artifacts/output/parquet":     append([]string{"hive", "prefetch", "prefetch/", "artifacts", "artifacts/output", "artifacts/evidence", "artifacts/evidence/"}, formats...),
		"artifacts/output/sqlite":      append([]string{"hive", "prefetch", "prefetch/", "artifacts", "artifacts/output", "artifacts/evidence", "artifacts/evidence/"}, formats...),
		"corpus":                       {"prefetch/xpress", "corpus/"},
		"corpus/regf":                  {},
		"corpus/vss":                   {},
		"corpus/scca":                  {"prefetch/xpress"},
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
	for _, pkg := range []string{"prefetch", "prefetch/xpress", "hive", "artifacts", "artifacts/output"} {
		for _, dep := range deps(t, pkg) {
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

func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", module+pkg).Output()
	if err != nil {
		t.Skipf("go list does not run here: %v", err)
	}
	return strings.Fields(string(out))
}

func ours(t *testing.T, pkg string) []string {
	t.Helper()
	var out []string
	for _, d := range deps(t, pkg) {
		if rest, ok := strings.CutPrefix(d, module); ok {
			out = append(out, rest)
		}
	}
	return out
}
