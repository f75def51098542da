package scanview

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

var _ scan.Observer = (*Watcher)(nil)

// TestProgress names sources for those who asked, and reports from time to time to
// those without a terminal.
func TestProgress(t *testing.T) { synctest.Test(t, progress) }

func progress(t *testing.T) {
	var b bytes.Buffer
	m := &scan.MachineStatus{Machine: "PC", Folder: "PC", Phase: "reading", Done: 1, Planned: 3, Path: `C:\a`}
	st := &scan.Status{Machines: []*scan.MachineStatus{m}}
	w := Watch(messages.New(&b))
	w.Progress(st, &scan.MachineStatus{Machine: "PC"}) // another phase
	w.Progress(st, nil)
	if b.Len() > 0 {
		t.Errorf("drawn into a file: %q", b.String())
	}
	w.Progress(st, m)
	if got := b.String(); !strings.HasPrefix(got, "PC: reading, 1 of 3") {
		t.Errorf("%q", got)
	}
	b.Reset()
	if w.Progress(st, m); b.Len() > 0 {
		t.Errorf("reported again at once: %q", b.String())
	}
	time.Sleep(plainEvery + time.Second)
	if w.Progress(st, m); b.Len() == 0 {
		t.Errorf("not reported after %v", plainEvery)
	}
	b.Reset()
	w.Verbose = true
	w.Progress(st, m)
	if got := b.String(); got != "PC: read 1 of 3: C:\\a\n" {
		t.Errorf("%q", got)
	}
	b.Reset()
	w.Verbose, w.Quiet = false, true
	w.Progress(st, m)
	w.Completed(&scan.MachineManifest{Name: "PC"})
	if b.Len() > 0 {
		t.Errorf("%q", b.String())
	}
	w.Quiet = false
	if w.Completed(&scan.MachineManifest{Name: "PC", Folder: "PC-2"}); !strings.HasPrefix(b.String(), "PC-2: ") {
		t.Errorf("%q", b.String())
	}
}

// TestWorst names the worst findings, the machine where there are several, and what to
// open.
func TestWorst(t *testing.T) {
	dir := t.TempDir()
	write := func(machine, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, machine), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, machine, "findings.jsonl"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("A", `{"id":"f1","level":"high","title":"Odd \u001b[2Jthing","subject":"a.exe"}`+"\n")
	write("B", `{"id":"f2","level":"low","title":"Little thing"}`+"\n")
	one := &scan.MachineManifest{Name: "A", Folder: "A"}
	said := func(m *scan.Manifest) string {
		var b bytes.Buffer
		l := messages.New(&b)
		l.Quiet = true // the caller asks
		Worst(l, dir, m)
		return b.String()
	}
	got := said(&scan.Manifest{Machines: []*scan.MachineManifest{one}})
	if !strings.Contains(got, "  high          a.exe  Odd ") || !strings.HasSuffix(got, "open "+filepath.Join(dir, "A", "viewer.html")+"\n") ||
		strings.Contains(got, "\x1b") {
		t.Errorf("%s", got)
	}
	got = said(&scan.Manifest{Machines: []*scan.MachineManifest{one, {Name: "B", Folder: "B"}}})
	if !strings.Contains(got, "  high          A  a.exe") || strings.Contains(got, "f2") || !strings.HasSuffix(got, "open "+filepath.Join(dir, scan.IndexName)+"\n") {
		t.Errorf("%s", got)
	}
}

// TestError says with which flags a refused scan would run.
func TestError(t *testing.T) {
	other := errors.New("other")
	for _, c := range []struct {
		err   error
		says  string
		usage bool
	}{
		{other, "other", false},
		{&scan.OptionError{Option: "evidence timezone", Err: other}, "--evidence-timezone other", true},
		{&scan.OptionError{Err: other}, "other", true},
		{&scan.DifferentError{Dir: "case", Why: "options differ"}, "; use --force to start over", false},
		{&scan.InUseError{}, "-o", false},
		{&scan.UnfinishedError{Dir: "case.partial"}, "use --resume to continue or --force to start over", false},
		{&scan.UnfinishedError{Dir: "case.partial", Err: other}, "other", false},
	} {
		err := Error(c.err)
		if _, ok := errors.AsType[usage.Error](err); ok != c.usage || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%#v: %v", c.err, err)
		}
	}
}
