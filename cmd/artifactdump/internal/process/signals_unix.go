//go:build unix

// Package process is what the operating system gives a program: standard output,
// signals, and pipes whose other end was closed.
package process

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// EndSignals are those that end a run in good order: an interrupt, the end of
// a session or of the system. What the caller had ignored (nohup) stays so.
func EndSignals() []os.Signal {
	list := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}

// KeepPipes makes a closed pipe an error of the write. Without it the system
// kills the program for a message on standard error that nobody reads, in the
// middle of a case folder.
func KeepPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// IsClosedPipe reports whether the other end of a pipe was closed.
func IsClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
