// Package describe writes what the catalogue says of artifacts, for people and as
// JSON lines.
package describe

import (
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Short writes one line for each artifact, in groups.
func Short(w io.Writer, chosen []*artifacts.Artifact) {
	group := ""
	for _, a := range chosen {
		if a.Group != group {
			if group != "" {
				fmt.Fprintln(w)
			}
			group = a.Group
			fmt.Fprintln(w, group)
		}
		fmt.Fprintf(w, "  %-24s %-11s %s\n", a.Name, a.Proves, a.Title)
	}
}

// Long writes what each artifact proves, its sources, fields and references.
func Long(w io.Writer, chosen []*artifacts.Artifact) {
	for i, a := range chosen {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s - %s\n\n%s\n\n", a.Name, a.Title, wrap(a.About, 78))
		fmt.Fprintf(w, "Proves:      %s\n", a.Proves)
		for j, s := range a.Sources {
			fmt.Fprintf(w, "%-12s %s\n", label("Sources:", j), s)
		}
		for j, f := range catalogue.Fields(a) {
			fmt.Fprintf(w, "%-12s %s\n", label("Fields:", j), f)
		}
		if len(a.Attack) > 0 {
			fmt.Fprintf(w, "%-12s %s\n", "ATT&CK:", strings.Join(a.Attack, ", "))
		}
		for j, r := range a.Refs {
			fmt.Fprintf(w, "%-12s %s\n", label("References:", j), r)
		}
	}
}

func label(s string, i int) string {
	if i > 0 {
		return ""
	}
	return s
}

// wrap breaks text into lines of at most n characters.
func wrap(s string, n int) string {
	var b strings.Builder
	col := 0
	for word := range strings.FieldsSeq(s) {
		if col > 0 && col+1+len(word) > n {
			b.WriteByte('\n')
			col = 0
		} else if col > 0 {
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += len(word)
	}
	return b.String()
}

// JSON writes one object for each artifact.
func JSON(w io.Writer, chosen []*artifacts.Artifact) error {
	for _, a := range chosen {
		var src []string
		for _, s := range a.Sources {
			src = append(src, s.String())
		}
		b, err := output.Marshal(struct {
			Name    string   `json:"name"`
			Title   string   `json:"title"`
			Group   string   `json:"group"`
			About   string   `json:"about"`
			Proves  string   `json:"proves"`
			Sources []string `json:"sources"`
			Fields  []string `json:"fields"`
			Attack  []string `json:"attack"`
			Refs    []string `json:"refs"`
		}{a.Name, a.Title, a.Group, a.About, string(a.Proves), src, catalogue.Fields(a), a.Attack, a.Refs})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", b); err != nil {
			return err
		}
	}
	return nil
}
