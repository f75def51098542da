package pageview

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

// TestRead shows the same rows of evidence and of its case.
func TestRead(t *testing.T) {
	text := func(path string) (string, *viewer.Input) {
		t.Helper()
		var sorter output.Sorter
		defer sorter.Close()
		s, said := sessiontest.New(session.Options{Names: []string{"prefetch", "services", "evtxfiles", "eventlogons"}})
		in, atMost, err := Read(t.Context(), s, []string{path}, &sorter, nil)
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		var b bytes.Buffer
		n := 0
		for r, err := range in.Rows {
			if err != nil {
				t.Fatal(err)
			}
			n++
			fmt.Fprintln(&b, r.ID, r.Datetime(), r.Message, r.Level, r.Session, r.ExtraJSON())
		}
		if n == 0 || n > atMost {
			t.Errorf("%s: %d rows, at most %d", path, n, atMost)
		}
		return b.String(), in
	}
	rows, in := text(sessiontest.Incident)
	kept, keptIn := text(sessiontest.Case(t, "prefetch", "services", "evtxfiles", "eventlogons"))
	if rows != kept {
		t.Errorf("%d bytes of rows of evidence, %d of the case", len(rows), len(kept))
	}
	if len(in.Findings) == 0 || len(in.Findings) != len(keptIn.Findings) || in.Evidence != keptIn.Evidence ||
		in.Logons.Len() == 0 || in.Logons.Len() != keptIn.Logons.Len() || fmt.Sprint(in.Machines) != fmt.Sprint(keptIn.Machines) {
		t.Errorf("%d findings, %d logons, %v of evidence;\n%d, %d, %v of the case", len(in.Findings), in.Logons.Len(), in.Machines,
			len(keptIn.Findings), keptIn.Logons.Len(), keptIn.Machines)
	}
}

func TestWritable(t *testing.T) {
	dir, evidence := t.TempDir(), t.TempDir()
	there := filepath.Join(dir, "there.html")
	if err := os.WriteFile(there, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"-", filepath.Join(dir, "new.html")} {
		if err := Writable(name, false, []string{evidence}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := Writable(there, false, []string{evidence})
	if _, ok := errors.AsType[*files.ExistsError](err); !ok || Writable(there, true, []string{evidence}) != nil {
		t.Errorf("%v", err)
	}
	if err := Writable(filepath.Join(evidence, "v.html"), true, []string{evidence}); err == nil {
		t.Error("a page may lie in the evidence")
	}
}

func TestMachinePage(t *testing.T) {
	for machine, want := range map[string]string{"PC": "out/v-PC.html", `..\a/b:c` + "\n": "out/v-.._a_b_c_.html", "部屋": "out/v-部屋.html"} {
		if got := machinePage("out/v.html", machine); got != want {
			t.Errorf("%q: %s, want %s", machine, got, want)
		}
	}
}

// TestWrite writes one page to a file or to standard output, and one for each machine
// where there are more rows than a page can hold.
func TestWrite(t *testing.T) {
	rows := func(yield func(*output.Row, error) bool) {
		for i, host := range []string{"A", "B", "A"} {
			r := &output.Row{ID: fmt.Sprintf("%016x", i), Host: host, Time: time.Unix(int64(i), 0).UTC(), Parser: "test", Message: "row of " + host}
			if !yield(r, nil) {
				return
			}
		}
	}
	in := &viewer.Input{Rows: rows, Machines: []output.Machine{{Name: "A"}, {Name: "B"}}}
	var said, stdout bytes.Buffer
	w := Writer{Log: messages.New(&said), Stdout: &stdout}
	if err := w.Write(in, "-", 3); err != nil || !strings.HasSuffix(stdout.String(), "</html>\n") || said.Len() > 0 {
		t.Errorf("%v, %d bytes, said %s", err, stdout.Len(), &said)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "v.html")
	if err := w.Write(in, name, 3); err != nil || said.String() != "note: open "+name+"\n" {
		t.Errorf("%v, said %s", err, &said)
	}
	if err := w.Write(in, name, 3); err == nil {
		t.Error("a page is replaced without --force")
	}
	if err := w.Write(in, name, viewer.MaxRows+1); err != nil {
		t.Fatal(err)
	}
	list, err := filepath.Glob(filepath.Join(dir, "v-?.html"))
	if err != nil || len(list) != 2 || !strings.Contains(said.String(), "one page for each machine") {
		t.Errorf("%v, %v, said %s", list, err, &said)
	}
	bad := errors.New("bad row")
	in.Rows = func(yield func(*output.Row, error) bool) { yield(nil, bad) }
	if err := w.Write(in, filepath.Join(dir, "bad.html"), 1); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "bad.html")); err == nil {
		t.Error("half a page was left")
	}
}
