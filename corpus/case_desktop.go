package corpus

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// What Windows 11 keeps of open texts and of uses of devices, and logs of Windows in plain text.

// counted is a text of a tab with its length.
func counted(b []byte, s string) []byte {
	u := regf.UTF16(s)
	return append(binary.AppendUvarint(b, uint64(len(u)/2)), u...)
}

func withSum(b []byte) []byte { return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }

// tabState builds a tab: head is what tabs of files have in front.
func tabState(head []byte, text string, unsaved byte, changes ...[]byte) []byte {
	b := append(head, 1, byte(len(text)), byte(len(text)), 1, 0, 0, 2, 1, 1)
	b = withSum(append(counted(b, text), unsaved))
	for _, c := range changes {
		b = append(b, c...)
	}
	return append([]byte("NP\x00"), b...)
}

// notepadCase: a note of mira's, half of it typed after it was stored, and the list of passwords on daniel's desktop.
func notepadCase(m *Machine) {
	const folder = "/AppData/Local/Packages/Microsoft.WindowsNotepad_8wekyb3d8bbwe/LocalState/TabState/"
	added := counted([]byte{14, 0}, ", call Hana")
	m.File("Users/"+Mira+folder+"2f6c1a70-5b0e-4d61-9b43-0c1d7e9a8f15.bin", tabState([]byte{0}, "buy new labels", 1, withSum(added)))
	m.File("Users/"+Mira+folder+"2f6c1a70-5b0e-4d61-9b43-0c1d7e9a8f15.0.bin", []byte("NP\x03\x08\x1D\x0E\x0E\x01\x00\x00\x02\x01\x01\x7A\x01\x5C\x39"))
	head := counted([]byte{1}, `C:\Users\daniel\Desktop\passwords.txt`)
	head = binary.AppendUvarint(append(binary.AppendUvarint(head, 31), 5, 1), uint64(fileTime(utc(2026, 2, 11, 6, 40, 3, 0))))
	for i := range 32 {
		head = append(head, byte(0x40+i))
	}
	m.File("Users/"+Daniel+folder+"9d0e7b34-61c2-4f0a-8e55-71b2c3d4e5f6.bin", tabState(append(head, 0), "router: kestrel1\rmail: plover2", 0))
}

// capabilityAccessCase: the implant at the microphone, as in the case consentstore, and once before.
func capabilityAccessCase(m *Machine) {
	texts := func(name string, list ...string) sqlitefile.Table {
		t := sqlitefile.Table{Name: name, SQL: "CREATE TABLE " + name + " (ID INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, StringValue TEXT UNIQUE NOT NULL)"}
		for i, s := range list {
			t.Rows = append(t.Rows, sqliteRow(int64(i+1), nil, s))
		}
		return t
	}
	first, second := utc(2026, 3, 6, 18, 4, 2, 0), utc(2026, 3, 6, 18, 20, 11, 5522871)
	db := sqlitefile.DB{Tables: []sqlitefile.Table{
		texts("Capabilities", "microphone", "location"),
		texts("PackageFamilyNames", "Microsoft.WindowsMaps_8wekyb3d8bbwe"),
		texts("BinaryFullPaths", Implant),
		texts("Users", DanielSID, MiraSID),
		texts("FileIDs", "0000"+strings.Repeat("2", 40)),
		texts("ProgramIDs", "0006"+strings.Repeat("2", 40)),
		{Name: "NonPackagedUsageHistory", SQL: "CREATE TABLE NonPackagedUsageHistory (ID INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, LastUsedTimeStart INTEGER NOT NULL, " +
			"LastUsedTimeStop INTEGER NOT NULL, Capability INTEGER, UserSid INTEGER, BinaryFullPath INTEGER, FileID INTEGER, ProgramID INTEGER, AccessBlocked INTEGER)",
			Rows: []sqlitefile.Row{
				sqliteRow(1, nil, fileTime(first), fileTime(first.Add(9*time.Second)), 1, 1, 1, 1, 1, 0),
				sqliteRow(2, nil, fileTime(second), fileTime(utc(2026, 3, 6, 18, 20, 41, 1029384)), 1, 1, 1, 1, 1, 0)}},
		{Name: "PackagedUsageHistory", SQL: "CREATE TABLE PackagedUsageHistory (ID INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, LastUsedTimeStart INTEGER NOT NULL, " +
			"LastUsedTimeStop INTEGER NOT NULL, Capability INTEGER, UserSid INTEGER, PackageFamilyName INTEGER, AccessBlocked INTEGER)",
			Rows: []sqlitefile.Row{sqliteRow(1, nil, fileTime(utc(2026, 3, 5, 1, 12, 0, 0)), fileTime(utc(2026, 3, 5, 1, 12, 4, 0)), 2, 2, 1, 1)}},
		{Name: "NonPackagedIdentityRelationship", SQL: "CREATE TABLE NonPackagedIdentityRelationship (ID INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, " +
			"LastObservedTime INTEGER NOT NULL, FileID INTEGER, ProgramID INTEGER, BinaryFullPath INTEGER)",
			Rows: []sqlitefile.Row{sqliteRow(1, nil, fileTime(second), 1, 1, 1)}},
	}}
	m.File("ProgramData/Microsoft/Windows/CapabilityAccessManager/CapabilityAccessManager.db", db.Build())
}

// schedLgUCase: the update of the reader, as its .job says, in the time of Tokyo; the log started over once.
func schedLgUCase(m *Machine) {
	lines := []string{
		`"PloverUpdate.job" (update.exe)`, "\tStarted 3/6/2026 9:00:00 PM",
		`"PloverUpdate.job" (update.exe)`, "\tFinished 3/6/2026 9:00:04 PM", "\tResult: The task completed with an exit code of (0).",
		`"Task Scheduler Service"`, "10.0.19041.1 (WinBuild.160101.0800)", "\tStarted at 3/8/2026 8:51:20 AM",
		"[ ***** Most recent entry is above this line ***** ]", "", "",
		`"PloverUpdate.job" (update.exe) 2/27/2026 9:00:00 PM ** ERROR **`, "\tThe attempt to retrieve account information for the specified task failed.",
	}
	m.File("Windows/Tasks/SchedLgU.Txt", append([]byte{0xFF, 0xFE}, regf.UTF16(strings.Join(lines, "\r\n")+"\r\n")...))
}

// pfroCase: an update whose old file was gone at the last boot, in the time of Tokyo.
func pfroCase(m *Machine) {
	lines := []string{
		`3/2/2026 8:51:9 - PFRO Error: \??\C:\Windows\Temp\plover-setup.tmp, |delete operation|, 0xc0000034`,
		"3/2/2026 8:51:9 - 4 Successful PFRO operations", "",
		`3/8/2026 8:51:12 - PFRO Error: \??\C:\Program Files\Plover Monitor\new\sync.dll, !\??\C:\Program Files\Plover Monitor\sync.dll, 0xc000003a`,
		"3/8/2026 8:51:12 - 1 Successful PFRO operations", "",
	}
	m.File("Windows/PFRO.log", append([]byte{0xFF, 0xFE}, regf.UTF16(strings.Join(lines, "\r\n")+"\r\n")...))
}

// netSetupCase: the installation of Windows, and the name that mira gave the machine.
func netSetupCase(m *Machine) {
	begin, named := "11/20/2024 13:31:10:204 ", "11/20/2024 13:52:41:077 "
	lines := []string{
		begin + strings.Repeat("-", 65),
		begin + "NetpDoDomainJoin",
		begin + "NetpDoDomainJoin: using current computer names",
		begin + "NetpMachineValidToJoin: 'DESKTOP-4K1ST3L'",
		begin + "\tOS Version: 10.0",
		begin + "NetpJoinWorkgroup: joining computer 'DESKTOP-4K1ST3L' to workgroup 'WORKGROUP'",
		begin + "NetpJoinWorkgroup: status:  0x0",
		begin + "NetpDoDomainJoin: status: 0x0",
		named + strings.Repeat("-", 65),
		named + "NetpChangeMachineName: from 'DESKTOP-4K1ST3L' to 'KESTREL-PC' using '(null)' [0x1000]",
		named + "NetpChangeMachineName: status: 0x0",
	}
	m.File("Windows/debug/NetSetup.LOG", []byte(strings.Join(lines, "\r\n")+"\r\n"))
}

// netlogonLogCase: a log from a week when somebody looked for a wrong password, in the time of Tokyo.
func netlogonLogCase(m *Machine) {
	lines := []string{
		"02/17 10:02:11 [LOGON] [5512] KESTREL-PC: SamLogon: Network logon of KESTREL-PC\\mira from " + Neighbor + " Entered",
		"02/17 10:02:11 [LOGON] [5512] KESTREL-PC: SamLogon: Network logon of KESTREL-PC\\mira from " + Neighbor + " Returns 0xC000006A",
		"02/17 10:02:19 [LOGON] [5512] KESTREL-PC: SamLogon: Network logon of KESTREL-PC\\mira from " + Neighbor + " Returns 0x0",
		"02/17 10:05:00 [MISC] [840] NlMainLoop: Notification that trust account added (or changed) TRUST\\A (RID 0x3E9)",
	}
	m.File("Windows/debug/netlogon.log", []byte(strings.Join(lines, "\r\n")+"\r\n"))
}
