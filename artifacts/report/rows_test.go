package report

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// rowTemplates are the rows as the template would write them.
const rowTemplates = `
{{- define "v"}}<bdi>{{shown .}}</bdi>{{end -}}
{{- define "when"}}{{if zero .}}–{{else}}{{with when .}}<time data-utc="{{.Full}}" title="{{.Full}}">{{.Date}} {{.Clock}}<span class="f">{{.Fraction}}</span></time>{{end}}{{end}}{{end -}}
{{- define "proof"}}<span class="proof {{class (print .)}}">{{word "proof" (print .)}}</span>{{end -}}
{{- define "ref"}}{{if .Finding}}<a class="ref {{class .Level}}" href="#f{{.Finding}}"><span class="vh">{{t "finding"}} </span>{{.Finding}}</a>{{end}}{{end -}}
{{- define "finding"}}
<article id="f{{.N}}" class="finding {{class .Level}}{{if .Off}} off{{end}}" aria-labelledby="fh{{.N}}">
<details{{if .Open}} open{{end}}>
<summary><span class="n" aria-hidden="true">{{.N}}</span><h3 id="fh{{.N}}">{{template "level" .Level}} <span lang="{{rules}}">{{template "v" .Title}}</span></h3><span class="subject mono">{{template "v" .Subject}}</span></summary>
<dl class="facts">
<div><dt>{{word "kind" .SubjectKind}}</dt><dd>{{template "v" .Scope}}{{if $.Many}} – {{template "v" .Host}}{{end}}</dd></div>
<div><dt>{{t "seen.first"}}</dt><dd>{{template "when" .FirstSeen}}</dd></div>
<div><dt>{{t "seen.last"}}</dt><dd>{{template "when" .LastSeen}}{{with .TimeKind}} <span class="quiet">{{template "v" .}}</span>{{end}}</dd></div>
<div><dt>{{t "attack"}}</dt><dd>{{range .Techniques}}<span class="tid">{{clean .}}</span> {{else}}–{{end}}</dd></div>
</dl>
{{- with .Strip}}
<div class="chart ministrip"><svg viewBox="0 0 960 46" role="img" aria-labelledby="s{{$.N}}-t"><title id="s{{$.N}}-t">{{t "strip" (stampsec .At) .Own .Others}}</title>
<line class="base" x1="8" x2="952" y1="28" y2="28"/>
{{- range .Ticks}}<line class="grid" x1="{{.X}}" x2="{{.X}}" y1="4" y2="32"/><text class="axis{{if not .First}} mid{{end}}" x="{{.X}}" y="44">{{.Label}}</text>{{end}}
{{- range .Marks}}{{if .Own}}<line class="own" x1="{{.X}}" x2="{{.X}}" y1="4" y2="28"><title>{{clean .Title}}</title></line>{{else}}<line class="other" x1="{{.X}}" x2="{{.X}}" y1="16" y2="28"/>{{end}}{{end}}
</svg></div>{{end}}
<h4>{{t "reasons"}}</h4>
<ul class="reasons">{{range .Reasons}}<li>{{template "level" .Level}} <span class="tid">{{clean .Rule}}</span> {{with reasontitle .}}{{template "v" .}}：{{end}}<span lang="en">{{template "v" .Says}}</span></li>
{{end}}{{with .Raised}}<li><span lang="en">{{t "raised" (shown .)}}</span></li>{{end}}</ul>
<dl class="prose" lang="{{rules}}">
{{- with .Why}}<div><dt lang="{{$.Lang}}">{{t "why"}}</dt><dd>{{shown .}}</dd></div>{{end}}
{{- with .Benign}}<div><dt lang="{{$.Lang}}">{{t "benign"}}</dt><dd>{{shown .}}</dd></div>{{end}}
{{- with .Next}}<div><dt lang="{{$.Lang}}">{{t "next"}}</dt><dd>{{shown .}}</dd></div>{{end}}
</dl>
{{- if .Evidence}}
<div class="scroll" tabindex="0" role="region" aria-label="{{t "finding"}} {{.N}}"><table class="evidence">
<caption>{{t "ev.caption"}}</caption>
<thead><tr><th scope="col">{{t "id"}}</th><th scope="col">{{t "time"}}</th><th scope="col">{{t "proves"}}</th><th scope="col">{{t "artifact"}}</th><th scope="col">{{t "says"}}</th></tr></thead>
<tbody>{{range .Evidence}}{{template "evidence" .}}{{end}}</tbody></table></div>{{end}}
{{- with .Omitted}}
<p class="quiet">{{t "ev.omitted" .}}</p>{{end}}
</details>
</article>{{end -}}
{{- define "level"}}<span class="level {{class .}}">{{word "level" .}}</span>{{end -}}
{{- define "evidence"}}<tr><th scope="row" class="mono id">{{clean .ID}}</th><td class="t">{{template "when" .Time}}{{with .TimeKind}}<br><span class="quiet">{{template "v" .}}</span>{{end}}</td><td>{{template "proof" .Proves}}</td><td class="a">{{clean .Artifact}}{{with .User}}<br><span class="quiet">{{template "v" .}}</span>{{end}}</td><td class="mono">{{template "v" .Quote}}<br><span class="quiet">{{template "v" .Source}}{{with .Key}} – {{template "v" .}}{{end}}</span></td></tr>
{{end -}}
{{- define "timeline"}}
<tr{{with .Anchor}} id="r{{.}}"{{end}} data-k="{{.K}}" data-p="{{class (print .Proof)}}"{{if or .New .Finding}} class="{{if .New}}new{{end}}{{if .Finding}} own{{end}}"{{end}}><td class="t">{{template "when" .Time}}</td><td>{{template "ref" .}}</td><td>{{template "proof" .Proof}}</td><td>{{template "v" .Kind}}</td><td>{{template "v" .Message}}{{with .User}} <span class="quiet">{{template "v" .}}</span>{{end}}{{if many}} <span class="quiet">{{template "v" .Host}}</span>{{end}}{{with .Tags}} <span class="tag">{{clean (join .)}}</span>{{end}}</td><td class="mono id">{{clean .ID}}</td></tr>{{end -}}
{{- define "auto"}}
<tr><th scope="row">{{template "ref" .}} {{template "v" .Mechanism}}</th><td class="mono">{{template "v" .Command}}{{with .Tags}} <span class="tag">{{clean (join .)}}</span>{{end}}</td><td>{{template "v" .Who}}{{if many}} <span class="quiet">{{template "v" .Host}}</span>{{end}}</td><td class="t">{{template "when" .Written}}</td><td class="a">{{clean .Artifact}}</td><td class="mono id">{{clean .ID}}</td></tr>{{end}}`

// FuzzRows compares the rows that are appended with those of html/template.
func FuzzRows(f *testing.F) {
	f.Add("a", "b", "c", int64(0), 0, false)
	f.Add(`C:\a "b" & 'c' + <script>alert(1)</script>`, "\x00\x1b[31m\u202e", "\xff\xfe", int64(1_772_800_000), 3, true)
	f.Add("high", "executed", strings.Repeat("長い", 900), int64(-1), 1, true)
	f.Fuzz(func(t *testing.T, a, b, c string, at int64, n int, flag bool) {
		var when time.Time
		if at %= 1 << 40; at != 0 {
			when = time.Unix(at, 1234567*100)
		}
		tr := translate{lang: "en"}
		if flag {
			tr.lang = "ja"
		}
		tmpl := template.Must(template.New("").Funcs(template.FuncMap{
			"t": func(key string, args ...any) string { return tr.text(key, args...) }, "word": tr.word,
			"clean": clean, "shown": func(s string) string { return shown(s, tr) }, "when": momentOf, "class": class, "zero": time.Time.IsZero,
			"join": func(s []string) string { return strings.Join(s, ", ") }, "many": func() bool { return flag },
			"rules": func() string { return tr.lang }, "stampsec": toSecond,
			"reasontitle": func(r Reason) string { return titleOf(r.Rule, "", tr.lang) },
		}).Parse(rowTemplates))
		e := Evidence{ID: a, Time: when, TimeKind: b, Proves: c, Artifact: a, User: c, Quote: b, Source: a, Key: c}
		r := rowView{K: n, New: flag, Finding: n, Level: a}
		if flag {
			r.Anchor = "0123abcd"
		}
		r.Time, r.Kind, r.Message, r.User, r.Host, r.ID, r.Proof = when, a, b, c, a, b, artifacts.Proof(c)
		if b != "" {
			r.Tags = []string{b, c}
		}
		auto := autoView{Finding: n, Level: c}
		auto.id, auto.host, auto.mechanism, auto.who, auto.command, auto.artifact, auto.tags, auto.written = a, b, c, a, b, c, r.Tags, when
		finding := findingView{Finding: &Finding{Title: a, Level: b, Subject: c, SubjectKind: a, Scope: b, Host: c, FirstSeen: when, TimeKind: c,
			Why: a, Benign: b, Next: c, Omitted: n}, N: n, Open: flag, Many: flag, Lang: tr.lang, Off: !flag}
		if flag {
			finding.Raised, finding.Techniques = a, []string{b, c}
			finding.Reasons, finding.Evidence = []Reason{{Rule: a, Level: b, Says: c}, {Rule: "P-01", Level: "high", Says: a}}, []Evidence{e, {}}
			finding.Strip = &strip{At: when, Own: n, Others: 1, Ticks: []tick{{8, a, true}, {12.5, b, false}},
				Marks: []stripMark{{X: 3.1, Own: true, Title: c}, {X: 952}}}
		}
		w := newRowWriter(&view{tr: tr, Many: flag, In: &Input{RulesLang: tr.lang}})
		for _, row := range []struct {
			name string
			data any
			got  template.HTML
		}{{"finding", finding, w.findingRow(&finding)}, {"timeline", r, w.timelineRow(&r)}, {"auto", auto, w.autoRow(&auto)}} {
			var want strings.Builder
			if err := tmpl.ExecuteTemplate(&want, row.name, row.data); err != nil {
				t.Fatal(err)
			}
			if string(row.got) != want.String() {
				t.Errorf("%s:\n got %q\nwant %q", row.name, row.got, want.String())
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	v := &view{tr: translate{lang: "en"}}
	w := newRowWriter(v)
	r := rowView{K: 3, Finding: 2, Level: "high"}
	r.Time, r.Kind, r.Message, r.User, r.ID, r.Proof = time.Unix(1_772_800_000, 0), "Last run", `C:\Windows\System32\cmd.exe ran`, "mira", "0123456789abcdef", "executed"
	n := 0
	for b.Loop() {
		n += len(w.timelineRow(&r))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/byte")
}
