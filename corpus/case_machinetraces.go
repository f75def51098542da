package corpus

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// recentFileCacheCase writes the list that Windows 7 left behind when the machine was upgraded.
func recentFileCacheCase(m *Machine) {
	b := []byte("\xFE\xFF\xEE\xFF\x11\x22\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x64\x7B\x63\xF4")
	for _, path := range []string{`c:\windows\system32\werfault.exe`, `c:\users\mira\downloads\setup.exe`} {
		text := regf.UTF16(path)
		b = le.AppendUint32(b, uint32(len(text)/2))
		b = append(append(b, text...), 0, 0)
	}
	m.File("Windows/appcompat/Programs/RecentFileCache.bcf", b)
}

// pcaCase writes the three files of Windows 11's compatibility assistant.
func pcaCase(m *Machine) {
	const dir = "Windows/appcompat/pca/"
	const form = "2006-01-02 15:04:05.000"
	m.File(dir+"PcaAppLaunchDic.txt", []byte(Implant+"|"+ImplantStart.Format(form)+"\r\n"+
		`C:\Program Files\PaperScan\PaperScan.exe|2026-03-06 04:10:18.204`+"\r\n"))
	general := "2026-03-06 18:03:13.044|2|%public%\\svchost.exe|host process|microsoft corporation|1.0|0006" + strings.Repeat("2", 40) +
		"|Abnormal process exit with code 0xc0000005\r\n" +
		"2026-03-03 05:44:35.117|3|%programfiles%\\paperscan\\paperscan.exe|paperscan|orpalis|3.0.130|" + paperScanID +
		"|PCA resolve is called\r\n"
	m.File(dir+"PcaGeneralDb0.txt", regf.UTF16(general))
	m.File(dir+"PcaGeneralDb1.txt", nil)
}

// radarCase writes a program that used much memory.
func radarCase(m *Machine) {
	apps := m.Hive(softwareHive).Sub(`Microsoft\RADAR\HeapLeakDetection\DiagnosedApplications`)
	at := utc(2026, 3, 6, 18, 26, 2, 7710000)
	apps.Sub("svchost.exe").At(at.Add(3*time.Millisecond)).Set("LastDetectionTime", regf.QWord(regf.FILETIME(at)))
	at = utc(2026, 3, 6, 6, 50, 40, 1200000)
	apps.Sub("EXCEL.EXE").At(at.Add(2*time.Millisecond)).Set("LastDetectionTime", regf.QWord(regf.FILETIME(at)))
}

// tracingCase writes the keys that the remote access library made for programs that use the network.
func tracingCase(m *Machine) {
	root := m.Hive(softwareHive).Sub(`Microsoft\Tracing`)
	for _, k := range []struct {
		name string
		at   time.Time
	}{
		{"EXCEL_RASAPI32", utc(2024, 11, 20, 6, 1, 12, 0)}, {"EXCEL_RASMANCS", utc(2024, 11, 20, 6, 1, 12, 200000)},
		{"nbtscan_RASAPI32", utc(2026, 3, 6, 17, 54, 13, 1000000)},
	} {
		root.Sub(k.name).At(k.at).Set("EnableFileTracing", regf.DWord(0)).Set("FileDirectory", regf.Expand(`%windir%\tracing`))
	}
	root.Sub("svchost").At(Installed) // another component's
}

// werCase writes the report of the implant's crash.
func werCase(m *Machine) {
	at := utc(2026, 3, 6, 18, 3, 14, 2000000)
	lines := []string{
		"Version=1", "EventType=APPCRASH", fmt.Sprintf("EventTime=%d", regf.FILETIME(at)), "ReportType=2", "Consent=1",
		fmt.Sprintf("UploadTime=%d", regf.FILETIME(at.Add(9*time.Second))), "ReportStatus=268435456",
		"ReportIdentifier=7b0f9e1a-4c8d-4a5e-9a11-6f2f6f0c2b10",
		"NsAppName=svchost.exe",
		"Sig[0].Name=Application Name", "Sig[0].Value=svchost.exe",
		"Sig[3].Name=Fault Module Name", "Sig[3].Value=cache.dll",
		"Sig[6].Name=Exception Code", "Sig[6].Value=c0000005",
		`UI[2]=` + Implant,
		`LoadedModule[0]=` + Implant, `LoadedModule[1]=C:\Windows\SYSTEM32\ntdll.dll`, `LoadedModule[2]=` + ImplantDLL,
		"TargetAppId=W:0006" + strings.Repeat("2", 40) + "!" + inventoryID(Implant) + "!svchost.exe",
		"TargetAppVer=2026//02//11:08:12:44!0!svchost.exe",
		"AppName=Host Process for Windows Services", "AppPath=" + Implant,
	}
	text := strings.Join(lines, "\r\n") + "\r\n"
	m.File("ProgramData/Microsoft/Windows/WER/ReportArchive/AppCrash_svchost.exe_51f0a2b3c4d5e6f7a8b9_00000000_7b0f9e1a/Report.wer",
		append([]byte{0xFF, 0xFE}, regf.UTF16(text)...))
}

// syscacheCase writes what Windows 7 kept of file identities.
func syscacheCase(m *Machine) {
	m.Hive("System Volume Information/Syscache.hve").Sub(`DefaultObjectStore\ObjectTable\1A2`).At(utc(2024, 11, 19, 7, 2, 2, 0)).
		Set("_FileId_", regf.QWord(7<<48|0x169DD)).Set("_ObjectId_", regf.QWord(0x1A2)).Set("_Usn_", regf.QWord(0x5D981E70)).
		Set("AeFileID", regf.Binary(append(regf.UTF16(inventoryID(`c:\users\mira\downloads\setup.exe`)), 0, 0))).
		Set("AeProgramID", regf.Binary(append(regf.UTF16("0006"+strings.Repeat("4", 40)), 0, 0)))
}

// prefetchLayoutCase writes Layout.ini; it names a program whose prefetch file is gone.
func prefetchLayoutCase(m *Machine) {
	m.File("Windows/Prefetch/Layout.ini", layoutFile())
}

// recycleBinCase writes what was thrown away: the scanner by the intruder, with its content still there, a text of
// mira's that is gone, and the list of a stick that Windows XP wrote to.
func recycleBinCase(m *Machine) {
	bin := "$Recycle.Bin/" + DanielSID + "/"
	m.File(bin+"$IQ4T7LA.exe", recycled2(`C:\Users\daniel\Downloads\nbtscan.exe`, 36_864, utc(2026, 3, 6, 18, 34, 2, 1180000)))
	m.File(bin+"$RQ4T7LA.exe", []byte("MZ"))
	m.File("$Recycle.Bin/"+MiraSID+"/$I0BZ81C.txt", recycled1(`C:\Users\mira\Desktop\notes.txt`, 412, utc(2026, 3, 4, 7, 51, 0, 0)))
	m.File("RECYCLER/"+MiraSID+"/INFO2", info2(
		info2Record(`D:\Old\tool.exe`, 1, 3, utc(2009, 4, 2, 8, 11, 20, 0), 8192, false),
		info2Record(`D:\Old\list.doc`, 2, 3, utc(2009, 4, 2, 8, 12, 1, 0), 4096, true)))
}

func recycled1(path string, size uint64, t time.Time) []byte {
	b := le.AppendUint64(le.AppendUint64(le.AppendUint64(nil, 1), size), regf.FILETIME(t))
	return append(append(b, regf.UTF16(path)...), make([]byte, 520-2*len(path))...)
}

func recycled2(path string, size uint64, t time.Time) []byte {
	b := le.AppendUint64(le.AppendUint64(le.AppendUint64(nil, 2), size), regf.FILETIME(t))
	b = le.AppendUint32(b, uint32(len(path)+1))
	return append(append(b, regf.UTF16(path)...), 0, 0)
}

func info2(records ...[]byte) []byte {
	b := make([]byte, 20)
	b[0] = 5
	le.PutUint32(b[12:], 800)
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

func info2Record(path string, index, drive uint32, t time.Time, size uint32, emptied bool) []byte {
	b := make([]byte, 800)
	copy(b, path)
	if emptied {
		b[0] = 0
	}
	le.PutUint32(b[260:], index)
	le.PutUint32(b[264:], drive)
	le.PutUint64(b[268:], regf.FILETIME(t))
	le.PutUint32(b[276:], size)
	copy(b[280:], regf.UTF16(path))
	return b
}

// shimsCase writes a database of compatibility fixes that the intruder installed for a program of Windows.
func shimsCase(m *Machine) {
	const guid = "{0f5ad3c1-91b4-4d6e-8f10-8a2b7f6d1e55}"
	at := utc(2026, 3, 6, 18, 17, 44, 3120000)
	flags := m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\AppCompatFlags`)
	flags.Sub(`Custom\sethc.exe`).At(at).Set(guid+".sdb", regf.QWord(regf.FILETIME(at)))
	flags.Sub(`InstalledSDB\`+guid).At(at.Add(time.Millisecond)).
		Set("DatabasePath", regf.String(`C:\Windows\AppPatch\Custom\`+guid+".sdb")).Set("DatabaseType", regf.DWord(0x10000)).
		Set("DatabaseDescription", regf.String("Accessibility fix")).Set("DatabaseInstallTimeStamp", regf.QWord(regf.FILETIME(at)))
}
