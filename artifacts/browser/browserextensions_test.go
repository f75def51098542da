package browser

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

const preferencesText = `{"extensions":{"settings":{
 "aaaa":{"location":4,"path":"C:\\Users\\anna\\dev\\x","manifest":{"name":"Reader","version":"1.0"},"first_install_time":"13380000000000000","last_update_time":"13380000000000000",
  "active_permissions":{"api":["tabs",{"fileSystem":["write"]}],"explicit_host":["https://b.example/*"],"scriptable_host":["https://a.example/*","https://b.example/*"]}},
 "bbbb":{"location":1,"from_webstore":true,"path":"bbbb\\1.2_0","state":0,"install_time":"13380000000000000"},
 "cccc":{"location":5,"manifest":{"name":"PDF Viewer"}},
 "dddd":{"location":"four"},
 "eeee":{}}}}`

// TestExtensions reads those of Chromium: with its own parts when all are wanted,
// with names from manifests, and one that is broken as an error.
func TestExtensions(t *testing.T) {
	dir := "Users/anna/AppData/Local/Google/Chrome/User Data/Default/"
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, dir + "Secure Preferences": {Data: []byte(preferencesText)},
		dir + "Extensions/bbbb/1.2_0/manifest.json": {Data: []byte(`{"name":"Blocker"}`)}}
	recs, errs := testtree.Found(t, m, extensions)
	testtree.WantErrors(t, errs, `extension "dddd"`)
	testtree.WantSummaries(t, recs, "[Chrome] Reader 1.0, unpacked, reads https://a.example/* https://b.example/*", "[Chrome] Blocker, store, not enabled")
	e := recs[0].Data.(Extension)
	if fmt.Sprint(e.Permissions) != "[tabs]" || e.Installed.Format("2006-01-02") != "2024-12-30" || !e.Updated.IsZero() || e.Path != `C:\Users\anna\dev\x` {
		t.Errorf("%+v", e)
	}
	list, _ := chromiumExtensions([]byte(preferencesText))
	if len(list) != 3 || list[2].Location != "part of the browser" {
		t.Errorf("%+v", list)
	}
}

// TestFirefoxExtensions reads those of Firefox, without dictionaries.
func TestFirefoxExtensions(t *testing.T) {
	text := `{"addons":[{"id":"a@x","version":"3","type":"extension","location":"winreg-app-user","active":true,"signedState":2,"installDate":1738548667000,"updateDate":1740000000000,
  "defaultLocale":{"name":"Notes"},"userPermissions":{"permissions":["tabs"],"origins":["<all_urls>"]}},{"id":"d","type":"dictionary"},{"id":"s","location":"app-builtin"}]}`
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Users/anna/AppData/Roaming/Mozilla/Firefox/Profiles/x.default/extensions.json": {Data: []byte(text)}}
	recs, errs := testtree.Found(t, m, extensions)
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, "[Firefox] Notes 3, registry, reads <all_urls>")
	if e := recs[0].Data.(Extension); !e.Store || e.Installed.Format("15:04:05") != "02:11:07" || e.Updated.IsZero() {
		t.Errorf("%+v", e)
	}
}

// FuzzExtensions reads files of any content.
func FuzzExtensions(f *testing.F) {
	f.Add([]byte(preferencesText))
	f.Fuzz(func(t *testing.T, b []byte) {
		chromiumExtensions(b)
		firefoxExtensions(b)
	})
}
