package output

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
)

// A workbook is a zip file of XML parts (ECMA-376). It is written as it comes:
// the sheet with the timeline first, the others when it is closed. Cells hold
// their text themselves, so that no table of texts is kept. Whatever comes from
// the evidence is a text cell: nothing in it is ever calculated or followed.

const (
	xlsxRows = 1_048_576 // of a sheet, the header among them
	xlsxText = 32_767    // UTF-16 units of a cell
)

type xlsx struct {
	zip      *zip.Writer
	opts     *Options
	limit    int
	sheet    *bufio.Writer
	rows     int // in the open sheet
	events   int
	left     int
	local    int
	programs map[string]*xlsxProgram
	oldest   time.Time
	newest   time.Time
	err      error
}

// xlsxProgram is one line of the sheet of programs.
type xlsxProgram struct {
	host, path, name string
	first, last      time.Time
	lastRun          time.Time
	runCount         int64
	events           int
	sources          []string
}

// maxPrograms bounds the sheet of programs, and what is remembered for it.
const maxPrograms = 200_000

var xlsxSheets = []string{"Summary", "Findings", "Timeline", "Programs", "Files"}

func newXLSX(w io.Writer, o *Options) EventWriter {
	x := &xlsx{zip: zip.NewWriter(w), opts: o.orDefault(), limit: xlsxRows, programs: map[string]*xlsxProgram{}}
	// The sheets are large and much alike: the fastest level takes a quarter of
	// the time and gives little away.
	x.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	x.open("Timeline", "datetime (UTC)", "fraction", "meaning", "message", "proves", "host", "user", "program", "source file", "key",
		"value", "artifact", "tags", "snapshot", "state", "id", "extra", "level", "rules", "finding ids", "record id", "time kind", "session",
		"program id", "start id", "window")
	return x
}

// open starts a sheet with its header, frozen and with a filter.
func (x *xlsx) open(name string, header ...string) {
	i := slices.Index(xlsxSheets, name) + 1
	w, err := x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", i))
	if err != nil {
		x.err = cmp.Or(x.err, err)
		w = io.Discard
	}
	x.sheet, x.rows = bufio.NewWriterSize(w, 64<<10), 0
	x.sheet.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="1" width="24" customWidth="1"/>` +
		`<col min="2" max="20" width="18" customWidth="1"/></cols><sheetData>`)
	cells := make([]any, len(header))
	for i, h := range header {
		cells[i] = xlsxHead(h)
	}
	x.row(cells...)
}

type xlsxHead string

func (x *xlsx) close(columns int) {
	fmt.Fprintf(x.sheet, `</sheetData><autoFilter ref="A1:%s%d"/></worksheet>`, column(columns-1), max(1, x.rows))
	if err := x.sheet.Flush(); err != nil {
		x.err = cmp.Or(x.err, err)
	}
}

func column(i int) string { return string(rune('A' + i)) }

// row writes one row of texts, numbers and times.
func (x *xlsx) row(cells ...any) {
	x.rows++
	n := strconv.Itoa(x.rows)
	w := x.sheet
	w.WriteString(`<row r="` + n + `">`)
	for i, c := range cells {
		ref := `<c r="` + column(i) + n + `"`
		switch c := c.(type) {
		case xlsxHead:
			w.WriteString(ref + ` s="2" t="inlineStr"><is><t>`)
			xmlText(w, string(c))
			w.WriteString(`</t></is></c>`)
		case string:
			if c == "" {
				continue
			}
			w.WriteString(ref + ` t="inlineStr"><is><t xml:space="preserve">`)
			xmlText(w, c)
			w.WriteString(`</t></is></c>`)
		case int:
			w.WriteString(ref + `><v>` + strconv.Itoa(c) + `</v></c>`)
		case int64:
			w.WriteString(ref + `><v>` + strconv.FormatInt(c, 10) + `</v></c>`)
		case time.Time:
			if s, ok := serial(c); ok {
				w.WriteString(ref + ` s="1"><v>` + s + `</v></c>`)
			} else if !c.IsZero() {
				w.WriteString(ref + ` t="inlineStr"><is><t>` + FormatTime(c) + `</t></is></c>`)
			}
		}
	}
	if _, err := w.WriteString("</row>"); err != nil {
		x.err = cmp.Or(x.err, err)
	}
}

// serial is a time as Excel counts: days since 1899-12-30, to the millisecond,
// cut and not rounded. Before March 1900 Excel's calendar has a day that never
// was.
func serial(t time.Time) (string, bool) {
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if y := t.Year(); y < 1901 || y > 9999 {
		return "", false
	}
	ms := (t.Unix()-start.Unix())*1000 + int64(t.Nanosecond())/1e6
	const day = 86_400_000
	return fmt.Sprintf("%d.%011d", ms/day, ms%day*100_000_000_000/day), true
}

// xmlText escapes a text for XML, which has no way to write most control
// characters, and cuts it to what a cell holds.
func xmlText(w *bufio.Writer, s string) {
	s = line(s)
	units := 0
	for i, r := range s {
		n := 1
		if r > 0xFFFF {
			n = 2
		}
		if units += n; units > xlsxText-1 {
			w.WriteString("…")
			return
		}
		switch {
		case r == '&':
			w.WriteString("&amp;")
		case r == '<':
			w.WriteString("&lt;")
		case r == '>':
			w.WriteString("&gt;")
		case r == 0xFFFE || r == 0xFFFF:
			w.WriteRune(utf8.RuneError)
		case r == '_' && excelEscape(s[i:]):
			w.WriteString("_x005F_")
		default:
			w.WriteRune(r)
		}
	}
}

// excelEscape reports whether Excel would read the start of s as an escaped
// character: _xHHHH_.
func excelEscape(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}

func (x *xlsx) Event(r *Row) error {
	if x.events++; x.events == 1 {
		x.oldest = r.Time
	}
	x.newest = r.Time
	if r.Local {
		x.local++
	}
	x.program(r)
	if x.rows >= x.limit-1 { // one row is kept for what is said at the end
		x.left++
		return x.err
	}
	var when any = r.Time
	if r.Local {
		when = r.Datetime() + " local" // no UTC time, so no date cell
	}
	x.row(when, int64(r.Time.Nanosecond()/100), r.Kind, r.Message, string(r.Proof), r.Host, cmp.Or(r.User, r.SID), r.Path, r.Source,
		r.Key, r.Value, r.Parser,
		strings.Join(r.Tags, ", "), r.Snapshot, string(r.State), r.ID, r.pairs(), r.Level, strings.Join(r.Rules, ", "),
		strings.Join(r.FindingIDs, ", "), r.RecordID, r.TimeKind, r.Session, r.ProgramID, r.StartID, r.Window)
	return x.err
}

func (x *xlsx) program(r *Row) {
	if r.Path == "" {
		return
	}
	k := r.Host + "\x00" + r.Path
	p := x.programs[k]
	if p == nil {
		if len(x.programs) >= maxPrograms {
			return
		}
		p = &xlsxProgram{host: strings.Clone(r.Host), path: strings.Clone(r.Path), name: strings.Clone(r.Executable), first: r.Time}
		x.programs[k] = p
	}
	p.last = r.Time
	p.events++
	if r.Proof == artifacts.Executed && strings.HasSuffix(r.Kind, "Last Time Executed") {
		p.lastRun = r.Time
	}
	if n, err := strconv.ParseInt(r.field("run_count"), 10, 64); err == nil {
		p.runCount = max(p.runCount, n)
	}
	if !slices.Contains(p.sources, r.Parser) {
		p.sources = append(p.sources, strings.Clone(r.Parser))
	}
}

func (x *xlsx) Close() error {
	if x.left > 0 {
		x.row(fmt.Sprintf("%d more events do not fit into a sheet: timeline.csv has all", x.left))
	}
	x.close(17)
	c := x.opts.TheCase()

	x.open("Summary", "what", "value")
	x.row("artifactdump", x.opts.Version)
	x.row("run", x.opts.RunID)
	x.row("times", "UTC")
	x.row("events", x.events)
	x.row("oldest", x.oldest)
	x.row("newest", x.newest)
	if x.local > 0 {
		x.row("events in local time", x.local)
	}
	x.row("programs", len(x.programs))
	x.row("findings", len(c.Findings))
	x.row("files examined", len(c.Files))
	for _, h := range c.Machines {
		x.row("host", strings.TrimSpace(fmt.Sprintf("%s  %s  build %s  %s", h.Name, h.OS, h.Build, h.TimeZone)))
		x.row("read from", h.Input)
	}
	x.close(2)

	x.open("Findings", "level", "title", "subject", "rule", "techniques", "host", "first seen (UTC)", "last seen (UTC)", "records",
		"why", "false positives", "id")
	for i := range c.Findings {
		f := &c.Findings[i]
		if x.rows == x.limit {
			break
		}
		x.row(f.Level, f.Title, f.Subject, f.RuleID, strings.Join(f.Techniques, ", "), f.Host, f.First, f.Last, f.Count, f.Why,
			f.FalsePositives, f.ID)
	}
	x.close(12)

	x.open("Programs", "name", "path", "host", "first event (UTC)", "last event (UTC)", "last run (UTC)", "run count", "events",
		"artifacts")
	for _, k := range slices.Sorted(maps.Keys(x.programs)) {
		p := x.programs[k]
		if x.rows == x.limit {
			break
		}
		x.row(p.name, p.path, p.host, p.first, p.last, p.lastRun, p.runCount, p.events, strings.Join(p.sources, ", "))
	}
	x.close(9)

	x.open("Files", "path", "host", "snapshot", "artifact", "status", "size", "records", "events", "error", "SHA-256")
	for i := range c.Files {
		f := &c.Files[i]
		if x.rows == x.limit {
			break
		}
		x.row(f.Path, f.Host, f.Snapshot, f.Parser, f.Status, f.Size, f.Records, f.Events, f.Error, f.SHA256)
	}
	x.close(10)
	x.parts()
	return cmp.Or(x.err, x.zip.Close())
}

// Notes says what did not fit.
func (x *xlsx) Notes() []string {
	if x.left == 0 {
		return nil
	}
	return []string{plural(x.left, "event") + " left out: a sheet has 1,048,576 rows"}
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// parts writes what ties the sheets together.
func (x *xlsx) parts() {
	var types, sheets, rels bytes.Buffer
	for i, name := range xlsxSheets {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i+1)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, name, i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	for _, p := range [...]struct{ name, text string }{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` + types.String() + `</Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			rels.String() +
			`<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
		// Cell formats: 0 plain, 1 a time to the millisecond, 2 a header.
		{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss.000"/></numFmts>` +
			`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
			`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
			`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
			`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
			`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>`},
	} {
		w, err := x.zip.Create(p.name)
		if err == nil {
			_, err = io.WriteString(w, xmlHead+p.text)
		}
		x.err = cmp.Or(x.err, err)
	}
}
