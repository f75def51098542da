package scan

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// Judges evaluate machines one after the other. They must be closed.
type Judges struct {
	Options *findings.Options // nil is the rules that ship
	Names   []string          // of the artifacts that are read; none is all

	tree  *evidence.Tree // of the machine under way
	eval  *findings.Evaluator
	hosts []string
	done  []*findings.Report

	trails []*logons.Trail // of machines that were judged, until the chains are known
}

// Err returns the first error of temporary files: see [findings.Report.Err].
func (j *Judges) Err() error {
	for _, r := range j.done {
		if err := r.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Close removes the temporary files of all machines, whose sessions cannot be asked for
// after it.
func (j *Judges) Close() error {
	var errs []error
	if j.eval != nil {
		errs = append(errs, j.eval.Close())
	}
	for _, r := range j.done {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// Add takes in a result; a new tree is another machine. kind is that of its
// evidence.
func (j *Judges) Add(t *evidence.Tree, kind string, res *artifacts.Result) {
	if j.tree != t {
		j.end()
		j.tree, j.eval = t, findings.NewEvaluator(findings.FactsOf(t, kind, j.Names), j.Options)
		j.hosts = append(j.hosts, t.Machine().Name)
	}
	j.eval.Add(res)
}

// end judges the machine under way, and lets go of its tree.
func (j *Judges) end() {
	if j.tree != nil {
		j.tree.Release() // what is judged was read
		r := j.eval.Report()
		j.done = append(j.done, r)
		for _, m := range r.Models {
			if m.Logons != nil {
				RankLogons(m.Logons, r)
				j.trails = append(j.trails, m.Logons.Trail())
			}
		}
		j.tree, j.eval = nil, nil
	}
}

// Reports ends the evaluations.
func (j *Judges) Reports() []*findings.Report {
	j.end()
	if len(j.trails) > 1 {
		for _, f := range ChainFindings(j.trails...) {
			i := slices.IndexFunc(j.hosts, func(h string) bool { return logons.HostKey(h) == f.Host })
			if i < 0 {
				i = len(j.hosts) - 1
			}
			f.Host = j.hosts[i]
			j.done[i].Insert(f)
		}
	}
	j.trails = nil
	return j.done
}

// WithPrefix returns the findings whose id begins with a prefix.
func (j *Judges) WithPrefix(prefix string) []*findings.Finding {
	var out []*findings.Finding
	for _, r := range j.Reports() {
		for i := range r.Findings {
			if strings.HasPrefix(r.Findings[i].ID, prefix) {
				out = append(out, &r.Findings[i])
			}
		}
	}
	return out
}

// Sessions fills in the log-on session of each row: that of its machine.
func (j *Judges) Sessions(rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	of := map[string]*logons.Analysis{}
	for i, r := range j.Reports() {
		for _, m := range r.Models {
			if of[j.hosts[i]] == nil {
				of[j.hosts[i]] = m.Logons
			}
		}
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if r != nil && of[r.Host] != nil {
				err = session(of[r.Host], r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Verdicts returns what the findings say of records, by machine and id.
func (j *Judges) Verdicts() map[string]map[string]output.Verdict {
	verdicts := map[string]map[string]output.Verdict{}
	for i, r := range j.Reports() {
		for _, m := range r.Models {
			story.Tell(m, r, nil) // notes the windows
		}
		verdicts[j.hosts[i]] = report.Verdicts(r)
	}
	return verdicts
}

// Rows yields rows with the findings of their machine.
func (j *Judges) Rows(rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	verdicts := j.Verdicts()
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if r != nil {
				r.Judge(verdicts[r.Host])
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
