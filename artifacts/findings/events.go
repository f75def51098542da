package findings

import (
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
)

// A channel is a log that rules look at.
type channel uint8

// The channels. The zero value is any other log.
const (
	_ channel = iota
	chSecurity
	chSystem
	chApplication
	chSysmon
	chPowerShell
	chWindowsPowerShell
	chDefender
	chTasks
	chWinRM
	chSessions
	chConnections
	chRDPCore
	chRDPClient
	chWMI
	chBITS
	chFirewall
	chPrint
	chDNS
	chDNSAudit
	chDirectory
	chSMB
	chSSH
	chGateway
	chDevices
	chPnP
	channelCount
)

// channelNames are the channels as Windows spells them.
var channelNames = [channelCount]string{
	chSecurity: "Security", chSystem: "System", chApplication: "Application", chSysmon: "Microsoft-Windows-Sysmon/Operational",
	chPowerShell: "Microsoft-Windows-PowerShell/Operational", chWindowsPowerShell: "Windows PowerShell",
	chDefender: "Microsoft-Windows-Windows Defender/Operational", chTasks: "Microsoft-Windows-TaskScheduler/Operational",
	chWinRM: "Microsoft-Windows-WinRM/Operational", chSessions: "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
	chConnections: "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
	chRDPCore:     "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
	chRDPClient:   "Microsoft-Windows-TerminalServices-RDPClient/Operational", chWMI: "Microsoft-Windows-WMI-Activity/Operational",
	chBITS: "Microsoft-Windows-Bits-Client/Operational", chFirewall: "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
	chPrint: "Microsoft-Windows-PrintService/Operational", chDNS: "DNS Server", chDNSAudit: "Microsoft-Windows-DNSServer/Audit",
	chDirectory: "Directory Service", chSMB: "Microsoft-Windows-SMBServer/Security", chSSH: "OpenSSH/Operational",
	chGateway: "Microsoft-Windows-TerminalServices-Gateway/Operational", chDevices: "Microsoft-Windows-Partition/Diagnostic",
	chPnP: "Microsoft-Windows-Kernel-PnP/Configuration",
}

func (c channel) String() string { return channelNames[c] }

var channelByName = func() map[string]channel {
	m := map[string]channel{"microsoft-windows-printservice/admin": chPrint, "microsoft-windows-dns-server/audit": chDNSAudit}
	for c, name := range channelNames {
		m[strings.ToLower(name)] = channel(c)
	}
	return m
}()

// A watch says which events a function looks at.
type watch struct {
	channel channel
	ids     []uint32
}

func in(c channel, ids ...uint32) watch { return watch{c, ids} }

// An eventFunc looks at events of an event log, while they come in.
type eventFunc struct {
	watches []watch
	call    func(*eventLook)
}

// eventRule ties a declaration to a function over events.
func eventRule(r Rule, f func(x *eventLook), watches ...watch) Rule {
	return r.watching(f, watches...)
}

// watching adds a function over events.
func (r Rule) watching(f func(x *eventLook), watches ...watch) Rule {
	r.events = append(r.events[:len(r.events):len(r.events)], eventFunc{watches, f})
	return r
}

// finishing adds a function that runs when all events are known.
func (r Rule) finishing(f func(x *eventLook)) Rule {
	r.finish = f
	return r
}

// settling adds a function that runs when all other rules have finished.
func (r Rule) settling(f func(x *eventLook)) Rule {
	r.settle = f
	return r
}

type eventKey struct {
	channel channel
	id      uint32
}

type eventStep struct {
	rule *Rule
	call func(*eventLook)
}

// An eventScene is what the rules over events share.
type eventScene struct {
	steps    map[eventKey][]eventStep
	channels map[string]channel // spellings that were met
	seen     [channelCount]int  // records of each channel
	begin    [channelCount]time.Time
	end      [channelCount]time.Time
	met      map[eventKey]int // records of events that some rule looks at
	records  int
	copies   events.Copies
	first    time.Time // of all records
	last     time.Time

	rules []*Rule
	said  map[saidKey]*hit
	cur   *row // of the record at hand, made when a rule keeps it
	proc  *process

	names    map[string]string // DOMAIN\name, lower case → SID
	logs     logState
	logons   logonState
	guesses  guessState
	tickets  ticketState
	remote   remoteState
	accounts accountState
	tasks    taskState
	scripts  scriptState
	story    storyState
}

type saidKey struct {
	rule    *Rule
	subject string
	level   Level
}

// The limits of what the rules over events keep.
const (
	maxSame     = 20      // hits of one rule and level on one subject with records of their own; the others are counted
	maxSubjects = 1 << 17 // subjects and levels of all rules over events
	maxNoted    = 1 << 16 // notes of one kind: sources, sessions, changes
)

func newEventScene(rules []*Rule, on func(*Rule) bool) *eventScene {
	s := &eventScene{
		steps: map[eventKey][]eventStep{}, channels: map[string]channel{}, met: map[eventKey]int{}, rules: rules,
		said: map[saidKey]*hit{}, names: map[string]string{},
	}
	for _, r := range rules {
		if !on(r) {
			continue
		}
		for _, f := range r.events {
			for _, w := range f.watches {
				for _, id := range w.ids {
					k := eventKey{w.channel, id}
					s.steps[k] = append(s.steps[k], eventStep{r, f.call})
				}
			}
		}
	}
	return s
}

// rule finds a rule whose hits another one counts.
func (s *eventScene) rule(id string) *Rule {
	for _, r := range s.rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// channelOf finds the channel of a record without memory for known spellings.
func (s *eventScene) channelOf(name string) channel {
	if c, ok := s.channels[name]; ok {
		return c
	}
	c := channelByName[strings.ToLower(name)]
	if len(s.channels) < 4096 {
		s.channels[strings.Clone(name)] = c
	}
	return c
}

// event judges one record of an event log, but for a copy of one that was judged: from
// an archive of the log, a shadow copy or an exported file.
func (s *scene) event(r *events.Record, rec *artifacts.Record, again bool) {
	es := s.ev
	c := es.channelOf(r.Channel)
	x := eventLook{look: look{scene: s}, r: r, rec: rec, ch: c}
	es.cur, es.proc = nil, nil
	es.logs.number(&x)
	if again {
		return
	}
	es.records++
	es.seen[c]++
	if !r.Time.IsZero() {
		if es.first.IsZero() || r.Time.Before(es.first) {
			es.first = r.Time
		}
		es.last = latest(es.last, r.Time)
		if es.begin[c].IsZero() || r.Time.Before(es.begin[c]) {
			es.begin[c] = r.Time
		}
		es.end[c] = latest(es.end[c], r.Time)
	}
	k := eventKey{c, r.ID}
	steps := es.steps[k]
	before := len(s.hits)
	if len(steps) > 0 {
		es.met[k]++
		for i := range steps {
			x.rule, x.early = steps[i].rule, 0
			steps[i].call(&x)
		}
	}
	if s.sig != nil {
		var about *subject
		if len(s.hits) > before {
			about = &s.hits[before].subject
		}
		s.sig.judge(&x, about)
	}
}

// finishEvents runs what needs all events.
func (s *scene) finishEvents(rules []*Rule) {
	s.lowerEarly()
	for _, r := range rules {
		if r.finish != nil && s.on(r) {
			r.finish(&eventLook{look: look{scene: s, rule: r}})
		}
	}
	for _, r := range rules {
		if r.settle != nil && s.on(r) {
			r.settle(&eventLook{look: look{scene: s, rule: r}})
		}
	}
	s.resolveNames()
}

// covers reports whether the records of a channel reach from before a time to
// after it, give or take a minute.
func (s *eventScene) covers(c channel, at time.Time) bool {
	return !s.begin[c].IsZero() && !at.Before(s.begin[c].Add(-time.Minute)) && !at.After(s.end[c].Add(time.Minute))
}

// An eventLook is what the function of a rule over events sees.
type eventLook struct {
	look
	r   *events.Record
	rec *artifacts.Record
	ch  channel

	early Level // of the next hit, where the record is from before the first user logged on
}

// get returns a value, "" for the marks by which Windows writes that there is
// none.
func (x *eventLook) get(name string) string {
	v := x.r.Get(name)
	if v == "-" || v == "S-1-0-0" || v == "(NULL)" {
		return ""
	}
	return v
}

// num returns a value as a number, 0 where it is none.
func (x *eventLook) num(name string) uint64 {
	n, _ := events.Number(x.r.Get(name))
	return n
}

// below returns the value of a name below any container of UserData.
func (x *eventLook) below(name string) string {
	if v := x.get(name); v != "" {
		return v
	}
	for i := range x.r.Data {
		if n := x.r.Data[i].Name; strings.HasSuffix(n, name) && len(n) > len(name) && n[len(n)-len(name)-1] == '/' {
			return x.r.Data[i].Value
		}
	}
	return ""
}

// unnamed returns the n-th string without a name.
func (x *eventLook) unnamed(n int) string {
	for i := range x.r.Data {
		if name := x.r.Data[i].Name; name == "" || name == "Data" {
			if n--; n < 0 {
				return x.r.Data[i].Value
			}
		}
	}
	return ""
}

// keep returns the row of the record at hand, which several rules share.
func (x *eventLook) keep() *row {
	if x.ev.cur == nil {
		rec := artifacts.Record{}
		if x.rec != nil {
			rec = *x.rec
		}
		if e, ok := rec.Data.(events.Event); ok {
			e.Record.Data = slices.Clone(e.Record.Data)
			rec.Data = e
		} else if rec.Data == nil {
			rec.Data = events.Event{Record: *x.r}
		}
		r := &row{rec: rec, n: x.rows, class: "events"}
		if rec.Artifact != nil {
			r.proof = rec.Proof()
		}
		x.ev.cur = r
	}
	return x.ev.cur
}

// hit records what the rule says about a subject; the record at hand is its
// evidence. Of many hits that are alike only the first keep their records.
func (x *eventLook) hit(s subject, level Level, format string, args ...any) *hit {
	k := saidKey{x.rule, s.kind + s.key, level}
	first := x.ev.said[k]
	switch {
	case first == nil && len(x.ev.said) >= maxSubjects:
		x.ev.logs.dropped++
		return new(hit)
	case first != nil && first.same >= maxSame && x.r != nil:
		first.same++
		first.more++
		x.counts[x.rule.ID]++
		return first
	}
	x.row = nil
	if x.r != nil {
		x.row = x.keep()
	}
	h := x.look.hit(s, level, format, args...)
	h.early = x.early
	if h.out {
		return h
	}
	if first == nil {
		x.ev.said[k] = h
		first = h
	}
	first.same++
	return h
}

// A who is an account as an event names it.
type who struct {
	sid, name, domain string
	logon             uint64
}

// actor returns who did it.
func (x *eventLook) actor() who {
	return who{x.get("SubjectUserSid"), x.get("SubjectUserName"), x.get("SubjectDomainName"), x.num("SubjectLogonId")}
}

// target returns whom it was done to.
func (x *eventLook) target() who {
	sid := x.get("TargetUserSid")
	if sid == "" {
		sid = x.get("TargetSid")
	}
	return who{sid, x.get("TargetUserName"), x.get("TargetDomainName"), x.num("TargetLogonId")}
}

// machine reports whether it is the account of a computer.
func (w who) machine() bool { return strings.HasSuffix(w.name, "$") }

// user reports whether it is an account of a person or a program, not one of
// the system.
func (w who) user() bool {
	switch {
	case w.name == "" && w.sid == "", w.machine(), strings.EqualFold(w.name, "ANONYMOUS LOGON"):
		return false
	case w.sid == "":
		return !strings.EqualFold(w.domain, "NT AUTHORITY") && !strings.EqualFold(w.name, "SYSTEM")
	}
	return strings.HasPrefix(w.sid, "S-1-5-21-") || strings.HasPrefix(w.sid, "S-1-12-1-")
}

// system reports whether it is Windows itself.
func (w who) system() bool {
	switch w.sid {
	case "S-1-5-18", "S-1-5-19", "S-1-5-20":
		return true
	}
	return strings.HasPrefix(w.sid, "S-1-5-80-") || strings.HasPrefix(w.sid, "S-1-5-90-") || strings.HasPrefix(w.sid, "S-1-5-96-") ||
		w.sid == "" && strings.EqualFold(w.name, "SYSTEM")
}

func (w who) same(o who) bool {
	if w.sid != "" && o.sid != "" {
		return w.sid == o.sid
	}
	return strings.EqualFold(w.name, o.name)
}

func (w who) String() string {
	switch {
	case w.name == "":
		return w.sid
	case w.domain == "":
		return w.name
	}
	return w.domain + `\` + w.name
}

// folded is the form in which names compare: the first label of the domain.
func (w who) folded() string {
	domain, _, _ := strings.Cut(w.domain, ".")
	name, realm, ok := strings.Cut(w.name, "@")
	if ok && domain == "" {
		domain, _, _ = strings.Cut(realm, ".")
	}
	return strings.ToLower(domain + `\` + name)
}

// who makes a subject of an account. Names without a SID get it at the end,
// where another event shows it.
func (x *eventLook) who(w who) subject {
	if w.sid != "" {
		if w.name != "" && len(x.ev.names) < maxNoted {
			x.ev.names[w.folded()] = w.sid
		}
		return subject{kind: kindAccount, key: "account " + w.sid, show: "account " + w.String()}
	}
	return subject{kind: kindAccount, key: "account " + w.folded(), show: "account " + w.String()}
}

// resolveNames joins what was said of a name with what was said of its SID.
func (s *scene) resolveNames() {
	for _, h := range s.hits {
		if name, ok := strings.CutPrefix(h.subject.key, "account "); ok && h.subject.kind == kindAccount {
			if sid := s.ev.names[name]; sid != "" {
				h.subject.key = "account " + sid
			}
		}
	}
}
