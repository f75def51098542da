package evidence_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestRooted looks for the root key of hives that nobody reads: near the start,
// far from it, and where there is none.
func TestRooted(t *testing.T) {
	h := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	for i := range 2000 {
		h.Root.Sub(fmt.Sprintf("key %04d", i)).Set("value", regf.Binary(make([]byte, 64)))
	}
	near := h.Build()
	far, none := bytes.Clone(near), bytes.Clone(near)
	at := 100 << 10
	for at%8 != 4 || string(far[at:at+2]) != "nk" {
		at++
	}
	binary.LittleEndian.PutUint32(far[36:], uint32(at-4-4096))
	binary.LittleEndian.PutUint32(none[36:], uint32(len(none)))
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{"near": {near, true}, "far": {far, true}, "none": {none, false}, "cut off": {far[:at], false}, "no hive": {make([]byte, 5000), false}} {
		ev, err := evidence.OpenFS(fstest.MapFS{"Windows/System32/config/COMPONENTS": {Data: c.b}}, "case", nil)
		if err != nil {
			t.Fatal(err)
		}
		hives, _ := ev.Trees[0].Hives()
		if len(hives) != 1 || hives[0].Rooted() != c.want {
			t.Errorf("%s: %d hives, rooted: %t, want %t", name, len(hives), !c.want, c.want)
		}
	}
}
