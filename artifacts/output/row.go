package output

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Row is one event as every timeline format sees it: flat, and without the
// record that it came from, so that a million of them can lie on disk while
// they are sorted. The fields are those of the JSON lines.
type Row struct {
	Time       time.Time
	ID         string
	Kind       string // what the time means: "Last Time Executed"
	Message    string
	DataType   string
	Parser     string // name of the artifact
	Host       string
	User, SID  string
	Source     string // the file, as Windows spells its path
	SHA256     string // of that file
	Snapshot   string
	Path       string // of the program, normalised
	Executable string // name of the program, as written
	Key, Value string // of the registry
	Proof      artifacts.Proof
	State      artifacts.State
	Offset     int64
	Local      bool // the digits are local time
	Tags       []string
	Extra      []artifacts.Field
	Also       []string // where older copies of the machine say the same

	record uint64 // tells the events of one record from those of another
}

// timeLayout writes UTC with the seven digits that a FILETIME holds.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// FormatTime writes t as all text formats of ours do.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// Datetime is the time as text. Local time is no UTC time and goes without the
// Z: that is where a reader looks first.
func (r *Row) Datetime() string {
	s := FormatTime(r.Time)
	if r.Local {
		s = strings.TrimSuffix(s, "Z")
	}
	return s
}

// copied reports whether the row lies in an older copy of the machine.
func (r *Row) copied() bool { return r.State == artifacts.Backup || r.Snapshot != "" }

// NewRow flattens an event.
func NewRow(e *artifacts.Event) *Row {
	r := newRow(e.Record)
	r.setEvent(e)
	return &r.Row
}

// A recordRow is what all events of one record share.
type recordRow struct {
	Row
	tags  []string
	extra []artifacts.Field
}

func newRow(rec *artifacts.Record) *recordRow {
	from := &rec.From
	r := &recordRow{Row: Row{
		Parser: rec.Artifact.Name, Host: rec.Host, User: rec.User.Name, SID: rec.User.SID,
		Source: from.Path, SHA256: from.SHA256, Snapshot: from.Snapshot, Key: from.Key, Value: from.Value,
		State: from.State, Offset: from.Offset, Executable: winpath.Base(rec.Program()),
	}, tags: rec.Tags()}
	if p := rec.Program(); p != "" {
		r.Path = winpath.Key(p)
	}
	for _, f := range artifacts.Fields(rec.Data) {
		if f.Value != "" {
			r.extra = append(r.extra, f)
		}
	}
	return r
}

func (r *recordRow) setEvent(e *artifacts.Event) {
	r.Time, r.ID, r.Kind, r.Message, r.DataType, r.Proof, r.Local = e.Time, e.ID, e.Kind, e.Message, e.DataType, e.Proof, e.Local
	r.Tags = slices.Clip(r.tags)
	if e.Local {
		r.Tags = append(r.Tags, "local-time")
	}
	if e.Estimate {
		r.Tags = append(r.Tags, "estimate")
	}
	r.Extra = slices.Concat(e.Extra, r.extra)
	r.Also = nil
}

// fields yields what stands under "extra": each name once.
func (r *Row) fields(yield func(name, value string) bool) {
	for i, f := range r.Extra {
		if !named(r.Extra[:i], f.Name) && !yield(f.Name, f.Value) {
			return
		}
	}
	if len(r.Also) > 0 {
		yield("also_in", strings.Join(r.Also, "; "))
	}
}

// TagsJSON returns the tags as a JSON list.
func (r *Row) TagsJSON() string { return JSONTexts(r.Tags) }

// JSONTexts returns texts as a JSON list.
func JSONTexts(texts []string) string {
	o := object{b: []byte("{")}
	o.strs("", texts)
	return string(o.b[len(`{"":`):])
}

// ExtraJSON returns what stands under "extra" as a JSON object.
func (r *Row) ExtraJSON() string {
	o := object{b: []byte{'{'}}
	for k, v := range r.fields {
		o.str(k, v)
	}
	return string(append(o.b, '}'))
}

// Extras returns what stands under "extra", each name once.
func (r *Row) Extras() iter.Seq2[string, string] { return r.fields }

// field returns one of the extra fields, or "".
func (r *Row) field(name string) string {
	for _, f := range r.Extra {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// named reports whether a field of this name came before: an object has one.
func named(fs []artifacts.Field, name string) bool {
	for _, f := range fs {
		if f.Name == name {
			return true
		}
	}
	return false
}

// place is what two copies of one fact share. A start that was the last one when
// a shadow copy was made is a previous one today. RegBack lies in another
// folder, so that for a key the hive's name counts and not its path.
func (r *Row) place() string {
	file := winpath.Key(r.Source)
	says := r.Path
	if r.Key != "" {
		file = file[strings.LastIndexByte(file, '\\')+1:] + r.SID
		says = r.Message
	}
	return strings.Join([]string{r.DataType, strings.TrimPrefix(r.Kind, "Previous "), file, strings.ToLower(r.Key), strings.ToLower(r.Value), says, r.Host}, "\x00")
}

// location is how a row is named where it stands for the same fact as another.
func (r *Row) location() string { return strings.TrimSpace(r.Snapshot + " " + r.Source) }
