// Package sessiontest has sessions over the incident of the corpus, for tests.
package sessiontest

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// Incident is the incident as a test of a package beside this one sees it.
const Incident = "../../../../corpus/files/incident"

// New returns a session and what it says.
func New(o session.Options) (*session.Session, *bytes.Buffer) {
	var said bytes.Buffer
	return session.New(messages.New(&said), o), &said
}

// Case scans the incident, or some of its artifacts, into a case folder.
func Case(t testing.TB, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	if _, err := scan.Run(t.Context(), scan.Options{Evidence: []string{Incident}, Dir: dir, Artifacts: names}, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}
