//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestScanSignals ends runs in the middle, as a user, a system that goes down
// and a session that ends do, and goes on with them.
func TestScanSignals(t *testing.T) {
	testcost.Again(t)
	evidence, want := undisturbed(t, 4)
	for _, c := range []struct {
		signal   syscall.Signal
		machines string
		at       int // how many machines were whole
	}{{syscall.SIGINT, "1", 1}, {syscall.SIGTERM, "1", 1}, {syscall.SIGHUP, "2", 2}, {syscall.SIGTERM, "2", 0}} { // one and two at once
		t.Run(c.signal.String()+" "+c.machines, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "case")
			cmd := child(t, nil, append([]string{"scan", "-o", dir, "-v", "--machines", c.machines}, evidence...)...)
			// A child inherits what is ignored, as in tests that nohup began, but
			// not what is handled.
			handled := make(chan os.Signal, 1)
			signal.Notify(handled, c.signal)
			stderr := narrowPipe(t, cmd)
			signal.Stop(handled)
			whole := 0
			for line := range spoken(stderr) {
				if strings.Contains(line, " events, ") {
					whole++
				}
				if whole >= c.at && strings.Contains(line, "read 20 of") {
					break
				}
			}
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(stderr)
			if code := exitCode(t, cmd.Wait()); code != exitInterupt {
				t.Fatalf("exit %d: %s", code, rest)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("an unfinished case has its final name")
			}
			wholePart(t, dir+".partial", want, "interrupted")
			m, err := scan.ReadManifest(dir + ".partial")
			if err != nil {
				t.Fatal(err)
			}
			done := 0
			for _, h := range m.Machines {
				if h.State == "complete" {
					done++
				}
			}
			if done < c.at || done == len(evidence) {
				t.Errorf("%d machines are complete", done)
			}
			code, said := runs(t.Context(), append(evidence, "-o", dir, "--resume")...)
			if code != exitOK || strings.Count(said, "is complete already") != done {
				t.Fatalf("--resume: exit %d: %s", code, said)
			}
			sameCase(t, dir, want)
		})
	}
}

// TestScanIgnoredHangup starts a run as nohup does.
func TestScanIgnoredHangup(t *testing.T) {
	testcost.Again(t)
	dir := filepath.Join(t.TempDir(), "case")
	cmd := child(t, nil, "-c", `trap "" HUP; exec "$0" scan "$1" -o "$2" -v`)
	cmd.Args = append([]string{"sh", "-c", `trap "" HUP; exec "$0" scan "$1" -o "$2" -v`, cmd.Path}, sameIncidents(t, 1)[0], dir)
	cmd.Path = "/bin/sh"
	stderr := narrowPipe(t, cmd)
	for line := range spoken(stderr) {
		if strings.Contains(line, "read 20 of") {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(stderr)
	if code := exitCode(t, cmd.Wait()); code != exitOK {
		t.Errorf("exit %d: %s", code, rest)
	}
}

// TestScanInterruptedAlone interrupts the run of one machine, then the run that
// goes on with it before it has looked at the evidence, then goes on again.
func TestScanInterruptedAlone(t *testing.T) {
	testcost.Again(t)
	evidence, want := undisturbed(t, 1)
	ev, dir := evidence[0], filepath.Join(t.TempDir(), "case")
	ctx, cancel := context.WithCancel(t.Context())
	stop := &stopWriter{after: 1, at: "read 150 of", cancel: cancel}
	if code := run(ctx, []string{"artifactdump", "scan", ev, "-o", dir, "-v"}, stop, stop); code != exitInterupt {
		t.Fatalf("exit %d: %s", code, stop)
	}
	if n := len(listing(t, dir+".partial")); n < 4 {
		t.Fatalf("the run was interrupted too early for this test: %d files", n)
	}
	wholePart(t, dir+".partial", want, "interrupted")
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if code, said := runs(ctx, ev, "-o", dir, "--resume"); code != exitInterupt {
		t.Fatalf("exit %d: %s", code, said)
	}
	if code, said := runs(t.Context(), ev, "-o", dir, "--resume"); code != exitOK {
		t.Fatalf("--resume: exit %d: %s", code, said)
	}
	sameCase(t, dir, want)
}

// TestScanInterruptedTwice interrupts the run that goes on: what the first one
// finished is not lost.
func TestScanInterruptedTwice(t *testing.T) {
	testcost.Again(t)
	a, b := incident(t), incident(t)
	want, dir := filepath.Join(t.TempDir(), "want"), filepath.Join(t.TempDir(), "case")
	if code, said := runs(t.Context(), a, b, "-o", want, "-q"); code != exitOK {
		t.Fatalf("exit %d: %s", code, said)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop := &stopWriter{after: 2, at: "read 20 of", cancel: cancel}
	if code := run(ctx, []string{"artifactdump", "scan", a, b, "-o", dir, "-v", "--machines", "1"}, stop, stop); code != exitInterupt {
		t.Fatalf("exit %d: %s", code, stop)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if code, said := runs(ctx, a, b, "-o", dir, "--resume"); code != exitInterupt {
		t.Fatalf("exit %d: %s", code, said)
	}
	wholePart(t, dir+".partial", want, "interrupted")
	if code, said := runs(t.Context(), b, a, "-o", dir, "--resume"); code != exitFailed || !strings.Contains(said, "evidence differs") {
		t.Fatalf("with other evidence: exit %d: %s", code, said)
	}
	for _, gone := range []string{a, b} { // as when a disk is not mounted any more
		for range 2 {
			if err := os.Rename(filepath.Join(gone, "C"), gone+".away"); err != nil {
				t.Fatal(err)
			}
			if code, said := runs(t.Context(), a, b, "-o", dir, "--resume"); code != exitFailed || !strings.Contains(said, "no longer is") {
				t.Errorf("without %s: exit %d: %s", gone, code, said)
			}
			if err := os.Rename(gone+".away", filepath.Join(gone, "C")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if code, said := runs(t.Context(), a, b, "-o", dir, "--resume"); code != exitOK || strings.Count(said, "is complete already") != 1 {
		t.Fatalf("exit %d: %s", code, said)
	}
	sameCase(t, dir, want)
}
