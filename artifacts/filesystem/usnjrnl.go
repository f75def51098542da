package filesystem

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// The kinds of [Change].
const (
	KindSession = "session"     // what happened to a file from its opening to its last close
	KindStart   = "start"       // a Prefetch file was written
	KindBurst   = "burst"       // many sessions of one kind in one folder
	KindMass    = "mass change" // many files got one extension, or one name appeared in many folders
	KindWiped   = "wiped"       // renamed again and again, then deleted
	KindClock   = "clock"       // the clock was set back
	KindJournal = "journal"     // the journal as a whole
)

// Change is what the change journal records of a file, or of many.
type Change struct {
	artifacts.Origin
	Kind      string    `json:"kind"`
	Path      string    `json:"file_path,omitempty"`
	PathState string    `json:"path_state,omitempty"`
	OldPath   string    `json:"old_path,omitempty"`
	Reference string    `json:"file_reference,omitempty"`
	Parent    string    `json:"parent_reference,omitempty"`
	Reasons   string    `json:"reasons,omitempty"`
	USN       uint64    `json:"usn"`
	LastUSN   uint64    `json:"last_usn,omitempty"`
	Directory bool      `json:"directory,omitempty"`
	First     time.Time `json:"first,omitzero"`
	Last      time.Time `json:"last,omitzero"`
	Created   time.Time `json:"created,omitzero"`
	Deleted   time.Time `json:"deleted,omitzero"`
	Renamed   time.Time `json:"renamed,omitzero"`
	TimesSet  time.Time `json:"times_set,omitzero"`

	// Of a program that says that it was created before the journal recorded its
	// creation: the time of that record, and what the file says now.
	CreatedFrom time.Time `json:"created_from,omitzero"`
	CreatedTo   time.Time `json:"created_to,omitzero"`

	StreamTime time.Time `json:"stream_changed,omitzero"`
	MarkLost   bool      `json:"mark_removed,omitempty"` // a stream went, and the file has no Mark of the Web
	OddTimes   bool      `json:"times_odd,omitempty"`    // the program's times are old and whole seconds, and were set here
	Responder  bool      `json:"responder,omitempty"`    // after a program to collect evidence came
	Setup      bool      `json:"during_setup,omitempty"` // created while an installation named programs
	Shown      string    `json:"shown_because,omitempty"`

	// Of a start.
	Executable string    `json:"executable,omitempty"`
	Hash       string    `json:"prefetch_hash,omitempty"`
	NotBefore  time.Time `json:"started_not_before,omitzero"`

	// Of many files.
	Action     string `json:"action,omitempty"`
	Files      int    `json:"files,omitempty"`
	Folders    int    `json:"folders,omitempty"`
	Extension  string `json:"extension,omitempty"`
	Extensions int    `json:"extensions,omitempty"`
	Renames    int    `json:"renames,omitempty"`

	// Of a clock that was set back.
	ClockFrom time.Time `json:"clock_from,omitzero"`
	ClockTo   time.Time `json:"clock_to,omitzero"`

	// Of the journal.
	Records     int64     `json:"records,omitempty"`
	Cuts        int       `json:"cuts,omitempty"`
	JournalMade time.Time `json:"journal_created,omitzero"`
	VolumeMade  time.Time `json:"volume_created,omitzero"`
	Recreated   bool      `json:"recreated,omitempty"`

	full   bool
	aside  bool
	marked bool // the file has a Mark of the Web
	oneOf  int  // changes that set times, the last of which has CreatedTo
}

var usnjrnl = artifacts.Define(artifacts.Artifact{
	Name:     "usnjrnl",
	Title:    "Change journal",
	DataType: "fs:ntfs:usn_change",
	About: `The change journal of an NTFS volume ($UsnJrnl:$J), folded into sessions: from the first change of a file after it was opened
to its last close. Proves that the file was created, renamed, written or deleted at this time: the kernel writes the journal, and programs
cannot change its records. It does not record who made the change, nor what was written. It reaches back hours to weeks and begins where
older records were given back. Each path is that of the moment, found by reading the journal backwards from $MFT. A write of a Prefetch
file shows that its program started at most 10.6 seconds before, also for starts that the file no longer has room for, and for files
deleted since. By default only the sessions of programs, scripts and archives outside the folders of Windows and of files in hot places are
shown, and more than 100 changes of a folder in a minute are one row: -a usnjrnl shows all.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070.004", "T1070.006", "T1486", "T1036.003"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/api/winioctl/ns-winioctl-usn_record_v2",
		"https://flatcap.github.io/linux-ntfs/ntfs/files/usnjrnl.html",
	},
	Sources: signedJournal(),
	Beside:  maxPatterns,
	First:   func(in artifacts.Input) { viewBeside(in).survey(in, in.File) },
}, decodeJournal)

func signedJournal() []artifacts.Source {
	list := randomSources(journalPatterns)
	list[0].Signature = collect.JournalFile
	return list
}

// A journalReader turns one journal into records.
type journalReader struct {
	in       artifacts.Input
	v        *view // nil without $MFT
	drive    string
	j        *ntfs.Journal
	rewind   *ntfs.Rewind
	files    namedFiles
	upcase   *ntfs.UpCase
	wiped    *WipeCheck
	mass     *MassCheck
	began    uint64 // FILETIME at which the responder began; 0 for none
	bursts   *burstFolder
	yield    func(Change) bool
	base     int64 // USN of offset 0
	left     int
	buf      []byte
	now, was placed // of the session

	journalSurvey
}

func decodeJournal(in artifacts.Input, yield func(Change) bool) error {
	x := &journalReader{
		in: in, v: viewBeside(in), drive: drive(in.From.Path), j: ntfs.NewJournal(in.Random, in.Size),
		wiped: NewWipeCheck(), mass: NewMassCheck(), yield: yield,
	}
	x.bursts = newBurstFolder(func(c Change) bool { return yield(c) })
	x.bursts.all = in.All
	var table *ntfs.Table
	if x.v != nil {
		table, x.drive = x.v.table, x.v.drive
	} else {
		in.Remark("there is no $MFT beside it: paths are incomplete")
	}
	if x.v != nil {
		x.upcase = x.v.upcase
	}
	x.files = newNamedFiles(in, x.upcase)
	first := x.v.survey(in, in.File)
	if first.err != nil {
		return first.err
	}
	x.journalSurvey = *first
	x.base, x.began = x.stats.Base, x.responder()
	x.judgeMoved()
	var err error
	if x.rewind, err = ntfs.NewRewind(table, x.j); err != nil {
		return err
	}
	more, err := x.sessions()
	if !more {
		return err
	}
	x.remarkGaps()
	if more = x.bursts.flush() && x.wholes() && x.clocks() && yield(x.summary()); !more {
		return err
	}
	if x.left > 0 && !in.Full {
		in.Remark(fmt.Sprintf("%d sessions of the journal are not shown: -a usnjrnl shows all", x.left))
	}
	if s := x.j.Stats; s.Skipped > 0 {
		err = errors.Join(err, in.Errorf(in.AtOffset(0), "%d bytes are not part of a record", s.Skipped))
	}
	return err
}

// remarkGaps says when a part of the journal is missing.
func (x *journalReader) remarkGaps() {
	if n := x.rewind.Gaps + x.rewind.Mismatches; n > 0 && x.v != nil {
		x.in.Remark(fmt.Sprintf("the change journal has a gap: %d times a folder has another name than the records before it or $MFT give", n))
	}
}

func (x *journalReader) sessions() (more bool, err error) {
	changes := func(yield func(*ntfs.Change, error) bool) {
		for c, err := range x.rewind.Changes(x.j) {
			if err == nil {
				x.wiped.Add(c)
			}
			if !yield(c, err) {
				return
			}
		}
	}
	for s, err := range ntfs.Sessions(changes) {
		if err != nil {
			return true, err
		}
		x.mass.Add(s)
		if !x.session(s) {
			return false, nil
		}
	}
	return true, nil
}

// folder returns the path of a folder at the moment of the journal.
func (x *journalReader) folder(ref ntfs.Reference) (string, ntfs.PathState) {
	var state ntfs.PathState
	x.buf, state = x.rewind.AppendFolder(x.buf[:0], ref)
	return string(x.buf), state
}

func under(folder, name string) string {
	return strings.TrimSuffix(folder, `\`) + `\` + name
}

// A placed path is that of a file at the moment of the journal, also folded. It is
// valid until the next one.
type placed struct {
	path, folded []byte
	folder       int // length of what is the folder's in folded
	state        ntfs.PathState
}

// place finds the path of a name in a folder.
func (x *journalReader) place(p *placed, folder ntfs.Reference, name string) {
	p.path, p.state = x.rewind.AppendFolder(p.path[:0], folder)
	if n := len(p.path); n > 0 && p.path[n-1] == '\\' {
		p.path = p.path[:n-1]
	}
	p.folded = x.upcase.AppendFoldBytes(p.folded[:0], p.path)
	p.folder = len(p.folded)
	n := len(p.path)
	p.path = append(append(p.path, '\\'), name...)
	p.folded = x.upcase.AppendFoldBytes(p.folded, p.path[n:])
}

// session yields the records of a session.
func (x *journalReader) session(s *ntfs.Session) bool {
	if s.Name == "" {
		return true // ranges without their record
	}
	x.place(&x.now, s.Parent, s.Name)
	if folder := string(x.now.folded[:x.now.folder]); folder == `\windows\prefetch` || folder == `\winnt\prefetch` {
		if start, ok := PrefetchStart(s, s.Parent); ok && !x.yield(x.started(s, start, string(x.now.path), x.now.state)) {
			return false
		}
	}
	var old *placed
	if s.OldName != "" {
		old = &x.was
		x.place(old, s.OldParent, s.OldName)
	}
	why := x.choose(s, &x.now, old)
	if why == NotSelected && !x.in.Full && !x.in.All {
		x.left++
		return true
	}
	c := x.change(KindSession, s, string(x.now.path), x.now.state)
	c.Shown = string(why)
	if old != nil {
		c.OldPath = x.drive + string(old.path)
	}
	if c.aside = why == NotSelected && !x.in.Full; c.aside || x.in.Full || why == Watched {
		return x.yield(c)
	}
	return x.bursts.add(c)
}

// Watched is the reason of logs, hives and Prefetch files that were deleted,
// renamed or cut.
const Watched Reason = "log, hive or Prefetch file that was deleted, renamed or cut"

// choose returns why a session is shown. old is the path before a rename, or nil.
func (x *journalReader) choose(s *ntfs.Session, now, old *placed) Reason {
	const (
		happened = ntfs.ReasonCreate | ntfs.ReasonDelete | ntfs.ReasonRenameNew | ntfs.ReasonStream
		written  = ntfs.ReasonOverwrite | ntfs.ReasonExtend | ntfs.ReasonTruncate
	)
	if s.Attributes&0x10 != 0 {
		return NotSelected
	}
	lower := now.folded
	watched := isWatched(lower) || old != nil && isWatched(old.folded)
	if watched && s.Reasons&(ntfs.ReasonDelete|ntfs.ReasonRenameNew|ntfs.ReasonTruncate) != 0 {
		if s.Reasons&(ntfs.ReasonDelete|ntfs.ReasonRenameNew) != 0 || !hasSuffix(lower, ".pf") {
			return Watched
		}
	}
	_, set := TimesSet(s)
	elsewhere := x.files.is(lower, nil) || old != nil && x.files.is(old.folded, nil)
	if set = set && isProgram(now.path); s.Reasons&happened == 0 && !set && !(elsewhere && s.Reasons&written != 0) {
		return NotSelected
	}
	if ServicingName(s.Name) || old != nil && ServicingName(s.OldName) {
		return NotSelected
	}
	if x.oddTimes(s) {
		return ForgedTimes
	}
	marked := x.v != nil && x.v.marked[s.File]
	why := x.named.choose(kindOf(now.path), lower, s.First, marked)
	if why == NotSelected && old != nil {
		why = x.named.choose(kindOf(old.path), old.folded, s.First, marked)
	}
	if set && isInstalled(lower) && !x.inDoubt(s.File) {
		return NotSelected // installers and updates set times
	}
	if why == HotPlace && hasSuffix(lower, ".pf") {
		return NotSelected // its writes are starts
	}
	if why == NotSelected && elsewhere {
		return NamedElsewhere
	}
	return why
}

func (x *journalReader) inDoubt(ref ntfs.Reference) bool {
	return x.v != nil && (x.v.forged[ref] != nil || x.v.odd[ref] != 0)
}

// oddTimes reports whether a session shows that the odd times of a program were set:
// it did nothing else, or made the file later than the file says.
func (x *journalReader) oddTimes(s *ntfs.Session) bool {
	if x.v == nil || x.v.odd[s.File] == 0 {
		return false
	}
	_, set := TimesSet(s)
	return set || BornBefore(x.v.odd[s.File], s)
}

// isWatched reports whether the end of a file is an act of its own: of logs,
// hives, Prefetch files.
func isWatched(lower []byte) bool {
	switch {
	case hasPrefix(lower, `\windows\system32\winevt\logs\`):
		return hasSuffix(lower, ".evtx")
	case hasPrefix(lower, `\windows\system32\config\`):
		base := string(lower[len(`\windows\system32\config\`):])
		return base == "sam" || base == "security" || base == "system" || base == "software" || hasSuffix(base, ".evt")
	case hasPrefix(lower, `\windows\prefetch\`):
		return hasSuffix(lower, ".pf")
	}
	return hasPrefix(lower, `\users\`) && hasSuffix(lower, `\ntuser.dat`) && bytes.Count(lower, separator) == 3
}

func (x *journalReader) change(kind string, s *ntfs.Session, path string, state ntfs.PathState) Change {
	c := Change{
		Origin: x.in.AtOffset(int64(s.FirstUSN) - x.base), Kind: kind, Path: x.drive + path, PathState: state.String(),
		Reference: s.File.String(), Parent: s.Parent.String(), Reasons: s.Reasons.String(), USN: s.FirstUSN, LastUSN: s.LastUSN,
		Directory: s.Attributes&0x10 != 0, First: wire.Time(s.First), Last: wire.Time(s.Last), Created: wire.Time(s.Created),
		Deleted: wire.Time(s.Deleted), Renamed: wire.Time(s.Renamed), StreamTime: wire.Time(s.Stream), full: x.in.Full,
	}
	if at, ok := TimesSet(s); ok {
		c.TimesSet = wire.Time(at)
	}
	c.move(&x.moved, s)
	c.OddTimes = x.oddTimes(s)
	c.Responder = x.began != 0 && s.First >= x.began
	c.Setup = (s.Created != 0 || s.Renamed != 0) && x.named.duringSetup(s.First)
	if x.v != nil && s.Stream != 0 {
		c.marked = x.v.marked[s.File]
		c.MarkLost = MarkRemoved(s, c.marked)
	}
	return c
}

func (x *journalReader) started(s *ntfs.Session, start Start, path string, state ntfs.PathState) Change {
	c := x.change(KindStart, s, path, state)
	c.Executable, c.Hash, c.NotBefore = start.Program, start.Hash, wire.Time(start.NotBefore)
	return c
}

// wholes yields what only the whole journal shows.
func (x *journalReader) wholes() bool {
	for _, m := range x.mass.Found() {
		c := Change{
			Origin: x.in.AtOffset(0), Kind: KindMass, Files: m.Files, Extension: m.Extension, Extensions: m.Extensions, Folders: m.Folders,
			First: wire.Time(m.First), Last: wire.Time(m.Last), Action: "renamed",
		}
		if m.Note != "" {
			c.Action, c.Path = "created", m.Note
		}
		if !x.yield(c) {
			return false
		}
	}
	for _, w := range x.wiped.Found() {
		folder, state := x.folder(w.Parent)
		c := Change{
			Origin: x.in.AtOffset(0), Kind: KindWiped, Path: x.drive + under(folder, w.Name), PathState: state.String(),
			Reference: w.File.String(),
			Parent:    w.Parent.String(), Renames: w.Renames, Deleted: wire.Time(w.At),
		}
		if !x.yield(c) {
			return false
		}
	}
	return true
}

// summary describes the journal as a whole.
func (x *journalReader) summary() Change {
	s := x.j.Stats
	c := Change{
		Origin: x.in.AtOffset(0), Kind: KindJournal, USN: x.minUSN, LastUSN: x.maxUSN, First: wire.Time(x.first), Last: wire.Time(x.last),
		Records: s.Records, Cuts: s.Cuts,
	}
	var info ntfs.JournalInfo
	if f := beside(x.in, maxPatterns); f != nil {
		if b, err := f.Bytes(); err == nil {
			info, _ = ntfs.ParseJournalInfo(b)
		}
	}
	c.JournalMade = wire.Time(info.ID)
	if x.v != nil {
		c.VolumeMade = wire.Time(x.v.made)
		c.Recreated = JournalRecreated(info, x.v.made)
	}
	return c
}

// Aside reports whether the change is not shown by default.
func (c Change) Aside() bool { return c.aside }

// Identity is the kind, the place in the journal and what was changed.
func (c Change) Identity() string {
	return fmt.Sprintf("%s %d %d %s %s %s", c.Kind, c.USN, c.LastUSN, c.Reference, c.Path, c.Extension)
}
