package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Output is where data go that no -o sends elsewhere. A program that was
// started with its standard output closed (>&-) gets an error for the first byte:
// the runtime has put the null device in the place, which would take everything.
func Output() io.Writer {
	if closedAtStart(os.Stdout) {
		return closedOutput{}
	}
	return os.Stdout
}

// A closedOutput takes nothing.
type closedOutput struct{}

func (closedOutput) Write([]byte) (int, error) { return 0, errors.New("standard output is closed") }

// closedAtStart reports whether the runtime opened a file because it was closed
// when the program started. It opens the null device for reading and writing;
// shells and most programs that send output there open it for writing only.
// Python and Node do not, nor daemons, whose three files are one.
func closedAtStart(f *os.File) bool {
	if !isNull(f) || accessMode(f) != os.O_RDWR {
		return false
	}
	parent, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", os.Getppid()))
	for _, name := range []string{"python", "node"} {
		if strings.HasPrefix(filepath.Base(parent), name) {
			return false
		}
	}
	for _, other := range []*os.File{os.Stdin, os.Stderr} {
		if isNull(other) && oneFile(f, other) {
			return false
		}
	}
	return true
}

func isNull(f *os.File) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(os.DevNull)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// accessMode is how a file was opened.
func accessMode(f *os.File) int { return fileStatus(f) & syscall.O_ACCMODE }

func fileStatus(f *os.File) int {
	n, _, _ := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFL, 0)
	return int(n)
}

// oneFile reports whether two descriptors came from one call of open: what is set
// for the one is set for the other.
func oneFile(a, b *os.File) bool {
	was := fileStatus(a)
	set := func(flags int) { syscall.Syscall(syscall.SYS_FCNTL, a.Fd(), syscall.F_SETFL, uintptr(flags)) }
	before := fileStatus(b) & syscall.O_APPEND
	set(was ^ syscall.O_APPEND)
	after := fileStatus(b) & syscall.O_APPEND
	set(was)
	return before != after
}
