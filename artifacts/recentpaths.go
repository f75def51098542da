package artifacts

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// RecentPath is one file, folder or key of a program's own list.
type RecentPath struct {
	Origin
	Tool     string    `json:"tool"`
	List     string    `json:"list"`
	Path     string    `json:"path"`
	Position int       `json:"mru_position,omitempty"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

// A recentList is one key in which a program keeps what it worked with.
type recentList struct {
	program, list string
	source        Source
	value         string // one value of the key; "" is all that are named by a number
	prefix        string // before the number
	first         int    // the number of the newest
}

var archiverLists = []recentList{
	{"WinRAR", "archives", Key(evidence.NTUSER, `Software\WinRAR\ArcHistory`), "", "", 0},
	{"WinRAR", "archives made", Key(evidence.NTUSER, `Software\WinRAR\DialogEditHistory\ArcName`), "", "", 0},
	{"WinRAR", "folders extracted to", Key(evidence.NTUSER, `Software\WinRAR\DialogEditHistory\ExtrPath`), "", "", 0},
	{"WinRAR", "other", Key(evidence.NTUSER, `Software\WinRAR\DialogEditHistory\*`), "", "", 0},
	{"WinRAR SFX", "extracted to", Key(evidence.NTUSER, `Software\WinRAR SFX`), "*", "", 0},
	{"7-Zip", "archives made", Key(evidence.NTUSER, `Software\7-Zip\Compression`), "ArcHistory", "", 0},
	{"7-Zip", "folders extracted to", Key(evidence.NTUSER, `Software\7-Zip\Extraction`), "PathHistory", "", 0},
	{"7-Zip", "folders", Key(evidence.NTUSER, `Software\7-Zip\FM`), "FolderHistory", "", 0},
	{"7-Zip", "folders copied to", Key(evidence.NTUSER, `Software\7-Zip\FM`), "CopyHistory", "", 0},
	{"7-Zip", "open folder", Key(evidence.NTUSER, `Software\7-Zip\FM`), "PanelPath0", "", 0},
	{"7-Zip", "open folder", Key(evidence.NTUSER, `Software\7-Zip\FM`), "PanelPath1", "", 0},
	{"WinZip", "archives", Key(evidence.NTUSER, `Software\Nico Mak Computing\WinZip\filemenu`), "", "filemenu", 1},
	{"WinZip", "archives", Key(evidence.NTUSER, `Software\Nico Mak Computing\WinZip\mru\archives`), "", "", 0},
}

var archivers = Define(Artifact{
	Name:     "archivers",
	Title:    "Archive programs",
	DataType: "windows:registry:archiver",
	About: `Archives and folders in the histories of WinRAR, 7-Zip and WinZip. Proves that this account opened, made or unpacked an archive
of that path with the program's windows; what was packed before it is carried off shows here. The command lines of rar and 7z leave nothing. It does not prove what was
inside. A key has one time, which dates the newest entry of its lists only.`,
	Proves: Interacted,
	Attack: []string{"T1560.001"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/WinRAR.md",
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/7-Zip.md",
	},
	Sources: recentSources(archiverLists),
}, func(in Input, yield func(RecentPath) bool) error { return in.decodeRecent(archiverLists, yield) })

var appletLists = []recentList{
	{"Registry Editor", "last key", Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Regedit`), "LastKey", "", 0},
	{"Registry Editor", "favorites", Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Regedit\Favorites`), "*", "", 0},
	{"Paint", "files", Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Paint\Recent File List`), "", "File", 1},
	{"WordPad", "files", Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Applets\Wordpad\Recent File List`), "", "File", 1},
	{"Management Console", "consoles", Key(evidence.NTUSER, `Software\Microsoft\Microsoft Management Console\Recent File List`), "", "File", 1},
	{"Media Player", "files", Key(evidence.NTUSER, `Software\Microsoft\MediaPlayer\Player\RecentFileList`), "", "File", 0},
}

var applets = Define(Artifact{
	Name:     "applets",
	Title:    "Recent files of Windows' own programs",
	DataType: "windows:registry:applet",
	About: `What the registry editor showed when it was closed, and the last files of Paint, WordPad, the management console and Media Player. Proves that
this account used the program's window with that key or file. A key in the registry editor was looked at, not necessarily changed. The time is that of the list's key and
dates its newest entry only; it does not say how often a file was opened.`,
	Proves:  Interacted,
	Attack:  []string{"T1012", "T1112"},
	Refs:    []string{"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/default.py"},
	Sources: recentSources(appletLists),
}, func(in Input, yield func(RecentPath) bool) error { return in.decodeRecent(appletLists, yield) })

func recentSources(lists []recentList) []Source {
	var out []Source
	seen := map[Source]bool{}
	for _, l := range lists {
		if !seen[l.source] {
			seen[l.source] = true
			out = append(out, l.source)
		}
	}
	return out
}

func (in Input) decodeRecent(lists []recentList, yield func(RecentPath) bool) error {

	var errs []error
	for _, l := range lists {
		if l.source != in.Source {
			continue
		}
		if len(in.Match) > 0 {
			if strings.EqualFold(in.Match[0], "ArcName") || strings.EqualFold(in.Match[0], "ExtrPath") {
				continue // has a list of its own
			}
			l.list = in.Match[0]
		}
		for v, err := range in.Values() {
			if err != nil {
				errs = append(errs, in.Wrap(in.AtKey(), err))
				continue
			}
			pos := 0
			switch {
			case l.value == "*":
			case l.value != "":
				if !strings.EqualFold(v.Name(), l.value) {
					continue
				}
				pos = 1
			default:
				n, ok := userNumbered("#"+v.Name(), "#"+l.prefix)
				if !ok || n < l.first {
					continue
				}
				pos = n - l.first + 1
			}
			texts, err := recentTexts(v)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			for i, s := range texts {
				r := RecentPath{Origin: in.At(v), Tool: l.program, List: l.list, Path: s, Position: pos}
				if pos > 0 {
					r.Position += i
				}
				if r.Position == 1 && in.only == nil {
					r.Written = in.Written()
				}
				if !yield(r) {
					return nil
				}
			}
		}
	}
	return errors.Join(errs...)
}

// recentTexts reads a value of any of the kinds that programs use: a text,
// several texts, or UTF-16 texts each with its NUL as bytes.
func recentTexts(v hive.Value) ([]string, error) {
	switch v.Type() {
	case hive.MultiString:
		l, err := v.Texts()
		return userNonEmpty(l), err
	case hive.Binary:
		b, err := v.Bytes()
		var out []string
		for len(b) > 1 {
			if s := wire.UTF16Z(b); s != "" {
				out = append(out, s)
			}
			b = b[wire.UTF16Len(b):]
		}
		return out, err
	}
	s, err := v.Text()
	if s == "" {
		return nil, err
	}
	return []string{s}, err
}

// Summary names program and path.
func (r RecentPath) Summary() string {
	return fmt.Sprintf("[%s] %s %s", r.Path, r.Tool, r.List)
}
