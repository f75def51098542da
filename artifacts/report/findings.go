package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// WriteFindings writes an evaluation as text for reading: worst first, the coverage at the end.
// Everything that comes from the evidence is cleaned. hidden is how many findings
// below the level from are not in it.
func WriteFindings(w io.Writer, r *findings.Report, hidden int, from findings.Level) error {
	host := ""
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Host != host {
			host = f.Host
			fmt.Fprintf(w, "# host %s, times are UTC\n\n", output.Clean(host))
		}
		writeFinding(w, f)
	}
	switch {
	case len(r.Findings) == 0:
		fmt.Fprintf(w, "No findings of level %s or above. This does not prove a clean machine: see what was not evaluated.\n", from)
	default:
		fmt.Fprintf(w, "%s of level %s or above.\n", plural(len(r.Findings), "finding"), from)
	}
	if hidden > 0 {
		fmt.Fprintf(w, "%s below that level not shown (--level informational shows all).\n", plural(hidden, "finding"))
	}
	if r.Silenced > 0 {
		fmt.Fprintf(w, "%s silenced by the rules file.\n", plural(r.Silenced, "hit"))
	}
	return writeCoverage(w, r)
}

func writeFinding(w io.Writer, f *findings.Finding) {
	fmt.Fprintf(w, "%-13s %s\n", strings.ToUpper(f.Level.String()), cleanTo(f.Subject, 300))
	row := func(label, format string, args ...any) {
		if s := fmt.Sprintf(format, args...); s != "" {
			if label != "" {
				label += ":"
			}
			fmt.Fprintf(w, "  %-13s %s\n", label, output.Clean(s))
		}
	}
	row("finding", "%s  %s  score %d", f.ID, f.Title, f.Score)
	for i, r := range f.Reasons {
		row(labelled("because", i), "%s (%s) %s", r.RuleID, r.Level, r.Says)
	}
	row("raised", "%s", f.Raised)
	if !f.FirstSeen.IsZero() {
		first, last := output.FormatTime(f.FirstSeen), output.FormatTime(f.LastSeen)
		if f.TimeKind == artifacts.UnknownZone {
			first, last = strings.TrimSuffix(first, "Z"), strings.TrimSuffix(last, "Z")
		}
		row("seen", "%s to %s (%s)", first, last, f.TimeKind)
	}
	if f.File != "" {
		row("file", "%s", f.File)
	}
	row("scope", "%s", f.Scope)
	row("why", "%s", f.Why)
	row("often benign", "%s", f.FalsePositives)
	row("next", "%s", f.Next)
	if len(f.Techniques) > 0 {
		var names []string
		for _, id := range f.Techniques {
			t, _ := findings.Technique(id)
			names = append(names, id+" "+t.Name)
		}
		row("ATT&CK", "%s", strings.Join(names, "; "))
	}
	for i := range min(len(f.Evidence), maxTextEvidence) {
		e := &f.Evidence[i]
		when := ""
		if !e.Time.IsZero() {
			when = e.Time.UTC().Format("2006-01-02 15:04:05") + " "
		}
		row(labelled("evidence", i), "%s %s%s, %s: %s", e.ID, when, e.Artifact, e.Proves, cleanTo(e.Quote, 400))
		place := e.Path
		if e.Key != "" {
			place += " " + e.Key
		}
		if e.Value != "" {
			place += " value " + e.Value
		}
		place = fmt.Sprintf("%s at %#x", place, e.Offset)
		if e.State != "live" {
			place += " (" + string(e.State) + ")"
		}
		row("", "%s", strings.TrimSpace(place+" "+e.User))
	}
	if n := len(f.Evidence) - maxTextEvidence + f.Omitted; n > 0 && len(f.Evidence) > maxTextEvidence || f.Omitted > 0 {
		row("", "… and %s (--format jsonl)", plural(max(n, f.Omitted), "more record"))
	}
	fmt.Fprintln(w)
}

// labelled is the label of the first of several rows.
func labelled(s string, i int) string {
	if i > 0 {
		return ""
	}
	return s
}

// maxTextEvidence is how many records of a finding a terminal gets to see.
const maxTextEvidence = 8

// cleanTo cleans a text and cuts it to a width.
func cleanTo(s string, n int) string {
	r := []rune(output.Clean(s))
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return string(r)
}

// writeCoverage says what was judged and what not, grouped by reason.
func writeCoverage(w io.Writer, r *findings.Report) error {
	hosts := []string{}
	for _, c := range r.Coverage {
		if !slices.Contains(hosts, c.Host) {
			hosts = append(hosts, c.Host)
		}
	}
	for _, host := range hosts {
		fmt.Fprintf(w, "\nCoverage of %s\n", output.Clean(cmp.Or(host, "the evidence")))
		byStatus := map[string][]findings.Coverage{}
		for _, c := range r.Coverage {
			if c.Host == host {
				byStatus[c.Status] = append(byStatus[c.Status], c)
			}
		}
		if list := byStatus[findings.Evaluated]; len(list) > 0 {
			var ids []string
			for _, c := range list {
				ids = append(ids, hits(c))
			}
			fmt.Fprintf(w, "  %-14s %s\n", "evaluated", strings.Join(ids, ", "))
		}
		for _, status := range []string{findings.Partly, findings.NotEvaluated} {
			for _, c := range byStatus[status] {
				fmt.Fprintf(w, "  %-14s %s %s: %s\n", status, hits(c), c.Title, cleanTo(strings.Join(c.Why, "; "), 500))
			}
		}
	}
	_, err := fmt.Fprintln(w, "\nATT&CK® techniques are the work of The MITRE Corporation.")
	return err
}

func hits(c findings.Coverage) string {
	switch {
	case c.Silenced > 0:
		return fmt.Sprintf("%s (%s, %d silenced)", c.RuleID, plural(c.Hits, "hit"), c.Silenced)
	case c.Hits > 0:
		return fmt.Sprintf("%s (%s)", c.RuleID, plural(c.Hits, "hit"))
	}
	return c.RuleID
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
