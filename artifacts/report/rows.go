package report

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// The rows of the long tables are appended here, and not in the template, where each
// text costs several calls by reflection. A test holds each row equal to what
// html/template makes of the same row.

// A rowWriter appends rows of tables.
type rowWriter struct {
	b     []byte
	tr    translate
	many  bool   // more than one machine
	rules string // the language of the rules' texts
	words map[string]string
}

func newRowWriter(v *view) *rowWriter {
	return &rowWriter{tr: v.tr, many: v.Many, rules: v.rulesLang(), words: map[string]string{}}
}

// html returns what was appended since the last call.
func (w *rowWriter) html() template.HTML {
	s := template.HTML(w.b)
	w.b = w.b[:0]
	return s
}

func (w *rowWriter) raw(s string) { w.b = append(w.b, s...) }

// text appends a text that the page may contain as it is, escaped.
func (w *rowWriter) text(s string) { w.b = appendEscaped(w.b, s) }

// value appends a text of the evidence.
func (w *rowWriter) value(s string) {
	w.raw("<bdi>")
	w.text(shown(s, w.tr))
	w.raw("</bdi>")
}

// quiet appends a text of the evidence in a span of less weight.
func (w *rowWriter) quiet(before, s string) {
	w.raw(before)
	w.raw(`<span class="quiet">`)
	w.value(s)
	w.raw("</span>")
}

func (w *rowWriter) when(t time.Time) {
	if t.IsZero() {
		w.raw("–")
		return
	}
	m := momentOf(t)
	w.raw(`<time data-utc="`)
	w.text(m.Full)
	w.raw(`" title="`)
	w.text(m.Full)
	w.raw(`">`)
	w.text(m.Date)
	w.raw(" ")
	w.text(m.Clock)
	w.raw(`<span class="f">`)
	w.text(m.Fraction)
	w.raw("</span></time>")
}

func (w *rowWriter) word(family, s string) {
	k := family + " " + s
	t, ok := w.words[k]
	if !ok {
		t = w.tr.word(family, s)
		w.words[k] = t
	}
	w.text(t)
}

func (w *rowWriter) proof(p artifacts.Proof) {
	w.raw(`<span class="proof `)
	w.raw(class(string(p)))
	w.raw(`">`)
	w.word("proof", string(p))
	w.raw("</span>")
}

// ref appends a link to a finding, unless its number is 0.
func (w *rowWriter) ref(finding int, level string) {
	if finding == 0 {
		return
	}
	n := strconv.Itoa(finding)
	w.raw(`<a class="ref `)
	w.raw(class(level))
	w.raw(`" href="#f`)
	w.raw(n)
	w.raw(`"><span class="vh">`)
	w.text(w.tr.text("finding"))
	w.raw(" </span>")
	w.raw(n)
	w.raw("</a>")
}

func (w *rowWriter) tags(tags []string) {
	if len(tags) > 0 {
		w.raw(` <span class="tag">`)
		w.text(clean(strings.Join(tags, ", ")))
		w.raw("</span>")
	}
}

// id appends the last cell of a row.
func (w *rowWriter) id(id string) {
	w.raw(`</td><td class="mono id">`)
	w.text(clean(id))
	w.raw("</td></tr>")
}

// timelineRow is a row of the timeline.
func (w *rowWriter) timelineRow(r *rowView) template.HTML {
	w.raw("\n<tr")
	if r.Anchor != "" {
		w.raw(` id="r`)
		w.text(r.Anchor)
		w.raw(`"`)
	}
	w.raw(` data-k="`)
	w.b = strconv.AppendInt(w.b, int64(r.K), 10)
	w.raw(`" data-p="`)
	w.raw(class(string(r.Proof)))
	w.raw(`"`)
	if r.New || r.Finding != 0 {
		w.raw(` class="`)
		if r.New {
			w.raw("new")
		}
		if r.Finding != 0 {
			w.raw(" own")
		}
		w.raw(`"`)
	}
	w.raw(`><td class="t">`)
	w.when(r.Time)
	w.raw("</td><td>")
	w.ref(r.Finding, r.Level)
	w.raw("</td><td>")
	w.proof(r.Proof)
	w.raw("</td><td>")
	w.value(r.Kind)
	w.raw("</td><td>")
	w.value(r.Message)
	if r.User != "" {
		w.quiet(" ", r.User)
	}
	if w.many {
		w.quiet(" ", r.Host)
	}
	w.tags(r.Tags)
	w.id(r.ID)
	return w.html()
}

// autoRow is a row of what starts automatically.
func (w *rowWriter) autoRow(a *autoView) template.HTML {
	w.raw("\n" + `<tr><th scope="row">`)
	w.ref(a.Finding, a.Level)
	w.raw(" ")
	w.value(a.mechanism)
	w.raw(`</th><td class="mono">`)
	w.value(a.command)
	w.tags(a.tags)
	w.raw("</td><td>")
	w.value(a.who)
	if w.many {
		w.quiet(" ", a.host)
	}
	w.raw(`</td><td class="t">`)
	w.when(a.written)
	w.raw(`</td><td class="a">`)
	w.text(clean(a.artifact))
	w.id(a.id)
	return w.html()
}

// evidence appends a row of the evidence of a finding.
func (w *rowWriter) evidence(e *Evidence) {
	w.raw(`<tr><th scope="row" class="mono id">`)
	w.text(clean(e.ID))
	w.raw(`</th><td class="t">`)
	w.when(e.Time)
	if e.TimeKind != "" {
		w.quiet("<br>", e.TimeKind)
	}
	w.raw("</td><td>")
	w.proof(artifacts.Proof(e.Proves))
	w.raw(`</td><td class="a">`)
	w.text(clean(e.Artifact))
	if e.User != "" {
		w.quiet("<br>", e.User)
	}
	w.raw(`</td><td class="mono">`)
	w.value(e.Quote)
	w.raw(`<br><span class="quiet">`)
	w.value(e.Source)
	if e.Key != "" {
		w.raw(" – ")
		w.value(e.Key)
	}
	w.raw("</span></td></tr>\n")
}

// appendEscaped appends a text as html/template escapes it between tags and in quoted
// attributes.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		var e string
		switch s[i] {
		case 0:
			e = "\uFFFD"
		case '"':
			e = "&#34;"
		case '&':
			e = "&amp;"
		case '\'':
			e = "&#39;"
		case '+':
			e = "&#43;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		default:
			continue
		}
		b = append(append(b, s[start:i]...), e...)
		start = i + 1
	}
	return append(b, s[start:]...)
}
