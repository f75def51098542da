package programs

import (
	"bytes"
	"encoding/json"
	"time"
)

// timeLayout writes UTC with the seven digits that a FILETIME holds.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// encode is json.Marshal without the escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// MarshalJSON writes times as all outputs do.
func (s Start) MarshalJSON() ([]byte, error) {
	type plain Start
	return encode(struct {
		plain
		Time     string `json:"time"`
		Earliest string `json:"earliest,omitempty"`
		Latest   string `json:"latest,omitempty"`
		End      string `json:"end,omitempty"`
	}{plain(s), stamp(s.Time), stamp(s.Earliest), stamp(s.Latest), stamp(s.End)})
}

// MarshalJSON writes the time as all outputs do.
func (p StartProof) MarshalJSON() ([]byte, error) {
	type plain StartProof
	return encode(struct {
		plain
		Time string `json:"time"`
	}{plain(p), stamp(p.Time)})
}

// MarshalJSON writes times as all outputs do.
func (f File) MarshalJSON() ([]byte, error) {
	type plain File
	return encode(struct {
		plain
		Created string `json:"created,omitempty"`
		Deleted string `json:"deleted,omitempty"`
	}{plain(f), stamp(f.Created), stamp(f.Deleted)})
}

// MarshalJSON writes the time as all outputs do.
func (a Arrival) MarshalJSON() ([]byte, error) {
	type plain Arrival
	return encode(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(a), stamp(a.Time)})
}

// MarshalJSON writes the time as all outputs do.
func (t Traffic) MarshalJSON() ([]byte, error) {
	type plain Traffic
	return encode(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(t), stamp(t.Time)})
}

// MarshalJSON writes the time as all outputs do.
func (a Autostart) MarshalJSON() ([]byte, error) {
	type plain Autostart
	return encode(struct {
		plain
		Written string `json:"written,omitempty"`
		Made    string `json:"made,omitempty"`
	}{plain(a), stamp(a.Written), stamp(a.Made)})
}

// MarshalJSON writes the time as all outputs do.
func (v Verdict) MarshalJSON() ([]byte, error) {
	type plain Verdict
	return encode(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(v), stamp(v.Time)})
}

// MarshalJSON writes the time as all outputs do.
func (e End) MarshalJSON() ([]byte, error) {
	type plain End
	return encode(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(e), stamp(e.Time)})
}

// MarshalJSON adds the machine and the bounds of what is known.
func (p *Program) marshal(host string) ([]byte, error) {
	type plain Program
	first, last := p.Span()
	return encode(struct {
		Host string `json:"host"`
		*plain
		FirstStart string `json:"first_start,omitempty"`
		LastStart  string `json:"last_start,omitempty"`
	}{host, (*plain)(p), stamp(first), stamp(last)})
}

// Span returns the first and the last start that are known.
func (p *Program) Span() (first, last time.Time) {
	if n := len(p.Starts); n > 0 {
		return p.Starts[0].Time, p.Starts[n-1].Time
	}
	return
}

// FirstSeen returns the earliest time that dates the program: an arrival or a
// start.
func (p *Program) FirstSeen() time.Time {
	first, _ := p.Span()
	for i := range p.Arrived {
		if a := &p.Arrived[i]; !a.Time.IsZero() && (first.IsZero() || a.Time.Before(first)) {
			first = a.Time
		}
	}
	return first
}

// MarshalJSON writes the time as all outputs do.
func (a Act) MarshalJSON() ([]byte, error) {
	type plain Act
	return encode(struct {
		plain
		Time string `json:"time"`
	}{plain(a), stamp(a.Time)})
}
