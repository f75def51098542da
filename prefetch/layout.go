package prefetch

import "fmt"

// A Version is the format version of a file. It tells the Windows version only roughly: early Windows 11 writes version 30.
type Version uint32

// The versions that are known.
const (
	V17 Version = 17 // Windows XP, Server 2003
	V23 Version = 23 // Windows Vista, 7, Server 2008, 2008 R2
	V26 Version = 26 // Windows 8, 8.1, Server 2012, 2012 R2
	V30 Version = 30 // Windows 10; Windows 11 up to about 22H2
	V31 Version = 31 // Windows 11 from 22H2 on
)

// String returns the number and the Windows versions that write it.
func (v Version) String() string {
	switch v {
	case V17:
		return "17 (Windows XP, Server 2003)"
	case V23:
		return "23 (Windows Vista, 7)"
	case V26:
		return "26 (Windows 8, 8.1)"
	case V30:
		return "30 (Windows 10, 11)"
	case V31:
		return "31 (Windows 11)"
	}
	return fmt.Sprintf("%d (unknown)", uint32(v))
}

func (v Version) known() bool {
	switch v {
	case V17, V23, V26, V30, V31:
		return true
	}
	return false
}

// The header, 84 bytes, and the nine fields of the file information that all versions share. Offsets count from the start of the
// uncompressed file. docs/formats/prefetch.md, "Header" and "File information".
const (
	headVersion   = 0  // u32
	headSignature = 4  // "SCCA"
	headUnknown8  = 8  // u32
	headFileSize  = 12 // u32
	headName      = 16 // 60 bytes, UTF-16LE, NUL terminated
	headHash      = 76 // u32
	headFlags     = 80 // u32
	headEnd       = 84

	infoMetricsOff = 84  // u32, from the start of the file, as the other offsets here
	infoMetrics    = 88  // u32, number
	infoTracesOff  = 92  // u32
	infoTraces     = 96  // u32, number
	infoNamesOff   = 100 // u32
	infoNamesSize  = 104 // u32, bytes
	infoVolumesOff = 108 // u32
	infoVolumes    = 112 // u32, number
	infoVolumeSize = 116 // u32, bytes
	infoCommonEnd  = 120

	infoDirectories = 120 // u32, total of the directory strings; from version 23 on
	infoUnknown124  = 124 // u32; from version 23 on
)

// A layout says where one version keeps what moves between versions. Offsets count from the start of the uncompressed file.
// The executable record exists in versions 30 and 31 only. docs/formats/prefetch.md, "File information".
type layout struct {
	infoEnd  int // end of the file information, where the file metrics begin
	lastRun  int // FILETIMEs
	nRuns    int
	runCount int // u32
	record   int // u32 offset, u32 size of the executable record, or 0
	metric   int // size of a file metrics entry
	trace    int // size of a trace chain entry
	volume   int // size of a volume entry
}

var (
	layout17  = layout{152, 120, 1, 144, 0, 20, 12, 40}
	layout23  = layout{240, 128, 1, 152, 0, 32, 12, 104}
	layout26  = layout{304, 128, 8, 208, 0, 32, 12, 104}
	layout30a = layout{304, 128, 8, 208, 220, 32, 8, 96}
	layout30b = layout{296, 128, 8, 200, 212, 32, 8, 96} // also version 31
)

// layoutOf chooses by the version, and for version 30 by the metrics offset, as the document says: never by trying values. exact is
// false where the metrics offset is not one that the version is known to have.
func layoutOf(v Version, in info) (l layout, exact bool) {
	switch v {
	case V17:
		return layout17, in.metricsOff == 152
	case V23:
		return layout23, in.metricsOff == 240
	case V26:
		return layout26, in.metricsOff == 304
	case V30:
		if in.metricsOff == 304 {
			return layout30a, true
		}
		return layout30b, in.metricsOff == 296
	case V31:
		return layout30b, in.metricsOff == 296
	}
	switch in.metricsOff {
	case 152:
		return layout17, false
	case 240:
		return layout23, false
	case 296:
		return layout30b, false
	case 304:
		// Versions 26 and 30 share the offset. Only their trace chain entries differ in size.
		if uint64(in.tracesOff)+12*uint64(in.traces) == uint64(in.namesOff) {
			return layout26, false
		}
		return layout30a, false
	}
	return layout{}, false
}
