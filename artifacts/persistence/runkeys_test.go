package persistence

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestRunKeys(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "runkeys", "startupapproved"), "runkeys")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[Run] SecurityHealth: %windir%\system32\SecurityHealthSystray.exe`,
		`[Run] PrintQueueMonitor: "C:\Windows\System32\spool\drivers\x64\3\PrintQueueMonitor.exe" /tray`,
		`[Run] PdfPrinterHelper: C:\Program Files (x86)\Plover PDF\helper.exe -tray (disabled) #disabled #wow6432`,
		`[RunOnceEx\0001] 1: C:\Program Files (x86)\Plover PDF\setup.dll|Finish|/quiet`,
		`[RunOnceEx\0001] 2: ||"C:\Program Files (x86)\Plover PDF\register.exe" /s`,
		`[Run] OneDriveSetup: C:\Windows\SysWOW64\OneDriveSetup.exe /thfirstsetup`,
		`[Run] MicrosoftEdgeAutoLaunch: "C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --no-startup-window --win-session-start`,
		`[Run] OneDrive Sync Helper: C:\Users\Public\svchost.exe -s`,
		`[Run] OneDrive: "C:\Users\mira\AppData\Local\Microsoft\OneDrive\OneDrive.exe" /background (disabled) #disabled`,
		`[RunOnce] !Delete Cached Update Binary: C:\Windows\system32\cmd.exe /q /c del /q "C:\Users\mira\AppData\Local\Microsoft\OneDrive\Update\OneDriveSetup.exe"`,
	)
	scopes := map[string]string{"SecurityHealth": "machine", "OneDriveSetup": "new users", "OneDrive": "user"}
	for _, r := range recs {
		d := r.Data.(RunKey)
		if want := scopes[d.Name]; want != "" && d.Scope != want {
			t.Errorf("%s: scope %q, want %q", d.Name, d.Scope, want)
		}
	}
	off := time.Date(2025, 5, 19, 4, 30, 52, 771938500, time.UTC)
	for i, want := range map[int]RunKey{
		2: {
			Entry: Entry{Mechanism: "Run", Scope: "machine", Command: `C:\Program Files (x86)\Plover PDF\helper.exe -tray`,
				Image: `C:\Program Files (x86)\Plover PDF\helper.exe`, Arguments: "-tray", Guessed: true, FilePresent: "unknown",
				Disabled: true, DisabledAt: off.Add(3 * time.Second), Written: time.Date(2025, 2, 3, 1, 12, 40, 220776400, time.UTC)},
			List: "Run", Name: "PdfPrinterHelper", ApprovedRaw: 3, ApprovedBy: `\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run32`,
		},
		3: {
			Entry: Entry{Mechanism: "RunOnceEx", Scope: "machine", Command: `C:\Program Files (x86)\Plover PDF\setup.dll|Finish|/quiet`,
				Image: `C:\Program Files (x86)\Plover PDF\setup.dll`, Arguments: "/quiet", FilePresent: "unknown", Written: time.Date(2025, 2, 3, 1, 12, 38, 554012900, time.UTC)},
			List: `RunOnceEx\0001`, Name: "1", Title: "Plover PDF", Function: "Finish",
		},
	} {
		testtree.WantRecords(t, recs[i:i+1], []RunKey{want})
	}
}

func TestRunKeysUnusual(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		cv := root.Sub(`Microsoft\Windows\CurrentVersion`)
		cv.Sub("Run").
			Set("", regf.String(`C:\default.exe`)).
			Set("binary", regf.Binary(append(regf.UTF16(`C:\b.exe`), 0, 0))).
			Set("number", regf.DWord(7)).
			Set("tail", regf.Raw(1, regf.UTF16("C:\\t.exe\x00C:\\old.exe\x00"))).
			Set("\x00nul", regf.String(`C:\n.exe`))
		cv.Sub("RunOnce").Set("*safe", regf.String(`C:\s.exe`))
		cv.Sub(`RunOnce\Setup`).Set("A caption", regf.String(`C:\c.exe`))
		cv.Sub("RunOnceEx").Set("Flags", regf.DWord(128)).Set("stray", regf.String(`C:\x.exe`))
		cv.Sub(`RunOnceEx\a\Depend`).Set("1", regf.String(`C:\d.dll`))
		cv.Sub("RunServices").Set("old", regf.String(`C:\o.exe`))
		cv.Sub(`Policies\Explorer\Run`).Set("1", regf.String(`C:\p.exe`))
		root.Sub(`Microsoft\Windows NT\CurrentVersion\Terminal Server\Install\Software\Microsoft\Windows\CurrentVersion\Run`).Set("ts", regf.String(`C:\ts.exe`))
	}), "runkeys")
	testtree.WantErrors(t, errs, `value "number" at`)
	testtree.WantSummaries(t, recs,
		`[Run] (Default): C:\default.exe`,
		`[Run] binary: C:\b.exe (is of type REG_BINARY, not text)`,
		`[Run] number: `,
		`[Run] tail: C:\t.exe (more text behind the end: C:\old.exe)`,
		`[Run] \0nul: C:\n.exe (hidden: the name holds a NUL) #hidden`,
		`[RunOnce] *safe: C:\s.exe`,
		`[RunOnce\Setup] A caption: C:\c.exe`,
		`[RunOnceEx] stray: C:\x.exe (inactive: RunOnceEx executes its subkeys only) #inactive`,
		`[RunOnceEx\a\Depend] 1: C:\d.dll`,
		`[RunServices] old: C:\o.exe (inactive: Windows NT never executes this key) #inactive`,
		`[Policies\Explorer\Run] 1: C:\p.exe`,
		`[Run] ts: C:\ts.exe (inactive: a terminal server copies it to a user's Run key first) #inactive`,
	)
}

// A deleted value of a Run key is found in its living key.
func TestRunKeysDeleted(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.NtuserPath, func(root *regf.Key) {
		testtree.AsUser(root)
		root.Sub(`Software\Microsoft\Windows\CurrentVersion\Run`).Set("stays", regf.String(`C:\s.exe`)).
			Set("goes", regf.String(`C:\Users\Public\g.exe -q`)).Unset("goes", testtree.Written.Add(time.Hour))
	}), "runkeys")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[Run] stays: C:\s.exe`, `[Run] goes: C:\Users\Public\g.exe -q #deleted`)
}

func TestRunKeysReal(t *testing.T) {
	for path, want := range map[string]int{
		"hives/regipy/NTUSER.DAT":             1,
		"hives/regipy/NTUSER_modified.DAT":    2,
		"hives/regipy/NTUSER_with_winscp.DAT": 4,
		"hives/velo/ntuser.dat":               1,
		"images/win10-composed":               4,
		"images/win7-composed":                1,
	} {
		if got := len(realRecords(t, path, "runkeys")); got != want {
			t.Errorf("%s: %d records, want %d", path, got, want)
		}
	}
}

func TestStartupApproved(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "software", "users", "startupapproved"), "startupapproved")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[Run] SecurityHealth is enabled (state 6)`,
		`[Run32] PdfPrinterHelper is disabled (state 3) #disabled`,
		`[Run] MicrosoftEdgeAutoLaunch is enabled (state 2)`,
		`[Run] OneDrive is disabled (state 3) #disabled`,
		`[StartupFolder] Notes.lnk is enabled (state 2)`,
	)
	off := time.Date(2025, 5, 19, 4, 30, 52, 771938500, time.UTC)
	testtree.WantRecords(t, recs[3:4], []StartupApproved{{List: "Run", Name: "OneDrive", State: 3, Disabled: true, DisabledAt: off, Written: off}})
	if ev := recs[3].Events(); len(ev) != 2 || ev[0].Kind != "Disabled Time" || !ev[0].Time.Equal(off) {
		t.Errorf("events %v", ev)
	}
}

func TestStartupApprovedDamaged(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.NtuserPath, func(root *regf.Key) {
		testtree.AsUser(root)
		root.Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`).
			Set("cut", regf.Binary([]byte{3, 0})).Set("short", regf.Binary([]byte{3, 0, 0, 0}))
	}), "startupapproved")
	testtree.WantErrors(t, errs, `value "cut" at`)
	testtree.WantSummaries(t, recs, `[Run] short is disabled (state 3) #disabled`)
}
