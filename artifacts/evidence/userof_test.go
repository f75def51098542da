package evidence

import (
	"fmt"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestUserOf finds the deepest profile, whole components only.
func TestUserOf(t *testing.T) {
	m := &Machine{Users: []User{{Name: "all", Profile: `C:\Users`}, {Name: "ann", Profile: `C:\Users\Ann`}, {Name: "second", Profile: `c:\users\ann`}, {Name: "none"}}}
	check := func() {
		t.Helper()
		for p, want := range map[string]string{
			`C:\Users\ann\NTUSER.DAT`: "ann", `C:\USERS\ANN\a\b\c\d\e\f\g`: "ann", `C:\Users\Annabel\NTUSER.DAT`: "all", `C:\Users\Ann`: "all",
			`C:\Users`: "", `C:\Windows\x`: "", "": "", `C:\Windows\System32\config\DEFAULT`: "SYSTEM",
		} {
			if got := m.UserOf(p).Name; got != want {
				t.Errorf("%s: %q, want %q", p, got, want)
			}
		}
	}
	check()
	m.profiles, m.longest = byProfile(m.Users)
	check()
}

// TestManyUsers asks for the user of each of many profiles: the time must grow with their number, not with its square.
func TestManyUsers(t *testing.T) {
	m := &Machine{}
	for i := range 3000 {
		name := fmt.Sprintf("u%05d", i)
		m.Users = append(m.Users, User{Name: name, Profile: `C:\Users\` + name})
	}
	m.profiles, m.longest = byProfile(m.Users)
	p := `C:\Users\u02999\AppData\Local\x`
	if n := testing.AllocsPerRun(10, func() { m.UserOf(p) }); n > 20 && !testcost.Race {
		t.Errorf("looking one user of %d up takes %v allocations", len(m.Users), n)
	}
	if u := m.UserOf(p); u.Name != "u02999" {
		t.Errorf("found %q", u.Name)
	}
}
