//go:build unix

package viewer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// A drawnLane is a lane as the page has drawn it.
type drawnLane struct {
	Path string
	Dots map[string]int
	Left float64
	Y    float64
	At   []float64
}

func (b *browser) lanes() map[string]drawnLane {
	b.t.Helper()
	b.eval(`document.querySelector("[data-view=lanes]").click()`, nil)
	var list []drawnLane
	b.eval(`artifactdump.lanes()`, &list)
	out := map[string]drawnLane{}
	for _, l := range list {
		out[l.Path] = l
	}
	return out
}

// click presses the mouse on the lanes, at a point of their canvas.
func (b *browser) click(x, y float64) {
	b.t.Helper()
	var at struct{ X, Y float64 }
	b.eval(fmt.Sprintf(`(() => { const s = document.getElementById("lanescroll"); s.scrollTop = Math.max(0, %g - 60);
		const r = document.getElementById("lanes").getBoundingClientRect(); return { X: r.x + %g, Y: r.y + %g }; })()`, y, x, y), &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// TestBiography clicks on the lane of a program in the incident: its name leads to its
// biography, a dot of it to the row.
func TestBiography(t *testing.T) {
	in, _ := incident()
	want := map[string]*programs.Program{}
	for _, line := range in.Programs {
		host, p, err := programs.ReadJSON(line)
		if err != nil || host != "KESTREL-PC" {
			t.Fatalf("%s %v: %.80s", host, err, line)
		}
		want[p.Path] = p
	}
	b := startBrowser(t)
	b.open(page(t, in), "")
	lanes := b.lanes()
	b.screenshot("lanes")
	for _, path := range []string{`C:\Users\Public\svchost.exe`, `C:\PerfLogs\rar.exe`, `C:\Users\daniel\AppData\Local\Temp\nbtscan.exe`} {
		p := want[path]
		lane := lanes[strings.ToLower(path[len("C:"):])]
		if p == nil || lane.Path == "" {
			t.Errorf("%s: program %v, lane %+v", path, p != nil, lane)
			continue
		}
		b.eval(`document.querySelector("#details .close")?.click()`, nil)
		b.lanes()
		b.click(12, lane.Y)
		if id := b.text(`document.getElementById("details").dataset.program`); id != p.ID {
			t.Errorf("%s leads to the biography of %s, want %s", path, id, p.ID)
			continue
		}
		var starts []string
		b.eval(`[...document.querySelectorAll("#details [data-part=starts] li")].map((e) => e.dataset.certainty + " " + e.textContent)`, &starts)
		if len(starts) != len(p.Starts) {
			t.Errorf("%s: %d starts are shown of %d", path, len(starts), len(p.Starts))
		}
		for i, s := range p.Starts {
			if text := s.Time.UTC().Format("2006-01-02 15:04:05"); i < len(starts) && (!strings.HasPrefix(starts[i], string(s.Certainty)) ||
				!strings.Contains(starts[i], text)) {
				t.Errorf("%s: start %d is %q, want %s %s", path, i, starts[i], s.Certainty, text)
			}
		}
		dots := 0
		for _, c := range []string{"proved", "recorded", "inferred"} {
			dots += lane.Dots[c]
		}
		if dots == 0 || dots > lanesRows(lane) {
			t.Errorf("%s: dots %v", path, lane.Dots)
		}
	}
	b.screenshot("biography")
	// A record of the biography leads to its rows.
	b.eval(`document.querySelector("#details [data-part=starts] li button").click()`, nil)
	if q := b.text(`document.documentElement.dataset.query`); !strings.HasPrefix(q, "record:") || b.number(rowcount) == 0 {
		t.Errorf("a record leads to %q, %d rows", q, b.number(rowcount))
	}
	// From a row back to the program.
	b.key("Enter")
	b.eval(`document.querySelector("#details button.biography").click()`, nil)
	if id := b.text(`document.getElementById("details").dataset.program`); id != want[`C:\Users\daniel\AppData\Local\Temp\nbtscan.exe`].ID {
		t.Errorf("the row leads to program %s", id)
	}
	b.eval(`document.querySelector("#details .says + p button").click()`, nil)
	if q := b.text(`document.documentElement.dataset.query`); !strings.HasPrefix(q, "path:") || b.number(rowcount) < 3 {
		t.Errorf("the rows of the program: %q, %d rows", q, b.number(rowcount))
	}
	// A dot shows its row.
	b.query("")
	lane := b.lanes()[`\perflogs\rar.exe`]
	b.click(lane.At[len(lane.At)-1], lane.Y)
	if s := b.text(`document.getElementById("view-rows").hidden + " " + document.querySelector("#details h2").textContent`); !strings.HasPrefix(s, "false ") ||
		!strings.Contains(strings.ToLower(s), "rar.exe") {
		t.Errorf("a dot shows %q", s)
	}
	b.quiet()
}

func lanesRows(l drawnLane) int { return len(l.At) }

// TestDots: how sure a start is fills its dot: proved whole, recorded half, inferred not
// at all. The middle line of each lane is looked at, where the lane's own line is gray.
func TestDots(t *testing.T) {
	begin := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	var rows []*output.Row
	model := &programs.Model{Host: "PC"}
	for i, c := range []programs.Certainty{programs.Proved, programs.Recorded, programs.Inferred, ""} {
		path := fmt.Sprintf(`C:\t\p%d.exe`, i)
		r := &output.Row{ID: fmt.Sprintf("%016x", i+1), RecordID: fmt.Sprintf("%016x", i+101), Host: "PC", Kind: "Last Time Executed", Parser: "test",
			Message: "row", Path: path, Time: begin.Add(time.Duration(i)*time.Hour + 1234567*100), Level: "high"}
		rows = append(rows, r)
		p := &programs.Program{ID: r.ID, Path: path}
		if c != "" {
			p.Starts = []programs.Start{{ID: "s", Time: r.Time, Certainty: c, Proofs: []programs.StartProof{{Source: "test", Time: r.Time,
				Ref: programs.Ref{Record: r.RecordID, Artifact: "test"}}}}}
		}
		model.Programs = append(model.Programs, p)
	}
	in := &Input{Lang: "en", Machines: []output.Machine{{Name: "PC"}}, Rows: all(rows)}
	var err error
	if in.Programs, err = ProgramsOf(model); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	b.open(page(t, in), "")
	lanes := b.lanes()
	coloured := func(l drawnLane) int {
		return b.number(fmt.Sprintf(`(() => {
			const c = document.getElementById("lanes"), k = c.width / c.clientWidth;
			const d = c.getContext("2d").getImageData((%g - 9) * k, %g * k, 18 * k, 1).data;
			let n = 0;
			for (let i = 0; i < d.length; i += 4) if (Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 90) n++;
			return n;
		})()`, l.At[0], l.Y))
	}
	n := map[string]int{}
	for i, kind := range []string{"proved", "recorded", "inferred", "row"} {
		l := lanes[fmt.Sprintf(`C:\t\p%d.exe`, i)]
		if len(l.At) != 1 || l.Dots[kind] != 1 {
			t.Fatalf("%s: %+v", kind, l)
		}
		n[kind] = coloured(l)
	}
	if n["proved"] <= n["recorded"] || n["recorded"] <= n["inferred"] || n["inferred"] == 0 || n["row"] == 0 || n["row"] >= n["proved"] {
		t.Errorf("coloured points: %v", n)
	}
	b.screenshot("dots")
	b.mu.Lock()
	b.said = nil // that the canvas is read is said
	b.mu.Unlock()
	b.quiet()
}

// TestBiographiesBounded: very many programs with very many starts make a page no larger
// than the limits say, and those with findings come first.
func TestBiographiesBounded(t *testing.T) {
	model := &programs.Model{Host: "PC"}
	for i := range 3000 {
		p := &programs.Program{ID: fmt.Sprint(i), Path: fmt.Sprintf(`C:\%d.exe`, i)}
		for k := range 400 {
			p.Starts = append(p.Starts, programs.Start{ID: fmt.Sprint(k), Time: time.Unix(int64(k), 0)})
		}
		p.Counts.Known = i
		model.Programs = append(model.Programs, p)
	}
	model.Programs[5].Level = findings.High.String()
	list, err := ProgramsOf(model)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, b := range list {
		size += len(b)
		var p struct{ Starts []json.RawMessage }
		if err := json.Unmarshal(b, &p); err != nil || len(p.Starts) != maxStarts {
			t.Fatalf("%d starts, %v", len(p.Starts), err)
		}
	}
	if len(list) == 0 || len(list) > maxBiographies || size > maxBiographyLen || !strings.Contains(string(list[0]), `"id":"5"`) {
		t.Errorf("%d programs, %d bytes, the first is %.60s", len(list), size, list[0])
	}
	if len(model.Programs[5].Starts) != 400 {
		t.Error("the model has changed")
	}
}
