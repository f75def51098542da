package findings

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// Define makes a rule of its declaration and a function over records. T is the
// record type of an artifact or an interface that several have, such as
// persistence.Autostarter; from it follows which artifacts the rule needs. The
// rule is judged when [Options.Extra] holds it.
func Define[T any](r Rule, f func(x *Look, rec T)) *Rule {
	r = rule(r, func(x *look, rec T) { f(&Look{x}, rec) })
	r.Needs = r.needs()
	return &r
}

// A Look is what the function of a rule sees beside the data of one record.
type Look struct{ x *look }

// Record returns the record at hand.
func (l *Look) Record() *artifacts.Record { return &l.x.row.rec }

// Facts returns what is known of the evidence.
func (l *Look) Facts() *Facts { return &l.x.facts }

// Hit reports what the rule says about the subject of a record: the program that
// rec names, or the setting that the record stands for. rec is usually the data
// that the function was given. The record is the evidence.
func (l *Look) Hit(rec any, text string) {
	path := ""
	if p, ok := rec.(artifacts.Programmer); ok {
		path = p.Program()
	}
	if strings.Contains(path, `\`) {
		l.x.hit(subject{kind: kindProgram, key: l.x.normal(path, l.x.row.rec.User), show: path}, 0, "%s", text)
		return
	}
	from := &l.x.row.rec.From
	name := strings.TrimRight(strings.Join([]string{from.Path, from.Key, from.Value}, " "), " ")
	if path != "" {
		name = path
	}
	l.x.hit(l.x.setting(name), 0, "%s", text)
}
