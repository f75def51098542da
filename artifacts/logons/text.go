package logons

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// textRows is how many lines of a view a person is shown.
const textRows = 40

// writeText writes an overview, or one view.
func writeText(w io.Writer, a *Analysis, view string, f *Filter) error {
	b := bufio.NewWriter(w)
	if view == "" {
		a.overview(b, f)
		return b.Flush()
	}
	t, err := a.table(view, f)
	if err != nil {
		return err
	}
	n := 0
	for row := range t.all {
		n++
		for i, v := range row {
			if v != "" {
				fmt.Fprintf(b, "%s: %s  ", t.columns[i], clean(v))
			}
		}
		fmt.Fprintln(b)
	}
	if n == 0 {
		fmt.Fprintf(b, "no rows in the view %q\n", view)
	}
	return b.Flush()
}

func (a *Analysis) overview(w io.Writer, f *Filter) {
	success, failure, zone := 0, 0, a.Zone()
	for _, x := range a.Attempts.All() {
		switch x.Outcome {
		case Success:
			success++
		case Failure:
			failure++
		}
	}
	fmt.Fprintf(w, "%d log-on records (%d successes, %d failures), %d sessions, %d accounts, %d machines and sources\n", a.Attempts.Len(),
		success, failure, a.Sessions.Len(), len(a.Accounts), len(a.Hosts))
	if !a.First.IsZero() {
		fmt.Fprintf(w, "from %s to %s\n", minute(a.First, zone), minute(a.Last, zone))
	}
	fmt.Fprint(w, "\nRanking\n")
	r := a.nodes("ranking", f)
	if len(r) == 0 {
		fmt.Fprint(w, "  nothing to rank: no record speaks against an account or source\n")
	}
	for i, n := range r {
		if i == 15 {
			fmt.Fprintf(w, "  and %d more\n", len(r)-i)
			break
		}
		fmt.Fprintf(w, "  lift %5.1f  %-40s %s\n", n.Lift, clean(n.Label), clean(strings.Join(n.Parts, " · ")))
	}
	fmt.Fprint(w, "\nLog-ons (account, source, target)\n")
	n := 0
	for _, e := range a.Edges {
		if !f.drawn(e) && (f == nil || !f.chooses() || !f.edge(e)) {
			continue
		}
		if n++; n > textRows {
			continue
		}
		typ := ""
		if e.Type >= 0 {
			typ = fmt.Sprintf(" type %d", e.Type)
		}
		tried := ""
		if e.Started > 0 {
			tried = fmt.Sprintf(", %d with unknown end", e.Started)
		}
		fmt.Fprintf(w, "  %-30s %-32s → %-18s %s%s  %d ok, %d failed%s  %s to %s\n", clean(e.Account.Name), clean(e.Source.Label),
			clean(e.Target.Label), e.Kind, typ, e.Success, e.Failure, tried, minute(e.First, zone), minute(e.Last, zone))
	}
	if n > textRows {
		fmt.Fprintf(w, "  and %d more: --format csv writes all\n", n-textRows)
	}
	if n == 0 {
		fmt.Fprint(w, "  none between machines; --local and --machines show the others\n")
	}
	fmt.Fprint(w, "\nSessions\n")
	n = 0
	for _, s := range a.Sessions.All() {
		if !f.session(s) || s.Account.Kind != "user" {
			continue
		}
		if n++; n > textRows {
			continue
		}
		priv := ""
		if s.Privileged {
			priv = "  administrator rights"
		}
		end := "the end of the log (open)"
		if !s.End.IsZero() {
			end = minute(s.End, zone) + " (" + s.EndKind + ")"
		}
		fmt.Fprintf(w, "  %s  %-28s on %-16s from %-28s to %s%s\n", minute(s.Begin, zone), clean(s.Account.Name), clean(s.Host.Label),
			clean(s.Source.Label), end, priv)
	}
	if n > textRows {
		fmt.Fprintf(w, "  and %d more: --view sessions --format csv writes all\n", n-textRows)
	}
}

// clean replaces control characters, which names in evidence may hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			return '\uFFFD'
		}
		return r
	}, s)
}
