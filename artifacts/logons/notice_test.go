package logons

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// TestNotices: Winlogon and the service for profiles fill in sessions from before the
// Security log, one for each log-on, and none where another log has it.
func TestNotices(t *testing.T) {
	notice := func(b *Builder, n uint64, id uint32, at int, sid string) {
		r := &events.Record{Number: n, ID: id, Channel: "System", Provider: "Microsoft-Windows-Winlogon", Computer: "DC1", Time: t0.Add(time.Duration(at) * time.Second),
			Data: []events.Field{{Name: "TSId", Value: "1"}, {Name: "UserSid", Value: sid}}}
		if id < 10 {
			r.Channel, r.Provider, r.UserSID = "Microsoft-Windows-User Profile Service/Operational", "Microsoft-Windows-User Profiles Service", sid
			r.Data = []events.Field{{Name: "Session", Value: "1"}}
		}
		b.Add("", r, "")
	}
	b := New(nil)
	notice(b, 1, 7001, -9000, bob)
	notice(b, 2, 2, -8998, bob) // the same log-on
	notice(b, 3, 7002, -8000, bob)
	notice(b, 4, 2, -7000, bob) // a stop follows
	b.Add("", &events.Record{Number: 5, ID: 13, Channel: "System", Provider: "Microsoft-Windows-Kernel-General", Computer: "DC1", Time: t0.Add(-6000 * time.Second)}, "")
	notice(b, 6, 2, -5000, "S-1-5-18") // not a user
	notice(b, 7, 7001, 50, bob)        // the Security log covers it
	notice(b, 8, 7002, 60, bob)
	b.Add("", sec(1, 4624, 0, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x777", "LogonType", "2"), "")
	b.Add("", sec(2, 4634, 100, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", "0x777"), "")
	notice(b, 9, 7001, -30, bob) // before the first record, but the same log-on
	a := b.Analyse()
	if a.Sessions.Len() != 3 {
		for _, s := range a.Sessions.All() {
			t.Logf("%+v", s)
		}
		t.Fatalf("%d sessions, want 3", a.Sessions.Len())
	}
	x, y, z := a.Sessions.At(0), a.Sessions.At(1), a.Sessions.At(2)
	if x.Kind != "notice" || x.Account.Name != `CORP\bob` || x.Duration() != 1000*time.Second || x.EndKind != "logoff" || x.Type != -1 || x.SessionID != 1 {
		t.Errorf("%+v", x)
	}
	if y.Kind != "notice" || y.EndKind != "shutdown" || y.Duration() != 1000*time.Second {
		t.Errorf("%+v", y)
	}
	if z.Kind != "logon" || x.ID() == y.ID() {
		t.Errorf("%+v", z)
	}
}
