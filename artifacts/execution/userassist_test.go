package execution_test

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

const (
	programSet = `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}`
	oldSet     = `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{75048700-EF1F-11D0-9888-006097DEACF9}`
)

func utc(y int, m time.Month, d, hour, minute, second, ticks int) time.Time {
	return time.Date(y, m, d, hour, minute, second, 100*ticks, time.UTC)
}

func TestUserAssist(t *testing.T) {
	f := casetest.RunCase[execution.UserAssist](t, "userassist")
	got := casetest.Pick(t, f.Data, func(u execution.UserAssist) bool { return u.Name == corpus.Implant })
	casetest.Same(t, execution.UserAssist{
		Name: corpus.Implant, Path: corpus.Implant,
		GUID: "{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}", Kind: "program",
		Runs: 1, LastRun: corpus.ImplantStart, Version: 5, KeyWritten: got.KeyWritten,
	}, got)
	excel := casetest.Pick(t, f.Data, func(u execution.UserAssist) bool { return u.Kind == "program" && u.Runs == 148 })
	if excel.Path != `\Program Files\Microsoft Office\root\Office16\EXCEL.EXE` || excel.Focus != 611 || excel.FocusMS != 92_310_442 || excel.Seeded {
		t.Errorf("Excel is %+v", excel)
	}
	link := casetest.Pick(t, f.Data, func(u execution.UserAssist) bool { return u.Kind == "shortcut" })
	if link.Runs != 97 || link.FocusMS != 0 {
		t.Errorf("a shortcut has no focus time: %+v", link)
	}
	proof := map[artifacts.Proof]int{}
	for i, u := range f.Data {
		p := f.Records[i].Proof()
		proof[p]++
		if u.Seeded != (p == artifacts.Configured) {
			t.Errorf("%s: seeded %v proves %s", u.Name, u.Seeded, p)
		}
		if f.Records[i].User.Name == "" {
			t.Errorf("%s: no user", u.Name)
		}
	}
	// Five entries of each profile came with it; two were used and not started.
	if proof[artifacts.Configured] != 10 || proof[artifacts.Interacted] != 2 || proof[artifacts.Executed] != 5 {
		t.Errorf("proofs %v", proof)
	}
}

// TestUserAssistNames reads names as each writer leaves them.
func TestUserAssistNames(t *testing.T) {
	at := utc(2026, 3, 6, 4, 10, 18, 0)
	old := func(runs byte) regf.Value {
		b := make([]byte, 16)
		b[0], b[4] = 3, runs
		ft := regf.FILETIME(at)
		for i := range 8 {
			b[8+i] = byte(ft >> (8 * i))
		}
		return regf.Binary(b)
	}
	m := casetest.CorpusMachine()
	count := m.Hive(casetest.MirasHive).Sub(oldSet).Set("Version", regf.DWord(3)).Sub("Count")
	count.Set(`HRZR_EHACNGU:P:\JVAQBJF\flfgrz32\abgrcnq.rkr`, old(9))
	count.Set(`HRZR_EHACVQY:%pfvqy2%\ZFA.yax`, old(6))
	count.Set(`HRZR_EHACNGU`, old(15)) // the sum of all
	count.Set(`HRZR_HVFPHG`, old(4))   // fewer than the counter starts from
	f := casetest.Run[execution.UserAssist](t, testtree.Tree(t, m.Files()), "userassist")
	type row struct {
		Name, Path, Kind string
		Runs             uint32
		Proof            artifacts.Proof
		Program          string
	}
	var got []row
	for i, u := range f.Data {
		got = append(got, row{u.Name, u.Path, u.Kind, u.Runs, f.Records[i].Proof(), u.Program()})
	}
	casetest.Same(t, []row{
		{`UEME_RUNPATH:C:\WINDOWS\system32\notepad.exe`, `C:\WINDOWS\system32\notepad.exe`, "program", 4, artifacts.Executed, `C:\WINDOWS\system32\notepad.exe`},
		{`UEME_RUNPIDL:%csidl2%\MSN.lnk`, `C:\Users\mira\Start Menu\Programs\MSN.lnk`, "shortcut", 1, artifacts.Executed, `C:\Users\mira\Start Menu\Programs\MSN.lnk`},
		{`UEME_RUNPATH`, "", "program", 10, artifacts.Interacted, ""},
		{`UEME_UISCUT`, "", "menu", 0, artifacts.Interacted, ""},
	}, got)

	m = casetest.CorpusMachine("userassist")
	set := m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist`)
	set.Sub("Settings").Set("NoEncrypt", regf.DWord(1))
	b := make([]byte, 72)
	b[4] = 2
	set.Sub(`{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}\Count`).Set(`C:\Tools\plain.exe`, regf.Binary(b))
	f = casetest.Run[execution.UserAssist](t, testtree.Tree(t, m.Files()), "userassist")
	casetest.Pick(t, f.Data, func(u execution.UserAssist) bool { return u.Name == `C:\Tools\plain.exe` })
	casetest.Pick(t, f.Data, func(u execution.UserAssist) bool { return u.Runs == 148 && u.Name[0] == '{' }) // encoded before the switch was set
}

// TestUserAssistEmpty tells of a set of programs whose entries are gone.
func TestUserAssistEmpty(t *testing.T) {
	m := casetest.CorpusMachine()
	at := utc(2026, 3, 6, 18, 30, 0, 0)
	m.Hive(casetest.DanielsHive).Sub(programSet + `\Count`).At(at)
	f := casetest.Run[execution.UserAssist](t, testtree.Tree(t, m.Files()), "userassist")
	if len(f.Data) != 1 || f.Data[0].Kind != "none" || f.Data[0].KeyWritten != at || f.Records[0].Proof() != artifacts.Configured {
		t.Errorf("%+v", f.Data)
	}
}

// TestUserAssistDeleted finds the entries of a key that was deleted, and tells
// those that came with the profile.
func TestUserAssistDeleted(t *testing.T) {
	m := casetest.CorpusMachine("userassist")
	m.Late(casetest.DanielsHive, func(root *regf.Key) {
		root.Find(programSet + `\Count`).Delete(utc(2026, 3, 8, 3, 30, 0, 0))
	})
	f := casetest.Run[execution.UserAssist](t, testtree.Tree(t, m.Files()), "userassist")
	deleted, seeded := 0, 0
	for i, u := range f.Data {
		if f.Records[i].From.State != artifacts.Deleted {
			continue
		}
		deleted++
		if u.Seeded {
			seeded++
		}
		if u.Name == corpus.Implant && (u.Seeded || u.LastRun != corpus.ImplantStart) {
			t.Errorf("deleted: %+v", u)
		}
	}
	if deleted != 8 || seeded != 5 {
		t.Errorf("%d deleted entries, %d seeded, want 8 and 5", deleted, seeded)
	}
}

func TestUserAssistDamage(t *testing.T) {
	m := casetest.CorpusMachine("userassist")
	m.Hive(casetest.DanielsHive).Sub(programSet+`\Count`).Set("fubeg.rkr", regf.Binary(make([]byte, 11)))
	f := casetest.Run[execution.UserAssist](t, testtree.Tree(t, m.Files()), "userassist")
	casetest.WantError(t, f.Errs, "fubeg.rkr")
	casetest.Pick(t, f.Data, func(u execution.UserAssist) bool { return u.Name == corpus.Implant })
}

// TestUserAssistReal counts the entries of real users, and those that came
// with their profiles.
func TestUserAssistReal(t *testing.T) {
	for _, tt := range []struct {
		path            []string
		entries, seeded int
	}{
		{[]string{"hives", "regipy", "NTUSER-WSL.DAT"}, 34, 8},
		{[]string{"hives", "regipy", "NTUSER_with_winscp.DAT"}, 136, 7},
		{[]string{"hives", "regipy", "NTUSER.DAT"}, 29, 18},
		{[]string{"hives", "velo", "ntuser.dat"}, 13, 5},
	} {
		f := casetest.RunHive[execution.UserAssist](t, "userassist", tt.path...)
		seeded := 0
		for _, u := range f.Data {
			if u.Seeded {
				seeded++
			}
		}
		if len(f.Data) != tt.entries || seeded != tt.seeded {
			t.Errorf("%v: %d entries, %d seeded, want %d and %d", tt.path, len(f.Data), seeded, tt.entries, tt.seeded)
		}
	}
}
