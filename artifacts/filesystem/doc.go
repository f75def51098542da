// Package filesystem decodes the metadata of an NTFS volume: the file records of
// $MFT, the change journal, the Mark of the Web, the slack of folder indexes and
// $LogFile. [Artifacts] lists its artifacts; each is one file with its record
// type, its declaration and its decoder.
//
// It also judges that metadata: which times were forged, which names deceive,
// which changes of the journal belong together. These functions take parsed
// records and know one volume only: rules join them with what other artifacts
// know.
package filesystem

import "github.com/artifactdump/artifactdump/artifacts"

// FILETIMEs count 100 ns.
const (
	second = 10_000_000
	minute = 60 * second
	day    = 24 * 60 * minute
)

var chapter = artifacts.Chapter("File system",
	mft,
	usnjrnl,
	zoneID,
	executedFiles,
	fileReferences,
	i30,
	logFile,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
