package casefile

import (
	"context"
	"encoding/json"
	"fmt"

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
