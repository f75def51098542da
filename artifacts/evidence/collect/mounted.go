package collect

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// A volume that ntfs-3g has mounted shows what a Unix file system has no place for as extended attributes (seen with version 2022.10.3):
// system.ntfs_times holds four FILETIMEs, created, modified, accessed, changed; user.NAME is the alternate data stream NAME.
const (
	ntfsTimesAttr = "system.ntfs_times"
	maxXattr      = 16 << 20
)

// ntfsTimes returns the times of a file of a mounted volume, or nil.
func ntfsTimes(f *os.File) *Times {
	b, ok := xattr(f, ntfsTimesAttr, 64)
	if !ok || len(b) < 32 {
		return nil
	}
	return &Times{Created: filetime(b), Modified: filetime(b[8:]), Accessed: filetime(b[16:]), Changed: filetime(b[24:]),
		Source: ntfsTimesAttr}
}

// filetime turns 100 ns since 1601 into a time; 0 is the zero time, and so is what lies behind the year 9999.
func filetime(b []byte) time.Time {
	ft := binary.LittleEndian.Uint64(b)
	const epoch = 11644473600        // seconds from 1601 to 1970
	const last = 2650467743999999999 // the end of the year 9999, the last time that RFC 3339 can write
	if ft == 0 || ft > last {
		return time.Time{}
	}
	return time.Unix(int64(ft/1e7)-epoch, int64(ft%1e7)*100).UTC()
}

// openStream opens name:stream of a mounted volume.
func (d dirFS) openStream(name string) (fs.File, bool) {
	base, stream, ok := strings.Cut(path.Base(name), ":")
	if !ok || !d.ntfs || base == "" || stream == "" {
		return nil, false
	}
	f, info, err := d.open("open", path.Join(path.Dir(name), base))
	if err != nil {
		return nil, false
	}
	defer f.Close()
	b, ok := xattr(f, "user."+stream, maxXattr)
	if !ok {
		return nil, false
	}
	n := &node{name: base + ":" + stream, mode: 0o444, size: int64(len(b))}
	return withInfo(plainFile{io.NewSectionReader(bytes.NewReader(b), 0, n.size)}, dated{n, info.ModTime()}), true
}

// dated is a FileInfo with the modification time of another.
type dated struct {
	fs.FileInfo
	mod time.Time
}

func (d dated) ModTime() time.Time { return d.mod }
