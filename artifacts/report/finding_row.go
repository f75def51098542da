package report

import (
	"html/template"
	"strconv"
)

// findingRow is a finding with its evidence.
func (w *rowWriter) findingRow(f *findingView) template.HTML {
	w.raw("\n" + `<article id="f`)
	w.int(f.N)
	w.raw(`" class="finding `)
	w.raw(class(f.Level))
	if f.Off {
		w.raw(" off")
	}
	w.raw(`" aria-labelledby="fh`)
	w.int(f.N)
	w.raw(`">` + "\n<details")
	if f.Open {
		w.raw(" open")
	}
	w.raw(">\n" + `<summary><span class="n" aria-hidden="true">`)
	w.int(f.N)
	w.raw(`</span><h3 id="fh`)
	w.int(f.N)
	w.raw(`">`)
	w.level(f.Level)
	w.raw(` <span lang="`)
	w.text(w.rules)
	w.raw(`">`)
	w.value(f.Title)
	w.raw(`</span></h3><span class="subject mono">`)
	w.value(f.Subject)
	w.raw("</span></summary>\n")
	w.findingFacts(f)
	if f.Strip != nil {
		w.strip(f.N, f.Strip)
	}
	w.reasons(f)
	w.prose(f)
	w.findingEvidence(f)
	w.raw("\n</details>\n</article>")
	return w.html()
}

func (w *rowWriter) findingFacts(f *findingView) {
	w.raw(`<dl class="facts">` + "\n<div><dt>")
	w.word("kind", f.SubjectKind)
	w.raw("</dt><dd>")
	w.value(f.Scope)
	if f.Many {
		w.raw(" – ")
		w.value(f.Host)
	}
	w.raw("</dd></div>\n<div><dt>")
	w.phrase("seen.first")
	w.raw("</dt><dd>")
	w.when(f.FirstSeen)
	w.raw("</dd></div>\n<div><dt>")
	w.phrase("seen.last")
	w.raw("</dt><dd>")
	w.when(f.LastSeen)
	if f.TimeKind != "" {
		w.quiet(" ", f.TimeKind)
	}
	w.raw("</dd></div>\n<div><dt>")
	w.phrase("attack")
	w.raw("</dt><dd>")
	for _, id := range f.Techniques {
		w.technique(id)
		w.raw(" ")
	}
	if len(f.Techniques) == 0 {
		w.raw("–")
	}
	w.raw("</dd></div>\n</dl>")
}

// strip draws the rows around a finding's last moment.
func (w *rowWriter) strip(n int, s *strip) {
	w.raw("\n" + `<div class="chart ministrip"><svg viewBox="0 0 960 46" role="img" aria-labelledby="s`)
	w.int(n)
	w.raw(`-t"><title id="s`)
	w.int(n)
	w.raw(`-t">`)
	w.text(w.tr.text("strip", toSecond(s.At), s.Own, s.Others))
	w.raw("</title>\n" + `<line class="base" x1="8" x2="952" y1="28" y2="28"/>`)
	for i := range s.Ticks {
		t := &s.Ticks[i]
		w.raw(`<line class="grid" x1="`)
		w.number(t.X)
		w.raw(`" x2="`)
		w.number(t.X)
		w.raw(`" y1="4" y2="32"/><text class="axis`)
		if !t.First {
			w.raw(" mid")
		}
		w.raw(`" x="`)
		w.number(t.X)
		w.raw(`" y="44">`)
		w.text(t.Label)
		w.raw("</text>")
	}
	for i := range s.Marks {
		m := &s.Marks[i]
		if m.Own {
			w.raw(`<line class="own" x1="`)
		} else {
			w.raw(`<line class="other" x1="`)
		}
		w.number(m.X)
		w.raw(`" x2="`)
		w.number(m.X)
		if m.Own {
			w.raw(`" y1="4" y2="28"><title>`)
			w.text(clean(m.Title))
			w.raw("</title></line>")
		} else {
			w.raw(`" y1="16" y2="28"/>`)
		}
	}
	w.raw("\n</svg></div>")
}

func (w *rowWriter) reasons(f *findingView) {
	w.raw("\n<h4>")
	w.phrase("reasons")
	w.raw("</h4>\n" + `<ul class="reasons">`)
	for i := range f.Reasons {
		r := &f.Reasons[i]
		w.raw("<li>")
		w.level(r.Level)
		w.raw(" ")
		w.technique(r.Rule)
		w.raw(" ")
		if title := titleOf(r.Rule, "", w.tr.lang); title != "" {
			w.value(title)
			w.raw("：")
		}
		w.raw(`<span lang="en">`)
		w.value(r.Says)
		w.raw("</span></li>\n")
	}
	if f.Raised != "" {
		w.raw(`<li><span lang="en">`)
		w.text(w.tr.text("raised", shown(f.Raised, w.tr)))
		w.raw("</span></li>")
	}
	w.raw("</ul>\n")
}

// prose appends what the worst rule says of itself.
func (w *rowWriter) prose(f *findingView) {
	w.raw(`<dl class="prose" lang="`)
	w.text(w.rules)
	w.raw(`">`)
	for _, p := range [...]struct{ name, says string }{
		{w.tr.text("why"), f.Why}, {w.tr.text("benign"), f.Benign}, {w.tr.text("next"), f.Next},
	} {
		if p.says == "" {
			continue
		}
		w.raw(`<div><dt lang="`)
		w.text(f.Lang)
		w.raw(`">`)
		w.text(p.name)
		w.raw("</dt><dd>")
		w.text(shown(p.says, w.tr))
		w.raw("</dd></div>")
	}
	w.raw("\n</dl>")
}

func (w *rowWriter) findingEvidence(f *findingView) {
	if len(f.Evidence) > 0 {
		w.raw("\n" + `<div class="scroll" tabindex="0" role="region" aria-label="`)
		w.phrase("finding")
		w.raw(" ")
		w.int(f.N)
		w.raw(`"><table class="evidence">` + "\n<caption>")
		w.phrase("ev.caption")
		w.raw("</caption>\n<thead><tr>")
		for _, head := range [...]string{w.tr.text("id"), w.tr.text("time"), w.tr.text("proves"), w.tr.text("artifact"), w.tr.text("says")} {
			w.raw(`<th scope="col">`)
			w.text(head)
			w.raw("</th>")
		}
		w.raw("</tr></thead>\n<tbody>")
		for i := range f.Evidence {
			w.evidence(&f.Evidence[i])
		}
		w.raw("</tbody></table></div>")
	}
	if f.Omitted != 0 {
		w.raw("\n" + `<p class="quiet">`)
		w.text(w.tr.text("ev.omitted", f.Omitted))
		w.raw("</p>")
	}
}

func (w *rowWriter) int(n int) { w.b = strconv.AppendInt(w.b, int64(n), 10) }

// number appends a place on a chart.
func (w *rowWriter) number(x float64) { w.b = strconv.AppendFloat(w.b, x, 'f', -1, 64) }

// phrase appends one of the page's own texts.
func (w *rowWriter) phrase(key string) { w.text(w.tr.text(key)) }

func (w *rowWriter) level(level string) {
	w.raw(`<span class="level `)
	w.raw(class(level))
	w.raw(`">`)
	w.word("level", level)
	w.raw("</span>")
}

func (w *rowWriter) technique(id string) {
	w.raw(`<span class="tid">`)
	w.text(clean(id))
	w.raw("</span>")
}
