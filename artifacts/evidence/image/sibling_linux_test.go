package image

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe where a further segment belongs is not waited for, and a link is not followed out of the evidence.
func TestSiblings(t *testing.T) {
	chunks, _ := noisy(4)
	e01 := ewfFile(ewfPart{number: 1, chunks: chunks[:2]}, 4)
	e02 := ewfFile(ewfPart{number: 2, chunks: chunks[2:], last: true}, 4)
	outside := ewfDir(t, map[string][]byte{"b.E02": e02})
	for name, make := range map[string]func(path string) error{
		"a pipe":             func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link":             func(path string) error { return os.Symlink(filepath.Join(outside, "b.E02"), path) },
		"a link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := ewfDir(t, map[string][]byte{"a.E01": e01})
			if err := make(filepath.Join(dir, "a.E02")); err != nil {
				t.Skip(err)
			}
			done := time.AfterFunc(5*time.Minute, func() { panic("an open waits for ever") })
			defer done.Stop()
			d, err := Open(filepath.Join(dir, "a.E01"), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := errors.Join(d.Damage...); err == nil || !strings.Contains(err.Error(), "a.E02: cannot be opened") {
				t.Errorf("%v", err)
			}
			if names := d.Files(); len(names) != 1 {
				t.Errorf("files %q", names)
			}
		})
	}
}

// Reading an image leaves no access time.
func TestAccessTime(t *testing.T) {
	chunks, _ := noisy(2)
	path := write(t, "a.E01", ewfFile(ewfPart{number: 1, chunks: chunks, last: true}, 2))
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.ReadAt(make([]byte, testChunk), 0)
	d.Close()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if at := st.Sys().(*syscall.Stat_t).Atim; int64(at.Sec) != old.Unix() {
		t.Errorf("the access time is %v", at)
	}
}
