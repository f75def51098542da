// Package viewer writes a timeline as one HTML page that an analyst works in: offline,
// opened by a double click, without a server or an installation.
//
// The rows are stored in the page as columns with tables of their texts, compressed,
// and inflated by the browser. Search, histogram, facets, marks, lanes and the graph of
// log-ons are scripts of the page; their sources are below page/. A strict Content
// Security Policy forbids every request and every script but the page's own. What the
// evidence holds enters the document as text only.
//
// docs/viewer.md describes the page and its data.
package viewer

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/search"
)

// MaxRows is how many rows one page holds. A longer timeline is split, see [Plan].
const MaxRows = 500_000

// An Input is what a page shows.
type Input struct {
	Title    string // "" is the names of the machines
	Tool     string // name and version of the program
	Lang     string // en or ja; "" is the browser's
	Evidence string // as it is written in commands
	// CaseFolder is the way from the page to the case folder, "." or "..", for pages
	// that lie in a case: their commands go by where the page is when it is opened.
	CaseFolder string
	Machines   []output.Machine
	Rows       iter.Seq2[*output.Row, error] // in the order of a timeline
	// Findings are JSON objects, as in findings.jsonl.
	Findings [][]byte
	// Programs are biographies, JSON objects as in programs.jsonl; see [ProgramsOf].
	Programs [][]byte
	// Sessions and Logons are tables of the log-on analysis.
	Sessions, Logons *Table
	// Part and Parts say which of several pages this is; Files names all of them.
	// Folded counts the rows that were left out, by reason.
	Part, Parts int
	Files       []string
	Folded      map[string]int
}

// Languages are the languages of the page.
func Languages() []string { return []string{"en", "ja"} }

//go:embed page
var pageFiles embed.FS

// scripts are the sources of the page's script, in their order.
var scripts = []string{
	"texts", "util", "data", "query", "regexp", "state", "grid", "histogram", "facets", "details", "marks", "export", "biography", "lanes", "graph", "main",
}

// assets returns the style and the script of the page.
var assets = sync.OnceValues(func() (style, script string) {
	read := func(name string) string {
		b, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			panic(err) // the files are part of the program
		}
		return string(b)
	}
	var b strings.Builder
	b.WriteString("(function () {\n\"use strict\";\n")
	for _, name := range scripts {
		b.WriteString(read(name + ".js"))
	}
	b.WriteString("})();\n")
	return read("page.css"), b.String()
})

// Write writes the page of an input. It reads the rows once.
func Write(w io.Writer, in *Input) error {
	x, err := NewWriter(w, in)
	if err != nil {
		return err
	}
	for r, err := range in.Rows {
		if err != nil {
			return err
		}
		if err := x.Row(r); err != nil {
			return err
		}
	}
	return x.Close()
}

// A Writer writes one page whose rows come one by one.
type Writer struct {
	in   *Input
	out  *bufio.Writer
	data *dataWriter
	rows *encoder
}

// NewWriter begins the page of an input, whose Rows it does not read.
func NewWriter(w io.Writer, in *Input) (*Writer, error) {
	style, script := assets()
	body, err := pageFiles.ReadFile("page/body.html")
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	lang := in.Lang
	if lang == "" {
		lang = "en"
	}
	fmt.Fprintf(out, "<!doctype html>\n<html lang=\"%s\" data-state=\"loading\" data-query=\"\"><head><meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"+
		"<title>%s</title>\n<style>%s</style></head>\n<body>\n%s", html.EscapeString(lang), policy(style, script),
		html.EscapeString(output.Clean(in.title())), style, body)
	x := &Writer{in: in, out: out, data: newDataWriter(out)}
	if err := writeJSON(x.data, header{1, columnNames(), search.FoldRuns()}); err != nil {
		return nil, err
	}
	x.rows = newEncoder(x.data)
	return x, nil
}

// Row adds the next row.
func (x *Writer) Row(r *output.Row) error { return x.rows.row(r) }

// Close ends the page with what it shows beside the rows.
func (x *Writer) Close() error {
	if err := x.rows.end(); err != nil {
		return err
	}
	if err := writeTrailer(x.data, x.in, x.rows); err != nil {
		return err
	}
	if err := x.data.Close(); err != nil {
		return err
	}
	_, script := assets()
	fmt.Fprintf(x.out, "<script>%s</script>\n</body></html>\n", script)
	return x.out.Flush()
}

// policy allows this style and this script, and nothing else: no request, no frame,
// no form, no other base for addresses.
func policy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; script-src " + hash(script) + "; style-src " + hash(style) + "; base-uri 'none'; form-action 'none'"
}

func (in *Input) title() string {
	if in.Title != "" {
		return in.Title
	}
	var names []string
	for i := range in.Machines {
		names = append(names, in.Machines[i].Name)
	}
	if len(names) > 3 {
		names = append(names[:3], "…")
	}
	return strings.Join(names, ", ")
}

// FindingsOf returns the findings of an evaluation for an [Input].
func FindingsOf(reports ...*findings.Report) ([][]byte, error) {
	var out [][]byte
	for _, r := range reports {
		for i := range r.Findings {
			b, err := output.Marshal(&r.Findings[i])
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
	return out, nil
}

// SetLogons takes over the sessions and the log-ons of an analysis.
func (in *Input) SetLogons(a *logons.Analysis) error {
	if a == nil || a.Attempts.Len()+a.Sessions.Len() == 0 {
		return nil
	}
	for _, t := range []struct {
		view string
		to   **Table
	}{{"sessions", &in.Sessions}, {"logons", &in.Logons}} {
		for _, f := range logons.Formats() {
			if f.Name != "csv" {
				continue
			}
			*t.to = &Table{}
			r, w := io.Pipe()
			go func() { w.CloseWithError(f.Write(w, a, t.view, nil)) }()
			err := (*t.to).Read(r)
			r.CloseWithError(err)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
