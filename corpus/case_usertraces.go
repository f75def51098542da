package corpus

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

const userCurrent = `Software\Microsoft\Windows\CurrentVersion\`

// muiCacheCase writes the descriptions that the shell has cached; the implant calls itself what it is not.
func muiCacheCase(m *Machine) {
	const key = `Local Settings\Software\Microsoft\Windows\Shell\MuiCache`
	m.Hive(usrClass(Mira)).Sub(key).At(utc(2026, 3, 3, 5, 44, 31, 0)).
		Set("LangID", regf.Binary([]byte{0x09, 0x04})).
		Set(`C:\Program Files\PaperScan\PaperScan.exe.FriendlyAppName`, regf.String("PaperScan")).
		Set(`C:\Program Files\PaperScan\PaperScan.exe.ApplicationCompany`, regf.String("ORPALIS"))
	m.Hive(usrClass(Daniel)).Sub(key).At(ImplantStart).
		Set("LangID", regf.Binary([]byte{0x09, 0x04})).
		Set(`@C:\Windows\system32\shell32.dll,-10112`, regf.String("Game Explorer")).
		Set(Implant+".FriendlyAppName", regf.String("Host Process for Windows Services")).
		Set(Implant+".ApplicationCompany", regf.String("Microsoft Corporation"))
}

// appCompatFlagsCase writes an old scanner program that mira runs as administrator.
func appCompatFlagsCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Layers`).At(utc(2026, 3, 3, 5, 46, 2, 0)).
		Set(`C:\Program Files\PaperScan\PaperScan.exe`, regf.String("~ RUNASADMIN WIN7RTM"))
}

// compatAssistantCase writes what the Program Compatibility Assistant watched.
func compatAssistantCase(m *Machine) {
	data := utc(2019, 12, 7, 9, 8, 44, 7849296) // one time for all: that of the compatibility data
	for _, u := range []struct{ user, path string }{{Mira, `C:\Users\mira\Downloads\PaperScan-Setup.exe`}, {Daniel, Implant}} {
		m.Hive(ntuser(u.user)).Sub(`Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\Store`).
			At(utc(2026, 3, 6, 18, 3, 12, 0)).Set(u.path, sacp(288_256, 0x4_F1E3, data))
	}
}

// sacp is a Store entry of two blocks.
func sacp(size, checksum uint32, data time.Time) regf.Value {
	b := append([]byte("SACP"), 1, 0, 0, 0, 0, 0, 0, 0)
	block := func(tag uint32, body []byte) {
		b = le.AppendUint32(b, tag)
		b = le.AppendUint32(b, uint32(len(body)))
		b = append(b, body...)
	}
	file := make([]byte, 40)
	le.PutUint32(file, size)
	le.PutUint32(file[4:], checksum)
	file[8] = 1
	le.PutUint64(file[24:], regf.FILETIME(data))
	block(7, file)
	counters := make([]byte, 40)
	counters[0] = 3
	block(2, counters)
	return regf.Binary(b)
}

// recentAppsCase writes what an older version of the machine's Windows left of mira's programs.
func recentAppsCase(m *Machine) {
	k := m.Hive(ntuser(Mira)).Sub(userCurrent+`Search\RecentApps\{1AD166CC-736E-4F08-A0BD-325F27183F42}`).At(utc(2024, 12, 3, 2, 11, 10,
		0)).
		Set("AppId", regf.String(`{6D809377-6AF0-444B-8957-A3773F02200E}\Microsoft Office\root\Office16\EXCEL.EXE`)).
		Set("AppPath", regf.String(`C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`)).
		Set("LaunchCount", regf.DWord(11)).Set("LastAccessedTime", regf.QWord(regf.FILETIME(utc(2024, 12, 3, 2, 11, 9, 4410020))))
	k.Sub(`RecentItems\{5B0DE4B2-31DB-4F39-8A30-0F7E6B0F1C01}`).
		Set("DisplayName", regf.String("Budget.xlsx")).Set("Path", regf.String(`C:\Users\mira\Documents\Budget.xlsx`)).
		Set("LastAccessedTime", regf.QWord(regf.FILETIME(utc(2024, 12, 3, 2, 11, 9, 9000000))))
}

// featureUsageCase writes the taskbar's counters.
func featureUsageCase(m *Machine) {
	root := m.Hive(ntuser(Mira)).Sub(explorer+"FeatureUsage").Set("KeyCreationTime",
		regf.QWord(regf.FILETIME(Installed.Add(24*time.Minute))))
	root.Sub("AppLaunch").At(utc(2026, 3, 6, 6, 48, 1, 0)).
		Set(`{6D809377-6AF0-444B-8957-A3773F02200E}\Microsoft Office\root\Office16\EXCEL.EXE`, regf.DWord(97)).Set("Chrome",
		regf.DWord(140))
	root.Sub("AppBadgeUpdated").At(utc(2026, 3, 6, 6, 1, 0, 0)).Set("Chrome", regf.DWord(12))
	m.Hive(ntuser(Daniel)).Sub(explorer+`FeatureUsage\AppSwitched`).At(utc(2026, 3, 6, 18, 12, 51, 0)).
		Set(`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`, regf.DWord(7))
}

// jumplistDataCase writes what search noted of programs with a jump list.
func jumplistDataCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(userCurrent+`Search\JumplistData`).At(utc(2026, 3, 7, 0, 12, 22, 0)).
		Set(`{6D809377-6AF0-444B-8957-A3773F02200E}\Microsoft Office\root\Office16\EXCEL.EXE`,
			regf.QWord(regf.FILETIME(utc(2026, 3, 7, 0, 12, 21, 8012288)))).
		Set("Chrome", regf.QWord(regf.FILETIME(utc(2026, 3, 6, 8, 2, 53, 1000000))))
}

// consentStoreCase writes that the implant listened to the microphone, and that the calculator may not.
func consentStoreCase(m *Machine) {
	mic := m.Hive(ntuser(Daniel)).Sub(userCurrent+`CapabilityAccessManager\ConsentStore\microphone`).Set("Value", regf.String("Allow"))
	mic.Sub("Microsoft.WindowsCalculator_8wekyb3d8bbwe").Set("Value", regf.String("Deny"))
	mic.Sub("NonPackaged").Set("Value", regf.String("Allow")).
		Sub(strings.ReplaceAll(Implant, `\`, "#")).At(utc(2026, 3, 6, 18, 20, 41, 0)).
		Set("LastUsedTimeStart", regf.QWord(regf.FILETIME(utc(2026, 3, 6, 18, 20, 11, 5522871)))).
		Set("LastUsedTimeStop", regf.QWord(regf.FILETIME(utc(2026, 3, 6, 18, 20, 41, 1029384))))
}

// sysinternalsCase writes one tool that daniel's intruder started, and a suite that an installer of mira's accepted.
func sysinternalsCase(m *Machine) {
	m.Hive(ntuser(Daniel)).Sub(`Software\Sysinternals\PsExec`).At(PsExecStart.Add(4*time.Minute)).Set("EulaAccepted", regf.DWord(1))
	suite := m.Hive(ntuser(Mira)).Sub(`Software\Sysinternals`)
	for i, tool := range []string{"AccessChk", "Autologon", "AutoRuns", "BGInfo", "CacheSet", "ClockRes", "Coreinfo", "DbgView",
		"Disk2Vhd", "Handle", "Hex2Dec", "Junction", "ListDLLs",
		"LogonSessions", "NTFSInfo", "PageDefrag", "PendMoves", "PipeList", "PsExec", "RAMMap", "Strings"} {
		suite.Sub(tool).At(utc(2025, 5, 20, 3, 12, 40, 100_000*i)).Set("EulaAccepted", regf.DWord(1))
	}
}

// usageTrackingCase writes the switches for traces of use: the intruder turned one of daniel's off.
func usageTrackingCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(explorer+"Advanced").At(Installed.Add(25*time.Minute)).Set("Start_TrackProgs",
		regf.DWord(1)).Set("HideFileExt", regf.DWord(1))
	m.Hive(ntuser(Daniel)).Sub(explorer+"Advanced").At(utc(2026, 3, 6, 18, 19, 30, 0)).Set("Start_TrackDocs", regf.DWord(0))
}
