package persistence

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

func TestStartupFolder(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "startupfolder", "shellfolders"), "startupfolder")
	testtree.NoErrors(t, errs)
	made, read, saved := time.Date(2025, 1, 9, 2, 14, 33, 340881200, time.UTC), time.Date(2025, 1, 9, 2, 15, 1, 12004400, time.UTC), time.Date(2024, 12, 12, 9, 0, 26, 0, time.UTC)
	if len(recs) != 1 {
		t.Fatalf("%d records, want 1", len(recs))
	}
	f := recs[0].Data.(StartupFile)
	f.SHA256 = ""
	testtree.WantRecords(t, []artifacts.Record{{Data: f}}, []StartupFile{{
		Entry: Entry{Mechanism: "Startup folder", Scope: "user", Command: `C:\Program Files\Heron Notes\notes.exe --tray`,
			Image: `C:\Program Files\Heron Notes\notes.exe`, Arguments: "--tray", FilePresent: "unknown"},
		Path: `C:\Users\mira\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\Notes.lnk`, Kind: "shortcut", Size: f.Size,
		Target: `C:\Program Files\Heron Notes\notes.exe`, WorkingDir: `C:\Program Files\Heron Notes`, Window: "minimized",
		LinkMachine: "kestrel-pc", LinkMAC: "02:00:5e:10:20:30", LinkVolume: "5C3A91E7",
		TargetMade: made, TargetRead: read, TargetSaved: saved, DroidMade: time.Date(2025, 1, 9, 2, 8, 5, 486164300, time.UTC),
	}})
	if ev := recs[0].Events(); len(ev) != 4 || ev[2].Kind != "Content Modification Time" || !ev[2].Time.Equal(saved) || ev[0].DataType != "windows:lnk:link" || ev[0].Proof != artifacts.Present {
		t.Errorf("events %+v", ev)
	}
}

// A folder that the registry names is listed beside the default one.
func TestStartupFolderRedirected(t *testing.T) {
	m := testtree.Hives(map[string]func(*regf.Key){
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			e := root.Sub(`Software\` + shellFoldersKey)
			e.Sub("User Shell Folders").Set("Startup", regf.Expand(`%USERPROFILE%\hidden`))
			e.Sub("Shell Folders").Set("Startup", regf.String(`C:\Users\mira\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup`))
		},
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(shellFoldersKey+"User Shell Folders").Set("Common Startup", regf.Expand(`\\server\share\startup`))
		},
	})
	const start = "Users/mira/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/"
	m["Users/mira/hidden/a.exe"] = &fstest.MapFile{Data: []byte("MZ")}
	m["Users/mira/hidden/desktop.ini"] = &fstest.MapFile{}
	m["Users/mira/hidden/site.url"] = &fstest.MapFile{Data: []byte("[X]\r\nURL=no\r\n[InternetShortcut]\r\nURL=file:///C:/Users/Public/x.exe\r\n")}
	m[start+"b.bat"] = &fstest.MapFile{Data: []byte("@echo")}
	m[start+"cut.lnk"] = &fstest.MapFile{Data: shelllink.Link{Target: `C:\c.exe`, Arguments: "-x"}.Build()[:80]}
	m[start+"fake.lnk"] = &fstest.MapFile{Data: []byte("MZ")}
	m[start+"web.url"] = &fstest.MapFile{Data: append([]byte{0xFF, 0xFE}, regf.UTF16("[InternetShortcut]\r\nURL=https://example.org/a\r\n")...)}
	m["ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/all.vbs"] = &fstest.MapFile{}
	recs, errs := found(t, m, "startupfolder")
	testtree.WantErrors(t, errs, "at offset 0x4c: cut.lnk: lnk: LinkInfo", "fake.lnk: not a shortcut")
	const dir = `C:\Users\mira\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\`
	testtree.WantSummaries(t, recs,
		`[`+dir+`b.bat]`,
		`[`+dir+`cut.lnk]`,
		`[`+dir+`fake.lnk]`,
		`[`+dir+`web.url] opens https://example.org/a`,
		`[C:\ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp\all.vbs]`,
		`[C:\Users\mira\hidden\a.exe] (folder named by \Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders) #redirected`,
		`[C:\Users\mira\hidden\site.url] opens file:///C:/Users/Public/x.exe (folder named by \Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders) #redirected`,
	)
	if len(recs) == 7 {
		if f := recs[6].Data.(StartupFile); f.Image != `C:\Users\Public\x.exe` {
			t.Errorf("image %q", f.Image)
		}
	}
	recs, errs = found(t, m, "shellfolders")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[User Shell Folders] Common Startup: \\server\share\startup (not the default C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup) #redirected`,
		`[User Shell Folders] Startup: %USERPROFILE%\hidden (not the default C:\Users\mira\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup) #redirected`,
		`[Shell Folders] Startup: C:\Users\mira\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup`,
	)
}

// The folders of a Japanese Windows XP have other names, and are no
// redirection for that.
func TestStartupFolderTranslated(t *testing.T) {
	const startup = `スタート メニュー\プログラム\スタートアップ`
	m := testtree.Hives(map[string]func(*regf.Key){
		"Documents and Settings/mira/NTUSER.DAT": func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub(`Software\`+shellFoldersKey+"User Shell Folders").Set("Startup", regf.Expand(`%USERPROFILE%\`+startup))
		},
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(`Microsoft\Windows NT\CurrentVersion`).Set("CurrentBuildNumber", regf.String("2600"))
		},
	})
	m["Documents and Settings/mira/スタート メニュー/プログラム/スタートアップ/a.exe"] = &fstest.MapFile{}
	recs, errs := found(t, m, "startupfolder")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[C:\Documents and Settings\mira\`+startup+`\a.exe]`)
}

func TestShellFolders(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "shellfolders"), "shellfolders")
	testtree.NoErrors(t, errs)
	if len(recs) != 2+2*6 {
		t.Errorf("%d records, want 14", len(recs))
	}
	for _, r := range recs {
		if f := r.Data.(ShellFolder); f.Redirected || f.Foreign {
			t.Errorf("%s", f.Summary())
		}
	}
}

func TestShellFoldersReal(t *testing.T) {
	for path, want := range map[string]int{
		"hives/regipy/NTUSER.DAT": 6, "hives/velo/ntuser.dat": 6, "hives/ez/NTUSER1.DAT": 3, "images/win10-composed": 6, "images/win7-composed": 6,
	} {
		recs := realRecords(t, path, "shellfolders")
		if len(recs) != want {
			t.Errorf("%s: %d records, want %d", path, len(recs), want)
		}
		for _, r := range recs {
			if f := r.Data.(ShellFolder); f.Redirected {
				t.Errorf("%s: %s", path, f.Summary())
			}
		}
	}
}

// TestShortcutWithoutPath keeps arguments and AppUserModelID of a shortcut whose
// target is no path.
func TestShortcutWithoutPath(t *testing.T) {
	var f StartupFile
	f.setLink(artifacts.Input{Machine: &evidence.Machine{}}, &lnk.Link{Arguments: "--tray", AppID: "Heron.Notes_8wekyb3d8bbwe!App"})
	if f.AppID != "Heron.Notes_8wekyb3d8bbwe!App" || f.Arguments != "--tray" {
		t.Errorf("got %+v", f)
	}
	b := shelllink.Link{Arguments: "--tray"}.Build()
	got, err := startupFile(artifacts.Input{Machine: &evidence.Machine{}, Tree: testtree.OpenFS(t, fstest.MapFS{"Windows/System32/x": {}})},
		`C:\Startup\Notes.lnk`, b, artifacts.Origin{})
	if err != nil || got.LinkArgs != "--tray" || got.Command == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
