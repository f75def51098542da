package logonview

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Read reads evidence, cases and exports of events into one analysis, with what the
// rules say of it. The session closes it.
func Read(ctx context.Context, s *session.Session, paths []string, opts *logons.Options) (*logons.Analysis, error) {
	b := logons.New(opts)
	defer b.Close()
	if len(s.Names) == 0 {
		s.Names = append(scan.LogonArtifacts(), "interfaces") // which say the addresses of machines
	}
	if len(paths) == 0 {
		return nil, usage.Errorf("missing EVIDENCE: a folder, archive, disk image, event log or export of events")
	}
	var reports []*findings.Report
	for _, p := range paths {
		r, err := read(ctx, s, b, p)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r...)
	}
	a := b.Analyse()
	s.Hold(a)
	scan.RankLogons(a, reports...)
	return a, s.Err()
}

// read feeds an analysis with what one argument names.
func read(ctx context.Context, s *session.Session, b *logons.Builder, path string) ([]*findings.Report, error) {
	if ok, err := scan.IsExport(path); err != nil {
		return nil, session.Missing(path, err)
	} else if ok {
		reports, err := scan.AddExport(ctx, b, path, s.Damage)
		for _, r := range reports {
			s.Hold(r)
		}
		return reports, err
	}
	cases, err := s.OpenCases(path)
	if err != nil {
		return nil, err
	}
	if cases != nil {
		r, err := Case(ctx, s.Log, b, cases[0], s.Names...)
		return []*findings.Report{r}, err
	}
	judges := scan.Judges{Names: s.Names}
	s.Hold(&judges)
	err = s.One(ctx, path, func(t *evidence.Tree, res artifacts.Result) error {
		judges.Add(t, s.Kind, &res)
		scan.AddLogons(b, t.Machine().Name, &res)
		return nil
	})
	return judges.Reports(), err
}

// Case feeds an analysis with the records of event logs in a case, and returns the
// findings of the case.
func Case(ctx context.Context, log *messages.Log, b *logons.Builder, c *casefile.Case, names ...string) (*findings.Report, error) {
	for _, m := range c.Machines {
		for rec, err := range m.Events(ctx, names...) {
			if err != nil {
				log.Damage(err)
				continue
			}
			scan.AddLogons(b, m.Name, &artifacts.Result{Artifact: rec.Artifact, Records: []artifacts.Record{*rec}})
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.Findings(ctx)
}

// Views reads the names of views: the last that is a table, "" without one, and those
// that restrict it.
func Views(names []string) (table string, restrict []string, err error) {
	for _, v := range names {
		switch {
		case slices.Contains(logons.TableViews, v):
			table = v
		case slices.Contains(logons.Views, v):
			restrict = append(restrict, v)
		default:
			return "", nil, usage.Errorf("unknown view %q; known: %s", v, strings.Join(slices.Concat(logons.TableViews, logons.Views), ", "))
		}
	}
	return table, restrict, nil
}

// Types reads a list of types of logons; an empty text is none.
func Types(list string) ([]int, error) {
	if list == "" {
		return nil, nil
	}
	var out []int
	for t := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(t))
		if err != nil || n < 0 || n > 20 {
			return nil, usage.Errorf("--type %q: want numbers such as 3,10", list)
		}
		out = append(out, n)
	}
	return out, nil
}

// Statuses reads a list of status codes, decimal or hexadecimal.
func Statuses(list string) ([]uint64, error) {
	if list == "" {
		return nil, nil
	}
	var out []uint64
	for t := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(t), 0, 32)
		if err != nil {
			return nil, usage.Errorf("--status %q: want numbers such as 0xC000006A,0x18", list)
		}
		out = append(out, n)
	}
	return out, nil
}

// Zone reads the zone of the views; an empty text is UTC.
func Zone(v string) (*time.Location, error) {
	if v == "" {
		return time.UTC, nil
	}
	zone, err := artifacts.Location(v)
	if err != nil {
		return nil, usage.Errorf("--timezone: %v", err)
	}
	return zone, nil
}

// Period reads the times that bound a period, "" where there is no bound. Times without
// an offset are in the zone.
func Period(from, to string, zone *time.Location) (p logons.Period, err error) {
	if p.From, err = timespan.ParseTimeIn("from", from, false, zone); err != nil {
		return p, usage.Of(err)
	}
	if p.To, err = timespan.ParseTimeIn("to", to, true, zone); err != nil {
		return p, usage.Of(err)
	}
	if !p.From.IsZero() && !p.To.IsZero() && !p.From.Before(p.To) {
		return p, usage.Errorf("--from is after --to")
	}
	return p, nil
}

// Periods reads the two periods that are compared, each DAY or FROM..TO; none is nil.
func Periods(list []string, zone *time.Location) ([]logons.Period, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) != 2 {
		return nil, usage.Errorf("--diff: give it twice, once for each period")
	}
	var out []logons.Period
	for _, v := range list {
		from, to, ok := strings.Cut(v, "..")
		if !ok {
			to = from
		}
		var p logons.Period
		var err error
		if p.From, err = timespan.ParseTimeIn("diff", from, false, zone); err != nil {
			return nil, usage.Of(err)
		}
		if p.To, err = timespan.ParseTimeIn("diff", to, true, zone); err != nil {
			return nil, usage.Of(err)
		}
		out = append(out, p)
	}
	return out, nil
}
