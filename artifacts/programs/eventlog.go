package programs

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An eventReader is one record of an event log on its way into the model.
type eventReader struct {
	*Builder
	r   *events.Record
	rec *artifacts.Record
}

// eventReaders say which records are read, by channel in lower case and number.
var eventReaders = map[string]map[uint32]func(*eventReader){
	"microsoft-windows-sysmon/operational": {
		1: (*eventReader).sysmonStart, 5: (*eventReader).sysmonEnd, 3: (*eventReader).connection, 22: (*eventReader).lookup,
		11: (*eventReader).fileMade,
	},
	"security": {
		4688: (*eventReader).auditStart, 4689: (*eventReader).auditEnd, 5156: (*eventReader).filtered,
		4697: (*eventReader).service, 4698: (*eventReader).task,
		4720: (*eventReader).account, 4722: (*eventReader).account, 4726: (*eventReader).account, 4738: (*eventReader).account,
		4724: (*eventReader).account, 4725: (*eventReader).account,
		4728: (*eventReader).group, 4732: (*eventReader).group, 4756: (*eventReader).group, 1102: (*eventReader).cleared,
	},
	"system":             {7045: (*eventReader).service, 104: (*eventReader).cleared},
	"windows powershell": {400: (*eventReader).engine},
	"microsoft-windows-taskscheduler/operational": {
		106: (*eventReader).task, 129: (*eventReader).taskStart,
	},
	"microsoft-windows-windows defender/operational": {1116: (*eventReader).scanner, 1117: (*eventReader).scanner},
	"microsoft-windows-wmi-activity/operational":     {5861: (*eventReader).wmi},
}

func (b *Builder) event(r *events.Record, rec *artifacts.Record) {
	x := eventReader{b, r, rec}
	if c := r.Computer; c != "" && !b.computers[c] && len(b.computers) < 64 {
		b.computers[strings.Clone(c)] = true
	}
	channel := r.Channel
	if byID, ok := eventReaders[x.lower(channel)]; ok {
		if f := byID[r.ID]; f != nil {
			f(&x)
			return
		}
	}
	x.forged()
}

// lower lowers the name of a channel without memory for those that were met.
func (b *Builder) lower(s string) string {
	if l, ok := b.channels[s]; ok {
		return l
	}
	l := strings.ToLower(s)
	if len(b.channels) < 4096 {
		b.channels[strings.Clone(s)] = l
	}
	return l
}

func (x *eventReader) ref() Ref { return x.Builder.ref(x.rec) }

// get returns a value, "" for the marks by which Windows writes that there is none.
func (x *eventReader) get(name string) string {
	v := x.r.Get(name)
	if v == "-" || v == "S-1-0-0" || v == "(NULL)" {
		return ""
	}
	return v
}

func (x *eventReader) num(name string) uint64 {
	n, _ := events.Number(x.r.Get(name))
	return n
}

// below returns a value by its last name, wherever it is below UserData.
func (x *eventReader) below(name string) string {
	for i := range x.r.Data {
		if n := x.r.Data[i].Name; n == name || strings.HasSuffix(n, "/"+name) {
			return x.r.Data[i].Value
		}
	}
	return ""
}

// sysmonTime reads "2023-10-18 03:01:58.976".
func sysmonTime(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999", s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func (x *eventReader) sysmonStart() {
	image := x.get("Image")
	p := x.sight(image, x.rec)
	if p == nil {
		return
	}
	at := sysmonTime(x.get("UtcTime"))
	if at.IsZero() {
		at = x.r.Time
	}
	s := rawStart{time: at, pid: uint32(x.num("ProcessId")), logon: x.num("LogonId"), command: clip(x.get("CommandLine"), maxCommand),
		parent: x.intern(x.get("ParentImage")), ref: x.ref()}
	s.account = Attribution{Name: x.intern(x.get("User")), Certainty: Recorded, Why: "the record of the start names it"}
	p.start(srcSysmon, s)
	for _, f := range [][2]string{{"original_name", "OriginalFileName"}, {"product", "Product"}, {"company", "Company"},
		{"version", "FileVersion"}, {"description", "Description"}} {
		p.fact(f[0], x.get(f[1]), Recorded, s.ref)
	}
	if f := hashesOf(x.get("Hashes")); f != (fileKey{}) {
		p.file(File{SHA1: f.sha1, SHA256: f.sha256, MD5: f.md5, From: []Ref{s.ref}})
	}
	x.payload(p, &s, x.get("CurrentDirectory"))
	if !belowSystem(p.key) || hosts[winpath.Base(p.key)] || strings.HasSuffix(strings.ToLower(s.parent), `\services.exe`) {
		x.keep(x.rec)
	}
}

type fileKey struct{ sha1, sha256, md5 string }

// hashesOf reads "SHA1=…,MD5=…,SHA256=…".
func hashesOf(s string) fileKey {
	var k fileKey
	for part := range strings.SplitSeq(s, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		v = strings.ToLower(v)
		switch strings.ToUpper(name) {
		case "SHA1":
			k.sha1 = strings.Clone(v)
		case "SHA256":
			k.sha256 = strings.Clone(v)
		case "MD5":
			k.md5 = strings.Clone(v)
		}
	}
	return k
}

// payload notes the script or library that a command line makes a host run.
func (x *eventReader) payload(host *prog, s *rawStart, folder string) {
	if s.command == "" || !hosts[host.key[strings.LastIndexByte(host.key, '\\')+1:]] {
		return
	}
	c := winpath.ParseCommand(s.command, nil)
	path := strings.Trim(c.Payload, `"'`)
	if path == "" {
		path = batchOf(c.Arguments)
	}
	if path == "" || strings.ContainsAny(path, "*?<>|") {
		return
	}
	if !strings.Contains(path, `\`) {
		if folder == "" || !isExecutable(path) {
			return
		}
		path = winpath.Join(strings.TrimSuffix(folder, `\`), path)
	}
	if !isExecutable(strings.ToLower(path)) {
		return
	}
	if p := x.sight(path, x.rec); p != nil && p != host {
		r := *s
		r.parent, r.pid = x.intern(x.get("Image")), 0
		p.start(srcCommand, r)
		add(&p.p.LoadedBy, host.key)
	}
}

// batchOf returns the batch file in the arguments of cmd.exe, or "".
func batchOf(args string) string {
	for _, f := range winpath.Fields(args) {
		f = strings.Trim(f, `"'`)
		switch winpath.Ext(f) {
		case ".bat", ".cmd":
			return f
		}
	}
	return ""
}

func (x *eventReader) sysmonEnd() {
	x.ended(srcSysmon, x.get("Image"), sysmonTime(x.get("UtcTime")))
}

func (x *eventReader) auditEnd() { x.ended(srcAudit, x.get("ProcessName"), x.r.Time) }

// ended gives the last start with the process id its end.
func (x *eventReader) ended(src source, image string, at time.Time) {
	p := x.at(image, evidence.User{})
	if p == nil {
		return
	}
	pid := uint32(x.num("ProcessId"))
	raw := p.of(src).list
	for i := len(raw) - 1; i >= 0 && i >= len(raw)-64; i-- {
		if r := &raw[i]; r.pid == pid && r.end.IsZero() && !at.Before(r.time) {
			r.end = at
			return
		}
	}
}

func (x *eventReader) connection() {
	if p := x.sight(x.get("Image"), x.rec); p != nil {
		remote := cmp.Or(x.get("DestinationHostname"), x.get("DestinationIp"))
		p.traffic(Traffic{Kind: "connection", Time: cmpTime(sysmonTime(x.get("UtcTime")), x.r.Time),
			Remote: x.intern(remote + ":" + x.get("DestinationPort")), Ref: x.ref()})
	}
}

// filtered reads a connection that the filtering platform allowed. The other side of
// one from outside is its source.
func (x *eventReader) filtered() {
	p := x.sight(x.get("Application"), x.rec)
	if p == nil {
		return
	}
	side := "Dest"
	if x.get("Direction") == inbound {
		side = "Source"
	}
	p.traffic(Traffic{Kind: "connection", Time: x.r.Time, Remote: x.intern(x.get(side+"Address") + ":" + x.get(side+"Port")), Ref: x.ref()})
}

// inbound is the text of a direction, by its number in the message table.
const inbound = "%%14592"

func (x *eventReader) lookup() {
	if p := x.sight(x.get("Image"), x.rec); p != nil {
		p.traffic(Traffic{Kind: "lookup", Time: cmpTime(sysmonTime(x.get("UtcTime")), x.r.Time),
			Remote: x.intern(x.get("QueryName")), Ref: x.ref()})
	}
}

// fileMade notes which program wrote a program.
func (x *eventReader) fileMade() {
	path := x.get("TargetFilename")
	if !isExecutable(strings.ToLower(path)) {
		return
	}
	if p := x.sight(path, x.rec); p != nil {
		add(&p.p.Arrived, Arrival{Kind: "written", Time: cmpTime(sysmonTime(x.get("UtcTime")), x.r.Time), From: x.intern(x.get("Image")),
			Certainty: Recorded, Ref: x.ref()})
		x.keep(x.rec)
	}
}

func (x *eventReader) auditStart() {
	p := x.sight(x.get("NewProcessName"), x.rec)
	if p == nil {
		return
	}
	s := rawStart{time: x.r.Time, pid: uint32(x.num("NewProcessId")), command: clip(x.get("CommandLine"), maxCommand),
		parent: x.intern(x.get("ParentProcessName")), ref: x.ref()}
	// A second account is there where the program was started as somebody else.
	role := "Subject"
	if x.get("TargetUserSid") != "" && x.get("TargetUserName") != "" {
		role = "Target"
	}
	s.logon = x.num(role + "LogonId")
	s.account = Attribution{SID: x.intern(x.get(role + "UserSid")), Name: x.name(role), Certainty: Proved,
		Why: "the audit of the start names it"}
	p.start(srcAudit, s)
	x.payload(p, &s, "")
	if !belowSystem(p.key) || hosts[winpath.Base(p.key)] {
		x.keep(x.rec)
	}
}

// name returns DOMAIN\name of a role.
func (x *eventReader) name(role string) string {
	n, d := x.get(role+"UserName"), x.get(role+"DomainName")
	if n == "" {
		return ""
	}
	if d != "" {
		n = d + `\` + n
	}
	return x.intern(n)
}

// act notes what was done, and keeps its record for rules.
func (x *eventReader) act(a Act) {
	if len(x.acts) >= maxActs {
		x.dropped++
		return
	}
	if a.Time.IsZero() {
		a.Time = x.r.Time
	}
	a.Ref, a.Channel, a.Number, a.EventID = x.ref(), x.intern(x.r.Channel), x.r.Number, x.r.ID
	x.acts = append(x.acts, &a)
	x.keep(x.rec)
}

func (x *eventReader) actor() Account {
	return Account{SID: x.intern(x.get("SubjectUserSid")), Name: x.name("Subject"), LogonID: x.num("SubjectLogonId")}
}

func (x *eventReader) service() {
	if x.r.ID == 7045 && !strings.EqualFold(x.r.Provider, "Service Control Manager") {
		x.forged()
		return
	}
	image := cmp.Or(x.get("ImagePath"), x.get("ServiceFileName"))
	a := Act{Kind: "service", Subject: x.intern(x.get("ServiceName")), Object: clip(image, maxCommand),
		Actor: Account{SID: x.intern(x.r.UserSID)}}
	if x.r.ID == 4697 {
		a.Actor = x.actor()
	}
	a.Text = x.intern(cmp.Or(x.get("AccountName"), x.get("ServiceAccount")))
	c := winpath.ParseCommand(image, nil)
	if x.machine != nil {
		c.Program = x.machine.Expand(c.Program, evidence.User{})
	}
	if p := x.sight(c.Program, x.rec); p != nil {
		a.Program = p.key
	}
	x.act(a)
}

func (x *eventReader) account() {
	kind := map[uint32]string{4720: "created", 4722: "enabled", 4724: "given a new password", 4725: "disabled", 4726: "deleted",
		4738: "changed"}[x.r.ID]
	x.act(Act{Kind: "account", Subject: x.name("Target"), Object: kind, Actor: x.actor(), Text: x.intern(x.get("TargetSid"))})
}

func (x *eventReader) group() {
	x.act(Act{Kind: "group", Subject: x.intern(cmp.Or(x.get("MemberName"), x.get("MemberSid"))), Object: x.name("Target"), Actor: x.actor(),
		Text: x.intern(x.get("MemberSid"))})
}

func (x *eventReader) cleared() {
	channel := cmp.Or(x.below("Channel"), x.r.Channel)
	a := Act{Kind: "clear", Subject: x.intern(channel), Actor: Account{Name: x.intern(x.below("SubjectUserName")),
		SID: x.intern(x.below("SubjectUserSid"))}}
	if a.Actor == (Account{}) {
		a.Actor.SID = x.intern(x.r.UserSID)
	}
	x.act(a)
}

// engine reads the start of PowerShell: its command line has lost its quotes.
func (x *eventReader) engine() {
	command := ""
	for i := range x.r.Data {
		if _, rest, ok := strings.Cut(x.r.Data[i].Value, "HostApplication="); ok {
			command, _, _ = strings.Cut(rest, "\n")
			command = strings.TrimSpace(command)
		}
	}
	c := winpath.ParseCommand(command, nil)
	base := strings.ToLower(winpath.Base(c.Program))
	if base != "powershell.exe" && base != "powershell" && base != "pwsh.exe" {
		return
	}
	path := c.Program
	if !strings.Contains(path, `\`) {
		path = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
	}
	if p := x.sight(path, x.rec); p != nil {
		p.start(srcPowerShell, rawStart{time: x.r.Time, command: clip(command, maxCommand), ref: x.ref()})
	}
}

func (x *eventReader) task() {
	x.act(Act{Kind: "task", Subject: x.intern(cmp.Or(x.get("TaskName"), x.below("TaskName"))), Actor: x.taskActor()})
}

func (x *eventReader) taskActor() Account {
	if x.r.ID == 4698 {
		return x.actor()
	}
	return Account{Name: x.intern(x.get("UserContext"))}
}

func (x *eventReader) taskStart() {
	if p := x.sight(x.get("Path"), x.rec); p != nil {
		p.start(srcTask, rawStart{time: x.r.Time, pid: uint32(x.num("ProcessID")), ref: x.ref()})
	} else if name := x.get("Path"); name != "" && !strings.ContainsAny(name, `\/`) && len(x.bareUses) < maxActs {
		x.bareUses = append(x.bareUses, bareUse{name: x.intern(strings.ToLower(name)), ref: x.ref(),
			start: rawStart{time: x.r.Time, pid: uint32(x.num("ProcessID")), ref: x.ref()}})
	}
}

func (x *eventReader) wmi() {
	x.act(Act{Kind: "wmi", Subject: x.intern(x.below("ESS")), Object: clip(cmp.Or(x.below("CONSUMER"), x.below("Consumer")), 1000),
		Text: clip(x.below("PossibleCause"), 1000)})
}

// scanner reads a detection of Defender.
func (x *eventReader) scanner() {
	threat, where := x.get("Threat Name"), x.get("Path")
	action := x.get("Action Name")
	if x.r.ID == 1116 {
		action = ""
	}
	for part := range strings.SplitSeq(where, ";") {
		part = strings.TrimSpace(part)
		kind, path, ok := strings.Cut(part, ":_")
		if !ok {
			continue
		}
		kind = strings.ToLower(kind)
		if i := strings.LastIndexByte(kind, ':'); i >= 0 {
			kind = kind[i+1:]
		}
		switch kind {
		case "file", "containerfile":
			path, _, _ = strings.Cut(path, "->")
			x.detection(x.rec, path, threat, action, x.r.Time)
		case "process":
			x.scannedProcess(path)
			continue
		case "cmdline", "amsi":
		default:
			continue
		}
		key := kind + "\x00" + path + "\x00" + threat + "\x00" + strconv.FormatUint(uint64(x.r.ID), 10)
		if x.detected[key] || len(x.detected) > maxActs {
			continue
		}
		x.detected[key] = true
		a := Act{Kind: "detect", Subject: x.intern(threat), Object: clip(path, maxCommand), Text: x.intern(action),
			Actor: Account{Name: x.intern(x.get("Detection User"))}}
		switch kind {
		case "cmdline":
			a.Kind = "detected command"
			a.Program = winpath.ParseCommand(path, nil).Program
		default:
			a.Program = x.paths.Key(path, evidence.User{})
		}
		x.act(a)
	}
}

// scannedProcess reads "pid:2360,ProcessStart:133420717189763230".
func (x *eventReader) scannedProcess(s string) {
	pid, start, ok := strings.Cut(strings.TrimPrefix(s, "pid:"), ",ProcessStart:")
	if !ok {
		return
	}
	n, err1 := strconv.ParseUint(pid, 10, 32)
	ft, err2 := strconv.ParseUint(start, 10, 64)
	image := x.get("Process Name")
	if err1 != nil || err2 != nil || image == "" {
		return
	}
	at := wire.Time(ft)
	if p := x.sight(image, x.rec); p != nil {
		p.start(srcDefender, rawStart{time: at, pid: uint32(n), ref: x.ref()})
	}
}

// forged notes a record that EventCreate could have written.
func (x *eventReader) forged() {
	if r := x.r; r.Posed() {
		x.act(Act{Kind: "forged", Subject: x.intern(r.Provider), Object: clip(r.Data[0].Value, 300), Actor: Account{SID: x.intern(r.UserSID)}})
	}
}
