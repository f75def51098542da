package corpus

import (
	"bytes"
	"testing"
)

func TestPrefetchFolder(t *testing.T) {
	a, b := PrefetchFolder(64), PrefetchFolder(64)
	if len(a) != 64 {
		t.Fatalf("%d files, want 64", len(a))
	}
	for name, data := range a {
		if !bytes.Equal(data, b[name]) {
			t.Errorf("%s differs from one call to the next", name)
		}
	}
	for i := range 64 {
		s := folderSpec(i)
		if len(s.LastRuns) != min(8, int(s.RunCount)) {
			t.Errorf("%s: %d run times for %d runs", s.FileName(), len(s.LastRuns), s.RunCount)
		}
	}
}
