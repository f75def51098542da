package files

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A LockedError is the error for what another process is at work on.
type LockedError struct {
	Name string // of the lock
	PID  int    // of the process, 0 where it is not known
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return e.Name + " is locked by another process"
	}
	return fmt.Sprintf("%s is locked by process %d", e.Name, e.PID)
}

// errLocked is what the system's lock reports when another process holds it.
var errLocked = errors.New("locked")

// A Lock keeps other processes out. It ends with the process at the latest, also
// when that is killed.
type Lock struct {
	f    *os.File
	name string
}

// NewLock takes the lock that a file stands for. It returns a [LockedError] when
// another process has it. Some file systems, of servers most of all, know no
// locks: there is none then, and no error.
func NewLock(name string, mode Mode) (*Lock, error) {
	for range 16 {
		f, err := openLock(name, mode.file())
		if errors.Is(err, errLocked) {
			return nil, &LockedError{name, lockPID(name)}
		}
		if err != nil || f == nil {
			return nil, err
		}
		// The one who had the lock may have removed the file in between, and a
		// third may have made it anew.
		mine, err1 := f.Stat()
		there, err2 := os.Lstat(name)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			f.Truncate(0)
			fmt.Fprintf(f, "%d\n", os.Getpid())
			return &Lock{f, name}, nil
		}
		f.Close()
	}
	return nil, &LockedError{Name: name}
}

// lockPID reads who has a lock, where the system lets another process read it.
func lockPID(name string) int {
	b, _ := os.ReadFile(name)
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// Unlock gives the lock back and removes its file.
func (l *Lock) Unlock() {
	if l == nil {
		return
	}
	// While it is still locked: what another process makes in its place stays.
	os.Remove(l.name)
	l.f.Close()
}
