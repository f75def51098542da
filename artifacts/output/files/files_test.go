package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestSet writes two files, one in a folder, and one that is given up.
func TestSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		mode      Mode
		file, dir fs.FileMode
	}{{Private, 0o600, 0o700}, {Group, 0o640, 0o750}} {
		f := Folder{Dir: filepath.Join(dir, c.file.String()), Mode: c.mode}
		if err := f.Make(); err != nil {
			t.Fatal(err)
		}
		s := f.Set()
		for name, text := range map[string]string{"a.csv": "x\n1\n2\n", "b/c/d.jsonl": "{}\n"} {
			w, err := s.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		done, err := s.Commit()
		if err != nil || len(done) != 2 {
			t.Fatalf("%d files, %v", len(done), err)
		}
		for _, d := range done {
			p := filepath.Join(f.Dir, filepath.FromSlash(d.Name))
			sum, err := SHA256(t.Context(), p)
			if err != nil || sum != d.SHA256 {
				t.Errorf("%s: SHA-256 %s (%v), want %s", d.Name, d.SHA256, err, sum)
			}
			if want := map[string]int{"a.csv": 2, "b/c/d.jsonl": 1}[d.Name]; d.Rows != want {
				t.Errorf("%s: %d rows, want %d", d.Name, d.Rows, want)
			}
		}
		if _, err := s.Create("a.csv"); !isExists(err) {
			t.Errorf("a second a.csv: %v", err)
		}
		if _, err := s.Create("e.jsonl"); err != nil {
			t.Fatal(err)
		}
		s.Abort()
		err = filepath.WalkDir(f.Dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			st, err := d.Info()
			want := c.file
			if d.IsDir() {
				want = c.dir
			}
			if runtime.GOOS != "windows" && st.Mode().Perm() != want {
				t.Errorf("%s: %s, want %s", p, st.Mode().Perm(), want)
			}
			if filepath.Ext(p) == ".partial" {
				t.Errorf("%s is left", p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func isExists(err error) bool {
	_, ok := errors.AsType[*ExistsError](err)
	return ok
}

// TestOutside names places in evidence, beside it and around it.
func TestOutside(t *testing.T) {
	tmp := t.TempDir()
	ev := filepath.Join(tmp, "evidence")
	if err := os.MkdirAll(filepath.Join(ev, "..more"), 0o777); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(tmp, "SYSTEM")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		refused bool
	}{
		{filepath.Join(ev, "out"), true},
		{filepath.Join(ev, "..more", "out"), true},
		{ev, true},
		{file, true},
		{filepath.Join(tmp, "out"), false},
		{filepath.Join(tmp, "evidence2"), false},
	} {
		if err := Outside(c.name, []string{ev, file}); (err != nil) != c.refused {
			t.Errorf("Outside(%s): %v", c.name, err)
		}
	}
	if err := OutsideFolder(filepath.Join(ev, "a", "b"), []string{ev}); err == nil {
		t.Error("a folder that is not there yet, in the evidence, is not refused")
	}
	if err := NotAround(tmp, []string{ev}); err == nil {
		t.Error("a folder around the evidence is not refused")
	}
	if err := NotAround(filepath.Join(tmp, "out"), []string{ev}); err != nil {
		t.Error(err)
	}
}

// TestLock takes a lock twice, and again when it is free.
func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "case.lock")
	a, err := NewLock(name, Private)
	if err != nil {
		t.Fatal(err)
	}
	if a == nil {
		t.Skip("no locks here")
	}
	if _, err := NewLock(name, Private); err == nil {
		t.Fatal("locked twice")
	} else if e, ok := errors.AsType[*LockedError](err); !ok || runtime.GOOS != "windows" && e.PID != os.Getpid() {
		t.Errorf("%v", err)
	}
	a.Unlock()
	if _, err := os.Lstat(name); err == nil {
		t.Error("the file of the lock is left")
	}
	// What a killed process leaves is no lock.
	if err := os.WriteFile(name, []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := NewLock(name, Private)
	if err != nil {
		t.Fatal(err)
	}
	b.Unlock()
	(*Lock)(nil).Unlock()
}
