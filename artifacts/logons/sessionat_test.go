package logons

import (
	"fmt"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestSessionAt: records find their session by the id that they name, and those
// of the terminal services by themselves.
func TestSessionAt(t *testing.T) {
	a := intrusion().Analyse()
	rdp := a.Sessions.At(1)
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		host   string
		id     uint64
		at     time.Time
		record string
		want   *Session
	}{
		"a process of the other half":          {"DC1", 0x6002, at(120), "", rdp},
		"the network log-on":                   {"dc1.corp.local", 0x5001, at(110), "", a.Sessions.At(0)},
		"written just before the log-on":       {"DC1", 0x6001, at(102), "", rdp},
		"long before it":                       {"DC1", 0x6001, at(90), "", nil},
		"after its end":                        {"DC1", 0x6001, at(400), "", nil},
		"another machine":                      {"PC7", 0x6001, at(120), "", nil},
		"the system":                           {"DC1", 0x3e7, at(5001), "", nil},
		"no id, a record of Remote Desktop":    {"DC1", 0, at(200), fmt.Sprintf("%016x", 6), rdp},
		"no id, another record":                {"DC1", 0, at(200), "x", nil},
		"an id that no log-on has in the logs": {"DC1", 0x9999, at(120), "", nil},
	} {
		if got := a.SessionAt(c.host, c.id, c.at, c.record); !got.Is(c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestManySessions: one id for very many log-ons, as a forged log may have,
// needs no time for each pair.
func TestManySessions(t *testing.T) {
	testcost.Again(t)
	const n = 50_000
	b := New(nil)
	for i := range n {
		b.Add("", sec(uint64(i), 4624, i, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", "0x5001", "LogonType", "3"), "")
		b.Add("", sec(uint64(n+i), 4672, i, "SubjectUserSid", bob, "SubjectLogonId", "0x5001"), "")
	}
	begin := testcost.CPU()
	a := b.Analyse()
	for i := range n {
		if s := a.SessionAt("DC1", 0x5001, t0.Add(time.Duration(i)*time.Second), ""); s == nil || !s.Begin.Equal(t0.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("log-on %d: %+v", i, s)
		}
	}
	if d := testcost.CPU() - begin; d > 20*time.Second {
		t.Errorf("took %v of a processor", d)
	}
}
