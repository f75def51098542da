package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the page's own files
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// maxShown is how many characters of one text the page shows.
const maxShown = 1200

// clean frees text of what a reader must not trust: control characters, marks
// that turn the direction of writing, and length without end.
func clean(s string) string {
	if n := utf8.RuneCountInString(s); n > maxShown {
		i := 0
		for at := range s {
			if i == maxShown {
				s = s[:at]
				break
			}
			i++
		}
	}
	return output.Clean(s)
}

// shown is clean, and says what was cut off.
func shown(s string, tr translate) string {
	if n := utf8.RuneCountInString(s); n > maxShown {
		return clean(s) + tr.text("cut", n)
	}
	return output.Clean(s)
}

// inline wraps one of the page's own files in its element, and returns the
// source expression by which the content policy lets it through. The bytes
// between the tags are the hashed ones: a template would rewrite them.
func inline(element, content string) (template.HTML, string) {
	sum := sha256.Sum256([]byte(content))
	return template.HTML("<" + element + ">" + content + "</" + element + ">"), "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// class keeps words that the style knows, and nothing else: an input may call
// a level what it likes.
func class(w string) string {
	switch w {
	case "critical", "high", "medium", "low", "informational", "executed", "interacted", "present", "configured":
		return w
	}
	return ""
}

// A moment is a time in the parts that the page shows.
type moment struct{ Full, Date, Clock, Fraction string }

func momentOf(t time.Time) moment {
	t = t.UTC()
	return moment{output.FormatTime(t), t.Format("2006-01-02"), t.Format("15:04:05"), t.Format(".0000000")}
}

func render(w io.Writer, v *view) error {
	style, styleHash := inline("style", pageCSS)
	script, scriptHash := inline("script", pageJS)
	tr, rows := v.tr, newRowWriter(v)
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"t":           func(key string, args ...any) string { return tr.text(key, args...) },
		"word":        func(family, w string) string { return tr.word(family, w) },
		"clean":       clean,
		"shown":       func(s string) string { return shown(s, tr) },
		"base":        laneLabel,
		"timelinerow": func(r rowView) template.HTML { return rows.timelineRow(&r) },
		"autorow":     func(a autoView) template.HTML { return rows.autoRow(&a) },
		"findingrow":  func(f findingView) template.HTML { return rows.findingRow(&f) },
		"when":        momentOf,
		"stamp":       func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
		"class":       class,
		"stampsec":    toSecond,
		"zero":        time.Time.IsZero,
		"short":       short,
		"second":      func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"gap":         story.Span,
		"add1":        func(i int) int { return i + 1 },
		"say":         func(s story.Sentence) string { return s.Text(tr.lang) },
		"tactic":      func(name string) string { return cleanTo(story.TacticName(name, tr.lang), 30) },
		"techniques":  techniqueList,
		"phasebar":    phaseBar,
		"clockof":     func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"hasrow":      func(record string) bool { return v.anchors[record] },
		"proof":       func(s story.Sentence) string { return s.Proof(tr.lang) },
		"add":         func(a, b float64) float64 { return round(a + b) },
		"seen":        func(c counts) int { return c[used] + c[traced] },
		"at":          func(c counts, i int) int { return c[i] },
		"total":       sum,
		"join":        func(s []string) string { return strings.Join(s, ", ") },
		"hours": func(h int64) string {
			if h >= 24 {
				return tr.text("hist.days", h/24)
			}
			return tr.text("hist.hours", h)
		},
		"status": func(s string) string {
			if s == "not evaluated" {
				s = "not"
			}
			return tr.word("status", s)
		},
		"rules":  v.rulesLang,
		"style":  func() template.HTML { return style },
		"script": func() template.HTML { return script },
		"policy": func() string {
			return fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'",
				styleHash, scriptHash)
		},
	}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	b := bufio.NewWriterSize(w, 64<<10)
	if err := tmpl.Execute(b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return b.Flush()
}
