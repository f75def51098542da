package findingview

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

// told returns the findings and the stories of a path.
func told(t *testing.T, path string) (*findings.Report, []*story.Story) {
	t.Helper()
	s, said := sessiontest.New(session.Options{})
	r, err := Evaluate(t.Context(), s, []string{path}, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	list, err := Stories(t.Context(), s, r, story.DefaultGap)
	if err != nil {
		t.Fatal(err)
	}
	return r, list
}

func write(t *testing.T, list []*story.Story, asJSON bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteStories(&b, list, asJSON, "en"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestEvaluate has the same findings and the same story of evidence and of its case.
func TestEvaluate(t *testing.T) {
	ids := func(r *findings.Report) (out []string) {
		for _, f := range r.Findings {
			out = append(out, f.ID)
		}
		return out
	}
	r, list := told(t, sessiontest.Incident)
	kept, keptList := told(t, sessiontest.Case(t))
	if len(r.Findings) == 0 || !slices.Equal(ids(r), ids(kept)) {
		t.Errorf("%v\nbut of the case\n%v", ids(r), ids(kept))
	}
	text, keptText := write(t, list, false), write(t, keptList, false)
	if text != keptText || !strings.Contains(text, "KESTREL-PC") {
		t.Errorf("the stories differ: %d and %d bytes", len(text), len(keptText))
	}
	two := write(t, slices.Concat(list, list), false)
	if two != text+"\n"+text {
		t.Error("two stories are not apart")
	}
	for line := range strings.SplitSeq(strings.TrimSpace(write(t, list, true)), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %.80s", line)
		}
	}
	s, _ := sessiontest.New(session.Options{})
	wide, err := Stories(t.Context(), s, r, 365*24*time.Hour)
	if err != nil || len(wide[0].Windows) != 1 || len(list[0].Windows) < 2 {
		t.Errorf("a gap of a year gives %d windows, one of %v %d; %v", len(wide[0].Windows), story.DefaultGap, len(list[0].Windows), err)
	}
}

func TestWithIDs(t *testing.T) {
	r := &findings.Report{Silenced: 7, Findings: []findings.Finding{{ID: "aa11"}, {ID: "ab22"}, {ID: "ab22"}, {ID: "cc33"}}}
	for _, c := range []struct {
		ids  []string
		want string
	}{{[]string{"aa"}, "aa11"}, {[]string{"c", "aa11"}, "cc33 aa11"}, {[]string{"ab"}, "ab22"}} {
		got, err := WithIDs(r, c.ids)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range got.Findings {
			ids = append(ids, f.ID)
		}
		if s := strings.Join(ids, " "); s != c.want || got.Silenced != 7 {
			t.Errorf("%v: %s, want %s", c.ids, s, c.want)
		}
	}
	if _, err := WithIDs(r, []string{"a"}); err == nil {
		t.Error("a prefix of two ids is one finding")
	} else if e, ok := errors.AsType[*casefile.AmbiguousError](err); !ok || len(e.IDs) != 2 {
		t.Errorf("%v", err)
	}
	if _, err := WithIDs(r, []string{"ff"}); err == nil || !strings.Contains(err.Error(), "no finding has the id ff") {
		t.Errorf("%v", err)
	}
}
