package evidence

import (
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// What a released hive says after it is opened again is what it said before.
func TestRelease(t *testing.T) {
	ev, err := OpenFS(corpus.Incident().FS(), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	hives, _ := ev.Trees[0].Hives()
	for _, h := range hives {
		sum := h.SHA256()
		if h.state != nil {
			t.Errorf("%s: a hash alone opens the hive", h.Path)
		}
		one, err := h.Open()
		if err != nil {
			t.Fatal(err)
		}
		deleted := len(h.Deleted())
		h.Release()
		rec, err := h.Recovery()
		if h.state != nil || err != nil || rec == nil || rec.Bytes != one.Recovery().Bytes || h.SHA256() != sum {
			t.Errorf("%s: after Release: %+v, %v", h.Path, rec, err)
		}
		two, err := h.Open()
		if err != nil || one == two || string(one.Bytes()) != string(two.Bytes()) || len(h.Deleted()) != deleted {
			t.Errorf("%s: opened again it differs: %v", h.Path, err)
		}
	}
	if len(hives) < 5 {
		t.Errorf("%d hives", len(hives))
	}
}
