package system

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// Setting is one switch of Windows that matters to an investigation.
type Setting struct {
	artifacts.Origin
	Setting string    `json:"setting"`           // the last name of the key, and the value
	Subject string    `json:"subject,omitempty"` // what the key with a free name is about: a log, a file extension
	Value   string    `json:"value"`
	Meaning string    `json:"meaning,omitempty"`
	Weak    bool      `json:"weakens,omitempty"` // this value takes protection or traces away, and is not what Windows comes with
	Policy  bool      `json:"policy,omitempty"`  // set by a policy
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

// A settingRow is one value of one key that an artifact knows.
type settingRow struct {
	source artifacts.Source
	value  string // "*" is every value of the key, named by itself
	means  []settingMeaning
}

// A settingMeaning explains one value; "" explains all others.
type settingMeaning struct {
	value, says string
	weak        bool
}

func normal(value, says string) settingMeaning { return settingMeaning{value, says, false} }

func weakens(value, says string) settingMeaning { return settingMeaning{value, says, true} }

// settingSources are the keys of a table, each once.
func settingSources(rows []settingRow) []artifacts.Source {
	var out []artifacts.Source
	for _, r := range rows {
		if !slices.Contains(out, r.source) {
			out = append(out, r.source)
		}
	}
	return out
}

// decodeSettings reports those values of the source's key that the table
// knows. A value that is not there is the default, and no record.
func decodeSettings(in artifacts.Input, rows []settingRow, yield func(Setting) bool) error {

	var errs []error
	subject := ""
	if len(in.Match) > 0 {
		subject = in.Match[len(in.Match)-1]
	}
	for _, row := range rows {
		if row.source != in.Source {
			continue
		}
		for v, err := range in.Values() {
			if err != nil {
				errs = append(errs, in.Wrap(in.AtKey(), err))
				continue
			}
			if row.value != "*" && !strings.EqualFold(v.Name(), row.value) {
				continue
			}
			if _, err := v.Bytes(); err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
				continue
			}
			s := Setting{
				Origin: in.At(v), Setting: row.source.Key[strings.LastIndexByte(row.source.Key, '\\')+1:] + `\` + v.Name(),
				Subject: subject, Value: in.Own().AnyOf(v), Policy: strings.HasPrefix(strings.TrimPrefix(row.source.Key, `Software\`), `Policies\`),
			}
			if subject != "" {
				s.Setting = v.Name()
			}
			if !in.Partial() {
				s.Written = in.Written()
			}
			for _, m := range row.means {
				if m.value == "" || strings.EqualFold(m.value, s.Value) {
					s.Meaning, s.Weak = m.says, m.weak
					break
				}
			}
			if !yield(s) {
				return nil
			}
		}
	}
	return errors.Join(errs...)
}

// Tags marks what takes protection away.
func (s Setting) Tags() []string {
	if s.Weak {
		return []string{"weakens"}
	}
	return nil
}

// Summary tells value and meaning.
func (s Setting) Summary() string {
	name := s.Setting
	if s.Subject != "" {
		name = s.Subject + " " + name
	}
	out := fmt.Sprintf("[%s] is %s", name, s.Value)
	if s.Meaning != "" {
		out += ": " + s.Meaning
	}
	return out
}
