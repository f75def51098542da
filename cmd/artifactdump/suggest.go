package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
)

// meant proposes the known name that a mistyped one is nearest to: "; did you mean
// timeline?". It proposes nothing when none is near.
func meant(typed string, known []string) string {
	typed = strings.ToLower(typed)
	best, least := "", 1+max(1, len(typed)/3)
	for _, k := range known {
		d := distance(typed, k)
		if strings.HasPrefix(k, typed) && len(typed) >= 3 {
			d = 1
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is how many letters must be added, dropped, replaced or swapped with
// their neighbour to make b of a. Names of commands are short; longer texts are
// cut.
func distance(a, b string) int {
	const longest = 40
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(a)][len(b)]
}

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
			return meant(n, known)
		}
	}
	return ""
}
