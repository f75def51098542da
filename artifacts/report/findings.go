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
	Lang     string         // en or ja: of the rules' words and of labels; what evidence says stays
}

// WriteFindings writes an evaluation as text for reading: worst first, the
// coverage at the end. Everything that comes from the evidence is cleaned.
func WriteFindings(w io.Writer, r *findings.Report, v TextView) error {
	tr, _ := translator(cmp.Or(v.Lang, "en"))
	host := ""
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Host != host {
			host = f.Host
			fmt.Fprintln(w, tr.text("text.host", output.Clean(host))+"\n")
		}
		if v.Long {
			writeFinding(w, f, tr)
		} else {
			writeLine(w, f, v.Color, tr)
		}
	}
	if !v.Long && len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
	level := tr.word("level", v.From.String())
	switch {
	case len(r.Findings) == 0:
		fmt.Fprintln(w, tr.text("text.none", level))
	case v.Chosen:
	case v.Long:
		fmt.Fprintln(w, tr.text("text.shown", tr.count(len(r.Findings), "finding", "件"), level)+tr.text("text.stop"))
	default:
		fmt.Fprintln(w, tr.text("text.shown", tr.count(len(r.Findings), "finding", "件"), level)+tr.text("text.more"))
	}
	if v.Hidden > 0 {
		fmt.Fprintln(w, tr.text("text.hidden", v.Hidden))
	}
	if r.Silenced > 0 {
		fmt.Fprintln(w, tr.text("text.silenced", tr.count(r.Silenced, "hit", "件")))
	}
	if k := r.Known; k.Programs > 0 {
		fmt.Fprintln(w, tr.text("text.known", tr.count(k.Programs, "program", "個"), k.Lowered, k.Folded))
	}
	for _, l := range r.Limits {
		fmt.Fprintln(w, tr.text("text.limit", output.Clean(l)))
	}
	if v.Coverage {
		return writeCoverage(w, r, tr)
	}
	return summariseCoverage(w, r, tr)
}

// The columns of a line: level, what it is about, the rules and the strongest
// reason, when it was last seen, and the id. They come to 120 characters.
const (
	subjectWidth = 44
	titleWidth   = 30
)

// writeLine writes a finding in one line.
func writeLine(w io.Writer, f *findings.Finding, color bool, tr translate) {
	level := fit(tr.word("level", f.Level.String()), 13, false)
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
	title := f.RuleID + " " + titleOf(f.RuleID, f.Title, tr.lang)
	fmt.Fprintf(w, "%s %s %s %-16s%s %s\n", level, fit(f.Subject, subjectWidth, strings.Contains(f.Subject, `\`)),
		fit(title, titleWidth, false), when, mark, f.ID)
}

// titleOf returns the title of a rule in a language, or what a finding says.
func titleOf(rule, otherwise, lang string) string {
	if t := wordsOf(rule, lang).Title; t != "" {
		return t
	}
	return otherwise
}

// wordsOf returns the words of a rule where they are translated.
func wordsOf(rule, lang string) findings.Texts {
	if lang != "en" {
		for _, r := range findings.Rules() {
			if r.ID == rule {
				return r.In(lang)
			}
		}
	}
	return findings.Texts{}
}

// fit cuts a text to a width, or fills it up. Of a path the end is kept.
func fit(s string, n int, path bool) string {
	r := []rune(output.Clean(s))
	if output.Columns(string(r)) <= n {
		return string(r) + strings.Repeat(" ", n-output.Columns(string(r)))
	}
	for len(r) > 0 && output.Columns(string(r)) > n-1 {
		if path {
			r = r[1:]
		} else {
			r = r[:len(r)-1]
		}
	}
	fill := strings.Repeat(" ", n-1-output.Columns(string(r)))
	if path {
		return "…" + string(r) + fill
	}
	return string(r) + "…" + fill
}

func writeFinding(w io.Writer, f *findings.Finding, tr translate) {
	fmt.Fprintf(w, "%s %s\n", fit(strings.ToUpper(tr.word("level", f.Level.String())), 13, false), cleanTo(f.Subject, 300))
	row := func(label, format string, args ...any) {
		if s := fmt.Sprintf(format, args...); s != "" {
			if label != "" {
				label = tr.word("text", label)
			}
			fmt.Fprintf(w, "  %s %s\n", fit(label, 13, false), output.Clean(s))
		}
	}
	words := wordsOf(f.RuleID, tr.lang)
	row("finding", "%s  %s  %s", f.ID, titleOf(f.RuleID, f.Title, tr.lang), tr.text("text.score", f.Score))
	for i, r := range f.Reasons {
		says := r.Says
		if t := wordsOf(r.RuleID, tr.lang).Title; t != "" {
			says = tr.text("text.reason", t, r.Says)
		}
		row(labelled("because", i), "%s (%s) %s", r.RuleID, tr.word("level", r.Level.String()), says)
	}
	row("raised", "%s", f.Raised)
	if !f.FirstSeen.IsZero() {
		first, last := output.FormatTime(f.FirstSeen), output.FormatTime(f.LastSeen)
		if f.TimeKind == artifacts.UnknownZone {
			first, last = strings.TrimSuffix(first, "Z"), strings.TrimSuffix(last, "Z")
		}
		row("seen", "%s", tr.text("text.span", first, last, f.TimeKind))
	}
	if f.File != "" {
		row("file", "%s", f.File)
	}
	row("scope", "%s", f.Scope)
	row("why", "%s", cmp.Or(words.Why, f.Why))
	row("often benign:", "%s", cmp.Or(words.Benign, f.FalsePositives))
	row("next", "%s", cmp.Or(words.Next, f.Next))
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
		row("", "%s", tr.text("text.records", max(n, f.Omitted)))
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
func summariseCoverage(w io.Writer, r *findings.Report, tr translate) error {
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
			name = tr.text("text.of", output.Clean(host))
		}
		all := judged + partly + not
		fmt.Fprintln(w, "\n"+tr.text("text.coverage", name, judged, all, partly))
		switch {
		case not > 0 && len(missing) > 0:
			slices.SortFunc(missing, func(a, b string) int { return cmp.Or(cmp.Compare(hiveRank(a), hiveRank(b)), cmp.Compare(a, b)) })
			fmt.Fprintln(w, tr.text("text.nohive", not, all, strings.Join(missing, ", ")))
		case not > 0:
			fmt.Fprintln(w, tr.text("text.not", not, all))
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
func writeCoverage(w io.Writer, r *findings.Report, tr translate) error {
	for _, host := range hostsOf(r) {
		fmt.Fprintln(w, "\n"+tr.text("text.coverageof", output.Clean(cmp.Or(host, tr.text("text.evidence.all")))))
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
			fmt.Fprintf(w, "  %s %s\n", fit(tr.word("text", findings.Evaluated), 14, false), strings.Join(ids, ", "))
			for _, c := range list {
				if c.RuleID == "I-01" { // which lists and which records
					fmt.Fprintf(w, "  %-14s %s\n", "", cleanTo(c.RuleID+": "+strings.Join(c.Why, "; "), 2000))
				}
			}
		}
		for _, status := range []string{findings.Partly, findings.NotEvaluated} {
			for _, c := range byStatus[status] {
				fmt.Fprintf(w, "  %s %s %s: %s\n", fit(tr.word("text", status), 14, false), hits(c), titleOf(c.RuleID, c.Title, tr.lang),
					cleanTo(strings.Join(c.Why, "; "), 500))
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
