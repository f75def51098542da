package viewer

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// blockBytes is how much compressed data one element of the page holds: a multiple of
// three, so that each is whole in base64.
const blockBytes = 768 << 10

// A dataWriter compresses what is written to it and puts it into the page, in elements
// that no browser runs.
type dataWriter struct {
	*gzip.Writer
	blocks *blockWriter
}

func newDataWriter(w *bufio.Writer) *dataWriter {
	b := &blockWriter{w: w, buf: make([]byte, 0, blockBytes)}
	z, err := gzip.NewWriterLevel(b, 5)
	if err != nil {
		panic(err) // the level is one that there is
	}
	return &dataWriter{z, b}
}

func (d *dataWriter) Close() error {
	if err := d.Writer.Close(); err != nil {
		return err
	}
	return d.blocks.flush()
}

type blockWriter struct {
	w   *bufio.Writer
	buf []byte
}

func (b *blockWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := copy(b.buf[len(b.buf):cap(b.buf)], p)
		b.buf, p = b.buf[:len(b.buf)+k], p[k:]
		if len(b.buf) == cap(b.buf) {
			if err := b.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (b *blockWriter) flush() error {
	if len(b.buf) == 0 {
		return nil
	}
	b.w.WriteString(`<script type="text/plain" class="data">`)
	enc := base64.NewEncoder(base64.StdEncoding, b.w)
	enc.Write(b.buf)
	enc.Close()
	b.buf = b.buf[:0]
	_, err := b.w.WriteString("</script>\n")
	return err
}

// header is what the page needs before the rows.
type header struct {
	Version int      `json:"version"`
	Columns []string `json:"columns"`
	Fold    [][4]int `json:"fold"`
}

// trailer is what the page shows beside the rows. The tables of log-ons follow it.
type trailer struct {
	Title    string            `json:"title"`
	Tool     string            `json:"tool"`
	Lang     string            `json:"lang"`
	Evidence string            `json:"evidence"`
	Case     string            `json:"case_folder"`
	Rows     int               `json:"rows"`
	Machines []machine         `json:"machines"`
	Findings []json.RawMessage `json:"findings"`
	Programs []json.RawMessage `json:"programs"`
}

// ending follows the tables of log-ons.
type ending struct {
	OddIDs map[int][2]string `json:"odd_ids"`
	Part   int               `json:"part"`
	Parts  int               `json:"parts"`
	Files  []string          `json:"files"`
	Folded map[string]int    `json:"folded"`
	Rules  map[string]texts  `json:"rules"` // by id, in Japanese
}

// texts are the words of a rule.
type texts struct {
	Title  string `json:"title"`
	Why    string `json:"why"`
	Benign string `json:"benign"`
	Next   string `json:"next"`
}

// A machine is one machine as the page shows it.
type machine struct {
	Name     string `json:"name"`
	OS       string `json:"os"`
	Build    string `json:"build"`
	TimeZone string `json:"timezone"` // as Windows names it
	Zone     string `json:"zone"`     // of the IANA database, "" when unknown
	Bias     int    `json:"bias"`     // minutes, UTC = local + bias
}

// writeTrailer writes what follows the rows.
func writeTrailer(w io.Writer, in *Input, e *encoder) error {
	t := trailer{Title: in.title(), Tool: in.Tool, Lang: in.Lang, Evidence: in.Evidence, Case: in.CaseFolder, Rows: e.rows}
	for _, f := range in.Findings {
		t.Findings = append(t.Findings, f)
	}
	for _, p := range in.Programs {
		t.Programs = append(t.Programs, p)
	}
	for _, m := range in.Machines {
		t.Machines = append(t.Machines, machine{m.Name, m.OS, m.Build, m.TimeZone, zoneNames[m.TimeZone], m.Bias})
	}
	head, err := output.Marshal(t)
	if err != nil {
		return err
	}
	tail, err := output.Marshal(ending{e.odd, in.Part, in.Parts, in.Files, in.Folded, translated(in.Findings)})
	if err != nil {
		return err
	}
	return writeObject(w, head, tail, member{"sessions", in.Sessions}, member{"logons", in.Logons})
}

// A member is a table in an object.
type member struct {
	key   string
	table *Table
}

// writeObject writes one object of the members of two others, with tables between.
func writeObject(w io.Writer, head, tail []byte, tables ...member) error {
	size := len(head) + len(tail) - 1
	for _, m := range tables {
		size += len(m.key) + len(`"":,`) + m.table.size()
	}
	if _, err := w.Write(binary.AppendUvarint(nil, uint64(size))); err != nil {
		return err
	}
	if _, err := w.Write(append(head[:len(head)-1], ',')); err != nil {
		return err
	}
	for _, m := range tables {
		if _, err := io.WriteString(w, `"`+m.key+`":`); err != nil {
			return err
		}
		if err := m.table.write(w); err != nil {
			return err
		}
		if _, err := io.WriteString(w, ","); err != nil {
			return err
		}
	}
	_, err := w.Write(tail[1:])
	return err
}

func writeJSON(w io.Writer, v any) error {
	b, err := output.Marshal(v)
	if err != nil {
		return err
	}
	return writeBlock(w, b)
}

// translated returns the Japanese words of the rules that findings go by.
func translated(list [][]byte) map[string]texts {
	used := map[string]bool{}
	for _, b := range list {
		var f struct {
			Rule  string   `json:"rule_id"`
			Rules []string `json:"rule_ids"`
		}
		if json.Unmarshal(b, &f) == nil {
			used[f.Rule] = true
			for _, id := range f.Rules {
				used[id] = true
			}
		}
	}
	out := map[string]texts{}
	for _, r := range findings.Rules() {
		if used[r.ID] {
			w := r.In("ja")
			out[r.ID] = texts{w.Title, w.Why, w.Benign, w.Next}
		}
	}
	return out
}

// hostOf returns the machine of a finding or a program.
func hostOf(finding []byte) string {
	var f struct {
		Host string `json:"host"`
	}
	if json.Unmarshal(finding, &f) != nil {
		return ""
	}
	return f.Host
}
