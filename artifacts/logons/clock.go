package logons

import (
	"time"
)

// csvTime is how tables write times: with the 100 ns of Windows, and in another zone
// than UTC with the offset.
const csvTime = "2006-01-02 15:04:05.0000000"

// Zone returns the zone in which the views of the analysis write times.
func (a *Analysis) Zone() *time.Location {
	if a == nil || a.zone == nil {
		return time.UTC
	}
	return a.zone
}

// stamp writes a time into a cell of a table. Tables in UTC have no offset.
func (a *Analysis) stamp(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case a.Zone() == time.UTC:
		return t.UTC().Format(csvTime)
	}
	return t.In(a.Zone()).Format(csvTime + "-07:00")
}

// times are the columns that hold times; "reconnects" holds a list of them.
var times = map[string]bool{
	"time": true, "begin": true, "end": true, "first_seen": true, "last_seen": true, "first_success": true, "last_failure": true,
	"created": true, "deleted": true, "first": true, "last": true, "hour": true, "reconnects": true,
}

// jsonTime turns a cell into a time of JSON.
func jsonTime(v string) string {
	if len(v) < len(csvTime) {
		return v
	}
	v = v[:10] + "T" + v[11:]
	if len(v) == len(csvTime) {
		v += "Z"
	}
	return v
}

// iso writes a time with its zone, "" for the zero time.
func iso(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02T15:04:05.0000000Z07:00")
}

// minute writes a time with its zone, to the minute.
func minute(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04Z07:00")
}
