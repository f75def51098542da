package recordsearch

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/search"
)

// A note is a record with a list, which no row of a timeline shows whole.
type note struct {
	artifacts.Origin
	Path  string    `json:"path"`
	Files []string  `json:"files"`
	Parts []part    `json:"parts"`
	Size  int       `json:"size"`
	Ran   time.Time `json:"ran,omitzero" event:"Last Time Executed"`
}

type part struct {
	Device string `json:"device"`
}

func (n note) Program() string { return n.Path }

func record(n note) *artifacts.Record {
	a := artifacts.Define(artifacts.Artifact{Name: "notes", Title: "Notes", Proves: artifacts.Executed},
		func(artifacts.Input, func(note) bool) error { return nil })
	return &artifacts.Record{ID: "0011223344556677", Artifact: a, Host: "PC", Data: n,
		From: artifacts.Locator{Path: `C:\notes.bin`, State: artifacts.Live}}
}

func find(t *testing.T, s Search, line string, rec *artifacts.Record) *Hit {
	t.Helper()
	var err error
	if s.Query, err = search.Parse(line); err != nil {
		t.Fatal(err)
	}
	hit, err := s.Look(rec)
	if err != nil {
		t.Fatal(err)
	}
	return hit
}

func TestLook(t *testing.T) {
	ran := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	files := make([]string, 40)
	for i := range files {
		files[i] = `\VOLUME\WINDOWS\NTDLL.DLL`
	}
	files[37] = `\VOLUME\USERS\PUBLIC\CACHE.DLL`
	rec := record(note{Path: `C:\tmp\p.exe`, Files: files, Parts: []part{{`\DEVICE\HARDDISKVOLUME3`}}, Size: 4242, Ran: ran})
	undated := record(note{Path: `C:\tmp\q.exe`})
	high := func(*artifacts.Record) output.Verdict { return output.Verdict{Level: "high", Findings: []string{"aa"}} }
	for _, c := range []struct {
		name, line string
		s          Search
		rec        *artifacts.Record
		want       []string // fields that match, nil for no hit
	}{
		{"in a list", "cache.dll", Search{}, rec, []string{"files"}},
		{"in a list of objects", "harddiskvolume3", Search{}, rec, []string{"parts.device"}},
		{"a number", "4242", Search{}, rec, []string{"size"}},
		{"two words in two fields", "cache.dll 4242", Search{}, rec, []string{"files", "size"}},
		{"one of two is missing", "cache.dll 4243", Search{}, rec, nil},
		{"not", "cache.dll -4242", Search{}, rec, nil},
		{"expression", `/public\\cache\.dll$/`, Search{}, rec, []string{"files"}},
		{"the field", "exe", Search{Field: "files"}, rec, nil},
		{"the last part of a field", "device", Search{Field: "device"}, rec, []string{"parts.device"}},
		{"path", `path:\tmp\*`, Search{}, rec, []string{}},
		{"source", "notes.bin", Search{}, rec, []string{"source_file"}},
		{"level", "level:high+", Search{Verdicts: high}, rec, []string{}},
		{"no level", "level:high+", Search{}, rec, nil},
		{"time", "after:2026-03-06T18 cache", Search{}, rec, []string{"files"}},
		{"other time", "after:2026-03-06T19 cache", Search{}, rec, nil},
		{"span", "cache", Search{From: ran, To: ran.Add(1)}, rec, []string{"files"}},
		{"before the span", "cache", Search{From: ran.Add(1)}, rec, nil},
		{"after the span", "cache", Search{To: ran}, rec, nil},
		{"no time", "q.exe", Search{}, undated, []string{"path"}},
		{"no time in a span", "q.exe", Search{To: ran}, undated, nil},
		{"no time after", "q.exe", Search{From: ran}, undated, nil},
	} {
		hit := find(t, c.s, c.line, c.rec)
		if (hit != nil) != (c.want != nil) {
			t.Errorf("%s: hit %v", c.name, hit)
			continue
		}
		if hit == nil {
			continue
		}
		got := []string{}
		for _, m := range hit.Matches {
			got = append(got, m.Field)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: matches %q, want %q", c.name, got, c.want)
		}
		if (len(hit.Rows) == 0) != (c.rec == undated) {
			t.Errorf("%s: %d events", c.name, len(hit.Rows))
		}
	}
}

func TestWrite(t *testing.T) {
	rec := record(note{Path: `C:\tmp\p.exe`, Files: []string{"a\x1b[2Jb\u202e", strings.Repeat("a", 1000)}, Ran: time.Unix(0, 0)})
	hit := find(t, Search{}, "a", rec)
	for _, format := range Formats() {
		var b bytes.Buffer
		w := NewWriter(format, &b, &output.Options{CSVSafe: true})
		if err := w.Hit(hit); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if !strings.Contains(text, "0011223344556677") || format != "csv" && strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%s: %q", format, text)
		}
		if format == "jsonl" && !json.Valid(b.Bytes()) {
			t.Errorf("not JSON: %s", text)
		}
	}
	if NewWriter("xml", nil, nil) != nil {
		t.Error("a writer of an unknown format")
	}
}
