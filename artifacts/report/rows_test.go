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
		w := newRowWriter(&view{tr: tr, Many: flag})
		for _, row := range []struct {
			name string
			data any
			got  template.HTML
		}{{"evidence", e, w.evidenceRow(&e)}, {"timeline", r, w.timelineRow(&r)}, {"auto", auto, w.autoRow(&auto)}} {
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
