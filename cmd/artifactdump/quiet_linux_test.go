package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus"
)

// No command changes the access time of a file of the evidence.
func TestAccessTimes(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.NewMachine().With("system", "software", "runkeys", "prefetch").Write(filepath.Join(dir, "volume")); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-72 * time.Hour).Truncate(time.Second)
	each := func(do func(path string, st fs.FileInfo)) {
		filepath.WalkDir(filepath.Join(dir, "volume"), func(p string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				st, err := e.Info()
				if err != nil {
					t.Fatal(err)
				}
				do(p, st)
			}
			return err
		})
	}
	prefetch, _ := filepath.Glob(filepath.Join(dir, "volume/C/Windows/Prefetch/*.pf"))
	hive := filepath.Join(dir, "volume/C/Windows/System32/config/SOFTWARE")
	if len(prefetch) == 0 {
		t.Fatal("no Prefetch files")
	}
	for _, args := range [][]string{
		{"timeline", filepath.Join(dir, "volume")},
		{"scan", "-o", filepath.Join(dir, "case"), filepath.Join(dir, "volume")},
		{"scan", "--hash-evidence", "-o", filepath.Join(dir, "case2"), hive},
		{"prefetch", prefetch[0]},
		{"prefetch", filepath.Dir(prefetch[0])},
		{"dump", prefetch[0]},
		{"dump", hive},
		{"hive", "info", hive},
		{"hive", "ls", hive},
		{"hive", "dump", hive},
		{"hive", "find", hive, "Run"},
	} {
		each(func(p string, _ fs.FileInfo) {
			if err := os.Chtimes(p, old, old); err != nil {
				t.Fatal(err)
			}
		})
		var out, errs bytes.Buffer
		if code := run(context.Background(), append([]string{"artifactdump"}, args...), &out, &errs); code != exitOK && code != exitDamaged {
			t.Errorf("%q: exit %d: %s", args[:2], code, errs.String())
		}
		each(func(p string, st fs.FileInfo) {
			if at := st.Sys().(*syscall.Stat_t).Atim; at.Sec != old.Unix() {
				t.Errorf("%q: the access time of %s is %v", args[0], filepath.Base(p), time.Unix(at.Sec, at.Nsec))
			}
		})
	}
}
