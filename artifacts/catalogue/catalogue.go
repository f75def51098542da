//go:generate go run ../../cmd/artifactdump list --format markdown --force -o ../../docs/artifacts.md

// Package catalogue is the table of contents: all artifacts of all chapters, in
// the order in which runs and lists show them.
package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

var all = slices.Concat(
	execution.Artifacts(),
	persistence.Artifacts(),
	communication.Artifacts(),
	browser.Artifacts(),
	activity.Artifacts(),
	system.Artifacts(),
	events.Artifacts(),
	filesystem.Artifacts(),
)

// All returns the catalogue in its order. The result is shared: do not change
// it.
func All() []*artifacts.Artifact { return all }

// RegistryKeys is an artifact beside the catalogue: every key with its last write,
// for timelines that ask for it.
var RegistryKeys = system.RegistryKeys

// Select returns the artifacts with these names, in catalogue order; all when
// there are none.
func Select(names []string) ([]*artifacts.Artifact, error) {
	all := All()
	if len(names) == 0 {
		return all, nil
	}
	want := map[string]bool{}
	for _, n := range names {
		want[strings.ToLower(n)] = true
	}
	var out []*artifacts.Artifact
	for _, a := range all {
		if want[a.Name] || want[strings.ToLower(a.Group)] {
			out = append(out, a)
			delete(want, a.Name)
		}
	}
	for _, a := range all {
		delete(want, strings.ToLower(a.Group))
	}
	for n := range want {
		return nil, fmt.Errorf("no artifact is called %q: `artifactdump list` names them", n)
	}
	return out, nil
}

// Beside returns the artifacts that artifacts of list join and that list lacks, for
// [artifacts.Options].
func Beside(list []*artifacts.Artifact) []*artifacts.Artifact {
	if !slices.ContainsFunc(list, func(a *artifacts.Artifact) bool { return a.Name == "filereferences" }) {
		return nil
	}
	var out []*artifacts.Artifact
	for _, a := range all {
		if a.Refers() && !slices.Contains(list, a) {
			out = append(out, a)
		}
	}
	return out
}
