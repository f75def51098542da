package browser

import (
	"strings"
	"testing"
	"time"
)

// TestBrowserOf names the browser by the folder of its profile.
func TestBrowserOf(t *testing.T) {
	const local = `C:\Users\mira\AppData\Local\`
	for _, c := range []struct{ path, name, profile string }{
		{local + `Google\Chrome\User Data\Default\History`, "Chrome", "Default"},
		{local + `Microsoft\Edge\User Data\Profile 1\History`, "Edge", "Profile 1"},
		{local + `Heron\Viewer.exe.WebView2\EBWebView\Default\History`, "WebView2 of Viewer.exe.WebView2", "Default"},
		{local + `Unknown\User Data\Default\History`, "chromium", "Default"},
	} {
		name, profile := browserOf(c.path, "chromium")
		if !strings.EqualFold(name, c.name) || profile != c.profile {
			t.Errorf("%s: %q, profile %q, want %q, %q", c.path, name, profile, c.name, c.profile)
		}
	}
	// Letters whose lower case takes more bytes move the places in a folded copy.
	name, profile := browserOf(`C:\Users\`+strings.Repeat("Ⱥ", 60)+`\AppData\Local\App\EBWebView\Default\History`, "chromium")
	if name != "WebView2 of App" || profile != "Default" {
		t.Errorf("a user of such a name: %q, profile %q", name, profile)
	}
}

// TestWebKitTime: microseconds since 1601, as text.
func TestWebKitTime(t *testing.T) {
	for in, want := range map[string]string{
		"13417294830123456": "2026-03-06T18:20:30.123456Z", "1": "1601-01-01T00:00:00.000001Z", "0": "", "-1": "", "": "", "x": "", "1.5": "",
		"9223372036854775807": "", "265046774399999999": "9999-12-31T23:59:59.999999Z", "265046774400000000": "",
	} {
		got := webkitTime(in)
		if want == "" && !got.IsZero() || want != "" && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %v, want %q", in, got, want)
		}
	}
}

func TestFirefoxLocation(t *testing.T) {
	for in, want := range map[string]string{"app-profile": "profile", "app-builtin": "part of the browser", "app-system-defaults": "part of the browser",
		"app-global": "part of the browser", "winreg-app-user": "registry", "winreg-app-global": "registry", "app-temporary": "unpacked", "": "unknown", "x": "x"} {
		if got := firefoxLocation(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
