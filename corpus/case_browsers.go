package corpus

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// SQLite databases of browsers and of the desktop.

func sqliteRow(id int64, values ...any) sqlitefile.Row { return sqlitefile.Row{ID: id, Values: values} }

// webkit counts microseconds since 1601, as browsers of the Chromium family do.
func webkit(t time.Time) int64 { return t.UnixMicro() + 11644473600000000 }

// browserHistoryCase: daniel's desktop looks for the server of the implant and loads it; mira reads the news.
func browserHistoryCase(m *Machine) {
	const (
		urls      = "CREATE TABLE urls(id INTEGER PRIMARY KEY AUTOINCREMENT,url LONGVARCHAR,title LONGVARCHAR,visit_count INTEGER DEFAULT 0 NOT NULL,typed_count INTEGER DEFAULT 0 NOT NULL,last_visit_time INTEGER NOT NULL,hidden INTEGER DEFAULT 0 NOT NULL)"
		visits    = "CREATE TABLE visits(id INTEGER PRIMARY KEY,url INTEGER NOT NULL,visit_time INTEGER NOT NULL,from_visit INTEGER,transition INTEGER DEFAULT 0 NOT NULL,visit_duration INTEGER DEFAULT 0 NOT NULL,originator_cache_guid TEXT)"
		terms     = "CREATE TABLE keyword_search_terms (keyword_id INTEGER NOT NULL,url_id INTEGER NOT NULL,term LONGVARCHAR NOT NULL)"
		downloads = "CREATE TABLE downloads (id INTEGER PRIMARY KEY,current_path LONGVARCHAR NOT NULL,target_path LONGVARCHAR NOT NULL,start_time INTEGER NOT NULL,end_time INTEGER NOT NULL,received_bytes INTEGER NOT NULL,total_bytes INTEGER NOT NULL,state INTEGER NOT NULL,danger_type INTEGER NOT NULL,opened INTEGER NOT NULL,referrer VARCHAR NOT NULL,tab_url VARCHAR NOT NULL,mime_type VARCHAR(255) NOT NULL)"
		chains    = "CREATE TABLE downloads_url_chains (id INTEGER NOT NULL,chain_index INTEGER NOT NULL,url LONGVARCHAR NOT NULL, PRIMARY KEY (id, chain_index) )"
		link      = 0x30000000
	)
	seen := ImplantStart.Add(-3 * time.Minute)
	begun := ImplantStart.Add(-41 * time.Second)
	daniel := sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "urls", SQL: urls, Rows: []sqlitefile.Row{
			sqliteRow(1, nil, "https://search.example/?q=free+archive+tool", "free archive tool", 1, 0, webkit(seen.Add(-time.Minute)), 0),
			sqliteRow(2, nil, "http://"+Server+"/", "Index of /", 1, 1, webkit(seen), 0)}},
		{Name: "visits", SQL: visits, Rows: []sqlitefile.Row{
			sqliteRow(1, nil, 1, webkit(seen.Add(-time.Minute)), 0, link+5, 21_000_000, ""),
			sqliteRow(2, nil, 2, webkit(seen), 0, link+1, 0, "")}},
		{Name: "keyword_search_terms", SQL: terms, Rows: []sqlitefile.Row{sqliteRow(1, 2, 1, "free archive tool")}},
		{Name: "downloads", SQL: downloads, Rows: []sqlitefile.Row{
			sqliteRow(1, nil, Implant, Implant, webkit(begun), webkit(begun.Add(3*time.Second)), 288256, 288256, 1, 5, 0,
				"http://"+Server+"/", "http://"+Server+"/", "application/x-msdownload")}},
		{Name: "downloads_url_chains", SQL: chains, Rows: []sqlitefile.Row{sqliteRow(1, 1, 0, "http://"+Server+"/update/svchost.exe")}},
	}}
	m.File("Users/"+Daniel+"/AppData/Local/Google/Chrome/User Data/Default/History", daniel.Build())

	read := utc(2026, 3, 6, 0, 3, 11, 0)
	mira := sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "moz_places", SQL: "CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR, visit_count INTEGER DEFAULT 0, hidden INTEGER DEFAULT 0 NOT NULL, typed INTEGER DEFAULT 0 NOT NULL)",
			Rows: []sqlitefile.Row{sqliteRow(1, nil, "https://news.example/", "News", 2, 0, 1)}},
		{Name: "moz_historyvisits", SQL: "CREATE TABLE moz_historyvisits (id INTEGER PRIMARY KEY, from_visit INTEGER, place_id INTEGER, visit_date INTEGER, visit_type INTEGER)",
			Rows: []sqlitefile.Row{sqliteRow(1, nil, 0, 1, read.UnixMicro(), 2)}},
	}}
	m.File("Users/"+Mira+"/AppData/Roaming/Mozilla/Firefox/Profiles/k2x9q1ab.default-release/places.sqlite", mira.Build())
}

// browserExtensionsCase: one extension from the store, one that a developer tries.
func browserExtensionsCase(m *Machine) {
	installed := utc(2025, 2, 3, 2, 11, 7, 0)
	m.File("Users/"+Daniel+"/AppData/Local/Google/Chrome/User Data/Default/Secure Preferences", fmt.Appendf(nil, `{"extensions":{"settings":{`+
		`"mgfkdkkfpbkbhgkmnkpdnmcnjbpckfaa":{"active_permissions":{"api":["contextMenus","storage"],"explicit_host":["https://words.example/*"],"scriptable_host":[]},`+
		`"first_install_time":"%d","from_webstore":true,"last_update_time":"%d","location":1,"manifest":{"name":"Dictionary of birds","version":"2.1"},`+
		`"path":"mgfkdkkfpbkbhgkmnkpdnmcnjbpckfaa\\2.1_0","state":1},`+
		`"ahfgeienlihckogmohjhadlkjgocpleb":{"location":5,"manifest":{"name":"Web Store","version":"0.2"}}}}}`,
		webkit(installed), webkit(installed.AddDate(0, 6, 0))))
	m.File("Users/"+Mira+"/AppData/Roaming/Mozilla/Firefox/Profiles/k2x9q1ab.default-release/extensions.json", fmt.Appendf(nil,
		`{"schemaVersion":35,"addons":[{"id":"tester@plover.example","version":"0.3","type":"extension","location":"app-profile","active":false,`+
			`"signedState":0,"installDate":%d,"updateDate":%d,"defaultLocale":{"name":"Tester"},"userPermissions":{"permissions":["tabs"],"origins":["<all_urls>"]}}]}`,
		installed.UnixMilli(), installed.UnixMilli()))
}

// timelineCase: mira writes, and the implant was never in the foreground.
func timelineCase(m *Machine) {
	const sql = "CREATE TABLE [Activity]([Id] GUID PRIMARY KEY NOT NULL, [AppId] TEXT NOT NULL, [ActivityType] INT NOT NULL, [ActivityStatus] INT NOT NULL, [Payload] BLOB, [StartTime] DATETIME, [EndTime] DATETIME, [PlatformDeviceId] TEXT)"
	app := `[{"application":"{6D809377-6AF0-444B-8957-A3773F02200E}\\Microsoft Office\\root\\Office16\\WINWORD.EXE","platform":"x_exe_path"}]`
	start := utc(2026, 3, 6, 1, 10, 4, 0)
	rows := []sqlitefile.Row{
		sqliteRow(1, []byte("activity-mira-01"), app, 5, 1,
			[]byte(`{"displayText":"report.docx","description":"C:\\Users\\mira\\Documents\\report.docx","appDisplayName":"Word"}`),
			start.Unix(), 0, ""),
		sqliteRow(2, []byte("activity-mira-02"), app, 6, 1,
			[]byte(`{"type":"UserEngaged","activeDurationSeconds":1710,"userTimezone":"Asia/Tokyo"}`), start.Unix(),
			start.Add(31*time.Minute).Unix(), ""),
	}
	const path = "Users/" + Mira + "/AppData/Local/ConnectedDevicesPlatform/L." + Mira + "/ActivitiesCache.db"
	before := sqlitefile.DB{LogMode: true, Tables: []sqlitefile.Table{{Name: "Activity", SQL: sql, Rows: rows[:1]}}}.Build()
	after := sqlitefile.DB{LogMode: true, Tables: []sqlitefile.Table{{Name: "Activity", SQL: sql, Rows: rows}}}.Build()
	m.File(path, before)
	m.File(path+"-wal", sqlitefile.Log(4096, before, after))
}

// notificationsCase: the antivirus reported the implant, and nobody read it.
func notificationsCase(m *Machine) {
	found := utc(2026, 3, 6, 17, 58, 31, 0)
	toast := fmt.Sprintf(`<toast launch="defender"><visual><binding template="ToastGeneric"><text>%s</text><text>%s</text></binding></visual></toast>`,
		"Windows Security", "Windows Defender Antivirus found threats. Get details.")
	db := sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "NotificationHandler", SQL: "CREATE TABLE [NotificationHandler]([RecordId] INTEGER PRIMARY KEY, [PrimaryId] TEXT NOT NULL, [ContainerSid] TEXT)",
			Rows: []sqlitefile.Row{sqliteRow(4, nil, "Windows.SystemToast.SecurityAndMaintenance", nil)}},
		{Name: "Notification", SQL: "CREATE TABLE [Notification]([Order] INTEGER NOT NULL PRIMARY KEY, [Id] INTEGER NOT NULL, [HandlerId] INTEGER, [Type] TEXT NOT NULL, [Payload] BLOB, [Tag] TEXT, [Group] TEXT, [ExpiryTime] INT64, [ArrivalTime] INT64)",
			Rows: []sqlitefile.Row{sqliteRow(1, nil, 7, 4, "toast", []byte(toast), "tag", "group", 0, fileTime(found))}},
	}}
	m.File("Users/"+Daniel+"/AppData/Local/Microsoft/Windows/Notifications/wpndatabase.db", db.Build())
}
