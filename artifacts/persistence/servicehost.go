package persistence

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// svchostGroup is the argument of -k.
func svchostGroup(args string) string {
	f := winpath.Fields(args)
	for i, a := range f[:max(0, len(f)-1)] {
		if strings.EqualFold(a, "-k") || strings.EqualFold(a, "/k") {
			return f[i+1]
		}
	}
	return ""
}

// serviceIsCopy reports whether a per-user service is what Windows made of its
// template and nothing else. The copy's name is that of the template, "_" and
// a hexadecimal number.
func serviceIsCopy(in artifacts.Input, s *Service) bool {
	i := strings.LastIndexByte(s.Name, '_')
	if i <= 0 {
		return false
	}
	parent, err := in.Key.Parent()
	if err != nil {
		return false
	}
	t, err := parent.Subkey(s.Name[:i])
	if err != nil {
		return false
	}
	return serviceSame(in, in.Key, t, "ImagePath") && serviceSameDLL(in, in.Key, t)
}

func serviceSameDLL(in artifacts.Input, a, b hive.Key) bool {
	pa, erra := a.Subkey("Parameters")
	pb, errb := b.Subkey("Parameters")
	if erra != nil {
		return true // takes the template's
	}
	return errb == nil && serviceSame(in, pa, pb, "ServiceDll")
}

func serviceSame(in artifacts.Input, a, b hive.Key, name string) bool {
	text := func(k hive.Key) string {
		v, err := k.Value(name)
		if err != nil {
			return ""
		}
		s, _ := v.Text()
		return winpath.Lower(in.Machine.Expand(s, in.User))
	}
	ta := text(a)
	return ta == "" || ta == text(b)
}

// serviceInstances are the names of the copies of a per-user service.
func serviceInstances(in artifacts.Input, name string) []string {
	parent, err := in.Key.Parent()
	if err != nil {
		return nil
	}
	var out []string
	prefix := winpath.Lower(name) + "_"
	for k, err := range parent.Subkeys() {
		if err == nil && strings.HasPrefix(winpath.Lower(k.Name()), prefix) {
			out = append(out, k.Name())
		}
	}
	return out
}

// serviceInGroup looks the service up in the groups of svchost, which stand in
// SOFTWARE. A service that is in no group is not started.
func serviceInGroup(in artifacts.Input, group, name string) string {
	groups, _ := in.Once("services: groups of svchost", func() any { return svchostGroups(in.Tree) }).(map[string][]string)
	if groups == nil {
		return presentUnknown
	}
	if slices.Contains(groups[strings.ToLower(group)], strings.ToLower(name)) {
		return presentYes
	}
	return presentNo
}

func svchostGroups(t *evidence.Tree) map[string][]string {
	hives, _ := t.Hives()
	for _, h := range hives {
		if h.Kind != evidence.SOFTWARE || h.Backup || h.Snapshot != "" {
			continue
		}
		hv, _ := h.Open()
		if hv == nil {
			continue
		}
		k, err := hv.Key(`Microsoft\Windows NT\CurrentVersion\Svchost`)
		if err != nil {
			continue
		}
		groups := map[string][]string{}
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			list, _ := v.Texts()
			for _, s := range list {
				g := strings.ToLower(v.Name())
				groups[g] = append(groups[g], strings.ToLower(s))
			}
		}
		return groups
	}
	return nil
}
