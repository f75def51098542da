package artifacts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestCollectedNamed collects files where settings of the machine put them: hosts, and transcripts of PowerShell.
func TestCollectedNamed(t *testing.T) {
	m := testtree.Hives(map[string]func(*regf.Key){
		testtree.SystemPath: func(root *regf.Key) {
			testtree.AsSystem(root).Sub(`Services\Tcpip\Parameters`).Set("DataBasePath", regf.String(`C:\Users\Public\etc`))
		},
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(`Policies\Microsoft\Windows\PowerShell\Transcription`).Set("OutputDirectory", regf.String(`C:\Logs\ps`))
		},
	})
	const line = "**********************\r\n"
	m["Logs/ps/PowerShell_transcript.PC.x.20260301.txt"] = &fstest.MapFile{Data: []byte(line + "Windows PowerShell transcript start\r\n" +
		"Start time: 20260301120000\r\nUsername: PC\\mira\r\nRunAs User: PC\\mira\r\nConfiguration Name: \r\nMachine: PC (x)\r\n" +
		"Host Application: powershell.exe\r\nProcess ID: 1\r\n" + line + "PS> whoami\r\n")}
	m["Users/Public/etc/hosts"] = &fstest.MapFile{Data: []byte("198.51.100.20 bank.example\r\n")}
	dir := filepath.Join(t.TempDir(), "machine")
	if err := os.CopyFS(filepath.Join(dir, "C"), m); err != nil {
		t.Fatal(err)
	}
	want := allRecords(t, dir)
	for _, part := range []string{"bank.example", "PowerShell_transcript"} {
		if !slices.ContainsFunc(want, func(l string) bool { return strings.Contains(l, part) }) {
			t.Errorf("no record with %q", part)
		}
	}
	sameLines(t, "collection", want, allRecords(t, collectTo(t, dir)))
}
