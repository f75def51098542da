package browser

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An Extension is one extension of a browser's profile.
type Extension struct {
	artifacts.Origin
	Browser     string    `json:"browser"`
	Profile     string    `json:"profile"`
	ExtensionID string    `json:"extension_id"`
	Name        string    `json:"name,omitempty"`
	Version     string    `json:"version,omitempty"`
	Location    string    `json:"location"` // store, external preference, registry, unpacked, policy …
	Store       bool      `json:"from_store,omitempty"`
	Enabled     bool      `json:"enabled"`
	Permissions []string  `json:"permissions,omitempty"`
	Hosts       []string  `json:"hosts,omitempty"` // whose pages it may read and change
	Path        string    `json:"path,omitempty"`
	Source      string    `json:"source,omitempty"` // address that it came from or is updated from
	Installed   time.Time `json:"installed,omitzero" event:"Installation Time"`
	Updated     time.Time `json:"updated,omitzero" event:"Update Time"`
}

var extensions = artifacts.Define(artifacts.Artifact{
	Name:     "browserextensions",
	Title:    "Browser extension",
	DataType: "chrome:preferences:extension_installation",
	About: `Extensions in the profiles of browsers of the Chromium family and of Firefox, with what they may do. Proves that the extension was
installed in this profile, from where, and since when. It does not prove that it did anything; one that is switched off is shown as not enabled. An
extension that is unpacked, or that a program put there, did not pass the checks of a store. Parts of the browser itself are left out; -a
browserextensions shows them. Times are UTC: the first installation, and the last update. The browser writes the file at its end and in between.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1176"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1176/",
		"https://chromium.googlesource.com/chromium/src/+/main/extensions/common/mojom/manifest.mojom",
	},
	Sources: preferences(),
}, decodeExtensions)

// preferences are the files that list extensions: of recent versions the second
// one, which is protected against changes.
func preferences() []artifacts.Source {
	var out []artifacts.Source
	for _, name := range []string{"Preferences", "Secure Preferences"} {
		for _, c := range chromium {
			out = append(out, artifacts.Files(`%UserProfile%\`+c.folder+`\*\`+name))
		}
		out = append(out, artifacts.Files(`%UserProfile%\AppData\Roaming\Opera Software\*\`+name),
			artifacts.Files(`%UserProfile%\AppData\Roaming\Opera Software\*\Default\`+name))
	}
	for _, dir := range []string{`AppData\Roaming\Mozilla\Firefox\Profiles\*\`, `AppData\Roaming\*\Profiles\*\`,
		`Desktop\Tor Browser\Browser\TorBrowser\Data\Browser\profile.default\`} {
		out = append(out, artifacts.Files(`%UserProfile%\`+dir+"extensions.json"))
	}
	return out
}

// maxPreferences is more than any such file has.
const maxPreferences = 64 << 20

func decodeExtensions(in artifacts.Input, yield func(Extension) bool) error {
	if len(in.Data) > maxPreferences {
		return fmt.Errorf("%d bytes are more than the limit of %d", len(in.Data), maxPreferences)
	}
	var list []Extension
	var err error
	family := "Chromium"
	if strings.EqualFold(winpath.Base(in.From.Path), "extensions.json") {
		family = "Firefox"
		list, err = firefoxExtensions(in.Data)
	} else {
		list, err = chromiumExtensions(in.Data)
	}
	if err != nil && in.Loose() && list == nil {
		return nil // a file of another program with this name
	}
	for _, r := range list {
		if !in.Full && (r.Location == "part of the browser" || r.Location == "") {
			continue
		}
		r.Origin = in.AtOffset(0)
		r.Browser, r.Profile = browserOf(in.From.Path, family)
		if r.Name == "" && r.Path != "" && in.Tree != nil && family == "Chromium" {
			r.Name = manifestName(in, r.Path)
		}
		if !yield(r) {
			return nil
		}
	}
	return err
}

// locations are where Chromium has an extension from (ManifestLocation).
var locations = []string{"", "store", "external preference", "registry", "unpacked", "part of the browser", "external preference, downloaded",
	"policy, downloaded", "command line", "policy", "part of the browser"}

// chromiumExtensions reads extensions.settings of the preferences.
func chromiumExtensions(b []byte) ([]Extension, error) {
	var file struct {
		Extensions struct {
			Settings map[string]json.RawMessage `json:"settings"`
		} `json:"extensions"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, err
	}
	var out []Extension
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(file.Extensions.Settings)) {
		var x struct {
			Location  int    `json:"location"`
			Store     bool   `json:"from_webstore"`
			State     *int   `json:"state"`
			Path      string `json:"path"`
			Installed string `json:"install_time"`
			First     string `json:"first_install_time"`
			Updated   string `json:"last_update_time"`
			Manifest  struct {
				Name    string `json:"name"`
				Version string `json:"version"`
				Update  string `json:"update_url"`
			} `json:"manifest"`
			Active struct {
				API      []json.RawMessage `json:"api"`
				Hosts    []string          `json:"explicit_host"`
				Script   []string          `json:"scriptable_host"`
				Manifest []json.RawMessage `json:"manifest_permissions"`
			} `json:"active_permissions"`
		}
		if err := json.Unmarshal(file.Extensions.Settings[id], &x); err != nil {
			if len(errs) < 20 {
				errs = append(errs, fmt.Errorf("extension %.40q: %w", id, err))
			}
			continue
		}
		if x.Location <= 0 { // only remembered, as one that was removed
			continue
		}
		r := Extension{ExtensionID: id, Name: x.Manifest.Name, Version: x.Manifest.Version, Store: x.Store, Source: x.Manifest.Update,
			Path: x.Path, Enabled: x.State == nil || *x.State == 1, Location: "unknown"}
		if x.Location < len(locations) {
			r.Location = locations[x.Location]
		}
		for _, p := range x.Active.API {
			var s string
			if json.Unmarshal(p, &s) == nil {
				r.Permissions = append(r.Permissions, s)
			}
		}
		r.Hosts = slices.Compact(slices.Sorted(slices.Values(slices.Concat(x.Active.Hosts, x.Active.Script))))
		r.Installed = webkitTime(cmp.Or(x.First, x.Installed))
		if r.Updated = webkitTime(x.Updated); r.Updated.Equal(r.Installed) {
			r.Updated = time.Time{}
		}
		out = append(out, r)
	}
	return out, errors.Join(errs...)
}

// webkitTime reads microseconds since 1601 that are written as text.
func webkitTime(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 1<<60 {
		return time.Time{}
	}
	return wire.Time(uint64(n) * 10)
}

// firefoxExtensions reads addons of extensions.json.
func firefoxExtensions(b []byte) ([]Extension, error) {
	var file struct {
		Addons []struct {
			ID          string                                   `json:"id"`
			Version     string                                   `json:"version"`
			Type        string                                   `json:"type"`
			Location    string                                   `json:"location"`
			Active      bool                                     `json:"active"`
			Path        string                                   `json:"path"`
			Source      string                                   `json:"sourceURI"`
			Signed      *int                                     `json:"signedState"`
			Installed   int64                                    `json:"installDate"` // milliseconds since 1970
			Updated     int64                                    `json:"updateDate"`
			Default     struct{ Name string }                    `json:"defaultLocale"`
			Permissions *struct{ Permissions, Origins []string } `json:"userPermissions"`
		} `json:"addons"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, err
	}
	var out []Extension
	for _, x := range file.Addons {
		if x.Type != "" && x.Type != "extension" {
			continue // dictionaries and themes run nothing
		}
		r := Extension{ExtensionID: x.ID, Name: x.Default.Name, Version: x.Version, Enabled: x.Active, Path: x.Path, Source: x.Source,
			Store: x.Signed != nil && *x.Signed >= 2, Location: firefoxLocation(x.Location)}
		if x.Permissions != nil {
			r.Permissions, r.Hosts = x.Permissions.Permissions, x.Permissions.Origins
		}
		if x.Installed > 0 && x.Installed < 1<<50 {
			r.Installed = time.UnixMilli(x.Installed).UTC()
		}
		if x.Updated > x.Installed && x.Updated < 1<<50 {
			r.Updated = time.UnixMilli(x.Updated).UTC()
		}
		out = append(out, r)
	}
	return out, nil
}

func firefoxLocation(s string) string {
	switch {
	case s == "app-profile":
		return "profile"
	case s == "app-builtin", strings.HasPrefix(s, "app-system"), s == "app-global":
		return "part of the browser"
	case strings.HasPrefix(s, "winreg"):
		return "registry"
	case s == "app-temporary":
		return "unpacked"
	}
	return cmp.Or(s, "unknown")
}

// manifestName is the name in the manifest of an extension, where its folder is
// there and no translation stands for it.
func manifestName(in artifacts.Input, path string) string {
	if winpath.Volume(path) == "" {
		path = winpath.Dir(in.From.Path) + `\Extensions\` + path
	}
	f, ok := in.Tree.LookupCopy(path+`\manifest.json`, in.From.Snapshot)
	if !ok {
		return ""
	}
	b, err := f.BytesUpTo(1 << 20)
	if err != nil {
		return ""
	}
	var m struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(b, &m) != nil || strings.HasPrefix(m.Name, "__MSG_") {
		return ""
	}
	return m.Name
}

// Summary shows what it is and where it came from.
func (r Extension) Summary() string {
	s := fmt.Sprintf("[%s] %s %s", r.Browser, cmp.Or(r.Name, r.ExtensionID), r.Version)
	s = strings.TrimSpace(s) + ", " + r.Location
	if !r.Enabled {
		s += ", not enabled"
	}
	if len(r.Hosts) > 0 {
		s += ", reads " + strings.Join(r.Hosts[:min(len(r.Hosts), 3)], " ")
		if len(r.Hosts) > 3 {
			s += fmt.Sprintf(" and %d more", len(r.Hosts)-3)
		}
	}
	return s
}
