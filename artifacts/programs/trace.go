package programs

import (
	"cmp"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// trace reads a record that is not one of an event log.
func (b *Builder) trace(rec *artifacts.Record) {
	switch d := rec.Data.(type) {
	case execution.Prefetch:
		b.prefetch(rec, &d)
	case execution.AmcacheFile:
		b.amcache(rec, &d)
	case execution.LayoutFile:
		return // every file that any program touched
	case execution.Bam, execution.UserAssist, execution.Pca, execution.RecentApp, activity.Activity:
		b.use(rec)
	case execution.Recycled:
		if p := b.sight(d.Path, rec); p != nil {
			add(&p.p.Ends, End{"recycled", d.Deleted, cmp.Or(rec.User.Name, rec.User.SID), b.ref(rec)})
		}
	case communication.SRUMNetwork:
		if p := b.sight(rec.Program(), rec); p != nil {
			p.traffic(Traffic{Kind: "bytes", Time: d.Time, Sent: d.Sent, Received: d.Received, SID: d.SID, Ref: b.ref(rec)})
		} else {
			b.bareSRUM(rec, d.Linked, Traffic{Kind: "bytes", Time: d.Time, Sent: d.Sent, Received: d.Received, SID: d.SID, Ref: b.ref(rec)})
		}
	case execution.SRUMApp:
		if p := b.sight(rec.Program(), rec); p != nil {
			p.traffic(Traffic{Kind: "ran in the hour", Time: d.Time, SID: d.SID, Ref: b.ref(rec)})
		} else {
			b.bareSRUM(rec, d.Linked, Traffic{Kind: "ran in the hour", Time: d.Time, SID: d.SID, Ref: b.ref(rec)})
		}
	case communication.BITSJob:
		for _, f := range d.Files {
			if p := b.sight(f.Local, rec); p != nil {
				add(&p.p.Arrived, Arrival{Kind: "bits", From: b.intern(f.URL), Certainty: Recorded, Ref: b.ref(rec)})
			}
		}
	case browser.Download:
		if p := b.sight(d.Path, rec); p != nil {
			add(&p.p.Arrived, Arrival{Kind: "download", Time: cmpTime(d.End, d.Start), From: b.intern(d.URL), Certainty: Recorded,
				Ref: b.ref(rec)})
			b.keep(rec)
		}
	case filesystem.Mark, filesystem.File, filesystem.Change, filesystem.Executed, filesystem.Referenced,
		filesystem.IndexName, filesystem.LogItem:
		b.files(rec)
	case system.DefenderDetection:
		b.detection(rec, d.Path, d.Threat, "", d.First)
	case system.DefenderLogEntry:
		b.scannerLog(rec, &d)
	case execution.Wer:
		if p := b.sight(d.AppPath, rec); p != nil && d.SHA1 != "" {
			p.file(File{SHA1: strings.ToLower(d.SHA1), From: []Ref{b.ref(rec)}})
		}
	default:
		b.other(rec)
	}
}

// other reads a record of a kind that says no more than which program it is
// about, or what makes one start.
func (b *Builder) other(rec *artifacts.Record) {
	if a, ok := rec.Data.(persistence.Autostarter); ok {
		b.autostart(rec, a.Autostart())
		return
	}
	b.sight(rec.Program(), rec)
}

func cmpTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// maxTraffic is how many entries of traffic are kept of all programs, some 150 bytes
// each.
const maxTraffic = 1 << 17

func (p *prog) traffic(t Traffic) {
	if len(p.p.Traffic) >= 4*keepLast || p.budget.traffic >= maxTraffic {
		p.p.Counts.TrafficDropped++
		return
	}
	p.budget.traffic++
	p.p.Traffic = append(p.p.Traffic, t)
}

// maxLoads is how many loaded files of one program are kept.
const maxLoads = 256

func (b *Builder) prefetch(rec *artifacts.Record, d *execution.Prefetch) {
	if d.Scenario {
		return // of the boot or an operation, not of a program
	}
	b.systemVolume(d)
	b.version = max(b.version, d.Version)
	p := b.sight(rec.Program(), rec)
	if p == nil {
		return
	}
	name := strings.ToLower(rec.From.Path)
	if p.counted == nil {
		p.counted = map[string]uint32{}
	}
	if rec.From.State == artifacts.Live && len(p.counted) < maxList {
		p.counted[name] = max(p.counted[name], d.RunCount)
	}
	for _, t := range d.LastRuns {
		p.start(srcPrefetch, rawStart{time: t, command: d.CommandLine, ref: b.ref(rec)})
	}
	if d.HashStatus == "mismatch" {
		p.fact("prefetch_path", "not verified by the hash of "+winpath.Base(rec.From.Path), Inferred, b.ref(rec))
	}
	volume := ""
	for _, f := range d.Files {
		if volume == "" || !strings.HasPrefix(f, volume) || len(f) == len(volume) || f[len(volume)] != '\\' {
			volume = winpath.Volume(f) // that of most files is that of the one before
		}
		if ofWindows(f, volume) {
			continue
		}
		key := b.paths.Key(f, rec.User)
		if isExecutable(key) && key != p.key && !belowSystem(key) && len(p.p.Loads) < maxLoads {
			p.p.Loads = append(p.p.Loads, b.intern(key))
		}
	}
	if !belowSystem(p.key) {
		r := *rec
		d.Files, d.Volumes = nil, nil
		r.Data = *d
		b.keep(&r)
	}
}

// ofWindows reports whether a path of a list of files lies below Windows or Program
// Files on its volume, as nearly all do: they need no key.
func ofWindows(path, v string) bool {
	if len(v) > len(path) {
		return false
	}
	rest := path[len(v):]
	for _, dir := range []string{`\WINDOWS\`, `\PROGRAM FILES\`, `\PROGRAM FILES (X86)\`} {
		if len(rest) > len(dir) && strings.EqualFold(rest[:len(dir)], dir) {
			return true
		}
	}
	return false
}

// ntdll is what every program loads first, from the volume of Windows.
const ntdll = `\WINDOWS\SYSTEM32\NTDLL.DLL`

// systemVolume notes the volume of Windows.
func (b *Builder) systemVolume(d *execution.Prefetch) {
	for _, f := range d.Files {
		if len(f) < len(ntdll) || !strings.EqualFold(f[len(f)-len(ntdll):], ntdll) {
			continue
		}
		if v := winpath.Volume(f); len(f)-len(v) == len(ntdll) {
			v = strings.ToUpper(v)
			if b.system[v] == nil && len(b.system) < 1024 {
				b.system[v] = map[string]bool{}
			}
			for i := 0; b.system[v] != nil && i < systemFiles; i++ {
				b.system[v]["ntdll.dll"+string(rune('0'+i))] = true
			}
			return
		}
	}
}

func (b *Builder) amcache(rec *artifacts.Record, d *execution.AmcacheFile) {
	p := b.sight(d.Path, rec)
	if p == nil {
		return
	}
	ref := b.ref(rec)
	p.fact("original_name", d.OriginalName, Recorded, ref)
	p.fact("product", d.Product, Recorded, ref)
	p.fact("company", d.Company, Recorded, ref)
	p.fact("version", d.Version, Recorded, ref)
	p.fact("description", d.Description, Recorded, ref)
	p.fact("link_time", d.Linked, Recorded, ref)
	p.fact("package", d.Package, Recorded, ref)
	f := File{SHA1: strings.ToLower(b.intern(d.SHA1)), Size: d.Size, SHA1Part: d.SHA1Partial, Created: d.Created, From: []Ref{ref}}
	if d.MFTEntry != 0 {
		f.Reference = reference(d.MFTEntry, d.MFTSequence)
	}
	p.file(f)
	if !d.Written.IsZero() && d.Generation != "" {
		add(&p.p.Arrived, Arrival{Kind: "inventory", Time: d.Written, Certainty: Inferred, Ref: ref})
	}
	if !belowSystem(p.key) || d.OriginalName != "" && !strings.EqualFold(d.OriginalName, winpath.Base(d.Path)) {
		b.keep(rec)
	}
}

// use reads what belongs to one account and dates the last start.
func (b *Builder) use(rec *artifacts.Record) {
	var src source
	var at, end time.Time
	switch d := rec.Data.(type) {
	case execution.Bam:
		src, at = srcBAM, d.LastRun
	case execution.UserAssist:
		if d.Seeded {
			return // came with the profile
		}
		src, at = srcUserAssist, d.LastRun
		if d.Proof() != artifacts.Executed {
			at = time.Time{}
		}
	case execution.Pca:
		src, at = srcPCA, d.Time
		if !d.Launch {
			at = time.Time{}
		}
	case execution.RecentApp:
		src, at = srcRecentApps, d.LastRun
	case activity.Activity:
		src, at, end = srcTimeline, d.Start, d.End
	}
	path := rec.Program()
	if a, ok := rec.Data.(activity.Activity); ok && path == "" {
		path = a.App
	}
	p := b.sight(path, rec)
	if p == nil || at.IsZero() {
		return
	}
	s := rawStart{time: at, end: end, ref: b.ref(rec)}
	if rec.User.SID != "" || rec.User.Name != "" {
		s.account = Attribution{SID: rec.User.SID, Name: rec.User.Name, Certainty: Proved, Why: "the record is kept for this account"}
	}
	p.start(src, s)
	if !belowSystem(p.key) {
		b.keep(rec)
	}
}

func (b *Builder) autostart(rec *artifacts.Record, e persistence.Entry) {
	a := Autostart{Mechanism: e.Mechanism, Command: clip(e.Command, maxCommand), Written: e.Written, Ref: b.ref(rec)}
	loose := e.Image
	switch d := rec.Data.(type) {
	case persistence.Task:
		a.Name, a.Author, a.Claimed = d.TaskPath, d.Author, d.Date
		for _, p := range d.Principals {
			a.Account = cmp.Or(a.Account, p.User)
		}
	case persistence.Service:
		a.Name, a.Account = d.Name, d.Account
		if d.ServiceDLL != "" {
			loose = cmp.Or(e.Payload, d.ServiceDLL)
		}
	default:
		a.Name = cmp.Or(rec.From.Value, winpath.Base(rec.From.Key))
	}
	if loose != "" && !strings.ContainsAny(loose, `\/`) && len(b.bare) < maxActs {
		b.bare = append(b.bare, bareName{strings.ToLower(loose), a})
		b.keep(rec)
	}
	seen := map[*prog]bool{}
	for _, path := range []string{loose, e.Payload, rec.Program()} {
		p := b.at(path, rec.User)
		if p == nil || seen[p] {
			continue // the record names a program by several fields, and counts once
		}
		seen[p] = true
		b.mark(p, rec)
		add(&p.p.Autostarts, a)
		if !belowSystem(p.key) || hosts[winpath.Base(p.key)] {
			b.keep(rec)
		}
	}
}

// detection notes what a scanner reported.
func (b *Builder) detection(rec *artifacts.Record, path, threat, action string, at time.Time) {
	if p := b.sight(path, rec); p != nil {
		add(&p.p.Verdicts, Verdict{Product: "Defender", Name: threat, Action: action, Time: at, Ref: b.ref(rec)})
		b.keep(rec)
	}
}

func (b *Builder) scannerLog(rec *artifacts.Record, d *system.DefenderLogEntry) {
	ref := b.ref(rec)
	if d.Kind == "engine" || d.Kind == "behaviour" {
		b.sight(d.Path, rec) // what the engine thought on its way is no verdict
		return
	}
	if d.Threat != "" {
		b.detection(rec, d.Path, d.Threat, d.Action, d.Time)
		return
	}
	p := b.sight(d.Path, rec)
	if p == nil {
		return
	}
	p.fact("original_name", d.Original, Recorded, ref)
	if d.SHA256 != "" {
		p.file(File{SHA256: strings.ToLower(d.SHA256), From: []Ref{ref}})
	}
	if !d.Started.IsZero() {
		p.start(srcDefender, rawStart{time: d.Started, pid: uint32(d.PID), ref: ref})
	}
}

// files reads a record of the file system. It makes a program only of an
// executable outside the folders of Windows, and adds to those that are known.
func (b *Builder) files(rec *artifacts.Record) {
	ref := b.ref(rec)
	switch d := rec.Data.(type) {
	case filesystem.Mark:
		if p := b.fromDisk(d.Path, rec); p != nil {
			add(&p.p.Arrived, Arrival{Kind: "marked", Time: d.Appeared, From: b.intern(cmp.Or(d.HostURL, d.Referrer)), Zone: d.Zone,
				Certainty: Recorded, Ref: ref})
			b.keep(rec)
		}
	case filesystem.File:
		b.shortNames(rec, &d)
		if d.Directory {
			return
		}
		if b.quietly(rec, &d) {
			return
		}
		if p := b.fromDisk(d.Path, rec); p != nil {
			p.onDisk(File{Reference: d.Reference, Size: d.Size, Created: cmpTime(d.NameCreated, d.Created), From: []Ref{ref}, born: d.NameCreated},
				!d.Exists, ref)
		}
	case filesystem.Change:
		b.journal(rec, &d)
	case filesystem.Referenced:
		if d.Directory || d.Fate == "exists" && d.Change != "" {
			return // the program of another path
		}
		if p := b.fromDisk(d.Path, rec); p != nil {
			p.file(File{Reference: d.Reference, From: []Ref{ref}})
			if d.Fate != "exists" && !belowSystem(p.key) {
				add(&p.p.Ends, End{Kind: d.Fate, Ref: ref})
			}
		}
	case filesystem.Executed:
		if p := b.sight(d.Path, rec); p != nil {
			p.file(File{Reference: d.Reference, From: []Ref{ref}})
			if d.Fate == "deleted" || d.Fate == "record reused" {
				add(&p.p.Ends, End{Kind: d.Fate, Ref: ref})
			}
		}
	}
}

// fromDisk is sight for records of the file system.
func (b *Builder) fromDisk(path string, rec *artifacts.Record) *prog {
	if !strings.Contains(path, `\`) {
		return nil
	}
	key := b.paths.Key(path, rec.User)
	known := b.programs[progKey{"", key}]
	if known == nil {
		if belowSystem(key) || !isExecutable(key) {
			return nil
		}
		if b.unknown >= maxUnknown {
			b.dropped++
			return nil
		}
		b.unknown++
	}
	marked := known != nil && known.marked
	p := b.sight(path, rec)
	if p != nil {
		p.marked = marked
	}
	return p
}

func (b *Builder) journal(rec *artifacts.Record, d *filesystem.Change) {
	ref := b.ref(rec)
	if d.Executable != "" && !d.NotBefore.IsZero() {
		b.journalStart(rec, d)
	}
	if d.Path == "" || d.Directory {
		return
	}
	if d.OldPath != "" && (isExecutable(b.paths.Key(d.Path, rec.User)) || isExecutable(b.paths.Key(d.OldPath, rec.User))) {
		if from, to := b.paths.Key(d.OldPath, rec.User), b.paths.Key(d.Path, rec.User); from != to && len(b.renames) < maxActs {
			b.renames = append(b.renames, rename{from, to, d.Renamed, ref})
		}
	}
	if name := strings.ToLower(winpath.Base(d.Path)); !d.Deleted.IsZero() && strings.HasSuffix(name, ".pf") &&
		strings.HasSuffix(b.paths.Key(winpath.Dir(d.Path), rec.User), `\prefetch`) && len(b.acts) < maxActs {
		b.acts = append(b.acts, &Act{Kind: "prefetch deleted", Time: d.Deleted, Subject: name, Ref: ref})
		b.keep(rec)
		return
	}
	p := b.fromDisk(d.Path, rec)
	if p == nil {
		return
	}
	if !d.Created.IsZero() {
		add(&p.p.Arrived, Arrival{Kind: "created", Time: d.Created, Certainty: Proved, Ref: ref})
		p.file(File{Reference: d.Reference, Created: d.Created, Deleted: d.Deleted, From: []Ref{ref}, born: d.Created})
	}
	if !d.Deleted.IsZero() {
		add(&p.p.Ends, End{Kind: "deleted", Time: d.Deleted, Ref: ref})
		p.file(File{Reference: d.Reference, Deleted: d.Deleted, From: []Ref{ref}})
	}
	if !belowSystem(p.key) && (!d.Created.IsZero() || !d.Deleted.IsZero()) {
		b.keep(rec)
	}
}

// journalStart notes a start that a write of a Prefetch file shows. Its name has
// no folder: it belongs to the program with that name and hash, which is known
// when everything was read.
func (b *Builder) journalStart(rec *artifacts.Record, d *filesystem.Change) {
	if len(b.acts) < maxActs {
		b.acts = append(b.acts, &Act{Kind: "journal start", Time: d.Last,
			Subject: strings.ToLower(d.Executable) + "-" + strings.ToLower(d.Hash),
			Ref:     b.ref(rec)})
	}
}

// clip shortens a text at a character's end.
func clip(s string, n int) string {
	if len(s) <= n {
		return strings.Clone(s)
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
