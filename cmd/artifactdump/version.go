package main

import (
	"cmp"
	"runtime/debug"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/build"
)

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
