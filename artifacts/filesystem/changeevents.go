package filesystem

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// Events gives each change with its own time.
func (c Change) Events() []artifacts.Event {
	var out []artifacts.Event
	add := func(t time.Time, kind, says string) {
		if !t.IsZero() {
			out = append(out, artifacts.Event{Time: t, Kind: kind, Message: "Change journal " + says})
		}
	}
	switch c.Kind {
	case KindStart:
		add(c.First, "Program Started (estimated)", c.Summary())
		for i := range out {
			out[i].Estimate = true
		}
		return out
	case KindClock:
		add(c.ClockTo, "Clock Set Back Time", c.setBack())
		return out
	case KindJournal:
		add(c.JournalMade, "Journal Created Time", "was made")
		return out
	case KindWiped:
		add(c.Deleted, "File Deletion Time", c.Summary())
		return out
	case KindBurst, KindMass:
		add(c.First, "File Change Time", c.Summary())
		return out
	}
	add(c.Created, "File Created Time (journal)", c.Path+" was created")
	if !c.Renamed.IsZero() {
		add(c.Renamed, "File Renamed Time", c.renamed())
	}
	add(c.StreamTime, "Stream Changed Time", "a stream of "+c.Path+" was created, renamed or deleted")
	add(c.TimesSet, "Times Set Time", c.setTimes())
	add(c.Deleted, "File Deletion Time", c.Path+" was deleted")
	if len(out) == 0 {
		add(c.First, "File Written Time", c.Path+" was changed: "+c.Reasons)
	}
	return out
}

// setBack says that the clock was set back.
func (c Change) setBack() string {
	return fmt.Sprintf("goes back from %s to %s: the clock was set", c.ClockFrom.UTC().Format(utcTime), c.ClockTo.UTC().Format(utcTime))
}

func (c Change) renamed() string {
	switch {
	case c.OldPath == "":
		return c.Path + " got its name, from an unknown one"
	case strings.EqualFold(c.OldPath[strings.LastIndexByte(c.OldPath, '\\')+1:], c.Path[strings.LastIndexByte(c.Path, '\\')+1:]):
		return c.OldPath + " was moved to " + c.Path
	}
	return c.OldPath + " became " + c.Path
}
