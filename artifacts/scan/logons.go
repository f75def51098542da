package scan

import (
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// AddLogons feeds a log-on analysis with the records of a result. Copies of
// logs from shadow copies come after the live ones; the analysis counts a record
// once.
func AddLogons(b *logons.Builder, host string, res *artifacts.Result) {
	for i := range res.Records {
		if e, ok := res.Records[i].Data.(events.Event); ok {
			b.Add(host, &e.Record, res.Records[i].ID)
		}
	}
}

// Sessions fills in the log-on session of each row.
func Sessions(a *logons.Analysis, rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if r != nil {
				session(a, r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// session fills in the log-on session that a row belongs to.
func session(a *logons.Analysis, r *output.Row) {
	computer, id := r.Logon()
	if s := a.SessionAt(computer, id, r.Time, r.RecordID); s != nil {
		r.Session = s.ID
	}
}

// RankLogons notes in an analysis what findings say about its attempts, and
// ranks accounts and machines with it.
func RankLogons(a *logons.Analysis, reports ...*findings.Report) {
	type about struct {
		level findings.Level
		ids   []string
	}
	records, sources := map[string]*about{}, map[string]*about{}
	note := func(m map[string]*about, key string, level findings.Level, rules []string) {
		x := m[key]
		if x == nil {
			x = new(about)
			m[key] = x
		}
		x.level = max(x.level, level)
		for _, id := range rules {
			if !slices.Contains(x.ids, id) && len(x.ids) < 16 {
				x.ids = append(x.ids, id)
			}
		}
	}
	for _, r := range reports {
		for i := range r.Findings {
			f := &r.Findings[i]
			level := map[string]findings.Level{}
			for _, re := range f.Reasons {
				level[re.RuleID] = max(level[re.RuleID], re.Level)
			}
			for _, e := range f.Evidence {
				for _, id := range e.Rules {
					if e.Channel != "" {
						note(records, e.ID, level[id], []string{id})
					}
				}
			}
			if s, ok := strings.CutPrefix(f.Subject, "source "); ok && f.SubjectKind == "source" {
				note(sources, strings.ToLower(s), f.Level, f.RuleIDs)
			}
		}
	}
	type key struct {
		account        *logons.Account
		source, target *logons.Host
		kind           string
		logon          int
	}
	edges := map[key]*about{}
	for _, t := range a.Attempts {
		if x := records[t.Ref.ID]; x != nil {
			t.Findings = x.ids
			k := key{t.Account, t.Source, t.Dest, t.Kind, t.Type}
			if edges[k] == nil {
				edges[k] = new(about)
			}
			edges[k].level = max(edges[k].level, x.level)
			for _, id := range x.ids {
				if !slices.Contains(edges[k].ids, id) {
					edges[k].ids = append(edges[k].ids, id)
				}
			}
			if t.Session != nil {
				t.Session.Findings = merge(t.Session.Findings, x.ids)
			}
		}
	}
	a.Rank(func(e *logons.Edge) string {
		var level findings.Level
		if x := edges[key{e.Account, e.Source, e.Target, e.Kind, e.Type}]; x != nil {
			level, e.Findings = x.level, merge(e.Findings, x.ids)
		}
		if e.Source != nil {
			for _, name := range e.Source.Names {
				if x := sources[strings.ToLower(name)]; x != nil {
					level, e.Findings = max(level, x.level), merge(e.Findings, x.ids)
				}
			}
		}
		if level == 0 {
			return ""
		}
		e.Level = level.String()
		return e.Level
	})
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
	if x.analysis == nil || len(x.analysis.Attempts)+len(x.analysis.Sessions) == 0 {
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
			rows = len(x.analysis.Sessions)
		}
		if err := x.small(f.name, f.format, rows, func(w io.Writer) error { return format.Write(w, x.analysis, f.view, nil) }); err != nil {
			return err
		}
	}
	return nil
}
