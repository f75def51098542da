package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A TextView chooses what [WriteFindings] shows.
type TextView struct {
	From     findings.Level // lowest level shown
	Hidden   int            // findings below it
	Long     bool           // all details of each finding, not one line
	Chosen   bool           // the findings were chosen by their ids
	Coverage bool           // each rule that was not evaluated, with the reason
	Color    bool           // levels in colour
}

// WriteFindings writes an evaluation as text for reading: worst first, the
// coverage at the end. Everything that comes from the evidence is cleaned.
func WriteFindings(w io.Writer, r *findings.Report, v TextView) error {
	host := ""
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Host != host {
			host = f.Host
			fmt.Fprintf(w, "# host %s, times are UTC\n\n", output.Clean(host))
		}
		if v.Long {
			writeFinding(w, f)
		} else {
			writeLine(w, f, v.Color)
		}
	}
	if !v.Long && len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
	switch {
	case len(r.Findings) == 0:
		fmt.Fprintf(w, "No findings of level %s or above. That does not prove a clean machine: see what was not evaluated.\n", v.From)
	case v.Chosen:
	default:
		fmt.Fprintf(w, "%s of level %s or above", plural(len(r.Findings), "finding"), v.From)
		if !v.Long {
			fmt.Fprint(w, "; details: --long, or the id of a finding after EVIDENCE")
		}
		fmt.Fprintln(w, ".")
	}
	if v.Hidden > 0 {
		fmt.Fprintf(w, "%d below that level not shown (--level informational shows all).\n", v.Hidden)
	}
	if r.Silenced > 0 {
		fmt.Fprintf(w, "%s silenced by the rules file.\n", plural(r.Silenced, "hit"))
	}
	if k := r.Known; k.Programs > 0 {
		fmt.Fprintf(w, "%s on a list of known files; hits on their location: %d one level lower, %d informational ones left out.\n",
			plural(k.Programs, "program"), k.Lowered, k.Folded)
	}
	for _, l := range r.Limits {
		fmt.Fprintf(w, "Limit: %s.\n", output.Clean(l))
	}
	if v.Coverage {
		return writeCoverage(w, r)
	}
	return summariseCoverage(w, r)
}

// The columns of a line: level, what it is about, the rules and the strongest
// reason, when it was last seen, and the id. They come to 120 characters.
const (
	subjectWidth = 44
	titleWidth   = 30
)

// writeLine writes a finding in one line.
func writeLine(w io.Writer, f *findings.Finding, color bool) {
	level := fmt.Sprintf("%-13s", f.Level)
	if color {
		level = output.LevelColor(f.Level.String(), level)
	}
	when := ""
	if !f.LastSeen.IsZero() {
		when = f.LastSeen.UTC().Format("2006-01-02 15:04")
	}
	mark := " "
	if f.TimeKind == artifacts.UnknownZone {
		mark = "?" // a local time whose zone is unknown
	}
	title := f.RuleID + " " + f.Title
	fmt.Fprintf(w, "%s %s %s %-16s%s %s\n", level, fit(f.Subject, subjectWidth, strings.Contains(f.Subject, `\`)),
		fit(title, titleWidth, false), when, mark, f.ID)
}

// fit cuts a text to a width, or fills it up. Of a path the end is kept.
func fit(s string, n int, path bool) string {
	r := []rune(output.Clean(s))
	switch {
	case len(r) <= n:
		return string(r) + strings.Repeat(" ", n-len(r))
	case path:
		return "…" + string(r[len(r)-n+1:])
	}
	return string(r[:n-1]) + "…"
}

func writeFinding(w io.Writer, f *findings.Finding) {
	fmt.Fprintf(w, "%-13s %s\n", strings.ToUpper(f.Level.String()), cleanTo(f.Subject, 300))
	row := func(label, format string, args ...any) {
		if s := fmt.Sprintf(format, args...); s != "" {
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
	row("often benign:", "%s", f.FalsePositives)
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
		row("", "… and %d records more (--format jsonl)", max(n, f.Omitted))
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

// summariseCoverage says in a few lines for each machine what was not evaluated,
// and what is missing for it.
func summariseCoverage(w io.Writer, r *findings.Report) error {
	for _, host := range hostsOf(r) {
		var judged, partly, not int
		var missing []string
		for _, c := range r.Coverage {
			switch {
			case c.Host != host:
				continue
			case c.Status == findings.Evaluated:
				judged++
			case c.Status == findings.Partly:
				partly++
			default:
				not++
			}
			if c.Status != findings.Evaluated {
				missing = missingHives(missing, c.Why)
			}
		}
		name := ""
		if host != "" {
			name = " of " + output.Clean(host)
		}
		fmt.Fprintf(w, "\nCoverage%s: %d of %d rules evaluated, %d in part (--coverage lists them).\n", name, judged, judged+partly+not,
			partly)
		switch {
		case not > 0 && len(missing) > 0:
			slices.SortFunc(missing, func(a, b string) int { return cmp.Or(cmp.Compare(hiveRank(a), hiveRank(b)), cmp.Compare(a, b)) })
			fmt.Fprintf(w, "%d of %d rules could not be evaluated: no %s hive.\n", not, judged+partly+not, strings.Join(missing, ", "))
		case not > 0:
			fmt.Fprintf(w, "%d of %d rules could not be evaluated.\n", not, judged+partly+not)
		}
	}
	_, err := fmt.Fprintln(w, "ATT&CK® techniques are the work of The MITRE Corporation.")
	return err
}

var missingHive = regexp.MustCompile(`\bno ([A-Z]+) hive`)

// missingHives adds the hives that reasons name as missing: "no SYSTEM hive".
func missingHives(list, why []string) []string {
	for _, reason := range why {
		for _, m := range missingHive.FindAllStringSubmatch(reason, -1) {
			if !slices.Contains(list, m[1]) {
				list = append(list, m[1])
			}
		}
	}
	return list
}

// hiveRank puts the hives that feed most rules first.
func hiveRank(name string) int {
	if i := slices.Index([]string{"SYSTEM", "SOFTWARE", "NTUSER"}, name); i >= 0 {
		return i
	}
	return 3
}

func hostsOf(r *findings.Report) []string {
	var hosts []string
	for _, c := range r.Coverage {
		if !slices.Contains(hosts, c.Host) {
			hosts = append(hosts, c.Host)
		}
	}
	return hosts
}

// writeCoverage says what was judged and what not, grouped by reason.
func writeCoverage(w io.Writer, r *findings.Report) error {
	for _, host := range hostsOf(r) {
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
			for _, c := range list {
				if c.RuleID == "I-01" { // which lists and which records
					fmt.Fprintf(w, "  %-14s %s\n", "", cleanTo(c.RuleID+": "+strings.Join(c.Why, "; "), 2000))
				}
			}
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
