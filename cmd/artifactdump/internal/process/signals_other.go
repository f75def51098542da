//go:build !unix

// Package process is what the operating system gives a program: standard output,
// signals, and pipes whose other end was closed.
package process

import (
	"errors"
	"os"
	"syscall"
)

// EndSignals are those that end a run in good order. Windows sends the second
// when the console is closed, the user logs off or the system ends.
func EndSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

// KeepPipes makes a closed pipe an error of the write, as it is on this system.
func KeepPipes() {}

// IsClosedPipe reports whether the other end of a pipe was closed: the codes
// 109 (ERROR_BROKEN_PIPE) and 232 (ERROR_NO_DATA) of Windows.
func IsClosedPipe(err error) bool {
	return errors.Is(err, syscall.Errno(109)) || errors.Is(err, syscall.Errno(232))
}
