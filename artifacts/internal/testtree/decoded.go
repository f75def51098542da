package testtree

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// CheckDecoded decodes twice and checks what every decoder promises.
func CheckDecoded(t *testing.T, in artifacts.Input, size int64) {
	t.Helper()
	recs, errs := in.Artifact.Decode(in)
	again, _ := in.Artifact.Decode(in)
	a, err1 := json.Marshal(dataOf(recs))
	b, err2 := json.Marshal(dataOf(again))
	if err1 != nil || err2 != nil || string(a) != string(b) {
		t.Fatalf("another result the second time: %v %v", err1, err2)
	}
	if int64(len(recs)) > size/4+1 {
		t.Fatalf("%d records from %d bytes", len(recs), size)
	}
	for _, de := range errs {
		if de.From.Offset < 0 || de.From.Offset > size {
			t.Fatalf("error at %d of %d bytes: %v", de.From.Offset, size, de)
		}
	}
	for i := range recs {
		r := &recs[i]
		if at := r.From.Offset; at < 0 || at > size {
			t.Fatalf("record at %d of %d bytes", at, size)
		}
		r.Summary()
		r.Program()
		r.Tags()
		for _, e := range r.Events() {
			if e.Time.Year() > 9999 || e.Time.Before(time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)) && !e.Time.IsZero() {
				t.Fatalf("event at %v", e.Time)
			}
		}
	}
}

// dataOf is what records say, without their places.
func dataOf(recs []artifacts.Record) []artifacts.Decoded {
	var out []artifacts.Decoded
	for _, r := range recs {
		out = append(out, r.Data)
	}
	return out
}
