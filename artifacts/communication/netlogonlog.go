package communication

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

// A NetlogonLine is one log-on that a domain controller or a member server
// passed on, or a client from an address that belongs to no site.
type NetlogonLine struct {
	artifacts.Origin
	Line     int       `json:"line"`
	Kind     string    `json:"kind"`                                      // logon, no-site
	Time     time.Time `json:"time,omitzero" event:"Recorded Time,local"` // the year is that of the file
	TimeText string    `json:"time_text,omitempty"`                       // without a year, when that of the file is unknown
	Way      string    `json:"logon_kind,omitempty"`                      // Network, Transitive Network, Interactive, Generic …
	Account  string    `json:"account,omitempty"`                         // domain\name
	From     string    `json:"workstation,omitempty"`                     // as the client calls itself
	Via      string    `json:"via,omitempty"`                             // the server that asked
	Address  string    `json:"address,omitempty"`                         // of a client without a site
	Status   string    `json:"status,omitempty"`                          // NTSTATUS
	Meaning  string    `json:"status_meaning,omitempty"`
}

var netlogonLog = artifacts.Define(artifacts.Artifact{
	Name:     "netlogonlog",
	Title:    "Netlogon log",
	DataType: "windows:netlogon:log:line",
	About: `Netlogon.log of domain controllers and members where logging was switched on (DBFlag, artifact netlogon): log-ons with NTLM that the machine
passed on, with account, workstation, the server that asked, and result; and clients whose address belongs to no site. Proves that somebody tried
the account at that time through that server, and with status 0x0 that the password was right. Does not prove the workstation: the client names
itself. Times are local time of the machine and have no year: it is taken from the last change of the file, and where that is unknown the time is given as text only.`,
	Proves: artifacts.Present,
	Attack: []string{"T1110", "T1078.002", "T1021.002"},
	Refs: []string{
		"https://learn.microsoft.com/troubleshoot/windows-client/windows-security/enable-debug-logging-netlogon-service",
		"https://attack.mitre.org/techniques/T1110/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\debug\netlogon.log`),
		artifacts.Files(`%SystemRoot%\debug\netlogon.bak`),
	},
}, decodeNetlogonLog)

// netlogonStatus are the results that tell something.
var netlogonStatus = map[string]string{
	"0x0": "success", "0xc0000064": "no such account", "0xc000006a": "wrong password", "0xc000006d": "wrong name or password", "0xc000006e": "restricted",
	"0xc000006f": "outside the hours", "0xc0000070": "not from this workstation", "0xc0000071": "password expired", "0xc0000072": "account disabled",
	"0xc0000193": "account expired", "0xc0000224": "password must change", "0xc0000234": "locked out", "0xc0000413": "refused by the trust",
}

// maxNetlogonLines bounds the records of a log.
const maxNetlogonLines = 1 << 20

func decodeNetlogonLog(in artifacts.Input, yield func(NetlogonLine) bool) error {
	lines, _, err := textfile.Split(bytes.NewReader(in.Data), int64(len(in.Data)))
	if err != nil {
		return err
	}
	var list []NetlogonLine
	var years []int // from the first line on: how often the year had changed
	number, year := 0, 0
	var last time.Time
	for l := range lines {
		number++
		s := strings.TrimPrefix(l.Text, "\ufeff")
		if len(s) < 15 {
			continue
		}
		t, err := time.Parse("2006 01/02 15:04:05", "2000 "+s[:14]) // a leap year
		if err != nil {
			continue
		}
		if t.Before(last.AddDate(0, 0, -31)) { // not the hour that is given back in autumn
			year++
		}
		last = t
		r, ok := netlogonLine(strings.TrimSpace(s[14:]))
		if !ok || len(list) == maxNetlogonLines {
			continue
		}
		r.Origin, r.Line, r.Time, r.TimeText = in.AtOffset(l.Offset), number, t, s[:14]
		list, years = append(list, r), append(years, year)
	}
	end := netlogonYear(in, last)
	for i, r := range list {
		if end == 0 {
			r.Time = time.Time{}
		} else {
			r.Time, r.TimeText = r.Time.AddDate(end-year+years[i]-2000, 0, 0), ""
		}
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// netlogonYear returns the year of the last line: the file was not changed
// before it. A day is left for the zone.
func netlogonYear(in artifacts.Input, last time.Time) int {
	if in.File == nil {
		return 0
	}
	t, err := in.File.Times()
	if err != nil || !t.Original || t.Modified.IsZero() {
		return 0
	}
	year := t.Modified.Year() + 1
	for year > t.Modified.Year()-1 && last.AddDate(year-2000, 0, 0).After(t.Modified.AddDate(0, 0, 1)) {
		year--
	}
	return year
}

// netlogonLine reads what follows the time: [LOGON] [process] DOMAIN: SamLogon: … logon of
// domain\name from workstation (via server) Returns status, or NO_CLIENT_SITE: client address.
func netlogonLine(s string) (NetlogonLine, bool) {
	if _, rest, ok := strings.Cut(s, "NO_CLIENT_SITE: "); ok {
		f := strings.Fields(rest)
		if len(f) < 2 {
			return NetlogonLine{}, false
		}
		return NetlogonLine{Kind: "no-site", From: f[0], Address: f[1]}, true
	}
	_, rest, ok := strings.Cut(s, "SamLogon: ")
	if !ok {
		return NetlogonLine{}, false
	}
	way, rest, ok := strings.Cut(rest, " logon of ")
	if !ok {
		return NetlogonLine{}, false
	}
	i := strings.LastIndex(rest, " Returns ")
	if i < 0 {
		return NetlogonLine{}, false // of each log-on the line with the result is enough
	}
	r := NetlogonLine{Kind: "logon", Way: way, Status: strings.TrimSpace(rest[i+len(" Returns "):])}
	rest = rest[:i]
	if who, via, ok := strings.Cut(rest, " (via "); ok {
		rest, r.Via = who, strings.TrimSuffix(strings.TrimSpace(via), ")")
	}
	r.Account, r.From, _ = strings.Cut(rest, " from ")
	r.Account, r.From = strings.TrimSpace(r.Account), strings.TrimSpace(r.From)
	r.Meaning = netlogonStatus[strings.ToLower(r.Status)]
	return r, true
}

// Summary shows who tried from where.
func (r NetlogonLine) Summary() string {
	if r.Kind == "no-site" {
		return fmt.Sprintf("[%s] client of no site, address %s", r.From, r.Address)
	}
	s := fmt.Sprintf("[%s] %s logon", r.Account, r.Way)
	if r.From != "" {
		s += " from " + r.From
	}
	if r.Via != "" {
		s += " via " + r.Via
	}
	s += ": " + r.Status
	if r.Meaning != "" {
		s += " (" + r.Meaning + ")"
	}
	return s
}
