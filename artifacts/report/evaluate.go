package report

import (
	"context"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// Stream feeds the report with the sorted timeline.
func (in *Input) Stream(ctx context.Context, rows iter.Seq2[*output.Row, error]) error {
	take, n := in.Taker(), 0
	for r, err := range rows {
		if err != nil {
			return err
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		take(r)
	}
	return nil
}

// Taker returns what takes in the rows of the sorted timeline: as [Input.Stream] does,
// for a caller that has other uses for them, too. The findings and marks of the input
// must be known.
func (in *Input) Taker() func(*output.Row) {
	c := in.Collected
	c.Focus(in.Findings)
	c.wantMarks(in.Marks)
	return func(r *output.Row) {
		c.Row(r)
		c.Near(r)
		if len(in.Marks) > 0 {
			c.Mark(r)
		}
	}
}

// Evaluate takes an evaluation over into the report's own terms, the words of
// the rules in the language of the page.
func (in *Input) Evaluate(r *findings.Report, lang string) {
	in.Silenced, in.RulesLang = r.Silenced, lang
	if in.Collected != nil {
		for _, l := range r.Limits {
			in.Collected.Note("", l)
		}
	}
	for _, m := range r.Models {
		if slices.ContainsFunc(in.Stories, func(s *story.Story) bool { return s.Host == m.Host }) {
			continue // told from all findings already
		}
		in.Stories = append(in.Stories, story.Tell(m, r, nil))
	}
	words := map[string]findings.Texts{}
	for _, rule := range findings.Rules() {
		words[rule.ID] = rule.In(lang)
	}
	seen := map[string]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		w := words[f.RuleID]
		out := Finding{
			ID: f.ID, Title: w.Title, Level: f.Level.String(), Raised: f.Raised, Rules: f.RuleIDs, Techniques: f.Techniques,
			Subject: f.Subject, SubjectKind: f.SubjectKind, Scope: f.Scope, Host: f.Host, FirstSeen: f.FirstSeen,
			LastSeen: f.LastSeen, TimeKind: f.TimeKind, Count: f.Count, Omitted: f.Omitted,
			Why: w.Why, Benign: w.Benign, Next: w.Next,
		}
		for _, x := range f.Reasons {
			out.Reasons = append(out.Reasons, Reason{Rule: x.RuleID, Title: words[x.RuleID].Title, Level: x.Level.String(), Says: x.Says})
		}
		for j := range f.Evidence {
			e := &f.Evidence[j]
			key := e.Key
			if e.Value != "" {
				key += " [" + e.Value + "]"
			}
			out.Evidence = append(out.Evidence, Evidence{
				ID: e.ID, Artifact: e.Artifact, Proves: e.Proves, Time: e.Time, TimeKind: e.TimeKind, User: e.User,
				Source: e.Path, Key: key, Quote: e.Quote,
			})
		}
		in.Findings = append(in.Findings, out)
		for _, id := range f.Techniques {
			if t, ok := findings.Technique(id); ok && !seen[id] {
				seen[id] = true
				in.Techniques = append(in.Techniques, Technique{ID: t.ID, Name: t.Name, Tactics: t.Tactics})
			}
		}
	}
	for _, c := range r.Coverage {
		in.Rules = append(in.Rules, Rule{Host: c.Host, ID: c.RuleID, Title: words[c.RuleID].Title, Status: c.Status, Why: c.Why,
			Hits: c.Hits})
	}
}

// Verdicts returns what the findings say of each record, for the rows of a
// timeline.
func Verdicts(r *findings.Report) map[string]output.Verdict {
	out := map[string]output.Verdict{}
	for id, v := range r.Verdicts() {
		out[id] = output.Verdict{Level: v.Level.String(), Rules: v.Rules, Findings: v.Findings}
	}
	for _, m := range r.Models {
		ofPrograms(out, m)
	}
	return out
}

// ofPrograms adds which program, start and session a record belongs to. A record
// that shows starts of two programs, a host and what it ran, belongs to the host.
func ofPrograms(out map[string]output.Verdict, m *programs.Model) {
	for p := range m.All() {
		for _, ref := range p.Sample {
			if v := out[ref.Record]; v.Program == "" {
				v.Program, v.Known = p.ID, p.KnownGood
				out[ref.Record] = v
			}
		}
		for i := range p.Starts {
			s := &p.Starts[i]
			for _, f := range s.Proofs {
				v := out[f.Record]
				if v.Program != "" && v.Program != p.ID && (f.Source == programs.CommandLine || len(v.Starts) > 0) {
					continue
				}
				v.Program, v.Known = p.ID, p.KnownGood
				if f.Source != programs.ServiceInstalled {
					v.Starts = append(v.Starts, output.Start{Time: f.Time, ID: s.ID, Window: s.Window, Session: s.Session})
				}
				out[f.Record] = v
			}
		}
	}
	for _, a := range m.Acts {
		if v := out[a.Ref.Record]; v.Session == "" && a.Session != "" {
			v.Session = a.Session
			out[a.Ref.Record] = v
		}
	}
}
