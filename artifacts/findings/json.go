package findings

import (
	"encoding/json"
	"io"
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
	}{r.Coverage, r.Silenced})
}

// AtLeast returns the report without the findings below a level.
func (r *Report) AtLeast(l Level) *Report {
	out := &Report{Coverage: r.Coverage, Silenced: r.Silenced}
	for _, f := range r.Findings {
		if f.Level >= l {
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}
