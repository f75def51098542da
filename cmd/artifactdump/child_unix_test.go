//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

// beChild runs the program as the tests ask for it: with a limit on the size
// of a file, which is met like a full disk, or as a user without rights.
func beChild() {
	if name := os.Getenv("ARTIFACTDUMP_TEST_PEAK"); name != "" {
		os.Unsetenv("ARTIFACTDUMP_TEST_PEAK")
		notePeak(name)
	}
	if n, err := strconv.ParseUint(os.Getenv("ARTIFACTDUMP_TEST_FSIZE"), 10, 63); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		var lim syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &lim); err != nil {
			panic(err)
		}
		setLimit(&lim, n)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &lim); err != nil {
			panic(err)
		}
	}
	if n, err := strconv.ParseUint(os.Getenv("ARTIFACTDUMP_TEST_DATA"), 10, 63); err == nil {
		var lim syscall.Rlimit
		setLimit(&lim, n)
		lim.Max = lim.Cur
		if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &lim); err != nil {
			panic(err)
		}
	}
	if n, err := strconv.Atoi(os.Getenv("ARTIFACTDUMP_TEST_UID")); err == nil {
		if err := syscall.Setuid(n); err != nil {
			panic(err)
		}
	}
	main()
}

// notePeak runs the program as a child of this small process and writes how much
// memory it had at most, in units of the system: of its own child a process counts
// what it had itself when that began.
func notePeak(name string) {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		panic(err)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if err := os.WriteFile(name, strconv.AppendInt(nil, int64(peak), 10), 0o600); err != nil {
		panic(err)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// child is the program in a process of its own; main ends it.
func child(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), append(env, childEnv+"=1")...)
	return cmd
}

// narrowPipe starts a process whose standard error is a pipe with room for so
// little, 4 KiB on Linux, that a scan that names its sources waits for its reader
// long before its end: a test stops it where it wants, however slow either is.
func narrowPipe(t *testing.T, cmd *exec.Cmd) io.Reader {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if runtime.GOOS == "linux" {
		const setPipeSize = 1031 // F_SETPIPE_SZ
		if _, _, e := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), setPipeSize, 4096); e != 0 {
			t.Fatal(e)
		}
	}
	cmd.Stderr = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// spoken yields the lines of a pipe and reads no further than the last.
func spoken(r io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		var line []byte
		b := make([]byte, 1)
		for {
			if n, err := r.Read(b); n == 0 && err != nil {
				return
			}
			if line = append(line, b[0]); b[0] == '\n' {
				if !yield(string(line)) {
					return
				}
				line = line[:0]
			}
		}
	}
}

// runChild runs the program to its end and returns what it said.
func runChild(t *testing.T, env []string, args ...string) (code int, stderr string) {
	t.Helper()
	cmd := child(t, env, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	return exitCode(t, cmd.Run()), errs.String()
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	e, ok := err.(*exec.ExitError)
	if !ok {
		t.Fatal(err)
	}
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		t.Fatal(fmt.Sprint("the child was killed: ", ws.Signal()))
	}
	return e.ExitCode()
}
