package communication

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A BITSQueue is one file that holds the jobs of the transfer service.
type BITSQueue struct {
	artifacts.Origin
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Format string `json:"format"` // ESE database (10 and later), state file, unknown
}

var bits = artifacts.Define(artifacts.Artifact{
	Name:     "bits",
	Title:    "BITS queue",
	DataType: "windows:file:bits_queue",
	About: `The files in which the background transfer service keeps its jobs. Records only the presence, size
and format of the queue files; jobs are not decoded. A job downloads or uploads files, survives
reboots for up to 90 days, and can start a program when it completes. The presence of the files does
not prove anything: every Windows has them. An empty or missing queue on a used machine may have
been removed. The record has no time.`,
	Proves: artifacts.Present,
	Attack: []string{"T1197"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1197/",
		"https://learn.microsoft.com/windows/win32/bits/background-intelligent-transfer-service-portal",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%ProgramData%\Microsoft\Network\Downloader\qmgr*`),
		artifacts.Files(`%ProgramData%\Application Data\Microsoft\Network\Downloader\qmgr*`),
	},
}, func(in artifacts.Input, yield func(BITSQueue) bool) error {
	r := BITSQueue{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path), Size: int64(len(in.Data)), Format: "unknown"}
	switch {
	case len(in.Data) >= 8 && le.Uint32(in.Data[4:]) == 0x89ABCDEF:
		// libesedb, "(Database) file header": signature at 4.
		r.Format = "ESE database"
	case len(in.Data) >= 16 && [16]byte(in.Data) == bitsState:
		r.Format = "state file"
	case len(in.Data) == 0:
		r.Format = "empty"
	}
	yield(r)
	return nil
})

// bitsState is the identifier with which the queues before Windows 10 1709
// begin, by published analyses.
var bitsState = [16]byte{0x13, 0xF7, 0x2B, 0xC8, 0x40, 0x99, 0x12, 0x4A, 0x9F, 0x1A, 0x3A, 0xAE, 0xBD, 0x89, 0x4E, 0xEA}

// Summary names the file.
func (r BITSQueue) Summary() string {
	return fmt.Sprintf("[%s] %d bytes, %s; jobs are not decoded", r.Name, r.Size, r.Format)
}
