// Package formats holds all output formats of the command, and finds them by name.
package formats

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// All are the formats of the plain writers and of those that need a library.
func All() []output.Format { return append(output.Formats(), parquet.Format(), sqlite.Format()) }

// ForEvents reports whether a format is one of timelines.
func ForEvents(f output.Format) bool { return f.Events != nil || f.File != nil }

// ForRecords reports whether a format is one of records.
func ForRecords(f output.Format) bool { return f.Records != nil || f.Files != nil }

// Names are the names of the formats that fit.
func Names(fits func(output.Format) bool) []string {
	var names []string
	for _, f := range All() {
		if fits(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Find returns the format with this name, if it fits. kind names what is written in
// the error of a format that is not known, or does not fit.
func Find(kind, name string, fits func(output.Format) bool) (output.Format, error) {
	for _, f := range All() {
		if f.Name == name && fits(f) {
			return f, nil
		}
	}
	return output.Format{}, usage.Errorf("unknown %s format %q; known: %s", kind, name, strings.Join(Names(fits), ", "))
}

// forCases reports whether a format can be added to a case: JSON lines and CSV are
// always written.
func forCases(f output.Format) bool {
	return f.Name != "text" && f.Name != "jsonl" && f.Name != "csv" && (ForEvents(f) || f.Files != nil)
}

// OfCases are the names of the formats that can be added to a case.
func OfCases() []string { return Names(forCases) }

// Added reads a list of formats that are added to a case. The word all names every
// one; those that a case has anyway are passed over.
func Added(list string) ([]output.Format, error) {
	var names []string
	known := OfCases()
	for name := range strings.SplitSeq(list, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "" || name == "jsonl" || name == "csv" || slices.Contains(names, name):
		case name == "all":
			names = slices.Clone(known)
		case slices.Contains(known, name):
			names = append(names, name)
		default:
			return nil, usage.Errorf("unknown case format %q; known: %s", name, strings.Join(known, ", "))
		}
	}
	var out []output.Format
	for _, n := range names {
		f, err := Find("case", n, forCases)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
