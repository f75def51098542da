package evidence

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// TestIdentityHoldsNoHive holds a machine's identity and looks that the bytes of its hives are given up: a collector keeps it to its end.
func TestIdentityHoldsNoHive(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.Incident().Write(dir); err != nil {
		t.Fatal(err)
	}
	const more = 16 << 20
	hives, err := filepath.Glob(filepath.Join(dir, "*", "Windows", "System32", "config", "SYSTEM"))
	if err != nil || len(hives) != 1 {
		t.Fatalf("%v, %v", hives, err)
	}
	st, err := os.Stat(hives[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(hives[0], st.Size()+more); err != nil { // the end means nothing to a hive
		t.Fatal(err)
	}
	ev, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := ev.Trees[0].Identity()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if m.Name == "" || m.TimeZone == "" || m.Build == "" {
		t.Errorf("identity: %+v", m)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > more/2 {
		t.Errorf("%d bytes are held", grown)
	}
	runtime.KeepAlive(m)
}
