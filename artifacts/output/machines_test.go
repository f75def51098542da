package output

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// TestDistinctMachines gives two machines of one name only what they share.
func TestDistinctMachines(t *testing.T) {
	a := MachineOf(&evidence.Machine{Name: "PC", Product: "Windows 10 Pro", Build: "19045", GUID: "1", TimeZone: "UTC"}, "a")
	b := a
	b.MachineGUID, b.Input = "2", "b"
	other := MachineOf(&evidence.Machine{Name: "LAPTOP", GUID: "3"}, "c")
	got := distinctMachines([]Machine{a, b, other})
	if len(got) != 2 || got[0].MachineGUID != "" || got[0].Build != "19045" || got[0].Input != "" || got[1] != other {
		t.Errorf("%+v", got)
	}
}
