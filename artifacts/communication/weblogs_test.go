package communication

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// webLines runs the decoder over one log.
func webLines(t *testing.T, text string, full bool) (lines, notes []string) {
	t.Helper()
	tree := testtree.OpenFS(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, "inetpub/logs/LogFiles/W3SVC1/u_ex.log": {Data: []byte(text)}})
	results, err := artifacts.Run(t.Context(), tree, []*artifacts.Artifact{webLogs}, &artifacts.Options{Full: full})
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		for _, e := range res.Errors {
			t.Error(e)
		}
		notes = append(notes, res.Notes...)
		for _, r := range res.Records {
			w := r.Data.(WebLog)
			lines = append(lines, fmt.Sprintf("%s %s", w.Time.Format("2006-01-02 15:04:05"), w.Summary()))
		}
	}
	return lines, notes
}

// TestWebLogs reads a log whose columns change, and all of its lines where they are wanted.
func TestWebLogs(t *testing.T) {
	const text = "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n" +
		"2026-03-06 17:00:01 192.0.2.1 GET /a.htm - 200 Mozilla\n" +
		"2026-03-06 17:00:02 192.0.2.2 POST /up/x.aspx - 200 Mozilla\n" +
		"#Date: 2026-03-07 00:00:00\n#Fields: time cs-method cs-uri-stem sc-status c-ip\n" +
		"01:02:03 GET /b.htm 404 192.0.2.3\n"
	odd, notes := webLines(t, text, false)
	if len(odd) != 1 || odd[0] != "2026-03-06 17:00:02 [192.0.2.2] POST /up/x.aspx, status 200: data sent to a script page" {
		t.Errorf("records: %q", odd)
	}
	if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, "2 of 3 requests") }) {
		t.Errorf("notes: %q", notes)
	}
	all, notes := webLines(t, text, true)
	want := []string{"2026-03-06 17:00:01 [192.0.2.1] GET /a.htm, status 200", odd[0], "2026-03-07 01:02:03 [192.0.2.3] GET /b.htm, status 404"}
	if !slices.Equal(all, want) || len(notes) != 0 {
		t.Errorf("all: %q, notes %q", all, notes)
	}
}

// TestWebLogsReal reads real logs of two versions, with cookies and without dates.
func TestWebLogsReal(t *testing.T) {
	for name, want := range map[string]string{"iis10.log": "2021-04-01 00:00:21", "iis10_cookies.log": "", "iis6.log": "2013-07-30 00:00:00", "iis_without_date.log": "2013-07-30 00:00:00"} {
		lines, _ := webLines(t, string(realFile(t, "iis/"+name)), true)
		if len(lines) == 0 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("%s: %q", name, lines)
		}
	}
}
