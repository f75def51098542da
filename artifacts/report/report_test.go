package report

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

func TestIncident(t *testing.T) {
	for _, lang := range Languages() {
		t.Run(lang, func(t *testing.T) {
			opts := &Options{Lang: lang}
			in := incident(t, opts, 0)
			p := page(t, in, opts)
			all := elements(t, p)
			checkStructure(t, p, all)
			text := visible(p)
			for _, want := range []string{
				"KESTREL-PC", "Tokyo Standard Time", "S-1-5-21-1111111111-2222222222-3333333333-1002",
				`C:\USERS\PUBLIC\SVCHOST.EXE`, "2026-03-06 17:58:20.3391570", in.Findings[0].Evidence[0].ID,
				"T1036.005", "OneDrive Sync Helper", "nbtscan.exe", "M-01",
			} {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			if n := len(find(all, "article")); n != len(in.Findings) {
				t.Errorf("%d findings on the page, want %d", n, len(in.Findings))
			}
			var full, hollow, bars int
			for _, e := range all {
				switch e.attr["class"] {
				case "full":
					full++
				case "hollow":
					hollow++
				case "ran", "used", "traced":
					if e.name == "rect" {
						bars++
					}
				}
			}
			if full < 20 || hollow < 2 || bars < 20 {
				t.Errorf("%d filled marks, %d hollow ones, %d bars: too few", full, hollow, bars)
			}
		})
	}
}

// checkStructure holds the page to what keyboards, screen readers and the
// content policy need.
func checkStructure(t *testing.T, p string, all []element) {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range all {
		if id := e.attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
	}
	level := 0
	for _, e := range all {
		for name, v := range e.attr {
			switch {
			case name == "style" || strings.HasPrefix(name, "on"):
				t.Errorf("<%s> has the attribute %s, which the policy forbids", e.name, name)
			case name == "src" || name == "action" || name == "data" || name == "xlink:href":
				t.Errorf("<%s %s=%q> asks for something", e.name, name, v)
			case name == "href" && (!strings.HasPrefix(v, "#") || !ids[v[1:]]):
				t.Errorf("<%s href=%q> leads nowhere on the page", e.name, v)
			case name == "aria-labelledby" || name == "aria-describedby":
				for id := range strings.FieldsSeq(v) {
					if !ids[id] {
						t.Errorf("<%s %s=%q>: no such id", e.name, name, v)
					}
				}
			}
		}
		switch e.name {
		case "th":
			if e.attr["scope"] == "" {
				t.Errorf("a table header has no scope: %v", e.around)
			}
		case "svg":
			if e.attr["role"] != "img" || e.attr["aria-labelledby"] == "" {
				t.Errorf("an svg has no label: %v", e.attr)
			}
		case "a":
			if slices.Contains(e.around, "svg") && e.attr["tabindex"] != "-1" {
				t.Error("a link inside an image can be reached by keyboard")
			}
		case "section":
			if e.attr["aria-labelledby"] == "" {
				t.Errorf("section %v has no heading", e.attr)
			}
		case "h1", "h2", "h3", "h4":
			n := int(e.name[1] - '0')
			if n > level+1 {
				t.Errorf("%s follows h%d", e.name, level)
			}
			level = n
		}
	}
	for _, want := range []string{"header", "nav", "main", "footer", "h1"} {
		if n := len(find(all, want)); want != "header" && n != 1 {
			t.Errorf("%d elements %s, want 1", n, want)
		}
	}
	policy := ""
	for _, e := range find(all, "meta") {
		if e.attr["http-equiv"] == "Content-Security-Policy" {
			policy = e.attr["content"]
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, re := range []*regexp.Regexp{styleElement, scriptElement} {
		m := re.FindAllStringSubmatch(p, -1)
		if len(m) != 1 {
			t.Fatalf("%d matches of %v, want 1", len(m), re)
		}
		sum := sha256.Sum256([]byte(m[0][1]))
		if h := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, h) {
			t.Errorf("the policy does not let %s through: %s", h, policy)
		}
	}
	if strings.Contains(pageCSS, "url(") || strings.Contains(pageCSS, "@import") {
		t.Error("the style asks for something")
	}
}

func TestDeterminism(t *testing.T) {
	if page(t, incident(t, nil, 1), nil) != page(t, incident(t, nil, 4), nil) {
		t.Error("two runs over the same evidence give different pages")
	}
}

func TestEmpty(t *testing.T) {
	for _, in := range []Input{{}, {Collected: NewCollector(nil), Machines: []Machine{{}, {Machine: &evidence.Machine{}}}, Findings: make([]Finding, 2), Rules: make([]Rule, 1)}} {
		p := page(t, in, nil)
		checkStructure(t, p, elements(t, p))
	}
	if err := Write(nil, Input{}, &Options{Lang: "xx"}); err == nil {
		t.Error("a language that is not there is accepted")
	}
}

// hostile are texts that want to be more than text.
var hostile = []string{
	`<script>alert(1)</script>`, `</script><img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, "' onmouseover='alert(1)", "javascript:alert(1)",
	"\u202egnp.exe\u202c", "\u2066x\u2069\u200f\u200b\ufeff", "a\x00b\x07\x1b[31m\u0085", "\xff\xfe\xc0", "line\u2028break\r\nnext", "{{.Title}}", "<!--", "]]>", "&lt;b&gt;", strings.Repeat("A", 32767), "[%s %d]",
}

// fill puts a hostile text into every string that v holds.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Struct:
		if t, ok := v.Addr().Interface().(*time.Time); ok {
			*t = time.Date(2026, 3, 6, 17, 58, 20, 339157000, time.UTC)
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() && v.Type().Field(i).Name != "Collected" {
				fill(v.Field(i), s)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	case reflect.Bool:
		v.SetBool(true)
	}
}

// hostileInput is an input with the text in every place.
func hostileInput(s string) Input {
	var in Input
	fill(reflect.ValueOf(&in).Elem(), s)
	for i := range in.Findings {
		in.Findings[i].SubjectKind = "program"
		in.Findings[i].Level = []string{"critical", s}[i]
	}
	var row output.Row
	fill(reflect.ValueOf(&row).Elem(), s)
	row.Local = false
	in.Collected = NewCollector(nil)
	a := catalogue.All()[0]
	in.Collected.Result(s, &artifacts.Result{
		Artifact: a, From: artifacts.Locator{Path: s}, Notes: []string{s},
		Errors:  []*artifacts.DecodeError{{Artifact: a.Name, From: artifacts.Locator{Path: s, Key: s}, Err: os.ErrInvalid}},
		Records: []artifacts.Record{{ID: s, Artifact: a, Host: s, User: evidence.User{Name: s}, Data: persistence.RunKey{}}},
	})
	in.Collected.Focus(in.Findings)
	in.Collected.Row(&row)
	row.Proof = artifacts.Executed
	in.Collected.Row(&row)
	in.Collected.Near(&row)
	return in
}

func TestHostile(t *testing.T) {
	for _, s := range hostile {
		for _, lang := range Languages() {
			p := checkHostile(t, s, lang)
			if len(s) < 1000 && !strings.Contains(strings.ReplaceAll(visible(p), "\n", ""), output.Clean(s)) {
				t.Errorf("%.20q: the page does not show the text", s)
			}
			if len(s) > 1000 && (!strings.Contains(p, "32767") || strings.Contains(p, strings.Repeat("A", maxShown+1)) || len(p) > 408<<10) {
				t.Errorf("a long text is not cut, or nothing says so; the page has %d bytes", len(p))
			}
		}
	}
}

// checkHostile writes a page with the text in every place and holds it to
// what must be true whatever the text is.
func checkHostile(t *testing.T, s, lang string) string {
	t.Helper()
	p := page(t, hostileInput(s), &Options{Lang: lang})
	all := elements(t, p)
	checkStructure(t, p, all)
	if !utf8.ValidString(p) {
		t.Errorf("%.20q: the page is not UTF-8", s)
	}
	for _, r := range p {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			t.Fatalf("%.20q: %U stands on the page", s, r)
		}
	}
	// The text brings no element and no attribute that the page does not have
	// of its own.
	own := map[string]bool{}
	names := func(all []element, yield func(string)) {
		for _, e := range all {
			yield("<" + e.name)
			for a := range e.attr {
				yield(e.name + " " + a)
			}
		}
	}
	plain := elements(t, plainPage())
	names(plain, func(n string) { own[n] = true })
	names(all, func(n string) {
		if !own[n] {
			t.Errorf("%.20q: the text became %q", s, n)
		}
	})
	for _, name := range []string{"script", "style", "meta", "svg"} {
		if n, want := len(find(all, name)), len(find(plain, name)); n > want {
			t.Errorf("%.20q: %d elements %s, want %d", s, n, name, want)
		}
	}
	return p
}

// plainPage is the page with a harmless text in every place.
var plainPage = sync.OnceValue(func() string {
	var b strings.Builder
	if err := Write(&b, hostileInput("plain"), nil); err != nil {
		panic(err)
	}
	return b.String()
})

func FuzzHostile(f *testing.F) {
	for _, s := range hostile {
		f.Add(s[:min(len(s), 2000)])
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			t.Skip("nothing to show leaves places out")
		}
		checkHostile(t, s, "en")
	})
}

var key = regexp.MustCompile(`(?:\{\{|[( ])t "([a-z0-9.]+)"|(?:text|phrase)\("([a-z0-9.]+)"`)

// wordFamilies are texts whose keys are made of words at run time.
var wordFamilies = []string{"level.", "proof.", "status.", "kind.", "name.", "tactic.", "way.", "day.", "mark.", "missing.", "text."}

func TestTexts(t *testing.T) {
	verb := regexp.MustCompile(`%(?:\[\d+\])?([a-z])`)
	verbs := func(s string) (out []string) { // in any order: a text can number them
		for _, m := range verb.FindAllStringSubmatch(s, -1) {
			out = append(out, m[1])
		}
		if strings.Contains(s, "%[") {
			slices.Sort(out)
		}
		return out
	}
	for k, v := range texts {
		if v.ja == "" || v.en == "" && k != "rule.lang" {
			t.Errorf("%s is not there in both languages", k)
		}
		en, ja := verbs(v.en), verbs(v.ja)
		if strings.Contains(v.ja, "%[") {
			slices.Sort(en)
		}
		if !slices.Equal(en, ja) {
			t.Errorf("%s takes different arguments: %q, %q", k, v.en, v.ja)
		}
		if same := []string{"attack", "os", "sid", "id", "sha256", "way.smb", "way.winrm", "way.ssh", "way.sql", "way.notice", "text.ATT&CK"}; v.en == v.ja && !slices.Contains(same, k) {
			t.Errorf("%s is not translated: %q", k, v.ja)
		}
	}
	used := map[string]bool{"hist": true, "close": true, "log.used": true, "log.unused": true}
	var src strings.Builder
	src.WriteString(pageHTML + indexHTML)
	for _, f := range []string{"view.go", "render.go", "logons.go", "findings.go", "rows.go", "finding_row.go"} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		src.WriteString(string(b))
	}
	for _, m := range key.FindAllStringSubmatch(src.String(), -1) {
		k := m[1] + m[2]
		used[k] = true
		if _, ok := texts[k]; !ok {
			t.Errorf("no text %q", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(texts)) {
		if !used[k] && !slices.ContainsFunc(wordFamilies, func(f string) bool { return strings.HasPrefix(k, f) }) {
			t.Errorf("text %q is not used", k)
		}
	}
	for _, p := range []artifacts.Proof{artifacts.Executed, artifacts.Interacted, artifacts.Present, artifacts.Configured} {
		if _, ok := texts["proof."+string(p)]; !ok {
			t.Errorf("no word for proof %q", p)
		}
	}
	for _, n := range tacticOrder {
		if _, ok := texts["tactic."+n]; !ok {
			t.Errorf("no word for tactic %q", n)
		}
	}
}
