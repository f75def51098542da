package explainview

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

// explained explains an id of the incident, and says how often it was read again.
func explained(t *testing.T, id string, names ...string) (text string, again int, err error) {
	t.Helper()
	s, _ := sessiontest.New(session.Options{Names: names})
	var b bytes.Buffer
	err = InEvidence(t.Context(), &b, s, func() *session.Session {
		again++
		s, _ := sessiontest.New(session.Options{Names: names})
		return s
	}, sessiontest.Incident, id)
	return b.String(), again, err
}

// TestInEvidence finds records, events and findings by their ids, and reads again what
// is not shown by default.
func TestInEvidence(t *testing.T) {
	const record = "6d7a716b617e2194" // of the Prefetch file of psexesvc.exe
	text, again, err := explained(t, record, "prefetch")
	if err != nil || again != 0 || !strings.Contains(text, record) || !strings.Contains(text, "PSEXESVC.EXE") {
		t.Errorf("%v, read again %d times: %s", err, again, text)
	}
	if short, _, err := explained(t, record[:12], "prefetch"); err != nil || short != text {
		t.Errorf("its first digits: %v: %s", err, short)
	}
	if text, _, err := explained(t, "f08a28ca96ac7c25"); err != nil || !strings.Contains(text, "artifactdump explain "+sessiontest.Incident) {
		t.Errorf("a finding: %v: %s", err, text)
	}
	_, again, err = explained(t, "ffffffffffffffff", "prefetch")
	if err == nil || again != 1 || !strings.Contains(err.Error(), "has the id ffffffffffffffff") {
		t.Errorf("no id: %v, read again %d times", err, again)
	}
	_, _, err = explained(t, "6", "prefetch")
	if e, ok := errors.AsType[*casefile.AmbiguousError](err); !ok || len(e.IDs) < 2 || len(e.IDs) > maxIDs {
		t.Errorf("a prefix of several: %v", err)
	}
	if text, again, err := explained(t, lastWrite(t), "services"); err != nil || again != 1 || text == "" {
		t.Errorf("the last write of a key: %v, read again %d times: %s", err, again, text)
	}
}

// lastWrite is the id of a record that no command shows by default.
func lastWrite(t *testing.T) (id string) {
	t.Helper()
	s, _ := sessiontest.New(session.Options{Names: []string{"services"}, Extra: []*artifacts.Artifact{catalogue.RegistryKeys}})
	err := s.Each(t.Context(), []string{sessiontest.Incident}, func(_ *evidence.Tree, res artifacts.Result) error {
		if id == "" && res.Artifact == catalogue.RegistryKeys && len(res.Records) > 0 {
			id = res.Records[0].ID
		}
		return nil
	})
	if err != nil || id == "" {
		t.Fatal("no key was read: ", err)
	}
	return id
}

// TestInCase explains what a case holds, and says where the bytes are.
func TestInCase(t *testing.T) {
	c, err := casefile.Open(sessiontest.Case(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"6d7a716b617e2194", "f08a28ca96ac7c25"} {
		s, _ := sessiontest.New(session.Options{})
		var b bytes.Buffer
		if err := InCase(t.Context(), &b, s, c, "case", id); err != nil || !strings.Contains(b.String(), "artifactdump explain "+sessiontest.Incident+" ") {
			t.Errorf("%s: %v: %s", id, err, b.String())
		}
	}
	s, _ := sessiontest.New(session.Options{})
	if err := InCase(t.Context(), &bytes.Buffer{}, s, c, "case", "ffffffffffffffff"); err == nil || !strings.Contains(err.Error(), "of case has the id") {
		t.Errorf("%v", err)
	}
}

func TestBytesCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("here", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(t.TempDir(), "away")
	for path, want := range map[string]string{
		"here":  "artifactdump explain here 1f",
		"there": "artifactdump explain there 1f  (in the folder where the scan was run)",
		away:    "artifactdump explain " + away + " 1f  (the evidence is not at hand here)",
	} {
		if got := bytesCommand(path, "1f"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
