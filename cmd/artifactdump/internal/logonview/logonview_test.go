package logonview

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/logons"
)

var (
	anna   = &logons.Account{ID: "S-1-5-21-1-2-3-1001", Name: `CORP\anna`}
	laptop = &logons.Host{ID: "laptop", Label: "LAPTOP", Names: []string{"10.0.0.5"}}
	files  = &logons.Host{ID: "files", Label: "FILES\x1b[2J"}
	edge   = &logons.Edge{Account: anna, Source: laptop, Target: files, Kind: "logon", Type: 3}
)

func TestNotes(t *testing.T) {
	day := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	quiet := &logons.Analysis{Spans: []logons.Span{
		{Host: "LAPTOP", Channel: "Security", First: day, Last: day.Add(time.Hour)},
		{Host: "LAPTOP", Channel: "System", First: day, Last: day},
	}}
	want := []string{"LAPTOP: Security reaches from 2026-03-06T18:00:00Z to 2026-03-06T19:00:00Z",
		"no log-ons: the logs hold none, or the audit setting Logon was off"}
	if got := Notes(quiet); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for last, want := range map[time.Time]bool{day.Add(23 * time.Hour): true, day.Add(24 * time.Hour): false} {
		short := &logons.Analysis{Attempts: logons.SeriesOf(&logons.Attempt{}), First: day, Last: last}
		if got := strings.Join(Notes(short), ""); strings.Contains(got, "less than a day") != want {
			t.Errorf("until %v: %q", last, got)
		}
	}
	busy := &logons.Analysis{Attempts: logons.SeriesOf(&logons.Attempt{}), Dropped: 3, Folded: 4}
	got := strings.Join(Notes(busy), "\n")
	for _, text := range []string{"3 records beyond the limits", "4 attempts"} {
		if !strings.Contains(got, text) {
			t.Errorf("no %q in %q", text, got)
		}
	}
	if strings.Contains(got, "no log-ons") {
		t.Errorf("there is one: %q", got)
	}
}

func TestDiff(t *testing.T) {
	list := []logons.Difference{{Edge: edge, A: 0, B: 2}, {Edge: edge, A: 5, B: 0}, {Edge: edge, A: 1, B: 7}}
	changes := []string{"only in the second", "only in the first", "changed"}
	var text bytes.Buffer
	if err := Diff(&text, list, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	if len(lines) != len(list) {
		t.Fatalf("%d lines, want %d", len(lines), len(list))
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, changes[i]+" ") || !strings.Contains(line, `CORP\anna`) || strings.Contains(line, "\x1b") {
			t.Errorf("line %d: %q", i, line)
		}
	}
	var out bytes.Buffer
	if err := Diff(&out, list, true); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	for i, want := range list {
		var got struct {
			Change, Account, Source, Target string
			A                               int `json:"count_a"`
			B                               int `json:"count_b"`
			Type                            int `json:"logon_type"`
		}
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Change != changes[i] || got.A != want.A || got.B != want.B || got.Account != anna.Name || got.Source != laptop.Label ||
			got.Target != files.Label || got.Type != 3 {
			t.Errorf("object %d: %+v", i, got)
		}
	}
	// An edge can lack what its record did not say.
	out.Reset()
	if err := Diff(&out, []logons.Difference{{Edge: &logons.Edge{Kind: "logon"}, B: 1}}, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"account":"","source":"","target":""`) {
		t.Errorf("%s", &out)
	}
}

// TestPaths goes from the laptop over a server to another one.
func TestPaths(t *testing.T) {
	day := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	server := &logons.Host{ID: "server", Label: "SERVER"}
	a := &logons.Analysis{Attempts: logons.SeriesOf(
		&logons.Attempt{Time: day, Account: anna, Source: laptop, Dest: server, Kind: "logon", Outcome: logons.Success},
		&logons.Attempt{Time: day.Add(time.Minute), Account: anna, Source: server, Dest: files, Kind: "logon", Outcome: logons.Success},
	)}
	for _, c := range []struct {
		from, to string
		window   time.Duration
		want     int
	}{
		{"laptop", `FILES` + "\x1b[2J", time.Hour, 1},
		{"10.0.0.5", `FILES` + "\x1b[2J", time.Hour, 1}, // by its other name
		{"laptop", `FILES` + "\x1b[2J", time.Second, 0}, // too late
		{"laptop", "nowhere", time.Hour, 0},
	} {
		var b bytes.Buffer
		if err := Paths(&b, a, c.from, c.to, c.window); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "\n"); n != c.want {
			t.Errorf("%s to %q within %v: %d ways, want %d: %q", c.from, c.to, c.window, n, c.want, &b)
		}
		if c.want == 1 && (strings.Count(b.String(), "2026-03-06T18:0") != 2 || strings.Contains(b.String(), "\x1b")) {
			t.Errorf("%q: want two steps, harmless", &b)
		}
	}
}
