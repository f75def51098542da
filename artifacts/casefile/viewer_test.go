package casefile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
)

// TestViewer makes of a case the page that the scan made of its evidence.
func TestViewer(t *testing.T) {
	dir := scanned(t)
	c, m := open(t, dir)
	in, atMost, err := Viewer(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if atMost != m.Counts.Events || in.Evidence != m.Evidence || in.Sessions.Len() == 0 || in.Logons.Len() == 0 {
		t.Errorf("at most %d rows of %s, %d sessions, %d logons", atMost, in.Evidence, in.Sessions.Len(), in.Logons.Len())
	}
	// What a scan leaves to where the page is.
	in.Lang, in.Tool, in.CaseFolder, in.Evidence, in.Machines[0].Input = "en", "artifactdump ", ".", "", ""
	var b bytes.Buffer
	if err := viewer.Write(&b, in); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), read(t, dir, "viewer.html")) {
		t.Errorf("the page of the case is not that of the scan: %d bytes", b.Len())
	}
	two, atMost, err := Viewer(t.Context(), c, c)
	if err != nil || len(two.Machines) != 2 || len(two.Findings) != 2*len(in.Findings) || atMost != 2*m.Counts.Events {
		t.Errorf("two cases: %v, %d machines, %d rows", err, len(two.Machines), atMost)
	}
	n := 0
	for _, err := range two.Rows {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != atMost {
		t.Errorf("%d rows of two cases, want %d", n, atMost)
	}
}

// TestViewerRefuses makes no page of what the case does not hold, or holds otherwise
// than the scan wrote it.
func TestViewerRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	o := scan.Options{Evidence: []string{incident}, Dir: dir, Artifacts: []string{"prefetch", "services", "eventlogons"}}
	if _, err := scan.Run(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct{ name, text, says string }{
		{findingsName, "{\n", "is not JSON"},
		{findingsName, `{"id":"other"}` + "\n", "changed since the scan"},
		{"sessions.csv", "a,b\nc\n", "sessions.csv"},
		{"logons.csv", "a\n", "changed since the scan"},
		{timelineName, "", "the case has no timeline.jsonl"},
	} {
		path := filepath.Join(dir, bad.name)
		whole := read(t, path)
		var err error
		if bad.text == "" {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, []byte(bad.text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		c, _ := open(t, dir)
		if _, _, err := Viewer(t.Context(), c); err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v; want %q", bad.name, err, bad.says)
		}
		if err := os.WriteFile(path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c, m := open(t, dir)
	m.Outputs = m.Outputs[:0]
	if _, _, err := Viewer(t.Context(), c); err == nil || !strings.Contains(err.Error(), "wrote no timeline.jsonl") {
		t.Errorf("%v", err)
	}
}
