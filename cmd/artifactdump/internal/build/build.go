// Package build reads what go install and go build leave in a program.
package build

import (
	"regexp"
	"runtime/debug"
	"strings"
)

// Version returns the version that the module system knows: the tag or the commit
// of go install, the commit of a build from a checkout.
func Version(bi *debug.BuildInfo) string {
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

// Commit returns what a program was built from, and the day of it.
func Commit(bi *debug.BuildInfo) (id, date string) {
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

const unknownVersion = "(devel)"

// pseudoVersion ends the version of a commit without a tag: its time in UTC and
// the begin of its hash.
var pseudoVersion = regexp.MustCompile(`[-.](\d{4})(\d\d)(\d\d)\d{6}-([0-9a-f]{12})(\+\w+)?$`)
