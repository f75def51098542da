package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/esedb"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// Databases of the Extensible Storage Engine. The monitor of resources is one file with four artifacts.

func wideNUL(s string) []byte { return append(regf.UTF16(s), 0, 0) }

func fileTime(t time.Time) int64 { return int64(regf.FILETIME(t)) }

func numberColumns(names ...string) (out []esedb.Column) {
	for _, n := range names {
		out = append(out, esedb.Column{Name: n, Type: esedb.Int64})
	}
	return out
}

func wideColumns(names ...string) (out []esedb.Column) {
	for _, n := range names {
		out = append(out, esedb.Column{Name: n, Type: esedb.LongText, CodePage: 1200})
	}
	return out
}

func esedbRows(rows ...[]any) (out []esedb.Row) {
	for _, r := range rows {
		out = append(out, esedb.Row{Values: r})
	}
	return out
}

// srumTable is a table of usage: number, end of the period, program, account, and the columns given.
func srumTable(guid string, columns []string, rows ...[]any) esedb.Table {
	t := esedb.Table{Name: guid, Columns: append([]esedb.Column{{Name: "AutoIncId", Type: esedb.Int32},
		{Name: "TimeStamp", Type: esedb.DateTime},
		{Name: "AppId", Type: esedb.Int32}, {Name: "UserId", Type: esedb.Int32}}, numberColumns(columns...)...)}
	for i, r := range rows {
		t.Rows = append(t.Rows, esedb.Row{Values: append([]any{i + 1}, r...)})
	}
	return t
}

// srumCase: two ordinary hours, and the one in which the implant sent the archive of documents to its server.
func srumCase(m *Machine) {
	const system, chrome, implant, rar, host, mira, daniel = 1, 2, 3, 4, 5, 6, 7
	ids := esedb.Table{Name: "SruDbIdMapTable", Columns: []esedb.Column{
		{Name: "IdType", Type: esedb.Uint8}, {Name: "IdIndex", Type: esedb.Int32}, {Name: "IdBlob", Type: esedb.LongBinary},
	}, Rows: esedbRows(
		[]any{0, system},
		[]any{0, chrome, wideNUL(SystemDevice + `\Program Files\Google\Chrome\Application\chrome.exe`)},
		[]any{0, implant, wideNUL(SystemDevice + Implant[2:])},
		[]any{0, rar, wideNUL(SystemDevice + Archiver[2:])},
		[]any{0, host, wideNUL(`!!svchost.exe!2019/12/07:09:08:12!1a2b3![netsvcs][BITS]`)},
		[]any{3, mira, binarySID(MiraSID)},
		[]any{3, daniel, binarySID(DanielSID)},
	)}
	const ethernet, wifi = int64(6) << 48, int64(71) << 48
	morning, evening := utc(2026, 3, 6, 1, 2, 0, 0), utc(2026, 3, 6, 18, 35, 0, 0)
	db := esedb.DB{PageSize: 4096, Revision: 200, State: esedb.Dirty, Tables: []esedb.Table{
		ids,
		srumTable("{D10CA2FE-6FCF-4F6D-848E-B2E99266FA89}",
			[]string{"FaceTime", "ForegroundCycleTime", "BackgroundCycleTime", "ForegroundBytesRead",
				"BackgroundBytesRead", "BackgroundBytesWritten"},
			[]any{morning, chrome, mira, int64(18_000_000_000), int64(91_204_772_310), int64(20_433_118_904), 51_118_080, 8_192_000, 77_004_800},
			[]any{evening, implant, daniel, 0, 0, int64(7_204_118_233), 0, 98_562_048, 1_048_576},
			[]any{evening, rar, daniel, 0, 0, int64(12_900_417_002), 0, 203_423_744, 96_468_992}),
		srumTable("{973F5D5C-1D90-4944-BE8E-24B94231A174}",
			[]string{"InterfaceLuid", "L2ProfileId", "L2ProfileFlags", "BytesSent", "BytesRecvd"},
			[]any{morning, chrome, mira, ethernet + 1, 0, 0, 1_204_118, 88_410_233},
			[]any{morning, host, system, ethernet + 1, 0, 0, 40_112, 5_120_998},
			[]any{evening, implant, daniel, ethernet + 1, 0, 0, 97_204_662, 2_110_440}),
		srumTable("{DD6636C4-8929-4683-974E-22C046A43763}",
			[]string{"InterfaceLuid", "L2ProfileId", "ConnectedTime", "ConnectStartTime", "L2ProfileFlags"},
			[]any{evening, system, system, ethernet + 1, 0, 3600, fileTime(utc(2026, 3, 6, 0, 0, 41, 0)), 0},
			[]any{morning, system, system, wifi + 2, 0, 1260, fileTime(utc(2026, 3, 4, 22, 11, 5, 0)), 0}),
		srumTable("{5C8CF1C7-7257-4F13-B223-970EF5939312}", []string{"EndTime", "DurationMS", "InFocusS", "KeyboardInputS", "MouseInputS"},
			[]any{evening, implant, daniel, fileTime(evening.Add(-3 * time.Minute)), 1_961_000, 0, nil, nil}),
	}}
	m.File("Windows/System32/sru/SRUDB.dat", db.Bytes())
}

// ualCase: the copy of a server's database. The intruder's address reached the file server as daniel.
func ualCase(m *Machine) {
	role := []byte{0x6F, 0x22, 0xA9, 0x10, 0xEE, 0x50, 0xD8, 0x49, 0xA3, 0x93, 0x9A, 0x50, 0x1D, 0x47, 0xCE, 0x04} // file server
	first, last := utc(2026, 3, 6, 18, 7, 40, 1122334), utc(2026, 3, 6, 18, 31, 2, 4455667)
	db := esedb.DB{PageSize: 4096, Revision: 110, State: esedb.Dirty, Tables: []esedb.Table{
		{Name: "CLIENTS", Columns: append([]esedb.Column{{Name: "RoleGuid", Type: esedb.GUID}, {Name: "TenantId", Type: esedb.GUID},
			{Name: "TotalAccesses", Type: esedb.Uint32}, {Name: "InsertDate", Type: esedb.DateTime},
			{Name: "LastAccess", Type: esedb.DateTime},
			{Name: "Address", Type: esedb.Binary}, {Name: "Day65", Type: esedb.Uint16, Tagged: true}},
			wideColumns("AuthenticatedUserName", "ClientName")...),
			Rows: esedbRows([]any{role, make([]byte, 16), 17, fileTime(first), fileTime(last), []byte{203, 0, 113, 77}, 17,
				`KESTREL-PC\daniel`})},
		{Name: "ROLE_ACCESS", Columns: []esedb.Column{{Name: "RoleGuid", Type: esedb.GUID}, {Name: "FirstSeen", Type: esedb.DateTime},
			{Name: "LastSeen", Type: esedb.DateTime}}, Rows: esedbRows([]any{role, fileTime(utc(2025, 1, 9, 3, 0, 0, 0)), fileTime(last)})},
		{Name: "DNS", Columns: append([]esedb.Column{{Name: "LastSeen", Type: esedb.DateTime}}, wideColumns("Address", "HostName")...),
			Rows: esedbRows([]any{fileTime(last), "192.0.2.11", "falcon-srv"})},
	}}
	m.File("Windows/System32/LogFiles/Sum/Current.mdb", db.Bytes())
}

// searchIndexCase: a list of passwords that was deleted, and the paths that the crawler met.
func searchIndexCase(m *Machine) {
	stamp := func(t time.Time) []byte { return binary.LittleEndian.AppendUint64(nil, regf.FILETIME(t)) }
	eight := func(name string) esedb.Column { return esedb.Column{Name: name, Type: esedb.Binary, Size: 8} }
	made := utc(2026, 3, 6, 17, 49, 12, 0)
	db := esedb.DB{PageSize: 32768, Revision: 110, State: esedb.Dirty, Tables: []esedb.Table{
		{Name: "SystemIndex_PropertyStore", Columns: append([]esedb.Column{{Name: "WorkID", Type: esedb.Uint32}, eight("13F-System_Size"),
			eight("15F-System_DateModified"), eight("16F-System_DateCreated"), eight("4631F-System_Search_GatherTime")},
			wideColumns("33-System_ItemUrl", "4447-System_ItemPathDisplay", "4625-System_Search_AutoSummary", "4396-System_FileOwner")...),
			Rows: esedbRows([]any{5, binary.LittleEndian.AppendUint64(nil, 418), stamp(made), stamp(made),
				stamp(made.Add(95 * time.Second)),
				"file:C:/Users/daniel/Desktop/passwords.txt", `C:\Users\daniel\Desktop\passwords.txt`, "router admin mail of the office",
				`KESTREL-PC\daniel`})},
		{Name: "SystemIndex_Gthr", Columns: append([]esedb.Column{{Name: "ScopeID", Type: esedb.Uint32},
			{Name: "DocumentID", Type: esedb.Uint32},
			eight("LastModified"), {Name: "DeletedCount", Type: esedb.Int32, Tagged: true}}, wideColumns("FileName")...),
			Rows: esedbRows([]any{5, 5, stamp(made), 1, "passwords.txt"})},
		{Name: "SystemIndex_GthrPth", Columns: append([]esedb.Column{{Name: "Scope", Type: esedb.Uint32},
			{Name: "Parent", Type: esedb.Uint32}}, wideColumns("Name")...),
			Rows: esedbRows([]any{2, 1, "file:"}, []any{3, 2, "C:/"}, []any{4, 3, "Users/"}, []any{5, 4, "daniel/"})},
	}}
	m.File("ProgramData/Microsoft/Search/Data/Applications/Windows/Windows.edb", db.Bytes())
}

// webCacheCase: documents that were opened in Explorer, and a download.
func webCacheCase(m *Machine) {
	entries := func(name string, rows ...[]any) esedb.Table {
		return esedb.Table{Name: name, Columns: append([]esedb.Column{{Name: "EntryId", Type: esedb.Int64},
			{Name: "AccessCount", Type: esedb.Uint32},
			{Name: "CreationTime", Type: esedb.Int64}, {Name: "ModifiedTime", Type: esedb.Int64},
			{Name: "AccessedTime", Type: esedb.Int64}}, wideColumns("Url")...),
			Rows: esedbRows(rows...)}
	}
	opened := utc(2026, 3, 6, 17, 50, 3, 2200110)
	local := fileTime(opened.Add(9 * time.Hour))
	db := esedb.DB{PageSize: 32768, Revision: 180, State: esedb.Dirty, Tables: []esedb.Table{
		{Name: "Containers", Columns: append([]esedb.Column{{Name: "ContainerId", Type: esedb.Int64},
			{Name: "LastAccessTime", Type: esedb.Int64}},
			wideColumns("Name", "Directory")...), Rows: esedbRows(
			[]any{1, fileTime(opened), "History", `C:\Users\daniel\AppData\Local\Microsoft\Windows\History\`},
			[]any{2, fileTime(opened), "MSHist012026030720260308", ""})},
		entries("Container_1",
			[]any{1, 2, fileTime(opened), fileTime(opened), fileTime(opened),
				"Visited: daniel@file:///C:/Users/daniel/Desktop/passwords.txt"},
			[]any{2, 1, fileTime(opened.Add(time.Minute)), fileTime(opened.Add(time.Minute)), fileTime(opened.Add(time.Minute)),
				"Visited: daniel@http://" + Server + "/"}),
		entries("Container_2", []any{1, 1, fileTime(opened), local, fileTime(opened),
			":2026030720260308: daniel@file:///C:/Users/daniel/Desktop/passwords.txt"}),
	}}
	m.File("Users/"+Daniel+"/AppData/Local/Microsoft/Windows/WebCache/WebCacheV01.dat", db.Bytes())
}
