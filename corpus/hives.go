package corpus

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A hive is a registry hive of a machine. What was changed after the last boot is only in its logs: the machine was
// copied while it ran.
type hive struct {
	regf *regf.Hive
	late []func(root *regf.Key)
}

// Hive returns the root key of a hive, which is made on first use: m.Hive("Windows/System32/config/SOFTWARE").
func (m *Machine) Hive(path string) *regf.Key { return m.hive(path).regf.Root }

// Late changes a hive after the last boot. Each change is one entry of the hive's log and not in the primary file; it
// sees all that the cases before and after it wrote without Late.
func (m *Machine) Late(path string, change func(root *regf.Key)) {
	h := m.hive(path)
	h.late = append(h.late, change)
}

func (m *Machine) hive(path string) *hive {
	h := m.hives[path]
	if h == nil {
		h = &hive{regf: newHive(path)}
		m.hives[path] = h
	}
	return h
}

// newHive returns an empty hive with the names that Windows 10 gives to the file and to its root.
func newHive(path string) *regf.Hive {
	root := "ROOT"
	name := `\??\C:\` + strings.ReplaceAll(path, "/", `\`)
	if config, ok := strings.CutPrefix(path, "Windows/System32/config/"); ok {
		name = `\SystemRoot\System32\Config\` + config
	}
	switch {
	case strings.HasSuffix(path, "UsrClass.dat"):
		root = sidOf(path) + "_Classes"
	case strings.HasSuffix(path, "Amcache.hve"):
		root = "{11111111-2222-3333-4444-555555555555}"
	}
	h := regf.New(root, Installed)
	h.FileName = name
	h.Primary = 100 + uint32(mix(path)%900)
	h.KTM = true
	for i := range 4 {
		put := mix(fmt.Sprint(path, i))
		h.RmID[4*i], h.RmID[4*i+1], h.RmID[4*i+2], h.RmID[4*i+3] = byte(put), byte(put>>8), byte(put>>16), byte(put>>24)
	}
	h.TmID = h.RmID
	h.TmID[0]++
	switch path {
	case samHive, securityHive:
		h.Version = 3
	}
	return h
}

// files returns the primary file and its logs, by their names.
func (h *hive) files(path string) map[string][]byte {
	if len(h.late) == 0 {
		return map[string][]byte{path: h.regf.Build()}
	}
	states := []*regf.Hive{h.regf}
	for _, change := range h.late {
		next := states[len(states)-1].Clone()
		change(next.Root)
		states = append(states, next)
	}
	j := regf.Journal{States: regf.History(states...), Split: (len(h.late) + 1) / 2}
	primary, log1, log2 := j.Files()
	return map[string][]byte{path: primary, path + ".LOG1": log1, path + ".LOG2": log2}
}

// Where the hives lie.
const (
	systemHive   = "Windows/System32/config/SYSTEM"
	softwareHive = "Windows/System32/config/SOFTWARE"
	samHive      = "Windows/System32/config/SAM"
	securityHive = "Windows/System32/config/SECURITY"
	defaultHive  = "Windows/System32/config/DEFAULT"
	amcacheHive  = "Windows/appcompat/Programs/Amcache.hve"
)

func ntuser(user string) string { return "Users/" + user + "/NTUSER.DAT" }
func usrClass(user string) string {
	return "Users/" + user + "/AppData/Local/Microsoft/Windows/UsrClass.dat"
}

// sidOf returns the SID of the user to whose profile a path belongs.
func sidOf(path string) string {
	if strings.HasPrefix(path, "Users/"+Daniel+"/") {
		return DanielSID
	}
	return MiraSID
}
