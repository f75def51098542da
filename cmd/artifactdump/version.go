package main

import (
	"cmp"
	"runtime/debug"
	"strings"
)

// version is stamped by the linker in releases; a build from a checkout says
// what the module system knows.
var stamped = ""

// stampedCommit and stampedDate are the commit and its day, stamped in releases, too.
var stampedCommit, stampedDate = "", ""

func version() string {
	if stamped != "" {
		return stamped
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "(devel)"
}

// commit is what the program was built from, and the day of it; a build that
// knows neither has none.
func commit() (id, date string) {
	id, date = stampedCommit, stampedDate
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return id, date
	}
	for _, kv := range bi.Settings {
		switch kv.Key {
		case "vcs.revision":
			id = cmp.Or(id, kv.Value)
		case "vcs.time":
			day, _, _ := strings.Cut(kv.Value, "T")
			date = cmp.Or(date, day)
		}
	}
	return id, date
}
