package logons

import (
	"slices"
	"time"
)

// profile reads what the service for profiles says of a log-on (2) and a log-off (4).
func (x *reading) profile() {
	kind := markNotice
	if x.r.ID == 4 {
		kind = markNoticeEnd
	}
	x.b.mark(mark{time: x.r.Time, host: x.host, kind: kind, id: number(x.get("Session")),
		account: rawAccount{sid: x.b.intern(x.r.UserSID)}, ref: x.ref})
}

// noticeSpan is how near notices and log-ons of one session are.
const noticeSpan = time.Minute

// notices builds sessions from what Winlogon and the service for profiles say of
// log-ons, where the Security log does not reach and no other log has the session.
// They show account and time, not from where or how.
func (a *Analysis) notices(marks []mark) {
	type key struct{ host, account string }
	begins := map[key][]time.Time{}
	for _, s := range a.Sessions {
		k := key{s.Host.Names[0], s.Account.ID}
		begins[k] = append(begins[k], s.Begin)
	}
	for _, list := range begins {
		slices.SortFunc(list, time.Time.Compare)
	}
	last := map[key]time.Time{} // of notices, which come by time
	near := func(k key, at time.Time) bool {
		if t, ok := last[k]; ok && at.Sub(t) <= noticeSpan {
			return true
		}
		list := begins[k]
		i, _ := slices.BinarySearchFunc(list, at.Add(-noticeSpan), time.Time.Compare)
		return i < len(list) && list[i].Sub(at) <= noticeSpan
	}
	type open struct {
		key
		id uint64
	}
	running := map[open]*Session{}
	for i := range marks {
		m := &marks[i]
		if m.kind != markNotice && m.kind != markNoticeEnd {
			continue
		}
		acc := a.ids.account(m.account, m.host)
		if acc == nil || acc.Kind != "user" || !hasName(acc.SID) {
			continue
		}
		k := key{m.host, acc.ID}
		s := running[open{k, m.id}]
		if m.kind == markNoticeEnd {
			if s != nil {
				s.End, s.EndKind, s.EndRef = m.time, "logoff", m.ref
				delete(running, open{k, m.id})
			}
			continue
		}
		if sp := a.ids.b.spans[m.host+"\x00Security"]; sp != nil && !m.time.Before(sp.First) && !m.time.After(sp.Last) || near(k, m.time) {
			continue
		}
		h := a.ids.host(m.host)
		s = &Session{Host: h, Account: acc, Type: -1, Kind: "notice", Source: h, Begin: m.time, SessionID: m.id, BeginRef: m.ref}
		running[open{k, m.id}] = s
		last[k] = m.time
		a.Sessions = append(a.Sessions, s)
	}
}
