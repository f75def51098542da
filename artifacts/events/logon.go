package events

import "strings"

// Logon returns the id of the log-on session in which the event happened, as the
// record names it, or 0. Ids start again at each boot.
func (e Event) Logon() uint64 {
	if e.logon != 0 {
		return e.logon
	}
	var subject, other uint64
	for i := range e.Data {
		f := &e.Data[i]
		name := f.Name[strings.LastIndexByte(f.Name, '/')+1:]
		if len(name) < len("LogonId") || !strings.EqualFold(name[len(name)-len("LogonId"):], "LogonId") {
			continue
		}
		n, ok := Number(f.Value)
		switch {
		case !ok || n == 0:
		case name == "TargetLogonId": // who logged on, whose session the process runs in
			return n
		case name == "SubjectLogonId":
			subject = n
		case len(name) == len("LogonId"):
			other = n
		}
	}
	if subject != 0 {
		return subject
	}
	return other
}

// maxProcesses bounds the processes of a log that are remembered.
const maxProcesses = 1 << 14

// processLogons are the log-on sessions of processes, by the id that Sysmon gives
// them. Of its records only that of the start names the session.
type processLogons struct {
	now, old map[string]uint64
}

// of returns the log-on id of the process that a record of Sysmon is about, and
// learns it from the record of its start.
func (p *processLogons) of(r *Record) uint64 {
	guid := r.Get("ProcessGuid")
	if guid == "" {
		guid = r.Get("SourceProcessGuid")
	}
	if guid == "" {
		guid = r.Get("SourceProcessGUID")
	}
	if guid == "" {
		return 0
	}
	if r.ID != 1 {
		if n := p.now[guid]; n != 0 {
			return n
		}
		return p.old[guid]
	}
	n, ok := Number(r.Get("LogonId"))
	if !ok || n == 0 {
		return 0
	}
	if p.now == nil || len(p.now) >= maxProcesses { // the older half goes
		p.now, p.old = map[string]uint64{}, p.now
	}
	p.now[strings.Clone(guid)] = n
	return n
}
