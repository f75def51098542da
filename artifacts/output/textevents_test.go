package output

import (
	"bytes"
	"fmt"
	"slices"
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
			if n := Columns(strings.TrimSuffix(line, "\n")); n > lineWidth {
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

// TestTextHeadings: each day with a line has one heading. A day of which every row is
// folded has none, the same clock on two days is two lines, and another machine begins
// anew.
func TestTextHeadings(t *testing.T) {
	at := func(r *Row, days int) *Row {
		r.Time = r.Time.AddDate(0, 0, days)
		return r
	}
	folded := at(ranRow("3", `\copied.exe`), 1)
	folded.Kind = "File Last Modification Time"
	other := at(ranRow("6", `\b.exe`), 2)
	other.Host = "FALCON"
	rows := []*Row{ranRow("1", `\a.exe`), ranRow("2", `\b.exe`), folded, at(ranRow("4", `\a.exe`), 2), at(ranRow("5", `\a.exe`), 2), other}
	heads := func(o *Options) string {
		got, _ := textOf(t, o, rows...)
		var out []string
		n := 0
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case line == "":
			case strings.HasPrefix(line, "19:57"):
				n++
			default:
				if n > 0 {
					out = append(out, fmt.Sprint(n))
				}
				out, n = append(out, line), 0
			}
		}
		return strings.Join(append(out, fmt.Sprint(n)), " | ")
	}
	want := "# host KESTREL, times are UTC | 2026-03-06 Friday | 2 | 2026-03-08 Sunday | 1 | # host FALCON, times are UTC | 2026-03-08 Sunday | 1"
	if got := heads(nil); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	want = "# host KESTREL, times are UTC | 2026-03-06 Friday | 2 | 2026-03-07 Saturday | 1 | 2026-03-08 Sunday | 2 | " +
		"# host FALCON, times are UTC | 2026-03-08 Sunday | 1"
	if got := heads(&Options{All: true}); got != want {
		t.Errorf("with All: got\n%s, want\n%s", got, want)
	}
	want = "# several machines, times are UTC | 2026-03-06 Friday | 2 | 2026-03-08 Sunday | 2"
	if got := heads(&Options{Several: true}); got != want {
		t.Errorf("several machines: got\n%s, want\n%s", got, want)
	}
}

// TestTextMixedLevels: of the creation of a volume, which records of several levels
// tell, there is one line with the highest level and the id of that record. Other equal
// rows are one line only where their level is the same, and of one machine.
func TestTextMixedLevels(t *testing.T) {
	volume := func(id, level, serial string) *Row {
		return &Row{Time: evening, ID: id, Kind: "Creation Time", DataType: "windows:volume:creation", Parser: "prefetch", Host: "K", Level: level,
			Message: "Volume \\VOLUME{" + serial + "} serial 1 was formatted, seen by Prefetch [P" + id + ".EXE]", Path: `\p` + id + `.exe`}
	}
	leveled := func(id, host, level string) *Row {
		r := ranRow(id, `\a.exe`)
		r.Host, r.Level = host, level
		return r
	}
	for _, c := range []struct {
		rows []*Row
		want []string // level, id and count of each line
	}{
		{[]*Row{volume("1", "", "1"), volume("2", "critical", "1"), volume("3", "high", "1"), volume("4", "", "1")}, []string{"critical 2 ×4"}},
		{[]*Row{volume("1", "medium", "1"), volume("2", "low", "1")}, []string{"medium 1 ×2"}},
		{[]*Row{volume("1", "", "1"), volume("2", "informational", "1")}, []string{" 1 ×2"}},
		{[]*Row{volume("1", "high", "1"), volume("2", "high", "2")}, []string{"high 1", "high 2"}},
		{[]*Row{leveled("1", "K", "high"), leveled("2", "K", "low"), leveled("3", "K", "high"), leveled("4", "K", "")},
			[]string{"high 1 ×2", "low 2", " 4"}},
		{[]*Row{leveled("1", "K", "high"), leveled("2", "L", "high"), leveled("3", "K", "high")}, []string{"high 1 ×2", "high 2"}},
	} {
		got, _ := textOf(t, &Options{Several: true}, c.rows...)
		var lines []string
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "19:57") {
				continue
			}
			level := strings.Fields(line[clockWidth:])[0]
			if line[clockWidth+2] == ' ' {
				level = ""
			}
			tail := strings.Fields(line)
			last := tail[len(tail)-1]
			if strings.HasPrefix(last, "×") {
				last = tail[len(tail)-2] + " " + last
			}
			lines = append(lines, level+" "+last)
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("got %q, want %q in\n%s", lines, c.want, got)
		}
	}
}
