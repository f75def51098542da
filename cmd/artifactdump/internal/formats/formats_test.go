package formats

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// TestFind finds each format by what it writes, and names the known ones.
func TestFind(t *testing.T) {
	for _, fits := range []func(output.Format) bool{ForEvents, ForRecords} {
		for _, name := range Names(fits) {
			if f, err := Find("x", name, fits); err != nil || f.Name != name || !fits(f) {
				t.Errorf("%s: %s, %v", name, f.Name, err)
			}
		}
	}
	for _, name := range []string{"sqlite", "parquet"} {
		if !slices.Contains(Names(ForEvents), name) {
			t.Errorf("no timeline is written as %s", name)
		}
	}
	_, err := Find("timeline", "pecmd", ForEvents) // one of records
	if _, ok := errors.AsType[usage.Error](err); !ok || !strings.HasPrefix(err.Error(), `unknown timeline format "pecmd"; known: text, `) {
		t.Errorf("%v", err)
	}
}

func TestAdded(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"", ""},
		{"csv, jsonl", ""}, // which a case has anyway
		{"xlsx, timesketch,xlsx", "xlsx timesketch"},
		{"xlsx,all", strings.Join(OfCases(), " ")},
	} {
		list, err := Added(c.list)
		var names []string
		for _, f := range list {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != c.want || err != nil {
			t.Errorf("%q: %s, %v; want %s", c.list, got, err, c.want)
		}
	}
	for _, bad := range []string{"text", "xlsx,nonsense"} {
		if _, err := Added(bad); err == nil || !strings.Contains(err.Error(), "unknown case format") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
