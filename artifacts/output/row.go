package output

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
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

	RecordID string // of the record, which findings quote
	TimeKind string // "" for UTC; how a local time became UTC, or that its zone is unknown

	// Of the findings whose evidence the record is; see [Row.Judge].
	Level      string
	Rules      []string
	FindingIDs []string

	// Session is the log-on session that the row belongs to, where it is known.
	Session string

	// Of the program that the record is about, and of the start that the row shows;
	// see [Row.Judge]. Empty where no model of the programs was made.
	ProgramID, StartID, Window string

	logon  uint64 // id of the log-on session, see [Row.Logon]
	record uint64 // tells the events of one record from those of another
}

// FormatTime writes t as all text formats of this module do.
func FormatTime(t time.Time) string { return jsontext.Time(t) }

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
	r := new(recordRow)
	r.setRecord(e.Record)
	r.setEvent(e)
	return &r.Row
}

// A recordRow is the row of each event of a record in turn. Its lists are used again
// for the next event and the next record.
type recordRow struct {
	Row
	tags  []string
	extra []artifacts.Field
}

func (r *recordRow) setRecord(rec *artifacts.Record) {
	from := &rec.From
	r.Row = Row{
		RecordID: rec.ID, Parser: rec.Artifact.Name, Host: rec.Host, User: rec.User.Name, SID: rec.User.SID,
		Source: from.Path, SHA256: from.SHA256, Snapshot: from.Snapshot, Key: from.Key, Value: from.Value,
		State: from.State, Offset: from.Offset, Executable: winpath.Base(rec.Program()),
		Tags: r.Tags, Extra: r.Extra,
	}
	r.tags = rec.Tags()
	if l, ok := rec.Data.(interface{ Logon() uint64 }); ok {
		r.logon = l.Logon()
	}
	if p := rec.Program(); p != "" {
		r.Path = winpath.Key(p)
	}
	r.extra = slices.DeleteFunc(artifacts.AppendFields(r.extra[:0], rec.Data), func(f artifacts.Field) bool { return f.Value == "" })
}

func (r *recordRow) setEvent(e *artifacts.Event) {
	r.Time, r.ID, r.Kind, r.Message, r.DataType, r.Proof, r.Local = e.Time, e.ID, e.Kind, e.Message, e.DataType, e.Proof, e.Local
	r.Tags = append(r.Tags[:0], r.tags...)
	r.TimeKind = e.Zone
	if e.Local {
		r.TimeKind = artifacts.UnknownZone
		r.Tags = append(r.Tags, "local-time")
	}
	if e.Estimate {
		r.Tags = append(r.Tags, "estimate")
	}
	r.Extra = append(append(r.Extra[:0], e.Extra...), r.extra...)
	r.Also = nil
}

// A Verdict is what the findings and the programs of a machine say of a record.
type Verdict struct {
	Level           string // the highest of them
	Rules, Findings []string
	Program         string // id of the program that the record is about
	Session         string // log-on session that the record belongs to, whatever its times
	Known           bool   // every file of the program is on a list of known ones
	Starts          []Start
}

// KnownGood is the tag of rows that a list of known files explains: the program's files
// are all on it, no finding quotes the row, and it is neither a setting nor a record of
// an event log, of which a hash says nothing.
const KnownGood = "known-good"

// MarkKnown gives the row the tag [KnownGood], or takes it. known says that all files of
// its program are on a list of known ones.
func (r *Row) MarkKnown(known bool) {
	known = known && r.Level == "" && r.Proof != artifacts.Configured && r.DataType != "windows:evtx:record"
	at := slices.Index(r.Tags, KnownGood)
	switch {
	case known && at < 0:
		r.Tags = append(slices.Clip(r.Tags), KnownGood)
	case !known && at >= 0:
		r.Tags = slices.Concat(r.Tags[:at], r.Tags[at+1:])
	}
}

// A Start is a start of a program that one of the times of a record shows.
type Start struct {
	Time                time.Time
	ID, Window, Session string
}

// Judge fills in what the findings say of the row's record. Rows of other
// records, however near in time, have no level.
func (r *Row) Judge(verdicts map[string]Verdict) {
	if v, ok := verdicts[r.RecordID]; ok {
		r.Level, r.Rules, r.FindingIDs = v.Level, v.Rules, v.Findings
		r.ProgramID, r.Session = v.Program, cmp.Or(r.Session, v.Session)
		for i := range v.Starts {
			if s := &v.Starts[i]; s.Time.Equal(r.Time) || len(v.Starts) == 1 && r.isEvent() {
				r.StartID, r.Window, r.Session = s.ID, s.Window, cmp.Or(r.Session, s.Session)
			}
		}
		r.MarkKnown(v.Known)
	}
}

// Logon returns the id of the log-on session that the row's record names, and the
// machine that the id is of. An id of 0 means that it names none.
func (r *Row) Logon() (computer string, id uint64) {
	return cmp.Or(r.field("computer"), r.Host), r.logon
}

// unzoned is the message for formats that cannot mark a row: a local time whose
// zone is unknown must not be read as UTC.
func (r *Row) unzoned() string {
	if r.Local {
		return "[local time, zone unknown] " + r.Message
	}
	return r.Message
}

// fields yields what stands under "extra": each name once.
func (r *Row) fields(yield func(name, value string) bool) {
	for i, f := range r.Extra {
		if !named(r.Extra[:i], f.Name) && !yield(f.Name, f.Value) {
			return
		}
	}
	if len(r.Also) > 0 {
		yield(alsoIn, strings.Join(r.Also, "; "))
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
// folder, so that for a key the hive's name counts and not its path. A Prefetch
// file's message counts its runs, which differ between copies; any other file can
// hold several facts of one instant, which only the message tells apart.
func (r *Row) place() string {
	file := winpath.Key(r.Source)
	says := r.Message
	if r.Parser == "prefetch" {
		says = r.Path
	}
	switch {
	case r.logged():
		file = r.field("channel") + "\x00" + r.field("record_number") + "\x00" + r.field("computer")
	case r.Key != "":
		file = file[strings.LastIndexByte(file, '\\')+1:] + r.SID
	}
	return strings.Join([]string{r.DataType, strings.TrimPrefix(r.Kind, "Previous "), r.TimeKind, file, strings.ToLower(r.Key),
		strings.ToLower(r.Value), says, r.Host}, "\x00")
}

// logged reports whether the row is a record of an event log. Wherever it was
// found, its log and its number identify it: archives of a log, exported files and
// loose copies hold the same records.
func (r *Row) logged() bool { return r.DataType == "windows:evtx:record" }

// location is how a row is named where it stands for the same fact as another.
func (r *Row) location() string { return strings.TrimSpace(r.Snapshot + " " + r.Source) }
