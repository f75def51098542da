//go:build unix

package process

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

// TestIsClosedPipe writes to a pipe that nobody reads.
func TestIsClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	if _, err = w.Write([]byte("x")); !IsClosedPipe(err) {
		t.Errorf("%v is not seen as a closed pipe", err)
	}
	if !IsClosedPipe(fmt.Errorf("timeline: %w", err)) {
		t.Error("nor when it is wrapped")
	}
	for _, other := range []error{nil, os.ErrClosed, syscall.ENOSPC} {
		if IsClosedPipe(other) {
			t.Errorf("%v is taken for a closed pipe", other)
		}
	}
}

// TestEndSignals leaves out what the caller ignores, as nohup does.
func TestEndSignals(t *testing.T) {
	if got := EndSignals(); !slices.Contains(got, os.Signal(syscall.SIGTERM)) {
		t.Errorf("%v without SIGTERM", got)
	}
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("SIGHUP is ignored already")
	}
	if got := EndSignals(); !slices.Contains(got, os.Signal(syscall.SIGHUP)) {
		t.Errorf("%v without SIGHUP", got)
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if got := EndSignals(); slices.Contains(got, os.Signal(syscall.SIGHUP)) {
		t.Errorf("%v with an ignored SIGHUP", got)
	}
}
