package main

import (
	"io/fs"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// logsKey is where the program keeps its logs, so that pending messages are printed
// however a command ends.
const logsKey = "logs"

// newLog returns the log of a command, as its flags say.
func newLog(c *cli.Context) *messages.Log {
	l := messages.New(c.App.ErrWriter)
	l.Quiet, l.Verbose, l.Strict = c.Bool("quiet"), c.Bool("verbose"), c.Bool("strict")
	logs, _ := c.App.Metadata[logsKey].([]*messages.Log)
	c.App.Metadata[logsKey] = append(logs, l)
	return l
}

// readingFlags say how evidence is read: a case folder was read already.
var readingFlags = []string{"full", "host", "evidence-timezone", "no-deleted", "no-logs", "no-shadows", "password", "verify", "events"}

// newSession returns a session that reads evidence as the flags say. more are the other
// flags of the command that have no effect on a case folder.
func newSession(c *cli.Context, more ...string) *session.Session {
	return session.New(newLog(c), session.Options{
		Evidence: *evidenceOptions(c), VerifyImages: c.Bool("verify"), Timezone: c.String("evidence-timezone"), Names: c.StringSlice("artifact"),
		Full: c.Bool("full"), NoDeleted: c.Bool("no-deleted"), Jobs: c.Int("jobs"),
		Ignored: slices.DeleteFunc(slices.Concat(readingFlags, more), func(name string) bool { return !c.IsSet(name) }),
	})
}

// wrapEvidence is set by tests, to make reads of the evidence fail.
var wrapEvidence func(fs.FS) fs.FS

// evidenceOptions returns the options for opening evidence from the flags.
func evidenceOptions(c *cli.Context) *evidence.Options {
	return &evidence.Options{Hostname: c.String("host"), NoLogs: c.Bool("no-logs"), NoShadows: c.Bool("no-shadows"),
		Password: c.String("password"), Wrap: wrapEvidence}
}

// shownEvents returns what --events says.
func shownEvents(c *cli.Context) string {
	if v := c.String("events"); v != "default" {
		return v
	}
	return ""
}

// showEvents hides the records that --events does not ask for.
func showEvents(c *cli.Context, s *session.Session) error {
	f, err := events.ParseFilter(shownEvents(c))
	if err != nil {
		return usage.Errorf("--events: %v", err)
	}
	s.Hides = f.Quiet
	return nil
}
