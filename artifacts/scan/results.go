package scan

import (
	"fmt"
	"slices"

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
	before := x.inv.bytes
	x.inv.add(res)
	if n := x.inv.bytes - before; n > 0 {
		x.status.read(x.shows, n)
	}
	if err := x.aside(res); err != nil {
		return err
	}
	x.eval.Add(res)
	x.seen.AddResult(res)
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
	sorted := x.sorter.Len()
	for i := range res.Records {
		rec := &res.Records[i]
		if rec.Quiet {
			if err := x.unshown(rec); err != nil {
				return err
			}
			continue
		}
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
	if n := x.sorter.Len() - sorted; n > 0 {
		x.inv.input(res.From.Path, res.From.Snapshot).Events += n
	}
	return nil
}

// aside writes the records that are neither shown nor judged, and takes them out.
func (x *machineScan) aside(res *artifacts.Result) error {
	if !x.o.MFT || !slices.ContainsFunc(res.Records, func(r artifacts.Record) bool { return r.Aside }) {
		return nil
	}
	var rest []artifacts.Record
	for i := range res.Records {
		rec := &res.Records[i]
		if !rec.Aside {
			rest = append(rest, *rec)
			continue
		}
		if err := x.record(rec); err != nil {
			return err
		}
	}
	res.Records = rest
	return nil
}

// record writes a record to the file of its artifact. Results come artifact by
// artifact, so that one file is open at a time, or as many as a family of
// artifacts has members.
func (x *machineScan) record(rec *artifacts.Record) error {
	i := slices.IndexFunc(x.records, func(f *recordFile) bool { return f.artifact == rec.Artifact })
	if i < 0 {
		if len(x.records) > 0 && !rec.Artifact.With(x.records[0].artifact) {
			if err := x.endRecords(); err != nil {
				return err
			}
		}
		f := &recordFile{artifact: rec.Artifact, files: x.Set()}
		w, err := f.files.Create("records/" + rec.Artifact.Name + ".jsonl")
		if err != nil {
			return err
		}
		jsonl, _ := output.Lookup("jsonl")
		f.lines = jsonl.Records(w, x.opts)
		i = len(x.records)
		x.records = append(x.records, f)
	}
	x.records[i].rows++
	return x.records[i].lines.Record(rec)
}

func (x *machineScan) endRecords() error {
	for len(x.records) > 0 {
		f := x.records[0]
		if err := f.lines.Close(); err != nil {
			return err
		}
		x.records = x.records[1:]
		if err := x.commit(f.files, "jsonl", f.rows, nil); err != nil {
			return err
		}
	}
	return nil
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
	for _, f := range x.records {
		f.files.Abort()
	}
	x.damaged.Abort()
	if x.viewer.page != nil {
		x.viewer.page.files.Abort()
	}
	if x.quiet.files != nil {
		x.quiet.files.Abort()
	}
	for _, t := range x.tables {
		t.files.Abort()
	}
}
