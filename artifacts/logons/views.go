package logons

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// Limits of what the views beside log-ons keep; more is counted in [Analysis.Dropped].
const (
	maxKinds    = 1 << 16 // kinds of events
	maxPolicies = 1 << 16
	maxPolicy   = 400 // bytes of what one says
)

// A Tally counts the events of one kind.
type Tally struct {
	Channel, Provider string
	EventID           uint32
	Name              string // in the catalogue, "" where it is not
	Worth             string
	Count             int
	First, Last       time.Time
	Hosts             []string
}

type tallyKey struct {
	channel, provider string
	id                uint32
}

// tally counts a record. k is nil for an event that is not in the catalogue.
func (b *Builder) tally(host string, r *events.Record, k *events.Kind) {
	key := tallyKey{r.Channel, r.Provider, r.ID}
	t := b.kinds[key]
	if t == nil {
		if len(b.kinds) >= maxKinds {
			b.dropped++
			return
		}
		key.channel, key.provider = b.intern(r.Channel), b.intern(r.Provider)
		t = &Tally{Channel: key.channel, Provider: key.provider, EventID: r.ID, First: r.Time, Last: r.Time}
		if k != nil {
			t.Name, t.Worth = k.Name, k.Worth.String()
		}
		b.kinds[key] = t
	}
	t.Count++
	t.Hosts = include(t.Hosts, b.intern(host))
	if r.Time.IsZero() {
		return
	}
	if t.First.IsZero() || r.Time.Before(t.First) {
		t.First = r.Time
	}
	if r.Time.After(t.Last) {
		t.Last = r.Time
	}
}

// tallies returns the counts, the most frequent first.
func (b *Builder) tallies() []Tally {
	out := make([]Tally, 0, len(b.kinds))
	for _, t := range b.kinds {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(x, y Tally) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Channel, y.Channel), cmp.Compare(x.Provider, y.Provider),
			cmp.Compare(x.EventID, y.EventID))
	})
	return out
}

// A Policy is a change of what the machine records or of the rules for accounts,
// or the clearing of a log.
type Policy struct {
	Time  time.Time
	Host  *Host
	Actor *Account // or nil
	Says  string
	ID    uint32
	Ref   Ref
}

type rawPolicy struct {
	time  time.Time
	host  string
	actor rawAccount
	says  string
	id    uint32
	ref   Ref
}

// policies are the events of the view: audit policy, policies of the domain, and
// logs that were cleared.
var policies = map[readerKey]bool{
	{security, 1102}: true, {"system", 104}: true, {security, 4719}: true, {security, 4912}: true, {security, 4906}: true,
	{security, 4715}: true, {security, 4739}: true, {security, 4713}: true, {security, 4717}: true,
	{security, 4718}: true, {security, 4704}: true, {security, 4705}: true, {security, 4817}: true, {security, 1100}: true,
}

func (x *reading) policy() {
	if !policies[readerKey{strings.ToLower(x.r.Channel), x.r.ID}] {
		return
	}
	if len(x.b.policies) >= maxPolicies {
		x.b.dropped++
		return
	}
	x.b.policies = append(x.b.policies, rawPolicy{x.r.Time, x.host, x.keep(x.r.Account(x.k, events.Actor)),
		strings.Clone(shorten(x.r.Message(x.k), maxPolicy)), x.r.ID, x.ref})
}

// resolvePolicies names machines and accounts.
func (a *Analysis) resolvePolicies(list []rawPolicy) {
	for i := range list {
		p := &list[i]
		out := Policy{Time: p.time, Host: a.ids.host(p.host), Says: p.says, ID: p.id, Ref: p.ref}
		if p.actor != (rawAccount{}) {
			out.Actor = a.ids.account(p.actor, p.host)
		}
		a.Policies = append(a.Policies, out)
	}
	slices.SortStableFunc(a.Policies, func(x, y Policy) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Host.ID, y.Host.ID), cmp.Compare(x.Ref.Channel, y.Ref.Channel),
			cmp.Compare(x.Ref.Number, y.Ref.Number))
	})
}

var policyColumns = []string{"Time", "Host", "Account", "AccountSID", "Says", "Channel", "EventID", "Record"}

func (a *Analysis) policyTable(f *Filter) *table {
	t := &table{columns: policyColumns}
	for i := range a.Policies {
		p := &a.Policies[i]
		name, sid := "", ""
		if p.Actor != nil {
			name, sid = p.Actor.Name, p.Actor.SID
		}
		if f.done(p.Time, p.Actor, p.Host) {
			t.rows = append(t.rows, []string{a.stamp(p.Time), p.Host.Label, name, sid, p.Says, p.Ref.Channel,
				strconv.FormatUint(uint64(p.ID), 10), strconv.FormatUint(p.Ref.Number, 10)})
		}
	}
	return t
}

var groupColumns = []string{"Time", "Host", "Group", "GroupSID", "Member", "MemberSID", "Action", "Channel", "Record"}

func (a *Analysis) groupTable(f *Filter) *table {
	t := &table{columns: groupColumns}
	for _, m := range a.Groups {
		if m.Group == nil || m.Member == nil || !f.done(m.Time, m.Member, m.Host) {
			continue
		}
		change := "removed"
		if m.Added {
			change = "added"
		}
		t.rows = append(t.rows, []string{a.stamp(m.Time), m.Host.Label, m.Group.Name, m.Group.SID, m.Member.Name, m.Member.SID, change,
			m.Ref.Channel, strconv.FormatUint(m.Ref.Number, 10)})
	}
	return t
}

// done reports whether a filter shows something that an account did on a machine.
func (f *Filter) done(at time.Time, a *Account, h *Host) bool {
	switch {
	case f == nil:
		return true
	case a == nil && len(f.Accounts) > 0, a != nil && !f.account(a), !matches(f.Targets, append([]string{h.Label}, h.Names...)...):
		return false
	}
	return (f.From.IsZero() || !at.Before(f.From)) && (f.To.IsZero() || at.Before(f.To))
}

var domainColumns = []string{"Domain", "Users", "Unresolved", "Success", "Failure", "First", "Last", "Names", "Targets"}

// domainTable lists the domains that accounts are of: a name that no machine of
// the network has is what a tool or a machine from outside claims.
func (a *Analysis) domainTable(f *Filter) *table {
	type domain struct {
		name             string
		accounts         map[*Account]bool
		unresolved       int
		success, failure int
		first, last      time.Time
		names, targets   []string
	}
	all := map[string]*domain{}
	for _, e := range a.Edges {
		name, bare, ok := strings.Cut(e.Account.Name, `\`)
		if !ok || !f.edge(e) {
			continue
		}
		k := strings.ToLower(name)
		d := all[k]
		if d == nil {
			d = &domain{name: name, accounts: map[*Account]bool{}, first: e.First}
			all[k] = d
		}
		if !d.accounts[e.Account] {
			d.accounts[e.Account] = true
			d.names = include(d.names, bare)
			if e.Account.Unresolved {
				d.unresolved++
			}
		}
		d.success, d.failure = d.success+e.Success, d.failure+e.Failure
		d.targets = include(d.targets, e.Target.Label)
		if e.First.Before(d.first) {
			d.first = e.First
		}
		if e.Last.After(d.last) {
			d.last = e.Last
		}
	}
	t := &table{columns: domainColumns}
	for _, k := range sorted(all) {
		d := all[k]
		t.rows = append(t.rows, []string{d.name, count(len(d.accounts)), count(d.unresolved), count(d.success), count(d.failure),
			a.stamp(d.first), a.stamp(d.last), joined(d.names, same), joined(d.targets, same)})
	}
	return t
}

var eventColumns = strings.Split("Channel,Provider,EventID,Name,Count,Percent,First,Last,Hosts,Value", ",")

func (a *Analysis) eventTable() *table {
	t, all := &table{columns: eventColumns}, 0
	for i := range a.Events {
		all += a.Events[i].Count
	}
	for i := range a.Events {
		e := &a.Events[i]
		t.rows = append(t.rows, []string{e.Channel, e.Provider, strconv.FormatUint(uint64(e.EventID), 10), e.Name, count(e.Count),
			float(round(100*float64(e.Count)/float64(all), 2)), a.stamp(e.First), a.stamp(e.Last), joined(e.Hosts, same), e.Worth})
	}
	return t
}

var summaryColumns = strings.Split("Outcome,Count,Account,AccountSID,Source,SourceNames,Target,Kind,LogonType,"+
	"EventIDs,First,Last,Reasons", ",")

// summaryTable counts successes and failures apart, the most frequent first.
func (a *Analysis) summaryTable(f *Filter) *table {
	t := &table{columns: summaryColumns}
	for _, o := range [...]Outcome{Success, Failure} {
		n := func(e *Edge) int {
			if o == Success {
				return e.Success
			}
			return e.Failure
		}
		list := slices.DeleteFunc(slices.Clone(a.Edges), func(e *Edge) bool { return n(e) == 0 || !f.edge(e) })
		slices.SortStableFunc(list, func(x, y *Edge) int { return cmp.Compare(n(y), n(x)) })
		for _, e := range list {
			reasons := ""
			if o == Failure {
				reasons = joined(e.Reasons, same)
			}
			t.rows = append(t.rows, []string{string(o), count(n(e)), e.Account.Name, e.Account.SID, e.Source.Label,
				joined(e.Source.Names, same), e.Target.Label, e.Kind, typeText(e.Type),
				joined(e.EventIDs, func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }),
				a.stamp(e.First), a.stamp(e.Last), reasons})
		}
	}
	return t
}

// A Heat is when an account was active: its attempts by weekday and hour, in the zone
// of the views.
type Heat struct {
	Account *Account
	Hours   [7][24]int // weekdays from Sunday
	Total   int
}

// Heats returns the activity of accounts, those with the worst findings first, then
// the most active.
func (a *Analysis) Heats(f *Filter) []Heat {
	at, worst := map[*Account]int{}, map[*Account]int{}
	var out []Heat
	for _, e := range a.Edges {
		if !f.edge(e) {
			continue
		}
		i, ok := at[e.Account]
		if !ok {
			i = len(out)
			at[e.Account] = i
			out = append(out, Heat{Account: e.Account})
		}
		worst[e.Account] = max(worst[e.Account], slices.Index(levels, e.Level))
		for d := range e.Hours {
			for h, n := range e.Hours[d] {
				out[i].Hours[d][h] += n
				out[i].Total += n
			}
		}
	}
	person := func(h Heat) int {
		if h.Account.Kind == "user" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(x, y Heat) int {
		return cmp.Or(cmp.Compare(worst[y.Account], worst[x.Account]), cmp.Compare(person(y), person(x)), cmp.Compare(y.Total, x.Total),
			cmp.Compare(x.Account.ID, y.Account.ID))
	})
	return out
}

// Weekday is the name of a day of [Heat.Hours].
func Weekday(d int) string { return time.Weekday(d).String()[:3] }

func (a *Analysis) hourTable(f *Filter) *table {
	t := &table{columns: []string{"Account", "AccountSID", "Weekday", "Total"}}
	for h := range 24 {
		t.columns = append(t.columns, "H"+strconv.Itoa(h/10)+strconv.Itoa(h%10))
	}
	t.columns = append(t.columns, "Zone")
	for _, heat := range a.Heats(f) {
		for i := range 7 {
			d := (i + 1) % 7 // weeks begin on Monday
			row, total := []string{heat.Account.Name, heat.Account.SID, Weekday(d), ""}, 0
			for _, n := range heat.Hours[d] {
				total += n
				row = append(row, count(n))
			}
			if row[3] = count(total); total > 0 {
				t.rows = append(t.rows, append(row, a.Zone().String()))
			}
		}
	}
	return t
}
