package output

import (
	"strconv"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// isEvent reports whether the row is a record of an event log.
func (r *Row) isEvent() bool { return r.DataType == events.DataType }

// eventNumber returns a field of an event that is a number.
func (r *Row) eventNumber(name string) (int64, bool) {
	n, err := strconv.ParseInt(r.field(name), 10, 64)
	return n, err == nil
}

// eventKeys writes what readers of event logs look for beside the keys of all
// rows.
func (r *Row) eventKeys(o *object) {
	if !r.isEvent() {
		return
	}
	for _, name := range [...]string{"event_identifier", "record_number"} {
		if n, ok := r.eventNumber(name); ok {
			o.int(name, n)
		}
	}
	for _, name := range [...]string{"provider", "channel", "computer"} {
		o.str(name, r.field(name))
	}
}

// winlog writes an event as Winlogbeat does.
func (r *Row) winlog(o *object) {
	if !r.isEvent() {
		return
	}
	o.sub("winlog", func(o *object) {
		o.str("channel", r.field("channel"))
		o.str("event_id", r.field("event_identifier"))
		o.str("record_id", r.field("record_number"))
		o.str("provider_name", r.field("provider"))
		o.str("computer_name", r.field("computer"))
		o.opt("activity_id", r.field("activity_id"))
	})
}

// ecsLogons are the categories of log-on events: kind and outcome by name of the
// event in the catalogue.
var ecsLogons = map[string][2]string{
	"logon": {"start", "success"}, "logon-failed": {"start", "failure"}, "logoff": {"end", "success"}, "logoff-by-user": {"end", "success"},
	"explicit-credentials": {"start", ""}, "special-privileges": {"info", "success"}, "session-logon": {"start", "success"},
	"session-reconnected": {"start", "success"}, "session-logoff": {"end", "success"}, "session-disconnected": {"end", "success"},
	"rdp-authenticated": {"start", "success"}, "rdp-bad-credentials": {"start", "failure"},
}

// ecsLogon returns kind and outcome of an event of a log-on.
func (r *Row) ecsLogon() (kind, outcome string, ok bool) {
	if !r.isEvent() {
		return "", "", false
	}
	v, ok := ecsLogons[r.field("event")]
	return v[0], v[1], ok
}
