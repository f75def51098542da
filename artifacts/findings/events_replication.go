package findings

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// replication are the rights that a copy of all secrets needs ([MS-ADTS]
// 5.1.3.2.1).
var replication = []string{"1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2",
	"89e95b76-444d-4c62-991a-0facbeda640c"}

var dcSync = eventRule(Rule{
	ID: "E-23", Title: "Directory replication by a user (DCSync)", Level: Critical, Attack: []string{"T1003.006"}, Leads: true,
	Why:    "An account other than a domain controller requested the secrets of the directory.",
	Benign: "Synchronisation with cloud directories (MSOL accounts).",
	Next:   "Find the source by the log-on of the same log-on id; reset krbtgt twice.",
}, func(x *eventLook) {
	s := &x.ev.tickets
	if x.r.ID != 4662 {
		s.roleOf(x)
		return
	}
	a := x.actor()
	p := strings.ToLower(x.get("Properties"))
	self, _, _ := strings.Cut(x.r.Computer, ".")
	if a.system() || strings.HasPrefix(strings.ToUpper(a.name), "MSOL_") || strings.EqualFold(a.name, self+"$") ||
		!slices.ContainsFunc(replication, func(g string) bool { return strings.Contains(p, g) }) {
		return
	}
	from := ""
	if in := x.ev.logons.remote[a.logon]; in != nil {
		from = " from " + in.source
	}
	h := x.hit(x.who(a), 0, "%s used a replication right%s", a, from)
	if a.machine() {
		s.replicates(h, a, x.now())
	}
}, in(chSecurity, 4662, 4741, 4742)).finishing(func(x *eventLook) {
	s := &x.ev.tickets
	for name, r := range s.replicated {
		level, why := Medium, "; nothing in the evidence shows whether that machine is a domain controller"
		switch role := s.roles[name]; {
		case role == roleController:
			level, why = Informational, "; it is the account of a domain controller"
		case role == roleMember:
			level, why = Critical, "; that machine is not a domain controller"
		case len(r.days) >= 3:
			level, why = Informational, "; it does so regularly, as domain controllers do"
		}
		for _, h := range r.hits {
			h.level = level
			h.says += why
		}
	}
})

// A machineRole is what the log of a controller shows of another machine.
type machineRole uint8

const (
	roleUnknown machineRole = iota
	roleMember
	roleController
)

// The bits of the flags of an account that say what its machine is ([MS-SAMR] 2.2.1.12).
const (
	uacWorkstation = 1 << 7
	uacServer      = 1 << 8 // of a domain controller
)

// roleOf notes what the flags of a machine account say of it. 4742 holds "-" where
// they did not change.
func (s *ticketState) roleOf(x *eventLook) {
	flags := x.num("NewUacValue")
	name := strings.ToLower(x.target().name)
	if s.roles == nil {
		s.roles = map[string]machineRole{}
	}
	switch {
	case len(s.roles) >= maxNoted || !strings.HasSuffix(name, "$"):
	case flags&uacServer != 0:
		s.roles[name] = roleController
	case flags&uacWorkstation != 0:
		s.roles[name] = roleMember
	}
}

// A replicatedBy is a machine account that asked for replication.
type replicatedBy struct {
	hits []*hit
	days map[int64]bool
}

func (s *ticketState) replicates(h *hit, a who, at time.Time) {
	name := strings.ToLower(a.name)
	r := s.replicated[name]
	if r == nil {
		if len(s.replicated) >= maxNoted {
			return
		}
		if s.replicated == nil {
			s.replicated = map[string]*replicatedBy{}
		}
		r = &replicatedBy{days: map[int64]bool{}}
		s.replicated[name] = r
	}
	if !slices.Contains(r.hits, h) && len(r.hits) <= maxSame {
		r.hits = append(r.hits, h)
	}
	if len(r.days) < 8 {
		r.days[at.Unix()/86400] = true
	}
}

var dcShadow = eventRule(Rule{
	ID: "E-24", Title: "Objects of a rogue domain controller (DCShadow)", Level: High, Attack: []string{"T1207"},
	Why:    "Objects or names that only domain controllers have were made: changes can then be replicated without a record.",
	Benign: "Promotion of a real controller.",
	Next:   "Compare with the Directory Service log of the same hour; list the changes that were replicated.",
}, func(x *eventLook) {
	s := &x.ev.tickets
	switch x.r.ID {
	case 5137, 5141:
		class := strings.ToLower(x.get("ObjectClass"))
		if class != "server" && class != "ntdsdsa" {
			return
		}
		dn := x.get("ObjectDN")
		if s.objects == nil {
			s.objects = map[string]*madeObject{}
		}
		if x.r.ID == 5137 {
			h := x.hit(x.setting("directory object "+dn), 0, "%s made it (class %s)", x.actor(), class)
			s.pend(h, x.now())
			if len(s.objects) < maxNoted {
				s.objects[dn] = &madeObject{x.now(), h}
			}
			return
		}
		h := x.hit(x.setting("directory object "+dn), 0, "%s removed it", x.actor())
		s.pend(h, x.now())
		if m := s.objects[dn]; m != nil && x.now().Sub(m.at).Abs() <= 10*time.Minute {
			h.level = Critical
			h.says += " " + inMinutes(x.now().Sub(m.at)) + " after it was made"
		}
	case 4742:
		spn := strings.ToUpper(x.get("ServicePrincipalNames"))
		if !strings.Contains(spn, "E3514235-4B06-11D1-AB04-00C04FC2DCD2") && !strings.Contains(spn, "GC/") {
			return
		}
		level := High
		if x.actor().machine() && x.actor().same(x.target()) {
			level = Low // a controller that registers itself
		}
		h := x.hit(x.who(x.target()), level, "%s gave it service names of a domain controller", x.actor())
		s.pend(h, x.now())
	case 4928, 4929:
		x.replicaSource()
	}
}, in(chSecurity, 5137, 5141, 4742, 4928, 4929)).watching(func(x *eventLook) {
	if s := &x.ev.tickets; len(s.promo) < 1024 {
		s.promo = append(s.promo, x.now())
	}
}, in(chDirectory, 29223, 1000), in(chSystem, 29223)).finishing(func(x *eventLook) { x.ev.tickets.promoted() })

// replicaSource looks at a source of replication that is made (4928) or removed
// (4929). Controllers find each other below _msdcs; the sources that a tool
// names have the name of a machine, and exist for minutes.
func (x *eventLook) replicaSource() {
	s := &x.ev.tickets
	source := strings.ToLower(cmp.Or(x.get("SourceAddr"), x.get("SourceDRA")))
	if source == "" || strings.Contains(source, "._msdcs.") {
		return
	}
	says := "it was made a source of replication"
	if x.r.ID == 4929 {
		says = "it was removed as a source of replication"
	}
	h := x.hit(x.setting("replication source "+source), 0, "%s for %s", says, x.get("NamingContext"))
	s.pend(h, x.now())
	if s.sources == nil {
		s.sources = map[string]time.Time{}
	}
	if x.r.ID == 4928 && len(s.sources) < maxNoted {
		s.sources[source] = x.now()
	}
	if at, ok := s.sources[source]; ok && x.r.ID == 4929 && x.now().Sub(at).Abs() <= 10*time.Minute {
		h.level = Critical
		h.says += ", " + inMinutes(x.now().Sub(at)) + " after it was made"
	}
}

func (s *ticketState) pend(h *hit, at time.Time) {
	if len(s.machine) < maxNoted {
		s.machine = append(s.machine, &zero{h, at})
	}
}

// promoted lowers what the promotion of a controller does, too.
func (s *ticketState) promoted() {
	for _, z := range s.machine {
		for _, at := range s.promo {
			if at.Sub(z.at).Abs() <= time.Hour {
				z.hit.level = Informational
			}
		}
	}
}
