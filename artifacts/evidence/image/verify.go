package image

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"io"
)

// A Verification compares the hashes that an image stores with those of the disk that it holds. Hashes are in lower-case hex; those that
// the image does not store are empty.
type Verification struct {
	StoredMD5, StoredSHA1 string
	MD5, SHA1             string
}

// Stored reports whether there was anything to compare with. Of the formats here only EWF stores hashes.
func (v Verification) Stored() bool { return v.StoredMD5 != "" || v.StoredSHA1 != "" }

// OK reports whether something was stored and all of it is right.
func (v Verification) OK() bool {
	return v.Stored() && (v.StoredMD5 == "" || v.StoredMD5 == v.MD5) && (v.StoredSHA1 == "" || v.StoredSHA1 == v.SHA1)
}

// Verify reads the whole disk and hashes it.
func (d *Disk) Verify(ctx context.Context) (Verification, error) {
	var v Verification
	if d.ewf != nil {
		// A section of zeros is what a tool leaves that was told not to hash.
		if !bytes.Equal(d.ewf.md5, make([]byte, 16)) {
			v.StoredMD5 = hex.EncodeToString(d.ewf.md5)
		}
		if !bytes.Equal(d.ewf.sha1, make([]byte, 20)) {
			v.StoredSHA1 = hex.EncodeToString(d.ewf.sha1)
		}
	}
	m, s := md5.New(), sha1.New()
	w := io.MultiWriter(m, s)
	buf := make([]byte, max(1<<20, bypassPages*d.pages.page))
	for off := int64(0); off < d.Size; {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		p := buf[:min(int64(len(buf)), d.Size-off)]
		n, err := d.pages.ReadAt(p, off)
		if n < len(p) {
			return v, noEOF(err)
		}
		w.Write(p)
		off += int64(n)
	}
	v.MD5, v.SHA1 = hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(s.Sum(nil))
	return v, nil
}
