package filesystem

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/internal/ranfiles"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Executed is what became of the file that a Prefetch file names as its
// program.
type Executed struct {
	artifacts.Origin
	Path      string    `json:"image_path"` // as the Prefetch file has it
	Prefetch  string    `json:"prefetch"`
	Reference string    `json:"file_reference"`
	Fate      string    `json:"fate"`                  // exists, deleted, record reused
	Now       string    `json:"file_path,omitempty"`   // of the file with this reference in $MFT, when its record is there
	PathState string    `json:"path_state,omitempty"`  // of that path
	Successor string    `json:"reused_by,omitempty"`   // the file that has the record now
	Appeared  time.Time `json:"name_created,omitzero"` // of that file
	LastRun   time.Time `json:"last_run,omitzero"`     // by the Prefetch file
	RunCount  uint32    `json:"run_count"`             //
}

var executedFiles = artifacts.Define(artifacts.Artifact{
	Name:     "executedfiles",
	Title:    "File of a program that ran",
	DataType: "fs:stat:ntfs",
	About: `Prefetch files of Windows 8 and later can name the program by its reference in $MFT: the entry and its sequence number. This joins
the two. Proves that the program was started, and that the file with this reference exists still, or is deleted with its record in place, or
is deleted and its record used by another file since. A higher sequence number shows that the very file that ran is gone, even when another
of the same name is in its place. Does not prove when it was deleted, nor that the file had its present name when it ran. Only Prefetch files
with a reference to a volume of which $MFT is there are listed.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1070.004"},
	Refs: []string{
		"https://github.com/libyal/libscca/blob/main/documentation/Windows%20Prefetch%20File%20(PF)%20format.asciidoc",
		"https://flatcap.github.io/linux-ntfs/ntfs/concepts/file_reference.html",
	},
	Sources: []artifacts.Source{artifacts.Files(`%SystemRoot%\Prefetch\*.pf`)},
}, decodeExecuted)

func decodeExecuted(in artifacts.Input, yield func(Executed) bool) error {
	p := ranfiles.Of(in, in.File, func() ([]byte, error) { return in.Data, nil })
	v := viewBeside(in)
	if p == nil || v == nil {
		return nil
	}
	ref, path, ok := v.programOf(p)
	if !ok {
		return nil
	}
	e := Executed{
		Origin: in.AtOffset(0), Path: path, Prefetch: winpath.Base(in.From.Path), Reference: ref.String(),
		Fate: FateOf(v.table, ref).String(), LastRun: p.LastRun, RunCount: p.RunCount,
	}
	names, err := v.entries(in)
	if n, ok := names[ref.Entry()]; ok {
		if n.ref == ref {
			e.Now, e.PathState, e.Appeared = v.drive+n.path, n.state.String(), n.appeared
		} else {
			e.Successor = v.drive + n.path
		}
	}
	yield(e)
	return err
}

// An entryName is what a record of $MFT is named now.
type entryName struct {
	ref      ntfs.Reference
	path     string
	state    ntfs.PathState
	appeared time.Time
}

// entries returns the records that Prefetch files refer to, by entry.
func (v *view) entries(in artifacts.Input) (map[uint64]entryName, error) {
	type answer struct {
		m   map[uint64]entryName
		err error
	}
	a := in.Once("filesystem entries of "+in.From.Snapshot+" "+v.drive, func() any {
		m := map[uint64]entryName{}
		err := v.few(in, entriesOf(v.ran), true, func(r *ntfs.Record) {
			n := r.BestName()
			if n == nil || !r.IsBase() {
				return
			}
			path, state, _ := v.table.Path(r)
			m[r.Entry] = entryName{r.Reference(), path, state, n.Created()}
		})
		return answer{m, err}
	}).(answer)
	return a.m, a.err
}

// Program returns the path of the program, as the Prefetch file has it.
func (e Executed) Program() string { return e.Path }

// Summary says what became of the file.
func (e Executed) Summary() string {
	s := fmt.Sprintf("%s names %s [%s]: ", e.Prefetch, e.Path, e.Reference)
	switch e.Fate {
	case FateExists.String():
		return s + "the file exists as " + e.Now
	case FateDeleted.String():
		return s + "the file is deleted, its record " + e.Now + " is left"
	case FateReused.String():
		return s + "the file is deleted, its record is that of " + e.Successor + " now"
	}
	return s + "$MFT has no such record"
}

// Tags marks programs whose file is gone.
func (e Executed) Tags() []string {
	if e.Fate == FateDeleted.String() || e.Fate == FateReused.String() {
		return []string{"deleted-file"}
	}
	return nil
}
