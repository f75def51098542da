package viewer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

func numbered(host string, kinds ...string) []*output.Row {
	var rows []*output.Row
	for i, kind := range kinds {
		rows = append(rows, &output.Row{
			ID: fmt.Sprintf("%016x", i), RecordID: fmt.Sprintf("%016x", i/2), Host: host, Kind: kind, Parser: "test", Message: "row <" + kind + ">",
			Time: time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC), Extra: []artifacts.Field{{Name: "n", Value: fmt.Sprint(i)}},
		})
	}
	return rows
}

func rowsOf(list []*output.Row) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func idsOf(t *testing.T, rows iter.Seq2[*output.Row, error]) string {
	t.Helper()
	var out []string
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Host+strings.TrimLeft(r.ID[:15], "0")+r.ID[15:])
	}
	return strings.Join(out, " ")
}

func TestPlan(t *testing.T) {
	const folded = "File Last Modification Time"
	rows := numbered("", "a", folded, "b", folded, "c", "d", "e")
	in := &Input{Rows: rowsOf(rows)}
	for _, c := range []struct {
		limit int
		want  string
	}{
		{7, "viewer.html[0/0]: 0 1 2 3 4 5 6"},
		{6, "viewer.html[0/0]: 0 2 4 5 6 left out 2"},
		{5, "viewer.html[0/0]: 0 2 4 5 6 left out 2"},
		{4, "viewer.html[1/2]: 0 1 2 3; viewer-2.html[2/2]: 4 5 6"},
		{3, "viewer.html[1/3]: 0 1 2; viewer-2.html[2/3]: 3 4 5; viewer-3.html[3/3]: 6"},
	} {
		pages, err := plan(in, "dir/viewer.html", 100, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range pages {
			s := fmt.Sprintf("%s[%d/%d]: %s", filepath.Base(p.Name), p.Part, p.Parts, idsOf(t, p.Rows))
			if len(p.Folded) > 0 {
				s += fmt.Sprintf(" left out %d", p.Folded["file times copied from other artifacts"])
			}
			if p.Parts > 0 && len(p.Files) != p.Parts {
				t.Errorf("%d files of %d", len(p.Files), p.Parts)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("limit %d: %s, want %s", c.limit, s, c.want)
		}
	}
	bad := errors.New("bad")
	in.Rows = func(yield func(*output.Row, error) bool) { yield(nil, bad) }
	if _, err := Plan(in, "viewer.html", MaxRows+1); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
	if err := Write(&bytes.Buffer{}, in); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
}

func TestJoin(t *testing.T) {
	a, b := numbered("A", "x", "y"), numbered("B", "x", "y", "z")
	in := Join([]*Input{
		{Machines: []output.Machine{{Name: "A"}}, Rows: rowsOf(a), Findings: [][]byte{[]byte(`{"host":"A"}`)}},
		{Machines: []output.Machine{{Name: "B"}}, Rows: rowsOf(b), Findings: [][]byte{[]byte(`{"host":"B"}`)}},
	})
	if got := idsOf(t, in.Rows); got != "A0 B0 A1 B1 B2" {
		t.Errorf("joined: %s", got)
	}
	parts := ByMachine(in)
	if len(parts) != 2 || idsOf(t, parts[1].Rows) != "B0 B1 B2" || len(parts[1].Findings) != 1 || string(parts[1].Findings[0]) != `{"host":"B"}` {
		t.Errorf("%+v", parts)
	}
	if in.title() != "A, B" {
		t.Error(in.title())
	}
}

// TestWrite looks at the page as text: its policy, and that it is the same every time.
func TestWrite(t *testing.T) {
	in := &Input{Tool: "<b>", Machines: []output.Machine{{Name: "</title><b>"}}, Rows: rowsOf(numbered("<i>", "a", "b"))}
	var one, two bytes.Buffer
	if err := Write(&one, in); err != nil {
		t.Fatal(err)
	}
	if err := Write(&two, in); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two pages of the same rows differ")
	}
	page := one.String()
	if strings.Contains(page, "<i>") || strings.Contains(page, "</title><b>") {
		t.Error("the evidence is in the page as it is")
	}
	policy := regexp.MustCompile(`content="(default-src[^"]*)"`).FindStringSubmatch(page)
	if policy == nil || !regexp.MustCompile(
		`^default-src 'none'; script-src 'sha256-[^']+='; style-src 'sha256-[^']+='; base-uri 'none'; form-action 'none'$`).MatchString(policy[1]) {
		t.Errorf("policy: %q", policy)
	}
	for _, not := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "outerHTML", "eval(", "new Function", "http://", "https://", "style=\""} {
		if i := strings.Index(page, not); i >= 0 && !strings.HasPrefix(page[i:], "http://www.w3.org/") {
			t.Errorf("the page holds %s: %.80s", not, page[i:])
		}
	}
}

// TestCase reads a case folder, and refuses what is none.
func TestCase(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if IsCase(dir) {
		t.Error("an empty folder is a case")
	}
	write("manifest.json", `{"tool":"artifactdump","hosts":[{"name":"A","folder":"A","evidence":"a.zip","counts":{"events":2}},{"name":"B","folder":"B","timezone":"Tokyo Standard Time","counts":{"events":1}}]}`)
	if !IsCase(dir) {
		t.Error("a case is none")
	}
	if _, _, err := OpenCase(dir); err == nil {
		t.Error("a case without a timeline is read")
	}
	rows := numbered("A", "x", "y")
	rows[1].Local, rows[1].TimeKind, rows[1].Tags = true, artifacts.UnknownZone, []string{"t"}
	rows[1].Rules, rows[1].FindingIDs, rows[1].Level = []string{"X-01"}, []string{"f"}, "high"
	write("A/timeline.jsonl", jsonl(t, rows))
	write("A/findings.jsonl", `{"id":"f","host":"A"}`+"\n\n")
	write("A/sessions.csv", "Host,Account\nA,me\nA,\n")
	write("B/timeline.jsonl", jsonl(t, numbered("B", "x")))
	list, n, err := OpenCase(dir)
	if err != nil || n != 3 || len(list) != 2 {
		t.Fatal(n, len(list), err)
	}
	var got []*output.Row
	for r, err := range list[0].Rows {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if jsonl(t, got) != jsonl(t, rows) {
		t.Errorf("read:\n%swant\n%s", jsonl(t, got), jsonl(t, rows))
	}
	if len(list[0].Findings) != 1 || len(list[0].Sessions) != 2 || list[0].Sessions[0]["Account"] != "me" || list[1].Findings != nil {
		t.Errorf("%+v", list[0])
	}
	for _, bad := range []string{"{", `{"datetime":"yesterday"}`, `{"datetime":"2026-01-01T00:00:00.0000000Z","extra":{"a":1}}`, `{"datetime":"2026-01-01T00:00:00.0000000Z","extra":[]}`} {
		write("B/timeline.jsonl", bad+"\n")
		list, _, err := OpenCase(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, err = range list[1].Rows {
		}
		if err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	write("A/findings.jsonl", "not JSON\n")
	if _, _, err := OpenCase(dir); err == nil {
		t.Error("findings that are not JSON are read")
	}
	write("manifest.json", `{"tool":"artifactdump","hosts":[{"name":"A","folder":"../.."}]}`)
	if _, _, err := OpenCase(dir); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Errorf("a folder outside of the case: %v", err)
	}
}

func jsonl(t *testing.T, rows []*output.Row) string {
	t.Helper()
	var b bytes.Buffer
	f, _ := output.Lookup("jsonl")
	w := f.Events(&b, nil)
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.String()
}

// FuzzParseRow reads lines of a timeline, and writes what it could read.
func FuzzParseRow(f *testing.F) {
	f.Add([]byte(`{"datetime":"2026-03-06T18:09:02.9045635Z","message":"m","tag":["a"],"id":"712ae612a6845072","extra":{"a":"b"},"offset":-1}`))
	f.Add([]byte(`{"datetime":"0000-01-01T00:00:00.0000000","extra":null,"rules":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseRow(line)
		if err != nil {
			return
		}
		in := &Input{Rows: rowsOf([]*output.Row{r, r}), Findings: [][]byte{[]byte("{}")}}
		var b bytes.Buffer
		if err := Write(&b, in); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(jsonl(t, []*output.Row{r}), "\n")
		again, err := ParseRow([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if s := strings.TrimSuffix(jsonl(t, []*output.Row{again}), "\n"); s != text {
			t.Errorf("%s\nbecomes\n%s", text, s)
		}
	})
}

// TestTexts compares the languages of the page: the same keys, and no placeholder lost.
func TestTexts(t *testing.T) {
	b, err := pageFiles.ReadFile("page/texts.js")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\ten: {")
	en, rest, _ := strings.Cut(text, "\tja: {")
	ja, _, _ := strings.Cut(rest, "\n};")
	entry := regexp.MustCompile(`(\w+): ("(?:[^"\\]|\\.)*")`)
	read := func(s string) map[string]string {
		m := map[string]string{}
		for _, x := range entry.FindAllStringSubmatch(s, -1) {
			var v string
			if err := json.Unmarshal([]byte(x[2]), &v); err != nil {
				t.Fatalf("%s: %v", x[0], err)
			}
			m[x[1]] = v
		}
		return m
	}
	one, two := read(en), read(ja)
	if len(one) < 80 || len(one) != len(two) {
		t.Fatalf("%d texts and %d", len(one), len(two))
	}
	holes := regexp.MustCompile(`%\d`)
	for k, v := range one {
		a, b := holes.FindAllString(v, -1), holes.FindAllString(two[k], -1)
		slices.Sort(a)
		slices.Sort(b)
		if two[k] == "" || !slices.Equal(a, b) {
			t.Errorf("%s: %q, %q", k, v, two[k])
		}
	}
}
