package output

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

func textOf(t *testing.T, o *Options, rows ...*Row) (string, []string) {
	t.Helper()
	var b bytes.Buffer
	w := newTextEvents(&b, o)
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.(Noter).Notes()
}

var evening = time.Date(2026, 3, 6, 19, 57, 43, 516e6, time.UTC)

func ranRow(id, path string) *Row {
	return &Row{Time: evening, ID: id, Kind: "Last Time Executed", Message: "sentence", Parser: "prefetch", Host: "KESTREL", Path: path, Proof: artifacts.Executed}
}

// TestTextLine: a heading for the day, and the columns of a row in 120 characters.
func TestTextLine(t *testing.T) {
	r := ranRow("6e8e000000000000", `\tmp\p.exe`)
	r.Level = "high"
	r.Extra = []artifacts.Field{{Name: "run_count", Value: "7"}}
	got, _ := textOf(t, nil, r)
	want := "# host KESTREL, times are UTC\n\n2026-03-06 Friday\n" +
		"19:57:43.516  high      ran   \\tmp\\p.exe                              last run of 7     prefetch        6e8e000000000000\n"
	if got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	long := ranRow("6e8e000000000000", `\`+strings.Repeat(`folder\`, 30)+"p.exe")
	for _, o := range []*Options{nil, {Several: true}} {
		got, _ = textOf(t, o, long)
		for line := range strings.Lines(got) {
			if n := columnsOf(strings.TrimSuffix(line, "\n")); n > lineWidth {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		if !strings.Contains(got, `folder\p.exe`) {
			t.Errorf("the end of the path is gone: %s", got)
		}
	}
	if got, _ := textOf(t, &Options{Several: true}, long); !strings.Contains(got, "  KESTREL  ") {
		t.Errorf("no column for the machine: %s", got)
	}
}

// TestTextFolds equal rows and kinds that repeat others, and shows all on demand.
func TestTextFolds(t *testing.T) {
	var rows []*Row
	for i := range 191 {
		rows = append(rows, &Row{
			Time: evening, ID: fmt.Sprintf("%016x", i), Kind: "Creation Time", DataType: "windows:volume:creation", Parser: "prefetch", Host: "K", Path: fmt.Sprintf(`\p%d.exe`, i),
			Message: fmt.Sprintf("Volume \\VOLUME{1} serial 1 was formatted, seen by Prefetch [P%d.EXE]", i), Proof: artifacts.Present,
		})
	}
	copied := &Row{Time: evening, ID: "c", Kind: "File Last Modification Time", Parser: "shimcache", Host: "K", Path: `\copied.exe`}
	evidence := &Row{Time: evening, ID: "e", Kind: "File Last Modification Time", Parser: "shimcache", Host: "K", Path: `\evidence.exe`, Level: "high"}
	rows = append(rows, copied, evidence)
	got, notes := textOf(t, nil, rows...)
	if strings.Count(got, "Volume") != 1 || !strings.Contains(got, " ×191\n") || strings.Contains(got, "copied.exe") || !strings.Contains(got, "evidence.exe") {
		t.Errorf("folded:\n%s", got)
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "1 rows not shown: file times") {
		t.Errorf("notes: %q", notes)
	}
	got, notes = textOf(t, &Options{All: true}, rows...)
	if strings.Count(got, "Volume") != 191 || !strings.Contains(got, "copied.exe") || len(notes) != 0 {
		t.Errorf("with All: %d volumes, notes %q", strings.Count(got, "Volume"), notes)
	}
}

// TestTextColor: only where it is asked for. Marks say what a reader must know.
func TestTextColor(t *testing.T) {
	r := ranRow("1", `\a.exe`)
	r.Level, r.Tags = "critical", []string{"clock-set-back"}
	plain, _ := textOf(t, nil, r)
	colored, _ := textOf(t, &Options{Color: true}, r)
	if strings.Contains(plain, "\x1b") || !strings.Contains(colored, "\x1b[1;31mcritical\x1b[0m") {
		t.Errorf("plain %q, coloured %q", plain, colored)
	}
	if !strings.Contains(plain, "CLOCK SET BACK") {
		t.Errorf("the row does not say that the clock was set back: %s", plain)
	}
	r = ranRow("1", `\a.exe`)
	r.Local = true
	if got, _ := textOf(t, nil, r); !strings.Contains(got, "LOCAL TIME") {
		t.Errorf("the row does not say that its time is local: %s", got)
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 999_960: "1.0 MB", 1_234_000_000: "1.2 GB",
		1 << 60: "1152921.5 TB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}
