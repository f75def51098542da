package image

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/vss"
)

// shadowed is a disk with a partition whose volume has two shadow copies. None of its states is a whole file system.
func shadowed(t testing.TB) []byte {
	t.Helper()
	const block, blocks = 16 << 10, 40
	now := make([]byte, blocks*block)
	copy(now, bootSector())
	copy(now[20*block:], vss.AreaFile(20))
	spec := vss.Spec{Now: now, Area: vss.Area(now)}
	for i := range 2 {
		then := bytes.Clone(now)
		copy(then[3*block:], fmt.Sprint("state ", i))
		spec.Stores = append(spec.Stores, vss.Store{Volume: then, Created: time.Date(2026, 3, 1+i, 0, 0, 0, 0, time.UTC), ID: [16]byte{byte(i + 1)}, Machine: "PC"})
	}
	img, _, err := spec.Build()
	if err != nil {
		t.Fatal(err)
	}
	b := append(disk(100), img...)
	mbr(b, [3]uint32{7, 100, uint32(len(img) / 512)})
	return b
}

// A disk lists the shadow copies of its volumes, and says of each why it is not read.
func TestShadows(t *testing.T) {
	b := shadowed(t)
	d, err := Open(write(t, "disk.raw", b), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	v := d.Volumes()[0]
	if len(v.Shadows) != 2 || v.Shadows[1].Name != "vss2" || v.Shadows[0].ID != "00000001-0000-0000-0000-000000000000" || v.Shadows[0].Created.Day() != 1 || v.Shadows[0].Machine != "PC" {
		t.Fatalf("%+v", v.Shadows)
	}
	for _, s := range v.Shadows {
		fsys, err := s.FS()
		if fsys != nil || err == nil || !strings.Contains(err.Error(), "shadow copy "+s.Name[3:]+": boot sector") {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	if d := v.ShadowDamage(); len(d) > 0 {
		t.Errorf("damage %v", d)
	}
	d2, err := Open(write(t, "disk.raw", disk(100, 0)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d2.Close()
	if v := d2.Volumes()[0]; v.Shadows != nil || v.ShadowDamage() != nil {
		t.Errorf("%+v", v)
	}
	// The catalog is damaged: the volume is told apart from its shadow copies.
	clear(b[100*512+0x1E00+48:][:8])
	b[100*512+0x1E00+48+5] = 9
	d3, err := Open(write(t, "disk.raw", b), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d3.Close()
	if errs := d3.Volumes()[0].ShadowDamage(); len(errs) != 1 || errs[0].Error() != "shadow copies: catalog block at 9895604649984: lies outside the volume" {
		t.Errorf("%v", errs)
	}
}
