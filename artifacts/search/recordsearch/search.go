// Package recordsearch searches all fields of records, those too that no row of a
// timeline shows, such as the list of files in a Prefetch file.
//
// The language is that of package search. A record is compared as its events are,
// with all of its fields under "extra"; one of its events must satisfy all terms. A
// record without events is compared as a row without a time.
package recordsearch

import (
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/search"
)

// A Search is what is looked for.
type Search struct {
	Query *search.Query
	Field string    // the only field whose text is compared with words; "" is all
	From  time.Time // records with an event at or after it; zero is all
	To    time.Time // records with an event before it; zero is all
	// Verdicts, if set, returns what the findings say of a record.
	Verdicts func(*artifacts.Record) output.Verdict

	named, words *search.Query
}

// A Match is a field whose text was found.
type Match struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// A Hit is a record that was found.
type Hit struct {
	Line    *output.RecordLine
	Says    string          // the record in one line
	Matches []Match         // the fields that were found; none when only terms on named fields were given
	Rows    []*output.Row   // its events that match
	Verdict *output.Verdict // what the findings say of it; nil where that is not known
}

// Look returns the hit of a record, or nil when it does not match.
func (s *Search) Look(rec *artifacts.Record) (*Hit, error) {
	if s.named == nil {
		s.named, s.words = s.Query.Split()
	}
	line, err := output.LineOf(rec)
	if err != nil {
		return nil, err
	}
	hit := &Hit{Line: line, Says: rec.Summary()}
	if s.Verdicts != nil {
		v := s.Verdicts(rec)
		hit.Verdict = &v
	}
	fields, err := allFields(line)
	if err != nil {
		return nil, err
	}
	shown, special := fields, specialFields(fields)
	if s.Field != "" {
		shown = only(fields, s.Field)
	}
	for _, r := range rowsOf(rec) {
		if !s.from(r) {
			continue
		}
		r.Extra = append(r.Extra, special...)
		if v := hit.Verdict; v != nil {
			r.Level, r.Rules, r.FindingIDs = v.Level, v.Rules, v.Findings
		}
		if s.named.Match(r) && s.words.MatchWith(s.compared(r), shown) {
			hit.Rows = append(hit.Rows, r)
		}
	}
	if len(hit.Rows) == 0 {
		return nil, nil
	}
	seen := map[Match]bool{}
	for _, f := range shown {
		if m := (Match{f.Name, f.Value}); s.words.Finds(f.Value) && !seen[m] {
			seen[m] = true
			hit.Matches = append(hit.Matches, m)
		}
	}
	if len(hit.Matches) == 0 && s.Field == "" && s.words.Finds(hit.Says) {
		hit.Matches = append(hit.Matches, Match{"message", hit.Says})
	}
	if hit.Rows[0].Time.IsZero() {
		hit.Rows = nil
	}
	return hit, nil
}

// compared is the row that the words are compared with, beside the fields.
func (s *Search) compared(r *output.Row) *output.Row {
	if s.Field == "" {
		return r
	}
	return &output.Row{Time: r.Time}
}

// maxSpecial bounds the fields of one record that path: and hash: look at.
const maxSpecial = 256

// specialFields are the fields that path: and hash: look at. A row has each name
// once, so that those of lists are numbered.
func specialFields(fields []artifacts.Field) []artifacts.Field {
	var out []artifacts.Field
	for _, f := range fields {
		kind := search.SpecialField(f.Name[strings.LastIndexByte(f.Name, '.')+1:])
		if kind != "" && len(out) < maxSpecial {
			out = append(out, artifacts.Field{Name: kind + "." + strconv.Itoa(len(out)), Value: f.Value})
		}
	}
	return out
}

// from reports whether a row is inside the span.
func (s *Search) from(r *output.Row) bool {
	return (s.From.IsZero() || !r.Time.Before(s.From)) && (s.To.IsZero() || r.Time.Before(s.To) && !r.Time.IsZero())
}

// rowsOf returns the events of a record, or one row without a time.
func rowsOf(rec *artifacts.Record) []*output.Row {
	list := rec.Events()
	if len(list) == 0 {
		list = []artifacts.Event{{Record: rec, Message: rec.Artifact.Title + " " + rec.Summary(), DataType: rec.Artifact.DataType,
			Proof: rec.Proof()}}
	}
	out := make([]*output.Row, len(list))
	for i := range list {
		out[i] = output.NewRow(&list[i])
	}
	return out
}

// allFields are the fields of a record: those of its data with their paths, and
// where it was read from.
func allFields(l *output.RecordLine) ([]artifacts.Field, error) {
	var out []artifacts.Field
	err := l.Fields(func(name, value string) bool {
		if value != "" {
			out = append(out, artifacts.Field{Name: name, Value: value})
		}
		return true
	})
	for _, f := range [...]artifacts.Field{
		{Name: "id", Value: l.ID}, {Name: "artifact", Value: l.Artifact}, {Name: "hostname", Value: l.Host}, {Name: "username", Value: l.User},
		{Name: "user_sid", Value: l.SID}, {Name: "source_file", Value: l.Source}, {Name: "source_sha256", Value: l.SHA256},
		{Name: "snapshot", Value: l.Snapshot}, {Name: "key_path", Value: l.Key}, {Name: "value_name", Value: l.Value},
		{Name: "state_note", Value: l.Note},
	} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out, err
}

// only returns the fields of a name: their whole path, or its last part.
func only(fields []artifacts.Field, name string) []artifacts.Field {
	var out []artifacts.Field
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) || strings.EqualFold(f.Name[strings.LastIndexByte(f.Name, '.')+1:], name) {
			out = append(out, f)
		}
	}
	return out
}
