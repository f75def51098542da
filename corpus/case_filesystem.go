package corpus

import (
	"sync"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// volumeMetadata is [Metadata], made once: prefetch files refer to its records.
var volumeMetadata = sync.OnceValue(func() *metadata { return writeMetadata() })

// mftCase writes the file table, journalCase the change journal as KAPE stores it: without the hole at its beginning.
func mftCase(m *Machine) { m.File("$MFT", volumeMetadata().MFT()) }

func journalCase(m *Machine) {
	m.File("$Extend/$J", volumeMetadata().J())
	m.File("$Extend/$Max", volumeMetadata().Max(VolumeCreated))
}

// indexCase writes the index of the folder that all users share, which somebody collected by hand.
func indexCase(m *Machine) {
	v := volumeMetadata()
	m.File("$I30", v.Index(v.refs[key(`C:\PerfLogs`)]))
}

func logFileCase(m *Machine) { m.File("$LogFile", volumeMetadata().LogFile()) }

// reference returns the reference of a file of the system volume, which prefetch files hold for some files and not
// for others. It is zero for files that the file table of the corpus does not have.
func reference(path string) (entry uint64, sequence uint16) {
	r := ntfsmeta.Ref(volumeMetadata().ever[key(path)])
	return uint64(r) & (1<<48 - 1), uint16(r >> 48)
}

// WithoutMetadata takes away the files that a volume keeps of itself and a collector copies: the same tree can then be
// written to a volume, which has its own.
func (m *Machine) WithoutMetadata() *Machine {
	for _, name := range []string{"$MFT", "$Extend/$J", "$Extend/$Max", "$LogFile", "$I30"} {
		delete(m.files, name)
	}
	return m
}

// volumeCases are what the volume says of its files.
var volumeCases = []Case{
	{"mft", "The implant with its address, a DLL with the times of another, and what was deleted.", mftCase},
	{"usnjrnl", "The night of the intrusion: a download, starts, a forging, and the clean-up.", journalCase},
	{"zoneid", "The mark of the implant is in the case mft.", already},
	{"executedfiles", "The references are those of the case prefetch.", already},
	{"filereferences", "The references are those of the cases shellbags and shortcuts.", already},
	{"i30", "The index of the folder of the archive, which is gone.", indexCase},
	{"logfile", "The log of a volume in use.", logFileCase},
}
