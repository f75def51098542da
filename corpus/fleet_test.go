package corpus

import (
	"bytes"
	"testing"
)

// TestFleet holds a fleet to what it promises: four intruded machines, four of
// developers, no identity twice, and the same bytes again.
func TestFleet(t *testing.T) {
	a, b := Fleet(12, 1), Fleet(12, 1)
	roles, guids := map[string]int{}, map[string]bool{}
	for i, m := range a {
		roles[m.Role]++
		guids[m.GUID], guids[m.Name] = true, true
		if (m.Role == Intruded) == m.Arrived.IsZero() {
			t.Errorf("%s is %s and was reached at %v", m.Name, m.Role, m.Arrived)
		}
		files := b[i].Files()
		for name, data := range m.Files() {
			if !bytes.Equal(files[name], data) {
				t.Errorf("%s: %s differs the second time", m.Name, name)
			}
		}
	}
	if roles[Intruded] != 4 || roles[Developer] != 4 || len(guids) != 2*len(a) {
		t.Errorf("roles %v, %d names and identifiers of %d machines", roles, len(guids), len(a))
	}
}
