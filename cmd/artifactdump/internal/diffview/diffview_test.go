package diffview

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

func TestWriter(t *testing.T) {
	m := func(dir string) *casefile.Machine {
		return &casefile.Machine{MachineManifest: &scan.MachineManifest{Name: "PC\x1b"}, Dir: dir}
	}
	before := &observations.Observation{Kind: "program", Key: `\tmp\p.exe`, Count: 2, Where: `C:\TMP\P.EXE`}
	after := &observations.Observation{Kind: "program", Key: `\tmp\p.exe`, Count: 3, Level: "high", Where: `C:\TMP\P.EXE`, First: "2026-03-06T18:00:00.0000000Z"}
	changes := []*casefile.Change{
		{Change: casefile.Changed, Kind: "program", Key: before.Key, Before: before, After: after},
		{Change: casefile.New, Kind: "program", Key: "=x\u202e", After: &observations.Observation{Kind: "program", Key: "=x\u202e"}},
		{Change: casefile.Gone, Kind: "task", Key: "t", Before: &observations.Observation{Kind: "task", Key: "t"}},
	}
	for _, format := range Formats() {
		var b bytes.Buffer
		w := New(format, &b, &output.Options{CSVSafe: true})
		w.Machine(casefile.Pair{Before: m("one"), After: m("two")})
		for _, c := range changes {
			if err := w.Change(c); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		switch format {
		case "text":
			for _, want := range []string{"1 new, 1 gone, 1 changed", "records 2 → 3; level none → high", "2026-03-06 18:00:00"} {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
			if strings.ContainsAny(text, "\x1b\u202e") {
				t.Errorf("not harmless on a terminal: %q", text)
			}
		case "jsonl":
			for line := range strings.Lines(text) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		case "csv":
			if strings.Count(text, "\n") != 4 || !strings.Contains(text, "'=x") {
				t.Errorf("%s", text)
			}
		}
	}
	var b bytes.Buffer
	if w := New("text", &b, nil); w.Close() != nil || b.String() != "no differences\n" {
		t.Errorf("%q", b.String())
	}
}
