package execution

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A LoadedExtension is one class of the shell that was loaded for a user.
type LoadedExtension struct {
	artifacts.Origin
	CLSID     string    `json:"clsid"`
	Interface string    `json:"interface,omitempty"`
	Flags     uint32    `json:"flags"`
	Loaded    time.Time `json:"first_loaded,omitzero" event:"First Time Executed"`
}

var shellExtCache = artifacts.Define(artifacts.Artifact{
	Name:     "shellextcache",
	Title:    "Loaded shell extension",
	DataType: "windows:registry:shell_extensions_cached",
	About: `Shell extensions that Explorer loaded for a user, each with the time of the first load (UTC). Proves that
the class was created in this user's Explorer, or in a program with an Open dialog, at that time: its
DLL ran. Later loads leave nothing here. Does not record which DLL: the class's registration in
comhijack and shellextensions does, and may have changed since. Those of Windows are loaded in the
first minutes of a profile.`,
	Proves:  artifacts.Executed,
	Attack:  []string{"T1546.015"},
	Refs:    []string{"https://windowsir.blogspot.com/2012/08/links-tools-etc.html", "https://learn.microsoft.com/windows/win32/shell/reg-shell-exts"},
	Sources: []artifacts.Source{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Shell Extensions\Cached`)},
}, decodeShellExtCache)

// shellInterfaces are interfaces of the shell by their id.
var shellInterfaces = map[string]string{
	"{000214E4-0000-0000-C000-000000000046}": "IContextMenu",
	"{000214E6-0000-0000-C000-000000000046}": "IShellFolder",
	"{000214E8-0000-0000-C000-000000000046}": "IShellExtInit",
	"{000214E9-0000-0000-C000-000000000046}": "IShellPropSheetExt",
	"{0C6C4200-C589-11D0-999A-00C04FD655E1}": "IShellIconOverlayIdentifier",
	"{BB2E617C-0920-11D1-9A0B-00C04FC2D6C1}": "IExtractImage",
	"{E357FCCD-A995-4576-B01F-234630154E96}": "IThumbnailProvider",
	"{8895B1C6-B41F-4C1C-A562-0D564250836F}": "IPreviewHandler",
	"{886D8EEB-8CF2-4446-8D02-CDBA1DBDCF99}": "IPropertyStore",
}

// Of the 16 bytes of a value: flags (u32), nothing (u32), FILETIME. The shared
// hives of Windows XP to 10 agree.
const (
	shellExtTime = 8
	shellExtSize = 16
)

func decodeShellExtCache(in artifacts.Input, yield func(LoadedExtension) bool) error {
	for v := range in.Own().All() {
		parts := strings.Fields(v.Name())
		if len(parts) < 2 || !strings.HasPrefix(parts[0], "{") {
			continue
		}
		r := LoadedExtension{Origin: in.At(v), CLSID: parts[0]}
		r.Interface = cmp.Or(shellInterfaces[strings.ToUpper(parts[1])], parts[1])
		b := in.Own().BytesOf(v)
		if len(b) < shellExtSize {
			in.Note(in.At(v), fmt.Errorf("%d bytes, a cached extension has %d", len(b), shellExtSize))
			continue
		}
		r.Flags, r.Loaded = le.Uint32(b), wire.TimeAt(b, shellExtTime)
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// Summary names the class.
func (r LoadedExtension) Summary() string {
	return fmt.Sprintf("[%s] loaded as %s", r.CLSID, r.Interface)
}
