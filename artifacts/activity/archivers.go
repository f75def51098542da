package activity

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

var archiverLists = []recentList{
	{"WinRAR", "archives", artifacts.Key(evidence.NTUSER, `Software\WinRAR\ArcHistory`), "", "", 0},
	{"WinRAR", "archives made", artifacts.Key(evidence.NTUSER, `Software\WinRAR\DialogEditHistory\ArcName`), "", "", 0},
	{"WinRAR", "folders extracted to", artifacts.Key(evidence.NTUSER, `Software\WinRAR\DialogEditHistory\ExtrPath`), "", "", 0},
	{"WinRAR", "other", artifacts.Key(evidence.NTUSER, `Software\WinRAR\DialogEditHistory\*`), "", "", 0},
	{"WinRAR SFX", "extracted to", artifacts.Key(evidence.NTUSER, `Software\WinRAR SFX`), "*", "", 0},
	{"7-Zip", "archives made", artifacts.Key(evidence.NTUSER, `Software\7-Zip\Compression`), "ArcHistory", "", 0},
	{"7-Zip", "folders extracted to", artifacts.Key(evidence.NTUSER, `Software\7-Zip\Extraction`), "PathHistory", "", 0},
	{"7-Zip", "folders", artifacts.Key(evidence.NTUSER, `Software\7-Zip\FM`), "FolderHistory", "", 0},
	{"7-Zip", "folders copied to", artifacts.Key(evidence.NTUSER, `Software\7-Zip\FM`), "CopyHistory", "", 0},
	{"7-Zip", "open folder", artifacts.Key(evidence.NTUSER, `Software\7-Zip\FM`), "PanelPath0", "", 0},
	{"7-Zip", "open folder", artifacts.Key(evidence.NTUSER, `Software\7-Zip\FM`), "PanelPath1", "", 0},
	{"WinZip", "archives", artifacts.Key(evidence.NTUSER, `Software\Nico Mak Computing\WinZip\filemenu`), "", "filemenu", 1},
	{"WinZip", "archives", artifacts.Key(evidence.NTUSER, `Software\Nico Mak Computing\WinZip\mru\archives`), "", "", 0},
}

var archivers = artifacts.Define(artifacts.Artifact{
	Name:     "archivers",
	Title:    "Archive programs",
	DataType: "windows:registry:archiver",
	About: `Archives and folders in the histories of WinRAR, 7-Zip and WinZip. Proves that this account opened,
created or unpacked an archive of that path in the program's window, for instance before
exfiltration. The command lines of rar and 7z are not recorded. It does not prove the contents. A
key has one time, which dates only the newest entry of its lists.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1560.001"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/WinRAR.md",
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/7-Zip.md",
	},
	Sources: recentSources(archiverLists),
}, func(in artifacts.Input, yield func(RecentPath) bool) error {
	return decodeRecent(in, archiverLists, yield)
})
