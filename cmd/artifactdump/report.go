package main

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "one HTML page: the machine, the findings, what ran when",
		ArgsUsage: "EVIDENCE…",
		Description: "Writes one self-contained page that asks nothing of any server, works without\n" +
			"JavaScript and prints: the machine, the findings with their evidence, charts of the\n" +
			"activity, programs by first sight, what starts by itself, what could not be read,\n" +
			"and the timeline around the findings.\n\n" +
			"Examples:\n" +
			"   artifactdump report -o report.html /mnt/image\n" +
			"   artifactdump report --lang ja -o report.html case/C",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "`LANGUAGE` of the page: en, ja"},
			&cli.StringFlag{Name: "title", Usage: "`TITLE` of the page (default: the machine's name)"},
			&cli.IntFlag{Name: "rows", Value: 2000, Usage: "at most `N` rows in the timeline around the findings"},
			&cli.StringSliceFlag{Name: "rules", Usage: "read tables and exceptions of your own from `FILE` (repeat for more)"},
		}, outputFlags(), evidenceFlags()),
		Action: reportAction,
	}
}

func reportAction(c *cli.Context) error {
	opts := &report.Options{Lang: c.String("lang"), Rows: c.Int("rows")}
	if !slices.Contains(report.Languages(), opts.Lang) {
		return usagef("--lang %q: want en or ja", opts.Lang)
	}
	if opts.Rows <= 0 {
		return usagef("--rows %d: want a number above 0", opts.Rows)
	}
	tables, err := ruleFiles(c.StringSlice("rules"))
	if err != nil {
		return err
	}
	paths, names := c.Args().Slice(), c.StringSlice("artifact")
	s := newSession(c)
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	in := report.Input{Title: c.String("title"), Tool: "artifactdump " + version(), Collected: report.NewCollector(opts)}
	var sorter output.Sorter
	defer sorter.Close()
	reports, err := s.collect(&in, &sorter, paths, names, &findings.Options{Tables: tables})
	if err == nil {
		evaluated(&in, findings.Join(reports...), opts.Lang)
		err = stream(s.c.Context, &in, &sorter)
	}
	if err == nil {
		err = report.Write(o, in, opts)
	}
	if err != nil {
		o.abort()
		return err
	}
	if err := o.commit(); err != nil {
		return err
	}
	return s.end()
}

// collect reads the evidence once, for the report, the timeline and the
// evaluation.
func (s *session) collect(in *report.Input, sorter *output.Sorter, paths, names []string, opts *findings.Options) ([]*findings.Report, error) {
	var reports []*findings.Report
	var at *evidence.Tree
	var evaluator *findings.Evaluator
	done := func() {
		if at != nil {
			reports = append(reports, evaluator.Report())
		}
	}
	err := s.each(paths, names, func(tree *evidence.Tree, res artifacts.Result) error {
		if at != tree {
			done()
			in.Machines = append(in.Machines, report.MachineOf(tree, s.kind))
			at, evaluator = tree, findings.NewEvaluator(findings.FactsOf(tree, s.kind, names), opts)
		}
		in.Collected.Result(tree.Machine().Name, &res)
		evaluator.Add(&res)
		return sorter.AddResult(&res)
	})
	if err != nil {
		return nil, err
	}
	done()
	return reports, nil
}

// stream feeds the report with the sorted timeline, once as it is and once
// for what lies around the findings.
func stream(ctx context.Context, in *report.Input, sorter *output.Sorter) error {
	in.Collected.Focus(in.Findings)
	for _, take := range []func(*output.Row){in.Collected.Row, in.Collected.Near} {
		n := 0
		for r, err := range sorter.Rows() {
			if err != nil {
				return err
			}
			if n++; n%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			take(r)
		}
	}
	return nil
}

// evaluated takes the evaluation over into the report's own terms, the words of
// the rules in the language of the page.
func evaluated(in *report.Input, r *findings.Report, lang string) {
	in.Silenced, in.RulesLang = r.Silenced, lang
	words := map[string]findings.Texts{}
	for _, rule := range findings.Rules() {
		words[rule.ID] = rule.In(lang)
	}
	seen := map[string]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		w := words[f.RuleID]
		out := report.Finding{
			ID: f.ID, Title: w.Title, Level: f.Level.String(), Raised: f.Raised, Rules: f.RuleIDs, Techniques: f.Techniques,
			Subject: f.Subject, SubjectKind: f.SubjectKind, Scope: f.Scope, Host: f.Host, FirstSeen: f.FirstSeen,
			LastSeen: f.LastSeen, TimeKind: f.TimeKind, Count: f.Count, Omitted: f.Omitted,
			Why: w.Why, Benign: w.Benign, Next: w.Next,
		}
		for _, x := range f.Reasons {
			out.Reasons = append(out.Reasons, report.Reason{Rule: x.RuleID, Title: words[x.RuleID].Title, Level: x.Level.String(), Says: x.Says})
		}
		for j := range f.Evidence {
			e := &f.Evidence[j]
			key := e.Key
			if e.Value != "" {
				key += " [" + e.Value + "]"
			}
			out.Evidence = append(out.Evidence, report.Evidence{
				ID: e.ID, Artifact: e.Artifact, Proves: e.Proves, Time: e.Time, TimeKind: e.TimeKind, User: e.User,
				Source: e.Path, Key: key, Quote: e.Quote,
			})
		}
		in.Findings = append(in.Findings, out)
		for _, id := range f.Techniques {
			if t, ok := findings.Technique(id); ok && !seen[id] {
				seen[id] = true
				in.Techniques = append(in.Techniques, report.Technique{ID: t.ID, Name: t.Name, Tactics: t.Tactics})
			}
		}
	}
	for _, c := range r.Coverage {
		in.Rules = append(in.Rules, report.Rule{Host: c.Host, ID: c.RuleID, Title: words[c.RuleID].Title, Status: c.Status, Why: c.Why, Hits: c.Hits})
	}
}
