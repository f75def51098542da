package findings

import (
	"strings"
	"sync"
)

// A TechniqueInfo is one technique of ATT&CK for Enterprise.
type TechniqueInfo struct {
	ID      string
	Name    string
	Tactics []string // short names: "persistence"
}

// attackTable reads data/attack.txt: the techniques that rules may name. ©
// The MITRE Corporation.
var attackTable = sync.OnceValue(func() map[string]TechniqueInfo {
	b, err := data.ReadFile("data/attack.txt")
	if err != nil {
		panic(err)
	}
	m := map[string]TechniqueInfo{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
			m[f[0]] = TechniqueInfo{f[0], f[1], strings.Split(f[2], ",")}
		}
	}
	return m
})

// Technique returns the technique with this id, and whether it is one that
// rules may name: of version 18 and active.
func Technique(id string) (TechniqueInfo, bool) {
	t, ok := attackTable()[id]
	return t, ok
}
