package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// incident is the report's input for the incident of the corpus.
func incident(t *testing.T, opts *Options, jobs int) Input {
	t.Helper()
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	in := Input{Tool: "test", Collected: NewCollector(opts)}
	var sorter output.Sorter
	defer sorter.Close()
	for _, tree := range ev.Trees {
		in.Machines = append(in.Machines, MachineOf(tree, ev.Kind))
		e := findings.NewEvaluator(findings.FactsOf(tree, ev.Kind, nil), nil)
		results, err := artifacts.Run(t.Context(), tree, catalogue.All(), &artifacts.Options{Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			in.Collected.Result(tree.Machine().Name, &res)
			e.Add(&res)
			for i := range res.Records {
				if err := sorter.Add(&res.Records[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		rep := e.Report()
		for _, f := range rep.Findings {
			x := Finding{
				ID: f.ID, Title: f.Title, Level: f.Level.String(), Techniques: f.Techniques, Subject: f.Subject, SubjectKind: f.SubjectKind,
				Host: f.Host, FirstSeen: f.FirstSeen, LastSeen: f.LastSeen, TimeKind: f.TimeKind, Why: f.Why, Benign: f.FalsePositives, Next: f.Next,
			}
			for _, e := range f.Evidence {
				x.Evidence = append(x.Evidence, Evidence{ID: e.ID, Artifact: e.Artifact, Proves: e.Proves, Time: e.Time, TimeKind: e.TimeKind, Source: e.Path, Quote: e.Quote})
			}
			in.Findings = append(in.Findings, x)
			for _, id := range f.Techniques {
				if ti, ok := findings.Technique(id); ok {
					in.Techniques = append(in.Techniques, Technique{ti.ID, ti.Name, ti.Tactics})
				}
			}
		}
		for _, c := range rep.Coverage {
			in.Rules = append(in.Rules, Rule{ID: c.RuleID, Title: c.Title, Status: c.Status, Why: c.Why, Hits: c.Hits})
		}
	}
	in.Collected.Focus(in.Findings)
	for _, take := range []func(*output.Row){in.Collected.Row, in.Collected.Near} {
		for r, err := range sorter.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			take(r)
		}
	}
	return in
}

func page(t *testing.T, in Input, opts *Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, in, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	styleElement  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	scriptElement = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	void          = []string{"meta", "link", "br", "input", "hr", "img", "wbr"}
)

// An element is one start tag of a page with the names of those around it.
type element struct {
	name   string
	attr   map[string]string
	around []string
}

// elements reads the page as strictly as an XML reader would, but for
// elements that HTML leaves open, and fails the test where it is not well
// formed. The page's own script and style are left out.
func elements(t *testing.T, page string) []element {
	t.Helper()
	page = styleElement.ReplaceAllString(scriptElement.ReplaceAllString(page, "<script></script>"), "<style></style>")
	page = strings.TrimPrefix(page, "<!doctype html>")
	page = regexp.MustCompile(` (hidden|open|checked)([ >])`).ReplaceAllString(page, ` $1="$1"$2`)
	page = regexp.MustCompile(` (hidden|open|checked)([ >])`).ReplaceAllString(page, ` $1="$1"$2`)
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = map[string]string{"nbsp": " "}
	var out []element
	var stack []string
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("page is not well formed: %v near %q", err, near(page, d.InputOffset()))
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{tok.Name.Local, map[string]string{}, slices.Clone(stack)}
			for _, a := range tok.Attr {
				e.attr[strings.Trim(a.Name.Space+":"+a.Name.Local, ":")] = a.Value
			}
			out = append(out, e)
			if !slices.Contains(void, e.name) {
				stack = append(stack, e.name)
			}
		case xml.EndElement:
			if slices.Contains(void, tok.Name.Local) {
				continue
			}
			if n := len(stack); n == 0 || stack[n-1] != tok.Name.Local {
				t.Fatalf("</%s> closes %v near %q", tok.Name.Local, stack, near(page, d.InputOffset()))
			}
			stack = stack[:len(stack)-1]
		}
	}
	if len(stack) > 0 {
		t.Fatalf("left open: %v", stack)
	}
	return out
}

func near(s string, at int64) string { return s[max(0, at-120):min(int64(len(s)), at+40)] }

// visible is the text of the page as a reader gets it.
func visible(page string) string {
	page = styleElement.ReplaceAllString(scriptElement.ReplaceAllString(page, ""), "")
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, ""))
}

func find(all []element, name string) []element {
	return slices.DeleteFunc(slices.Clone(all), func(e element) bool { return e.name != cmp.Or(name, e.name) })
}
