package casefile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// Programs reads the programs of the machine as the scan found them. A line that
// cannot be read is reported to damage, and the others are read.
func (m *Machine) Programs(ctx context.Context, damage func(error)) (*programs.Model, error) {
	model := &programs.Model{Host: m.Name, Unresolved: m.Counts.Unresolved, Dropped: m.Counts.Dropped}
	n := 0
	for line, err := range m.lines(ctx, "programs.jsonl") {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			damage(err)
			break
		}
		n++
		host, p, err := programs.ReadJSON(line)
		if err != nil {
			damage(fmt.Errorf("programs.jsonl, line %d: %w", n, err))
			continue
		}
		model.Host = host
		model.Programs = append(model.Programs, p)
	}
	return model, nil
}

// Story reads the story that the scan told of the machine. It is nil where the
// scan wrote none, and where it cannot be read, which is reported to damage.
func (m *Machine) Story(ctx context.Context, damage func(error)) (*story.Story, error) {
	var told *story.Story
	for line, err := range m.lines(ctx, "story.json") {
		if err == nil && told == nil {
			told = new(story.Story)
			if err = json.Unmarshal(line, told); err != nil {
				told, err = nil, fmt.Errorf("story.json: %w", err)
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			damage(err)
		}
	}
	return told, nil
}

// Retell tells the story of the machine anew, with the findings of a report, programs
// that the report speaks of, and windows that end after gap. Sessions and acts are made
// again from the records that the scan kept.
func (m *Machine) Retell(ctx context.Context, r *findings.Report, model *programs.Model, gap time.Duration, damage func(error)) (
	*story.Story, error) {
	b := programs.New(programs.Facts{Machine: m.Facts(), Host: m.Name})
	defer b.Close()
	for res, err := range m.Results(ctx) {
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			damage(err)
		default:
			b.Add(&res)
		}
	}
	all := b.Model()
	defer all.Logons.Close()
	all.Programs = slices.SortedFunc(slices.Values(model.Programs), func(a, b *programs.Program) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Volume, b.Volume))
	})
	told := story.Tell(all, r, &story.Options{Gap: gap})
	return told, all.Logons.Err()
}
