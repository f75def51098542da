package findings

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// WriteJSON writes one finding a line, then one line with the coverage.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range r.Findings {
		if err := enc.Encode(&r.Findings[i]); err != nil {
			return err
		}
	}
	return enc.Encode(struct {
		Coverage []Coverage `json:"coverage"`
		Silenced int        `json:"silenced,omitempty"`
		Limits   []string   `json:"limits,omitempty"`
		Known    Known      `json:"known,omitzero"`
	}{r.Coverage, r.Silenced, r.Limits, r.Known})
}

// timeLayout writes UTC with the seven digits that a FILETIME holds.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// stamp writes a time. Local time whose zone is unknown goes without the Z.
func stamp(t time.Time, kind string) string {
	switch {
	case t.IsZero():
		return ""
	case kind == artifacts.UnknownZone:
		return strings.TrimSuffix(t.Format(timeLayout), "Z")
	}
	return t.UTC().Format(timeLayout)
}

// MarshalJSON writes times as all outputs do.
func (f Finding) MarshalJSON() ([]byte, error) {
	type plain Finding
	return encode(struct {
		plain
		FirstSeen string `json:"first_seen,omitempty"`
		LastSeen  string `json:"last_seen,omitempty"`
	}{plain(f), stamp(f.FirstSeen, f.TimeKind), stamp(f.LastSeen, f.TimeKind)})
}

// MarshalJSON writes the time as all outputs do.
func (e Evidence) MarshalJSON() ([]byte, error) {
	type plain Evidence
	return encode(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(e), stamp(e.Time, e.TimeKind)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Finding) UnmarshalJSON(b []byte) error {
	type plain Finding
	x := struct {
		*plain
		FirstSeen string `json:"first_seen"`
		LastSeen  string `json:"last_seen"`
	}{plain: (*plain)(f)}
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	f.FirstSeen, f.LastSeen = unstamp(x.FirstSeen), unstamp(x.LastSeen)
	return nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Evidence) UnmarshalJSON(b []byte) error {
	type plain Evidence
	x := struct {
		*plain
		Time string `json:"time"`
	}{plain: (*plain)(e)}
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	e.Time = unstamp(x.Time)
	return nil
}

// unstamp is the inverse of stamp. A time that is none is the zero time.
func unstamp(s string) time.Time {
	t, _ := time.Parse(timeLayout, strings.TrimSuffix(s, "Z")+"Z")
	return t
}

// encode is json.Marshal that leaves < > & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// AtLeast returns the report without the findings below a level.
func (r *Report) AtLeast(l Level) *Report {
	out := &Report{Coverage: r.Coverage, Silenced: r.Silenced, Limits: r.Limits, Known: r.Known, Models: r.Models}
	for _, f := range r.Findings {
		if f.Level >= l {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}
