// Package logonview writes what a log-on analysis says of periods and ways.
package logonview

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Notes say how far the logs reach and what is missing in them.
func Notes(a *logons.Analysis) []string {
	var out []string
	for _, sp := range a.Spans {
		if sp.Channel == "Security" {
			out = append(out, fmt.Sprintf("%s: Security reaches from %s to %s", sp.Host, stamp(sp.First, a), stamp(sp.Last, a)))
		}
	}
	if a.Attempts.Len() == 0 {
		out = append(out, "no log-ons: the logs hold none, or the audit setting Logon was off")
	}
	if !a.First.IsZero() && a.Last.Sub(a.First) < 24*time.Hour {
		out = append(out, "the logs reach over less than a day: changes over time are not computed")
	}
	if a.Dropped > 0 {
		out = append(out, fmt.Sprintf("%d records beyond the limits were dropped", a.Dropped))
	}
	if a.Folded > 0 {
		out = append(out, fmt.Sprintf("%d attempts were counted without an edge of their own", a.Folded))
	}
	return out
}

func stamp(t time.Time, a *logons.Analysis) string { return t.In(a.Zone()).Format(time.RFC3339) }

// Diff writes the differences of two periods, as text or as JSON lines.
func Diff(w io.Writer, list []logons.Difference, asJSON bool) error {
	enc := json.NewEncoder(w)
	for _, d := range list {
		what := "changed"
		switch {
		case d.A == 0:
			what = "only in the second"
		case d.B == 0:
			what = "only in the first"
		}
		e := d.Edge
		if asJSON {
			row := struct {
				Change  string `json:"change"`
				Account string `json:"account"`
				Source  string `json:"source"`
				Target  string `json:"target"`
				Kind    string `json:"kind"`
				Type    int    `json:"logon_type"`
				A       int    `json:"count_a"`
				B       int    `json:"count_b"`
			}{what, accountLabel(e.Account), hostLabel(e.Source), hostLabel(e.Target), e.Kind, e.Type, d.A, d.B}
			if err := enc.Encode(row); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintf(w, "%-18s  %6d  %6d  %s\n", what, d.A, d.B, terminal.Clean(e.String())); err != nil {
			return err
		}
	}
	return nil
}

func accountLabel(a *logons.Account) string {
	if a == nil {
		return ""
	}
	return a.Name
}

func hostLabel(h *logons.Host) string {
	if h == nil {
		return ""
	}
	return h.Label
}

// Paths prints the ways from a machine whose steps follow each other within the
// window: to a machine or an account, or with an empty name into any session with
// administrator rights.
func Paths(w io.Writer, a *logons.Analysis, from, to string, window time.Duration) error {
	host := func(h *logons.Host, name string) bool {
		return slices.ContainsFunc(append([]string{h.Label}, h.Names...),
			func(s string) bool { return strings.EqualFold(logons.HostKey(s), logons.HostKey(name)) })
	}
	account := logons.Filter{Accounts: []string{to}}
	ways := a.Ways(func(h *logons.Host) bool { return host(h, from) }, func(at *logons.Attempt) bool {
		if to == "" {
			s := at.Session()
			return s != nil && s.Privileged
		}
		return host(at.Dest, to) || account.Account(at.Account)
	}, window)
	for _, p := range ways {
		for i, h := range p {
			sep := "  "
			if i == 0 {
				sep = ""
			}
			if _, err := fmt.Fprintf(w, "%s%s %s", sep, stamp(h.At, a), terminal.Clean(h.Edge.String())); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// A Request is what a command line asks for.
type Request struct {
	Format       logons.Format
	View         string
	Filter       *logons.Filter
	Periods      []logons.Period // two that are compared, or none
	From, To     string          // of a way
	ToPrivileged bool            // the way ends in a session with administrator rights
	Window       time.Duration
}

// Check refuses what does not go together. folder is where several files go.
func (r *Request) Check(folder string) error {
	switch {
	case r.From == "" && r.To != "", r.From != "" && r.To == "" && !r.ToPrivileged:
		return usage.Errorf("--path-from and --path-to go together; --privileged can stand for --path-to")
	case r.Format.Files != nil && folder == "":
		return usage.Errorf("--format %s writes several files: name a folder with -o", r.Format.Name)
	}
	return nil
}

// Write writes what is asked for.
func (r *Request) Write(w io.Writer, a *logons.Analysis, note func(string)) error {
	switch {
	case r.Periods != nil:
		return Diff(w, a.Diff(r.Periods[0], r.Periods[1]), r.Format.Name == "jsonl")
	case r.From != "":
		return Paths(w, a, r.From, r.To, r.Window)
	case r.View == "ranking" && len(a.Ranking()) == 0:
		note("nothing to rank: no attempt is odd")
	}
	return r.Format.Write(w, a, r.View, r.Filter)
}

// FormatOf finds a format by its name.
func FormatOf(name string) (logons.Format, error) {
	for _, f := range logons.Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return logons.Format{}, usage.Errorf("unknown format %q for log-ons", name)
}
