package execution_test

import (
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

const excelPath = `\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`

func TestMuiCache(t *testing.T) {
	f := casetest.RunCase[execution.MuiCache](t, "muicache")
	casetest.Same(t, []execution.MuiCache{
		{Path: corpus.Implant, Name: "Host Process for Windows Services", Company: "Microsoft Corporation", Written: corpus.ImplantStart},
		{Path: `C:\Program Files\PaperScan\PaperScan.exe`, Name: "PaperScan", Company: "ORPALIS", Written: utc(2026, 3, 3, 5, 44, 31, 0)},
	}, f.Data)
	m := casetest.CorpusMachine("muicache")
	m.Hive("Users/mira/AppData/Local/Microsoft/Windows/UsrClass.dat").Sub(`Local Settings\Software\Microsoft\Windows\Shell\MuiCache`).
		Set(`C:\odd.exe.FriendlyAppName`, regf.DWord(1))
	f = casetest.Run[execution.MuiCache](t, testtree.Tree(t, m.Files()), "muicache")
	casetest.WantError(t, f.Errs, `C:\odd.exe.FriendlyAppName`)
	if len(f.Data) != 3 {
		t.Errorf("%d records, want 3", len(f.Data))
	}
}

func TestAppCompatFlags(t *testing.T) {
	f := casetest.RunCase[execution.AppCompatLayer](t, "appcompatflags")
	casetest.Same(t, []execution.AppCompatLayer{{
		Path: `C:\Program Files\PaperScan\PaperScan.exe`, Layers: []string{"~", "RUNASADMIN", "WIN7RTM"}, Written: utc(2026, 3, 3, 5, 46, 2, 0),
	}}, f.Data)
	m := casetest.CorpusMachine()
	m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Layers`).Set(`C:\x.exe`, regf.QWord(3))
	casetest.WantError(t, casetest.Run[execution.AppCompatLayer](t, testtree.Tree(t, m.Files()), "appcompatflags").Errs, `C:\x.exe`)
}

func TestCompatAssistant(t *testing.T) {
	f := casetest.RunCase[execution.CompatAssistant](t, "compatassistant")
	got := casetest.Pick(t, f.Data, func(c execution.CompatAssistant) bool { return c.Path == corpus.Implant })
	casetest.Same(t, execution.CompatAssistant{
		Path: corpus.Implant, Store: true, Size: 288_256, CheckSum: 0x4F1E3, DataTime: utc(2019, 12, 7, 9, 8, 44, 7849296), KeyWritten: utc(2026, 3, 6, 18, 3, 12, 0),
	}, got)
	for i := range f.Records {
		for _, e := range f.Records[i].Events() {
			if e.Time.Year() == 2019 {
				t.Errorf("the date of the compatibility data is an event: %s", e.Message)
			}
		}
	}
	for name, data := range map[string]string{
		"no signature":  "PCAS\x01\x00\x00\x00\x00\x00\x00\x00",
		"block too big": "SACP\x01\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\xFF\xFF\xFF\xFF",
		"block cut":     "SACP\x01\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00",
	} {
		m := casetest.CorpusMachine()
		m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\Store`).Set(name, regf.Binary([]byte(data)))
		f := casetest.Run[execution.CompatAssistant](t, testtree.Tree(t, m.Files()), "compatassistant")
		casetest.WantError(t, f.Errs, name)
		if len(f.Data) != 1 {
			t.Errorf("%s: the name alone is a record", name)
		}
	}
}

func TestRecentApps(t *testing.T) {
	f := casetest.RunCase[execution.RecentApp](t, "recentapps")
	casetest.Same(t, []execution.RecentApp{{
		AppID: `{6D809377-6AF0-444B-8957-A3773F02200E}\Microsoft Office\root\Office16\EXCEL.EXE`, Path: "C:" + excelPath, Runs: 11,
		LastRun: utc(2024, 12, 3, 2, 11, 9, 4410020), KeyWrite: utc(2024, 12, 3, 2, 11, 10, 0),
		Items: []execution.RecentAppItem{{Name: "Budget.xlsx", Path: `C:\Users\mira\Documents\Budget.xlsx`, Accessed: utc(2024, 12, 3, 2, 11, 9, 9000000)}},
	}}, f.Data)
	if n := len(f.Records[0].Events()); n != 2 {
		t.Errorf("%d events, want the program's and the file's", n)
	}
	m := casetest.CorpusMachine()
	m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows\CurrentVersion\Search\RecentApps\{00000000-0000-0000-0000-000000000000}`).Set("LaunchCount", regf.DWord(1))
	casetest.WantError(t, casetest.Run[execution.RecentApp](t, testtree.Tree(t, m.Files()), "recentapps").Errs, "")
}

func TestFeatureUsage(t *testing.T) {
	f := casetest.RunCase[execution.FeatureUsage](t, "featureusage")
	if len(f.Data) != 4 {
		t.Errorf("%d records, want 4", len(f.Data))
	}
	got := casetest.Pick(t, f.Data, func(u execution.FeatureUsage) bool { return u.Feature == "AppLaunch" && u.Program() != "" })
	if got.Path != excelPath || got.Count != 97 || got.Proof() != artifacts.Executed {
		t.Errorf("Excel is %+v", got)
	}
	badge := casetest.Pick(t, f.Data, func(u execution.FeatureUsage) bool { return u.Feature == "AppBadgeUpdated" })
	if badge.Proof() != artifacts.Interacted || badge.Program() != "" {
		t.Errorf("a badge proves %s of %q", badge.Proof(), badge.Program())
	}
	m := casetest.CorpusMachine("featureusage")
	m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\FeatureUsage\AppLaunch`).Set("bad", regf.Raw(4, []byte{1, 2}))
	casetest.WantError(t, casetest.Run[execution.FeatureUsage](t, testtree.Tree(t, m.Files()), "featureusage").Errs, "bad")
}

func TestJumplistData(t *testing.T) {
	f := casetest.RunCase[execution.JumplistData](t, "jumplistdata")
	got := casetest.Pick(t, f.Data, func(j execution.JumplistData) bool { return j.Program() != "" })
	if len(f.Data) != 2 || got.Path != excelPath || got.LastUsed != utc(2026, 3, 7, 0, 12, 21, 8012288) {
		t.Errorf("%+v", f.Data)
	}
	m := casetest.CorpusMachine()
	m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows\CurrentVersion\Search\JumplistData`).Set("short", regf.Binary([]byte{1, 2, 3}))
	casetest.WantError(t, casetest.Run[execution.JumplistData](t, testtree.Tree(t, m.Files()), "jumplistdata").Errs, "short")
}

func TestConsentStore(t *testing.T) {
	f := casetest.RunCase[execution.Consent](t, "consentstore")
	got := casetest.Pick(t, f.Data, func(c execution.Consent) bool { return !c.Packaged })
	casetest.Same(t, execution.Consent{
		Capability: "microphone", App: corpus.Implant, Start: utc(2026, 3, 6, 18, 20, 11, 5522871), Stop: utc(2026, 3, 6, 18, 20, 41, 1029384),
		Written: utc(2026, 3, 6, 18, 20, 41, 0),
	}, got)
	if len(f.Data) != 2 || got.Proof() != artifacts.Executed {
		t.Errorf("%+v", f.Data)
	}
	m := casetest.CorpusMachine("consentstore")
	m.Hive(casetest.DanielsHive).Find(`Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone\NonPackaged\`+strings.ReplaceAll(corpus.Implant, `\`, "#")).
		Set("LastUsedTimeStop", regf.QWord(0))
	f = casetest.Run[execution.Consent](t, testtree.Tree(t, m.Files()), "consentstore")
	if got := casetest.Pick(t, f.Data, func(c execution.Consent) bool { return !c.Packaged }); !got.InUse || got.Tags() == nil {
		t.Errorf("a use without an end: %+v", got)
	}
}

func TestSysinternals(t *testing.T) {
	f := casetest.RunCase[execution.Sysinternals](t, "sysinternals")
	suite := 0
	for i, s := range f.Data {
		if s.Suite {
			suite++
			continue
		}
		if s.Tool != "PsExec" || f.Records[i].User.Name != corpus.Daniel || s.Written != corpus.PsExecStart.Add(240e9) || s.Proof() != artifacts.Executed {
			t.Errorf("by hand: %+v of %v", s, f.Records[i].User)
		}
	}
	if len(f.Data) != 22 || suite != 21 {
		t.Errorf("%d tools, %d by an installer, want 22 and 21", len(f.Data), suite)
	}
}

// TestUserTracesReal counts what one real user's hive holds.
func TestUserTracesReal(t *testing.T) {
	path := []string{"hives", "regipy", "NTUSER_with_winscp.DAT"}
	sys := casetest.RunHive[execution.Sysinternals](t, "sysinternals", path...).Data
	suite := 0
	for _, s := range sys {
		if s.Suite {
			suite++
		}
	}
	got := []int{
		len(casetest.RunHive[execution.CompatAssistant](t, "compatassistant", path...).Data),
		len(casetest.RunHive[execution.Consent](t, "consentstore", path...).Data),
		len(casetest.RunHive[execution.FeatureUsage](t, "featureusage", path...).Data),
		len(casetest.RunHive[execution.JumplistData](t, "jumplistdata", path...).Data),
		len(sys), suite,
	}
	casetest.Same(t, []int{54, 125, 72, 3, 62, 62}, got)
	casetest.Same(t, 4, len(casetest.RunHive[execution.MuiCache](t, "muicache", "hives", "velo", "ntuser.dat").Data))
	casetest.Same(t, 3, len(casetest.RunHive[execution.MuiCache](t, "muicache", "hives", "velo", "UsrClass.dat").Data))
}

func TestUsageTracking(t *testing.T) {
	f := casetest.RunCase[execution.UsageTracking](t, "usagetracking")
	got := casetest.Pick(t, f.Data, func(u execution.UsageTracking) bool { return u.Off })
	casetest.Same(t, execution.UsageTracking{Name: "Start_TrackDocs", Off: true, Effect: "recent documents are not tracked", Written: utc(2026, 3, 6, 18, 19, 30, 0)}, got)
	if len(f.Data) != 2 {
		t.Errorf("%d switches, want 2", len(f.Data))
	}
	m := casetest.CorpusMachine()
	m.Hive(casetest.MirasHive).Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\Settings`).Set("NoLog", regf.DWord(1)).Set("NoEncrypt", regf.String("1"))
	f = casetest.Run[execution.UsageTracking](t, testtree.Tree(t, m.Files()), "usagetracking")
	casetest.WantError(t, f.Errs, "NoEncrypt")
	if len(f.Data) != 1 || f.Data[0].Name != "NoLog" || !f.Data[0].Off {
		t.Errorf("%+v", f.Data)
	}
}
