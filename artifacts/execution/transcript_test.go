package execution

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// asterisks is a row as PowerShell writes it.
var asterisks = strings.Repeat("*", 22) + "\r\n"

// transcriptHeadOf is the head of a session of PowerShell 5.
func transcriptHeadOf(start string) string {
	return asterisks + "Windows PowerShell transcript start\r\nStart time: " + start + "\r\nUsername: PC\\mira\r\nRunAs User: PC\\mira\r\n" +
		"Configuration Name: \r\nMachine: PC (Microsoft Windows NT 10.0.19045.0)\r\nHost Application: powershell.exe -NoProfile\r\n" +
		"Process ID: 4321\r\nPSVersion: 5.1.19041.1\r\n" + asterisks
}

func transcriptEndOf(end string) string {
	return asterisks + "Windows PowerShell transcript end\r\nEnd time: " + end + "\r\n" + asterisks
}

// sessionsOf reads a transcript.
func sessionsOf(t *testing.T, text string) (out []PSTranscript, problems []string) {
	t.Helper()
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Transcripts/20260301/PowerShell_transcript.PC.txt": {Data: []byte(text)}}
	recs, errs := testtree.Found(t, m, psTranscripts)
	for i, r := range recs {
		out = append(out, r.Data.(PSTranscript))
		if i > 0 && r.From.Offset <= recs[i-1].From.Offset {
			t.Errorf("session %d is at %d, the one before at %d", i, r.From.Offset, recs[i-1].From.Offset)
		}
	}
	for _, err := range errs {
		problems = append(problems, err.Error())
	}
	return out, problems
}

// TestTranscriptCommandTimes: with IncludeInvocationHeader (which the policy
// "EnableInvocationHeader" sets) the time of each command stands between two more
// rows, and the session goes on after it.
func TestTranscriptCommandTimes(t *testing.T) {
	at := func(sec int) string {
		return asterisks + fmt.Sprintf("Command start time: 202603011020%02d\r\n", sec) + asterisks
	}
	got, problems := sessionsOf(t, transcriptHeadOf("20260301102000")+
		at(10)+"PS C:\\Users\\mira> whoami /all\r\npc\\mira\r\n"+
		at(20)+"PS C:\\Users\\mira> iex (gc a.ps1)\r\n"+
		at(30)+"PS>exit\r\n"+
		transcriptEndOf("20260301102100"))
	if len(got) != 1 || problems != nil {
		t.Fatalf("%d sessions, problems %v", len(got), problems)
	}
	s := got[0]
	if want := []string{"whoami /all", "iex (gc a.ps1)", "exit"}; !slices.Equal(s.Inputs, want) {
		t.Errorf("inputs %q, want %q", s.Inputs, want)
	}
	if !s.Start.Equal(time.Date(2026, 3, 1, 10, 20, 0, 0, time.UTC)) || !s.End.Equal(time.Date(2026, 3, 1, 10, 21, 0, 0, time.UTC)) {
		t.Errorf("from %v to %v", s.Start, s.End)
	}
	if s.Account != `PC\mira` || s.PID != "4321" || s.Version != "5.1.19041.1" || !strings.Contains(s.Text, `pc\mira`) {
		t.Errorf("%+v", s)
	}
	if want := "powershell.exe -NoProfile\nwhoami /all\niex (gc a.ps1)\nexit"; s.CommandLine() != want {
		t.Errorf("command line %q", s.CommandLine())
	}
}

// TestTranscriptRowsOfPrograms: a program may print rows of asterisks, with none,
// some or very many lines between them.
func TestTranscriptRowsOfPrograms(t *testing.T) {
	for name, c := range map[string]struct{ text, keep string }{
		"banner":          {asterisks + "  Welcome  \r\n" + asterisks, "  Welcome  "},
		"two lines":       {asterisks + "one\r\ntwo\r\n" + asterisks, "two"},
		"nothing":         {asterisks + asterisks, ""},
		"one row":         {asterisks + "alone\r\n", "alone"},
		"three rows":      {asterisks + "a\r\n" + asterisks + "b\r\n" + asterisks + "c\r\n", "c"},
		"hundred lines":   {asterisks + strings.Repeat("line\r\n", 100) + "last\r\n" + asterisks, "last"},
		"a longer row":    {strings.Repeat("*", 79) + "\r\nx\r\n" + strings.Repeat("*", 79) + "\r\n", "x"},
		"a shorter row":   {strings.Repeat("*", 19) + "\r\ny\r\n", "y"},
		"prompt in block": {asterisks + "PS C:\\> hidden\r\n" + asterisks, "hidden"},
	} {
		got, problems := sessionsOf(t, transcriptHeadOf("20260301102000")+"PS C:\\> run\r\n"+c.text+"PS C:\\> after\r\n"+transcriptEndOf("20260301102100"))
		if len(got) != 1 || problems != nil {
			t.Errorf("%s: %d sessions, problems %v", name, len(got), problems)
			continue
		}
		s := got[0]
		if s.Inputs[0] != "run" || s.Inputs[len(s.Inputs)-1] != "after" || s.End.IsZero() || !strings.Contains(s.Text, c.keep) {
			t.Errorf("%s: inputs %q, end %v, text %q", name, s.Inputs, s.End, s.Text)
		}
	}
}

// TestTranscriptNoEnd: a session that was killed has no end; the next one of the
// same file begins at its own head, with the same version of the head.
func TestTranscriptNoEnd(t *testing.T) {
	got, problems := sessionsOf(t, transcriptHeadOf("20260301102000")+"PS C:\\> one\r\n"+transcriptHeadOf("20260302102000")+"PS C:\\> two\r\n"+
		transcriptHeadOf("20260303102000")+"PS C:\\> three\r\n"+transcriptEndOf("20260303102100"))
	if len(got) != 3 || problems != nil {
		t.Fatalf("%d sessions, problems %v", len(got), problems)
	}
	for i, want := range []string{"one", "two", "three"} {
		if s := got[i]; !slices.Equal(s.Inputs, []string{want}) || s.Start.Day() != i+1 || s.End.IsZero() == (i == 2) || s.Machine != "PC" {
			t.Errorf("session %d: %+v", i, s)
		}
	}
}

// TestTranscriptCut cuts a transcript at every byte: there is one session as soon as
// its head is whole, an error before, and never more inputs than the whole has.
func TestTranscriptCut(t *testing.T) {
	head := transcriptHeadOf("20260301102000")
	whole := head + "PS C:\\> one\r\n" + asterisks + "Command start time: 20260301102030\r\n" + asterisks + "PS C:\\> two\r\n" + transcriptEndOf("20260301102100")
	for n := range whole {
		got, problems := sessionsOf(t, whole[:n])
		switch {
		case n < 20 && (len(got) != 0 || problems != nil):
			t.Fatalf("cut at %d: %d sessions, %v", n, len(got), problems)
		case n >= 20 && len(got) != 1:
			t.Fatalf("cut at %d: %d sessions, %v", n, len(got), problems)
		case n >= len(head) && (problems != nil || got[0].Start.IsZero() || len(got[0].Inputs) > 2):
			t.Fatalf("cut at %d: %+v, %v", n, got[0], problems)
		}
	}
}

func TestTyped(t *testing.T) {
	for line, want := range map[string]string{
		`PS C:\Users\mira> dir`:               "dir",
		`PS>dir`:                              "dir",
		`PS >dir`:                             "dir",
		`[srv01]: PS C:\Windows> hostname`:    "hostname",
		`[DBG]: PS C:\>> $x`:                  "$x",
		`PS HKLM:\Software> gci > C:\out.txt`: "gci > C:\\out.txt",
		`PS Microsoft.PowerShell.Core\FileSystem::\\srv\share> x`: "x",
		`PS C:\> `:      "",
		`PS C:\`:        "",
		`PSVersion: 5`:  "",
		`PSX> a`:        "",
		`> dir`:         "",
		`[x] PS C:\> a`: "",
		``:              "",
	} {
		if got := typed(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestTranscriptTime(t *testing.T) {
	for line, want := range map[string]string{
		"Start time: 20260301102030":  "2026-03-01 10:20:30",
		"Startzeit : 20260301102030":  "2026-03-01 10:20:30",
		"20260301102030":              "2026-03-01 10:20:30",
		"Start time: 20260229102030":  "0001-01-01 00:00:00",
		"Start time: 2026030110203":   "0001-01-01 00:00:00",
		"Start time: 202603011020301": "0001-01-01 00:00:00",
		"Start time:":                 "0001-01-01 00:00:00",
		"":                            "0001-01-01 00:00:00",
	} {
		if got := transcriptTime(line).Format(time.DateTime); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}
