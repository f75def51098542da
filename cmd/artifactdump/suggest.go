package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
)

func commandNames(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// selectArtifacts is [catalogue.Select] with a proposal for a mistyped name.
func selectArtifacts(names []string) ([]*artifacts.Artifact, error) {
	list, err := catalogue.Select(names)
	if err != nil {
		return nil, usagef("%v%s", err, artifactMeant(names))
	}
	return list, nil
}

// artifactMeant proposes an artifact or a chapter for the first name that is
// neither.
func artifactMeant(names []string) string {
	var known []string
	seen := map[string]bool{}
	for _, a := range catalogue.All() {
		known = append(known, a.Name)
		seen[a.Name] = true
		if g := strings.ToLower(a.Group); !seen[g] {
			seen[g] = true
			known = append(known, g)
		}
	}
	for _, n := range names {
		if !seen[strings.ToLower(n)] {
			return shell.Meant(n, known)
		}
	}
	return ""
}
