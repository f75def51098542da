//go:build !unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// endSignals are those that end a run in good order. Windows sends the second
// when the console is closed, the user logs off or the system ends.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func keepPipes() {}

// isClosedPipe reports whether the other end of a pipe was closed: the codes
// 109 (ERROR_BROKEN_PIPE) and 232 (ERROR_NO_DATA) of Windows.
func isClosedPipe(err error) bool {
	return errors.Is(err, syscall.Errno(109)) || errors.Is(err, syscall.Errno(232))
}
