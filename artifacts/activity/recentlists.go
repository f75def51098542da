package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A RecentFile is one file or folder of the list that a program keeps of what was
// opened with it.
type RecentFile struct {
	artifacts.Origin
	Application string    `json:"application"`
	List        string    `json:"list"`
	Path        string    `json:"path"`
	Name        string    `json:"value,omitempty"`
	Opened      time.Time `json:"last_opened,omitzero" event:"Last Access Time"`
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var recentLists = artifacts.Define(artifacts.Artifact{
	Name:     "recentlists",
	Title:    "Recent files of programs",
	DataType: "windows:registry:mrulist",
	About: `The lists that programs of all makers keep of files and folders that were opened with them: those that the
common toolkit writes (Recent File List and its kin), Adobe Acrobat and Reader, Visual Studio. Proves
that the file was opened or saved with the program under this account. Does not prove when, but for
Adobe's own times (with their offset from UTC): the time of a list is its last change. Lists of
Windows' own programs, of Office and of archive programs are artifacts of their own.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1005", "T1204.002"},
	Refs: []string{
		"https://learn.microsoft.com/cpp/mfc/reference/crecentfilelist-class",
		"https://www.forensafe.com/blogs/adobeacrobatreader.html",
		"https://github.com/EricZimmerman/RECmd/blob/master/BatchExamples/Kroll_Batch.reb",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\*\*\Recent File List`),
		artifacts.Key(evidence.NTUSER, `Software\*\*\*\Recent File List`),
		artifacts.Key(evidence.NTUSER, `Software\*\*\Recent Folder List`),
		artifacts.Key(evidence.NTUSER, `Software\*\*\Settings\Recent Document List`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\*\*\Recent`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\*\*\RecentFind`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\VisualStudio\*\FileMRUList`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\VisualStudio\*\ProjectMRUList`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\VisualStudio\*\MRUItems\*\Items`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\VisualStudio\*\NewProjectDialog\MRUSettingsLocalProjectLocationEntries`),
		artifacts.Key(evidence.NTUSER, `Software\Macrium\Reflect\Recent Folders\Image\*`),
		artifacts.Key(evidence.NTUSER, adobeKey+`cRecentFiles\*`),
		artifacts.Key(evidence.NTUSER, adobeKey+`cRecentFolders\*`),
	},
}, decodeRecentLists)

const adobeKey = `Software\Adobe\*\*\AVGeneral\`

func decodeRecentLists(in artifacts.Input, yield func(RecentFile) bool) error {
	if strings.HasPrefix(in.Source.Key, adobeKey) {
		return decodeAdobeRecent(in, yield)
	}
	parts := strings.Split(in.From.Key, `\`)
	r := RecentFile{List: parts[len(parts)-1]}
	if i := winpath.IndexFold(in.From.Key, `software\`); i >= 0 {
		r.Application = strings.TrimSuffix(in.From.Key[i+len(`software\`):], `\`+r.List)
	}
	if strings.EqualFold(r.Application, "Microsoft\\Microsoft Management Console") {
		return nil // of the artifact applets
	}
	for v := range in.Own().All() {
		if v.Name() == "" || strings.EqualFold(v.Name(), "MRUList") {
			continue
		}
		s, _, err := artifacts.AnyText(v)
		if err != nil {
			in.Note(in.At(v), err)
		}
		if !strings.ContainsAny(s, `\/`) {
			continue // a counter, an order, a name without a place
		}
		x := r
		x.Origin, x.Name, x.Path = in.At(v), v.Name(), s
		if !in.Partial() {
			x.Written = in.Written()
		}
		if !yield(x) {
			return nil
		}
	}
	return nil
}

// decodeAdobeRecent reads one item of Acrobat's or Reader's list: a path with its
// drive as the first folder (tDIText, or sDI as bytes), and when it was opened.
func decodeAdobeRecent(in artifacts.Input, yield func(RecentFile) bool) error {
	if in.Partial() {
		return nil
	}
	r := RecentFile{Origin: in.AtKey(), Application: `Adobe\` + in.Matched(2) + `\` + in.Matched(1), List: "recent files", Name: in.Matched(0),
		Path: in.Text("tDIText"), Written: in.Written()}
	if strings.HasSuffix(in.Source.Key, `cRecentFolders\*`) {
		r.List = "recent folders"
	}
	if r.Path == "" {
		r.Path = wire.Latin1Z(in.Bytes("sDI"))
	}
	var errs []error
	if s := wire.Latin1Z(in.Bytes("sDate")); s != "" {
		t, err := pdfTime(s)
		if err != nil {
			errs = append(errs, in.Errorf(in.AtKey(), "sDate %q: %v", s, err))
		}
		r.Opened = t
	}
	if r.Path != "" {
		yield(r)
	}
	return errors.Join(errs...)
}

// pdfTime reads a date as PDF writes it: D:20260304105512+09'00' (ISO 32000-1, 7.9.4).
func pdfTime(s string) (time.Time, error) {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "D:"), "'", "")
	s = strings.Replace(s, "Z0000", "Z", 1) // Z00'00'
	for _, layout := range []string{"20060102150405-0700", "20060102150405Z", "20060102150405"} {
		if t, err := time.Parse(layout, s); err == nil {
			if layout == "20060102150405" {
				return time.Time{}, fmt.Errorf("no offset from UTC")
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("not a date")
}

// Summary names the file and the program.
func (r RecentFile) Summary() string {
	return fmt.Sprintf("[%s] in %s of %s", r.Path, r.List, r.Application)
}
