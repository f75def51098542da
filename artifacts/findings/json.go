package findings

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
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
	}{r.Coverage, r.Silenced, r.Limits})
}

// stamp writes a time. Local time whose zone is unknown goes without the Z.
func stamp(t time.Time, kind string) string {
	if kind == artifacts.UnknownZone && !t.IsZero() {
		return strings.TrimSuffix(t.Format(jsontext.TimeLayout), "Z")
	}
	return jsontext.Time(t)
}

// MarshalJSON writes times as all outputs do.
func (f Finding) MarshalJSON() ([]byte, error) {
	type plain Finding
	return jsontext.Marshal(struct {
		plain
		FirstSeen string `json:"first_seen,omitempty"`
		LastSeen  string `json:"last_seen,omitempty"`
	}{plain(f), stamp(f.FirstSeen, f.TimeKind), stamp(f.LastSeen, f.TimeKind)})
}

// MarshalJSON writes the time as all outputs do.
func (e Evidence) MarshalJSON() ([]byte, error) {
	type plain Evidence
	return jsontext.Marshal(struct {
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
	t, _ := time.Parse(jsontext.TimeLayout, strings.TrimSuffix(s, "Z")+"Z")
	return t
}

// AtLeast returns the report without the findings below a level.
func (r *Report) AtLeast(l Level) *Report {
	out := &Report{Coverage: r.Coverage, Silenced: r.Silenced, Limits: r.Limits, Models: r.Models}
	for _, f := range r.Findings {
		if f.Level >= l {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}
