package activity

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	format "github.com/artifactdump/artifactdump/artifacts/formats/notifications"
	sqlite "github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A Notification is one notification that a program sent to a user.
type Notification struct {
	artifacts.Origin
	App     string    `json:"app"`  // AppUserModelID or package
	Type    string    `json:"type"` // toast, tile, badge
	Text    []string  `json:"text,omitempty"`
	Launch  string    `json:"launch,omitempty"` // arguments for the program when the toast is clicked
	Tag     string    `json:"tag,omitempty"`
	Arrival time.Time `json:"arrival,omitzero" event:"Recorded Time"`
	Expiry  time.Time `json:"expiry,omitzero"`
	ID      int64     `json:"notification_id"`
	Payload string    `json:"payload,omitempty" extra:"-"` // XML
	Page    uint32    `json:"page"`
}

var notices = artifacts.Define(artifacts.Artifact{
	Name:     "notifications",
	Title:    "Notification",
	DataType: "windows:notification",
	About: `wpndatabase.db of Windows 10 and later: notifications that programs sent to this user, with their text: what an antivirus program, a mail
program, a messenger or a remote tool reported. Proves that the program (or its service in the network) sent the text and that it arrived at
this time. Does not prove that anybody read it: tiles and badges appear only in the Start menu, and toasts may be switched off. Notifications are deleted when they
expire or are dismissed; what is left in the log or in free pages is shown as log or deleted. Times are UTC: the arrival.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204"},
	Refs: []string{
		"https://inc0x0.com/2018/10/windows-10-notification-database/",
		"https://learn.microsoft.com/windows/apps/design/shell/tiles-and-notifications/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%UserProfile%\AppData\Local\Microsoft\Windows\Notifications\wpndatabase.db`, "sqlite"),
	},
}, decodeNotifications)

func decodeNotifications(in artifacts.Input, yield func(Notification) bool) error {
	db, err := sqlite.OpenSQLite(in)
	if db == nil {
		return err
	}
	if db.Table("Notification") == nil && in.Loose() {
		return nil
	}
	var errs sqlite.Errors
	for n, err := range format.Read(db.DB, true) {
		if err != nil {
			errs.Add(err)
			continue
		}
		if !yield(Notification{Origin: db.At(n.Place, n.State, n.Grade), App: n.Program, Type: n.Type, Text: n.Text, Launch: n.Launch,
			Tag:     n.Tag,
			Arrival: n.Arrival, Expiry: n.Expiry, ID: n.ID, Payload: n.Payload, Page: n.Page}) {
			return nil
		}
	}
	return db.End(&errs)
}

// Summary shows the text.
func (r Notification) Summary() string {
	return fmt.Sprintf("[%s] %s: %s", r.App, r.Type, strings.Join(r.Text, " | "))
}
