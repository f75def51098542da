package collect_test

import (
	"io"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A stream is a file that can only be read from its beginning, as those of a zip.
type stream struct{ fs.File }

// TestHasBins knows hives without a base block, and takes nothing else for one.
func TestHasBins(t *testing.T) {
	encrypted := func(n int) []byte {
		h := regf.Sound()
		for i := range 200 {
			h.Root.Sub("More").Set(string(rune('A'+i%26))+string(rune('a'+i/26)), regf.Binary(make([]byte, 200)))
		}
		b := h.Build()
		regf.Encrypt(b, n, 1)
		return b
	}
	log := encrypted(4096)
	for _, c := range []struct {
		name  string
		data  []byte
		want  bool // where any place can be read
		first bool // where only the beginning can
	}{
		{"a0000017", encrypted(4096), true, false},
		{"a0000018", encrypted(16 << 10), true, false},
		{"SYSTEM", encrypted(16 << 10), true, true},
		{"NTUSER.DAT.locked", append(encrypted(16<<10), "trailer"...), true, true},
		{"a0000019", append(encrypted(16<<10), "trailer"...), false, false},
		{"cut", encrypted(0)[4096:], true, false},
		{"SOFTWARE", encrypted(1 << 20), false, false},
		{"SYSTEM.LOG1", log, false, false},
		{"text", make([]byte, 64<<10), false, false},
		{"short", []byte("hbin"), false, false},
	} {
		fsys := fstest.MapFS{c.name: {Data: c.data}}
		for _, only := range []bool{false, true} {
			f, err := fsys.Open(c.name)
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if only {
				f, want = stream{f}, c.first
			}
			if _, err := io.CopyN(io.Discard, f, min(collect.SniffSize, int64(len(c.data)))); err != nil {
				t.Fatal(err)
			}
			if got := collect.HasBins(f, c.name); got != want {
				t.Errorf("HasBins(%s), stream %v = %v", c.name, only, got)
			}
		}
	}
}
