package execution

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func realConsole(t *testing.T, file, as string) fstest.MapFS {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testtree.EvidenceDir(t), "artifacts2", "powershell", file))
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"Windows/System32/ntdll.dll": {}, as: {Data: b}}
}

const historyPath = "Users/x/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt"

func TestPSHistoryReal(t *testing.T) {
	recs, errs := testtree.Found(t, realConsole(t, "ConsoleHost_history.txt", historyPath), psHistory)
	testtree.NoErrors(t, errs)
	if len(recs) != 9 {
		t.Fatalf("%d commands", len(recs))
	}
	first, last := recs[0].Data.(PSCommand), recs[8].Data.(PSCommand)
	if !strings.Contains(first.Command, "DownloadString('https://chocolatey.org/install.ps1')") || first.Rank != 9 || last.Command != "bsh" || last.Rank != 1 || !last.Last {
		t.Errorf("%+v\n%+v", first, last)
	}
}

func TestPSHistory(t *testing.T) {
	text := "\ufeffone\r\ntwo `\r\nmore\r\n\r\nlast`"
	recs, errs := testtree.Found(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, historyPath: {Data: []byte(text)}}, psHistory)
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []PSCommand{
		{Shell: "ConsoleHost", Line: 1, Rank: 3, Command: "one"},
		{Shell: "ConsoleHost", Line: 2, Rank: 2, Command: "two \nmore"},
		{Shell: "ConsoleHost", Line: 5, Rank: 1, Command: "last\n", Last: true},
	})
	if len(recs) == 3 && recs[1].From.Offset != 8 {
		t.Errorf("the second command is at %d", recs[1].From.Offset)
	}
	if len(recs) == 3 && len(recs[2].Events()) != 0 {
		t.Error("the time of a copy is no event")
	}
}

func TestPSTranscriptReal(t *testing.T) {
	recs, errs := testtree.Found(t, realConsole(t, "powershell_transcript.txt", "Users/x/Documents/20220721/PowerShell_transcript.MSEDGEWIN10.x.txt"), psTranscripts)
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d sessions", len(recs))
	}
	r := recs[0].Data.(PSTranscript)
	if r.Account != `MSEDGEWIN10\IEUser` || r.Machine != "MSEDGEWIN10" || r.PID != "6456" || r.Host != `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe` ||
		len(r.Inputs) != 1 || r.Inputs[0] != "whoami" || !strings.Contains(r.Text, `msedgewin10\ieuser`) {
		t.Errorf("%+v", r)
	}
	ev := recs[0].Events()
	if len(ev) != 2 || !ev[0].Local || ev[0].Time.Format("2006-01-02 15:04:05") != "2022-07-21 02:37:49" || ev[1].Time.Format("15:04:05") != "02:37:59" {
		t.Errorf("events %+v", ev)
	}
}

// TestPSTranscriptTwo reads two sessions in one file, the second without an end
// and from PowerShell 4, which has no line for the configuration.
func TestPSTranscriptTwo(t *testing.T) {
	stars := strings.Repeat("*", 22) + "\r\n"
	text := stars + "Beginn\r\nStartzeit: 20260101101010\r\nBenutzername: A\\b\r\nRunAs-Benutzer: A\\c\r\nKonfigurationsname: \r\nComputer: PC (Microsoft Windows NT 10.0)\r\nHostanwendung: powershell.exe -c x\r\nProzess-ID: 5\r\n" + stars +
		"PS C:\\> dir\r\n" + stars + "Ende\r\nEndzeit: 20260101101020\r\n" + stars +
		stars + "Start\r\nStart time: 20260102101010\r\nUsername: A\\b\r\nRunAs User: A\\c\r\nMachine: PC (Microsoft Windows NT 6.3)\r\nHost Application: p.exe\r\nProcess ID: 6\r\n" + stars + "PS C:\\> cd x\r\n"
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Transcripts/20260101/PowerShell_transcript.PC.txt": {Data: []byte(text)}}
	recs, errs := testtree.Found(t, m, psTranscripts)
	testtree.NoErrors(t, errs)
	if len(recs) != 2 {
		t.Fatalf("%d sessions", len(recs))
	}
	a, b := recs[0].Data.(PSTranscript), recs[1].Data.(PSTranscript)
	if a.RunAs != `A\c` || a.Host != "powershell.exe -c x" || a.PID != "5" || a.End.IsZero() || b.Machine != "PC" || b.PID != "6" || !b.End.IsZero() || len(b.Inputs) != 1 {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// TestPSTranscriptPolicy looks where the policy of the machine has transcripts written.
func TestPSTranscriptPolicy(t *testing.T) {
	m := testtree.HiveOf("C/"+testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		root.Sub(`Policies\Microsoft\Windows\PowerShell\Transcription`).Set("OutputDirectory", regf.String(`D:\audit\PowerShell\all\`))
	})
	stars := strings.Repeat("*", 22) + "\r\n"
	text := stars + "Start\r\nStart time: 20260102101010\r\nUsername: A\\b\r\nRunAs User: A\\c\r\nMachine: PC (Microsoft Windows NT 6.3)\r\n" +
		"Host Application: p.exe\r\nProcess ID: 6\r\n" + stars + "PS C:\\> cd x\r\n"
	m["D/audit/PowerShell/all/20260101/PowerShell_transcript.PC.txt"] = &fstest.MapFile{Data: []byte(text)}
	m["D/audit/PowerShell/other/20260101/PowerShell_transcript.PC.txt"] = &fstest.MapFile{Data: []byte(text)}
	recs, errs := testtree.Found(t, m, psTranscripts)
	testtree.NoErrors(t, errs)
	if len(recs) != 1 || recs[0].From.Path != `D:\audit\PowerShell\all\20260101\PowerShell_transcript.PC.txt` {
		t.Errorf("%+v", recs)
	}
}

// TestPSTranscriptUserPolicy looks where the policy of a user has transcripts written, once for each file.
func TestPSTranscriptUserPolicy(t *testing.T) {
	m := testtree.HiveOf("C/Users/anna/NTUSER.DAT", func(root *regf.Key) {
		testtree.AsUser(root)
		root.Sub(`Software\Policies\Microsoft\Windows\PowerShell\Transcription`).Set("OutputDirectory", regf.Expand(`%USERPROFILE%\a\b\c\`))
	})
	stars := strings.Repeat("*", 22) + "\r\n"
	text := stars + "Start\r\nStart time: 20260102101010\r\nUsername: A\\b\r\nRunAs User: A\\c\r\nMachine: PC (Microsoft Windows NT 6.3)\r\n" +
		"Host Application: p.exe\r\nProcess ID: 6\r\n" + stars + "PS C:\\> cd x\r\n"
	m["C/Windows/System32/ntdll.dll"] = &fstest.MapFile{}
	m["C/Users/anna/a/b/c/20260101/PowerShell_transcript.PC.txt"] = &fstest.MapFile{Data: []byte("x\r\n" + text)}
	m["C/Users/anna/a/b/other/PowerShell_transcript.PC.txt"] = &fstest.MapFile{Data: []byte(text)}
	recs, errs := testtree.Found(t, m, psTranscripts)
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	from := recs[0].From
	if from.Path != `C:\Users\anna\a\b\c\20260101\PowerShell_transcript.PC.txt` || from.Key != "" || from.Offset != 3 || len(from.SHA256) != 64 || from.State != artifacts.Live ||
		recs[0].User.Name != "anna" || recs[0].Data.(PSTranscript).PID != "6" {
		t.Errorf("%+v of %q: %+v", from, recs[0].User.Name, recs[0].Data)
	}
	// In a folder where transcripts are looked for anyway, each file is read once.
	h := testtree.HiveOf("C/Users/anna/NTUSER.DAT", func(root *regf.Key) {
		testtree.AsUser(root)
		root.Sub(`Software\Policies\Microsoft\Windows\PowerShell\Transcription`).Set("OutputDirectory", regf.String(`C:\Users\anna\Documents`))
	})
	h["C/Windows/System32/ntdll.dll"] = &fstest.MapFile{}
	h["C/Users/anna/Documents/PowerShell_transcript.PC.txt"] = &fstest.MapFile{Data: []byte(text)}
	if recs, _ := testtree.Found(t, h, psTranscripts); len(recs) != 1 {
		t.Errorf("%d records of one file", len(recs))
	}
}

func FuzzPSTranscript(f *testing.F) {
	f.Add([]byte("**********************\nx\nStart: 20260101101010\n**********************\nPS> a\n**********************\nEnd: 1\n**********************\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, a := range []*artifacts.Artifact{psTranscripts, psHistory} {
			in := artifacts.Input{Artifact: a, Source: a.Sources[0], Data: b, From: artifacts.Locator{Path: `C:\x_history.txt`}}
			testtree.CheckDecoded(t, in, int64(len(b)))
		}
	})
}
