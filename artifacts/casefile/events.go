package casefile

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// Events yields the records of event logs, shown or not, in the order in which the
// scan read them: log by log as the manifest lists them, and by their offsets. What
// analyses say of events of one time depends on it.
func (m *Machine) Events(ctx context.Context, names ...string) iter.Seq2[*artifacts.Record, error] {
	return func(yield func(*artifacts.Record, error) bool) {
		list, err := catalogue.Select(names)
		if err != nil {
			yield(nil, err)
			return
		}
		byName := map[string]*artifacts.Artifact{}
		var feeds []*lineFeed
		open := func(name string) {
			next, stop := iter.Pull2(parsed(m, m.lines(ctx, name), name, output.ReadRecordLine))
			feeds = append(feeds, &lineFeed{next: next, stop: stop})
		}
		defer func() {
			for _, f := range feeds {
				f.stop()
			}
		}()
		for _, a := range list {
			if _, ok := a.Record().(events.Event); ok {
				byName[a.Name] = a
				open("records/" + a.Name + ".jsonl")
			}
		}
		open(scan.UnshownName)
		m.mergeEvents(byName, feeds, yield)
	}
}

// A lineFeed is a file of records that is being merged, and its next record.
type lineFeed struct {
	next func() (*output.RecordLine, error, bool)
	stop func()
	line *output.RecordLine
	log  int // place of its log in the manifest
	done bool
}

// pull takes the next record of a known artifact. It returns false when no more are
// wanted.
func (f *lineFeed) pull(places map[string]int, byName map[string]*artifacts.Artifact, yield func(*artifacts.Record, error) bool) bool {
	for {
		line, err, ok := f.next()
		switch {
		case !ok:
			f.done = true
			return true
		case err != nil:
			if !yield(nil, err) {
				return false
			}
		case byName[line.Artifact] != nil:
			f.line, f.log = line, places[line.Snapshot+"|"+line.Source]
			return true
		}
	}
}

// mergeEvents yields the records of several files in the order of the scan.
func (m *Machine) mergeEvents(byName map[string]*artifacts.Artifact, feeds []*lineFeed, yield func(*artifacts.Record, error) bool) {
	places := map[string]int{}
	for i, in := range m.Inputs {
		places[in.Snapshot+"|"+in.Path] = i
	}
	left := slices.Clone(feeds)
	for _, f := range left {
		if !f.pull(places, byName, yield) {
			return
		}
	}
	for {
		left = slices.DeleteFunc(left, func(f *lineFeed) bool { return f.done })
		if len(left) == 0 {
			return
		}
		first := slices.MinFunc(left, func(a, b *lineFeed) int {
			return cmp.Or(cmp.Compare(a.log, b.log), cmp.Compare(a.line.Offset, b.line.Offset))
		})
		rec, err := first.line.Record(byName[first.line.Artifact])
		if err != nil {
			if !yield(nil, fmt.Errorf("%s: record %s: %w", m.Dir, first.line.ID, err)) {
				return
			}
		} else {
			rec.In(m.zone)
			if !yield(&rec, nil) {
				return
			}
		}
		if !first.pull(places, byName, yield) {
			return
		}
	}
}
