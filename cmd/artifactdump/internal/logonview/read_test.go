package logonview

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
	}{{nil, " []"}, {[]string{table}, table + " []"}, {[]string{only, table}, table + " [" + only + "]"}} {
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
	p, err := Period("2026-03-06", "2026-03-06", time.UTC)
	if err != nil || p.To.Sub(p.From).Hours() != 24 {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := Period("", "", time.UTC); err != nil || !p.From.IsZero() || !p.To.IsZero() {
		t.Errorf("%v, %v", p, err)
	}
	_, err = Period("2026-03-07", "2026-03-05", time.UTC)
	refused(t, err, "--from is after --to")
	_, err = Period("x", "", time.UTC)
	refused(t, err, "--from")
	_, err = Period("", "x", time.UTC)
	refused(t, err, "--to")

	list, err := Periods([]string{"2026-03-06", "2026-03-07..2026-03-08"}, time.UTC)
	if err != nil || len(list) != 2 || list[0].To.Sub(list[0].From).Hours() != 24 || list[1].To.Sub(list[1].From).Hours() != 48 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := Periods(nil, time.UTC); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	_, err = Periods([]string{"2026-03-06"}, time.UTC)
	refused(t, err, "twice")
	_, err = Periods([]string{"2026-03-06", "x"}, time.UTC)
	refused(t, err, "--diff")
}

// TestZone: what has no offset is in the zone, and days are as long as they are there.
func TestZone(t *testing.T) {
	zone, err := Zone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Period("2026-03-29", "2026-03-29", zone) // the clocks go forward
	if err != nil || p.From.Format(time.RFC3339) != "2026-03-28T23:00:00Z" || p.To.Format(time.RFC3339) != "2026-03-29T22:00:00Z" {
		t.Errorf("%v, %v", p, err)
	}
	p, err = Period("2026-03-06 18:00", "2026-03-06T18:00:00Z", zone)
	if err != nil || p.To.Sub(p.From) != time.Hour {
		t.Errorf("%v, %v", p, err)
	}
	if list, err := Periods([]string{"2026-03-06", "2026-03-07"}, zone); err != nil || list[0].From.Format(time.RFC3339) != "2026-03-05T23:00:00Z" {
		t.Errorf("%v, %v", list, err)
	}
	if zone, err := Zone(""); err != nil || zone != time.UTC {
		t.Errorf("%v, %v", zone, err)
	}
	if zone, err := Zone("+05:30"); err != nil || time.Unix(0, 0).In(zone).Format("15:04-07:00") != "05:30+05:30" {
		t.Errorf("%v, %v", zone, err)
	}
	for _, v := range []string{"Local", "Nowhere/City", "5.5"} {
		_, err := Zone(v)
		refused(t, err, "--timezone")
	}
}

func TestStatuses(t *testing.T) {
	for list, want := range map[string]string{"": "[]", "0xC000006A": "[3221225578]", "0x18, 6": "[24 6]"} {
		if got, err := Statuses(list); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
	for _, list := range []string{"x", "0x18,", "-1", "0x1ffffffff"} {
		if got, err := Statuses(list); err == nil {
			t.Errorf("%q: %v", list, got)
		}
	}
}

func TestRequest(t *testing.T) {
	for _, c := range []struct {
		r      Request
		folder string
		ok     bool
	}{
		{Request{}, "", true}, {Request{From: "a"}, "", false}, {Request{To: "a"}, "", false}, {Request{From: "a", To: "b"}, "", true},
		{Request{From: "a", ToPrivileged: true}, "", true},
	} {
		if err := c.r.Check(c.folder); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.r, err)
		}
	}
	f, err := FormatOf("neo4j")
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Format: f}
	if r.Check("") == nil || r.Check("out") != nil {
		t.Error("a format of several files needs a folder, and no more")
	}
	if _, err := FormatOf("nope"); err == nil {
		t.Error("an unknown format is no error")
	}
}
