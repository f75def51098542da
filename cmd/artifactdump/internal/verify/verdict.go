package verify

import (
	"fmt"
	"io"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Verdict is the comparison of one file.
type Verdict struct {
	Path        string         `json:"path"`
	Kind        string         `json:"kind"` // prefetch, hive, evtx, mft
	Agreed      int            `json:"agreed"`
	Known       map[string]int `json:"known,omitempty"`
	Unexplained []Difference   `json:"unexplained,omitempty"`
	More        int            `json:"more_unexplained,omitempty"`
	Witness     string         `json:"witness,omitempty"` // why it said nothing
}

// A Difference is one field that two parsers read differently.
type Difference struct {
	Field  string `json:"field"`
	Where  string `json:"where"`
	Offset int64  `json:"offset"`
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
	Bytes  string `json:"bytes"`
}

// maxDifferences is how many unexplained differences of one file are kept in
// full.
const maxDifferences = 20

// Differences is how many differences are not explained.
func (v *Verdict) Differences() int { return len(v.Unexplained) + v.More }

// Divergences is how many differences are explained.
func (v *Verdict) Divergences() int {
	n := 0
	for _, k := range v.Known {
		n += k
	}
	return n
}

func (v *Verdict) known(d divergence, n int) {
	if v.Known == nil {
		v.Known = map[string]int{}
	}
	v.Known[d.field+": "+d.when] += n
}

func (v *Verdict) differ(d Difference) {
	if len(v.Unexplained) == maxDifferences {
		v.More++
		return
	}
	v.Unexplained = append(v.Unexplained, d)
}

// Text writes a verdict for reading.
func (v *Verdict) Text(w io.Writer) error {
	state := "agreed"
	switch {
	case len(v.Unexplained) > 0:
		state = "DIFFERS"
	case v.Witness != "":
		state = "alone"
	case len(v.Known) > 0:
		state = "known"
	}
	_, err := fmt.Fprintf(w, "%-8s %6d fields  %s\n", state, v.Agreed, output.Clean(v.Path))
	if v.Witness != "" {
		fmt.Fprintf(w, "         witness %s\n", output.Clean(v.Witness))
	}
	keys := make([]string, 0, len(v.Known))
	for k := range v.Known {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(w, "         %6d × %s\n", v.Known[k], k)
	}
	for _, d := range v.Unexplained {
		fmt.Fprintf(w, "         %s of %s at offset %d\n           ours   %s\n           theirs %s\n           bytes  %s\n",
			d.Field, output.Clean(d.Where), d.Offset, output.Clean(d.Ours), output.Clean(d.Theirs), d.Bytes)
	}
	if v.More > 0 {
		fmt.Fprintf(w, "         and %d more\n", v.More)
	}
	return err
}
