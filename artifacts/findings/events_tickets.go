package findings

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// A ticketState is what the rules about tickets and the directory keep.
type ticketState struct {
	roast      map[string]*roast
	aes        map[string]bool          // accounts that used AES
	roles      map[string]machineRole   // of machine accounts, in lower case
	replicated map[string]*replicatedBy // by machine accounts, E-23
	modern     map[string]bool          // accounts that got service tickets without RC4
	rc4        []*rc4User
	objects    map[string]*madeObject
	sources    map[string]time.Time // of replication, E-24
	machine    []*zero              // E-28
	promo      []time.Time
	joins      map[string]time.Time // machine accounts and when they were made
	netlogon   []time.Time
	issued     map[string]time.Time // account → last service ticket for this machine
	service    int                  // 4769 records
}

type roast struct {
	services map[string]time.Time
}

type rc4User struct {
	name string
	hit  *hit
}

type madeObject struct {
	at  time.Time
	hit *hit
}

type zero struct {
	hit *hit
	at  time.Time
}

func rc4(n uint64) bool { return n == 0x17 || n == 0x18 || n == 1 || n == 3 }

var kerberoast = eventRule(Rule{
	ID: "E-20", Title: "Service ticket with RC4 (Kerberoasting)", Level: Medium, Attack: []string{"T1558.003"},
	Why:    "A ticket with RC4 for the account of a service can be attacked offline for its password.",
	Benign: "Services without AES keys: the same pairs of account and service for weeks.",
	Next:   "Check the age of the services' passwords; look for further sessions of the account.",
}, func(x *eventLook) {
	x.ev.tickets.service++
	service := x.get("ServiceName")
	if x.num("Status") != 0 || strings.HasSuffix(service, "$") || strings.EqualFold(service, "krbtgt") || service == "" {
		return
	}
	t := x.target()
	k := t.folded()
	s := &x.ev.tickets
	if !rc4(x.num("TicketEncryptionType")) {
		if s.modern == nil {
			s.modern = map[string]bool{}
		}
		if len(s.modern) < maxNoted {
			s.modern[k] = true
		}
		return
	}
	first := x.fresh("rc4", k, "") && s.modern[k]
	if s.roast == nil {
		s.roast = map[string]*roast{}
	}
	r := s.roast[k]
	if r == nil {
		if len(s.roast) >= maxNoted {
			return
		}
		r = &roast{services: map[string]time.Time{}}
		s.roast[k] = r
	}
	for n, at := range r.services {
		if x.now().Sub(at) > 10*time.Minute {
			delete(r.services, n)
		}
	}
	if len(r.services) < 256 {
		r.services[strings.ToLower(service)] = x.now()
	}
	level := Medium
	if len(r.services) >= 3 || first {
		level = High
	}
	h := x.hit(x.who(who{name: t.name, domain: t.domain}), level, "%s got a ticket with RC4 for %s, from %s", t, service,
		addressOf(x.get("IpAddress")))
	switch {
	case len(r.services) < 3 && first:
		h.says += "; the account had asked for other kinds of tickets only"
	case level == High:
		h.says = fmt.Sprintf("%s got tickets with RC4 for %d services within ten minutes: %s", t, len(r.services),
			listOf(sortedKeys(r.services), 8))
	}
}, in(chSecurity, 4769))

var asrepRoast = eventRule(Rule{
	ID: "E-21", Title: "Ticket without pre-authentication", Level: Medium, Attack: []string{"T1558.004"},
	Why:    "A ticket that anybody can ask for can be attacked offline for the account's password.",
	Benign: "Accounts that are set so for old software.",
	Next:   "Find who set the flag (E-46).",
}, func(x *eventLook) {
	t := x.target()
	if x.num("Status") != 0 || x.get("PreAuthType") == "" || x.num("PreAuthType") != 0 || t.machine() {
		return
	}
	level := Medium
	if rc4(x.num("TicketEncryptionType")) {
		level = High
	}
	x.hit(x.who(t), level, "%s got a ticket without pre-authentication, from %s", t, addressOf(x.get("IpAddress")))
}, in(chSecurity, 4768))

var rc4Ticket = eventRule(Rule{
	ID: "E-22", Title: "Ticket-granting ticket with RC4", Level: Low, Attack: []string{"T1550.002"},
	Why:    "Tools that turn a hash into a ticket ask for RC4; current Windows uses AES.",
	Benign: "Old clients; accounts whose password is older than AES in the domain.",
	Next:   "Check the machine that asked.",
}, func(x *eventLook) {
	t := x.target()
	if x.num("Status") != 0 || t.machine() || t.name == "" {
		return
	}
	s := &x.ev.tickets
	if s.aes == nil {
		s.aes = map[string]bool{}
	}
	switch x.num("TicketEncryptionType") {
	case 0x11, 0x12:
		if len(s.aes) < maxNoted {
			s.aes[t.folded()] = true
		}
	case 0x17:
		h := x.hit(x.who(t), 0, "%s got a ticket with RC4, from %s", t, addressOf(x.get("IpAddress")))
		if len(s.rc4) < maxNoted {
			s.rc4 = append(s.rc4, &rc4User{t.folded(), h})
		}
	}
}, in(chSecurity, 4768)).finishing(func(x *eventLook) {
	for _, u := range x.ev.tickets.rc4 {
		if x.ev.tickets.aes[u.name] {
			u.hit.level = max(u.hit.level, Medium)
		}
	}
})

// directoryAttributes are those whose change gives power, and what for.
var directoryAttributes = map[string]string{
	"msds-keycredentiallink": "T1556", "msds-allowedtoactonbehalfofotheridentity": "T1098", "msds-allowedtodelegateto": "T1098",
	"sidhistory":           "T1134.005",
	"serviceprincipalname": "T1558.003", "ntsecuritydescriptor": "T1098", "gpcmachineextensionnames": "T1484.001",
	"gpcuserextensionnames": "T1484.001",
	"scriptpath":            "T1037.003", "admincount": "T1098", "dnshostname": "T1098", "altsecurityidentities": "T1556",
}

var directoryChange = eventRule(Rule{
	ID: "E-25", Title: "Sensitive directory attribute set", Level: High, Attack: []string{"T1098", "T1484.001", "T1556"},
	Why:    "The value gives an account power over others, or lets it be used without its password.",
	Benign: "Administration; Windows Hello for Business writes the key of its own object.",
	Next:   "Read the value and who set it.",
}, func(x *eventLook) {
	attr := strings.ToLower(x.get("AttributeLDAPDisplayName"))
	technique, ok := directoryAttributes[attr]
	if !ok || !strings.Contains(x.get("OperationType"), "14674") {
		return
	}
	a, class, value, dn := x.actor(), strings.ToLower(x.get("ObjectClass")), x.get("AttributeValue"), x.get("ObjectDN")
	level := High
	switch attr {
	case "serviceprincipalname":
		up := strings.ToUpper(value)
		controller := strings.HasPrefix(up, "GC/") || strings.HasPrefix(up, "E3514235")
		if class != "user" && !controller {
			return
		}
		if controller && a.machine() {
			return
		}
	case "ntsecuritydescriptor":
		low := strings.ToLower(dn)
		if class != "domaindns" && class != "organizationalunit" && class != "grouppolicycontainer" &&
			!strings.Contains(low, "cn=adminsdholder") {
			return
		}
		if a.system() {
			return
		}
	case "msds-keycredentiallink":
		if a.machine() && strings.EqualFold(memberName(dn), strings.TrimSuffix(a.name, "$")) {
			return
		}
	case "dnshostname":
		// The records are those of a controller.
		host, _, _ := strings.Cut(x.r.Computer, ".")
		if !strings.EqualFold(value, x.r.Computer) || strings.EqualFold(memberName(dn), host) {
			if a.machine() {
				return
			}
			level = Low
		}
	case "admincount":
		if value == "0" || a.system() || a.machine() {
			return
		}
	}
	x.hit(x.setting("directory object "+dn), level, "%s set %s to %s", a, x.get("AttributeLDAPDisplayName"), clip(value, 100)).as(technique)
	x.change("directory attribute " + attr)
}, in(chSecurity, 5136))

var sidHistory = eventRule(Rule{
	ID: "E-26", Title: "SID history added", Level: Critical, Attack: []string{"T1134.005"},
	Why:    "The account has the rights of another one without being it.",
	Benign: "Migrations between domains.",
	Next:   "Read whose SID it is.",
}, func(x *eventLook) {
	switch v := strings.TrimSpace(x.get("SidHistory")); {
	case x.r.ID == 4765:
		x.hit(x.who(x.target()), 0, "%s added the SID of %s", x.actor(), x.get("SourceUserName"))
	case x.r.ID == 4766:
		x.hit(x.who(x.target()), 0, "%s failed to add the SID of %s", x.actor(), x.get("SourceUserName"))
	case v != "" && v != "%%1793":
		x.hit(x.who(x.target()), 0, "%s set its SID history to %s", x.actor(), v)
	}
}, in(chSecurity, 4765, 4766, 4738))

var restorePassword = eventRule(Rule{
	ID: "E-27", Title: "Password of the restore mode set", Level: Critical, Attack: []string{"T1098"},
	Why:    "The password opens a domain controller without the directory.",
	Benign: "Planned rotation.",
	Next:   "Check DsrmAdminLogonBehavior in the registry; ask who set it.",
}, func(x *eventLook) {
	x.hit(x.setting("restore mode password"), 0, "%s set it from %s with result %s", x.actor(), x.get("Workstation"), x.get("Status"))
}, in(chSecurity, 4794))

var zerologon = eventRule(Rule{
	ID: "E-28", Title: "Signs of Zerologon", Level: Critical, Attack: []string{"T1210"}, Leads: true,
	Why:    "An anonymous session changed the password of a machine account: the result of CVE-2020-1472.",
	Benign: "Promotion of a controller, which does the same once.",
	Next:   "Look for replication (E-23) afterwards; compare the account's password with the machine.",
}, func(x *eventLook) {
	s := &x.ev.tickets
	switch x.r.ID {
	case 4742:
		if strings.EqualFold(x.get("SubjectUserName"), "ANONYMOUS LOGON") && x.get("PasswordLastSet") != "" {
			h := x.hit(x.who(x.target()), 0, "an anonymous session set the password of %s", x.target())
			s.pend(h, x.now())
			s.joined(h, x.target(), x.now())
			x.change("machine password by anonymous")
		}
	case 4741:
		if s.joins == nil {
			s.joins = map[string]time.Time{}
		}
		if len(s.joins) < maxNoted {
			s.joins[x.target().folded()] = x.now()
		}
	default:
		s.netlogon = append(s.netlogon, x.now())
		if len(s.netlogon) > 3 {
			s.netlogon = s.netlogon[1:]
		}
		if x.r.ID == 5827 || x.r.ID == 5828 || len(s.netlogon) == 3 && x.now().Sub(s.netlogon[0]).Abs() <= 10*time.Minute {
			x.hit(x.setting("Netlogon channel"), Medium, "Netlogon refused a machine: %s", cmp.Or(x.unnamed(0), x.get("param1")))
		}
	}
}, in(chSecurity, 4741, 4742), in(chSystem, 5805, 5723, 5827, 5828)).finishing(func(x *eventLook) { x.ev.tickets.promoted() })

// joined lowers what was said of a machine account within an hour after it was
// made.
func (s *ticketState) joined(h *hit, t who, at time.Time) {
	if made, ok := s.joins[t.folded()]; ok && at.Sub(made) >= 0 && at.Sub(made) <= time.Hour {
		h.level = Informational
	}
}

var sessionWithoutTicket = eventRule(Rule{
	ID: "E-29", Title: "Kerberos session without a ticket", Level: Medium, Attack: []string{"T1558.001", "T1558.002"},
	Why:    "A session used a Kerberos ticket that the controller never issued: a forged ticket.",
	Benign: "Tickets of another controller that is not in the evidence; a ticket that was issued before the log begins.",
	Next:   "Compare the ticket's lifetime and read the log-ons of the account on other machines.",
}, func(x *eventLook) {
	s := &x.ev.tickets
	if s.issued == nil {
		s.issued = map[string]time.Time{}
	}
	t := x.target()
	name, _, _ := strings.Cut(strings.ToLower(t.name), "@")
	if x.r.ID == 4769 || x.r.ID == 4768 {
		if len(s.issued) < maxNoted {
			s.issued[name] = x.now()
		}
		return
	}
	if x.num("LogonType") != 3 || !strings.EqualFold(x.get("AuthenticationPackageName"), "Kerberos") || !t.user() ||
		addressOf(x.get("IpAddress")) == "" {
		return
	}
	// Only a controller's own log shows which tickets were issued, and only after
	// one lifetime of tickets.
	if s.service < 100 || len(s.issued) >= maxNoted || x.now().Sub(x.ev.first) < 10*time.Hour {
		return
	}
	if at, ok := s.issued[name]; !ok || x.now().Sub(at) > 10*time.Hour {
		x.hit(x.who(t), 0, "%s logged on by Kerberos from %s, and no ticket was issued within ten hours before", t,
			addressOf(x.get("IpAddress")))
	}
}, in(chSecurity, 4624, 4768, 4769))
