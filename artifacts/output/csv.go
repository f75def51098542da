package output

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
)

type csvEvents struct {
	w      *csv.Writer
	buf    *bufio.Writer
	row    row
	header bool
}

func newCSVEvents(w io.Writer) EventWriter {
	buf := bufio.NewWriterSize(w, 64<<10)
	return &csvEvents{w: csv.NewWriter(buf), buf: buf}
}

// csvHeader is an interface: columns are added at the end.
var csvHeader = []string{
	"datetime", "timestamp", "filetime", "timestamp_desc", "message", "data_type", "parser", "hostname", "username", "user_sid",
	"source_file", "source_sha256", "snapshot", "path", "executable", "key_path", "value_name", "tag", "confidence", "id", "offset", "state", "extra",
}

func (c *csvEvents) Event(e *artifacts.Event) error {
	if err := c.head(); err != nil {
		return err
	}
	r := &c.row
	r.set(e)
	return c.w.Write([]string{
		r.datetime, strconv.FormatInt(r.micros, 10), strconv.FormatInt(r.filetime, 10), line(r.desc), line(r.message), line(r.dataType), r.parser,
		line(r.hostname), line(r.username), line(r.sid), line(r.sourceFile), r.sha256, r.snapshot, line(r.path), line(r.executable), line(r.keyPath), line(r.valueName),
		strings.Join(r.tags, ","), r.confidence, r.id, strconv.FormatInt(r.offset, 10), r.state, pairs(r.extra),
	})
}

func (c *csvEvents) head() error {
	if c.header {
		return nil
	}
	c.header = true
	return c.w.Write(csvHeader)
}

func (c *csvEvents) Close() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return err
	}
	return c.buf.Flush()
}

// pairs writes fields as "k: v; k: v".
func pairs(fs []artifacts.Field) string {
	var b strings.Builder
	for i, f := range fs {
		if named(fs[:i], f.Name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Name)
		b.WriteString(": ")
		b.WriteString(line(f.Value))
	}
	return b.String()
}

// line makes a value fit on one line and harmless on a terminal: control
// characters become \xNN, bytes that are not UTF-8 U+FFFD.
func line(s string) string {
	clean := true
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

// csvRecords writes the records of one artifact under one header; when the
// artifact changes, a new header follows after an empty line.
type csvRecords struct {
	w    *csv.Writer
	buf  *bufio.Writer
	last *artifacts.Artifact
}

func newCSVRecords(w io.Writer) RecordWriter {
	buf := bufio.NewWriterSize(w, 64<<10)
	return &csvRecords{w: csv.NewWriter(buf), buf: buf}
}

var recordHeader = []string{"artifact", "id", "hostname", "username", "user_sid", "source_file", "source_sha256", "snapshot", "key_path", "value_name", "offset", "state", "proves", "tag"}

func (c *csvRecords) Record(r *artifacts.Record) error {
	cols := columns(r.Data)
	if r.Artifact != c.last {
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
		r.Artifact.Name, r.ID, line(r.Host), line(r.User.Name), r.User.SID, line(r.From.Path), r.From.SHA256, r.From.Snapshot, line(r.From.Key), line(r.From.Value),
		strconv.FormatInt(r.From.Offset, 10), string(r.From.State), string(r.Proof()), strings.Join(r.Tags(), ","),
	}
	for _, f := range cols {
		cells = append(cells, line(f.Value))
	}
	return c.w.Write(cells)
}

func (c *csvRecords) Close() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return err
	}
	return c.buf.Flush()
}
