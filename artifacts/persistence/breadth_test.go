package persistence

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestSmallPlacesChanged has each of the small places with something that Windows does
// not set.
func TestSmallPlacesChanged(t *testing.T) {
	software := func(key, value, data string) fstest.MapFS {
		return testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(key).Set(value, regf.String(data))
		})
	}
	for _, c := range []struct{ artifact, key, value, data, want string }{
		{"drivers32", `Microsoft\Windows NT\CurrentVersion\Drivers32`, "aux9", `C:\Users\Public\a.dll`, `[Drivers32] aux9: C:\Users\Public\a.dll`},
		{"drivers32", `Microsoft\Windows NT\CurrentVersion\Font Drivers`, "x", "evil.dll", `[Font Drivers] x: evil.dll`},
		{"msdtc", `Microsoft\MSDTC\MTxOCI`, "OracleOciLib", `C:\ProgramData\o.dll`, `[MTxOCI] OracleOciLib: C:\ProgramData\o.dll`},
		{"msdtc", `Microsoft\MSDTC\MTxOCI`, "OracleOciLibPath", `C:\ProgramData`, `[MTxOCI] OracleOciLibPath: C:\ProgramData`},
		{"telemetrycontroller", `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\TelemetryController\x`, "Command", `C:\ProgramData\x.exe`,
			`[TelemetryController\x] Command: C:\ProgramData\x.exe`},
		{"explorertools", `Microsoft\Windows\CurrentVersion\Explorer\MyComputer\BackupPath`, "", `C:\ProgramData\x.exe`,
			`[MyComputer\BackupPath] (Default): C:\ProgramData\x.exe`},
		{"explorertools", `Microsoft\Windows\CurrentVersion\Explorer\VolumeCaches\x`, "PreCleanupString", `C:\ProgramData\x.exe`,
			`[VolumeCaches\x] PreCleanupString: C:\ProgramData\x.exe`},
		{"htmlhelp", `Microsoft\HtmlHelp Author`, "location", `C:\ProgramData\x.dll`, `[HtmlHelp Author] location: C:\ProgramData\x.dll`},
		{"fileassociations", `Classes\CLSID\{645FF040-5081-101B-9F08-00AA002F954E}\shell\open\command`, "", `C:\ProgramData\x.exe`, ""},
		{"shellextensions", `Microsoft\Windows\CurrentVersion\Explorer\AppKey\17`, "ShellExecute", `C:\ProgramData\x.exe`, ""},
		{"shellextensions", `Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers\Handlers\x`, "CLSID",
			"{11111111-2222-3333-4444-555555555555}", ""},
		{"shellextensions", `Classes\PROTOCOLS\Name-Space Handler\http\x`, "CLSID", "{11111111-2222-3333-4444-555555555555}", ""},
	} {
		recs, errs := found(t, software(c.key, c.value, c.data), c.artifact)
		testtree.NoErrors(t, errs)
		if len(recs) != 1 {
			t.Errorf("%s %s: %d records, want 1", c.artifact, c.key, len(recs))
			continue
		}
		for _, tag := range recs[0].Tags() {
			if tag == "default" {
				t.Errorf("%s is taken for what Windows sets", recs[0].Summary())
			}
		}
		if c.want != "" && !strings.HasPrefix(recs[0].Summary(), c.want) {
			t.Errorf("got %q, want %q", recs[0].Summary(), c.want)
		}
	}
}

// TestSearchFilters follows a handler to the class of its filter, and marks no
// override as a default.
func TestSearchFilters(t *testing.T) {
	const handler, filter = "{11111111-2222-3333-4444-555555555555}", "{22222222-2222-3333-4444-555555555555}"
	fsys := testtree.Hives(map[string]func(*regf.Key){
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			classes := root.Sub("Classes")
			classes.Sub(`.odd\PersistentHandler`).Set("", regf.String(handler))
			classes.Sub(`.none\PersistentHandler`).Set("", regf.String(filter))
			classes.Sub(`CLSID\`+handler+`\PersistentAddinsRegistered\{89BCB740-6119-101A-BCB7-00DD010655AF}`).Set("", regf.String(filter))
			classes.Sub(`CLSID\`+filter+`\InprocServer32`).Set("", regf.String(`C:\ProgramData\f.dll`))
		},
		testtree.SystemPath: func(root *regf.Key) {
			testtree.AsSystem(root).Sub(`Control\ContentIndex\Language\English`).Set("StemmerDLLPathOverride", regf.String(`C:\Windows\System32\s.dll`))
		},
	})
	recs, errs := found(t, fsys, "searchfilters")
	testtree.NoErrors(t, errs)
	if len(recs) != 2 {
		t.Fatalf("%d records, want 2", len(recs))
	}
	for _, r := range recs {
		f := r.Data.(SearchFilter)
		if f.Default || f.Image == "" {
			t.Errorf("got %+v", f.Hook)
		}
	}
}

// TestTerminalSettings reads profiles out of settings with comments; only the default
// one of a terminal that starts at the log-on is active.
func TestTerminalSettings(t *testing.T) {
	const text = "\uFEFF" + `{ // settings
	"defaultProfile": "{a}", "startOnUserLogin": true, /* "startupActions": "x" */
	"profiles": { "list": [
		{"guid": "{a}", "name": "one", "commandline": "C:\\ProgramData\\x.exe -url \"http://x//y\"",},
		{"guid": "{b}", "name": "two", "commandline": "%SystemRoot%\\System32\\cmd.exe"},
		{"guid": "{c}", "name": "three"},
	], }, }`
	const path = "Users/mira/AppData/Local/Packages/Microsoft.WindowsTerminal_8wekyb3d8bbwe/LocalState/settings.json"
	recs, errs := found(t, fstest.MapFS{path: {Data: []byte(text)}, "Windows/System32/x": {}}, "autostartfiles")
	testtree.NoErrors(t, errs)
	if len(recs) != 2 {
		t.Fatalf("%d records, want 2", len(recs))
	}
	one, two := recs[0].Data.(AutostartFile), recs[1].Data.(AutostartFile)
	if one.Disabled || one.Default || one.Command != `C:\ProgramData\x.exe -url "http://x//y"` {
		t.Errorf("got %+v", one)
	}
	if !two.Disabled || !two.Default {
		t.Errorf("got %+v", two)
	}
	_, errs = found(t, fstest.MapFS{path: {Data: []byte(`{"profiles": `)}, "Windows/System32/x": {}}, "autostartfiles")
	testtree.WantErrors(t, errs, "settings of Windows Terminal")
}

func FuzzPlainJSON(f *testing.F) {
	f.Add([]byte(`{"a": [1, 2,], // x` + "\n" + `"b": "\"//"} /* y */`))
	f.Add([]byte(`"`))
	f.Add([]byte(`/*`))
	f.Fuzz(func(t *testing.T, b []byte) {
		out := plainJSON(b)
		if len(out) > len(b) {
			t.Fatalf("%d bytes of %d", len(out), len(b))
		}
		if json.Valid(b) && !json.Valid(out) {
			t.Fatalf("%q is valid, %q is not", b, out)
		}
	})
}

// TestTypeLibs: of the machine's type libraries only those that are not an
// ordinary file are records, of a user's all.
func TestTypeLibs(t *testing.T) {
	const key = `TypeLib\{EAB22AC0-30C1-11CF-A7EB-0000C05BAE0B}\1.1\0\`
	machine := func(platform, path string) fstest.MapFS {
		return testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(`Classes\`+key+platform).Set("", regf.String(path))
		})
	}
	for _, c := range []struct {
		platform, path string
		want, moniker  bool
	}{
		{"win64", `C:\Windows\System32\ieframe.dll`, false, false},
		{"win64", `"C:\Windows\System32\ieframe.dll"`, false, false},
		{"win64", `%SystemRoot%\System32\ieframe.dll\3`, false, false},
		{"win64", `script:C:\x.sct`, true, true},
		{"win32", `ScRiPt:https://kestrel.example/x.sct`, true, true},
		{"win32", `\\198.51.100.9\share\x.tlb`, true, false},
		{"FLAGS", `script:x`, false, false},
	} {
		recs, errs := found(t, machine(c.platform, c.path), "typelibs")
		if len(errs) > 0 || (len(recs) > 0) != c.want {
			t.Errorf("%s: %d records, errors %v", c.path, len(recs), errs)
		}
		for _, r := range recs {
			if l := r.Data.(TypeLib); l.Moniker != c.moniker || l.Version != "1.1" || l.Path != c.path {
				t.Errorf("%s: %+v", c.path, l)
			}
		}
	}
}
