package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestOpenDirs: through folders that stay open, each path gives what the root of the
// tree gives, links and errors included, from several goroutines and with more folders
// than are kept.
func TestOpenDirs(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	tree := filepath.Join(dir, "tree")
	for i := range 3 * maxOpenDirs {
		sub := filepath.Join(tree, "d", fmt.Sprint(i))
		if err := os.MkdirAll(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, "f"), fmt.Append(nil, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"near": "f", "far": "../1/f", "out": "../../../outside", "dangling": "../none", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(tree, "d", "0", link)); err != nil {
			t.Skip(err)
		}
	}
	root, err := os.OpenRoot(tree)
	if err != nil {
		t.Fatal(err)
	}
	plain, kept := dirFS{root: root}, dirFS{root: root, dirs: newOpenDirs(root)}
	names := []string{"d/0/near", "d/0/far", "d/0/out", "d/0/dangling", "d/0/loop", "d/0/none", "d/0", "d", ".", "none/f", "d/0/f/g", "d/0/../1/f"}
	for i := range 3 * maxOpenDirs {
		names = append(names, fmt.Sprintf("d/%d/f", i))
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, name := range names {
				want, wantErr := fs.ReadFile(plain, name)
				got, gotErr := fs.ReadFile(kept, name)
				if string(got) != string(want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Errorf("%s: %q, %v; want %q, %v", name, got, gotErr, want, wantErr)
				}
				_, wantErr = fs.Stat(plain, name)
				if _, gotErr = fs.Stat(kept, name); fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Errorf("%s: %v, want %v", name, gotErr, wantErr)
				}
			}
		})
	}
	wait.Wait()
	if n := len(kept.dirs.open); n == 0 || n > maxOpenDirs {
		t.Errorf("%d folders are open", n)
	}
	one := kept.dirs.of("d/1/f")
	if err := kept.dirs.close(); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*os.Root{root, one} {
		if _, err := r.Stat("."); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after close: %v", err)
		}
	}
}
