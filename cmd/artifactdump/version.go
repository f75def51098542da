package main

import (
	"cmp"
	"regexp"
	"runtime/debug"
	"strings"
)

// stamped is the version, set by the linker in releases. Without it the version
// is what the module system knows: the tag or the commit of go install, the
// commit of a build from a checkout.
var stamped = ""

// stampedCommit and stampedDate are the commit and its day, set in releases, too.
var stampedCommit, stampedDate = "", ""

func version() string {
	bi, _ := debug.ReadBuildInfo()
	return cmp.Or(stamped, versionOf(bi))
}

// commit is what the program was built from, and the day of it; a build that
// knows neither has none.
func commit() (id, date string) {
	bi, _ := debug.ReadBuildInfo()
	id, date = commitOf(bi)
	return cmp.Or(stampedCommit, id), cmp.Or(stampedDate, date)
}

const unknownVersion = "(devel)"

func versionOf(bi *debug.BuildInfo) string {
	if bi == nil {
		return unknownVersion
	}
	if v := bi.Main.Version; v != "" && v != unknownVersion {
		return v
	}
	id := setting(bi, "vcs.revision")
	if id == "" {
		return unknownVersion
	}
	v := "devel+" + id[:min(len(id), 12)]
	if setting(bi, "vcs.modified") == "true" {
		v += ".dirty"
	}
	return v
}

// pseudoVersion ends the version of a commit without a tag: its time in UTC and
// the begin of its hash.
var pseudoVersion = regexp.MustCompile(`[-.](\d{4})(\d\d)(\d\d)\d{6}-([0-9a-f]{12})(\+\w+)?$`)

func commitOf(bi *debug.BuildInfo) (id, date string) {
	if bi == nil {
		return "", ""
	}
	date, _, _ = strings.Cut(setting(bi, "vcs.time"), "T")
	if id = setting(bi, "vcs.revision"); id != "" {
		return id, date
	}
	if m := pseudoVersion.FindStringSubmatch(bi.Main.Version); m != nil {
		return m[4], m[1] + "-" + m[2] + "-" + m[3]
	}
	return "", date
}

func setting(bi *debug.BuildInfo, key string) string {
	for _, kv := range bi.Settings {
		if kv.Key == key {
			return kv.Value
		}
	}
	return ""
}
