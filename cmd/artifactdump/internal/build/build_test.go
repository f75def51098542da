package build

import (
	"runtime/debug"
	"testing"
)

// TestVersion reads what go install, go build and go test leave in a program.
func TestVersion(t *testing.T) {
	vcs := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "da76280fffffffffffffffffffffffffffffffff"},
		{Key: "vcs.time", Value: "2026-11-29T21:02:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}
	for _, c := range []struct {
		name              string
		version           string
		settings          []debug.BuildSetting
		want, commit, day string
	}{
		{"install of a tag", "v0.1.0", nil, "v0.1.0", "", ""},
		{"install of a commit", "v0.0.0-20261129210200-da76280fffff", nil, "v0.0.0-20261129210200-da76280fffff", "da76280fffff", "2026-11-29"},
		{"install of a commit after a tag", "v0.1.1-0.20261129210200-da76280fffff", nil, "v0.1.1-0.20261129210200-da76280fffff", "da76280fffff", "2026-11-29"},
		{"checkout", "v0.1.1-0.20261129210200-da76280fffff+dirty", vcs, "v0.1.1-0.20261129210200-da76280fffff+dirty", vcs[0].Value, "2026-11-29"},
		{"checkout of an older toolchain", "(devel)", vcs, "devel+da76280fffff.dirty", vcs[0].Value, "2026-11-29"},
		{"no version control", "(devel)", nil, "(devel)", "", ""},
		{"test", "", nil, "(devel)", "", ""},
	} {
		bi := &debug.BuildInfo{Main: debug.Module{Version: c.version}, Settings: c.settings}
		if got := Version(bi); got != c.want {
			t.Errorf("%s: version %s, want %s", c.name, got, c.want)
		}
		if id, day := Commit(bi); id != c.commit || day != c.day {
			t.Errorf("%s: commit %s of %s, want %s of %s", c.name, id, day, c.commit, c.day)
		}
	}
	if v := Version(nil); v != "(devel)" {
		t.Errorf("without build information: %s", v)
	}
}
