package events_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/evtx"
)

// largeLog is a Security log of many chunks: with records that are in no list any
// more, a hidden one, and a chunk that is destroyed.
func largeLog() []byte {
	var list []evtx.Event
	for i := range 3000 {
		list = append(list, evtx.Event{
			Provider: "Microsoft-Windows-Security-Auditing", GUID: "{54849625-5478-4994-A5BA-3E3B0328C30D}", EventID: 4688, Version: 2,
			Created: time.Date(2026, 3, 6, 0, 0, i, 0, time.UTC), Channel: "Security", Computer: "WS-07", ProcessID: 4,
			Data: []evtx.Field{
				{Name: "SubjectUserSid", Value: evtx.SID("S-1-5-21-1-2-3-1001")}, {Name: "SubjectLogonId", Value: evtx.Hex64(0x3e7)},
				{Name: "NewProcessName", Value: evtx.Str(fmt.Sprintf(`C:\Windows\System32\p%d.exe`, i))},
				{Name: "CommandLine", Value: evtx.Str(strings.Repeat("x", i%50))},
			},
		})
	}
	var w evtx.Writer
	records := w.Records(1, list...)
	b := evtx.Log{Records: records[1200:], PerChunk: 40, Before: records[:1200]}.Build()
	evtx.Hide(b, 5)
	copy(b[4096+20*65536:], "destroyed")
	return b
}

// spelled runs the chapter over one log and spells out all that it gave.
func spelled(t *testing.T, log []byte, opts *artifacts.Options) (lines []string) {
	t.Helper()
	tr := testtree.Tree(t, map[string][]byte{
		"Windows/System32/winevt/Logs/Security.evtx": log, "Windows/System32/config/x": nil,
	})
	results, err := artifacts.Run(t.Context(), tr, events.Artifacts(), opts)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		for i := range res.Records {
			r := &res.Records[i]
			data, err := json.Marshal(r.Data)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprint(r.ID, r.User, r.From, string(data), r.Tags()))
			for _, e := range r.Events() {
				lines = append(lines, fmt.Sprint(e.ID, e.Time, e.Kind, e.Message))
			}
		}
		for _, err := range res.Errors {
			lines = append(lines, err.Error())
		}
		lines = append(lines, fmt.Sprint(res.Artifact.Name, res.From, res.More, res.Notes))
	}
	return lines
}

// TestWorkers decodes a large log on any number of workers: the results are the
// same, and in the same order.
func TestWorkers(t *testing.T) {
	check := func(name string, b []byte) {
		for _, noDeleted := range []bool{false, true} {
			want := spelled(t, b, &artifacts.Options{Jobs: 1, NoDeleted: noDeleted})
			for _, opts := range []*artifacts.Options{{Jobs: 2}, {Jobs: 7}, {Jobs: 7, Places: make(chan struct{}, 2)}} {
				opts.NoDeleted = noDeleted
				if got := spelled(t, b, opts); !slices.Equal(want, got) {
					t.Errorf("%s, %d workers: -one worker +several\n%.3000s", name, opts.Jobs, cmp.Diff(want, got))
				}
			}
		}
	}
	b := largeLog()
	all := strings.Join(spelled(t, b, &artifacts.Options{Jobs: 1}), "\n")
	for _, s := range []string{string(artifacts.Hidden), string(artifacts.Recovered), "no signature", `p2999.exe`} {
		if !strings.Contains(all, s) {
			t.Errorf("the log of the test has nothing with %q", s)
		}
	}
	check("generated", b)
	if os.Getenv("ARTIFACTDUMP_EVIDENCE") == "" {
		return
	}
	names, _ := filepath.Glob(filepath.Join(os.Getenv("ARTIFACTDUMP_EVIDENCE"), "evtx", "*", "*.evtx"))
	for _, name := range names {
		if st, err := os.Stat(name); err != nil || st.Size() < 3<<20 {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		check(name, b)
	}
}
