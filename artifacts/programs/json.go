package programs

import (
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
)

// MarshalJSON writes times as all outputs do.
func (s Start) MarshalJSON() ([]byte, error) {
	type plain Start
	return jsontext.Marshal(struct {
		plain
		Time     string `json:"time"`
		Earliest string `json:"earliest,omitempty"`
		Latest   string `json:"latest,omitempty"`
		End      string `json:"end,omitempty"`
	}{plain(s), jsontext.Time(s.Time), jsontext.Time(s.Earliest), jsontext.Time(s.Latest), jsontext.Time(s.End)})
}

// MarshalJSON writes the time as all outputs do.
func (p StartProof) MarshalJSON() ([]byte, error) {
	type plain StartProof
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time"`
	}{plain(p), jsontext.Time(p.Time)})
}

// MarshalJSON writes times as all outputs do.
func (f File) MarshalJSON() ([]byte, error) {
	type plain File
	return jsontext.Marshal(struct {
		plain
		Created string `json:"created,omitempty"`
		Deleted string `json:"deleted,omitempty"`
	}{plain(f), jsontext.Time(f.Created), jsontext.Time(f.Deleted)})
}

// MarshalJSON writes the time as all outputs do.
func (a Arrival) MarshalJSON() ([]byte, error) {
	type plain Arrival
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(a), jsontext.Time(a.Time)})
}

// MarshalJSON writes the time as all outputs do.
func (t Traffic) MarshalJSON() ([]byte, error) {
	type plain Traffic
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(t), jsontext.Time(t.Time)})
}

// MarshalJSON writes the time as all outputs do.
func (a Autostart) MarshalJSON() ([]byte, error) {
	type plain Autostart
	return jsontext.Marshal(struct {
		plain
		Written string `json:"written,omitempty"`
		Made    string `json:"made,omitempty"`
	}{plain(a), jsontext.Time(a.Written), jsontext.Time(a.Made)})
}

// MarshalJSON writes the time as all outputs do.
func (v Verdict) MarshalJSON() ([]byte, error) {
	type plain Verdict
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(v), jsontext.Time(v.Time)})
}

// MarshalJSON writes the time as all outputs do.
func (e End) MarshalJSON() ([]byte, error) {
	type plain End
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time,omitempty"`
	}{plain(e), jsontext.Time(e.Time)})
}

// MarshalJSON adds the machine and the bounds of what is known.
func (p *Program) marshal(host string) ([]byte, error) {
	type plain Program
	first, last := p.Span()
	return jsontext.Marshal(struct {
		Host string `json:"host"`
		*plain
		FirstStart string `json:"first_start,omitempty"`
		LastStart  string `json:"last_start,omitempty"`
	}{host, (*plain)(p), jsontext.Time(first), jsontext.Time(last)})
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
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time"`
	}{plain(a), jsontext.Time(a.Time)})
}
