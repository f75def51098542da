package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// An ExplorerTool is one program or class that Explorer starts for a drive.
type ExplorerTool struct{ Hook }

const (
	explorerToolKey = `Microsoft\Windows\CurrentVersion\Explorer\MyComputer\`
	volumeCachesKey = `Microsoft\Windows\CurrentVersion\Explorer\VolumeCaches\*`
)

var explorerTools = artifacts.Define(artifacts.Artifact{
	Name:     "explorertools",
	Title:    "Explorer tool",
	DataType: "windows:registry:explorer_tool",
	About: `The programs behind the buttons for backup, clean-up and defragmentation in a drive's properties, and the
handlers of the disk clean-up, with the commands that run before and after them. Proves that they were
registered. Does not prove that they ran: disk clean-up runs from its button, from a scheduled task and
when the disk is full. Windows' own lie in System32. The time is that of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546", "T1546.015"},
	Refs: []string{
		"https://persistence-info.github.io/Data/diskcleanuphandler.html",
		"https://persistence-info.github.io/Data/explorertools.html",
		"https://learn.microsoft.com/windows/win32/lwef/disk-cleanup",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, explorerToolKey+"BackupPath"),
		artifacts.Key(evidence.SOFTWARE, explorerToolKey+"CleanupPath"),
		artifacts.Key(evidence.SOFTWARE, explorerToolKey+"ChkDskPath"),
		artifacts.Key(evidence.SOFTWARE, explorerToolKey+"DefragPath"),
		artifacts.Key(evidence.SOFTWARE, volumeCachesKey),
	},
}, decodeExplorerTools)

func decodeExplorerTools(in artifacts.Input, yield func(ExplorerTool) bool) error {
	key := in.Source.Key[strings.Index(in.Source.Key, `Explorer\`)+len(`Explorer\`):]
	h := hooksOf(in, key)
	mark := func(r *Hook) {
		if r != nil {
			r.Default = r.Image != "" && in.Machine.IsSystem32(winpath.Dir(r.Image))
		}
	}
	h.value("", func(v hive.Value) {
		text, note := h.text(v)
		switch {
		case comIsCLSID(strings.TrimSpace(text)):
			a, title := autostartCOM(in, "Disk clean-up handler", strings.TrimSpace(text))
			r := h.add(v, a)
			r.Value, r.Unusual = strings.TrimSpace(text+" "+title), note
			mark(r)
		case !strings.Contains(in.Source.Key, "VolumeCaches"):
			mark(h.command(v, "Explorer tool"))
		}
	})
	for _, name := range []string{"PreCleanupString", "CleanupString"} {
		h.value(name, func(v hive.Value) { mark(h.command(v, "Disk clean-up command")) })
	}
	return hookRecords(h, func(r Hook) ExplorerTool { return ExplorerTool{r} }, yield)
}
