package execution

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

func TestFindDate(t *testing.T) {
	for _, c := range []struct {
		text  string
		order dateOrder
		want  string
	}{
		{"Started 2/22/2010 5:48:33 AM", monthFirst, "2010-02-22 05:48:33"},
		{"Started 12/5/2010 12:00:07 AM", monthFirst, "2010-12-05 00:00:07"},
		{"Started 12/5/2010 12:00:07 PM", dayFirst, "2010-05-12 12:00:07"},
		{"Started 22/2/2010 5:48:33", monthFirst, ""},
		{"Started 3/2/2010 5:48:33", unknownOrder, ""},
		{"Gestartet am 22.02.2010 17:48:33", unknownOrder, "2010-02-22 17:48:33"},
		{"Iniciado 2010-02-22 17:48:33", unknownOrder, "2010-02-22 17:48:33"},
		{"開始 2010/02/22 17:48:33", unknownOrder, "2010-02-22 17:48:33"},
		{"22-02-10 17:48:33", unknownOrder, "2010-02-22 17:48:33"},
		{"5.1.2600.2180 (xpsp_sp2_rtm.040803-2158)", unknownOrder, ""},
		{"2/22/2010 25:48:33", monthFirst, ""},
		{"2/22/2010 13:48:33 PM", monthFirst, ""},
		{"31.02.2010 17:48:33", unknownOrder, ""},
	} {
		got := ""
		if d, ok := findDate(c.text); ok {
			if at, ok := d.time(c.order); ok {
				got = at.Format(time.DateTime)
			}
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func schedRecords(t *testing.T, text string) []TaskLogEntry {
	t.Helper()
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Windows/SchedLgU.txt": {Data: []byte(text)}}
	recs, errs := testtree.Found(t, m, schedLgU)
	testtree.NoErrors(t, errs)
	var out []TaskLogEntry
	for _, r := range recs {
		out = append(out, r.Data.(TaskLogEntry))
	}
	return out
}

// TestSchedLgU reads entries of all kinds, of which the last are older.
func TestSchedLgU(t *testing.T) {
	got := schedRecords(t, strings.Join([]string{
		"	Result: The rest of an entry.",
		`"a.job" (a.exe)`, "	Started 2/6/2010 2:30:00 PM", `"a.job" (a.exe)`, "	Finished 2/6/2010 2:30:09 PM", "	Result: The task completed with an exit code of (c1).",
		`"b.job" (b.bat) 2/22/2010 5:48:33 AM ** WARNING **`, "	Unable to update the task.", "	The specific error is:", "	0x00000020: The process cannot access the file.",
		`"Task Scheduler Service"`, "6.1.7600.16385 (win7_rtm.090713-1255)", "	Exited at 2/23/2010 8:00:00 AM",
		"[ ***** Most recent entry is above this line ***** ]", "", "	Result: cut off", `"c.job" (c.exe)`, "	Started 2/5/2010 11:00:01 PM", ""}, "\r\n"))
	var lines []string
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%d %s|%s|%s|%s|%s|%s|%s|%t", r.Line, r.Task, r.File, r.Action, r.Level, r.Time.Format(time.DateTime), r.Result, r.ExitCode, r.Older))
	}
	want := []string{
		"2 a.job|a.exe|started||2010-02-06 14:30:00|||false",
		"4 a.job|a.exe|finished||2010-02-06 14:30:09|Result: The task completed with an exit code of (c1).|c1|false",
		"7 b.job|b.bat||WARNING|2010-02-22 05:48:33|Unable to update the task. The specific error is: 0x00000020: The process cannot access the file.||false",
		"11 Task Scheduler Service||exited||2010-02-23 08:00:00|||false",
		"17 c.job|c.exe|started||2010-02-05 23:00:01|||true",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

// TestSchedLgUOrder learns the order of day and month, or gives no time.
func TestSchedLgUOrder(t *testing.T) {
	entry := func(dates ...string) string {
		var b strings.Builder
		for _, d := range dates {
			b.WriteString("\"a.job\" (a.exe)\r\n\tStarted " + d + "\r\n")
		}
		return b.String()
	}
	for _, c := range []struct{ text, want string }{
		{entry("5/1/2010 10:00:00", "13/1/2010 10:00:00"), "2010-01-05"},
		{entry("1/5/2010 10:00:00", "1/13/2010 10:00:00"), "2010-01-05"},
		{entry("5/1/2010 10:00:00", "6/1/2010 10:00:00", "4/2/2010 10:00:00"), "2010-01-05"}, // April before May otherwise
		{entry("5/1/2010 10:00:00", "5/1/2010 10:00:00"), ""},
	} {
		got := schedRecords(t, c.text)[0]
		if day := got.Time.Format(time.DateOnly); day != c.want && (c.want != "" || !got.Time.IsZero() || got.TimeText == "") {
			t.Errorf("%q: %+v", c.text, got)
		}
	}
}

func FuzzSchedLgU(f *testing.F) {
	f.Add([]byte("\"a.job\" (a.exe) 2/22/2010 5:48:33 AM ** ERROR **\r\n\tx (1)\r\n[ ***** x\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		testtree.CheckDecoded(t, artifacts.Input{Artifact: schedLgU, Data: b}, int64(len(b)))
	})
}
