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
	add(c.StreamTime, c.streamKind(), c.streamSays())
	add(c.TimesSet, "Times Set Time", c.setTimes())
	add(c.Deleted, "File Deletion Time", c.Path+" was deleted")
	if len(out) == 0 {
		add(c.First, "File Written Time", c.Path+" was changed: "+c.Reasons)
	}
	return out
}

// streamWritten is the reason of a session that wrote into a named stream. One that also
// changed the list of streams made it.
const streamWritten = "NAMED_DATA_EXTEND"

func (c Change) streamKind() string {
	if strings.Contains(c.Reasons, streamWritten) {
		return "Stream Created Time"
	}
	return "Stream Changed Time"
}

func (c Change) streamSays() string {
	switch {
	case c.MarkLost:
		return "a stream of " + c.Path + " was renamed or deleted, and it has no Mark of the Web"
	case !strings.Contains(c.Reasons, streamWritten):
		return "a stream of " + c.Path + " was created, renamed or deleted"
	case c.marked:
		return "a stream of " + c.Path + " was created; it has a Mark of the Web"
	}
	return "a stream of " + c.Path + " was created"
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

// Program returns the path of the program that was changed, or the name of the
// one that started.
func (c Change) Program() string {
	switch {
	case c.Kind == KindStart:
		return c.Executable
	case (c.Kind == KindSession || c.Kind == KindWiped) && !c.Directory && IsRunnable(c.Path):
		return c.Path
	}
	return ""
}

// Proof is that of a start for the write of a Prefetch file.
func (c Change) Proof() artifacts.Proof {
	if c.Kind == KindStart {
		return artifacts.Executed
	}
	return artifacts.Present
}

const clock = "15:04:05"

// Summary says what happened in one line.
func (c Change) Summary() string {
	switch c.Kind {
	case KindStart:
		return fmt.Sprintf("%s was written: %s started at most 10.6 s earlier", c.Path, c.Executable)
	case KindBurst:
		return fmt.Sprintf("%d files below %s were %s between %s and %s", c.Files, c.Path, c.Action, c.First.Format(clock),
			c.Last.Format(clock))
	case KindMass:
		if c.Path != "" {
			return fmt.Sprintf("%s appeared in %d folders between %s and %s", c.Path, c.Folders, c.First.Format(clock),
				c.Last.Format(clock))
		}
		return fmt.Sprintf("%d files of %d extensions were renamed to *.%s between %s and %s", c.Files, c.Extensions, c.Extension,
			c.First.Format(clock), c.Last.Format(clock))
	case KindWiped:
		return fmt.Sprintf("%s was renamed %d times and then deleted", c.Path, c.Renames)
	case KindClock:
		return c.setBack()
	case KindJournal:
		return fmt.Sprintf("%d records from %s to %s", c.Records, c.First.Format(time.DateTime), c.Last.Format(time.DateTime))
	}
	s := c.Path + " [" + c.Reference + "] " + c.Reasons
	if c.OldPath != "" {
		s += " was " + c.OldPath
	}
	return s
}

// Tags marks what a reader must know.
func (c Change) Tags() []string {
	var tags []string
	if c.MarkLost {
		tags = append(tags, "stream-removed")
	}
	if c.Responder {
		tags = append(tags, "responder")
	}
	return tags
}
