package activity

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Wallpaper is a picture or page on the desktop of a user.
type Wallpaper struct {
	artifacts.Origin
	Kind     string    `json:"kind"` // picture, copied picture, source, page
	Path     string    `json:"path"` // of the picture, or the address of a page
	Title    string    `json:"title,omitempty"`
	Width    uint32    `json:"width,omitempty"`
	Height   uint32    `json:"height,omitempty"`
	Size     uint32    `json:"size,omitempty"` // of the picture's file
	Modified time.Time `json:"picture_modified,omitzero" event:"Content Modification Time"`
	Written  time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var wallpaper = artifacts.Define(artifacts.Artifact{
	Name:     "wallpaper",
	Title:    "Picture or page on the desktop",
	DataType: "windows:registry:wallpaper",
	About: `The picture behind the desktop of a user: the one that is set, the one that Windows copied with size and
time of its file, and its source; up to Windows XP also web pages on the desktop (Active Desktop), which
run their scripts at each log-on. Proves the setting when the hive was written. Does not prove that the
user chose it: ransomware sets a picture with its demand, and companies set one by policy. The time of
a copied picture is that of the picture's file; others have the time of their key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1491.001"},
	Refs: []string{
		"https://github.com/ForensicArtifacts/artifacts/blob/main/artifacts/data/windows.yaml",
		"https://learn.microsoft.com/windows/win32/controls/themesfileformat-overview",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Control Panel\Desktop`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Internet Explorer\Desktop\General`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Internet Explorer\Desktop\Components\*`),
	},
}, decodeWallpaper)

// TranscodedImageCache begins with a mark and the size of the file (u32), width and
// height (u32) and the FILETIME of the file; the path follows, in UTF-16.
const (
	cachedSize   = 4
	cachedWidth  = 8
	cachedHeight = 12
	cachedTime   = 16
	cachedPath   = 24
)

func decodeWallpaper(in artifacts.Input, yield func(Wallpaper) bool) error {
	own := in.Own()
	w := Wallpaper{Origin: in.AtKey()}
	switch {
	case strings.HasSuffix(in.Source.Key, `Components\*`):
		w.Kind, w.Title, w.Path = "page", own.Text("FriendlyName"), own.Text("Source")
		if w.Path == "" {
			w.Path = own.Text("SubscribedURL")
		}
		if !in.Partial() {
			w.Written = in.Written()
		}
		if w.Path != "" {
			yield(w)
		}
		return nil
	case strings.HasSuffix(in.Source.Key, `General`):
		for _, name := range []string{"WallpaperSource", "Wallpaper"} {
			v, ok := own.Find(name)
			if !ok {
				continue
			}
			w.Origin, w.Kind, w.Path = in.At(v), "source", own.TextOf(v)
			if !in.Partial() {
				w.Written = in.Written()
			}
			if w.Path != "" && !yield(w) {
				return nil
			}
		}
		return nil
	}
	if v, ok := own.Find("Wallpaper"); ok {
		w.Origin, w.Kind, w.Path = in.At(v), "picture", own.TextOf(v)
		if w.Path != "" && !yield(w) {
			return nil
		}
	}
	v, ok := own.Find("TranscodedImageCache")
	if !ok {
		return nil
	}
	b := own.BytesOf(v)
	if len(b) <= cachedPath {
		return in.Errorf(in.At(v), "%d bytes, a copied picture has more than %d", len(b), cachedPath)
	}
	w = Wallpaper{
		Origin: in.At(v), Kind: "copied picture", Size: le.Uint32(b[cachedSize:]), Width: le.Uint32(b[cachedWidth:]),
		Height: le.Uint32(b[cachedHeight:]), Modified: wire.TimeAt(b, cachedTime),
	}
	w.Path = wire.UTF16Z(b[cachedPath:])
	yield(w)
	return nil
}

// Summary shows what is on the desktop.
func (w Wallpaper) Summary() string {
	s := fmt.Sprintf("[%s] %s", w.Path, w.Kind)
	if w.Title != "" {
		s += " " + w.Title
	}
	if w.Width > 0 {
		s += fmt.Sprintf(", %d × %d, %d bytes", w.Width, w.Height, w.Size)
	}
	return s
}
