package activity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// accessChosen is when daniel's notes were chosen, in the story.
var accessChosen = casetest.UserTime(2026, 3, 6, 17, 53, 30, 7743096)

func TestRecentDocs(t *testing.T) {
	docx, folder := casetest.UserTime(2026, 3, 3, 2, 11, 40, 9011233), casetest.UserTime(2026, 3, 4, 9, 0, 31, 1170052)
	casetest.UserDiff(t, casetest.UserOf[activity.RecentDoc](casetest.UserCase(t, "recentdocs", "users", "recentdocs"), "daniel"), []activity.RecentDoc{
		{Name: "server access.txt", Link: "server access.txt.lnk", Position: 1, Written: accessChosen},
		{Name: "plans 2026", Link: "plans 2026.lnk", Position: 2},
		{Name: "minutes.docx", Link: "minutes.docx.lnk", Position: 3},
		{Name: "minutes.docx", Link: "minutes.docx.lnk", Type: ".docx", Position: 1, Written: docx},
		{Name: "server access.txt", Link: "server access.txt.lnk", Type: ".txt", Position: 1, Written: accessChosen},
		{Name: "plans 2026", Link: "plans 2026.lnk", Type: "Folder", Position: 1, Written: folder},
	})
}

func TestRecentDocsCut(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer+"RecentDocs").
		Set("0", regf.Binary(append(regf.UTF16("x.txt\x00"), 40, 0, 0x32, 0))).Set("MRUListEx", regf.Binary([]byte{0, 0, 0, 0, 255, 255, 255, 255}))
	recs := casetest.UserDamaged(t, m, "recentdocs", "claims 40 bytes, 4 are left")
	if len(recs) != 1 || recs[0].Data.(activity.RecentDoc).Name != "x.txt" {
		t.Errorf("records %v, want the name", recs)
	}
}

func TestOpenSave(t *testing.T) {
	want := activity.OpenSave{
		Path: `C:\Users\daniel\Documents\server access.txt`, Type: "*", Entry: 118203, Sequence: 7, Position: 1, Written: accessChosen,
		Modified: casetest.UserTime(2025, 11, 12, 8, 30, 20, 0), Created: casetest.UserTime(2025, 11, 12, 8, 29, 2, 0), Accessed: casetest.UserTime(2026, 3, 6, 17, 53, 30, 0),
	}
	txt := want
	txt.Type = "txt"
	casetest.UserDiff(t, casetest.UserOf[activity.OpenSave](casetest.UserCase(t, "opensave", "users", "opensave"), "daniel"), []activity.OpenSave{want, txt})
}

// TestOpenSaveXP reads the lists of Windows XP: texts by letters.
func TestOpenSaveXP(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer+`ComDlg32\OpenSaveMRU\exe`).At(corpus.ImplantStart).
		Set("a", regf.String(`C:\a.exe`)).Set("b", regf.String(`C:\b.exe`)).Set("MRUList", regf.String("ba"))
	recs := casetest.UserFS(t, m.FS(), "opensave")
	casetest.UserDiff(t, casetest.UserOf[activity.OpenSave](recs, ""), []activity.OpenSave{
		{Path: `C:\b.exe`, Type: "exe", Position: 1, Written: corpus.ImplantStart},
		{Path: `C:\a.exe`, Type: "exe", Position: 2},
	})
	if p := recs[0].Program(); p != `C:\b.exe` {
		t.Errorf("Program() = %q", p)
	}
}

func TestLastVisited(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[activity.LastVisited](casetest.UserCase(t, "lastvisited", "users", "lastvisited"), "daniel"), []activity.LastVisited{
		{Application: "notepad.exe", Folder: `C:\Users\daniel\Documents`, List: "LastVisitedPidlMRU", Position: 1, Written: accessChosen},
		{Application: "notepad.exe", List: "CIDSizeMRU", Position: 1, Written: accessChosen},
	})
}

func TestLastVisitedCut(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(explorer+`ComDlg32\LastVisitedPidlMRU`).
		Set("0", regf.Binary(regf.UTF16("x.exe\x00"))).Set("MRUListEx", regf.Binary([]byte{0, 0, 0, 0, 255, 255, 255, 255}))
	casetest.UserDamaged(t, m, "lastvisited", "no end mark")
}

func TestShellBags(t *testing.T) {
	recs := casetest.UserCase(t, "shellbags", "users", "shellbags")
	stick, public, share := casetest.UserTime(2026, 3, 4, 9, 0, 31, 1170052), casetest.UserTime(2026, 3, 6, 17, 52, 52, 7743096), casetest.UserTime(2026, 3, 6, 18, 3, 33, 8812245)
	const root = "{20D04FE0-3AEA-1069-A2D8-08002B30309D}"
	casetest.UserDiff(t, casetest.UserOf[activity.ShellBag](recs, "daniel"), []activity.ShellBag{
		{Path: "Network", Kind: "root folder", GUID: "{F02C1A0D-BE21-4350-88B0-7367FC96EF3C}", Position: 1, Interacted: share, Written: share},
		{Path: "My Computer", Kind: "root folder", GUID: root, Position: 2, Slot: 1, Written: public},
		{Path: `Network\\\FALCON-SRV\c$`, File: `\\FALCON-SRV\c$`, Kind: "network location", Position: 1, Slot: 5, Interacted: share, Written: share},
		{Path: `My Computer\C:`, File: "C:", Kind: "volume", Position: 1, Slot: 2, Interacted: public, Written: public},
		{Path: `My Computer\E:`, File: "E:", Kind: "volume", Position: 2, Written: stick},
		{Path: `My Computer\C:\Users`, File: `C:\Users`, Kind: "directory", Position: 1, Entry: 162, Sequence: 1, Version: 9, Interacted: public, Written: public,
			Modified: casetest.UserTime(2024, 11, 20, 4, 31, 6, 0), Created: casetest.UserTime(2024, 11, 20, 4, 12, 30, 0), Accessed: casetest.UserTime(2024, 11, 20, 4, 31, 6, 0)},
		{Path: `My Computer\C:\Users\Public`, File: `C:\Users\Public`, Kind: "directory", Position: 1, Slot: 4, Entry: 171, Sequence: 1, Version: 9, Interacted: public, Written: public,
			Modified: casetest.UserTime(2025, 6, 3, 2, 14, 8, 0), Created: casetest.UserTime(2024, 11, 20, 4, 31, 6, 0), Accessed: casetest.UserTime(2025, 6, 3, 2, 14, 8, 0)},
		{Path: `My Computer\E:\plans 2026`, File: `E:\plans 2026`, Kind: "directory", Short: "PLANS2~1", Position: 1, Slot: 3, Version: 9, Interacted: stick, Written: stick,
			Modified: casetest.UserTime(2026, 3, 4, 8, 58, 2, 0), Created: casetest.UserTime(2026, 1, 9, 2, 0, 0, 0), Accessed: casetest.UserTime(2026, 3, 4, 0, 0, 0, 0)},
	})
}

// TestShellBagsDamage has an item that claims more than there is; its brothers
// and children are read.
func TestShellBagsDamage(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	tree := m.Hive(casetest.DanielNT).Sub(`Software\Microsoft\Windows\Shell\BagMRU`)
	volume := append([]byte{25, 0, 0x2F, 'C', ':', '\\'}, make([]byte, 19+2)...)
	tree.Set("0", regf.Binary([]byte{200, 0, 0x31, 0})).Set("1", regf.Binary(volume)).Set("MRUListEx", regf.Binary([]byte{1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255}))
	tree.Sub("0").Set("0", regf.Binary(volume)).Set("MRUListEx", regf.Binary([]byte{0, 0, 0, 0, 255, 255, 255, 255}))
	var got []string
	for _, r := range casetest.UserDamaged(t, m, "shellbags", "claims 200 bytes, 4 are left") {
		got = append(got, r.Data.(activity.ShellBag).Path)
	}
	if want := []string{"C:", "<unknown 00>", `<unknown 00>\C:`}; !slices.Equal(got, want) {
		t.Errorf("paths %q, want %q", got, want)
	}
}

func TestMountPoints(t *testing.T) {
	recs := casetest.UserCase(t, "mountpoints2", "users", "mountpoints2", "shellbags")
	const volume = "{8f1c40d2-17a3-11f0-b6c1-0a1b2c3d4e5f}"
	casetest.UserDiff(t, casetest.UserOf[activity.MountPoint](recs, "daniel"), []activity.MountPoint{
		{Name: "##FALCON-SRV#c$", Kind: "share", Share: `\\FALCON-SRV\c$`, Written: casetest.UserTime(2026, 3, 6, 18, 3, 33, 8812245)},
		{Name: volume, Kind: "volume", Label: "KITE", Drive: "E:", Written: casetest.UserTime(2026, 3, 4, 9, 0, 29, 8812440),
			Device: `_??_USBSTOR#Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00#4C5300019920260304&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`},
	})
}

func TestMappedDrives(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[activity.MappedDrive](casetest.UserCase(t, "mappeddrives", "users", "mappeddrives"), "mira"), []activity.MappedDrive{
		{Drive: "R", Path: `\\FALCON-SRV\reports`, Provider: "Microsoft Windows Network", Written: casetest.UserTime(2025, 2, 3, 1, 40, 7, 5512009)},
		{Path: `\\FALCON-SRV\reports`, Position: 1, Written: casetest.UserTime(2025, 2, 3, 1, 40, 7, 5990113)},
	})
}

func TestTSClient(t *testing.T) {
	at := casetest.UserTime(2026, 3, 6, 18, 26, 50, 0)
	casetest.UserDiff(t, casetest.UserOf[activity.RDPServer](casetest.UserCase(t, "tsclient", "users", "tsclient"), "daniel"), []activity.RDPServer{
		{Host: "192.0.2.40", UserName: "daniel", Written: casetest.UserTime(2025, 9, 8, 0, 31, 14, 2204817)},
		{Host: "FALCON-SRV", UserName: `FALCON-SRV\svc_backup`, CertHash: "9b11e0547f23c86605d941aa38901c72ef5d0b34", Written: at},
		{Host: "FALCON-SRV", Position: 1, Written: at},
		{Host: "192.0.2.40", Position: 2},
	})
}

func TestOfficeMRU(t *testing.T) {
	recs := casetest.UserCase(t, "officemru", "users", "officemru")
	casetest.UserDiff(t, casetest.UserOf[activity.OfficeDocument](recs, ""), []activity.OfficeDocument{
		{Path: `C:\Users\daniel\Documents\minutes.docx`, Application: "Word", Version: "16.0", Position: 1, Opened: casetest.UserTime(2026, 3, 3, 2, 11, 41, 1200344)},
		{Path: `C:\Users\daniel\Downloads\invoice 0226.docm`, Application: "Word", Version: "16.0", Position: 2, Opened: casetest.UserTime(2026, 2, 26, 0, 52, 10, 4400120)},
		{Path: `C:\Users\daniel\Documents\`, Application: "Word", Version: "16.0", Place: true, Position: 1, Opened: casetest.UserTime(2026, 3, 3, 2, 11, 41, 1200344)},
		{Path: `\\FALCON-SRV\reports\2026-02.xlsx`, Application: "Excel", Version: "16.0", Identity: "LiveId_0F0E0D0C0B0A09080706050403020100", Position: 1,
			Opened: casetest.UserTime(2026, 3, 5, 5, 30, 2, 7004411)},
	})
}

func TestOfficeMRUDamage(t *testing.T) {
	for value, words := range map[string]string{
		"[F00000000][T01D8ZZ][O00000000]*C:\\x.docx": "no number in hex",
		"[F00000000][T01D8":                          "has no *",
	} {
		m := corpus.NewMachine()
		m.Hive(casetest.DanielNT).Sub("Environment")
		m.Hive(casetest.DanielNT).Sub(`Software\Microsoft\Office\16.0\Word\File MRU`).Set("Item 1", regf.String(value))
		if recs := casetest.UserDamaged(t, m, "officemru", words); len(recs) != 1 {
			t.Errorf("%d records, want the entry without its time", len(recs))
		}
	}
}

func TestTrustRecords(t *testing.T) {
	recs := casetest.UserCase(t, "trustrecords", "users", "trustrecords")
	at := casetest.UserTime(2026, 2, 26, 0, 53, 2, 9115401)
	casetest.UserDiff(t, casetest.UserOf[activity.TrustRecord](recs, "daniel"), []activity.TrustRecord{
		{Path: "%USERPROFILE%/Documents/minutes.docx", Application: "Word", Version: "16.0", Kind: "document", Editing: true, Flags: 1, Offset: "9h0m0s",
			Trusted: casetest.UserTime(2025, 9, 1, 3, 1, 0, 0), Created: casetest.UserTime(2025, 9, 1, 3, 0, 5, 0)},
		{Path: "%USERPROFILE%/Downloads/invoice%200226.docm", Application: "Word", Version: "16.0", Kind: "document", Macros: true, Editing: true, Flags: 0x7FFFFFFF, Offset: "9h0m0s",
			Trusted: casetest.UserTime(2026, 2, 26, 0, 53, 0, 0), Created: casetest.UserTime(2026, 2, 26, 0, 50, 44, 1230055)},
		{Path: `C:\Program Files\Microsoft Office\root\Templates\`, Application: "Word", Version: "16.0", Kind: "location", Value: "1", Written: casetest.UserTime(2025, 1, 24, 2, 0, 0, 0)},
		{Path: "VBAWarnings", Application: "Word", Version: "16.0", Kind: "setting", Value: "2", Meaning: "macros ask", Written: at},
	})
	if !slices.Contains(recs[1].Tags(), "macros") {
		t.Error("enabled macros are not marked")
	}
}

func TestTrustRecordsCut(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(`Software\Microsoft\Office\16.0\Word\Security\Trusted Documents\TrustRecords`).Set("x.docm", regf.Binary(make([]byte, 20)))
	casetest.UserDamaged(t, m, "trustrecords", "20 bytes, a trust record has 24")
}

func TestPuTTY(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[activity.RemoteHost](casetest.UserCase(t, "putty", "users", "putty"), "mira"), []activity.RemoteHost{
		{Tool: "PuTTY", Kind: "host key", Host: "192.0.2.60", Port: 22, KeyType: "ssh-ed25519"},
		{Tool: "PuTTY", Kind: "session", Session: "build server", Host: "192.0.2.60", Port: 22, UserName: "mira", Written: casetest.UserTime(2025, 12, 1, 4, 9, 58, 6601234)},
		{Tool: "PuTTY", Kind: "recent", Session: "build server", Written: casetest.UserTime(2025, 12, 1, 4, 10, 30, 0)},
	})
}

func TestPuTTYOddKey(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	m.Hive(casetest.DanielNT).Sub(`Software\SimonTatham\PuTTY\SshHostKeys`).Set("what", regf.String("0x1"))
	casetest.UserDamaged(t, m, "putty", "not type@port:host")
}

// TestWinSCP wants to see that there is a password and not what it is.
func TestWinSCP(t *testing.T) {
	recs := casetest.UserCase(t, "winscp", "users", "winscp")
	casetest.UserDiff(t, casetest.UserOf[activity.RemoteHost](recs, "daniel"), []activity.RemoteHost{
		{Tool: "WinSCP", Kind: "session", Session: "up@198.51.100.20", Host: "198.51.100.20", Port: 443, UserName: "up", Password: true,
			Local: `C:\PerfLogs`, Remote: "/in", Written: casetest.UserTime(2026, 3, 6, 18, 27, 18, 4410987)},
		{Tool: "WinSCP", Kind: "recent", Session: "up@198.51.100.20", Host: "198.51.100.20", UserName: "up"},
	})
}

func TestArchivers(t *testing.T) {
	recs := casetest.UserCase(t, "archivers", "users", "archivers")
	at := casetest.UserTime(2025, 10, 2, 3, 14, 15, 9265358)
	casetest.UserDiff(t, casetest.UserOf[activity.RecentPath](recs, "daniel"), []activity.RecentPath{
		{Tool: "7-Zip", List: "folders", Path: `C:\Users\daniel\Downloads\`, Position: 1, Written: at},
		{Tool: "7-Zip", List: "folders", Path: `C:\Users\daniel\`, Position: 2},
		{Tool: "7-Zip", List: "open folder", Path: `C:\Users\daniel\Downloads\`, Position: 1, Written: at},
	})
	casetest.UserDiff(t, casetest.UserOf[activity.RecentPath](recs, "mira"), []activity.RecentPath{
		{Tool: "WinRAR", List: "archives", Path: `C:\Users\mira\Documents\reports 2025.rar`, Position: 1, Written: casetest.UserTime(2026, 3, 5, 6, 2, 18, 4411520)},
		{Tool: "WinRAR", List: "archives", Path: `C:\Users\mira\Downloads\fonts.zip`, Position: 2},
	})
}

func TestApplets(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[activity.RecentPath](casetest.UserCase(t, "applets", "users", "applets"), "daniel"), []activity.RecentPath{
		{Tool: "Registry Editor", List: "last key", Path: `Computer\HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run`, Position: 1, Written: casetest.UserTime(2026, 3, 6, 18, 16, 57, 2246903)},
		{Tool: "WordPad", List: "files", Path: `C:\Users\daniel\Documents\letter.rtf`, Position: 1, Written: casetest.UserTime(2025, 8, 4, 2, 0, 12, 1100045)},
	})
}

func TestInternetSettings(t *testing.T) {
	var got []string
	for _, r := range casetest.UserCase(t, "internetsettings", "users", "internetsettings") {
		got = append(got, strings.Join(append([]string{r.Summary()}, r.Tags()...), " #"))
	}
	slices.Sort(got)
	casetest.UserDiff(t, got, []string{
		"[zone 3, Internet] locked down, level custom, 2 actions",
		"[zone 3, Internet] locked down, level custom, 2 actions",
		"[zone 3, Internet], level medium-high, 5 actions",
		"[zone 3, Internet], level medium-high, 5 actions, 1 changed: 1201 script ActiveX controls that are not marked safe: allowed " +
			"(default: denied) #changed #weakens",
	})
}

// TestInternetSettingsReal has users of Windows XP to 10 who changed nothing.
func TestInternetSettingsReal(t *testing.T) {
	for _, file := range []string{"hives/regipy/NTUSER.DAT", "hives/regipy/NTUSER_with_winscp.DAT", "hives/regipy/NTUSER-WSL.DAT",
		"hives/velo/ntuser.dat", "hives/artemis/win10/NTUSER.DAT"} {
		recs := casetest.UserReal(t, "internetsettings", file)
		if len(recs) < 5 {
			t.Errorf("%s: %d zones, want at least 5", file, len(recs))
		}
		for _, r := range recs {
			if len(r.Data.(activity.InternetZone).Changed) > 0 {
				t.Errorf("%s: %s, want the defaults of Windows", file, r.Summary())
			}
		}
	}
}

// TestActivityReal counts the records of real hives, which other programs and
// the eye have confirmed.
func TestActivityReal(t *testing.T) {
	const old, new, wsl = "hives/regipy/NTUSER.DAT", "hives/regipy/NTUSER_with_winscp.DAT", "hives/regipy/NTUSER-WSL.DAT"
	for _, c := range []struct {
		artifact, file string
		want           int
	}{
		{"recentdocs", old, 22}, {"recentdocs", new, 232}, {"recentdocs", wsl, 6}, {"recentdocs", "hives/velo/ntuser.dat", 6},
		{"opensave", new, 56}, {"opensave", wsl, 4},
		{"lastvisited", new, 27}, {"lastvisited", wsl, 2},
		{"shellbags", "hives/velo/ntuser.dat", 5}, {"shellbags", "hives/velo/UsrClass.dat", 9},
		{"shellbags", "hives/ez/UsrClassDeletedBags.dat", 4}, {"shellbags", "hives/ez/Acronis_0x52_Usrclass.dat", 40},
		{"mountpoints2", old, 3}, {"mountpoints2", new, 5}, {"mappeddrives", old, 1},
		{"officemru", old, 6}, {"officemru", new, 28}, {"trustrecords", old, 13}, {"trustrecords", new, 15},
		{"putty", new, 6}, {"winscp", new, 3}, {"archivers", old, 6}, {"archivers", new, 8}, {"applets", new, 11},
		{"internetsettings", new, 10},
	} {
		t.Run(c.artifact+" "+c.file, func(t *testing.T) {
			recs := casetest.UserReal(t, c.artifact, c.file)
			if len(recs) != c.want {
				t.Errorf("%d records, want %d", len(recs), c.want)
			}
			for _, r := range recs {
				for _, e := range r.Events() {
					if y := e.Time.Year(); y < 1980 || y > 2030 {
						t.Errorf("%s: %s at %s", r.Summary(), e.Kind, e.Time.Format(time.RFC3339))
					}
				}
			}
		})
	}
}

// TestShellBagsDeep has a tree deeper than any path: the walk ends, and says
// so.
func TestShellBagsDeep(t *testing.T) {
	m := corpus.NewMachine()
	m.Hive(casetest.DanielNT).Sub("Environment")
	k := m.Hive(casetest.DanielNT).Sub(`Software\Microsoft\Windows\Shell\BagMRU`)
	item := append([]byte{25, 0, 0x2F}, make([]byte, 22+2)...)
	copy(item[3:], "abcdefghijklmnopqrs")
	for range 400 {
		k.Set("0", regf.Binary(item)).Set("MRUListEx", regf.Binary([]byte{0, 0, 0, 0, 255, 255, 255, 255}))
		k = k.Sub("0")
	}
	recs := casetest.UserDamaged(t, m, "shellbags", "more than the shell can show")
	if n := len(recs); n != 205 {
		t.Errorf("%d records, want the 205 up to the limit", n)
	}
}

// TestActivityProofs holds what a setting proves apart from what a click does.
func TestActivityProofs(t *testing.T) {
	want := map[string]artifacts.Proof{"document": artifacts.Interacted, "location": artifacts.Configured, "setting": artifacts.Configured}
	for _, r := range casetest.UserCase(t, "trustrecords", "users", "trustrecords") {
		if d := r.Data.(activity.TrustRecord); r.Proof() != want[d.Kind] {
			t.Errorf("%s proves %s, want %s", d.Kind, r.Proof(), want[d.Kind])
		}
	}
	for _, r := range casetest.UserCase(t, "putty", "users", "putty") {
		d := r.Data.(activity.RemoteHost)
		if configured := r.Proof() == artifacts.Configured; configured != (d.Kind == "session") {
			t.Errorf("%s proves %s", d.Kind, r.Proof())
		}
	}
}
