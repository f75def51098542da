package collect

import (
	"os"
	"strconv"
	"syscall"
)

// quietly asks the system to leave the access time alone; it may refuse that for files of another user.
const quietly = syscall.O_NOATIME

// unblocked keeps an open from waiting for the other end of a pipe.
const unblocked = syscall.O_NONBLOCK

// xattr reads an extended attribute of an open file, through the link that names it, so that no path is walked again.
func xattr(f *os.File, name string, limit int) ([]byte, bool) {
	path := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	n, err := syscall.Getxattr(path, name, nil)
	if err != nil || n > limit {
		return nil, false
	}
	b := make([]byte, n)
	if n, err = syscall.Getxattr(path, name, b); err != nil {
		return nil, false
	}
	return b[:n], true
}
