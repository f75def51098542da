package activity

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

var appletLists = []recentList{
	{"Registry Editor", "last key", artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Regedit`),
		"LastKey", "", 0},
	{"Registry Editor", "favorites", artifacts.Key(evidence.NTUSER,
		`Software\Microsoft\Windows\CurrentVersion\Applets\Regedit\Favorites`), "*", "", 0},
	{"Paint", "files", artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Paint\Recent File List`), "",
		"File", 1},
	{"WordPad", "files", artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Wordpad\Recent File List`),
		"", "File", 1},
	{"Management Console", "consoles", artifacts.Key(evidence.NTUSER,
		`Software\Microsoft\Microsoft Management Console\Recent File List`), "", "File", 1},
	{"Media Player", "files", artifacts.Key(evidence.NTUSER, `Software\Microsoft\MediaPlayer\Player\RecentFileList`), "", "File", 0},
}

var applets = artifacts.Define(artifacts.Artifact{
	Name:     "applets",
	Title:    "Recent files of Windows programs",
	DataType: "windows:registry:applet",
	About: `What the registry editor showed when it was closed, and the last files of Paint, WordPad, the
management console and Media Player. Proves that this account used the program's window with that
key or file. A key in the registry editor was viewed, not necessarily changed. The time is that of
the list's key and dates only its newest entry; it does not show how often a file was opened.`,
	Proves:  artifacts.Interacted,
	Attack:  []string{"T1012", "T1112"},
	Refs:    []string{"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/default.py"},
	Sources: recentSources(appletLists),
}, func(in artifacts.Input, yield func(RecentPath) bool) error {
	return decodeRecent(in, appletLists, yield)
})
