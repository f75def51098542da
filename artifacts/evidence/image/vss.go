package image

import (
	"fmt"
	"io"
	"time"
)

// A Shadow is a volume shadow copy that a volume's catalog lists. Its contents are not read: it is named so that nobody takes the volume
// for all that the disk holds.
type Shadow struct {
	ID      string // GUID of the store
	Created time.Time
}

// The catalog of volume shadow copies (libvshadow, "Volume Shadow Snapshot (VSS) format"): a header in the volume's sector 15 leads to
// blocks of 16 KiB, of which each entry of type 2 describes a store.
const (
	vssHeader     = 0x1E00
	vssType       = 20 // u32: 1 in the header, 2 in a catalog block
	vssCatalog    = 48 // u64, in the header: 0 when there is none
	vssNext       = 40 // u64, in a block's header
	vssBlock      = 16 << 10
	vssBlockHead  = 128
	vssEntry      = 128
	vssStore      = 2  // u64, an entry's type
	vssStoreID    = 16 // GUID
	vssStoreMade  = 48 // FILETIME
	maxVSSCatalog = 64 // blocks; Windows keeps 512 copies at most, some 126 to two blocks
)

var vssID = [16]byte{0x6B, 0x87, 0x08, 0x38, 0x76, 0xC1, 0x48, 0x4E, 0xB7, 0xAE, 0x04, 0x04, 0x6E, 0x6C, 0xC7, 0x52}

// readShadows lists the shadow copies of a volume that begins where r begins.
func readShadows(r io.ReaderAt) ([]Shadow, error) {
	h := make([]byte, 512)
	if readFull(r, h, vssHeader) != nil || [16]byte(h) != vssID || le.Uint32(h[vssType:]) != 1 {
		return nil, nil
	}
	var shadows []Shadow
	b := make([]byte, vssBlock)
	at := int64(le.Uint64(h[vssCatalog:]))
	for n := 0; at != 0; n++ {
		if n == maxVSSCatalog {
			return shadows, fmt.Errorf("shadow copy catalog: more than %d blocks, or a circle of them", maxVSSCatalog)
		}
		if at < 0 {
			return shadows, fmt.Errorf("shadow copy catalog: impossible offset")
		}
		if err := readFull(r, b, at); err != nil {
			return shadows, fmt.Errorf("shadow copy catalog at %d: %w", at, err)
		}
		if [16]byte(b) != vssID || le.Uint32(b[vssType:]) != 2 {
			return shadows, fmt.Errorf("shadow copy catalog at %d: no signature", at)
		}
		for e := b[vssBlockHead:]; len(e) >= vssEntry; e = e[vssEntry:] {
			if le.Uint64(e) == vssStore {
				shadows = append(shadows, Shadow{guid(e[vssStoreID:]), filetime(le.Uint64(e[vssStoreMade:]))})
			}
		}
		at = int64(le.Uint64(b[vssNext:]))
	}
	return shadows, nil
}

// filetime turns 100 ns since 1601 into a time; 0 is the zero time, and so is what lies behind the year 9999.
func filetime(ft uint64) time.Time {
	const epoch = 11644473600        // seconds from 1601 to 1970
	const last = 2650467743999999999 // the end of the year 9999, the last time that RFC 3339 can write
	if ft == 0 || ft > last {
		return time.Time{}
	}
	return time.Unix(int64(ft/1e7)-epoch, int64(ft%1e7)*100).UTC()
}
