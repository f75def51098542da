package collect

import (
	"encoding/binary"
	"io"
	"io/fs"
	"path"
	"strings"
)

// A hive whose first part is lost shows by its bins: each begins, at a multiple of 4096, with the letters hbin and its
// own offset behind the base block (regf, "Hive bin").
const (
	binPage  = 4096
	binHead  = 12
	binPages = 8       // pages in a row that are looked at
	binRead  = 1 << 20 // bytes that are read of a file that can only be read from its beginning
)

// hiveNames are the names of hives that artifacts are read from, in lower case.
var hiveNames = []string{"system", "software", "sam", "security", "default", "ntuser.dat", "ntuser.man", "usrclass.dat", "amcache.hve",
	"syscache.hve"}

// isHiveName reports whether a file has the name of a hive, with or without what a program that encrypts files adds.
func isHiveName(name string) bool {
	name = strings.ToLower(path.Base(name))
	for _, n := range hiveNames {
		if rest, ok := strings.CutPrefix(name, n); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

// HasBins reports whether a file that begins with no signature is a hive nevertheless, because a bin lies where it says
// that it lies. The first SniffSize bytes of the file have been read. It looks at a few places only; a file without a
// hive's name must have the size of a hive, whole pages.
func HasBins(f fs.File, name string) bool {
	st, err := f.Stat()
	if err != nil || st.Size() < 2*binPage || isLog(name) {
		return false
	}
	size, named := st.Size(), isHiveName(name)
	if !named && size%binPage != 0 {
		return false
	}
	if r, ok := f.(io.ReaderAt); ok {
		return binsAt(r, size)
	}
	if !named {
		return false
	}
	head := make([]byte, binHead)
	at := int64(SniffSize) // has been read
	for page := int64(binPage); page+binHead <= min(size, binRead); page += binPage {
		if _, err := io.CopyN(io.Discard, f, page-at); err != nil {
			return false
		}
		if _, err := io.ReadFull(f, head); err != nil {
			return false
		}
		if isBin(head, page) {
			return true
		}
		at = page + binHead
	}
	return false
}

// binsAt looks at the beginning, which may be a bin of its own, and at runs of pages over the file.
func binsAt(r io.ReaderAt, size int64) bool {
	head := make([]byte, binHead)
	if _, err := r.ReadAt(head, 0); err == nil && string(head[:4]) == "hbin" {
		return binary.LittleEndian.Uint32(head[4:])%binPage == 0
	}
	for _, from := range [...]int64{binPage, size / 2, size / 4 * 3, size / 8} {
		from = from / binPage * binPage
		for p := from; p < from+binPages*binPage && p+binHead <= size; p += binPage {
			if _, err := r.ReadAt(head, p); err != nil {
				break
			}
			if isBin(head, p) {
				return true
			}
		}
	}
	return false
}

// isBin reports whether a bin begins with head at a position of the file.
func isBin(head []byte, at int64) bool {
	return string(head[:4]) == "hbin" && int64(binary.LittleEndian.Uint32(head[4:])) == at-binPage &&
		binary.LittleEndian.Uint32(head[8:])%binPage == 0
}

// isLog reports whether a file has the name of a transaction log, which holds pages of a hive in other places.
func isLog(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".log", ".log1", ".log2":
		return true
	}
	return false
}
