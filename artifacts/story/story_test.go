package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// TestForms: every value that a sentence asks for in one language it asks for in
// the other, and every group closes.
func TestForms(t *testing.T) {
	for kind, f := range forms {
		en, ja := names(f.en), names(f.ja)
		slices.Sort(en)
		slices.Sort(ja)
		if !slices.Equal(slices.Compact(en), slices.Compact(ja)) {
			t.Errorf("%s: %v in English, %v in Japanese", kind, en, ja)
		}
		if strings.Count(f.en, "{") != strings.Count(f.en, "}") || strings.Count(f.ja, "{") != strings.Count(f.ja, "}") {
			t.Errorf("%s: a brace is not closed", kind)
		}
		values := map[string]string{}
		for _, n := range en {
			values[n] = "VALUE"
		}
		for _, text := range []string{fill(f.en, values), fill(f.ja, values), fill(f.en, nil), fill(f.ja, nil)} {
			if text == "" && kind != "record" || strings.ContainsAny(text, "{}") {
				t.Errorf("%s: %q", kind, text)
			}
		}
	}
	for _, what := range programs.Sources() {
		if coverageJA[what] == "" {
			t.Errorf("%s has no name in Japanese", what)
		}
	}
}

// names returns all values of a form, those in groups too.
func names(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, "{") {
		if name, _, ok := strings.Cut(part, "}"); ok && isName(name) {
			out = append(out, name)
		}
	}
	return out
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		values map[string]string
		want   string
	}{
		{map[string]string{"P": "x"}, "x ran."},
		{map[string]string{"P": "x", "n": "3"}, "x ran at least 3 times."},
		{map[string]string{"P": "x", "A": "bob", "cmd": "x -y"}, "x ran, as bob: x -y."},
		{map[string]string{"P": "{A}", "A": ""}, "{A} ran."},
	} {
		if got := fill(forms["run"].en, c.values); got != c.want {
			t.Errorf("%v: %q, want %q", c.values, got, c.want)
		}
	}
}

// FuzzFill: no text of a form or value makes fill fail or run on.
func FuzzFill(f *testing.F) {
	f.Add("{P} ran{ at {n}}.", "x")
	f.Add("{{{", "}")
	f.Add("}{", "{P}")
	f.Fuzz(func(t *testing.T, text, value string) {
		if len(text) > 1<<12 {
			return
		}
		fill(text, map[string]string{"P": value, "n": value})
	})
}

var day = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)

func point(kind, subject string, minutes int, level findings.Level) *act {
	at := day.Add(time.Duration(minutes) * time.Minute)
	return &act{kind: kind, subject: subject, level: level, first: at, last: at, n: 1, class: programs.Proved,
		refs: []programs.Ref{{Record: fmt.Sprint(kind, minutes), Artifact: "x"}}, records: 1, en: map[string]string{"P": subject}}
}

func TestClusters(t *testing.T) {
	acts := []*act{point("run", "a", 0, findings.High), point("run", "b", 20, findings.Medium), point("run", "c", 60,
		findings.High), point("run", "d", 61, findings.High)}
	if list := clusters(acts, nil, 30*time.Minute); len(list) != 2 || len(list[0]) != 2 {
		t.Errorf("%d clusters", len(list))
	}
	if list := clusters(acts, nil, 45*time.Minute); len(list) != 1 {
		t.Errorf("%d clusters with a gap of 45 minutes", len(list))
	}
	if list := clusters(acts, []time.Time{day.Add(10 * time.Minute)}, 45*time.Minute); len(list) != 2 || len(list[0]) != 1 {
		t.Errorf("a change of the clock does not cut: %d clusters", len(list))
	}
}

func TestWindowOf(t *testing.T) {
	for _, c := range []struct {
		name string
		acts []*act
		want bool
	}{
		{"one high act", []*act{point("run", "a", 0, findings.High)}, false},
		{"one critical act", []*act{point("run", "a", 0, findings.Critical)}, true},
		{"two subjects", []*act{point("run", "a", 0, findings.High), point("run", "b", 1, findings.Medium)}, true},
		{"medium only", []*act{point("run", "a", 0, findings.Medium), point("run", "b", 1, findings.Medium), point("run", "c", 2,
			findings.Medium)}, false},
		{"one program again and again", []*act{point("run", "a", 0, findings.High), point("run", "a", 9, findings.High),
			point("run", "a", 18, findings.High)}, false},
	} {
		if w := windowOf("PC1", c.acts); (w != nil) != c.want {
			t.Errorf("%s: %+v", c.name, w)
		}
	}
	rest := point("detect", "a", 0, findings.High)
	rest.rest = true
	w := windowOf("PC1", []*act{rest, point("run", "b", 5, findings.High)})
	if !w.CoreFirst.Equal(day.Add(5 * time.Minute)) {
		t.Errorf("the core begins at %s, with a detection at rest", w.CoreFirst)
	}
}

// TestQuiet: a machine on which nothing stands out has a story, in both languages,
// and it does not say that nothing happened.
func TestQuiet(t *testing.T) {
	m := programs.New(programs.Facts{Host: "PC1"}).Model()
	s := Tell(m, &findings.Report{}, nil)
	if !s.Quiet || len(s.Closing) != 1 || !strings.Contains(s.Closing[0].EN, "does not prove that nothing happened") ||
		!strings.Contains(s.Closing[0].JA, "証明ではありません") {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(s.Closing[0].EN, "$MFT") {
		t.Error("what is absent is not named")
	}
	r := &findings.Report{Findings: []findings.Finding{{Host: "PC1", Level: findings.High, Subject: "task x", SubjectKind: "setting"}}}
	if s := Tell(m, r, nil); s.Quiet || s.Closing[0].Kind != "undated" {
		t.Errorf("with a finding that nothing dates: %+v", s.Closing)
	}
}

// TestLimit: a window tells its worst acts and counts the others.
func TestLimit(t *testing.T) {
	var acts []*act
	for i := range 40 {
		level := findings.Medium
		if i%2 == 0 {
			level = findings.High
		}
		acts = append(acts, point("run", fmt.Sprint("p", i), i, level))
	}
	w := windowOf("PC1", acts)
	w.tell()
	if len(w.Sentences) != maxSentences+1 || len(w.Rest) != 20 {
		t.Fatalf("%d sentences, %d more", len(w.Sentences), len(w.Rest))
	}
	for _, s := range w.Sentences[:maxSentences] {
		if s.Level != findings.High {
			t.Errorf("%s is told before a high one", s.EN)
		}
	}
	if !slices.IsSortedFunc(w.Sentences[:maxSentences], func(a, b Sentence) int { return a.Time.Compare(b.Time) }) {
		t.Error("the sentences are not in the order of time")
	}
}

// TestWrite: texts from the evidence reach neither the terminal nor the markup.
func TestWrite(t *testing.T) {
	a := point("run", "C:\\x\x1b[2J<script>|`.exe", 0, findings.Critical)
	w := windowOf("PC\x1b1", []*act{a})
	w.tell()
	s := &Story{Host: "PC\x1b1", Gap: DefaultGap, Windows: []*Window{w}}
	for _, lang := range Languages() {
		var text, md, js bytes.Buffer
		if s.WriteText(&text, lang) != nil || s.WriteMarkdown(&md, lang) != nil || s.WriteJSON(&js) != nil {
			t.Fatal("not written")
		}
		if strings.ContainsRune(text.String()+md.String(), 0x1b) || strings.Contains(md.String(), "<script>") {
			t.Errorf("%s\n%s", text.String(), md.String())
		}
		if !json.Valid(js.Bytes()) || !strings.Contains(js.String(), `"first":"2026-03-06T18:00:00.0000000Z"`) {
			t.Error(js.String())
		}
	}
	if s.WriteText(new(bytes.Buffer), "xx") == nil {
		t.Error("an unknown language is no error")
	}
}
