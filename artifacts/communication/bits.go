package communication

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/bits"
	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A BITSJob is one job of the transfer service.
type BITSJob struct {
	artifacts.Origin
	JobID       string     `json:"job_id"`
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Type        string     `json:"type"` // download, upload …
	Priority    string     `json:"priority"`
	JobState    string     `json:"job_state"` // queued, transferred …
	Command     string     `json:"command,omitempty"`
	Arguments   string     `json:"arguments,omitempty"`
	SID         string     `json:"user_identifier,omitempty"` // owner
	Creator     string     `json:"owner_program,omitempty"`   // the program that made the job
	Files       []BITSFile `json:"files,omitempty"`
	Errors      uint32     `json:"error_count,omitempty"`
	Created     time.Time  `json:"created,omitzero" event:"Creation Time"`
	Modified    time.Time  `json:"modified,omitzero" event:"Content Modification Time"`
	Completed   time.Time  `json:"completed,omitzero" event:"End Time"`
	Expires     time.Time  `json:"expires,omitzero"`
	Page        uint32     `json:"page,omitempty"` // of the row in qmgr.db
	Carved      bool       `json:"carved,omitempty"`

	account evidence.User
}

// A BITSFile is one file of a job.
type BITSFile struct {
	URL         string `json:"url"`
	Local       string `json:"local"`
	Temporary   string `json:"temporary,omitempty"`
	Size        int64  `json:"size"` // -1 while it is unknown
	Transferred int64  `json:"transferred"`
}

var bitsJobs = artifacts.Define(artifacts.Artifact{
	Name:     "bits",
	Title:    "BITS job",
	DataType: "windows:bits:job",
	About: `Jobs of the Background Intelligent Transfer Service: source and destination of each file, the owner,
and the command to run afterwards. A job survives reboots for up to 90 days. Proves that the owner's
account created the job; the states transferred and acknowledged prove that the file arrived. A
command proves that it was set, not that it ran. Completed jobs leave the queue: carved remains are
marked deleted and may lack their files. Browsers and updaters use BITS routinely. Times are UTC:
creation, last change and completion of the transfer. Windows 10 (1709) and later use an ESE
database, which is usually not closed cleanly, so the newest changes may be missing. Older versions
use two state files with the same content.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1197", "T1105"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1197/",
		"https://learn.microsoft.com/windows/win32/bits/background-intelligent-transfer-service-portal",
		"https://www.mandiant.com/resources/blog/attacker-use-of-windows-background-intelligent-transfer-service",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%ProgramData%\Microsoft\Network\Downloader\qmgr*.db`, "ese"),
		artifacts.RandomFiles(`%ProgramData%\Microsoft\Network\Downloader\qmgr*.dat`),
		artifacts.RandomFiles(`%ProgramData%\Application Data\Microsoft\Network\Downloader\qmgr*.dat`),
	},
}, decodeBITS)

// bitsCarved is how much of a file is searched for jobs by their markers.
const bitsCarved = 256 << 20

func decodeBITS(in artifacts.Input, yield func(BITSJob) bool) error {
	r, size := databases.Reader(in)
	live := map[string]bool{}
	var end error
	head := make([]byte, 8)
	io.NewSectionReader(r, 0, size).Read(head)
	database := le.Uint32(head[4:]) == 0x89ABCDEF
	switch {
	case database:
		db, err := databases.ESE(in)
		if db == nil {
			return err
		}
		if db.Table("Jobs") == nil || db.Table("Files") == nil {
			if in.Loose() {
				return nil
			}
			return errors.New("database has no tables Jobs and Files")
		}
		var newest time.Time
		var more bool
		if newest, more = bitsRows(in, db, live, yield); !more {
			return nil
		}
		end = databases.EndESE(in, db, newest)
	case size == 0:
		in.Remark("the queue file is empty")
		return nil
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, min(size, bitsCarved)))
	if size > bitsCarved {
		in.Remark(fmt.Sprintf("jobs are carved from the first %d bytes only", bitsCarved))
	}
	if bitsCarve(in, b, database, live, yield) {
		return errors.Join(end, err)
	}
	return nil
}

// bitsCarve yields the jobs that only their markers show, and the files of a
// database that belong to no job any more: what names their job is gone.
func bitsCarve(in artifacts.Input, b []byte, database bool, live map[string]bool, yield func(BITSJob) bool) bool {
	jobs, files := bits.Carve(b)
	for _, j := range jobs {
		if live[j.ID] {
			continue
		}
		live[j.ID] = true
		rec := bitsJob(in, j, bitsOwn(j))
		rec.Origin, rec.Carved = in.AtOffset(j.Offset), true
		if database {
			rec.Origin = rec.As(artifacts.Deleted, "carved by its marker; no row of the database holds it")
		}
		if rec.Created.Year() < 2000 { // a job that is partly overwritten
			rec.Created, rec.Modified, rec.Completed, rec.Expires = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		}
		if !yield(rec) {
			return false
		}
		for _, f := range rec.Files {
			live[bitsPair(f)] = true
		}
	}
	for _, f := range files {
		file := bitsFile(*f)
		if !database || live[bitsPair(file)] || file.URL == "" {
			continue
		}
		live[bitsPair(file)] = true
		rec := BITSJob{Origin: in.AtOffset(f.Offset).As(artifacts.Deleted, "a file, carved by its marker; its job is unknown"),
			Type: "file", Files: []BITSFile{file}, Carved: true}
		if !yield(rec) {
			return false
		}
	}
	return true
}

// bitsPair is what a file is known by.
func bitsPair(f BITSFile) string { return f.URL + " " + f.Local }

// bitsRows yields the jobs of the tables.
func bitsRows(in artifacts.Input, db *ese.DB, live map[string]bool, yield func(BITSJob) bool) (newest time.Time, more bool) {
	files := map[string]BITSFile{}
	table := db.Table("Files")
	id, blob := table.Column("Id"), table.Column("Blob")
	for row, err := range table.Entries() {
		if err != nil {
			continue // in the damage of the database
		}
		b, _ := row.Bytes(blob)
		f, err := bits.ParseFile(b)
		if f == nil {
			in.Note(in.AtOffset(row.Offset), err)
			continue
		}
		name, _ := row.Text(id)
		files[bitsKey(name)] = bitsFile(*f)
		live[bitsPair(files[bitsKey(name)])] = true
	}
	table = db.Table("Jobs")
	blob = table.Column("Blob")
	for row, err := range table.Entries() {
		if err != nil {
			continue
		}
		at := in.AtOffset(row.Offset)
		b, _ := row.Bytes(blob)
		j, err := bits.ParseJob(b)
		if err != nil && !row.Deleted {
			in.Note(at, err)
		}
		if j == nil || row.Deleted && live[j.ID] {
			continue
		}
		live[j.ID] = true
		var list []BITSFile
		for _, id := range j.FileIDs {
			if f, ok := files[bitsKey(id)]; ok {
				list = append(list, f)
			}
		}
		rec := bitsJob(in, j, list)
		rec.Origin, rec.Page = at, row.Page
		if row.Deleted {
			rec.Origin = at.As(artifacts.Deleted, "a deleted row of the database")
		}
		if j.Modified.After(newest) {
			newest = j.Modified
		}
		if !yield(rec) {
			return newest, false
		}
	}
	return newest, true
}

func bitsKey(guid string) string { return strings.ToUpper(strings.Trim(guid, "{}")) }

func bitsFile(f bits.File) BITSFile {
	return BITSFile{URL: f.URL, Local: f.Local, Temporary: f.Temporary, Size: f.Size, Transferred: f.Transferred}
}

// bitsOwn returns the files that a job holds itself, as state files have them.
func bitsOwn(j *bits.Job) []BITSFile {
	var out []BITSFile
	for _, f := range j.Files {
		out = append(out, bitsFile(f))
	}
	return out
}

func bitsJob(in artifacts.Input, j *bits.Job, files []BITSFile) BITSJob {
	return BITSJob{JobID: j.ID, Name: j.Name, Description: j.Description, Type: j.TypeName(), Priority: j.PriorityName(),
		JobState: j.StateName(),
		Command:  j.Command, Arguments: j.Arguments, SID: j.Owner, Creator: j.Program, Files: files, Errors: j.Errors,
		Created: j.Created, Modified: j.Modified, Completed: j.Completed, Expires: j.Expires, account: databases.Account(in, j.Owner)}
}

// Owner returns the account that the job belongs to.
func (r BITSJob) Owner() evidence.User { return r.account }

// Program returns the program that the job was to start, else an executable file
// that it fetched.
func (r BITSJob) Program() string {
	if r.Command != "" {
		return winpath.ParseCommand(r.Command, nil).Program
	}
	for _, f := range r.Files {
		switch strings.ToLower(winpath.Ext(f.Local)) {
		case ".exe", ".dll", ".scr", ".msi", ".ps1", ".bat", ".cmd", ".vbs", ".js":
			return f.Local
		}
	}
	return ""
}

// Summary shows what went where for whom.
func (r BITSJob) Summary() string {
	s := "[" + r.Name + "] " + r.Type
	for i, f := range r.Files {
		if i == 3 {
			s += fmt.Sprintf(" and %d more files", len(r.Files)-i)
			break
		}
		s += " " + f.URL + " → " + f.Local
	}
	if r.Type == "file" {
		return s + ", of a job that is gone"
	}
	s += fmt.Sprintf(", owner %s, %s", cmp.Or(r.account.Name, r.SID), r.JobState)
	if r.Command != "" {
		s += ", then runs " + strings.TrimSpace(r.Command+" "+r.Arguments)
	}
	return s
}
