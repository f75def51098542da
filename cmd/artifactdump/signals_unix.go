//go:build unix

package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// endSignals are those that end a run in good order: an interrupt, the end of
// a session or of the system. What the caller had ignored (nohup) stays so.
func endSignals() []os.Signal {
	list := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}

// keepPipes makes a closed pipe an error of the write. Without it the system
// kills the program for a message on standard error that nobody reads, in the
// middle of a case folder.
func keepPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// isClosedPipe reports whether the other end of a pipe was closed.
func isClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
