package filesystem

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// File is one file record of $MFT: a file or a folder that exists or existed.
type File struct {
	artifacts.Origin
	Path      string   `json:"file_path"`
	PathState string   `json:"path_state"`
	Links     []string `json:"other_paths,omitempty"` // further names of the file
	Reference string   `json:"file_reference"`
	Exists    bool     `json:"exists"`
	Directory bool     `json:"directory,omitempty"`
	Size      uint64   `json:"size,omitempty"`

	// The times of $STANDARD_INFORMATION, which any program can set, and of
	// $FILE_NAME, which Windows sets when the name is made.
	Created      time.Time `json:"created,omitzero"`
	Modified     time.Time `json:"modified,omitzero"`
	Changed      time.Time `json:"record_changed,omitzero"`
	Accessed     time.Time `json:"accessed,omitzero"`
	NameCreated  time.Time `json:"name_created,omitzero"`
	NameModified time.Time `json:"name_modified,omitzero"`
	NameChanged  time.Time `json:"name_changed,omitzero"`
	NameAccessed time.Time `json:"name_accessed,omitzero"`

	// Of a file that does not exist: when it was deleted, by the change journal, or the
	// times between which it was.
	Deleted       time.Time `json:"deleted,omitzero"`
	DeletedAfter  time.Time `json:"deleted_not_before,omitzero"`
	DeletedBefore time.Time `json:"deleted_not_after,omitzero"`

	Attributes uint32    `json:"attributes,omitempty"`
	LSN        uint64    `json:"lsn,omitempty"`
	USN        uint64    `json:"usn,omitempty"`
	Streams    []string  `json:"streams,omitempty"`
	Hidden     string    `json:"hidden_stream,omitempty"` // a stream that holds a program or a script
	OddStream  string    `json:"odd_stream,omitempty"`    // a named stream on a folder or on a file of System32
	Zone       string    `json:"zone,omitempty"`
	HostURL    string    `json:"host_url,omitempty"`
	Referrer   string    `json:"referrer_url,omitempty"`
	Reparse    string    `json:"reparse,omitempty"`
	Content    string    `json:"content,omitempty" extra:"-"` // of a small script or shortcut
	Slack      []string  `json:"slack_names,omitempty"`       // names that the record had before
	Prefetch   string    `json:"prefetch,omitempty"`          // the Prefetch file that names it as its program
	Forged     *Doubt    `json:"times_in_doubt,omitempty" extra:"-"`
	Shown      string    `json:"shown_because,omitempty"`
	Responder  bool      `json:"responder,omitempty"`            // named after a program to collect evidence came
	ObjectTime time.Time `json:"object_id_time,omitzero"`        // of a version 1 identifier: when a machine made it
	ObjectNode string    `json:"object_id_address,omitempty"`    // and the network address of that machine
	WSL        *Linux    `json:"wsl,omitempty" extra:"-"`        // of a file that the Windows Subsystem for Linux manages
	ShortPath  string    `json:"short_path,omitempty" extra:"-"` // with the short names that the volume keeps
	Damage     string    `json:"damage,omitempty"`

	full    bool
	aside   bool
	boundBy string // what shows that it was deleted before DeletedBefore
	body    []BodyLine
}

// A Doubt is why the times of a program are taken for forged.
type Doubt struct {
	Tests     []string  `json:"tests"`
	Strong    bool      `json:"strong"`
	Twin      string    `json:"cloned_from,omitempty"`
	NotBefore time.Time `json:"changed_not_before,omitzero"`
	NotAfter  time.Time `json:"changed_not_after,omitzero"`

	// LastChange is the time of the last change by its record in the change journal,
	// which nothing can set.
	LastChange time.Time `json:"last_change,omitzero"`
}

var mft = artifacts.Define(artifacts.Artifact{
	Name:     "mft",
	Title:    "$MFT",
	DataType: "fs:stat:ntfs",
	About: `The file records of an NTFS volume, deleted ones included. Proves that the file was on the volume under this name. The times of
$FILE_NAME are set by Windows when the name is made, so its creation is when the file appeared here. A rename copies the times of
$STANDARD_INFORMATION into it: then it is not later than the rename. The four times of $STANDARD_INFORMATION can be set by any program
and travel with copies and archives. A record that is not in use belonged to a deleted file; its names, times and small streams stay
until it is reused. Does not prove that a program ran, who made a file. When it was deleted is known from the change journal, or within
bounds: after the last change of its record, and before the journal begins or before the newest change of the volume. A folder of the
path is confirmed by entry and sequence number; below $Orphan the folder is unknown. By default only programs, scripts and archives
outside the folders of Windows, files in hot places, files with a Mark of the Web, and those that services, tasks and Prefetch files
name are shown: -a mft shows all.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070.006", "T1564.004", "T1105"},
	Refs: []string{
		"https://flatcap.github.io/linux-ntfs/ntfs/concepts/file_record.html",
		"https://github.com/libyal/libfsntfs/blob/main/documentation/New%20Technologies%20File%20System%20(NTFS).asciidoc",
	},
	Sources: signedMFT(),
	First:   readViewFirst,
}, decodeMFT)

// signedMFT are the places of $MFT; a loose one shows by its first bytes.
func signedMFT() []artifacts.Source {
	list := randomSources(mftPatterns)
	list[0].Signature = collect.MFTFile
	return list
}

func decodeMFT(in artifacts.Input, yield func(File) bool) error {
	v := viewFrom(in, in.File)
	if v == nil {
		return nil
	}
	if !in.Full && !in.All {
		return v.chosenFiles(in, yield)
	}
	live := liveView(in)
	type row struct {
		File
		wanted bool
	}
	j := v.journal(in)
	make := func(r *ntfs.Record) (x row) {
		if x.wanted = r.IsBase() || r.Reused; x.wanted {
			c := v.chosen[r.Reference()]
			x.File = v.file(in, r, c.reason, j)
			x.aside = !in.Full && (c.reason == NotSelected || live != nil && live.chosen[r.Reference()].sum == c.sum)
		}
		return x
	}
	opts := &ntfs.RecordOptions{Table: v.table, Slack: true}
	for x, err := range ntfs.Ahead(section(in), opts, helpers(in, in.Size), in.Help, make) {
		if err != nil {
			return errors.Join(v.err, err, v.dropped())
		}
		if x.wanted && !yield(x.File) {
			return nil
		}
	}
	return errors.Join(v.err, v.dropped())
}

// chosenFiles yields the files that are shown by default. Only their records are
// read.
func (v *view) chosenFiles(in artifacts.Input, yield func(File) bool) error {
	live := liveView(in)
	found := 0
	journal := sync.OnceValue(func() *journalFacts { return v.journal(in) }) // of the first file on that needs it
	opts := ntfs.RecordOptions{RecordSize: v.recordSize, Table: v.table, Slack: true}
	for r, err := range ntfs.RecordsOf(in.Random, entriesOf(v.chosen), opts) {
		if err != nil {
			return errors.Join(v.err, err, v.dropped())
		}
		c, ok := v.chosen[r.Reference()]
		if !ok || !r.IsBase() && !r.Reused {
			continue
		}
		found++
		if live != nil && live.chosen[r.Reference()].sum == c.sum {
			continue // as it is on the live volume
		}
		var j *journalFacts
		if !r.InUse() || v.forged[r.Reference()] != nil {
			j = journal()
		}
		if !yield(v.file(in, r, c.reason, j)) {
			return nil
		}
	}
	if left := v.records - found; left > 0 {
		in.Remark(fmt.Sprintf("%d file records are not shown: -a mft shows all", left))
	}
	if v.unordered > 0 {
		in.Remark(fmt.Sprintf("the last changes of %d programs were not compared with those of other files: above %d", v.unordered, maxOrdered))
	}
	return errors.Join(v.err, v.dropped())
}

func (v *view) dropped() error {
	if v.table.Dropped == 0 {
		return nil
	}
	return fmt.Errorf("%d folders or extension records are beyond the limits of memory; some paths are incomplete", v.table.Dropped)
}

// liveView returns the view of the volume as it is now, for that of an older
// copy.
func liveView(in artifacts.Input) *view {
	if in.From.Snapshot == "" {
		return nil
	}
	in.From.Snapshot = ""
	f := beside(in, mftPatterns)
	if f == nil {
		return nil
	}
	return viewFrom(in, f)
}

func (v *view) file(in artifacts.Input, r *ntfs.Record, why Reason, j *journalFacts) File {
	f := File{
		Origin: in.AtOffset(r.Offset), Reference: r.Reference().String(), Exists: r.InUse(), Directory: r.Directory(),
		LSN: r.LSN, Shown: string(why), Damage: r.Damage.String(), Prefetch: v.ran[r.Reference()], full: in.Full,
	}
	if path, state, ok := v.table.Path(r); ok {
		f.Path, f.PathState = v.drive+path, state.String()
		if short := v.table.ShortPath(r); short != "" {
			f.ShortPath = v.drive + short
		}
	}
	best := r.BestName()
	for i := range r.Names {
		if n := &r.Names[i]; n != best && !n.DOS() {
			b, _ := v.table.AppendPath(nil, n)
			f.Links = append(f.Links, v.drive+string(b))
		}
	}
	if r.HasStandard {
		s := &r.Standard
		f.Created, f.Modified, f.Changed, f.Accessed = s.Created(), s.Modified(), s.Changed(), s.Accessed()
		f.Attributes, f.USN = s.Attributes, s.USN
	}
	if best != nil {
		f.NameCreated, f.NameModified, f.NameChanged, f.NameAccessed = best.Created(), best.Modified(), best.Changed(), best.Accessed()
	}
	f.Responder = best != nil && v.responder != 0 && best.Times[0] >= v.responder
	for i := range r.SlackNames {
		f.Slack = append(f.Slack, r.SlackNames[i].Name())
	}
	f.bounds(r, v, j)
	f.streams(r, v.fold)
	if r.ReparseTag != 0 {
		f.Reparse = strings.TrimSpace(fmt.Sprintf("0x%08x %s", r.ReparseTag, ntfs.ReparseName(r.ReparseTag)))
	}
	if at, node, ok := r.ObjectIDTime(); ok {
		f.ObjectTime, f.ObjectNode = at, node.String()
	}
	if w, ok := r.WSL(); ok {
		f.WSL = linux(w)
	}
	if in.Full {
		f.body = v.body(r)
	}
	if x := v.forged[r.Reference()]; x != nil {
		f.Forged = doubtOf(x)
		if j != nil {
			f.Forged.LastChange = wire.Time(j.changed[x.File])
		}
	}
	return f
}

// maxContent is how much of a small script a record shows.
const maxContent = 1024

var shownContent = extensions("bat cmd ps1 vbs js url txt hta")

func (f *File) streams(r *ntfs.Record, fold func(string) string) {
	for i := range r.Streams {
		s := &r.Streams[i]
		if s.Main() {
			f.Size = s.Size
			if shownContent[Extension(f.Path)] && s.Resident {
				f.Content = strings.ToValidUTF8(string(s.Value[:min(len(s.Value), maxContent)]), "\uFFFD")
			}
			continue
		}
		f.Streams = append(f.Streams, fmt.Sprintf("%s (%d)", s.Name(), s.Size))
	}
	if s := hiddenStream(r); s != nil {
		f.Hidden = s.Name()
	}
	if s := oddStream(r, func() string { return fold(f.Path[min(2, len(f.Path)):]) }); s != nil && f.Hidden == "" {
		f.OddStream = s.Name()
	}
	if s := r.ZoneIdentifier(); s != nil {
		z := ntfs.ParseZone(s.Value)
		f.Zone, f.HostURL, f.Referrer = zoneName(z.ID), z.HostURL, z.ReferrerURL
	}
}

func doubtOf(x *forgedFile) *Doubt {
	d := &Doubt{Strong: x.Tests.Strong(), Twin: x.twin}
	for _, t := range [...]struct {
		test TimeTests
		says string
	}{
		{ChangedBeforeName, "the record changed before its name was made, at a whole second"},
		{AllWhole, "all its times are whole seconds"},
		{Cloned, "its times are those of an older file with another name"},
		{AloneAndOld, "created long before its name, and named alone"},
		{OutOfOrder, "the change journal numbered its last change after later ones"},
	} {
		if x.Tests.Has(t.test) {
			d.Tests = append(d.Tests, t.says)
		}
	}
	if x.NotBefore != 0 {
		d.NotBefore, d.NotAfter = wire.Time(x.NotBefore), wire.Time(x.NotAfter)
	}
	return d
}

// Aside reports whether the file is not shown by default.
func (f File) Aside() bool { return f.aside }

// Identity is the reference and the place of the record.
func (f File) Identity() string { return fmt.Sprintf("%s %d", f.Reference, f.Position()) }

// Program returns the path of a program or a script.
func (f File) Program() string {
	if f.Directory || !IsRunnable(f.Path) {
		return ""
	}
	return f.Path
}

// Summary names the file and what is known of it beside its times.
func (f File) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%s]", f.Path, f.Reference)
	if f.Directory {
		b.WriteString(" folder")
	} else {
		b.WriteString(" " + size(f.Size))
	}
	if !f.Exists {
		b.WriteString(" deleted")
	}
	if f.PathState == ntfs.PathDeleted.String() {
		b.WriteString(" through deleted folders")
	}
	if f.HostURL != "" {
		b.WriteString(" from " + clipURL(f.HostURL))
	} else if f.Zone != "" {
		b.WriteString(" from the zone " + f.Zone)
	}
	if f.Hidden != "" {
		b.WriteString(" hides " + f.Hidden)
	} else if f.OddStream != "" {
		b.WriteString(" has the stream " + f.OddStream)
	}
	if f.WSL != nil {
		b.WriteString(f.WSL.summary())
	}
	if f.Forged != nil {
		b.WriteString(" times in doubt: " + strings.Join(f.Forged.Tests, "; "))
	}
	return b.String()
}

// Tags marks what a reader must know before trusting the row.
func (f File) Tags() []string {
	var tags []string
	if !f.Exists {
		tags = append(tags, "deleted-file")
	}
	if f.Forged != nil {
		tags = append(tags, "times-in-doubt")
	}
	if f.Responder {
		tags = append(tags, "responder")
	}
	if f.Damage != "" {
		tags = append(tags, "damaged")
	}
	return tags
}

// Moved reports whether the name was made by a rename or a move, which gives it the
// times of the file: the file was there before the name. The four times of a name that
// was made with its file are one.
func (f File) Moved() bool {
	return !f.NameCreated.IsZero() && f.NameCreated.Equal(f.Created) &&
		!(f.NameModified.Equal(f.NameCreated) && f.NameChanged.Equal(f.NameCreated) && f.NameAccessed.Equal(f.NameCreated))
}

// Events gives the creation of the name, and further times where they say more.
// All eight times are events when everything was asked for.
func (f File) Events() []artifacts.Event {
	message := func(s string) string { return "$MFT " + f.Path + " " + s }
	from := ""
	if f.HostURL != "" {
		from = "; from " + clipURL(f.HostURL)
	}
	var out []artifacts.Event
	add := func(t time.Time, kind, says string) {
		if !t.IsZero() {
			out = append(out, artifacts.Event{Time: t, Kind: kind, Message: message(says)})
		}
	}
	appeared := "appeared (name made; "
	if f.Moved() {
		appeared = "appeared not later than this (renamed or moved since; "
	}
	add(f.NameCreated, "File Name Created Time", appeared+size(f.Size)+from+")")
	apart := f.Created.Sub(f.NameCreated)
	if f.full || apart < -2*time.Second || apart > 2*time.Second {
		add(f.Created, "Creation Time", "file says created")
	}
	if e, ok := f.deletion(message); ok && (!f.full || !e.Estimate) {
		out = append(out, e)
	}
	if f.full {
		add(f.Modified, "Content Modification Time", "was written")
		add(f.Changed, "Metadata Modification Time", "file record changed")
		add(f.Accessed, "Last Access Time", "was read")
		add(f.NameModified, "File Name Modification Time", "content time at the moment of the name")
		add(f.NameChanged, "File Name Metadata Time", "record time at the moment of the name")
		add(f.NameAccessed, "File Name Access Time", "access time at the moment of the name")
	}
	return out
}
