package fleet

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's own files
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// Limits on what the page shows; the files beside it have everything.
const (
	pageRows     = 4000
	pageSpreads  = 200
	pageMachines = 1000
	pageText     = 300
)

// A pageRow is a row of the stack as the page has it, in short.
type pageRow struct {
	Kind     string   `json:"k"`
	Key      string   `json:"y"`
	Hosts    int      `json:"h"`
	OfHosts  int      `json:"o"`
	Rarity   float64  `json:"r"`
	First    string   `json:"f,omitempty"`
	Host     string   `json:"p,omitempty"`
	Count    int64    `json:"c"`
	Level    string   `json:"l,omitempty"`
	Examples []string `json:"e"`
}

// A pageSpread is a spread with the place of each arrival on the axis.
type pageSpread struct {
	Spread
	Dots []pageDot
}

type pageDot struct {
	Host, When string
	Left       int // per mille of the axis
}

// A pageBuilder keeps what the page shows while the keys pass: the rows and
// spreads that deserve a look first.
type pageBuilder struct {
	r       *run
	rows    []pageRow
	spreads []pageSpread
	all     int
	found   int
	ranked  []*Ranked
}

// pageReasons is how many reasons of a machine the page shows.
const pageReasons = 8

// machine takes in a machine, in the order of reading, with what the page shows of it.
func (p *pageBuilder) machine(h *Ranked) {
	if len(p.ranked) < pageMachines {
		p.ranked = append(p.ranked, &Ranked{Rank: h.Rank, Host: h.Host, Score: h.Score, HighRules: h.HighRules, Case: h.Case,
			Rules: slices.Clone(h.Rules[:min(pageReasons, len(h.Rules))])})
	}
}

// row takes in a row. It keeps the first pageRows in the order of the page.
func (p *pageBuilder) row(r *Row) {
	p.all++
	n := pageRow{r.Kind, shown(r.Key), r.Hosts, r.OfHosts, r.Rarity, r.FirstSeen, r.FirstHost, r.Count, r.Level, r.Examples}
	p.rows = append(p.rows, n)
	if len(p.rows) >= pageRows+pageRows/4 {
		p.cutRows()
	}
}

func (p *pageBuilder) cutRows() {
	slices.SortStableFunc(p.rows, func(a, b pageRow) int {
		return cmp.Or(cmp.Compare(level(b.Level), level(a.Level)), cmp.Compare(b.Rarity, a.Rarity), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Key, b.Key))
	})
	p.rows = p.rows[:min(pageRows, len(p.rows))]
}

func (p *pageBuilder) spread(s *Spread) {
	if len(s.Arrivals) < 2 {
		return
	}
	p.found++
	p.spreads = append(p.spreads, pageSpread{Spread: *s})
	if len(p.spreads) >= 2*pageSpreads {
		p.cutSpreads()
	}
}

func (p *pageBuilder) cutSpreads() {
	slices.SortStableFunc(p.spreads, func(a, b pageSpread) int {
		return cmp.Or(cmp.Compare(level(b.Level), level(a.Level)), cmp.Compare(weights[b.Kind], weights[a.Kind]), cmp.Compare(a.Hosts, b.Hosts),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	p.spreads = p.spreads[:min(pageSpreads, len(p.spreads))]
}

// dots puts the arrivals on an axis from the first to the last of them.
func (s *pageSpread) dots() {
	first, last := seconds(s.Arrivals[0].First), seconds(s.Arrivals[len(s.Arrivals)-1].First)
	for _, a := range s.Arrivals {
		d := pageDot{Host: a.Host, When: a.First}
		if last > first {
			d.Left = int(1000 * (seconds(a.First) - first) / (last - first))
		}
		s.Dots = append(s.Dots, d)
	}
}

// seconds is a time as a number.
func seconds(s string) float64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}

// shown frees text of control characters, and of length without end.
func shown(s string) string {
	if r := []rune(s); len(r) > pageText {
		s = string(r[:pageText]) + "…"
	}
	return output.Clean(s)
}

// titles are what the rules are called.
var titles = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, r := range findings.Rules() {
		out[r.ID] = r.Title
	}
	return out
})

// rules returns the rules that the ranking names, by their ids.
func (p *pageBuilder) rules() []*findings.Rule {
	used := map[string]bool{}
	for _, h := range p.ranked {
		for _, r := range h.Rules {
			used[r.Rule] = true
		}
	}
	var out []*findings.Rule
	for _, r := range findings.Rules() {
		if used[r.ID] {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *findings.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// gap spells seconds for people.
func gap(s float64) string {
	n := int64(s)
	switch {
	case n < 60:
		return fmt.Sprintf("%d s", n)
	case n < 3600:
		return fmt.Sprintf("%d min", n/60)
	case n < 48*3600:
		return fmt.Sprintf("%d h %d min", n/3600, n/60%60)
	}
	return fmt.Sprintf("%d days", n/86400)
}

// inline wraps one of the page's own files, and returns the source expression by
// which the content policy lets it through.
func inline(element, content string) (template.HTML, string) {
	sum := sha256.Sum256([]byte(content))
	return template.HTML("<" + element + ">" + content + "</" + element + ">"), "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// write writes the page.
func (p *pageBuilder) write(w io.Writer) error {
	p.cutRows()
	p.cutSpreads()
	for i := range p.spreads {
		p.spreads[i].dots()
	}
	if p.rows == nil {
		p.rows = []pageRow{}
	}
	rows, err := json.Marshal(p.rows) // which escapes what would end the element
	if err != nil {
		return err
	}
	style, styleHash := inline("style", pageCSS)
	script, scriptHash := inline("script", pageJS)
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"shown": shown, "gap": gap, "title": func(id string) string { return titles()[id] },
		"report": func(c string) string { return strings.TrimSuffix(c, "/") + "/report.html" },
		"when": func(s string) string {
			return strings.TrimSuffix(strings.Replace(s[:min(19, len(s))], "T", " ", 1), "Z")
		},
		"style": func() template.HTML { return style }, "script": func() template.HTML { return script },
		"policy": func() string {
			return fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'", styleHash, scriptHash)
		},
	}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	b := bufio.NewWriterSize(w, 64<<10)
	err = tmpl.Execute(b, map[string]any{
		"Machines": p.ranked, "AllMachines": len(p.r.machines),
		"Rules": p.rules(), "Rows": template.JS(rows), "Shown": len(p.rows), "AllRows": p.all,
		"Spreads": p.spreads, "AllSpreads": p.found, "Kinds": observations.Kinds(), "Errors": p.r.m.Errors, "Notes": p.r.m.Notes,
		"Baseline": len(p.r.baseline), "Left": p.r.m.Counts.Baseline, "Version": p.r.o.Version,
	})
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	return b.Flush()
}
