package ntfs

import (
	"net"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// uuidEpoch is the FILETIME of 1582-10-15, from which UUIDs of version 1 count,
// as a negative number.
const uuidEpoch = 5748192000000000

// ObjectIDTime returns the time and the network address of the machine in the
// file's object identifier (RFC 9562, 5.1). ok is false when the file has none,
// or one of another version.
func (r *Record) ObjectIDTime() (t time.Time, address net.HardwareAddr, ok bool) {
	b := r.ObjectID
	if len(b) < 16 || b[7]>>4 != 1 || b[8]>>6 != 2 {
		return time.Time{}, nil, false
	}
	ticks := uint64(le.Uint32(b)) | uint64(le.Uint16(b[4:]))<<32 | uint64(le.Uint16(b[6:])&0x0FFF)<<48
	if ticks <= uuidEpoch {
		return time.Time{}, nil, false
	}
	return wire.Time(ticks - uuidEpoch), net.HardwareAddr(append([]byte(nil), b[10:16]...)), true
}
