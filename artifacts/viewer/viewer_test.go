package viewer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
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
	// Written in turn, the pages have the same rows, which are read once.
	pages, err := plan(in, "viewer.html", 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for i := range pages {
		all := pages[i].all
		pages[i].all = func(yield func(*output.Row, error) bool) {
			for r, err := range all {
				if read++; !yield(r, err) {
					return
				}
			}
		}
	}
	var got strings.Builder
	for p := range InTurn(pages) {
		got.WriteString(idsOf(t, p.Rows) + "; ")
	}
	if got.String() != "0 1 2; 3 4 5; 6; " || read != 7 {
		t.Errorf("in turn: %s, %d rows read", got.String(), read)
	}
	for p := range InTurn(pages) { // the reading ends with the loop
		if idsOf(t, p.Rows) != "0 1 2" {
			t.Error("the first page, again")
		}
		break
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

func TestByMachine(t *testing.T) {
	a, b := numbered("A", "x", "y"), numbered("B", "x", "y", "z")
	in := &Input{Machines: []output.Machine{{Name: "A"}, {Name: "B"}}, Rows: rowsOf([]*output.Row{a[0], b[0], a[1], b[1], b[2]}),
		Findings: [][]byte{[]byte(`{"host":"A"}`), []byte(`{"host":"B"}`)}}
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

// FuzzRows writes the page of any row that can be read of a timeline.
func FuzzRows(f *testing.F) {
	f.Add([]byte(`{"datetime":"2026-03-06T18:09:02.9045635Z","message":"m","tag":["a"],"id":"712ae612a6845072","extra":{"a":"b"},"offset":-1}`))
	f.Add([]byte(`{"datetime":"0000-01-01T00:00:00.0000000","id":"x","extra":null,"rules":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := output.ReadRow(line)
		if err != nil {
			return
		}
		in := &Input{Rows: rowsOf([]*output.Row{r, r}), Findings: [][]byte{[]byte("{}")}}
		if err := Write(io.Discard, in); err != nil {
			t.Fatal(err)
		}
	})
}

// table makes a table.
func table(t *testing.T, rows ...map[string]string) *Table {
	t.Helper()
	out, err := TableOf(rows...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReadTable reads tables by their header, and others after them.
func TestReadTable(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "null"},
		{"Host,Account\n", "null"},
		{"Host,Account\nA,me\nA,\n", `[{"Account":"me","Host":"A"},{"Host":"A"}]`},
		{"Host\n\"a\nb\"\n", `[{"Host":"a\nb"}]`},
	} {
		var x Table
		var b strings.Builder
		if err := x.Read(strings.NewReader(c.text)); err != nil {
			t.Errorf("%q: %v", c.text, err)
		} else if err := x.write(&b); err != nil || b.String() != c.want || x.size() != len(c.want) {
			t.Errorf("%q: %s of %d bytes, %v; want %s", c.text, &b, x.size(), err, c.want)
		}
	}
	var x Table
	var b strings.Builder
	if err := x.Read(strings.NewReader("a,b\n1\n")); err == nil {
		t.Error("a line that is too short is read")
	}
	for _, line := range []string{"1", "2"} {
		if err := x.Read(strings.NewReader("a\n" + line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.write(&b); err != nil || b.String() != `[{"a":"1"},{"a":"2"}]` {
		t.Errorf("%s, %v", &b, err)
	}
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
