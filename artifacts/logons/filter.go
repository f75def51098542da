package logons

import (
	"math"
	"path"
	"slices"
	"strings"
	"time"
)

// A Filter chooses what views show. Values of one field are alternatives, and
// all fields must hold. The zero value shows everything but local attempts and
// those of machine accounts in graphs.
type Filter struct {
	Accounts []string // names, DOMAIN\name, SIDs; * and ? are wildcards
	Sources  []string // names or addresses
	Targets  []string
	Types    []int
	Auth     []string
	Status   []uint64 // of failures
	Failures bool
	// Privileged and External keep what had administrator rights, and what came
	// from public addresses.
	Privileged, External bool
	From, To             time.Time
	MinCount             int
	Machines             bool // show machine accounts and services in graphs, too
	Local                bool // show local attempts in graphs, too
	Views                []string
}

// Views are the names that Filter.Views takes, in the words of LogonTracer's
// buttons where it has them.
var Views = []string{"all", "privileged", "ntlm", "rdp", "network", "batch", "service", "failures", "explicit", "kerberos"}

func matches(patterns []string, values ...string) bool {
	if len(patterns) == 0 {
		return true
	}
	for _, p := range patterns {
		p = strings.ToLower(p)
		for _, v := range values {
			v = strings.ToLower(v)
			if v == p {
				return true
			}
			// Backslashes are part of names, not escapes.
			if ok, err := path.Match(strings.ReplaceAll(p, `\`, "/"), strings.ReplaceAll(v, `\`, "/")); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// Account reports whether the filter shows an account.
func (f *Filter) Account(a *Account) bool { return f == nil || f.account(a) }

func (f *Filter) account(a *Account) bool {
	_, bare, _ := strings.Cut(a.Name, `\`)
	return matches(f.Accounts, append([]string{a.Name, bare, a.SID}, a.Names...)...)
}

func (f *Filter) edge(e *Edge) bool {
	if f == nil {
		return true
	}
	switch {
	case !f.account(e.Account), !matches(f.Sources, append([]string{e.Source.Label}, e.Source.Names...)...), !matches(f.Targets,
		append([]string{e.Target.Label}, e.Target.Names...)...),
		len(f.Types) > 0 && !slices.Contains(f.Types, e.Type), f.Failures && e.Failure == 0, f.Privileged && !e.Privileged, f.External &&
			!e.Source.External,
		!f.From.IsZero() && e.Last.Before(f.From), !f.To.IsZero() && !e.First.Before(f.To), e.Count() < f.MinCount:
		return false
	}
	if len(f.Auth) > 0 && !slices.ContainsFunc(e.Auth, func(s string) bool { return f.auth(s) }) {
		return false
	}
	if len(f.Status) > 0 && !slices.ContainsFunc(e.statuses, func(n uint64) bool { return slices.Contains(f.Status, n) }) {
		return false
	}
	return f.view(e.Kind, e.Type, e.Auth, e.Failure > 0, e.Privileged)
}

func (f *Filter) auth(s string) bool {
	return slices.ContainsFunc(f.Auth, func(p string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(p)) })
}

func (f *Filter) view(kind string, typ int, auth []string, failed, privileged bool) bool {
	if len(f.Views) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Views, func(v string) bool {
		switch v {
		case "all":
			return true
		case "privileged":
			return privileged
		case "ntlm":
			return kind == "validation" || slices.ContainsFunc(auth, ntlm)
		case "rdp":
			return kind == "rdp" || typ == 10 || typ == 12
		case "network":
			return typ == 3 || typ == 8
		case "batch":
			return typ == 4
		case "service":
			return typ == 5
		case "failures":
			return failed
		case "explicit":
			return kind == "explicit" || typ == 9
		case "kerberos":
			return kind == "ticket"
		}
		return false
	})
}

func (f *Filter) attempt(a *Attempt) bool {
	if f == nil {
		return true
	}
	switch {
	case !f.account(a.Account), !matches(f.Sources,
		append([]string{a.Source.Label, a.Address, a.Name}, a.Source.Names...)...), !matches(f.Targets,
		append([]string{a.Dest.Label}, a.Dest.Names...)...),
		len(f.Types) > 0 && !slices.Contains(f.Types, a.Type), f.Failures && a.Outcome != Failure, f.External && !a.Source.External,
		!f.From.IsZero() && a.Time.Before(f.From), !f.To.IsZero() && !a.Time.Before(f.To), len(f.Auth) > 0 && !f.auth(a.Auth),
		len(f.Status) > 0 && !slices.Contains(f.Status, a.Status):
		return false
	}
	privileged := false
	if f.Privileged || len(f.Views) > 0 {
		s := a.Session()
		privileged = s != nil && s.Privileged
	}
	return (!f.Privileged || privileged) && f.view(a.Kind, a.Type, []string{a.Auth}, a.Outcome == Failure, privileged)
}

func (f *Filter) session(s *Session) bool {
	if f == nil {
		return true
	}
	switch {
	case !f.account(s.Account), !matches(f.Sources, append([]string{s.Source.Label}, s.Source.Names...)...), !matches(f.Targets,
		append([]string{s.Host.Label}, s.Host.Names...)...),
		len(f.Types) > 0 && !slices.Contains(f.Types, s.Type), f.Privileged && !s.Privileged, f.External && !s.Source.External,
		!f.From.IsZero() && !s.End.IsZero() && s.End.Before(f.From), !f.To.IsZero() && !s.Begin.Before(f.To), f.Failures, len(f.Status) > 0:
		return false
	}
	kind := s.Kind
	if s.Type == 10 {
		kind = "rdp"
	}
	return f.view(kind, s.Type, nil, false, s.Privileged)
}

// chooses reports whether the filter leaves out edges.
func (f *Filter) chooses() bool {
	return len(f.Accounts)+len(f.Sources)+len(f.Targets)+len(f.Types)+len(f.Auth)+len(f.Status) > 0 || f.Failures || f.Privileged ||
		f.External || !f.From.IsZero() || !f.To.IsZero() || f.MinCount > 0 ||
		len(f.Views) > 0 && !slices.Contains(f.Views, "all")
}

// drawn reports whether an edge belongs into a graph.
func (f *Filter) drawn(e *Edge) bool {
	if f == nil {
		f = &Filter{}
	}
	if !f.edge(e) {
		return false
	}
	if k := e.Account.Kind; !f.Machines && (k == "machine" || k == "service" || k == "virtual" || k == "anonymous") {
		return false
	}
	return f.Local || e.Source != e.Target
}

func round(f float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(f*p)/p + 0 // not -0
}
