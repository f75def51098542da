package events_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// TestLogon finds the log-on id that a record names.
func TestLogon(t *testing.T) {
	for name, c := range map[string]struct {
		data events.Pairs
		want uint64
	}{
		"who logged on, not who asked": {events.Pairs{{Name: "SubjectLogonId", Value: "0x3e7"}, {Name: "TargetLogonId", Value: "0x5f3a1"}}, 0x5f3a1},
		"a process of the actor":       {events.Pairs{{Name: "SubjectLogonId", Value: "0x5f3a1"}, {Name: "TargetLogonId", Value: "0x0"}}, 0x5f3a1},
		"below a container":            {events.Pairs{{Name: "UserData/LogFileCleared/SubjectLogonId", Value: "0x21e2b"}}, 0x21e2b},
		"Sysmon, decimal":              {events.Pairs{{Name: "LogonGuid", Value: "{0}"}, {Name: "LogonId", Value: "389025"}}, 0x5efa1},
		"a reconnect":                  {events.Pairs{{Name: "LogonID", Value: "0x77"}}, 0x77},
		"not a number":                 {events.Pairs{{Name: "SubjectLogonId", Value: "-"}}, 0},
		"the other half is another":    {events.Pairs{{Name: "TargetLinkedLogonId", Value: "0x88"}}, 0},
	} {
		if got := (events.Event{Record: events.Record{Data: c.data}}).Logon(); got != c.want {
			t.Errorf("%s: %#x, want %#x", name, got, c.want)
		}
	}
}
