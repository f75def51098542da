package scan

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

func (x *machineScan) result(res *artifacts.Result) error {
	for _, n := range res.Notes {
		x.note("%s", n)
	}
	for _, e := range res.Errors {
		x.damage(e)
	}
	x.inv.add(res)
	x.eval.Add(res)
	x.page.Collected.Result(x.m.Name, res)
	if x.o.Strict && len(res.Errors) > 0 {
		return fmt.Errorf("stopped at the first damage (--strict): %w", ErrDamaged)
	}
	for _, t := range x.tables {
		if f, ok := t.w.(output.Failer); ok && len(res.Records) == 0 && !res.More {
			for _, e := range res.Errors {
				if err := f.Failed(e); err != nil {
					return err
				}
			}
		}
	}
	before := x.sorter.Len()
	for i := range res.Records {
		rec := &res.Records[i]
		if err := x.record(rec); err != nil {
			return err
		}
		if err := x.sorter.Add(rec); err != nil {
			return err
		}
		for _, t := range x.tables {
			if err := t.w.Record(rec); err != nil {
				return err
			}
		}
	}
	x.sorter.Source(res)
	x.moments.Add(res)
	if n := x.sorter.Len() - before; n > 0 {
		x.inv.input(res.From.Path, res.From.Snapshot).Events += n
	}
	return nil
}

// record writes a record to the file of its artifact. Results come artifact by
// artifact, so that one file is open at a time.
func (x *machineScan) record(rec *artifacts.Record) error {
	if rec.Artifact != x.recordsOf {
		if err := x.endRecords(); err != nil {
			return err
		}
		x.records, x.recordsOf, x.recordRows = x.Set(), rec.Artifact, 0
		w, err := x.records.Create("records/" + rec.Artifact.Name + ".jsonl")
		if err != nil {
			return err
		}
		jsonl, _ := output.Lookup("jsonl")
		x.recordLines = jsonl.Records(w, x.opts)
	}
	x.recordRows++
	return x.recordLines.Record(rec)
}

func (x *machineScan) endRecords() error {
	if x.records == nil {
		return nil
	}
	if err := x.recordLines.Close(); err != nil {
		return err
	}
	files := x.records
	err := x.commit(files, "jsonl", x.recordRows, nil)
	x.records, x.recordsOf = nil, nil
	return err
}

// commit gives finished files their names and puts them into the manifest. The
// rows of files of lines are counted when rows is negative.
func (x *machineScan) commit(set *files.Set, format string, rows int, w any) error {
	done, err := set.Commit()
	var notes []string
	if n, ok := w.(output.Noter); ok {
		notes = n.Notes()
	}
	for i := range done {
		done[i].Format = format
		if rows >= 0 {
			done[i].Rows = rows
		}
		if i == 0 {
			done[i].Notes = notes
			for _, n := range notes {
				x.note("%s: %s", done[i].Name, n)
			}
		}
	}
	x.m.Outputs = append(x.m.Outputs, done...)
	return err
}

// abort leaves unfinished files under their .partial names.
func (x *machineScan) abort() {
	if x.records != nil {
		x.records.Abort()
	}
	x.damaged.Abort()
	for _, t := range x.tables {
		t.files.Abort()
	}
}
