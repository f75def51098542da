package filesystem

import (
	"encoding/binary"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// bootPatterns are where collectors keep the boot sector of a volume.
var bootPatterns = []string{`%AnyDrive%\$Boot`, `%AnyDrive%\*_$Boot`}

// readSerial returns the serial number of the volume that a $MFT is of, as Windows shows
// it: from the volume, or from the boot sector beside the $MFT. 0 means that it is unknown.
func readSerial(in artifacts.Input, f *evidence.File) uint32 {
	if vol, ok := f.NTFS(); ok {
		return uint32(vol.Serial)
	}
	const name, serial, sector = 3, 72, 512
	if f = beside(in, bootPatterns); f == nil {
		return 0
	}
	b, err := f.BytesUpTo(1 << 20)
	if err != nil || len(b) < sector || string(b[name:name+8]) != "NTFS    " {
		return 0
	}
	return binary.LittleEndian.Uint32(b[serial:])
}
