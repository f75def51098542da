// Package notifications reads wpndatabase.db, the notifications that programs
// showed a user: Windows 10 and later. Their text shows what the user was
// told, by an antivirus program, a mail program or a remote tool.
package notifications

import (
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotNotifications is returned for databases without notifications.
var ErrNotNotifications = errors.New("not a notification database: no table Notification")

// maxHandlers bounds the programs that are kept.
const maxHandlers = 1 << 16

// A Notification is one notification.
type Notification struct {
	sqlitedb.Place
	State sqlitedb.State
	Grade sqlitedb.Grade

	ID         int64
	Program    string // PrimaryId of the handler: AppUserModelID or package
	HandlerSID string
	Type       string // toast, tile, badge
	Tag, Group string
	Arrival    time.Time
	Expiry     time.Time // zero when it does not expire
	Text       []string  // of the elements named text, in order
	Launch     string    // arguments for the program when the toast is clicked
	Payload    string    // XML as stored
}

// Read yields the notifications; with recovered set also deleted ones. An
// error is a row or page that does not read; the others follow.
func Read(db *sqlitedb.DB, recovered bool) iter.Seq2[Notification, error] {
	return func(yield func(Notification, error) bool) {
		if db.Table("Notification") == nil {
			yield(Notification{}, ErrNotNotifications)
			return
		}
		type handler struct{ id, sid string }
		handlers := map[int64]handler{}
		for row, err := range db.Rows("NotificationHandler", "RecordId", "PrimaryId", "ContainerSid") {
			if err != nil && !yield(Notification{}, err) {
				return
			}
			if id, ok := row.Get("RecordId").Int(); ok && len(handlers) < maxHandlers {
				handlers[id] = handler{row.Get("PrimaryId").Text(), row.Get("ContainerSid").Text()}
			}
		}
		for row, err := range db.Each(recovered, "Notification") {
			var n Notification
			if row.Values != nil {
				n.read(&row)
				id, _ := row.Get("HandlerId").Int()
				n.Program, n.HandlerSID = handlers[id].id, handlers[id].sid
			}
			if !yield(n, err) {
				return
			}
		}
	}
}

func (n *Notification) read(row *sqlitedb.Row) {
	at := func(c string) time.Time {
		v, _ := row.Get(c).Int()
		return wire.Time(uint64(max(0, v)))
	}
	n.Place, n.State, n.Grade = row.Place, row.State, row.Grade
	n.ID, _ = row.Get("Id").Int()
	n.Type, n.Tag, n.Group = row.Get("Type").Text(), row.Get("Tag").Text(), row.Get("Group").Text()
	n.Arrival, n.Expiry = at("ArrivalTime"), at("ExpiryTime")
	n.Payload = row.Get("Payload").Text()
	n.Text, n.Launch = content(n.Payload)
}

// content returns the text of a notification as far as its XML can be read.
func content(payload string) (text []string, launch string) {
	d := xml.NewDecoder(strings.NewReader(payload))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	inside := false
	for {
		t, err := d.Token()
		if err != nil {
			return text, launch
		}
		switch t := t.(type) {
		case xml.StartElement:
			inside = t.Name.Local == "text"
			for _, a := range t.Attr {
				if a.Name.Local == "launch" && launch == "" {
					launch = a.Value
				}
			}
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if s := strings.TrimSpace(string(t)); inside && s != "" {
				text = append(text, s)
			}
		}
	}
}
