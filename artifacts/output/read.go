package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// alsoIn is the extra field that holds [Row.Also].
const alsoIn = "also_in"

// A rowLine is a row as JSON lines hold it.
type rowLine struct {
	Datetime   string          `json:"datetime"`
	Timestamp  int64           `json:"timestamp"`
	Filetime   int64           `json:"filetime"`
	Kind       string          `json:"timestamp_desc"`
	Message    string          `json:"message"`
	DataType   string          `json:"data_type"`
	Parser     string          `json:"parser"`
	Host       string          `json:"hostname"`
	User       string          `json:"username"`
	SID        string          `json:"user_sid"`
	Source     string          `json:"source_file"`
	SHA256     string          `json:"source_sha256"`
	Snapshot   string          `json:"snapshot"`
	Path       string          `json:"path"`
	Executable string          `json:"executable"`
	Key        string          `json:"key_path"`
	Value      string          `json:"value_name"`
	Tags       []string        `json:"tag"`
	Proof      string          `json:"confidence"`
	ID         string          `json:"id"`
	Offset     int64           `json:"offset"`
	State      string          `json:"state"`
	Extra      json.RawMessage `json:"extra"`
	RecordID   string          `json:"record_id"`
	Level      string          `json:"level"`
	Rules      []string        `json:"rules"`
	FindingIDs []string        `json:"finding_ids"`
	TimeKind   string          `json:"time_kind"`
	Session    string          `json:"session"`
	ProgramID  string          `json:"program_id"`
	StartID    string          `json:"start_id"`
	Window     string          `json:"window"`
}

// ReadRow reads a row from the line of JSON that it was written as.
func ReadRow(line []byte) (*Row, error) {
	var x rowLine
	if err := json.Unmarshal(line, &x); err != nil {
		return nil, err
	}
	if x.ID == "" || x.Datetime == "" {
		return nil, errors.New("not an event")
	}
	r := &Row{
		ID: x.ID, Kind: x.Kind, Message: x.Message, DataType: x.DataType, Parser: x.Parser, Host: x.Host, User: x.User, SID: x.SID,
		Source: x.Source, SHA256: x.SHA256, Snapshot: x.Snapshot, Path: x.Path, Executable: x.Executable, Key: x.Key, Value: x.Value,
		Proof: artifacts.Proof(x.Proof), State: artifacts.State(x.State), Offset: x.Offset, Local: !strings.HasSuffix(x.Datetime, "Z"),
		Tags: x.Tags, RecordID: x.RecordID, TimeKind: x.TimeKind, Level: x.Level, Rules: x.Rules, FindingIDs: x.FindingIDs,
		Session: x.Session, ProgramID: x.ProgramID, StartID: x.StartID, Window: x.Window,
	}
	// The microseconds reach further than a year of four digits does.
	ticks := x.Filetime % 10
	r.Time = time.UnixMicro(x.Timestamp).Add(time.Duration((ticks+10)%10) * 100).UTC()
	var err error
	if r.Extra, err = readFields(x.Extra); err != nil {
		return nil, err
	}
	if n := len(r.Extra); n > 0 && r.Extra[n-1].Name == alsoIn {
		r.Also = strings.Split(r.Extra[n-1].Value, "; ")
		r.Extra = r.Extra[:n-1]
	}
	return r, nil
}

// readFields reads an object of texts in the order in which it was written. b is valid
// JSON.
func readFields(b []byte) ([]artifacts.Field, error) {
	if len(b) == 0 || string(b) == "null" {
		return nil, nil
	}
	if b[0] != '{' {
		return nil, errors.New("extra is not an object")
	}
	var out []artifacts.Field
	for b = skip(b[1:], ','); len(b) > 0 && b[0] != '}'; b = skip(b, ',') {
		var f artifacts.Field
		var ok bool
		if f.Name, b, ok = cutString(b); ok {
			f.Value, b, ok = cutString(skip(b, ':'))
		}
		if !ok {
			return nil, fmt.Errorf("extra field %q is not a text", f.Name)
		}
		out = append(out, f)
	}
	return out, nil
}

// skip drops white space and one kind of punctuation.
func skip(b []byte, c byte) []byte {
	for len(b) > 0 && (b[0] == c || b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// cutString reads the text that valid JSON begins with.
func cutString(b []byte) (text string, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return "", b, false
	}
	plain := true
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			plain = false
			i++
		case '"':
			if plain && utf8.Valid(b[1:i]) {
				return string(b[1:i]), b[i+1:], true
			}
			err := json.Unmarshal(b[:i+1], &text)
			return text, b[i+1:], err == nil
		}
	}
	return "", b, false
}

// A RecordLine is a record as JSON lines hold it: what all records have, and the
// data of its own type, not yet decoded.
type RecordLine struct {
	Artifact string          `json:"artifact"`
	ID       string          `json:"id"`
	Host     string          `json:"hostname"`
	User     string          `json:"username"`
	SID      string          `json:"user_sid"`
	Source   string          `json:"source_file"`
	SHA256   string          `json:"source_sha256"`
	Snapshot string          `json:"snapshot"`
	Key      string          `json:"key_path"`
	Value    string          `json:"value_name"`
	Offset   int64           `json:"offset"`
	State    artifacts.State `json:"state"`
	Note     string          `json:"state_note"`
	Proves   artifacts.Proof `json:"proves"`
	Tags     []string        `json:"tag"`
	Data     json.RawMessage `json:"data"`
}

// ReadRecordLine reads a record from the line of JSON that it was written as.
func ReadRecordLine(line []byte) (*RecordLine, error) {
	r := new(RecordLine)
	if err := json.Unmarshal(line, r); err != nil {
		return nil, err
	}
	if r.ID == "" || r.Artifact == "" {
		return nil, errors.New("not a record")
	}
	return r, nil
}

// LineOf returns a record as JSON lines hold it.
func LineOf(r *artifacts.Record) (*RecordLine, error) {
	data, err := Marshal(r.Data)
	return &RecordLine{
		Artifact: r.Artifact.Name, ID: r.ID, Host: r.Host, User: r.User.Name, SID: r.User.SID, Source: r.From.Path, SHA256: r.From.SHA256,
		Snapshot: r.From.Snapshot, Key: r.From.Key, Value: r.From.Value, Offset: r.From.Offset, State: r.From.State, Note: r.From.Note,
		Proves: r.Proof(), Tags: r.Tags(), Data: data,
	}, err
}

// Record decodes the data: a is the artifact of the name.
func (l *RecordLine) Record(a *artifacts.Artifact) (artifacts.Record, error) {
	data, err := a.Restore(l.Data)
	return artifacts.Record{
		ID: l.ID, Artifact: a, Host: l.Host, User: evidence.User{Name: l.User, SID: l.SID},
		From: artifacts.Locator{Path: l.Source, SHA256: l.SHA256, Snapshot: l.Snapshot, Key: l.Key, Value: l.Value, Offset: l.Offset,
			State: l.State, Note: l.Note},
		Data: data, View32: slices.Contains(l.Tags, "wow6432"),
	}, err
}
