package execution

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Syscache is one file that the application identity cache knows.
type Syscache struct {
	artifacts.Origin
	SHA1      string    `json:"sha1,omitempty"`
	ProgramID string    `json:"program_identifier,omitempty"`
	MFTEntry  uint64    `json:"mft_entry,omitempty"`
	MFTSeq    uint64    `json:"mft_sequence,omitempty"`
	Usn       uint64    `json:"usn,omitempty"`
	Written   time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var syscache = artifacts.Define(artifacts.Artifact{
	Name:     "syscache",
	Title:    "Syscache",
	DataType: "windows:registry:syscache",
	About: `On Windows 7 and Server 2008 R2 the hive Syscache.hve in System Volume Information stores the
identity of executable files that Windows has checked: file reference and SHA-1. Proves that a file
with that content and reference was on the volume no later than the key's last write, which is near
its first start or scan. It has no path: the file reference must be resolved in the master file
table. It does not prove a start. This decoder follows public descriptions and has not been checked
against a real hive.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://dfir.ru/2018/12/02/the-cit-database-and-the-syscache-hive/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSCACHE, `DefaultObjectStore\ObjectTable\*`),
	},
}, decodeSyscache)

func decodeSyscache(in artifacts.Input, yield func(Syscache) bool) error {
	r := Syscache{Origin: in.AtKey(), Written: in.Written()}
	text := func(name string) string { return wire.UTF16Z(in.Bytes(name)) } // the type is binary, the data is text
	r.SHA1 = amcacheSHA1(text("AeFileID"))
	r.ProgramID = text("AeProgramID")
	if n, ok := in.Uint("_FileId_"); ok {
		r.MFTEntry, r.MFTSeq = n&(1<<48-1), n>>48
	}
	r.Usn, _ = in.Uint("_Usn_")
	if r.SHA1 == "" && r.MFTEntry == 0 {
		return nil // bookkeeping of the table
	}
	yield(r)
	return nil
}

// FileReferences returns the file's, which has no path here.
func (s Syscache) FileReferences() []artifacts.FileReference {
	if s.MFTSeq == 0 {
		return nil
	}
	return []artifacts.FileReference{{Entry: s.MFTEntry, Sequence: uint16(s.MFTSeq)}}
}

// Summary names the file as far as it is known.
func (s Syscache) Summary() string {
	return fmt.Sprintf("file reference %d-%d was seen, SHA-1: %s", s.MFTEntry, s.MFTSeq, s.SHA1)
}
