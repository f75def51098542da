package story

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
)

// words are the headings of a story, by language.
var words = map[string]map[string]string{
	"en": {"title": "The story of machine %s",
		"note": "Times are UTC. A window ends when nothing happens for %s. Each sentence ends with its proof: " +
			"proved, recorded or inferred, and its records.",
		"window": "Window %d", "core": "core", "isolated": "Isolated acts", "rest": "Further acts of window %d",
		"records": "records", "record": "record", "phases": "By tactic of ATT&CK (phases overlap):", "acts": "acts", "act": "act",
		"proved": "proved", "recorded": "recorded", "inferred": "inferred", "limits": "What the evidence does not show"},
	"ja": {"title": "マシン %s で起きたこと", "note": "時刻は UTC。%s 何も起きなければ時間帯は終わります。各文の末尾に証明の種類（証明、記録、推定）とレコードを示します。",
		"window": "時間帯 %d", "core": "中心", "isolated": "孤立した行為", "rest": "時間帯 %d のその他の行為", "records": "件のレコード", "record": "件のレコード",
		"phases": "ATT&CK の戦術別（重なりあり）：", "acts": "件", "act": "件",
		"proved": "証明", "recorded": "記録", "inferred": "推定", "limits": "証拠から分からないこと"},
}

// Languages are those in which a story can be told.
func Languages() []string { return []string{"en", "ja"} }

// Proof returns the words after a sentence: "proved; 3 records".
func (s *Sentence) Proof(lang string) string {
	t := words[lang]
	if t == nil {
		t = words["en"]
	}
	if s.Class == "" {
		return ""
	}
	n := "records"
	if s.N == 1 {
		n = "record"
	}
	if lang == "ja" {
		return fmt.Sprintf("%s、%d %s", t[string(s.Class)], s.N, t[n])
	}
	return fmt.Sprintf("%s; %d %s", t[string(s.Class)], s.N, t[n])
}

// When returns the time of a sentence for people: "03:00:17" or a span.
func (s *Sentence) When() string {
	if s.Time.IsZero() {
		return ""
	}
	text := s.Time.UTC().Format("2006-01-02 15:04:05")
	if !s.Last.IsZero() && s.Last.Sub(s.Time) >= time.Second {
		text += "–" + s.Last.UTC().Format("15:04:05")
	}
	return text
}

// WriteText writes the story for reading on a terminal.
func (s *Story) WriteText(w io.Writer, lang string) error {
	return s.write(w, lang, "# ", "\n## ", "  ", "")
}

// WriteMarkdown writes the story as Markdown.
func (s *Story) WriteMarkdown(w io.Writer, lang string) error {
	return s.write(w, lang, "# ", "\n## ", "- ", "`")
}

func (s *Story) write(w io.Writer, lang, title, heading, item, code string) error {
	t := words[lang]
	if t == nil {
		return fmt.Errorf("unknown language %q", lang)
	}
	escape := clean
	if code != "" {
		escape = markdown
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, title+t["title"]+"\n\n", escape(s.Host))
	fmt.Fprintf(b, t["note"]+"\n", Span(s.Gap))
	line := func(x *Sentence) {
		b.WriteString(item)
		if when := x.When(); when != "" {
			fmt.Fprintf(b, "[%s] ", when)
		}
		if x.Tactic != "" {
			fmt.Fprintf(b, "%s: ", TacticName(x.Tactic, lang))
		}
		b.WriteString(escape(x.Text(lang)))
		if p := x.Proof(lang); p != "" {
			fmt.Fprintf(b, " (%s", p)
			for i, r := range x.Records {
				if i == 2 {
					b.WriteString(" …")
					break
				}
				fmt.Fprintf(b, " %s%s%s", code, r.Record, code)
			}
			b.WriteString(")")
		}
		b.WriteString("\n")
	}
	for i, x := range s.Windows {
		fmt.Fprintf(b, heading+t["window"]+" (%s): %s – %s", i+1, x.ID, minute(x.First), minute(x.Last))
		if !x.CoreFirst.IsZero() {
			fmt.Fprintf(b, "; %s %s – %s", t["core"], x.CoreFirst.UTC().Format("15:04:05.000"), x.CoreLast.UTC().Format("15:04:05.000"))
		}
		fmt.Fprintf(b, "\n\n%s\n\n", escape(x.Lead.Text(lang)))
		if len(x.Phases) > 0 {
			fmt.Fprintf(b, "%s\n\n", t["phases"])
			for j := range x.Phases {
				fmt.Fprintf(b, "%s%s\n", item, x.Phases[j].Text(lang))
			}
			b.WriteString("\n")
		}
		for j := range x.Sentences {
			line(&x.Sentences[j])
		}
	}
	for i, x := range s.Windows {
		if len(x.Rest) > 0 {
			fmt.Fprintf(b, heading+t["rest"]+"\n\n", i+1)
			for j := range x.Rest {
				line(&x.Rest[j])
			}
		}
	}
	if len(s.Isolated) > 0 {
		b.WriteString(heading + t["isolated"] + "\n\n")
		for j := range s.Isolated {
			line(&s.Isolated[j])
		}
	}
	if len(s.Closing) > 0 {
		b.WriteString("\n")
		for j := range s.Closing {
			fmt.Fprintln(b, escape(s.Closing[j].Text(lang)))
		}
	}
	return b.Flush()
}

// Text returns what a phase is, in a language: "17:53:30–18:24:12 discovery: 3 acts
// (T1046, T1082)".
func (p *Phase) Text(lang string) string {
	t := words[lang]
	if t == nil {
		t = words["en"]
	}
	noun := t["acts"]
	if p.Acts == 1 {
		noun = t["act"]
	}
	form := "%s %s: %d %s (%s)"
	if lang == "ja" {
		form = "%s %s：%d %s（%s）"
	}
	return fmt.Sprintf(form, p.When(), TacticName(p.Tactic, lang), p.Acts, noun, strings.Join(p.Techniques, ", "))
}

// When returns the span of a phase for people.
func (p *Phase) When() string { return (&Sentence{Time: p.First, Last: p.Last}).When() }

// tacticJA are the names of the tactics in Japanese.
var tacticJA = map[string]string{
	"reconnaissance": "偵察", "resource-development": "リソース開発", "initial-access": "初期アクセス", "execution": "実行",
	"persistence": "永続化", "privilege-escalation": "権限昇格", "defense-evasion": "防御回避",
	"credential-access": "認証情報アクセス", "discovery": "探索", "lateral-movement": "水平展開", "collection": "収集",
	"command-and-control": "C&C", "exfiltration": "持ち出し", "impact": "影響",
}

// TacticName returns the name of a tactic of ATT&CK, such as "Lateral movement". A case
// folder can hold another word: it stays as it is.
func TacticName(tactic, lang string) string {
	switch {
	case tacticJA[tactic] == "":
		return clean(tactic)
	case lang == "ja":
		return tacticJA[tactic]
	}
	return strings.ToUpper(tactic[:1]) + strings.ReplaceAll(tactic[1:], "-", " ")
}

// Span writes a duration without zero parts: 30m, 1h30m.
func Span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// clean makes text from the evidence harmless on a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// markdown is clean for a document in which some characters have a meaning.
func markdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "<", "&lt;", ">", "&gt;", "[", `\[`, "|", `\|`, "#",
		`\#`).Replace(clean(s))
}

// MarshalJSON writes times as all outputs do.
func (s Sentence) MarshalJSON() ([]byte, error) {
	type plain Sentence
	return jsontext.Marshal(struct {
		plain
		Time string `json:"time,omitempty"`
		Last string `json:"last,omitempty"`
	}{plain(s), jsontext.Time(s.Time), jsontext.Time(s.Last)})
}

// MarshalJSON writes times as all outputs do.
func (p Phase) MarshalJSON() ([]byte, error) {
	type plain Phase
	return jsontext.Marshal(struct {
		plain
		First string `json:"first"`
		Last  string `json:"last"`
	}{plain(p), jsontext.Time(p.First), jsontext.Time(p.Last)})
}

// MarshalJSON writes times as all outputs do.
func (w Window) MarshalJSON() ([]byte, error) {
	type plain Window
	return jsontext.Marshal(struct {
		plain
		First     string `json:"first"`
		Last      string `json:"last"`
		CoreFirst string `json:"core_first,omitempty"`
		CoreLast  string `json:"core_last,omitempty"`
	}{plain(w), jsontext.Time(w.First), jsontext.Time(w.Last), jsontext.Time(w.CoreFirst), jsontext.Time(w.CoreLast)})
}

// WriteJSON writes the story as one JSON object on one line.
func (s *Story) WriteJSON(w io.Writer) error {
	b, err := jsontext.Marshal(s)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
