package evtx

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// eachLog calls f for each shared log.
func eachLog(t *testing.T, f func(path string, b []byte)) {
	t.Helper()
	dir := evidence(t)
	for _, set := range []string{"evtx", "sigma"} {
		err := filepath.WalkDir(filepath.Join(dir, set), func(path string, e fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".evtx" {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil {
				f(path, b)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecoverReal(t *testing.T) {
	var states [4]int
	named, borrowed, files := 0, 0, 0
	eachLog(t, func(path string, b []byte) {
		files++
		f, err := Open(bytes.NewReader(b), int64(len(b)), &Options{Recover: true})
		if err != nil {
			t.Fatal(err)
		}
		for rec, err := range f.Records() {
			if rec.Size == 0 {
				continue
			}
			if err != nil {
				t.Log(err)
			}
			states[rec.State]++
			if rec.State >= Recovered && rec.EventID() != 0 {
				named++
			}
			if rec.Borrowed {
				borrowed++
			}
			if rec.State == Hidden {
				t.Log(path, rec.ID, rec.EventID(), rec.Provider(), rec.Size, rec.ChunkOffset, rec.Len())
			}
		}
	})
	t.Log(files, states, named, borrowed)
}
