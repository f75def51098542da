//go:build !386

package output

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/xuri/excelize/v2"
)

// TestWorkbook reads a workbook with another library: types of cells, what the
// evidence cannot make of them, and what happens at the end of a sheet.
func TestWorkbook(t *testing.T) {
	var b bytes.Buffer
	w := newXLSX(&b, &Options{Version: "v0", Case: func() *Case {
		return &Case{
			Machines: []Machine{{Name: "HOST", OS: "Windows 10 Pro", Build: "19045"}},
			Findings: []Finding{{ID: "f1", Level: "high", Title: "=1+1", First: time.Unix(1, 0)}},
			Files:    []File{{Host: "HOST", Path: `C:\x`, Status: "failed", Error: "no <tag> & more"}},
		}
	}}).(*xlsx)
	w.limit = 6
	when := time.Date(2026, 3, 6, 18, 3, 11, 498322900, time.UTC)
	for i, msg := range []string{"=cmd|' /C calc'!A0", "<script>alert(1)</script> & \x01\uFFFF _x0041_", strings.Repeat("ä", 40_000), "plain", "too much", "far too much"} {
		r := &Row{Time: when.Add(time.Duration(i) * time.Second), ID: "id", Kind: "Last Time Executed", Message: msg, Path: `\a.exe`, Executable: "A.EXE",
			Parser: "prefetch", Proof: artifacts.Executed, Extra: []artifacts.Field{{Name: "run_count", Value: "5"}}}
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := w.Notes(); len(n) != 1 || !strings.HasPrefix(n[0], "2 events") {
		t.Errorf("notes: %q", n)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.GetSheetList(), " "); got != "Summary Findings Timeline Programs Files" {
		t.Errorf("sheets: %s", got)
	}
	for cell, want := range map[string]string{
		"Timeline!D2": "=cmd|' /C calc'!A0", "Timeline!D3": `<script>alert(1)</script> & \x01` + "\uFFFD _x0041_",
		"Timeline!A6": "2 more events do not fit into a sheet: timeline.csv has all", "Timeline!B2": "4983229",
		"Findings!B2": "=1+1", "Findings!D2": "", "Files!I2": "no <tag> & more", "Programs!G2": "5", "Programs!H2": "6", "Summary!B5": "6",
	} {
		sheet, ref, _ := strings.Cut(cell, "!")
		got, err := f.GetCellValue(sheet, ref)
		if err != nil || got != want {
			t.Errorf("%s: %q (%v), want %q", cell, got, err, want)
		}
		if formula, _ := f.GetCellFormula(sheet, ref); formula != "" {
			t.Errorf("%s is a formula: %s", cell, formula)
		}
	}
	raw, _ := f.GetCellValue("Timeline", "A2", excelize.Options{RawCellValue: true})
	days, err := strconv.ParseFloat(raw, 64)
	got := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(days * 24 * float64(time.Hour)))
	if err != nil || got.Sub(when.Truncate(time.Millisecond)).Abs() > 2*time.Microsecond {
		t.Errorf("Timeline!A2: %s is %v, want %v", raw, got, when)
	}
	if got, _ := f.GetCellValue("Timeline", "D4"); len([]rune(got)) > xlsxText || !strings.HasSuffix(got, "ä…") {
		t.Errorf("a long text has %d characters, want it cut to %d", len([]rune(got)), xlsxText)
	}
}
