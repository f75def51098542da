package observations

import (
	"maps"
	"slices"
	"strconv"

	"github.com/artifactdump/artifactdump/artifacts/fleet/normal"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Arrow joins the parts of the key of an edge: account, source and type of the
// log-on, and the machine that it led to where that is another one.
const Arrow = " → "

// AddLogons takes in the accounts and edges of a log-on analysis. It comes after
// the findings, which the analysis is ranked by.
func (b *Builder) AddLogons(a *logons.Analysis) {
	if a == nil {
		return
	}
	me := logons.HostKey(b.machine)
	local := func(h *logons.Host) bool {
		return h == nil || slices.ContainsFunc(h.Names, func(n string) bool { return logons.HostKey(n) == me })
	}
	for _, e := range a.Edges {
		account := b.accountOf(e.Account)
		if account == "" {
			continue
		}
		source := "."
		if e.Source != e.Target && !local(e.Source) {
			source = normal.Text(e.Source.Label)
		}
		kind := e.Kind
		if e.Type >= 0 {
			kind += " " + strconv.Itoa(e.Type)
		}
		if e.Success+e.Started == 0 {
			kind += " failed"
		}
		key := account + Arrow + source + Arrow + kind
		if !local(e.Target) {
			key += Arrow + normal.Text(e.Target.Label)
		}
		n := Observation{
			First: output.FormatTime(e.First), Last: output.FormatTime(e.Last), Count: int64(e.Count()), Level: e.Level,
			Where: clipped(e.Account.Name), IDs: []string{e.FirstRef.ID},
		}
		if o := b.entry(Edge, normal.Text(key)); o != nil {
			o.Merge(&n)
		}
		if e.Account.Unresolved || e.Success+e.Started == 0 {
			continue // a name that somebody tried
		}
		if o := b.entry(Account, account); o != nil {
			o.Merge(&n)
		}
	}
}

// accountOf is the key of an account, "" for those that every machine has.
func (b *Builder) accountOf(a *logons.Account) string {
	switch a.Kind {
	case "user", "machine", "service":
	default:
		return ""
	}
	return normal.Account("", a.Name, b.machine)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
