package scan

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// AddLogons feeds a log-on analysis with the records of a result. Copies of
// logs from shadow copies come after the live ones; the analysis counts a record
// once. The addresses of network interfaces join the machine with sources.
func AddLogons(b *logons.Builder, host string, res *artifacts.Result) {
	for i := range res.Records {
		if e := events.Of(res.Records[i].Data); e != nil {
			b.Add(host, e, res.Records[i].ID)
		}
		if f, ok := res.Records[i].Data.(system.Interface); ok {
			from, to := f.Obtained, f.Terminates
			if from.IsZero() || !f.DHCP {
				from, to = f.Written, time.Time{}
			}
			for _, a := range f.Addresses {
				b.Address(host, a, from, to, res.Records[i].ID)
			}
		}
	}
}

// session fills in the log-on session that a row belongs to.
func session(a *logons.Analysis, r *output.Row) error {
	computer, id := r.Logon()
	if s := a.SessionIDAt(computer, id, r.Time, r.RecordID); s != "" {
		r.Session = s
	}
	return a.Err()
}

// RankLogons notes in an analysis what findings say about its attempts, and
// ranks accounts and machines with it.
func RankLogons(a *logons.Analysis, reports ...*findings.Report) {
	s := sayings{records: map[string]*saying{}, sources: map[string]*saying{}, edges: map[edgeKey]*saying{}}
	for _, r := range reports {
		for i := range r.Findings {
			s.finding(&r.Findings[i])
		}
	}
	for _, t := range a.Attempts.All() {
		s.attempt(t)
	}
	for _, r := range reports {
		for i := range r.Findings {
			markAccounts(a, &r.Findings[i])
		}
	}
	a.Rank(s.level)
}

// marks are the rules whose hits are marks of an account.
var marks = map[string]string{"E-23": "DCSync", "E-24": "DCShadow"}

// markAccounts notes replication that an account asked for, and no domain controller.
func markAccounts(a *logons.Analysis, f *findings.Finding) {
	name, ok := strings.CutPrefix(f.Subject, "account ")
	if !ok || f.SubjectKind != "account" {
		return
	}
	for _, re := range f.Reasons {
		if word := marks[re.RuleID]; word != "" && re.Level > findings.Informational {
			for _, e := range f.Evidence {
				if slices.Contains(e.Rules, re.RuleID) {
					a.MarkAccount(name, logons.Mark{Word: word, Time: e.Time})
				}
			}
		}
	}
}

// A saying is what findings say of one thing.
type saying struct {
	level findings.Level
	hop   findings.Level // without the rule that speaks of hops
	ids   []string       // of the rules
}

// An edgeKey is one way to log on.
type edgeKey struct {
	account        *logons.Account
	source, target *logons.Host
	kind           string
	logon          int
}

// sayings are what findings say of records of event logs, of the sources of
// log-ons by name, and of the edges that the records belong to.
type sayings struct {
	records, sources map[string]*saying
	edges            map[edgeKey]*saying
}

// maxSaid bounds the rules that are named for one thing.
const maxSaid = 16

// chainRule is the rule that speaks of hops from machine to machine.
const chainRule = "E-90"

func say[K comparable](m map[K]*saying, key K, level findings.Level, rules []string) *saying {
	x := m[key]
	if x == nil {
		x = new(saying)
		m[key] = x
	}
	x.level = max(x.level, level)
	for _, id := range rules {
		if !slices.Contains(x.ids, id) && len(x.ids) < maxSaid {
			x.ids = append(x.ids, id)
		}
	}
	return x
}

func (s *sayings) finding(f *findings.Finding) {
	level := map[string]findings.Level{}
	for _, re := range f.Reasons {
		level[re.RuleID] = max(level[re.RuleID], re.Level)
	}
	for _, e := range f.Evidence {
		if e.Channel == "" {
			continue
		}
		for _, id := range e.Rules {
			x := say(s.records, e.ID, level[id], []string{id})
			if id != chainRule {
				x.hop = max(x.hop, level[id])
			}
		}
	}
	if name, ok := strings.CutPrefix(f.Subject, "source "); ok && f.SubjectKind == "source" {
		say(s.sources, strings.ToLower(name), f.Level, f.RuleIDs)
	}
}

func (s *sayings) attempt(t *logons.Attempt) {
	x := s.records[t.Ref.ID]
	if x == nil {
		return
	}
	level := t.Level
	if x.hop > 0 {
		level = x.hop.String()
	}
	t.Judge(x.ids, level)
	say(s.edges, edgeKey{t.Account, t.Source, t.Dest, t.Kind, t.Type}, x.level, x.ids)
	if s := t.Session(); s != nil {
		s.AddFindings(x.ids)
	}
}

// level notes on an edge what findings say of it and of its source, and returns
// the highest level of them as a word.
func (s *sayings) level(e *logons.Edge) string {
	var level findings.Level
	if x := s.edges[edgeKey{e.Account, e.Source, e.Target, e.Kind, e.Type}]; x != nil {
		level, e.Findings = x.level, merge(e.Findings, x.ids)
	}
	if e.Source != nil {
		for _, name := range e.Source.Names {
			if x := s.sources[strings.ToLower(name)]; x != nil {
				level, e.Findings = max(level, x.level), merge(e.Findings, x.ids)
			}
		}
	}
	if level == 0 {
		return ""
	}
	e.Level = level.String()
	return e.Level
}

func merge(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	slices.Sort(a)
	return a
}

// writeLogons writes the log-on analysis of a machine.
func (x *machineScan) writeLogons() error {
	if x.analysis == nil || x.analysis.Attempts.Len()+x.analysis.Sessions.Len() == 0 {
		return nil
	}
	for _, f := range []struct{ name, format, view string }{
		{"logons.csv", "csv", "logons"}, {"sessions.csv", "csv", "sessions"}, {"graph.graphml", "graphml", ""},
	} {
		i := slices.IndexFunc(logons.Formats(), func(k logons.Format) bool { return k.Name == f.format })
		format := logons.Formats()[i]
		rows := 0
		switch f.view {
		case "logons":
			rows = len(x.analysis.Edges)
		case "sessions":
			rows = x.analysis.Sessions.Len()
		}
		if err := x.small(f.name, f.format, rows, func(w io.Writer) error { return format.Write(w, x.analysis, f.view, nil) }); err != nil {
			return err
		}
	}
	return nil
}
