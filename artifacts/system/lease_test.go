package system

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestLeaseWithoutDate has a lease whose time counts from the start of Windows.
func TestLeaseWithoutDate(t *testing.T) {
	recs, errs := testtree.Found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Services\Tcpip\Parameters\Interfaces\{6f1d2c3b-4a59-4e68-9d77-0a1b2c3d4e5f}`).
			Set("DhcpIPAddress", regf.String("192.0.2.7")).Set("EnableDHCP", regf.DWord(1)).
			Set("LeaseObtainedTime", regf.DWord(41)).Set("LeaseTerminatesTime", regf.DWord(0xFFFFFFFF))
	}), interfaces)
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	for _, e := range recs[0].Events() {
		if e.Time.Before(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("an event %q in %v", e.Kind, e.Time)
		}
	}
	if i := recs[0].Data.(Interface); !i.Terminates.IsZero() {
		t.Errorf("a lease without end ends in %v", i.Terminates)
	}
}
