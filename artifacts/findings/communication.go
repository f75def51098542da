package findings

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
)

var downloadRan = programRule(Rule{
	ID: "C-01", Title: "Downloaded and run", Level: Low, Attack: []string{"T1204.002", "T1105"},
	Why:    "A browser wrote this program, and it ran within an hour: one chain from an address to a process.",
	Benign: "Installers and updates that users download and start.",
	Next:   "Check the address and the page that led to it; compare the hash with the publisher's.",
	Needs:  []string{"browserdownloads"},
}, func(x *look, p *program) {
	for _, r := range p.rows {
		d, ok := r.rec.Data.(browser.Download)
		if !ok || d.End.IsZero() && d.Start.IsZero() {
			continue
		}
		done := d.End
		if done.IsZero() {
			done = d.Start
		}
		run, ok := p.firstRunAfter(done)
		if !ok {
			continue
		}
		level := Informational
		says := fmt.Sprintf("%s loaded it from %s at %s, and it ran at %s", d.Browser, d.URL, when(done), when(run))
		switch {
		case p.place != nil && p.place.level >= High || addressHost(d.URL):
			level = High
		case d.Danger != 0 && d.Danger != 4: // 4: a file of a kind that is always asked about
			level = Medium
		case !x.installer(p):
			level = Low
		}
		if d.Danger != 0 {
			says += "; the browser had warned of it"
		}
		x.hit(p.subject(x), level, "%s", says)
		return
	}
})

// downloadHour is how soon after a download a start belongs to it.
const downloadHour = time.Hour

// firstRunAfter returns the first start of the program in the hour after a time.
func (p *program) firstRunAfter(t time.Time) (first time.Time, ok bool) {
	for _, r := range p.executed() {
		if r.class == "srum" {
			continue // its times are the ends of periods
		}
		for _, e := range r.rec.Events() {
			if !strings.Contains(e.Kind, "Execut") && e.Kind != "Start Time" {
				continue
			}
			if e.Time.Before(t) || e.Time.Sub(t) > downloadHour || ok && !e.Time.Before(first) {
				continue
			}
			first, ok = e.Time, true
		}
	}
	return first, ok
}

// addressHost reports whether the host of an address is a number, as those of
// throw-away servers are.
func addressHost(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && !a.IsLoopback() && !a.IsPrivate()
}

// Limits of what a program sends that nobody asked it to.
const (
	sentMuch  = 50 << 20 // bytes
	sentTimes = 4        // as much as it received
)

var sentUnasked = programRule(Rule{
	ID: "C-02", Title: "Much data sent by an unusual program", Level: Medium, Attack: []string{"T1041", "T1048"},
	Why:    "The program sent much more than it received, from a place where users may write, and no trace shows that a person opened it; or it lies where no program belongs.",
	Benign: "Backup and synchronisation programs, peer-to-peer updates, video meetings.",
	Next:   "Find out to whom: firewall and proxy logs, the DNS cache; look for archives that were made in the hours before.",
	Needs:  []string{"srumnetwork"},
}, func(x *look, p *program) {
	var sent, received int64
	var first, last time.Time
	for _, r := range p.rows {
		n, ok := r.rec.Data.(communication.SRUMNetwork)
		if !ok {
			continue
		}
		sent, received = sent+n.Sent, received+n.Received
		if first.IsZero() || n.Time.Before(first) {
			first = n.Time
		}
		if n.Time.After(last) {
			last = n.Time
		}
	}
	if sent < sentMuch || sent/sentTimes < received || !p.hasFolder() || x.ordinaryFolder(p) && p.place == nil {
		return
	}
	opened := slices.ContainsFunc(p.rows, func(r *row) bool { return r.class == "explorer" || r.class == "timeline" })
	level, says := Low, "; nobody opened it"
	switch {
	case p.place != nil && p.place.level >= High && opened:
		level, says = Medium, ""
	case opened:
		return
	case p.place != nil && p.place.level >= High:
		level = High
	case p.place != nil:
		level = Medium
	}
	x.hit(p.subject(x), level, "it sent %d MB and received %d MB in the periods that ended from %s to %s%s", sent>>20, received>>20,
		when(first), when(last), says)
})

var bitsCommand = rule(Rule{
	ID: "C-03", Title: "BITS job with a command, or a program from an address", Level: High, Attack: []string{"T1197", "T1105"},
	Why:    "A transfer job runs a command when it is done, or fetches a program from an unusual server or to where no program belongs: both survive boots and pass firewalls.",
	Benign: "A few updaters and software distribution set commands; test servers have no names.",
	Next:   "Look at the address, the target and the owner; look for the file, and for starts after the job was complete.",
}, func(x *look, j communication.BITSJob) {
	show := j.Program()
	if show == "" {
		show = "BITS job " + j.Name
	}
	s := subject{kind: kindProgram, key: x.normal(show, x.row.rec.User), show: show}
	if !strings.Contains(show, `\`) {
		s = x.setting(show)
	}
	if j.Command != "" {
		x.hit(s, High, "the job %q runs %s when it is done; it was made by %s", j.Name, strings.TrimSpace(j.Command+" "+j.Arguments), j.SID)
		return
	}
	for _, f := range j.Files {
		if !runnable[ext(strings.ToLower(f.Local))] {
			continue
		}
		place := x.probePath(f.Local).place
		switch why := suspectHost(f.URL); {
		case why != "":
			x.hit(s, Medium, "the job %q fetched %s to %s: %s", j.Name, f.URL, f.Local, why)
			return
		case place != nil && place.level >= High && j.SID != "S-1-5-18":
			x.hit(s, Low, "the job %q of %s fetched %s to %s, %s", j.Name, j.SID, f.URL, f.Local, place)
			return
		}
	}
})

// when spells a time of a reason.
func when(t time.Time) string { return t.UTC().Format(time.DateTime) }
