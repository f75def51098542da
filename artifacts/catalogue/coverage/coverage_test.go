package coverage_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/catalogue/coverage"
)

var update = flag.Bool("update", false, "rewrite docs/coverage.md")

const document = "../../../docs/coverage.md"

// TestDoc holds docs/coverage.md to the catalogue and the lists.
func TestDoc(t *testing.T) {
	lists, err := coverage.Lists()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := coverage.Markdown(&b, lists, catalogue.All()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(document, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/coverage.md is stale: run .ci/coverage")
	}
}

// TestReasons wants a reason for each place that nothing covers, none for one that
// is covered, and artifacts that exist.
func TestReasons(t *testing.T) {
	lists, err := coverage.Lists()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lists {
		for _, e := range l.Entries {
			v := coverage.Judge(e, catalogue.All())
			switch {
			case len(v.By) == 0 && v.Reason == "":
				t.Errorf("%s: %s %s is not covered, without a reason", l.Name, e.Kind, e.Path)
			case len(v.By) > 0 && v.Reason != "":
				t.Errorf("%s: %s %s is covered by %v, and has a reason to be left out", l.Name, e.Kind, e.Path, v.By)
			case strings.HasPrefix(e.Note, "= ") && len(v.By) > 1:
				t.Errorf("%s: %s %s is covered without its note", l.Name, e.Kind, e.Path)
			case e.Note != "" && !strings.HasPrefix(e.Note, "= ") && !strings.HasPrefix(e.Note, "- "):
				t.Errorf("%s: %s %s: note %q", l.Name, e.Kind, e.Path, e.Note)
			}
			for _, name := range v.By {
				if !slices.ContainsFunc(catalogue.All(), func(a *artifacts.Artifact) bool { return a.Name == name }) {
					t.Errorf("%s: %s %s: no artifact is named %q", l.Name, e.Kind, e.Path, name)
				}
			}
		}
	}
}

// TestJudge has places at the edge of what counts.
func TestJudge(t *testing.T) {
	list := []*artifacts.Artifact{
		{Name: "a", Sources: []artifacts.Source{artifacts.Key("SYSTEM", `{CS}\Services\X\*`), artifacts.Files(`%SystemRoot%\System32\**\*.mof`)}},
		{Name: "b", Sources: []artifacts.Source{artifacts.Key("USRCLASS", `CLSID\*\InprocServer32`), artifacts.Key("SOFTWARE", `One\Two`),
			artifacts.Key("SOFTWARE", `Three\*`), artifacts.Key("SOFTWARE", `*\*\List`)}},
	}
	for _, c := range []struct {
		kind, path string
		want       string
	}{
		{"SYSTEM", `{CS}\Services\X`, "a"},
		{"SYSTEM", `{CS}\services\x\*`, "a"},
		{"SYSTEM", `{CS}`, ""},
		{"SYSTEM", `{CS}\Services\Y`, ""},
		{"SYSTEM", `{CS}\Services\X\Y\Z`, ""},
		{"SOFTWARE", `{CS}\Services\X`, ""},
		{"NTUSER", `Software\Classes\CLSID\*\InprocServer32`, "b"},
		{"SOFTWARE", `One\Two\*`, "b"},
		{"SOFTWARE", `One`, ""},
		{"SOFTWARE", `Three`, "b"},
		{"SOFTWARE", `Any\Maker`, ""},
		{"FILE", `%SystemRoot%\System32\a\b\x.mof`, "a"},
		{"FILE", `%SystemRoot%\System32\x.exe`, ""},
	} {
		v := coverage.Judge(coverage.Entry{Kind: c.kind, Path: c.path}, list)
		if got := strings.Join(v.By, " "); got != c.want {
			t.Errorf("%s %s: covered by %q, want %q", c.kind, c.path, got, c.want)
		}
	}
}
