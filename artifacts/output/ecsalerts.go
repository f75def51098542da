package output

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// Findings are alerts in the Elastic Common Schema. They go into an index of
// their own, for they have no place in the counts of a timeline.

const ecsAlerts = "artifactdump-alerts"

// ecsSeverity maps our levels to the numbers that Elastic's own rules use for
// theirs.
var ecsSeverity = map[string]int64{"critical": 99, "high": 73, "medium": 47, "low": 21, "informational": 1}

// attackTactics are the tactics of ATT&CK for Enterprise by their short names:
// id and name. © The MITRE Corporation.
var attackTactics = map[string][2]string{
	"reconnaissance":       {"TA0043", "Reconnaissance"},
	"resource-development": {"TA0042", "Resource Development"},
	"initial-access":       {"TA0001", "Initial Access"},
	"execution":            {"TA0002", "Execution"},
	"persistence":          {"TA0003", "Persistence"},
	"privilege-escalation": {"TA0004", "Privilege Escalation"},
	"defense-evasion":      {"TA0005", "Defense Evasion"},
	"credential-access":    {"TA0006", "Credential Access"},
	"discovery":            {"TA0007", "Discovery"},
	"lateral-movement":     {"TA0008", "Lateral Movement"},
	"collection":           {"TA0009", "Collection"},
	"command-and-control":  {"TA0011", "Command and Control"},
	"exfiltration":         {"TA0010", "Exfiltration"},
	"impact":               {"TA0040", "Impact"},
}

// writeECSAlerts writes the findings of a case as bulk requests. The time of an
// alert is when its subject was seen last; without one, when the tool ran.
func writeECSAlerts(w io.Writer, opts *Options) (int, error) {
	opts = opts.orDefault()
	bw := bufio.NewWriterSize(w, 64<<10)
	list := opts.TheCase().Findings
	var buf []byte
	for i := range list {
		f := &list[i]
		sum := sha256.Sum256([]byte(f.Host + "\x00" + f.ID))
		o := object{b: append(buf[:0], '{')}
		o.sub("index", func(o *object) {
			o.str("_index", ecsAlerts)
			o.str("_id", hex.EncodeToString(sum[:]))
		})
		o.b = append(o.b, "}\n{"...)
		o.more = false
		ecsAlert(&o, f, opts)
		buf = append(o.b, "}\n"...)
		if _, err := bw.Write(buf); err != nil {
			return i, err
		}
	}
	return len(list), bw.Flush()
}

func ecsAlert(o *object, f *Finding, opts *Options) {
	o.str("@timestamp", cmp.Or(FormatTime(f.Last), FormatTime(f.First), FormatTime(opts.Created)))
	o.str("message", f.Title+": "+f.Subject)
	o.sub("ecs", func(o *object) { o.str("version", ecsVersion) })
	o.sub("event", func(o *object) {
		o.str("kind", "alert")
		o.str("module", "artifactdump")
		o.str("provider", "findings")
		o.str("dataset", "artifactdump.findings")
		o.int("severity", ecsSeverity[f.Level])
		o.opt("start", FormatTime(f.First))
		o.opt("end", FormatTime(f.Last))
		o.opt("created", FormatTime(opts.Created))
		o.opt("reason", f.Why)
	})
	o.sub("host", func(o *object) {
		o.str("name", f.Host)
		o.str("hostname", f.Host)
		if opts.MachineGUID != nil {
			o.opt("id", opts.MachineGUID(f.Host))
		}
	})
	o.sub("rule", func(o *object) {
		o.str("id", f.RuleID)
		o.str("name", f.Title)
	})
	if len(f.Techniques) > 0 {
		o.sub("threat", func(o *object) { ecsThreat(o, f) })
	}
	o.sub("artifactdump", func(o *object) {
		o.str("id", f.ID)
		o.str("level", f.Level)
		o.str("subject", f.Subject)
		o.int("count", int64(f.Count))
		o.opt("false_positives", f.FalsePositives)
		if len(f.Evidence) > 0 {
			o.strs("evidence", f.Evidence)
		}
	})
}

// ecsThreat names the techniques; one with a dot is a subtechnique of what
// stands before the dot.
func ecsThreat(o *object, f *Finding) {
	var parents, subs, ids, names []string
	for _, t := range f.Techniques {
		parent, _, sub := strings.Cut(t, ".")
		if !slices.Contains(parents, parent) {
			parents = append(parents, parent)
		}
		if sub {
			subs = append(subs, t)
		}
	}
	for _, short := range f.Tactics {
		if t, ok := attackTactics[short]; ok {
			ids, names = append(ids, t[0]), append(names, t[1])
		}
	}
	o.str("framework", "MITRE ATT&CK")
	o.sub("technique", func(o *object) {
		o.strs("id", parents)
		if len(subs) > 0 {
			o.sub("subtechnique", func(o *object) { o.strs("id", subs) })
		}
	})
	if len(ids) > 0 {
		o.sub("tactic", func(o *object) {
			o.strs("id", ids)
			o.strs("name", names)
		})
	}
}
