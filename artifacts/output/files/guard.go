// Package files writes the files of a program that must never touch evidence:
// outside of it, under a .partial name until they are whole, counted and hashed
// on the way.
package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Outside refuses an output that lies inside evidence.
func Outside(name string, evidence []string) error {
	dir, err := RealPath(filepath.Dir(name))
	if err != nil {
		return err
	}
	for _, e := range evidence {
		ev, err := RealPath(e)
		if err != nil {
			continue
		}
		if Within(dir, ev) {
			if st, err := os.Stat(ev); err == nil && st.IsDir() {
				return fmt.Errorf("%s lies inside the evidence %s, which is never written to", name, e)
			}
		}
		if target, err := RealPath(name); err == nil && target == ev {
			return fmt.Errorf("%s is the evidence itself", name)
		}
	}
	return nil
}

// Within reports whether a path is that of a folder, or of something below it.
func Within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// RealPath is a path without links, from the root.
func RealPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// OutsideFolder refuses a folder for outputs that lies inside evidence, be it
// there already or not.
func OutsideFolder(name string, evidence []string) error {
	at, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			for _, e := range evidence {
				if Outside(filepath.Join(at, "x"), []string{e}) != nil {
					return fmt.Errorf("%s lies inside the evidence %s, which is never written to", name, e)
				}
			}
			return nil
		}
		at = filepath.Dir(at)
	}
}

// NotAround refuses a folder for outputs that holds the evidence: replacing
// the one would remove the other.
func NotAround(dir string, paths []string) error {
	real, err := RealPath(dir)
	if err != nil {
		return nil // not there yet, so nothing lies in it
	}
	for _, p := range paths {
		ev, err := RealPath(p)
		if err != nil {
			continue
		}
		if Within(ev, real) {
			return fmt.Errorf("the evidence %s lies inside %s, which is for outputs", p, dir)
		}
	}
	return nil
}
