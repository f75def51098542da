package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/build"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version, the commit and the system that the program was built for",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage.Errorf("version takes no arguments")
			}
			text := fmt.Sprintf("%s version %s\n", c.App.Name, c.App.Version)
			if id, date := commit(); id != "" {
				text += fmt.Sprintf("commit %s of %s\n", id, cmp.Or(date, "an unknown day"))
			}
			_, err := fmt.Fprintf(c.App.Writer, "%s%s for %s/%s\n", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// stamped is the version, set by the linker in releases. Without it the version
// is what the module system knows: the tag or the commit of go install, the
// commit of a build from a checkout.
var stamped = ""

// stampedCommit and stampedDate are the commit and its day, set in releases, too.
var stampedCommit, stampedDate = "", ""

func version() string {
	bi, _ := debug.ReadBuildInfo()
	return cmp.Or(stamped, build.Version(bi))
}

// commit is what the program was built from, and the day of it; a build that
// knows neither has none.
func commit() (id, date string) {
	bi, _ := debug.ReadBuildInfo()
	id, date = build.Commit(bi)
	return cmp.Or(stampedCommit, id), cmp.Or(stampedDate, date)
}
