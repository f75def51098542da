package findings

import (
	"cmp"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var arrivedAndRan = wholeRule(Rule{
	ID: "N-01", Title: "Program ran soon after it appeared", Level: High, Attack: []string{"T1204.002", "T1105"},
	Why:    "A program appeared in a folder that users can write to and ran within an hour: the shape of a delivery.",
	Benign: "Installers, portable tools.",
	Next:   "Find out where the file came from and what else appeared in the same minutes.",
	Needs:  []string{"mft", "usnjrnl"},
}, func(x *look) {
	idx := x.files()
	x.eachStory(func(x *look, t *story, p *program) {
		if p.place == nil || p.place.level < Medium && !inProfileTemp(p) || !p.runnable() || x.installer(p) {
			return
		}
		runs := x.runsOf(idx, p)
		for _, a := range t.appearances() {
			for _, l := range runs {
				after := l.at.Sub(a.at)
				if a.at.IsZero() || after < -10*time.Second || after > time.Hour {
					continue
				}
				level := Medium
				if p.place.level >= High {
					level = High
				}
				x.hit(x.subjectOf(t), level, "%s %s, ran %s, %s", a.how, utcTime(a.at), utcTime(l.at), p.place).from(a.row, l.row)
				return
			}
		}
	})
}, fileArtifacts...)

var ranThenDeleted = wholeRule(Rule{
	ID: "N-02", Title: "Program deleted after it ran", Level: Medium, Attack: []string{"T1070.004"},
	Why:    "The file of a program is gone although the program ran: intruders remove their tools.",
	Benign: "Updaters and installers in Temp; users who clean up.",
	Next:   "Recover the file if its record is still there, or from a shadow copy; look at what else was deleted then.",
	Needs:  []string{"usnjrnl", "executedfiles", "filereferences"},
}, func(x *look) {
	idx := x.files()
	x.eachStory(func(x *look, t *story, p *program) {
		gone, row := t.deleted()
		if row == nil || x.installer(p) || !p.runnable() || p.place == nil && !x.removedAlone(idx, p, gone) {
			return
		}
		runs := x.runsOf(idx, p)
		for i := len(runs) - 1; i >= 0; i-- {
			l := runs[i]
			if l.at.After(gone) {
				continue
			}
			level := Medium
			where := "in no folder of installed programs"
			if p.place != nil {
				where = p.place.String()
				if p.place.level >= High && gone.Sub(l.at) <= 24*time.Hour {
					level = High
				}
			}
			x.hit(x.subjectOf(t), level, "ran %s and was deleted %s, %s", utcTime(l.at), utcTime(gone), where).from(row, l.row)
			return
		}
	})
	for _, name := range sortedKeys(idx.fates) {
		for _, r := range idx.fates[name] {
			x.fate(r)
		}
	}
	for _, key := range sortedKeys(idx.referred) {
		x.referredGone(key, idx)
	}
}, fileArtifacts...)

// A folder with a version is one of a program that updates itself.
var versionFolder = regexp.MustCompile(`\d+\.\d+.*\\`)

// removedAlone reports whether a program of no special place was deleted as no update and
// no removal of a product does it: a single one, outside their folders.
func (x *look) removedAlone(idx *fileIndex, p *program, gone time.Time) bool {
	if x.t.binaries[p.base] != nil || filesystem.IsProduct(p.key) || versionFolder.MatchString(p.key) {
		return false
	}
	n := 0
	for _, r := range idx.acts {
		if c := change(r); !c.Deleted.IsZero() && c.Deleted.Sub(gone).Abs() <= 2*time.Minute && filesystem.IsProgram(c.Path) {
			n++
		}
	}
	return n < removedTogether
}

// removedTogether is how many programs deleted within minutes make the removal of a product.
const removedTogether = 5

// referredGone judges a program that ran and whose file, which a shortcut or the Amcache
// names, is gone without another one in its place.
func (x *look) referredGone(key string, idx *fileIndex) {
	p := x.programs[key]
	if p == nil || p.place == nil || x.installer(p) || !p.runnable() || len(p.executed()) == 0 {
		return
	}
	if t := idx.stories[key]; t != nil && slices.ContainsFunc(t.files, func(r *row) bool { return file(r).Exists }) {
		return
	}
	for _, r := range idx.referred[key] {
		e := referred(r)
		if e.Fate != filesystem.FateDeleted.String() && e.Fate != filesystem.FateReused.String() {
			continue
		}
		look := *x
		look.prog, look.row = p, r
		by, _, _ := strings.Cut(e.NamedBy[0], " ")
		look.hit(p.subject(x), Medium, "it ran, and the very file that %s names (record %s) is gone, %s", by, e.Reference, p.place)
		return
	}
}

// A referredFile says what became of a file that a shortcut or the like names.
type referredFile struct{ filesystem.Referenced }

func referred(r *row) referredFile { return referredFile{r.rec.Data.(filesystem.Referenced)} }

// became is a part of the line about the file, "" when nothing happened to it.
func (e referredFile) became() string {
	by, _, _ := strings.Cut(e.NamedBy[0], " ")
	switch {
	case e.Fate == filesystem.FateReused.String():
		return "the file of " + e.Reference + " (" + by + ") is deleted, its record reused"
	case e.Fate == filesystem.FateDeleted.String():
		return "the file of " + e.Reference + " (" + by + ") is deleted"
	case e.Change != "":
		return e.Change + ": exists as " + clip(e.Now, 300) + " (" + by + ")"
	}
	return ""
}

// fate judges a program whose Prefetch file names a record of a deleted file.
func (x *look) fate(r *row) {
	e := r.rec.Data.(filesystem.Executed)
	if e.Fate != filesystem.FateDeleted.String() && e.Fate != filesystem.FateReused.String() {
		return
	}
	look := *x
	look.row = r
	p := look.probePath(e.Path)
	if known := x.programs[p.key]; known != nil {
		p = known
	}
	if p.place == nil || x.installer(p) {
		return // updates replace the files of installed programs
	}
	look.hit(subject{kind: kindProgram, key: p.key, show: e.Path}, Medium, "the very file that ran (record %s) is gone, %s", e.Reference,
		p.place)
}

// inProfileTemp reports whether a program is in the folder Temp of a user.
func inProfileTemp(p *program) bool {
	return strings.HasPrefix(p.key, `\users\`) && strings.Contains(p.key, `\appdata\local\temp\`)
}

var fromInternet = wholeRule(Rule{
	ID: "N-06", Title: "Program from the Internet ran", Level: Informational, Attack: []string{"T1204.002", "T1566"},
	Why:    "The file has a Mark of the Web, and the program ran. The mark names the address it came from.",
	Benign: "Ordinary downloads.",
	Next:   "Look up the address; find other machines that asked for it.",
	Needs:  []string{"zoneid"},
}, func(x *look) {
	idx := x.files()
	x.eachStory(func(x *look, t *story, p *program) {
		m, row := t.origin()
		if m == nil || m.Zone != "Internet" && m.Zone != "restricted" {
			return
		}
		if len(p.executed()) == 0 && len(x.runsOf(idx, p)) == 0 {
			return
		}
		level := Informational
		if p.place != nil && p.place.level >= Medium && !x.installer(p) {
			level = Medium
		}
		why := suspectHost(m.HostURL)
		if m.Zone == "restricted" {
			why = "a restricted site"
		}
		says := "came from the zone " + m.Zone
		if m.HostURL != "" {
			says = "came from " + clip(m.HostURL, 300)
		}
		if why != "" {
			level, says = High, says+": "+why
		}
		x.hit(x.subjectOf(t), level, "%s, and ran", says).from(row)
	})
}, fileArtifacts...)

// shareHosts are services on which anybody can put a file or a text.
var shareHosts = []string{
	"pastebin.com", "paste.ee", "hastebin.com", "ghostbin.com", "rentry.co", "transfer.sh", "file.io", "gofile.io", "anonfiles.com",
	"temp.sh", "catbox.moe", "mega.nz", "mediafire.com", "ufile.io", "wetransfer.com", "sendspace.com", "bashupload.com", "0x0.st",
	"cdn.discordapp.com", "api.telegram.org", "ngrok.io", "trycloudflare.com",
}

// suspectHost returns why an address is unusual for a program, or "".
func suspectHost(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ftp" {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if a, err := netip.ParseAddr(host); err == nil {
		if a.IsPrivate() || a.IsLoopback() {
			return ""
		}
		return "an address without a name"
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		return "an unusual port"
	}
	for _, s := range shareHosts {
		if host == s || strings.HasSuffix(host, "."+s) {
			return "a service for sharing files"
		}
	}
	return ""
}

var markRemoved = wholeRule(Rule{
	ID: "N-07", Title: "Mark of the Web removed", Level: Medium, Attack: []string{"T1553.005"},
	Why: "The program ran without a Mark of the Web, so that Windows did not warn of it: a stream of its file was removed before, or a browser loaded the file, " +
		"and it has no mark.",
	Benign: "\"Unblock\" in the file's properties; some archivers; policies and browsers that mark nothing.",
	Next:   "Find out who removed the mark and where the file came from.",
	Needs:  []string{"usnjrnl", "mft", "browserdownloads"},
}, func(x *look) {
	idx := x.files()
	x.eachStory(func(x *look, t *story, p *program) {
		for _, r := range t.changes {
			c := change(r)
			if !c.MarkLost || !filesystem.IsRunnable(c.Path) || x.installer(p) {
				continue
			}
			for _, l := range idx.launches(p) {
				if l.at.After(c.StreamTime) {
					x.hit(x.subjectOf(t), 0, "a stream was removed %s, the program ran %s", utcTime(c.StreamTime), utcTime(l.at)).from(r,
						l.row)
					return
				}
			}
		}
		x.unmarked(t, p, idx.launches(p))
	})
}, fileArtifacts...)

// unmarked judges a program that a browser loaded and that has no mark: it was removed,
// or a program that marks nothing put the file there.
func (x *look) unmarked(t *story, p *program, runs []launch) {
	if len(runs) == 0 || len(t.files) == 0 || len(t.marks) > 0 || !p.runnable() {
		return
	}
	for _, r := range p.rows {
		d, ok := r.rec.Data.(browser.Download)
		if !ok || d.Status != "complete" || !fromAbroad(d.URL) {
			continue
		}
		from, to := cmp.Or(d.Start, d.End), cmp.Or(d.End, d.Start)
		for _, fr := range t.files {
			f := file(fr)
			// The file that the browser wrote, and not one that replaced it.
			if f.Zone != "" || f.NameCreated.Before(from.Add(-time.Minute)) || f.NameCreated.After(to.Add(10*time.Minute)) {
				continue
			}
			for _, l := range runs {
				if l.at.After(f.NameCreated) {
					x.hit(x.subjectOf(t), 0, "%s loaded it from %s, it has no mark, the program ran %s", d.Browser, clip(d.URL, 300),
						utcTime(l.at)).from(r, fr, l.row)
					return
				}
			}
		}
	}
}

// fromAbroad reports whether browsers mark what comes from an address: not what comes
// from the own network.
func fromAbroad(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ftp" {
		return false
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
	}
	return strings.Contains(strings.Trim(u.Hostname(), "."), ".")
}

var becameProgram = wholeRule(Rule{
	ID: "N-03", Title: "File renamed to a program", Level: Medium, Attack: []string{"T1036.003", "T1036.008"},
	Why:    "A file that was no program by its name became one, or a program took the name of one of Windows: a way past filters and readers.",
	Benign: "Downloads that end, installers, updates.",
	Next:   "Look at where the file came from and at its content.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	x.eachStory(func(x *look, t *story, p *program) {
		for _, r := range t.changes {
			c := change(r)
			if c.Renamed.IsZero() || c.OldPath == "" || c.Directory {
				continue
			}
			was, is := winpath.Base(c.OldPath), winpath.Base(c.Path)
			if filesystem.ServicingName(was) || filesystem.ServicingName(is) {
				continue
			}
			level := x.renamed(p, was, is)
			if level > 0 {
				x.hit(x.subjectOf(t), level, "%s became %s %s", was, is, utcTime(c.Renamed)).from(r)
			}
		}
	})
}, fileArtifacts...)

// renamed weighs a rename, 0 for one that says nothing.
func (x *look) renamed(p *program, was, is string) Level {
	homes := x.t.binaries[strings.ToLower(is)]
	system := homes != nil && !strings.EqualFold(was, is) && !anyGlob(homes, p.parts[:len(p.parts)-1]) && !x.storeFolder(p)
	switch {
	case system && !x.installer(p) && p.place != nil:
		return High
	case !filesystem.BecameProgram(was, is):
		return 0
	case filesystem.FinishedDownload(was, is):
		return Informational
	case p.place != nil && p.place.level >= Medium && !x.installer(p):
		return Medium
	}
	return 0
}

var deceptiveFile = wholeRule(Rule{
	ID: "N-04", Title: "File with a deceptive name", Level: Medium, Attack: []string{"T1036.002", "T1036.005", "T1036.007"},
	Why:    "The name hides what the file is: a second extension, reversed letters, blanks, or letters of another script.",
	Benign: "Names typed with a blank by mistake.",
	Next:   "Look at the raw name and at where the file came from.",
	Needs:  []string{"mft", "usnjrnl"},
}, func(x *look) {
	system := func(name string) bool { return x.t.binaries[name] != nil }
	x.eachStory(func(x *look, t *story, p *program) {
		rows := slices.Concat(t.files, t.changes)
		if len(rows) == 0 || slices.Contains([]string{".lnk", ".url", ".job"}, strings.ToLower(path.Ext(t.path))) {
			return
		}
		d := filesystem.Deceptive(t.path, system)
		if d == filesystem.NoDeceit {
			return
		}
		level := Medium
		if len(p.executed()) > 0 {
			level = High
		}
		x.hit(x.subjectOf(t), level, "%q: %s", winpath.Base(t.path), string(d)).from(rows[0])
	})
}, fileArtifacts...)
