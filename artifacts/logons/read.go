package logons

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// A reading is one record on its way into the builder.
type reading struct {
	b    *Builder
	r    *events.Record
	k    *events.Kind
	host string
	ref  Ref
}

type readerKey struct {
	channel string
	id      uint32
}

const (
	security = "security"
	lsm      = "microsoft-windows-terminalservices-localsessionmanager/operational"
	rcm      = "microsoft-windows-terminalservices-remoteconnectionmanager/operational"
	rdpCore  = "microsoft-windows-remotedesktopservices-rdpcorets/operational"
	rdpOut   = "microsoft-windows-terminalservices-rdpclient/operational"
	gateway  = "microsoft-windows-terminalservices-gateway/operational"
	smb      = "microsoft-windows-smbserver/security"
	winRM    = "microsoft-windows-winrm/operational"
	openSSH  = "openssh/operational"
	sysmon   = "microsoft-windows-sysmon/operational"
	profiles = "microsoft-windows-user profile service/operational"
)

// readers are what makes an attempt or a mark of each event.
var readers = map[readerKey]func(*reading){
	{security, 4624}:       (*reading).logon,
	{security, 4625}:       (*reading).logon,
	{security, 4648}:       (*reading).explicit,
	{security, 4768}:       (*reading).ticket,
	{security, 4769}:       (*reading).ticket,
	{security, 4771}:       (*reading).ticket,
	{security, 4776}:       (*reading).validation,
	{security, 4778}:       (*reading).reconnect,
	{security, 4779}:       (*reading).reconnect,
	{security, 4825}:       (*reading).denied,
	{security, 4634}:       marker(markEnd),
	{security, 4647}:       marker(markUserEnd),
	{security, 4672}:       marker(markPrivileged),
	{security, 4800}:       marker(markLock),
	{security, 4801}:       marker(markUnlock),
	{security, 4608}:       marker(markBoot),
	{security, 4728}:       (*reading).group,
	{security, 4729}:       (*reading).group,
	{security, 4732}:       (*reading).group,
	{security, 4733}:       (*reading).group,
	{security, 4756}:       (*reading).group,
	{security, 4757}:       (*reading).group,
	{security, 6272}:       (*reading).vpn,
	{security, 6273}:       (*reading).vpn,
	{"system", 12}:         marker(markBoot),
	{"system", 13}:         marker(markStop),
	{"system", 6005}:       marker(markBoot),
	{"system", 6006}:       marker(markStop),
	{"system", 7001}:       (*reading).notice,
	{"system", 7002}:       (*reading).notice,
	{lsm, 21}:              (*reading).terminal,
	{lsm, 23}:              (*reading).terminal,
	{lsm, 24}:              (*reading).terminal,
	{lsm, 25}:              (*reading).terminal,
	{profiles, 2}:          (*reading).profile,
	{profiles, 4}:          (*reading).profile,
	{rcm, 1149}:            (*reading).authenticated,
	{rdpCore, 131}:         (*reading).connection,
	{rdpCore, 140}:         (*reading).connection,
	{rdpOut, 1024}:         (*reading).outgoing,
	{rdpOut, 1102}:         (*reading).outgoing,
	{gateway, 302}:         (*reading).gateway,
	{gateway, 304}:         (*reading).gateway,
	{smb, 551}:             (*reading).smb,
	{winRM, 91}:            (*reading).shell,
	{winRM, 169}:           (*reading).shell,
	{openSSH, 4}:           (*reading).ssh,
	{"application", 18454}: (*reading).sql,
	{"application", 18456}: (*reading).sql,
}

// marker returns a reader that leaves a mark.
func marker(kind markKind) func(*reading) {
	return func(x *reading) {
		acc := x.r.Account(x.k, events.Target)
		if kind == markPrivileged {
			acc = x.r.Account(x.k, events.Actor)
		}
		if (kind == markBoot || kind == markStop) && x.k == nil {
			return
		}
		x.b.mark(&mark{time: x.r.Time, host: x.host, kind: kind, id: acc.LogonID, account: x.keep(acc), ref: x.ref})
	}
}

// keep interns the texts of an account.
func (x *reading) keep(a events.Account) rawAccount {
	return rawAccount{x.b.intern(a.SID), x.b.intern(a.Domain), x.b.intern(a.Name)}
}

// start fills in what all attempts have.
func (x *reading) start(kind string, outcome Outcome) rawAttempt {
	return rawAttempt{
		shape: shape{
			host: x.host, account: x.keep(x.r.Account(x.k, events.Target)), outcome: outcome, kind: kind, typ: -1, keyLen: -1,
			eventID: x.r.ID, provider: x.b.intern(x.r.Provider),
		},
		time: x.r.Time, ref: x.ref,
	}
}

// source fills in where an attempt came from, and joins address and name.
func (x *reading) source(a *rawAttempt, address, name string) {
	a.address, a.name = x.b.intern(cleanAddress(address)), x.b.intern(cleanName(name))
	if a.address == "" && a.name == "" && address != "" {
		if n := cleanName(address); n != "" {
			a.name = x.b.intern(n) // a name where an address is expected
		}
	}
	// Windows writes its own name as the workstation of sessions of Remote Desktop.
	if a.address != "" && a.name != "" && a.name != x.host && !isLocal(a.address) {
		x.b.join(a.address, a.name, x.r.Time, x.ref, "one record holds both")
	}
}

func (x *reading) logon() {
	a := x.start("logon", Success)
	if x.r.ID == 4625 {
		a.outcome = Failure
		a.status = number(x.r.Get("SubStatus"))
		if a.status == 0 {
			a.status = number(x.r.Get("Status"))
		}
	}
	a.actor = x.keep(x.r.Account(x.k, events.Actor))
	a.typ = logonType(x.r.Get("LogonType"))
	a.logon = number(x.r.Get("TargetLogonId"))
	a.linked = number(x.r.Get("TargetLinkedLogonId"))
	a.process = x.b.intern(dash(x.r.Get("ProcessName")))
	if k := x.r.Get("KeyLength"); k != "" {
		a.keyLen = int16(min(number(k), 1<<14))
	}
	a.auth = x.b.intern(strings.TrimSpace(strings.Join(nonEmpty(x.r.Get("AuthenticationPackageName"), x.r.Get("LmPackageName"),
		x.r.Get("LogonProcessName")), " ")))
	x.source(&a, x.r.Get("IpAddress"), x.r.Get("WorkstationName"))
	x.b.attempt(&a)
}

func (x *reading) explicit() {
	a := x.start("explicit", Started)
	actor := x.r.Account(x.k, events.Actor)
	a.actor, a.logon = x.keep(actor), actor.LogonID
	a.process = x.b.intern(dash(x.r.Get("ProcessName")))
	a.dest = x.b.intern(cleanName(x.r.Get("TargetServerName")))
	if strings.EqualFold(a.dest, "localhost") {
		a.dest = ""
	}
	x.b.attempt(&a)
}

// whyTicket is the proof of a join that is not a claim of the client.
const whyTicket = "the machine's account asked for a ticket from there"

func (x *reading) ticket() {
	a := x.start("ticket", Success)
	a.status, a.enc = number(x.r.Get("Status")), number(x.r.Get("TicketEncryptionType"))
	a.service = x.b.intern(x.r.Get("ServiceName"))
	if n, realm, ok := strings.Cut(a.account.name, "@"); ok {
		a.account.name = x.b.intern(n)
		if a.account.domain == "" {
			a.account.domain = x.b.intern(realm)
		}
	}
	switch {
	case a.status == 0x19: // pre-authentication is wanted: the normal first step
		a.outcome = Started
	case a.status != 0:
		a.outcome = Failure
	}
	x.source(&a, x.r.Get("IpAddress"), "")
	if name, ok := strings.CutSuffix(a.account.name, "$"); ok && a.address != "" && !isLocal(a.address) {
		x.b.join(a.address, x.b.intern(HostKey(name)), x.r.Time, x.ref, whyTicket)
	}
	x.b.attempt(&a)
}

func (x *reading) validation() {
	a := x.start("validation", Success)
	if a.status = number(x.r.Get("Status")); a.status != 0 {
		a.outcome = Failure
	}
	a.auth = x.b.intern(x.r.Get("PackageName"))
	x.source(&a, "", x.r.Get("Workstation"))
	x.b.attempt(&a)
}

func (x *reading) reconnect() {
	acc := x.r.Account(x.k, events.Target)
	id := number(x.r.Get("LogonID"))
	kind := markRDPGone
	if x.r.ID == 4778 {
		kind = markRDPBack
		a := x.start("rdp", Success)
		a.logon = id
		x.source(&a, x.r.Get("ClientAddress"), x.r.Get("ClientName"))
		x.b.attempt(&a)
	}
	x.b.mark(&mark{time: x.r.Time, host: x.host, kind: kind, id: id, account: x.keep(acc),
		address: x.b.intern(cleanAddress(x.r.Get("ClientAddress"))), ref: x.ref})
}

func (x *reading) denied() {
	a := x.start("rdp", Failure)
	a.status = 0xC000015B
	x.source(&a, x.r.Get("ClientAddress"), "")
	x.b.attempt(&a)
}

func (x *reading) group() {
	added := x.r.ID == 4728 || x.r.ID == 4732 || x.r.ID == 4756
	x.b.members = append(x.b.members, membership{
		group: x.keep(x.r.Account(x.k, events.Target)), member: x.keep(x.r.Account(x.k, events.Member)), added: added, at: x.r.Time,
		host: x.host, ref: x.ref,
	})
}

func (x *reading) vpn() {
	a := x.start("vpn", Success)
	if x.r.ID == 6273 {
		a.outcome = Failure
	}
	src := x.r.Role(x.k, events.Source)
	if len(src) > 0 {
		x.source(&a, src[0], "")
	}
	x.b.attempt(&a)
}

func (x *reading) notice() {
	if !strings.EqualFold(x.r.Provider, "Microsoft-Windows-Winlogon") {
		return
	}
	kind := markNotice
	if x.r.ID == 7002 {
		kind = markNoticeEnd
	}
	x.b.mark(&mark{time: x.r.Time, host: x.host, kind: kind, id: number(x.r.Get("TSId")),
		account: rawAccount{sid: x.b.intern(x.r.Get("UserSid"))}, ref: x.ref})
}

// terminal reads the session events of Remote Desktop and the console.
func (x *reading) terminal() {
	acc := x.keep(x.r.Account(x.k, events.Target))
	id := number(x.get("SessionID"))
	addr := x.get("Address")
	kind := map[uint32]markKind{21: markRDPBegin, 23: markRDPEnd, 24: markRDPGone, 25: markRDPBack}[x.r.ID]
	x.b.mark(&mark{time: x.r.Time, host: x.host, kind: kind, id: id, account: acc, address: x.b.intern(cleanAddress(addr)), ref: x.ref})
	if (x.r.ID == 21 || x.r.ID == 25) && cleanAddress(addr) != "" && !strings.EqualFold(addr, "LOCAL") {
		a := x.start("rdp", Success)
		a.account = acc
		x.source(&a, addr, "")
		x.b.attempt(&a)
	}
}

// get returns a field by its last name, wherever it is below UserData.
func (x *reading) get(name string) string {
	for _, f := range x.r.Data {
		if f.Name == name || strings.HasSuffix(f.Name, "/"+name) {
			return f.Value
		}
	}
	return ""
}

func (x *reading) authenticated() {
	a := x.start("rdp", Started)
	a.account = rawAccount{domain: x.b.intern(x.get("Param2")), name: x.b.intern(x.get("Param1"))}
	x.source(&a, x.get("Param3"), "")
	x.b.attempt(&a)
}

func (x *reading) connection() {
	a := x.start("rdp", Started)
	addr := x.get("ClientIP")
	if x.r.ID == 140 {
		a.outcome, addr = Failure, x.get("IPString")
	}
	x.source(&a, addr, "")
	if a.address != "" {
		x.b.attempt(&a)
	}
}

func (x *reading) outgoing() {
	a := x.start("rdp", Started)
	a.account = rawAccount{sid: x.b.intern(x.r.UserSID)}
	dest := x.r.Role(x.k, events.Dest)
	if len(dest) == 0 {
		return
	}
	a.dest = x.b.intern(HostKey(dest[0]))
	x.b.attempt(&a)
}

func (x *reading) gateway() {
	a := x.start("rdp", Success)
	if x.r.ID == 304 {
		a.outcome = Failure
	}
	x.source(&a, x.get("IpAddress"), "")
	a.dest = x.b.intern(HostKey(x.get("Resource")))
	x.b.attempt(&a)
}

func (x *reading) smb() {
	a := x.start("smb", Failure)
	a.status = number(x.get("Status"))
	x.source(&a, x.get("ClientAddress"), x.get("ClientName"))
	if a.account.name == "" {
		a.account.name = x.b.intern(x.get("UserName"))
	}
	x.b.attempt(&a)
}

func (x *reading) shell() {
	a := x.start("winrm", Success)
	if a.account == (rawAccount{}) {
		a.account = rawAccount{sid: x.b.intern(x.r.UserSID)}
	}
	x.b.attempt(&a)
}

// ssh reads the text of the server of OpenSSH: "Accepted password for bob from
// 10.0.0.5 port 50022 ssh2", "Failed password for invalid user eve from …". The name
// is what the client sent: it can hold the words around it, but not the last "from".
func (x *reading) ssh() {
	head, rest, ok := strings.Cut(x.get("payload"), " for ")
	at := strings.LastIndex(rest, " from ")
	if !ok || at < 0 {
		return
	}
	a := x.start("ssh", Success)
	switch method := strings.Fields(head); {
	case len(method) != 2:
		return
	case method[0] == "Failed":
		a.outcome = Failure
	case method[0] != "Accepted":
		return
	}
	name := strings.TrimPrefix(rest[:at], "invalid user ")
	domain, bare, ok := strings.Cut(name, `\`)
	if !ok {
		domain, bare = "", name
	}
	a.account = rawAccount{domain: x.b.intern(domain), name: x.b.intern(bare)}
	if words := strings.Fields(rest[at+len(" from "):]); len(words) > 0 {
		x.source(&a, words[0], "")
	}
	x.b.attempt(&a)
}

func (x *reading) sql() {
	if !strings.HasPrefix(strings.ToUpper(x.r.Provider), "MSSQL") {
		return
	}
	a := x.start("sql", Success)
	if x.r.ID == 18456 {
		a.outcome = Failure
	}
	for _, s := range x.r.Role(x.k, events.Source) { // " [CLIENT: 10.0.0.5]"
		_, addr, ok := strings.Cut(s, "CLIENT:")
		if ok {
			x.source(&a, strings.Trim(addr, " ]"), "")
		}
	}
	x.b.attempt(&a)
}

// learn takes from every record what it says about the names of accounts.
func (x *reading) learn() {
	for _, role := range [...]events.Role{events.Actor, events.Target, events.Member} {
		if a := x.r.Account(x.k, role); a.SID != "" && a.Name != "" {
			x.b.learn(x.keep(a), x.host)
		}
	}
	switch x.k.Name {
	case "account-renamed":
		x.b.renames = append(x.b.renames, rename{x.b.intern(x.r.Get("TargetSid")), x.b.intern(x.r.Get("OldTargetUserName")),
			x.b.intern(x.r.Get("NewTargetUserName")), x.r.Time})
	case "user-created":
		if n := x.b.sids[x.r.Get("TargetSid")]; n != nil {
			n.created = x.r.Time
		}
	case "user-deleted":
		if n := x.b.sids[x.r.Get("TargetSid")]; n != nil {
			n.deleted = x.r.Time
		}
	}
}

// changes are the events that count as a change during a session.
var changes = map[string]bool{
	"service-installed": true, "task-created": true, "task-deleted": true, "task-changed": true, "user-created": true, "user-deleted": true,
	"global-group-member-added": true, "local-group-member-added": true, "universal-group-member-added": true,
	"audit-policy-changed": true, "user-changed": true,
}

// child leaves a mark for what happened in a session.
func (x *reading) child() {
	kind := markChange
	id := number(x.r.Get("SubjectLogonId"))
	switch {
	case x.r.ID == 4688 && strings.EqualFold(x.r.Channel, "Security"):
		kind = markProcess
		if t := number(x.r.Get("TargetLogonId")); t != 0 {
			id = t
		}
	case x.r.ID == 1 && strings.EqualFold(x.r.Channel, sysmon):
		kind, id = markProcess, number(x.r.Get("LogonId"))
	case !changes[x.k.Name]:
		return
	}
	if !fixedID(id) {
		x.b.mark(&mark{time: x.r.Time, host: x.host, kind: kind, id: id, ref: x.ref})
	}
}

func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

func nonEmpty(list ...string) []string {
	out := list[:0]
	for _, s := range list {
		if s = dash(strings.TrimSpace(s)); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// chainSpan is how near the records of one connection are.
const chainSpan = 10 * time.Second

// chains joins the claimed name of a client of Remote Desktop with its address:
// a network log-on by NTLM has the name and no address, the authentication that
// follows on the same machine for the same account has the address.
func (b *Builder) chains() {
	type claim struct {
		name string
		at   time.Time
	}
	last, l := map[[2]string]claim{}, b.tried
	for i := range l.list.n {
		t := l.list.get(i)
		a := l.shape(&t)
		switch {
		case a.kind == "logon" && a.typ == 3 && a.address == "" && a.name != "" && a.account.name != "":
			last[[2]string{a.host, strings.ToLower(a.account.name)}] = claim{a.name, t.time()}
		case a.kind == "rdp" && a.address != "" && !isLocal(a.address) && a.account.name != "":
			if c, ok := last[[2]string{a.host, strings.ToLower(a.account.name)}]; ok && t.time().Sub(c.at) <= chainSpan {
				b.join(a.address, c.name, t.time(), l.ref(&t, true), "Remote Desktop: name and address of one connection")
			}
		}
	}
}
