package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// onTerminal runs the program with a pseudo-terminal as its standard output.
func onTerminal(t *testing.T, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	var unlock, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(value))); e != 0 {
			t.Skip(e)
		}
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	said := make(chan string)
	go func() {
		b, _ := io.ReadAll(master) // ends with an error when the other side is closed
		said <- string(b)
	}()
	if code := run(t.Context(), append([]string{"artifactdump"}, args...), slave, io.Discard); code != exitOK {
		t.Errorf("%s: exit %d", args, code)
	}
	slave.Close()
	return strings.ReplaceAll(<-said, "\r\n", "\n")
}

// TestColor looks at levels on a terminal, with colours and without.
func TestColor(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	const critical = "\x1b[1;31mcritical"
	timeline := []string{"timeline", "-q", "-a", "bam", "--from", "2026-03-06", theIncident}
	for _, args := range [][]string{timeline, {"findings", "-q", "-a", "bam", theIncident}} {
		if s := onTerminal(t, args...); strings.Count(s, "\x1b[") < 4 || !strings.Contains(s, "\x1b[0m") {
			t.Errorf("%s: without colours:\n%.500s", args[0], s)
		}
	}
	coloured := onTerminal(t, timeline...)
	if !strings.Contains(coloured, critical) {
		t.Errorf("no critical row is coloured:\n%.500s", coloured)
	}
	for l := range strings.SplitSeq(coloured, "\n") {
		for _, code := range []string{"\x1b[1;31m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"} {
			l = strings.ReplaceAll(l, code, "")
		}
		if n := len([]rune(l)); n > 120 && !strings.Contains(l, "×") {
			t.Errorf("%d columns: %s", n, l)
		}
	}
	for _, off := range [][2]string{{"NO_COLOR", "1"}, {"TERM", "dumb"}} {
		t.Setenv(off[0], off[1])
		if s := onTerminal(t, timeline...); strings.Contains(s, "\x1b") || !strings.Contains(s, "critical") {
			t.Errorf("%s=%s: coloured, or empty:\n%.500s", off[0], off[1], s)
		}
		t.Setenv(off[0], "")
	}
	if s, _, _ := runArgs(t, timeline...); strings.Contains(s, "\x1b") {
		t.Error("colours go into a pipe")
	}
}
