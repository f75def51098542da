package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/prefetch"
)

// minute is a moment of the day of the rules' cases.
func minute(n int) time.Time { return day.Add(time.Duration(n) * time.Minute) }

func fileOf(path string, more func(*filesystem.File)) artifacts.Record {
	f := filesystem.File{Path: path, PathState: "whole", Reference: "100-1", Exists: true, Created: minute(0), Changed: minute(0), NameCreated: minute(0), Shown: "x"}
	if more != nil {
		more(&f)
	}
	return rec("mft", f)
}

func session(path string, more func(*filesystem.Change)) artifacts.Record {
	c := filesystem.Change{Kind: filesystem.KindSession, Path: path, Reference: "100-1", First: minute(0), Shown: "x"}
	if more != nil {
		more(&c)
	}
	return rec("usnjrnl", c)
}

func created(path string) artifacts.Record {
	return session(path, func(c *filesystem.Change) { c.Created = minute(0) })
}

func removed(path string, n int) artifacts.Record {
	return session(path, func(c *filesystem.Change) { c.First, c.Deleted = minute(n), minute(n) })
}

func became(was, is string) artifacts.Record {
	return session(is, func(c *filesystem.Change) { c.OldPath, c.Renamed = was, minute(0) })
}

func watched(path string, more func(*filesystem.Change)) artifacts.Record {
	return session(path, func(c *filesystem.Change) {
		c.Shown = string(filesystem.Watched)
		more(c)
	})
}

func marked(path, address string) artifacts.Record {
	return rec("zoneid", filesystem.Mark{Path: path, Exists: true, Zone: "Internet", HostURL: address})
}

func pfWritten(name string, n int) artifacts.Record {
	return rec("usnjrnl", filesystem.Change{Kind: filesystem.KindStart, Executable: name, Hash: "01234567", Path: `C:\Windows\Prefetch\` + name + `-01234567.pf`, First: minute(n), NotBefore: minute(n).Add(-10 * time.Second)})
}

// pfRecord is the record that $MFT has of a Prefetch file.
func pfRecord(name string, first, last int) artifacts.Record {
	return fileOf(`C:\Windows\Prefetch\`+name, func(f *filesystem.File) {
		f.NameCreated, f.Created, f.Modified = minute(first), minute(first), minute(last)
	})
}

// pfNamed names the Prefetch file that Windows 10 makes of a program on its third volume.
func pfNamed(path string) string {
	return fmt.Sprintf("%s-%08X.pf", path[strings.LastIndexByte(path, '\\')+1:], prefetch.Hash(prefetch.V30, `\DEVICE\HARDDISKVOLUME3`+path, ""))
}

// bamRan is a record of another kind than Prefetch that a program ran.
func bamRan(path string, n int) artifacts.Record {
	return rec("bam", execution.Bam{Path: path, LastRun: minute(n)})
}

func multiple(kind string, more func(*filesystem.Change)) artifacts.Record {
	c := filesystem.Change{Kind: kind, First: minute(0), Last: minute(5)}
	more(&c)
	return rec("usnjrnl", c)
}

func forged(strong bool) func(*filesystem.File) {
	return func(f *filesystem.File) {
		f.Forged = &filesystem.Doubt{Strong: strong, Tests: []string{"a test"}}
	}
}

func doubtless(f *filesystem.File) { f.Created = minute(-500_000) }

func init() {
	hot, tool := `C:\Users\Public\a.exe`, `C:\Users\u\AppData\Local\Temp\t.exe`
	deletedPf := func(n int) records {
		var out records
		for i := range n {
			name := string(rune('A'+i)) + ".EXE"
			out = append(out, watched(`C:\Windows\Prefetch\`+name+`-01234567.pf`, func(c *filesystem.Change) { c.Deleted = minute(0) }))
		}
		return out
	}
	add := func(rule string, level findings.Level, fires, benign records) {
		cases = append(cases, struct {
			rule   string
			level  findings.Level
			fires  records
			benign records
		}{rule, level, fires, benign})
	}
	add("N-01", findings.High, records{created(hot), pf(`\Users\Public\a.exe`, at(5))}, records{created(hot), pf(`\Users\Public\a.exe`, at(500))})
	add("N-01", findings.High, records{fileOf(hot, nil), pf(`\Users\Public\a.exe`, at(5))}, records{fileOf(`C:\Program Files\A\a.exe`, nil), pf(`\Program Files\A\a.exe`, at(5))})
	temp, tempRun := created(tool), pf(`\Users\u\AppData\Local\Temp\t.exe`, at(5))
	add("N-01", findings.Medium, records{temp, tempRun}, records{created(`C:\Windows\Temp\t.exe`), pf(`\Windows\Temp\t.exe`, at(5))})
	add("N-01", findings.Medium, records{temp, tempRun}, records{created(`C:\Users\u\AppData\Local\Temp\setup.exe`), pf(`\Users\u\AppData\Local\Temp\setup.exe`, at(5))})
	// A write of a Prefetch file shows the start, but those of a name of Windows are not the program's.
	add("N-01", findings.Medium, records{temp, pfWritten("T.EXE", 5)}, records{created(`C:\Users\Public\svchost.exe`), pfWritten("SVCHOST.EXE", 5)})
	loadedTo := `C:\Users\u\Downloads\t.exe`
	add("N-02", findings.Medium, records{removed(loadedTo, 30), pf(`\Users\u\Downloads\t.exe`, at(5))},
		records{removed(`C:\Users\u\Downloads\svchost.exe`, 30), pfWritten("SVCHOST.EXE", 5)})
	add("N-02", findings.High, records{removed(hot, 30), pf(`\Users\Public\a.exe`, at(5))}, records{removed(hot, 30), pf(`\Users\Public\a.exe`, at(45))})
	add("N-02", findings.Medium, records{removed(tool, 30), pf(`\Users\u\AppData\Local\Temp\t.exe`, at(5))}, records{removed(`C:\Program Files\A\a.exe`, 30), pf(`\Program Files\A\a.exe`, at(5))})
	add("N-02", 0, records{removed(tool, 30), pfWritten("T.EXE", 5)}, records{removed(tool, 2), pfWritten("T.EXE", 5)})
	add("N-02", findings.Medium, records{rec("executedfiles", filesystem.Executed{Path: `\VOLUME{1}\USERS\PUBLIC\A.EXE`, Prefetch: "A.EXE-01234567.pf", Reference: "100-1", Fate: "record reused"})},
		records{rec("executedfiles", filesystem.Executed{Path: `\VOLUME{1}\USERS\PUBLIC\A.EXE`, Prefetch: "A.EXE-01234567.pf", Reference: "100-1", Fate: "exists"})})
	gone := rec("filereferences", filesystem.Referenced{Path: hot, NamedBy: []string{"shortcuts C:\\a.lnk"}, Reference: "100-1", Fate: "record reused"})
	add("N-02", findings.Medium, records{gone, pf(`\Users\Public\a.exe`, at(5))}, records{gone, fileOf(hot, nil), pf(`\Users\Public\a.exe`, at(5))})
	add("N-02", findings.Medium, records{gone, pf(`\Users\Public\a.exe`, at(5))}, records{gone})
	// Outside the usual places one that was deleted alone counts: neither an update nor the removal of a product.
	alone := `C:\Windows\System32\pe.exe`
	aloneRan := pf(`\Windows\System32\pe.exe`, at(5))
	add("N-02", findings.Medium, records{removed(alone, 30), aloneRan}, records{removed(alone, 30), aloneRan, removed(`C:\A\a.dll`, 30),
		removed(`C:\A\b.dll`, 30), removed(`C:\A\c.dll`, 30), removed(`C:\A\d.dll`, 30)})
	chat := `Users\u\AppData\Local\Chat\app-1.2.3\chat.exe`
	add("N-02", findings.Medium, records{removed(alone, 30), aloneRan}, records{removed(`C:\`+chat, 30), pf(`\`+chat, at(5))})
	add("N-02", findings.Medium, records{removed(alone, 30), aloneRan}, records{removed(`C:\Windows\System32\cmd.exe`, 30), pf(`\Windows\System32\cmd.exe`, at(5))})
	// A program that came a second time ran after that.
	again := session(hot, func(c *filesystem.Change) { c.First, c.Created = minute(5000), minute(5000) })
	add("N-01", findings.High, records{created(hot), removed(hot, 30), again, pf(`\Users\Public\a.exe`, at(5010))},
		records{created(hot), removed(hot, 30), again, pf(`\Users\Public\a.exe`, at(4000))})
	// The file record of a Prefetch file shows the first and the last start of the program whose path has its hash.
	add("N-01", findings.High, records{fileOf(hot, nil), pfRecord(pfNamed(`\USERS\PUBLIC\A.EXE`), 5, 9000)},
		records{fileOf(hot, nil), pfRecord(pfNamed(`\USERS\PUBLIC\A.EXE`), 400, 9000)})
	add("N-03", findings.Medium, records{became(`C:\Users\Public\a.jpg`, hot)}, records{became(`C:\Users\Public\a.exe.crdownload`, hot)})
	add("N-03", findings.High, records{became(`C:\Users\Public\a.exe`, `C:\Users\Public\svchost.exe`)}, records{
		became(`C:\Windows\WinSxS\Temp\0123456789abcdef0123456789abcdef.dat`, `C:\Windows\System32\svchost.exe`),
		became(`C:\Windows\SoftwareDistribution\0123456789ABCDEF0123456789ABCDEF`, `C:\Users\Public\svchost.exe`)})
	add("N-04", findings.Medium, records{fileOf(`C:\Users\u\Downloads\bill.pdf.exe`, nil)}, records{fileOf(`C:\Users\u\Downloads\setup.1.2.exe`, nil), fileOf(`C:\Users\u\Recent\bill.pdf.lnk`, nil)})
	add("N-05", findings.High, records{fileOf(`C:\Windows\System32\x.exe`, forged(true))}, records{fileOf(`C:\Windows\System32\x.exe`, doubtless)})
	add("N-05", findings.Critical, records{fileOf(`C:\Windows\System32\x.exe`, forged(true)), pf(`\Windows\System32\x.exe`, at(5))}, records{fileOf(`C:\Windows\System32\x.exe`, doubtless), pf(`\Windows\System32\x.exe`, at(5))})
	dllhost := `C:\Windows\System32\dllhost\svchost.exe`
	add("N-05", findings.Critical, records{fileOf(dllhost, forged(true)), pfRecord(pfNamed(`\WINDOWS\SYSTEM32\DLLHOST\SVCHOST.EXE`), 5, 50)},
		records{fileOf(dllhost, doubtless), pfRecord(pfNamed(`\WINDOWS\SYSTEM32\SVCHOST.EXE`), 5, 50)})
	add("N-05b", findings.Medium, records{fileOf(`C:\Windows\System32\x.exe`, forged(false))}, records{fileOf(`C:\Windows\System32\x.exe`, doubtless)})
	odd := func(c *filesystem.Change) { c.OddTimes, c.TimesSet = true, minute(3) }
	add("N-05b", findings.Medium, records{session(`C:\Windows\System32\x.exe`, odd)},
		records{session(`C:\Windows\System32\x.exe`, func(c *filesystem.Change) { c.TimesSet = minute(3) })})
	add("N-06", findings.High, records{marked(hot, "http://203.0.113.9/a.exe"), pf(`\Users\Public\a.exe`, at(5))}, records{marked(hot, "http://203.0.113.9/a.exe")})
	add("N-06", findings.Medium, records{marked(hot, "https://example.com/a.exe"), pf(`\Users\Public\a.exe`, at(5))}, records{marked(`C:\Program Files\A\a.exe`, "https://example.com/a.exe"), pf(`\Program Files\A\a.exe`, at(5))})
	lost := func(c *filesystem.Change) { c.StreamTime, c.MarkLost = minute(0), true }
	add("N-07", findings.Medium, records{session(hot, lost), pf(`\Users\Public\a.exe`, at(5))}, records{session(hot, lost), pf(`\Users\Public\a.exe`, at(-5))})
	loaded := func(url string) artifacts.Record {
		return rec("browserdownloads", browser.Download{Browser: "Chrome", Path: hot, URL: url, Start: minute(0), End: minute(1), Status: "complete"})
	}
	bare, run := fileOf(hot, nil), pf(`\Users\Public\a.exe`, at(5))
	address := "https://example.com/a.exe"
	add("N-07", findings.Medium, records{loaded(address), bare, run}, records{loaded(address), bare})
	add("N-07", findings.Medium, records{loaded(address), bare, run}, records{loaded("http://intranet/a.exe"), bare, run})
	add("N-07", findings.Medium, records{loaded(address), bare, run}, records{loaded("http://10.1.2.3/a.exe"), bare, run})
	add("N-07", findings.Medium, records{loaded(address), bare, run}, records{loaded(address), bare, marked(hot, address), run})
	add("N-07", findings.Medium, records{loaded(address), bare, run}, records{loaded(address), fileOf(hot, func(f *filesystem.File) { f.NameCreated = minute(60) }), run})
	add("N-08", findings.High, deletedPf(6), deletedPf(1))
	add("N-08", findings.Medium, append(deletedPf(1), pfWritten("A.EXE", -9)), append(deletedPf(1), pfWritten("B.EXE", -9)))
	ownPf := func() artifacts.Record {
		return watched(`C:\Windows\Prefetch\`+pfNamed(`\USERS\PUBLIC\A.EXE`), func(c *filesystem.Change) { c.Deleted = minute(0) })
	}
	add("N-08", findings.Medium, records{ownPf(), bamRan(`\Device\HarddiskVolume3\Users\Public\a.exe`, -9)},
		records{ownPf(), bamRan(`\Device\HarddiskVolume3\Users\Public\b.exe`, -9)})
	var full records
	for i := range 1000 {
		full = append(full, pfRecord(fmt.Sprintf("F%d.EXE-0000ABCD.pf", i), 1, 1))
	}
	add("N-08", findings.Low, append(records{ownPf(), bamRan(`\Device\HarddiskVolume3\Users\Public\a.exe`, -9)}, full...), full)
	log := `C:\Windows\System32\winevt\Logs\Security.evtx`
	add("N-09", findings.High, records{watched(log, func(c *filesystem.Change) { c.Reasons = "DATA_TRUNCATION|CLOSE" })}, records{session(log, func(c *filesystem.Change) { c.Reasons = "DATA_OVERWRITE|CLOSE" })})
	journal := func(again bool) artifacts.Record {
		return multiple(filesystem.KindJournal, func(c *filesystem.Change) {
			c.JournalMade, c.VolumeMade, c.Recreated = minute(0), minute(-900_000), again
		})
	}
	add("N-10", findings.Medium, records{journal(true)}, records{journal(false)})
	add("N-10", findings.High, records{journal(true), pf(`\Windows\System32\fsutil.exe`, at(0))}, records{journal(false), pf(`\Windows\System32\fsutil.exe`, at(0))})
	add("N-10", findings.High, records{journal(true), pfWritten("FSUTIL.EXE", 0)}, records{journal(false), pfWritten("FSUTIL.EXE", 0)})
	add("N-10", findings.Medium, records{multiple(filesystem.KindJournal, func(c *filesystem.Change) { c.Cuts = 2 })}, records{journal(false)})
	add("D-08", findings.Informational, records{multiple(filesystem.KindClock, func(c *filesystem.Change) { c.ClockFrom, c.ClockTo = minute(90), minute(0) })},
		records{multiple(filesystem.KindClock, func(c *filesystem.Change) { c.ClockFrom, c.ClockTo = minute(0).Add(2*time.Second), minute(0) })})
	add("N-11", findings.High, records{multiple(filesystem.KindWiped, func(c *filesystem.Change) { c.Path, c.Renames, c.Deleted = `C:\Users\u\a.txt`, 26, minute(0) })}, records{removed(`C:\Users\u\a.txt`, 0)})
	add("N-12", findings.Medium, records{created(`C:\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\a.vbs`)},
		records{created(`C:\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\desktop.ini`), created(`C:\Windows\System32\Tasks\Microsoft\Windows\Defrag\ScheduledDefrag`)})
	add("N-13", findings.High, records{fileOf(`C:\Users\u\a.txt`, func(f *filesystem.File) { f.Hidden = "x.exe" })}, records{fileOf(`C:\Users\u\a.txt`, func(f *filesystem.File) { f.Streams = []string{"x (5)"} })})
	add("N-13", findings.High, records{fileOf(`C:\Windows\System32`, func(f *filesystem.File) { f.Directory, f.OddStream = true, "x" })},
		records{fileOf(`C:\Windows\System32`, func(f *filesystem.File) { f.Directory, f.Streams = true, []string{"x (5)"} })})
	add("N-13", findings.Low, records{fileOf(`C:\data`, func(f *filesystem.File) { f.Directory, f.OddStream = true, "x" })},
		records{fileOf(`C:\data`, func(f *filesystem.File) { f.Directory, f.Streams = true, []string{"x (5)"} })})
	startup := func(c *filesystem.Change) { c.Created, c.Setup = minute(0), true }
	add("N-12", findings.Medium, records{created(`C:\Windows\Tasks\a.job`)}, records{session(`C:\Windows\Tasks\a.job`, startup)})
	add("N-12", findings.Medium, records{created(`C:\Windows\System32\wbem\AutoRecover\0123.mof`)}, records{created(`C:\Windows\System32\wbem\x.txt`)})
	add("N-12", findings.Medium, records{created(`C:\Windows\System32\wbem\Repository\x.dat`)}, records{removed(`C:\Windows\System32\wbem\Repository\x.dat`, 0)})
	add("N-12", findings.Low, records{created(`C:\Windows\System32\wbem\Repository\OBJECTS.DATA`)}, records{removed(`C:\Windows\System32\wbem\Repository\OBJECTS.DATA`, 0)})
	driver := `C:\Windows\System32\drivers\x.sys`
	add("N-12", findings.Medium, records{created(driver)}, records{session(driver, func(c *filesystem.Change) {
		c.Created, c.Shown = minute(0), string(filesystem.NamedElsewhere)
	})})
	large := func(f *filesystem.File) { f.Size, f.Exists = 50<<20, false }
	add("N-14", findings.Medium, records{created(`C:\PerfLogs\a.rar`), removed(`C:\PerfLogs\a.rar`, 30), fileOf(`C:\PerfLogs\a.rar`, large)},
		records{created(`C:\PerfLogs\a.rar`), removed(`C:\PerfLogs\a.rar`, 3000), fileOf(`C:\PerfLogs\a.rar`, large)})
	part := func(name string, size uint64) artifacts.Record {
		return fileOf(`C:\PerfLogs\`+name, func(f *filesystem.File) { f.Size = size })
	}
	parts := records{part("a.rar", 5<<20), part("b.rar", 5<<20), part("c.rar", 5<<20)}
	add("N-14", findings.Medium, parts, records{part("a.rar", 5<<20), part("b.rar", 5<<20), part("c.rar", 6<<20)})
	add("N-14", findings.High, append(slices.Clone(parts), pf(`\Users\u\rclone.exe`, at(5))), records{pf(`\Users\u\rclone.exe`, at(5))})
	add("N-15", findings.Critical, records{multiple(filesystem.KindMass, func(c *filesystem.Change) { c.Files, c.Extensions, c.Extension = 4000, 12, "locked" })},
		records{multiple(filesystem.KindMass, func(c *filesystem.Change) { c.Path, c.Files, c.Folders = "LICENSE.txt", 40, 40 })})
	add("N-16", findings.Informational, records{fileOf(`C:\Users\u\Documents\mimikatz.exe`, func(f *filesystem.File) { f.Responder = true })},
		records{fileOf(`C:\Users\u\Documents\notes.exe`, nil)})
	add("N-16", findings.High, records{fileOf(`C:\Users\u\Documents\mimikatz.exe`, nil)}, records{fileOf(`C:\Users\u\Documents\notes.exe`, nil)})
	slack := func(name string) artifacts.Record {
		return rec("i30", filesystem.IndexName{Folder: `C:\Users\u\Documents`, Name: name, Slack: true})
	}
	logged := func(name string) artifacts.Record {
		return rec("logfile", filesystem.LogItem{Kind: "name", Path: name})
	}
	add("N-16", findings.High, records{slack("mimikatz.exe")}, records{slack("notes.exe")})
	add("N-16", findings.High, records{logged("mimikatz.exe")}, records{logged("notes.exe")})
}
