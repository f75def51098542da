// Package collect finds the Windows volumes in what collectors leave behind: folders, and zip files read in place.
//
// It reads the trees of KAPE (a directory for each drive letter, VSSn beside it, copylog.csv), of Velociraptor's offline collector and
// of its hunt downloads (uploads/accessor/device, percent-encoded components, uploads.json, sparse files with their .idx), of Dissect
// acquire (fs/C:), of a copied or mounted Windows volume, and, when none of these is there, a loose heap of prefetch files and hives that
// are known by their signatures. [Layout] maps any [fs.FS]; [Open] takes a path to a folder or an archive and adds the guards.
//
// It does not decode artifacts, does not write, does not unpack anything to disk, does not decrypt, and does not look inside disk images:
// that is the work of package image, whose volumes can be handed to [Layout].
package collect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// A Kind says which layout was recognised.
type Kind string

// The layouts, in the order in which they are tried.
const (
	WindowsRoot  Kind = "windows volume" // the root of a volume: Windows/System32 and its like
	DriveRoots   Kind = "drive roots"    // directories that stand for drives, as KAPE writes them
	Acquire      Kind = "acquire"        // fs/C:, as Dissect acquire writes it
	Velociraptor Kind = "velociraptor"   // uploads/accessor/device
	LooseHeap    Kind = "loose files"    // nothing but signatures to go by
)

// A Machine is one machine's evidence.
type Machine struct {
	Name     string  // as the collection names it; empty when it does not
	Kind     Kind    // how the evidence is laid out
	Path     string  // the host's directory in the file system that was given, "." for the root
	Volumes  []Vol   // live volumes by name, then older copies; one nameless volume for a loose heap
	Loose    bool    // no layout: look at Files, not at paths
	Files    []Loose // of a loose heap, what the signatures show, by path
	Problems []error // what could not be read or was refused; each names its path

	closers []io.Closer // temporary files
}

// Close removes the temporary files of the machine, whose volumes must not be used after it.
func (m *Machine) Close() error {
	var errs []error
	for _, c := range m.closers {
		errs = append(errs, c.Close())
	}
	m.closers = nil
	return errors.Join(errs...)
}

// A Vol is one volume of a host, or one older copy of it.
type Vol struct {
	Name     string // "C:"; empty when the layout does not tell the letter
	Snapshot string // "" for the volume as it was collected, else "vss1", "windows.old"
	Path     string // where the volume's root stands in the file system that was given, for messages
	FS       fs.FS  // the volume; a file's Sys may be a *Times
	Folder   string // of an older installation, its folder on the volume: "Windows.old"
}

// Times are a file's original times where the collection recorded them, since copying and zipping lose them.
type Times struct {
	Created, Modified, Accessed, Changed time.Time
	Source                               string // the record of the collection that says so

	// The times of $FILE_NAME, where the collector recorded them.
	NameCreated, NameModified time.Time
	// Copied is set where the collector itself was given a copy: the times are those of that copy.
	Copied bool
}

// A NotRecognisedError says that a place holds no Windows evidence in any layout known here, and what was looked for.
type NotRecognisedError struct {
	Name   string   // the place
	Looked []string // what was looked for, one sentence each

	Problems []error // directories that could not be listed, where it may have been
}

func (e *NotRecognisedError) Error() string {
	return fmt.Sprintf("%s: no Windows evidence recognised; looked for %s", e.Name, strings.Join(e.Looked, "; "))
}

// ErrEncrypted is wrapped by the error for a collection that can be named but not read without its key.
var ErrEncrypted = errors.New("collection is encrypted")

var (
	errNotDir = errors.New("not a directory")
	errIsDir  = errors.New("is a directory")
)

// A PathError is one entry of a collection that was refused or could not be read.
type PathError struct {
	Path    string // in the collection, as stored
	Problem string
	Err     error // the cause, or nil
}

func (e *PathError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Path, e.Problem, e.Err)
	}
	return e.Path + ": " + e.Problem
}

func (e *PathError) Unwrap() error { return e.Err }
