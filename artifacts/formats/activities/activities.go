// Package activities reads ActivitiesCache.db, the Windows timeline: which
// program a user had in the foreground from when to when, and what was opened
// with it. Windows 10 (1803) and later keep it; nearly all of it may be in the
// write-ahead log alone.
package activities

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotTimeline is returned for databases without a table of activities.
var ErrNotTimeline = errors.New("not a timeline database: no table Activity")

// An Activity is one entry of the timeline.
type Activity struct {
	sqlitedb.Place
	Table string // Activity, or ActivityOperation: not merged yet
	State sqlitedb.State
	Grade sqlitedb.Grade

	ID         string // 16 bytes in hexadecimal, as stored
	Parent     string // the same, or ""
	Type       int64
	Status     int64  // 1 active, 2 updated, 3 deleted, 4 ignored
	Program    string // path with the GUID of a known folder, AppUserModelID, or name of a package
	Platform   string // what kind of name Program is: x_exe_path, windows_win32, packageId …
	ActivityID string // the program's own name for it
	Group      string // "Copy", "Paste" for type 16
	Device     string // PlatformDeviceId

	Start      time.Time
	End        time.Time
	Modified   time.Time
	OnClient   time.Time // modified on this machine
	Expires    time.Time
	CloudMade  time.Time
	Text       string // displayText: document, page or program
	AppName    string // appDisplayName
	Content    string // description or contentUri: path or address of what was opened
	Activation string // activationUri
	Active     time.Duration
	Zone       string // userTimezone
	Clipboard  string // text of type 10
	Payload    string // JSON as stored
}

// TypeName returns what a type of activity means.
func (a *Activity) TypeName() string {
	switch a.Type {
	case 2:
		return "notification"
	case 3:
		return "mobile backup"
	case 5:
		return "opened"
	case 6:
		return "in use"
	case 10:
		return "clipboard"
	case 11, 12, 15:
		return "setting"
	case 16:
		return "copy or paste"
	}
	return fmt.Sprint(a.Type)
}

// Read yields the activities and those that are not merged yet; with recovered
// set also those that were deleted. An error is a row or page that does not
// read; the others follow.
func Read(db *sqlitedb.DB, recovered bool) iter.Seq2[Activity, error] {
	return func(yield func(Activity, error) bool) {
		if db.Table("Activity") == nil && db.Table("ActivityOperation") == nil {
			yield(Activity{}, ErrNotTimeline)
			return
		}
		for row, err := range db.Each(recovered, "Activity", "ActivityOperation") {
			var a Activity
			if row.Values != nil {
				a.read(&row)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

func (a *Activity) read(row *sqlitedb.Row) {
	text := func(c string) string {
		if v := row.Get(c); v.Kind() == sqlitedb.Text || v.Kind() == sqlitedb.Blob {
			return v.Text()
		}
		return ""
	}
	number := func(c string) int64 {
		n, _ := row.Get(c).Int()
		return n
	}
	at := func(c string) time.Time {
		if n := number(c); n > 0 && n < 253402300800 {
			return time.Unix(n, 0).UTC()
		}
		return time.Time{}
	}
	id := func(c string) string {
		b := row.Get(c).Bytes()
		if len(b) != 16 || string(b) == string(make([]byte, 16)) {
			return ""
		}
		return fmt.Sprintf("%X", b)
	}
	a.Place, a.Table, a.State, a.Grade = row.Place, row.Table.Name, row.State, row.Grade
	a.ID, a.Parent, a.Type, a.Status = id("Id"), id("ParentActivityId"), number("ActivityType"), number("ActivityStatus")
	a.ActivityID, a.Group, a.Device = text("AppActivityId"), text("Group"), text("PlatformDeviceId")
	a.Start, a.End, a.Modified, a.OnClient = at("StartTime"), at("EndTime"), at("LastModifiedTime"), at("LastModifiedOnClient")
	a.Expires, a.CloudMade = at("ExpirationTime"), at("CreatedInCloud")
	a.program(text("AppId"))
	a.payload(text("Payload"))
	a.clipboard(text("ClipboardPayload"))
}

// program picks the best name of the program from the list of all.
func (a *Activity) program(list string) {
	var names []struct{ Application, Platform string }
	if json.Unmarshal([]byte(list), &names) != nil {
		a.Program = list
		return
	}
	rank := map[string]int{"x_exe_path": 5, "windows_win32": 4, "windows_universal": 4, "packageId": 3, "alternateId": 2}
	best := 0
	for _, n := range names {
		if r := rank[n.Platform] + 1; n.Application != "" && r > best {
			a.Program, a.Platform, best = n.Application, n.Platform, r
		}
	}
}

func (a *Activity) payload(s string) {
	a.Payload = s
	var p struct {
		DisplayText    string  `json:"displayText"`
		AppDisplayName string  `json:"appDisplayName"`
		Description    string  `json:"description"`
		ContentURI     string  `json:"contentUri"`
		ActivationURI  string  `json:"activationUri"`
		Seconds        float64 `json:"activeDurationSeconds"`
		Zone           string  `json:"userTimezone"`
	}
	if json.Unmarshal([]byte(s), &p) != nil {
		return // types have payloads of their own
	}
	a.Text, a.AppName, a.Activation, a.Zone = p.DisplayText, p.AppDisplayName, p.ActivationURI, p.Zone
	if a.Content = p.Description; a.Content == "" {
		a.Content = p.ContentURI
	}
	if p.Seconds > 0 && p.Seconds < 1e9 {
		a.Active = time.Duration(p.Seconds * float64(time.Second))
	}
}

// clipboard reads [{"content":"base64","formatName":"Text"}].
func (a *Activity) clipboard(s string) {
	var items []struct{ Content, FormatName string }
	if json.Unmarshal([]byte(s), &items) != nil {
		return
	}
	for _, it := range items {
		if b, err := base64.StdEncoding.DecodeString(it.Content); err == nil && it.FormatName == "Text" {
			a.Clipboard = decode(b)
		}
	}
}

// decode reads UTF-8, or UTF-16 when every second byte of the start is zero.
func decode(b []byte) string {
	if len(b) >= 2 && len(b)%2 == 0 && b[1] == 0 {
		return wire.UTF16Trim(b)
	}
	return string(b)
}
