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
	x.b.mark(&mark{time: x.r.Time, host: x.host, kind: kind, id: number(x.get("Session")),
		account: rawAccount{sid: x.b.intern(x.r.UserSID)}, ref: x.ref})
}

// noticeSpan is how near notices and log-ons of one session are.
const noticeSpan = time.Minute

// notices builds sessions from what Winlogon and the service for profiles say of
// log-ons, where the Security log does not reach and no other log has the session.
// They show account and time, not from where or how.
func (a *Analysis) notices(list *marks) {
	type key struct{ host, account string }
	begins := map[key][]time.Time{} // of accounts that notices speak of
	named := func(m *mark) *Account {
		if m.kind != markNotice && m.kind != markNoticeEnd {
			return nil
		}
		acc := a.ids.account(m.account, m.host)
		if acc == nil || acc.Kind != "user" || !hasName(acc.SID) {
			return nil
		}
		return acc
	}
	for m := range list.all {
		if acc := named(m); acc != nil {
			begins[key{m.host, acc.ID}] = nil
		}
	}
	if len(begins) == 0 {
		return
	}
	for i := range a.sessions.list.n {
		account, host := a.sessions.owner(i)
		k := key{host.Names[0], account.ID}
		if times, ok := begins[k]; ok {
			begins[k] = append(times, a.sessions.begin(i))
		}
	}
	for _, times := range begins {
		slices.SortFunc(times, time.Time.Compare)
	}
	last := map[key]time.Time{} // of notices, which come by time
	near := func(k key, at time.Time) bool {
		if t, ok := last[k]; ok && at.Sub(t) <= noticeSpan {
			return true
		}
		times := begins[k]
		i, _ := slices.BinarySearchFunc(times, at.Add(-noticeSpan), time.Time.Compare)
		return i < len(times) && times[i].Sub(at) <= noticeSpan
	}
	type open struct {
		key
		id uint64
	}
	running := map[open]int{}
	for m := range list.all {
		acc := named(m)
		if acc == nil {
			continue
		}
		k := key{m.host, acc.ID}
		if m.kind == markNoticeEnd {
			if i, ok := running[open{k, m.id}]; ok {
				a.sessions.setEnd(i, m.packed, byLogoff)
				delete(running, open{k, m.id})
			}
			continue
		}
		if sp := a.ids.b.spans[m.host+"\x00Security"]; sp != nil && !m.time.Before(sp.First) && !m.time.After(sp.Last) || near(k, m.time) {
			continue
		}
		h := a.ids.host(m.host)
		running[open{k, m.id}] = a.sessions.start(begun{h, h, acc, "notice", m.time, a.markRef(m)}, m.id)
		last[k] = m.time
	}
}
