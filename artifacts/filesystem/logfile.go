package filesystem

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// LogItem is one thing found in $LogFile: the restart area, or what was carved
// from its pages.
type LogItem struct {
	artifacts.Origin
	Kind      string    `json:"kind"` // restart, journal record, name, index entry, file record
	LSN       uint64    `json:"lsn,omitempty"`
	Path      string    `json:"file_path,omitempty"`
	Reference string    `json:"file_reference,omitempty"`
	Reasons   string    `json:"reasons,omitempty"`
	USN       uint64    `json:"usn,omitempty"`
	Created   time.Time `json:"created,omitzero" event:"Creation Time"`
	At        time.Time `json:"changed,omitzero" event:"File Change Time"`
	Version   string    `json:"version,omitempty"`
	Oldest    uint64    `json:"oldest_lsn,omitempty"`
	Clean     bool      `json:"clean,omitempty"`
}

var logFile = artifacts.Define(artifacts.Artifact{
	Name:     "logfile",
	Title:    "$LogFile",
	DataType: "fs:ntfs:logfile",
	About: `The transaction log of an NTFS volume: its restart area, and what its pages still hold of journal records, names and file records.
The restart area proves which changes the log covers and whether the volume was dismounted cleanly. Carved journal records prove a change of
the file at their time, also when the change journal itself was deleted. Whether a change was committed is unknown: the log is not replayed,
and what it undoes is not told apart from what it does. It reaches back minutes to hours. By default only programs and scripts outside the
folders of Windows are shown, once each: -a logfile shows all.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070"},
	Refs: []string{
		"https://flatcap.github.io/linux-ntfs/ntfs/files/logfile.html",
	},
	Sources: []artifacts.Source{
		{Glob: `%AnyDrive%\$LogFile`, Access: artifacts.Random, Signature: collect.LogFile},
	},
}, decodeLogFile)

// maxLogSeen bounds how many items are compared with those before.
const maxLogSeen = 1 << 20

func decodeLogFile(in artifacts.Input, yield func(LogItem) bool) error {
	var head [4]byte
	if _, err := in.Random.ReadAt(head[:], 0); err == nil && head == [4]byte{0xFF, 0xFF, 0xFF, 0xFF} {
		return nil // never used
	}
	v := viewBeside(in)
	journal := journalRange(in)
	seen := map[string]bool{}
	for i, err := range ntfs.Log(section(in)) {
		if err != nil {
			return err
		}
		x := logItem(in, v, i)
		if i.Kind != ntfs.LogRestart && !in.Full {
			key := fmt.Sprint(x.Kind, x.Path, x.Reference, x.USN)
			if x.Path == "" || seen[key] || isShown(v, i, journal) || !IsRunnable(x.Path) ||
				isInstalled([]byte(v.fold(x.Path[min(2, len(x.Path)):]))) {
				continue
			}
			if len(seen) < maxLogSeen {
				seen[key] = true
			}
		}
		if !yield(x) {
			return nil
		}
	}
	return nil
}

// isShown reports whether an item is shown by the artifact mft or usnjrnl.
func isShown(v *view, i *ntfs.LogItem, journal usnRange) bool {
	switch {
	case i.Change != nil:
		return journal.first <= i.Change.USN && i.Change.USN <= journal.last
	case i.Record != nil && v != nil:
		c, ok := v.chosen[i.Record.Reference()]
		return ok && i.Record.InUse() && c.reason != NotSelected && i.Record.LSN == c.lsn
	}
	return false
}

// journalRange returns the first and the last USN of the change journal of the volume;
// without a journal no USN lies between them.
func journalRange(in artifacts.Input) usnRange {
	none := usnRange{math.MaxUint64, 0}
	f := beside(in, journalPatterns)
	if f == nil {
		return none
	}
	d, _ := in.OpenAt(f)
	if d == nil {
		return none
	}
	defer d.Close()
	j, out := ntfs.NewJournal(d.ReaderAt, d.Size()), none
	for c, err := range j.Changes() {
		if err == nil {
			out.first = c.USN
		}
		break
	}
	for c, err := range j.Backward() {
		if err == nil {
			out.last = c.USN
		}
		break
	}
	return out
}

type usnRange struct{ first, last uint64 }

func logItem(in artifacts.Input, v *view, i *ntfs.LogItem) LogItem {
	x := LogItem{Origin: in.AtOffset(i.Offset), Kind: i.Kind.String(), LSN: i.LSN}
	if i.File != 0 {
		x.Reference = i.File.String()
	}
	at := func(parent ntfs.Reference, name string) {
		if x.Path = name; v != nil {
			b, _ := v.table.AppendFolder(nil, parent)
			x.Path = v.drive + under(string(b), name)
		}
	}
	switch {
	case i.Restart != nil:
		x.Version, x.LSN, x.Oldest, x.Clean = i.Restart.Version, i.Restart.CurrentLSN, i.Restart.OldestLSN, i.Restart.Clean
	case i.Change != nil:
		c := i.Change
		x.Reference, x.Reasons, x.USN, x.At = c.File.String(), c.Reason.String(), c.USN, c.Time()
		at(c.Parent, c.Name())
	case i.Name != nil:
		x.Created, x.At = i.Name.Created(), i.Name.Changed()
		at(i.Name.Parent, i.Name.Name())
	case i.Record != nil:
		x.Reference = i.Record.Reference().String()
		if n := i.Record.BestName(); n != nil {
			x.Created, x.At = n.Created(), i.Record.Standard.Changed()
			at(n.Parent, n.Name())
		}
	}
	return x
}

// Identity is the place and the kind of the item.
func (x LogItem) Identity() string { return fmt.Sprintf("%s %d %s", x.Kind, x.Position(), x.Path) }

// Program returns the path of a program or a script.
func (x LogItem) Program() string {
	if !IsRunnable(x.Path) || !strings.Contains(x.Path, `\`) {
		return ""
	}
	return x.Path
}

// Summary says what was found.
func (x LogItem) Summary() string {
	if x.Kind == ntfs.LogRestart.String() {
		state := "was in use"
		if x.Clean {
			state = "was dismounted cleanly"
		}
		return fmt.Sprintf("version %s covers LSN %d to %d; the volume %s", x.Version, x.Oldest, x.LSN, state)
	}
	s := fmt.Sprintf("holds a %s of %s", x.Kind, x.Path)
	if x.Reference != "" {
		s += " [" + x.Reference + "]"
	}
	if x.Reasons != "" {
		s += " " + x.Reasons
	}
	return s
}
