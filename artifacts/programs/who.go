package programs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/logons"
)

type timeOf = time.Time

// serviceStart is how soon after its installation a service starts that was
// installed to be started.
const serviceStart = 5 * time.Second

// A who decides which account a start belongs to.
type who struct {
	b      *Builder
	a      *logons.Analysis
	hosts  []string
	bySID  map[string]string    // names
	byName map[string]string    // SIDs, by folded name
	people *logons.OpenSessions // interactive and remote ones of users
}

func newWho(b *Builder, a *logons.Analysis) *who {
	w := &who{b: b, a: a, bySID: map[string]string{}, byName: map[string]string{}}
	for c := range b.computers {
		w.hosts = append(w.hosts, c)
	}
	slices.Sort(w.hosts)
	if len(w.hosts) == 0 && b.host != "" {
		w.hosts = []string{b.host}
	}
	for _, x := range a.Accounts {
		if x.SID == "" || x.Name == "" {
			continue
		}
		w.bySID[x.SID] = x.Name
		for _, n := range append([]string{x.Name}, x.Names...) {
			w.byName[strings.ToLower(shortName(n, ""))] = x.SID
		}
	}
	if b.machine != nil {
		for _, u := range b.machine.Users {
			if u.SID != "" && u.Name != "" {
				w.bySID[u.SID] = cmp.Or(w.bySID[u.SID], u.Name)
				w.byName[strings.ToLower(u.Name)] = cmp.Or(w.byName[strings.ToLower(u.Name)], u.SID)
			}
		}
	}
	w.people = a.OpenSessions(isPerson)
	return w
}

// isPerson reports whether somebody could start programs in a session: at the
// console, through Remote Desktop, or by a remote shell.
func isPerson(s *logons.Session) bool {
	if s.Account == nil || s.Account.Kind != "user" {
		return false
	}
	switch s.Type {
	case 2, 7, 10, 11, 12, 13:
		return true
	case 3:
		return s.Source != nil && s.Source != s.Host
	}
	return s.Kind == "rdp" || s.Kind == "winrm" || s.Kind == "notice"
}

// sources of a session in words.
func sourceOf(s *logons.Session) string {
	if s == nil || s.Source == nil || s.Source == s.Host {
		return ""
	}
	return s.Source.Label
}

// session returns the session of a log-on id at a time, or nil.
func (w *who) session(id uint64, at time.Time) *logons.Session {
	if id == 0 {
		return nil
	}
	for _, h := range w.hosts {
		if s := w.a.SessionOf(h, id, at); s != nil {
			return s
		}
	}
	return nil
}

// remote returns the source of the only session from elsewhere that was open at a
// start, where it is the only one of the account.
func (w *who) remote(s *Start) string {
	source := ""
	for o := range w.people.At(s.Time) {
		from, own := sourceOf(o), s.Account.SID == o.Account.SID
		if s.Account.SID == "" || o.Account.SID == "" {
			own = strings.EqualFold(s.Account.Short(), shortName(o.Account.Name, ""))
		}
		switch {
		case from == "" && !own:
		case from == "" || !own || source != "":
			return ""
		default:
			source = from
		}
	}
	return source
}

// name fills in what is known of an account by its SID or its name.
func (w *who) name(a *Attribution) {
	if a.Name == "" && a.SID != "" {
		a.Name = w.bySID[a.SID]
	}
	if a.SID == "" && a.Name != "" {
		a.SID = w.byName[strings.ToLower(shortName(a.Name, ""))]
	}
}

// attribute gives each start of a program its account and its session, by the
// first rule that fits.
func (w *who) attribute(p *prog) {
	for i := range p.p.Starts {
		s := &p.p.Starts[i]
		if s.Account.IsZero() {
			s.Account = w.infer(p, s)
		}
		w.name(&s.Account)
		if l := w.session(s.logon, s.Time); l != nil {
			s.Session = l.ID()
			s.Account.Source = sourceOf(l)
			if s.Account.SID == "" && l.Account != nil {
				s.Account.SID = l.Account.SID
			}
		}
		if s.Session == "" && s.Account.Source == "" && !s.Account.IsZero() {
			s.Account.Source = w.remote(s)
		}
		if s.Account.IsZero() {
			s.During = w.during(s.Time)
		}
	}
	p.accounts()
}

// infer concludes who started a program where no record of the start says so.
// That a session was open at the time is not enough for programs of Windows: it
// would be right for one start in three.
func (w *who) infer(p *prog, s *Start) Attribution {
	if s.Service != "" {
		return Attribution{Name: "SYSTEM", SID: "S-1-5-18", Certainty: Inferred,
			Why: "the service " + s.Service + " was installed right before"}
	}
	if sid := p.usedBy(s.Time); sid != "" {
		return Attribution{SID: sid, Certainty: Inferred, Why: "SRUM has it for this account alone in that hour"}
	}
	if n := profileOf(p.key); n != "" && p.volume == "" {
		return Attribution{Name: n, Certainty: Inferred, Why: "the file is in the profile of this account"}
	}
	if belowSystem(p.key) && p.volume == "" {
		return Attribution{}
	}
	var one *logons.Session
	for o := range w.people.At(s.Time) {
		if one == nil {
			one = o
		}
		if o.Account != one.Account {
			return Attribution{}
		}
	}
	if one == nil {
		return Attribution{}
	}
	return Attribution{SID: one.Account.SID, Name: one.Account.Name, Certainty: Inferred, Source: sourceOf(one),
		Why: "this account alone was logged on"}
}

// during returns the name of the account of the only session of people that was open at
// a time, or "".
func (w *who) during(at time.Time) (name string) {
	n := 0
	for o := range w.people.At(at) {
		if n++; n > 1 {
			return ""
		}
		name = o.Account.Name
	}
	return name
}

// usedBy returns the account that SRUM has the program for in the hour of a time,
// when it is one.
func (p *prog) usedBy(at time.Time) string {
	sid := ""
	for i := range p.p.Traffic {
		t := &p.p.Traffic[i]
		if t.SID == "" || t.Time.Before(at) || t.Time.Sub(at) > 70*time.Minute {
			continue
		}
		if sid != "" && sid != t.SID {
			return ""
		}
		sid = t.SID
	}
	return sid
}

// accounts lists the accounts of all starts, each with its strongest certainty.
func (p *prog) accounts() {
	for i := range p.p.Starts {
		a := p.p.Starts[i].Account
		if a.IsZero() {
			continue
		}
		at := slices.IndexFunc(p.p.Accounts, func(o Attribution) bool {
			return a.SID != "" && a.SID == o.SID || (a.SID == "" || o.SID == "") && strings.EqualFold(a.Short(), o.Short())
		})
		if at < 0 {
			add(&p.p.Accounts, a)
			continue
		}
		o := &p.p.Accounts[at]
		if a.Certainty.rank() > o.Certainty.rank() {
			o.Certainty, o.Why = a.Certainty, a.Why
		}
		o.Source, o.SID, o.Name = cmp.Or(o.Source, a.Source), cmp.Or(o.SID, a.SID), cmp.Or(o.Name, a.Name)
	}
}

// acts gives what was done its session.
func (w *who) acts(list []*Act) {
	for _, a := range list {
		if s := w.session(a.Actor.LogonID, a.Time); s != nil {
			a.Session = s.ID()
		}
		x := Attribution{SID: a.Actor.SID, Name: a.Actor.Name}
		w.name(&x)
		a.Actor.SID, a.Actor.Name = x.SID, x.Name
		if a.Kind == "group" && strings.HasPrefix(a.Subject, "S-1-") {
			a.Subject = cmp.Or(w.bySID[a.Subject], a.Subject)
		}
	}
}
