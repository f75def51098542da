package communication

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

// A FirewallLog is one line of the firewall's own log.
type FirewallLog struct {
	artifacts.Origin
	Line            int       `json:"line"`
	Time            time.Time `json:"time,omitzero" zone:"Local"`
	Local           bool      `json:"local_time,omitempty"` // the digits are the machine's local time, without a zone
	Action          string    `json:"action"`               // ALLOW, DROP, OPEN, CLOSE, INFO-EVENTS-LOST
	Protocol        string    `json:"protocol"`
	Source          string    `json:"source,omitempty"`
	SourcePort      string    `json:"source_port,omitempty"`
	Destination     string    `json:"destination,omitempty"`
	DestinationPort string    `json:"destination_port,omitempty"`
	Size            string    `json:"size,omitempty"`
	Flags           string    `json:"tcp_flags,omitempty"`
	Info            string    `json:"info,omitempty"`
	Path            string    `json:"path,omitempty"` // SEND, RECEIVE, FORWARD
	PID             string    `json:"pid,omitempty"`
}

var firewallLog = artifacts.Define(artifacts.Artifact{
	Name:     "firewalllog",
	Title:    "Firewall log",
	DataType: "windows:firewall:log_entry",
	About: `Connections and packets that Windows Firewall allowed or dropped. Proves that such a packet was
received or sent at that time. Does not prove which program it belonged to (newer versions add a
process id, which is reused), nor its contents. Logging is off by default and the file is small, so
missing entries prove nothing. Its times are local time with whole seconds, without a zone; they are
shown as written.`,
	Proves: artifacts.Present,
	Attack: []string{"T1562.004"},
	Refs: []string{
		"https://learn.microsoft.com/windows/security/operating-system-security/network-security/windows-firewall/configure-logging",
		"https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2003/cc758040(v=ws.10)",
	},
	Sources: []artifacts.Source{
		artifacts.LargeFiles(`%SystemRoot%\System32\LogFiles\Firewall\pfirewall*.log*`),
		artifacts.LargeFiles(`%SystemRoot%\pfirewall.log*`),
	},
}, decodeFirewallLog)

// firewallLogFields is the order of a log whose header is gone.
const firewallLogFields = "date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path pid"

func decodeFirewallLog(in artifacts.Input, yield func(FirewallLog) bool) error {
	order := strings.Fields(firewallLogFields)
	local := true

	var errs []error
	line, bad := 0, 0
	for start, text := range textfile.Lines(in.Reader()) {
		line++
		if head, ok := strings.CutPrefix(text, "#"); ok {
			name, rest, _ := strings.Cut(head, ":")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "fields":
				order = strings.Fields(rest)
			case "time format":
				local = !strings.EqualFold(strings.TrimSpace(rest), "UTC")
			}
			continue
		}
		cols := strings.Fields(text)
		if len(cols) == 0 {
			continue
		}
		r, err := firewallLogLine(order, cols)
		if err != nil {
			if bad++; bad <= 100 { // a file of another kind would drown the rest
				errs = append(errs, in.Errorf(in.AtOffset(start), "line %d: %w", line, err))
			}
			continue
		}
		r.Origin, r.Line, r.Local = in.AtOffset(start), line, local
		if !yield(r) {
			return nil
		}
	}
	if bad > 100 {
		errs = append(errs, in.Errorf(in.AtOffset(0), "%d more lines that are none of a firewall log", bad-100))
	}
	return errors.Join(errs...)
}

func firewallLogLine(order, cols []string) (FirewallLog, error) {
	var r FirewallLog
	var date, clock string
	for i, name := range order {
		if i >= len(cols) {
			break
		}
		s := cols[i]
		if s == "-" {
			s = ""
		}
		switch strings.ToLower(name) {
		case "date":
			date = s
		case "time":
			clock = s
		case "action":
			r.Action = s
		case "protocol":
			r.Protocol = s
		case "src-ip":
			r.Source = s
		case "dst-ip":
			r.Destination = s
		case "src-port":
			r.SourcePort = s
		case "dst-port":
			r.DestinationPort = s
		case "size":
			r.Size = s
		case "tcpflags":
			r.Flags = s
		case "info":
			r.Info = s
		case "path":
			r.Path = s
		case "pid":
			r.PID = s
		}
	}
	t, err := time.Parse(time.DateTime, date+" "+clock)
	if err != nil {
		return r, errors.New("no date and time where the header says so: " + fmt.Sprintf("%.40q", date+" "+clock))
	}
	r.Time = t
	return r, nil
}

// Events gives the line's time as it is written.
func (r FirewallLog) Events() []artifacts.Event {
	if r.Time.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Time, Kind: "Recorded Time", Local: r.Local}}
}

// Summary shows who, whom and what became of it.
func (r FirewallLog) Summary() string {
	s := fmt.Sprintf("[%s] %s %s", r.Action, r.Protocol, r.Source)
	if r.SourcePort != "" {
		s += " port " + r.SourcePort
	}
	s += " to " + r.Destination
	if r.DestinationPort != "" {
		s += " port " + r.DestinationPort
	}
	if r.Path != "" {
		s += " " + r.Path
	}
	return s
}
