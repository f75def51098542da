package coverage

import (
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// Markdown writes the document: the counts, what is left out and why, and what each
// place is read by.
func Markdown(w io.Writer, lists []List, catalogue []*artifacts.Artifact) error {
	var b strings.Builder
	b.WriteString(`# Coverage of public lists

Which registry keys and files of public lists an artifact of [the catalogue](artifacts.md) reads. A key counts as covered when an artifact
reads it, or keys below it; which of its values are decoded is stated in the catalogue. Keys that a list has once for each value are counted
once, and the 32-bit view of a key is read with it. The lists are kept in a short form of our own, with the reason for each place left out.

Written by ` + "`.ci/coverage`" + `.

| list | places | covered | left out |
| --- | ---: | ---: | ---: |
`)
	verdicts := make([][]Verdict, len(lists))
	for i, l := range lists {
		covered := 0
		for _, e := range l.Entries {
			v := Judge(e, catalogue)
			verdicts[i] = append(verdicts[i], v)
			if len(v.By) > 0 {
				covered++
			}
		}
		fmt.Fprintf(&b, "| [%s](%s) | %d | %d | %d |\n", l.Title, l.URL, len(l.Entries), covered, len(l.Entries)-covered)
	}
	b.WriteString("\n## Left out\n\n| place | reason |\n| --- | --- |\n")
	for i := range lists {
		for _, v := range verdicts[i] {
			if len(v.By) == 0 {
				fmt.Fprintf(&b, "| %s | %s |\n", place(v.Entry), v.Reason)
			}
		}
	}
	for i, l := range lists {
		fmt.Fprintf(&b, "\n## %s\n\n| place | artifacts |\n| --- | --- |\n", l.Title)
		for _, v := range verdicts[i] {
			if len(v.By) > 0 {
				fmt.Fprintf(&b, "| %s | %s |\n", place(v.Entry), by(v))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func place(e Entry) string {
	return fmt.Sprintf("`%s %s`", e.Kind, strings.ReplaceAll(e.Path, "|", `\|`))
}

// mostNamed bounds how many artifacts a row names: a key with many keys below it is
// read by many.
const mostNamed = 6

func by(v Verdict) string {
	names := v.By
	if len(names) > mostNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), len(names)-mostNamed)
	}
	return strings.Join(names, ", ")
}
