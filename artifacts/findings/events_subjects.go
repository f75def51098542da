package findings

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// The kinds of subject that only events have.
const (
	kindSource = "source"
	kindHost   = "machine"
)

// from makes a subject of where something came from.
func (x *eventLook) from(address, name string) subject {
	show := address
	if show == "" {
		show = name
	}
	return subject{kind: kindSource, key: "source " + strings.ToLower(show), show: "source " + show}
}

// host makes a subject of the machine that wrote the record.
func (x *eventLook) host() subject {
	name := x.facts.host()
	if x.r != nil && x.r.Computer != "" {
		name, _, _ = strings.Cut(x.r.Computer, ".")
	}
	return subject{kind: kindHost, key: "machine " + strings.ToLower(name), show: "machine " + name}
}

// image makes a subject of a program.
func (x *eventLook) image(path string) subject {
	if !strings.Contains(path, `\`) {
		return x.setting("program " + path)
	}
	return subject{kind: kindProgram, key: x.normal(path, x.user()), show: path}
}

// place returns why the place of a program is worth a look, or nil.
func (x *eventLook) place(path string) *place {
	if !strings.Contains(path, `\`) {
		return nil
	}
	return x.probe(x.normal(path, x.user())).place
}

// odd reports whether a program lies where attackers put theirs.
func (x *eventLook) odd(path string) bool {
	p := x.place(path)
	return p != nil && p.level >= Medium
}

// user is whose variables a path can hold; event logs do not name a profile.
func (x *eventLook) user() evidence.User { return evidence.User{} }

// now is the time of the record.
func (x *eventLook) now() time.Time { return x.r.Time }

// stampWords writes a time within a sentence.
func stampWords(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// listOf joins at most n words.
func listOf(words []string, n int) string {
	if len(words) > n {
		return strings.Join(words[:n], ", ") + fmt.Sprintf(" and %d others", len(words)-n)
	}
	return strings.Join(words, ", ")
}
