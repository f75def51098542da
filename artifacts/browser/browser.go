// Package browser decodes what browsers and the programs that use their parts
// keep: visited addresses, downloads, the cache of WinINet.
//
// Each artifact is one file with its record type, its declaration and its decoder;
// [Artifacts] lists them. Cookies, form data and passwords are not read.
package browser

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var chapter = artifacts.Chapter("Browsers",
	history,
	downloads,
	extensions,
	webCache,
	searchScopes,
	ieSettings,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }

// chromium are the folders below a profile that hold the data of a browser of the
// Chromium family, each with profiles below.
var chromium = []struct{ folder, name string }{
	{`AppData\Local\Google\Chrome*\User Data`, "Chrome"},
	{`AppData\Local\Microsoft\Edge*\User Data`, "Edge"},
	{`AppData\Local\BraveSoftware\Brave-Browser*\User Data`, "Brave"},
	{`AppData\Local\Chromium\User Data`, "Chromium"},
	{`AppData\Local\Vivaldi\User Data`, "Vivaldi"},
	{`AppData\Local\Yandex\YandexBrowser\User Data`, "Yandex"},
	{`AppData\Local\360Chrome\Chrome\User Data`, "360 Chrome"},
	{`AppData\Local\CocCoc\Browser\User Data`, "Coc Coc"},
	{`AppData\Local\Packages\TheBrowserCompany.Arc_*\LocalCache\Local\Arc\User Data`, "Arc"},
	{`Local Settings\Application Data\Google\Chrome*\User Data`, "Chrome"},
}

// databases are the sources of all history databases.
func databases(firefox ...string) []artifacts.Source {
	var out []artifacts.Source
	add := func(glob string) { out = append(out, artifacts.SignedRandom(`%UserProfile%\`+glob, "sqlite")) }
	for _, c := range chromium {
		add(c.folder + `\*\History`)
	}
	add(`AppData\Roaming\Opera Software\*\History`)
	add(`AppData\Roaming\Opera Software\*\Default\History`)
	add(`AppData\Local\**\EBWebView\Default\History`)
	for _, f := range firefox {
		add(`AppData\Roaming\Mozilla\Firefox\Profiles\*\` + f)
		add(`AppData\Roaming\*\Profiles\*\` + f) // Thunderbird, Waterfox, LibreWolf
		add(`Desktop\Tor Browser\Browser\TorBrowser\Data\Browser\profile.default\` + f)
		add(`Application Data\Mozilla\Firefox\Profiles\*\` + f)
	}
	return out[:len(out):len(out)]
}

// names are what a browser's folder is called.
var names = []struct{ part, name string }{
	{`\google\chrome sxs\`, "Chrome Canary"}, {`\google\chrome beta\`, "Chrome Beta"}, {`\google\chrome`, "Chrome"},
	{`\ebwebview\`, "WebView2"}, {`\microsoft\edge`, "Edge"}, {`\bravesoftware\`, "Brave"}, {`\vivaldi\`, "Vivaldi"},
	{`\yandex\`, "Yandex"},
	{`\360chrome\`, "360 Chrome"}, {`\coccoc\`, "Coc Coc"}, {`\thebrowsercompany.arc_`, "Arc"}, {`\opera software\`, "Opera"},
	{`\chromium\`, "Chromium"},
	{`\tor browser\`, "Tor Browser"}, {`\mozilla\firefox\`, "Firefox"}, {`\thunderbird\`, "Thunderbird"}, {`\waterfox\`, "Waterfox"},
	{`\librewolf\`, "LibreWolf"},
}

// browserOf returns the name of the browser, and its profile, by the path of the
// database. A program with a built-in browser is named by its folder.
func browserOf(path, family string) (name, profile string) {
	low := strings.ToLower(path)
	name = family
	for _, n := range names {
		if strings.Contains(low, n.part) {
			name = n.name
			break
		}
	}
	dir := winpath.Dir(path)
	profile = winpath.Base(dir)
	if i := winpath.IndexFold(path, `\ebwebview\`); i > 0 {
		name = "WebView2 of " + winpath.Base(path[:i])
	}
	return name, profile
}
