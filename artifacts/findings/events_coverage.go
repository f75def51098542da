package findings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// auditSettings are the subcategories of the audit policy that make Windows
// write events of the channel Security (Microsoft, "Advanced security audit
// policy settings"). Events that are not listed are written always.
var auditSettings = map[uint32]string{
	4624: "Logon", 4625: "Logon", 4648: "Logon", 4672: "Special Logon", 4778: "Other Logon/Logoff Events",
	4825: "Other Logon/Logoff Events",
	4768: "Kerberos Authentication Service", 4771: "Kerberos Authentication Service", 4769: "Kerberos Service Ticket Operations",
	4776: "Credential Validation",
	4662: "Directory Service Access", 5136: "Directory Service Changes", 5137: "Directory Service Changes",
	5141: "Directory Service Changes",
	4928: "Detailed Directory Service Replication", 4929: "Detailed Directory Service Replication",
	4720: "User Account Management", 4724: "User Account Management", 4726: "User Account Management", 4738: "User Account Management",
	4740: "User Account Management",
	4765: "User Account Management", 4766: "User Account Management", 4781: "User Account Management", 4794: "User Account Management",
	4798: "User Account Management",
	4741: "Computer Account Management", 4742: "Computer Account Management",
	4728: "Security Group Management", 4732: "Security Group Management", 4756: "Security Group Management",
	4799: "Security Group Management",
	4661: "SAM", 4688: "Process Creation", 4697: "Security System Extension", 4698: "Other Object Access Events",
	4699: "Other Object Access Events", 4702: "Other Object Access Events",
	5140: "File Share", 5145: "Detailed File Share", 4656: "Handle Manipulation", 4663: "File System, Registry, Kernel Object",
	4673: "Sensitive Privilege Use",
	6416: "Plug and Play Events", 4946: "MPSSVC Rule-Level Policy Change", 4947: "MPSSVC Rule-Level Policy Change",
	4950: "MPSSVC Rule-Level Policy Change",
	4886: "Certification Services", 4887: "Certification Services", 6273: "Network Policy Server",
}

// channelSettings say what makes Windows write to a channel that is not on by
// default.
var channelSettings = map[channel]string{
	chSysmon: "Sysmon is not part of Windows: it has to be installed", chPrint: "the channel is off by default",
	chDNS:      "the machine has to be a DNS server",
	chDNSAudit: "the machine has to be a DNS server", chDirectory: "the machine has to be a domain controller",
	chSSH: "the SSH server has to be installed",
	chSMB: "Windows writes it when a client fails to log on",
}

// eventsJudged says whether a rule over events was judged: by the channels that
// are there. An event that never occurs in a channel that is there either did
// not happen or was not audited; the setting is named.
func (e *Evaluator) eventsJudged(r *Rule) (status string, why []string) {
	var there, missing []channel
	ids := map[channel][]uint32{}
	for _, f := range r.events {
		for _, w := range f.watches {
			for _, id := range w.ids {
				if !slices.Contains(ids[w.channel], id) {
					ids[w.channel] = append(ids[w.channel], id)
				}
			}
			list := &missing
			if e.ev.seen[w.channel] > 0 {
				list = &there
			}
			if !slices.Contains(*list, w.channel) {
				*list = append(*list, w.channel)
			}
		}
	}
	for _, c := range missing {
		s := "no records of " + c.String()
		if t := channelSettings[c]; t != "" {
			s += " (" + t + ")"
		}
		if c == chSecurity {
			s += audited(" (audit settings: ", ids[c]) // which would have written them
		}
		why = append(why, s)
	}
	if len(there) == 0 && e.counts[r.ID]+e.silenced[r.ID] == 0 {
		if len(e.facts.Artifacts) > 0 && e.ev.records == 0 {
			why = append(why, "event logs were not asked for, or are not in the evidence")
		}
		return NotEvaluated, why
	}
	for _, c := range there {
		var absent []uint32
		for _, id := range ids[c] {
			if e.ev.met[eventKey{c, id}] == 0 && c == chSecurity && auditSettings[id] != "" {
				absent = append(absent, id)
			}
		}
		if len(absent) > 0 {
			why = append(why, "no event "+numbers(absent)+" in Security"+audited(": none happened, or these audit settings were off: ",
				absent))
		}
	}
	if n := e.ev.guesses.forgotten; n > 0 && (r.ID == "E-16" || r.ID == "E-17" || r.ID == "E-18") {
		why = append(why, fmt.Sprintf("%d sources were followed no longer because there were more than %d", n, maxNoted))
	}
	if n := e.ev.logs.dropped; n > 0 {
		why = append(why, fmt.Sprintf("%d hits beyond the limit of %d subjects were dropped", n, maxSubjects))
	}
	why = append(why, e.unjudged(r)...)
	if len(why) > 0 {
		return Partly, why
	}
	return Evaluated, nil
}

func numbers(ids []uint32) string {
	var out []string
	for _, id := range ids {
		out = append(out, strconv.Itoa(int(id)))
	}
	return strings.Join(out, ", ")
}

// audited names the audit settings that write events.
func audited(before string, ids []uint32) string {
	var out []string
	for _, id := range ids {
		if s := auditSettings[id]; s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return ""
	}
	s := before + strings.Join(out, ", ")
	if strings.HasPrefix(before, " (") {
		s += ")"
	}
	return s
}
