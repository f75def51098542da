package catalogue_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/corpus"
)

var technique = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)

// TestDeclarations holds every artifact to what a user is promised: prose,
// references, well-formed technique ids, a case in the corpus.
func TestDeclarations(t *testing.T) {
	cases := map[string]bool{}
	for _, c := range corpus.Cases {
		cases[c.Artifact] = true
	}
	names := map[string]bool{}
	for _, a := range catalogue.All() {
		switch {
		case a.Name != strings.ToLower(a.Name) || strings.ContainsAny(a.Name, " _\t"):
			t.Errorf("%s: a name is one word in lower case", a.Name)
		case names[a.Name]:
			t.Errorf("%s is declared twice", a.Name)
		}
		names[a.Name] = true
		if a.Title == "" || a.Group == "" || a.Proves == "" || a.DataType == "" || len(a.Sources) == 0 {
			t.Errorf("%s: title, group, proof, data type and sources must be there", a.Name)
		}
		if len(a.About) < 120 || !strings.Contains(strings.ToLower(a.About), "not") {
			t.Errorf("%s: About must say what the trace proves and what it does not", a.Name)
		}
		if len(a.Refs) == 0 {
			t.Errorf("%s: no reference", a.Name)
		}
		for _, r := range a.Refs {
			if !strings.HasPrefix(r, "https://") {
				t.Errorf("%s: reference %q is no public address", a.Name, r)
			}
		}
		for _, id := range a.Attack {
			if !technique.MatchString(id) {
				t.Errorf("%s: %q is no technique id", a.Name, id)
			}
		}
		if len(catalogue.Fields(a)) == 0 {
			t.Errorf("%s: the record type has no fields", a.Name)
		}
		rt := reflect.TypeOf(a.Record())
		if _, ok := rt.FieldByName("Origin"); !ok {
			t.Errorf("%s: the record type does not embed Origin", a.Name)
		}
		if _, err := os.Stat(golden(a)); err != nil {
			t.Errorf("%s: no golden lines: go test ./artifacts/catalogue -run TestGolden -update", a.Name)
		}
		if !cases[a.Name] {
			t.Errorf("%s: the corpus has no case for it (corpus/cases.go)", a.Name)
		}
	}
}

// TestDocs holds docs/artifacts.md to the catalogue.
func TestDocs(t *testing.T) {
	var b bytes.Buffer
	catalogue.Markdown(&b, catalogue.All())
	have, err := os.ReadFile("../../docs/artifacts.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/artifacts.md is not what the catalogue says: run go generate ./artifacts/catalogue")
	}
}

// TestOneFileEach holds the rule that an artifact is one file with its name in
// the package of its chapter.
func TestOneFileEach(t *testing.T) {
	chapters := map[string][]*artifacts.Artifact{
		"execution": execution.Artifacts(), "persistence": persistence.Artifacts(), "communication": communication.Artifacts(),
		"browser": browser.Artifacts(), "activity": activity.Artifacts(), "system": system.Artifacts(),
	}
	n := 0
	for dir, list := range chapters {
		for _, a := range list {
			n++
			b, err := os.ReadFile(filepath.Join("..", dir, a.Name+".go"))
			if err != nil || bytes.Count(b, []byte("artifacts.Define(")) != 1 || !regexp.MustCompile(`Name: +"`+a.Name+`"`).Match(b) {
				t.Errorf("%s: %s.go does not declare it alone: %v", dir, a.Name, err)
			}
		}
	}
	// The artifacts of event logs are one family: one file declares them all, each
	// once, and the record of a log beside its decoder.
	declared, err := os.ReadFile("../events/chapter.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range events.Artifacts() {
		n++
		if a.Name != "evtxfiles" && bytes.Count(declared, []byte(`part("`+a.Name+`",`)) != 1 {
			t.Errorf("events/chapter.go does not declare %s once", a.Name)
		}
	}
	if n != len(catalogue.All()) {
		t.Errorf("%d artifacts in chapters, %d in the catalogue", n, len(catalogue.All()))
	}
}
