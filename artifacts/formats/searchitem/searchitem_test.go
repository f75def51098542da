package searchitem

import (
	"fmt"
	"strings"
	"testing"
)

func TestFolders(t *testing.T) {
	var f Folders
	if path, volume := f.Path(1); path != "" || volume != "" {
		t.Errorf("of nothing: %q, %q", path, volume)
	}
	f.Add(1, 0, "file:C:/")
	f.Add(2, 1, "[d3a7c2f0-0000-0000-0000-100000000000]/")
	f.Add(3, 2, "Users/")
	f.Add(4, 3, "mira/")
	f.Add(5, 6, "a/")
	f.Add(6, 5, "b/") // a loop
	f.Add(8, 9, "lost/")
	f.Add(12, 11, "file:") // in pieces, as Windows 10 has it
	f.Add(13, 12, "C:")
	f.Add(14, 13, "/")
	f.Add(15, 14, "[e42a59ae]/")
	f.Add(16, 15, "Users/")
	for id, want := range map[int64]string{
		1: "file:C:/ ", 4: "file:C:/Users/mira/ d3a7c2f0-0000-0000-0000-100000000000", 7: " ", 8: "lost/ ",
		16: "file:C:/Users/ e42a59ae",
	} {
		for range 2 { // the second time as it was kept
			if path, volume := f.Path(id); path+" "+volume != want {
				t.Errorf("%d: %q of volume %q, want %q", id, path, volume, want)
			}
		}
	}
	if path, _ := f.Path(5); len(path) != 2*maxDepth {
		t.Errorf("a loop has a path of %d bytes", len(path))
	}
}

// TestLimits bounds what a hostile database can make us hold.
func TestLimits(t *testing.T) {
	var f Folders
	long := strings.Repeat("x", 20_000) + "/"
	for id := range int64(maxKnown + 10) {
		f.Add(id+1, id, fmt.Sprint(id, "/"))
	}
	f.Add(-1, -1, long)
	if path, _ := f.Path(-1); len(path) > maxPath+len(long) {
		t.Errorf("a path of %d bytes", len(path))
	}
	for id := range int64(maxKnown + 10) {
		f.Path(id + 1)
	}
	if len(f.known) > maxKnown {
		t.Errorf("%d paths are kept", len(f.known))
	}
	if path, _ := f.Path(maxKnown + 10); !strings.HasSuffix(path, fmt.Sprint(maxKnown+8, "/", maxKnown+9, "/")) {
		t.Errorf("%.40s", path)
	}
}

func TestSummary(t *testing.T) {
	for s, want := range map[string]string{"": "", "short": "short", "a\xffb": "a\uFFFDb", strings.Repeat("部", 201): strings.Repeat("部", 200)} {
		if got := Summary(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// FuzzFolders joins paths of any folders.
func FuzzFolders(f *testing.F) {
	f.Add([]byte{1, 0, 2, 1, 3, 3}, "a/")
	f.Fuzz(func(t *testing.T, pairs []byte, name string) {
		var d Folders
		for i := 0; i+1 < len(pairs); i += 2 {
			d.Add(int64(pairs[i]), int64(pairs[i+1]), name)
		}
		for id := range int64(256) {
			if path, _ := d.Path(id); len(path) > maxPath+len(name) {
				t.Errorf("%d bytes", len(path))
			}
		}
	})
}
