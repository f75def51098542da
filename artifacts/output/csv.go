package output

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A table is a CSV file: RFC 4180, a header even when no row follows.
type table struct {
	buf    *bufio.Writer
	end    string // of a line
	line   []byte
	header []string
	opts   *Options
	begun  bool
}

// newTable starts a table. Files that take the place of another program's have
// that program's line ends.
func newTable(w io.Writer, o *Options, crlf bool, header []string) *table {
	buf := bufio.NewWriterSize(w, 64<<10)
	t := &table{buf: buf, end: "\n", header: header, opts: o.orDefault()}
	if crlf {
		t.end = "\r\n"
	}
	return t
}

func (t *table) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	if t.opts.BOM {
		if _, err := t.buf.WriteString("\uFEFF"); err != nil {
			return err
		}
	}
	return t.write(t.header)
}

// write writes one line, as [csv.Writer] does.
func (t *table) write(cells []string) error {
	b := t.line[:0]
	for i, c := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, c, t.end)
	}
	b = append(b, t.end...)
	if cap(b) <= 1<<20 { // a rare large row is not kept
		t.line = b
	}
	_, err := t.buf.Write(b)
	return err
}

// quoted marks the bytes for which a cell needs quotes.
var quoted = [256]bool{',': true, '"': true, '\n': true, '\r': true}

// appendCell appends a cell, in quotes where [csv.Writer] puts them.
func appendCell(b []byte, s, end string) []byte {
	if !needsQuotes(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			b = append(b, '"', '"')
		case c == '\n':
			b = append(b, end...)
		case c == '\r' && end != "\n": // the end of the line has one
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func needsQuotes(s string) bool {
	if s == "" || s == `\.` {
		return s != ""
	}
	for i := range len(s) {
		if quoted[s[i]] {
			return true
		}
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

func (t *table) row(cells ...string) error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.write(t.opts.safe(cells))
}

func (t *table) Close() error {
	if err := t.begin(); err != nil {
		return err
	}
	return t.buf.Flush()
}

// Cells makes texts safe for the cells of a CSV file, as the options say. It changes
// the slice.
func (o *Options) Cells(cells []string) []string { return o.orDefault().safe(cells) }

// safe keeps every cell on its line and, when asked to, from running as a
// formula: an apostrophe goes before what a spreadsheet would calculate.
func (o *Options) safe(cells []string) []string {
	for i, c := range cells {
		cells[i] = line(c)
		if o.CSVSafe && c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			cells[i] = "'" + cells[i]
		}
	}
	return cells
}

type csvEvents struct{ *table }

func newCSVEvents(w io.Writer, o *Options) EventWriter {
	return csvEvents{newTable(w, o, false, csvHeader)}
}

// csvHeader is an interface: columns are added at the end.
var csvHeader = []string{
	"datetime", "timestamp", "filetime", "timestamp_desc", "message", "data_type", "parser", "hostname", "username", "user_sid",
	"source_file", "source_sha256", "snapshot", "path", "executable", "key_path", "value_name", "tag", "confidence", "id", "offset",
	"state", "extra",
	"record_id", "level", "rules", "finding_ids", "time_kind",
	"session", "program_id", "start_id", "window",
}

func (c csvEvents) Event(r *Row) error {
	return c.row(
		r.Datetime(), strconv.FormatInt(r.Time.UnixMicro(), 10), strconv.FormatInt(wire.FileTime(r.Time), 10), r.Kind, r.Message,
		r.DataType, r.Parser,
		r.Host, r.User, r.SID, r.Source, r.SHA256, r.Snapshot, r.Path, r.Executable, r.Key, r.Value,
		strings.Join(r.Tags, ","), string(r.Proof), r.ID, strconv.FormatInt(r.Offset, 10), string(r.State), r.pairs(),
		r.RecordID, r.Level, strings.Join(r.Rules, ","), strings.Join(r.FindingIDs, ","), r.TimeKind,
		r.Session, r.ProgramID, r.StartID, r.Window,
	)
}

// pairs writes the extra fields as "k: v; k: v".
func (r *Row) pairs() string {
	var b strings.Builder
	for k, v := range r.fields {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(k)
		b.WriteString(": ")
		b.WriteString(line(v))
	}
	return b.String()
}

// line makes a value fit on one line and harmless on a terminal: control
// characters become \xNN, bytes that are not UTF-8 U+FFFD.
func line(s string) string {
	clean := true
	if plainLine(s) {
		return s
	}
	for _, r := range s {
		if r < 0x20 || r >= 0x7F && r < 0xA0 || r == utf8.RuneError || r == 0x2028 || r == 0x2029 {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20, r >= 0x7F && r < 0xA0:
			b.WriteString(`\x`)
			b.WriteByte(hexDigits[r>>4&15])
			b.WriteByte(hexDigits[r&15])
		case r == 0x2028 || r == 0x2029:
			b.WriteString(`\u202`)
			b.WriteByte(hexDigits[r&15])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainLine reports whether all of s is printable ASCII.
func plainLine(s string) bool {
	for i := range len(s) {
		if s[i]-0x20 >= 0x5F {
			return false
		}
	}
	return true
}

// csvRecords writes the records of one artifact under one header; when the
// artifact changes, a new header follows after an empty line.
type csvRecords struct {
	w    *csv.Writer
	buf  *bufio.Writer
	last *artifacts.Artifact
	opts *Options
}

func newCSVRecords(w io.Writer, o *Options) RecordWriter {
	buf := bufio.NewWriterSize(w, 64<<10)
	return &csvRecords{w: csv.NewWriter(buf), buf: buf, opts: o.orDefault()}
}

var recordHeader = []string{"artifact", "id", "hostname", "username", "user_sid", "source_file", "source_sha256", "snapshot", "key_path",
	"value_name", "offset", "state", "proves", "tag"}

func (c *csvRecords) Record(r *artifacts.Record) error {
	cols := columns(r.Data)
	if r.Artifact != c.last {
		if c.last == nil && c.opts.BOM {
			if _, err := c.buf.WriteString("\uFEFF"); err != nil {
				return err
			}
		}
		if c.last != nil {
			c.w.Flush()
			if _, err := c.buf.WriteString("\n"); err != nil {
				return err
			}
		}
		c.last = r.Artifact
		head := append([]string{}, recordHeader...)
		for _, f := range cols {
			head = append(head, f.Name)
		}
		if err := c.w.Write(head); err != nil {
			return err
		}
	}
	cells := []string{
		r.Artifact.Name, r.ID, r.Host, r.User.Name, r.User.SID, r.From.Path, r.From.SHA256, r.From.Snapshot, r.From.Key, r.From.Value,
		strconv.FormatInt(r.From.Offset, 10), string(r.From.State), string(r.Proof()), strings.Join(r.Tags(), ","),
	}
	for _, f := range cols {
		cells = append(cells, f.Value)
	}
	return c.w.Write(c.opts.safe(cells))
}

func (c *csvRecords) Close() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return err
	}
	return c.buf.Flush()
}
