package system

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	mp "github.com/artifactdump/artifactdump/artifacts/formats/defender"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Quarantined is one file or setting that Windows Defender took away.
type Quarantined struct {
	artifacts.Origin
	Threat   string    `json:"threat"`
	ThreatID string    `json:"threat_id"`
	ID       string    `json:"quarantine_id"`
	Time     time.Time `json:"quarantined,omitzero" event:"Event Time"`
	Kind     string    `json:"kind"` // file, regkeyvalue, process …
	Path     string    `json:"path"`
	Physical string    `json:"physical_path,omitempty"`
	Size     uint64    `json:"file_size,omitempty"`
	Created  time.Time `json:"file_created,omitzero" event:"Creation Time"`
	Accessed time.Time `json:"file_accessed,omitzero"`
	Modified time.Time `json:"file_modified,omitzero" event:"Content Modification Time"`
	Data     string    `json:"data_file,omitempty"` // in Quarantine\ResourceData
	DataSize int64     `json:"data_size,omitempty"`
	SHA256   string    `json:"sha256,omitempty"` // of the quarantined content
}

var quarantine = artifacts.Define(artifacts.Artifact{
	Name:     "quarantine",
	Title:    "Defender quarantine",
	DataType: "av:defender:quarantine",
	About: `What Windows Defender moved into its quarantine. Proves that the file lay at this path and was taken away at that time, Event Time, in
UTC. It does not prove that the file ran. Creation Time and Content Modification Time are those that the file had, in UTC. Where the content
is still in the quarantine, its size and SHA-256 are given; the content itself is never written out. Quarantined files are deleted after some
time, by default 90 days, and entries may be missing.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://learn.microsoft.com/defender-endpoint/restore-quarantined-files-microsoft-defender-antivirus",
		"https://blog.fox-it.com/2023/12/14/reverse-reveal-recover-windows-defender-quarantine-forensics/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%ProgramData%\Microsoft\Windows Defender\Quarantine\Entries\*`),
	},
	Beside: []string{`%ProgramData%\Microsoft\Windows Defender\Quarantine\ResourceData\*\*`},
}, decodeQuarantine)

// quarantineData bounds what is read of quarantined files for their hash.
const quarantineData = 256 << 20

func decodeQuarantine(in artifacts.Input, yield func(Quarantined) bool) error {
	q, err := mp.ParseQuarantine(in.Data)
	if q == nil {
		return err
	}
	for _, res := range q.Resources {
		r := Quarantined{Origin: in.AtOffset(0), Threat: q.Threat, ThreatID: strconv.FormatUint(q.ThreatID, 10), ID: q.ID, Time: q.Time,
			Kind: res.Kind,
			Path: res.Path, Physical: res.Physical, Size: res.Size, Created: res.Created, Accessed: res.Accessed, Modified: res.Modified,
			Data: res.DataName}
		r.content(in)
		if !yield(r) {
			return nil
		}
	}
	return err
}

// content adds size and hash of the quarantined file.
func (r *Quarantined) content(in artifacts.Input) {
	if len(r.Data) < 2 || in.Tree == nil {
		return
	}
	path := winpath.Join(winpath.Dir(winpath.Dir(in.From.Path)), "ResourceData", r.Data[:2], r.Data)
	f, ok := in.Tree.LookupCopy(path, in.From.Snapshot)
	if !ok {
		return
	}
	b, err := quarantinedBytes(f.Reader())
	if err == nil {
		var streams []mp.Stream
		streams, err = mp.ParseResourceData(b)
		for _, s := range streams {
			if s.Kind == 1 {
				r.DataSize, r.SHA256 = s.Size, s.SHA256
			}
		}
	}
	if err != nil {
		in.Note(r.Origin, fmt.Errorf("%s: %w", r.Data, err))
	}
}

func quarantinedBytes(r io.ReadCloser, size int64, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > quarantineData {
		return nil, errors.New("too large to be hashed: " + strconv.FormatInt(size, 10) + " bytes")
	}
	return io.ReadAll(io.LimitReader(r, quarantineData))
}

// Program returns the file.
func (r Quarantined) Program() string {
	if r.Kind != "file" {
		return ""
	}
	return cmp.Or(r.Physical, r.Path)
}

// Summary shows what was taken away.
func (r Quarantined) Summary() string {
	return fmt.Sprintf("[%s] %s: %s", r.Threat, r.Kind, r.Path)
}
