package activity

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	format "github.com/artifactdump/artifactdump/artifacts/formats/activities"
	sqlite "github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// An Activity is one entry of the Windows timeline.
type Activity struct {
	artifacts.Origin
	Type       string    `json:"type"` // opened, in use, clipboard, setting, copy or paste
	Code       int64     `json:"activity_type"`
	Status     int64     `json:"activity_status"`
	App        string    `json:"app"`                // path, AppUserModelID or package
	Platform   string    `json:"platform,omitempty"` // what kind of name app is
	AppName    string    `json:"app_name,omitempty"`
	Text       string    `json:"text,omitempty"`    // document, page or program
	Content    string    `json:"content,omitempty"` // path or address of what was opened
	Activation string    `json:"activation_uri,omitempty"`
	Group      string    `json:"group,omitempty"` // Copy, Paste
	Start      time.Time `json:"start,omitzero" event:"Start Time"`
	End        time.Time `json:"end,omitzero" event:"End Time"`
	Modified   time.Time `json:"modified,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
	Active     int64     `json:"active_s,omitempty"` // seconds in use
	Zone       string    `json:"user_time_zone,omitempty"`
	Device     string    `json:"device_id,omitempty"`
	DeviceName string    `json:"device_name,omitempty"`
	Clipboard  string    `json:"clipboard,omitempty" extra:"-"`
	Table      string    `json:"table"`
	ActivityID string    `json:"activity_id"`
	Page       uint32    `json:"page"`

	foreign bool
}

var timeline = artifacts.Define(artifacts.Artifact{
	Name:     "timeline",
	Title:    "Windows timeline",
	DataType: "windows:timeline:generic",
	About: `ActivitiesCache.db of Windows 10 (1803) and later: what a user had in the foreground, and what was opened with it. "In use" proves that the
user had the program in the foreground from Start Time to End Time; "opened" that it opened the item at Start Time. Does not prove that
a program started then: it may have run before. Activities of other machines of the same account are synchronised and marked when the registry names
another device. Entries expire after 30 days; deleted ones stay for a while and are shown as log or deleted. On Windows 11 little is written, most
of it in the write-ahead log alone. Times are UTC, in whole seconds.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://github.com/kacos2000/WindowsTimeline",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/sqlite_plugins/windows_timeline.py",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%UserProfile%\AppData\Local\ConnectedDevicesPlatform\*\ActivitiesCache.db`, "sqlite"),
	},
	OnHive: func(in artifacts.Input) {
		if strings.EqualFold(winpath.Base(in.From.Path), "NTUSER.DAT") && winpath.Key(winpath.Dir(in.From.Path)) == winpath.Key(in.User.Profile) {
			userDevices(in, func() map[string]string { return deviceNames(in, in.Hive) })
		}
	},
}, decodeTimeline)

func decodeTimeline(in artifacts.Input, yield func(Activity) bool) error {
	db, err := sqlite.OpenSQLite(in)
	if db == nil {
		return err
	}
	if db.Table("Activity") == nil && in.Loose() {
		return nil
	}
	devices := timelineDevices(in)
	var errs sqlite.Errors
	for a, err := range format.Read(db.DB, true) {
		if err != nil {
			errs.Add(sqlite.Foreign(in, err, format.ErrNotTimeline))
			continue
		}
		r := Activity{Origin: db.At(a.Place, a.State, a.Grade), Type: a.TypeName(), Code: a.Type, Status: a.Status, App: a.Program,
			Platform: a.Platform,
			AppName:  a.AppName, Text: a.Text, Content: a.Content, Activation: a.Activation, Group: a.Group, Start: a.Start, End: a.End,
			Modified: a.Modified,
			Expires:  a.Expires, Active: int64(a.Active / time.Second), Zone: a.Zone, Device: a.Device, Clipboard: a.Clipboard,
			Table:      a.Table,
			ActivityID: a.ID, Page: a.Page}
		r.DeviceName = devices[strings.ToLower(a.Device)]
		r.foreign = r.DeviceName != "" && in.Machine != nil && !strings.EqualFold(r.DeviceName, in.Machine.Name)
		if !yield(r) {
			return nil
		}
	}
	return db.End(&errs)
}

// userDevices returns the names of the devices that the user's hive knows, which list
// finds when it is first asked.
func userDevices(in artifacts.Input, list func() map[string]string) map[string]string {
	return in.Once("timeline: devices "+in.From.Snapshot+in.User.Profile, func() any { return list() }).(map[string]string)
}

// timelineDevices opens the user's hive, unless it was open in this run before.
func timelineDevices(in artifacts.Input) map[string]string {
	return userDevices(in, func() map[string]string {
		if in.Tree == nil || in.User.Profile == "" {
			return nil
		}
		hives, _ := in.Tree.Hives()
		for _, h := range hives {
			if h.Kind != evidence.NTUSER || h.Backup || h.Snapshot != "" ||
				winpath.Key(winpath.Dir(h.Path)) != winpath.Key(in.User.Profile) {
				continue
			}
			if hv, _ := h.Open(); hv != nil {
				defer h.Release()
				return deviceNames(in, hv)
			}
		}
		return nil
	})
}

// deviceNames returns the names of a hive's devices: a number in the database is a key
// below DeviceCache.
func deviceNames(in artifacts.Input, hv *hive.Hive) map[string]string {
	out := map[string]string{}
	if k, err := hv.Key(`Software\Microsoft\Windows\CurrentVersion\TaskFlow\DeviceCache`); err == nil {
		for d := range in.Of(k).Subkeys() {
			out[strings.ToLower(d.Name())] = in.Of(d).Text("DeviceName")
		}
	}
	return out
}

// Program returns the path of the program, "" for a package.
func (r Activity) Program() string {
	if strings.Contains(r.App, `\`) {
		return r.App
	}
	return ""
}

// Proof narrows what the activity of another machine and of a setting proves.
func (r Activity) Proof() artifacts.Proof {
	switch {
	case r.foreign:
		return artifacts.Present
	case r.Code == 6 && r.Program() != "":
		return artifacts.Executed
	}
	return artifacts.Interacted
}

// Summary shows what was in use, or what was opened.
func (r Activity) Summary() string {
	s := "[" + cmp.Or(r.App, r.AppName) + "] " + r.Type
	if r.Group != "" {
		s += " (" + r.Group + ")"
	}
	if what := cmp.Or(r.Content, r.Text); what != "" {
		s += " " + what
	}
	if r.Active > 0 {
		s += fmt.Sprintf(", active for %d s", r.Active)
	}
	if r.foreign {
		s += ", on " + r.DeviceName
	}
	return s
}

// Tags marks activities of another machine.
func (r Activity) Tags() []string {
	if r.foreign {
		return []string{"synced"}
	}
	return nil
}
