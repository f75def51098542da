package logons

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// winlogbeatTypes are the words of Winlogbeat for types of log-ons.
var winlogbeatTypes = map[int]string{
	2: "Interactive", 3: "Network", 4: "Batch", 5: "Service", 7: "Unlock", 8: "NetworkCleartext", 9: "NewCredentials",
	10: "RemoteInteractive", 11: "CachedInteractive",
}

// writeECS writes documents of the Elastic Common Schema: each attempt, each end of a
// session that the log holds, and each change of a group.
func writeECS(w io.Writer, a *Analysis, _ string, f *Filter) error {
	b := bufio.NewWriter(w)
	put := func(o *object) { fmt.Fprintf(b, `{"create":{"_index":"artifactdump-logons"}}`+"\n%s\n", o.done()) }
	for _, x := range a.Attempts.All() {
		if f.attempt(x) {
			put(x.ecs())
		}
	}
	for _, s := range a.Sessions.All() {
		if f.session(s) && !s.End.IsZero() && s.EndRef.Number != 0 {
			put(s.ecs())
		}
	}
	for i := range a.Groups {
		if m := &a.Groups[i]; m.Group != nil && m.Member != nil && f.done(m.Time, m.Member, m.Host) {
			put(m.ecs())
		}
	}
	return b.Flush()
}

func (x *Attempt) ecs() *object {
	var o object
	o.text("@timestamp", iso(x.Time, time.UTC))
	o.sub("event", func(o *object) {
		o.text("kind", "event")
		typ, categories := "start", []string{"authentication"}
		if s := x.Session(); s != nil && s.BeginRef == x.Ref {
			categories = append(categories, "session")
		}
		if x.Outcome == Started {
			typ = "info"
		}
		o.list("category", categories...)
		o.list("type", typ)
		if x.Outcome != Started {
			o.text("outcome", string(x.Outcome))
		}
		o.text("code", strconv.FormatUint(uint64(x.EventID), 10))
		o.text("provider", x.Provider)
		o.text("action", x.Kind)
		o.text("reason", x.Reason)
	})
	o.sub("host", func(o *object) { o.text("name", x.Host.Label) })
	o.sub("user", func(o *object) {
		x.Account.ecs(o)
		if x.Actor != nil && x.Actor != x.Account {
			o.sub("effective", x.Account.ecs)
		}
	})
	o.sub("source", func(o *object) { o.text("ip", x.Address); o.text("domain", x.Name) })
	o.sub("winlog", func(o *object) {
		x.Ref.ecs(o)
		o.raw("event_id", strconv.FormatUint(uint64(x.EventID), 10))
		o.text("provider_name", x.Provider)
		logonECS(o, x.Type, x.LogonID)
	})
	if x.Dest != x.Host {
		o.sub("destination", func(o *object) { o.text("domain", x.Dest.Label) })
	}
	if len(x.Findings) > 0 {
		o.list("tags", x.Findings...)
	}
	return &o
}

// ecs is the end of a session.
func (s *Session) ecs() *object {
	var o object
	o.text("@timestamp", iso(s.End, time.UTC))
	o.sub("event", func(o *object) {
		o.text("kind", "event")
		o.list("category", "session")
		o.list("type", "end")
		o.text("action", s.EndKind)
		o.text("start", iso(s.Begin, time.UTC))
		o.text("end", iso(s.End, time.UTC))
		o.raw("duration", strconv.FormatInt(int64(s.Duration()), 10))
	})
	o.sub("host", func(o *object) { o.text("name", s.Host.Label) })
	o.sub("user", s.Account.ecs)
	if s.Source != s.Host {
		o.sub("source", func(o *object) {
			for _, n := range s.Source.Names {
				if _, ok := parseAddress(n); ok {
					o.text("ip", n)
					return
				}
			}
			o.text("domain", s.Source.Names[0])
		})
	}
	o.sub("winlog", func(o *object) {
		s.EndRef.ecs(o)
		logonECS(o, s.Type, s.LogonID)
	})
	if len(s.Findings) > 0 {
		o.list("tags", s.Findings...)
	}
	return &o
}

// ecs is a member that was added to a group or removed from it.
func (m *Membership) ecs() *object {
	var o object
	o.text("@timestamp", iso(m.Time, time.UTC))
	o.sub("event", func(o *object) {
		o.text("kind", "event")
		o.list("category", "iam")
		o.list("type", "group", "change")
		action := "removed-member-from-group"
		if m.Added {
			action = "added-member-to-group"
		}
		o.text("action", action)
	})
	o.sub("host", func(o *object) { o.text("name", m.Host.Label) })
	o.sub("group", m.Group.ecs)
	o.sub("user", func(o *object) { o.sub("target", m.Member.ecs) })
	o.sub("winlog", m.Ref.ecs)
	return &o
}

// ecs writes id, domain and name, which are those of users and of groups.
func (a *Account) ecs(o *object) {
	o.text("id", a.SID)
	name := a.Name
	if d, n, ok := strings.Cut(name, `\`); ok {
		o.text("domain", d)
		name = n
	}
	o.text("name", name)
}

func (r Ref) ecs(o *object) {
	o.text("channel", r.Channel)
	o.raw("record_id", strconv.FormatUint(r.Number, 10))
}

func logonECS(o *object, typ int, id uint64) {
	o.sub("logon", func(o *object) {
		o.text("type", winlogbeatTypes[typ])
		if id != 0 {
			o.text("id", "0x"+strconv.FormatUint(id, 16))
		}
	})
}

// An object is a JSON object that leaves empty values out.
type object struct{ b []byte }

func (o *object) raw(key, v string) {
	if v == "" {
		return
	}
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, quoted(key)...), ':'), v...)
}

func (o *object) text(key, v string) {
	if v != "" {
		o.raw(key, string(quoted(v)))
	}
}

func (o *object) list(key string, vs ...string) {
	var b []byte
	for i, v := range vs {
		if b = append(b, ','); i == 0 {
			b[0] = '['
		}
		b = append(b, quoted(v)...)
	}
	if len(b) > 0 {
		o.raw(key, string(append(b, ']')))
	}
}

func (o *object) sub(key string, fill func(*object)) {
	var x object
	fill(&x)
	if len(x.b) > 0 {
		o.raw(key, string(x.done()))
	}
}

func (o *object) done() []byte {
	if len(o.b) == 0 {
		return []byte("{}")
	}
	return append(o.b, '}')
}
