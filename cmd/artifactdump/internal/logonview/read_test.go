package logonview

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func analysis(t *testing.T, paths ...string) string {
	t.Helper()
	s, said := sessiontest.New(session.Options{})
	a, err := Read(t.Context(), s, paths, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var b bytes.Buffer
	for _, f := range logons.Formats() {
		if f.Name == "csv" {
			if err := f.Write(&b, a, "logons", &logons.Filter{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.String()
}

// TestRead reads the same logons from evidence and from its case.
func TestRead(t *testing.T) {
	evidence, kept := analysis(t, sessiontest.Incident), analysis(t, sessiontest.Case(t))
	if evidence != kept || strings.Count(evidence, "\n") < 3 {
		t.Errorf("%s\nbut of the case\n%s", evidence, kept)
	}
	s, _ := sessiontest.New(session.Options{})
	_, err := Read(t.Context(), s, nil, nil)
	refused(t, err, "missing EVIDENCE")
	if _, err := Read(t.Context(), s, []string{"not there"}, nil); err == nil || err.Error() != "not there: no such file or folder" {
		t.Errorf("%v", err)
	}
}

func refused(t *testing.T, err error, says string) {
	t.Helper()
	if _, ok := errors.AsType[usage.Error](err); !ok || !strings.Contains(err.Error(), says) {
		t.Errorf("%v; want a mistake in the command line that says %q", err, says)
	}
}

func TestViews(t *testing.T) {
	table, only := logons.TableViews[len(logons.TableViews)-1], logons.Views[1]
	for _, c := range []struct {
		names []string
		want  string
	}{{nil, "logons []"}, {[]string{table}, table + " []"}, {[]string{only, table}, table + " [" + only + "]"}} {
		view, restrict, err := Views(c.names)
		if got := fmt.Sprint(view, " ", restrict); got != c.want || err != nil {
			t.Errorf("%v: %s, %v; want %s", c.names, got, err, c.want)
		}
	}
	_, _, err := Views([]string{"nonsense"})
	refused(t, err, `unknown view "nonsense"; known: `)
}

func TestTypes(t *testing.T) {
	if got, err := Types("3, 10"); err != nil || fmt.Sprint(got) != "[3 10]" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Types(""); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"x", "3,", "-1", "21"} {
		_, err := Types(bad)
		refused(t, err, "--type")
	}
}

func TestPeriods(t *testing.T) {
	p, err := Period("2026-03-06", "2026-03-06")
	if err != nil || p.To.Sub(p.From).Hours() != 24 {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := Period("", ""); err != nil || !p.From.IsZero() || !p.To.IsZero() {
		t.Errorf("%v, %v", p, err)
	}
	_, err = Period("2026-03-07", "2026-03-05")
	refused(t, err, "--from is after --to")
	_, err = Period("x", "")
	refused(t, err, "--from")
	_, err = Period("", "x")
	refused(t, err, "--to")

	list, err := Periods([]string{"2026-03-06", "2026-03-07..2026-03-08"})
	if err != nil || len(list) != 2 || list[0].To.Sub(list[0].From).Hours() != 24 || list[1].To.Sub(list[1].From).Hours() != 48 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := Periods(nil); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	_, err = Periods([]string{"2026-03-06"})
	refused(t, err, "twice")
	_, err = Periods([]string{"2026-03-06", "x"})
	refused(t, err, "--diff")
}
