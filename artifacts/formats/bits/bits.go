// Package bits decodes the jobs of the Background Intelligent Transfer Service:
// what was downloaded or uploaded, for whom, to where, and which command was
// to run afterwards.
//
// Windows 10 (1709) and later keep a job and each file as a blob in the tables
// Jobs and Files of qmgr.db, an ESE database. Before, the same structures were
// in qmgr0.dat and qmgr1.dat, where [Carve] finds them by their markers. The
// format has no public document; the layout is that of jobs from Windows 8.1
// to 11. Offsets count from the start of the blob, or of what is carved.
package bits

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// Markers, as GUIDs are stored.
const (
	jobMarker  = "\xA1\x56\x09\xE1\x43\xAF\xC9\x42\x92\xE6\x6F\x98\x56\xEB\xA7\xF6" // around a job
	listMarker = "\x36\xDA\x56\x77\x6F\x51\x5A\x43\xAC\xAC\x44\xA2\x48\xFF\xF3\x4D" // around a job's files
	fileMarker = "\xE4\xCF\x9E\x51\x46\xD9\x97\x43\xB7\x3E\x26\x85\x13\x05\x1A\xB2" // around a file
)

// Limits, for hostile files.
const (
	maxFiles = 1 << 16
	maxJobs  = 1 << 16
	maxText  = 1 << 16 // characters
)

// ErrNoMarker is returned for a blob that does not begin with its marker.
var ErrNoMarker = errors.New("not a BITS record: no marker")

// A Job is one job.
type Job struct {
	Offset      int64
	Type        uint32
	Priority    uint32
	State       uint32
	ID          string // GUID
	Name        string
	Description string
	Command     string // to run when the job is done or failed
	Arguments   string // of Command
	Owner       string // SID
	NotifyFlags uint32
	FileIDs     []string // GUIDs of the files, keys of the table Files
	Files       []File   // of older versions, which keep them in the job
	Errors      uint32
	RetryDelay  uint32 // seconds
	Timeout     uint32 // seconds without progress
	Created     time.Time
	Modified    time.Time
	Completed   time.Time // of the transfer
	Expires     time.Time
	Program     string // of the owner
	Damage      []*wire.FormatError
}

// A File is one file of a job.
type File struct {
	Offset      int64
	Local       string
	URL         string
	Temporary   string
	Size        int64 // -1 while it is unknown
	Transferred int64
	Drive       string
	Volume      string // device path with the volume's GUID
}

func name(names []string, n uint32) string {
	if int64(n) < int64(len(names)) {
		return names[n]
	}
	return fmt.Sprint(n)
}

// TypeName returns the name of the job's type.
func (j *Job) TypeName() string { return name([]string{"download", "upload", "upload-reply"}, j.Type) }

// PriorityName returns the name of the job's priority.
func (j *Job) PriorityName() string {
	return name([]string{"foreground", "high", "normal", "low"}, j.Priority)
}

// StateName returns the name of the job's state.
func (j *Job) StateName() string {
	return name([]string{"queued", "connecting", "transferring", "suspended", "error", "transient error", "transferred", "acknowledged",
		"cancelled"}, j.State)
}

func (j *Job) bad(off int, what, problem string) {
	j.Damage = append(j.Damage, &wire.FormatError{Format: "bits", Offset: j.Offset + int64(off), Struct: what, Problem: problem})
}

const ( // job, from its marker
	jobType     = 16
	jobPriority = 20
	jobState    = 24
	jobID       = 32
	jobTexts    = 48
)

// ParseJob decodes a job. The error is [ErrNoMarker], or the first of the
// job's Damage; the fields before the damage are set.
func ParseJob(b []byte) (*Job, error) {
	if !bytes.HasPrefix(b, []byte(jobMarker)) {
		return nil, ErrNoMarker
	}
	j := &Job{}
	j.parse(b)
	if len(j.Damage) > 0 {
		return j, j.Damage[0]
	}
	return j, nil
}

func (j *Job) parse(b []byte) {
	if len(b) < jobTexts {
		j.bad(len(b), "job", "ends inside of the header")
		return
	}
	j.Type, j.Priority, j.State = le.Uint32(b[jobType:]), le.Uint32(b[jobPriority:]), le.Uint32(b[jobState:])
	j.ID = wire.GUID(b[jobID:])
	r := wire.NewReader(b, jobTexts)
	for _, to := range []*string{&j.Name, &j.Description, &j.Command, &j.Arguments, &j.Owner} {
		at := r.Offset()
		var ok bool
		if *to, ok = text(r); !ok {
			j.bad(at, "job", "a text runs past the end")
			return
		}
	}
	j.NotifyFlags = r.Uint32()
	// A security descriptor and the owner's token follow, which are skipped.
	i := bytes.Index(b[r.Offset():], []byte(listMarker))
	if i < 0 {
		j.bad(r.Offset(), "job", "no list of files")
		return
	}
	r.Skip(i + len(listMarker))
	if j.files(b, r) {
		j.progress(b, r)
	}
}

// files reads the list: GUIDs, or the files themselves.
func (j *Job) files(b []byte, r *wire.Reader) bool {
	at := r.Offset()
	n := int64(r.Uint32())
	if n > maxFiles || n > int64(r.Left()) {
		j.bad(at, "list of files", fmt.Sprintf("%d files", n))
		return false
	}
	end := int64(r.Offset()) + 16*n
	if end+16 <= int64(len(b)) && string(b[end:end+16]) == listMarker {
		for range n {
			j.FileIDs = append(j.FileIDs, wire.GUID(r.Take(16)))
		}
		r.Skip(16)
		return true
	}
	for range n {
		f := File{Offset: j.Offset + int64(r.Offset())}
		if !f.parse(r) {
			j.bad(r.Offset(), "file", "runs past the end")
			return false
		}
		j.Files = append(j.Files, f)
		// What follows the names differs between versions.
		next := bytes.Index(b[r.Offset():], []byte(listMarker))
		if n > 1 || next < 0 {
			break
		}
		r.Skip(next)
	}
	if i := bytes.Index(b[r.Offset():], []byte(listMarker)); i >= 0 {
		r.Skip(i + 16)
		return true
	}
	j.bad(r.Offset(), "list of files", "no end mark")
	return false
}

// progress reads what follows the list of files.
func (j *Job) progress(b []byte, r *wire.Reader) {
	at := r.Offset()
	j.Errors = r.Uint32()
	r.Skip(4)
	j.RetryDelay, j.Timeout = r.Uint32(), r.Uint32()
	j.Created, j.Modified = wire.Time(r.Uint64()), wire.Time(r.Uint64())
	r.Skip(8 + 8 + 6)
	j.Completed, j.Expires = wire.Time(r.Uint64()), wire.Time(r.Uint64())
	if r.Failed() {
		j.bad(at, "job", "ends inside of its times")
		return
	}
	j.Program = program(b[r.Offset():])
}

// program looks for the counted path of the owner's program, the first text
// that begins with a drive. In front of it are fields that are not known.
func program(b []byte) string {
	const drive = ":\x00\\\x00"
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(drive))
		if i < 0 {
			return ""
		}
		at += i
		if at >= 6 {
			if s, ok := text(wire.NewReader(b, at-6)); ok && len(s) > 3 {
				return s
			}
		}
		at += len(drive)
	}
}

// text reads a counted text: u32 characters with the NUL, then UTF-16.
func text(r *wire.Reader) (string, bool) {
	n := r.Uint32()
	if n > maxText {
		return "", false
	}
	b := r.Take(2 * int(n))
	if r.Failed() {
		return "", false
	}
	return wire.UTF16Escaped(b[:max(0, wire.UTF16Len(b)-nul(b))]), true
}

// nul returns the size of the NUL at the end of a text.
func nul(b []byte) int {
	if n := wire.UTF16Len(b); n >= 2 && b[n-1] == 0 && b[n-2] == 0 {
		return 2
	}
	return 0
}

// ParseFile decodes a file. The error is [ErrNoMarker] or a
// *[wire.FormatError], which comes with what was read before.
func ParseFile(b []byte) (*File, error) {
	if !bytes.HasPrefix(b, []byte(fileMarker)) {
		return nil, ErrNoMarker
	}
	f := &File{}
	if r := wire.NewReader(b, len(fileMarker)); !f.parse(r) {
		return f, &wire.FormatError{Format: "bits", Offset: int64(min(r.Offset(), len(b))), Struct: "file", Problem: "runs past the end"}
	}
	return f, nil
}

func (f *File) parse(r *wire.Reader) bool {
	for _, to := range []*string{&f.Local, &f.URL, &f.Temporary} {
		var ok bool
		if *to, ok = text(r); !ok {
			return false
		}
	}
	f.Size, f.Transferred = int64(r.Uint64()), int64(r.Uint64())
	if r.Failed() {
		return false
	}
	// One byte that is not known, then the drive and the volume.
	r.Skip(1)
	var ok bool
	if f.Drive, ok = text(r); ok {
		f.Volume, _ = text(r)
	}
	return true
}

// Carve decodes every job and every file that begins with its marker anywhere
// in b: in the queue files of older Windows, in the free space of databases.
func Carve(b []byte) (jobs []*Job, files []*File) {
	for at := 0; len(jobs) < maxJobs; {
		i := bytes.Index(b[at:], []byte(jobMarker))
		if i < 0 {
			break
		}
		at += i
		// The job ends at the next marker, which is its own or that of another.
		end := len(b)
		if n := bytes.Index(b[at+16:], []byte(jobMarker)); n >= 0 {
			end = at + 16 + n
		}
		if j := (&Job{Offset: int64(at)}); end-at > jobTexts {
			if j.parse(b[at:end]); j.ID != "" && j.plausible() {
				jobs = append(jobs, j)
			}
		}
		at += 16
	}
	for at := 0; len(files) < maxFiles; {
		i := bytes.Index(b[at:], []byte(fileMarker))
		if i < 0 {
			break
		}
		at += i
		end := len(b)
		if n := bytes.Index(b[at+16:], []byte(fileMarker)); n >= 0 {
			end = at + 16 + n
		}
		if f, err := ParseFile(b[at:end]); err == nil && f.URL != "" {
			f.Offset = int64(at)
			files = append(files, f)
		}
		at += 16
	}
	return jobs, files
}

// plausible reports whether what follows a marker is a job: the marker that
// ends a job looks the same.
func (j *Job) plausible() bool {
	return j.Type <= 2 && j.Priority <= 3 && j.State <= 8 && j.Owner != ""
}
