package observations

import (
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Sources are what the evidence of a machine holds and could be read.
type Sources struct {
	Hives     map[evidence.Kind]bool // live ones that are whole
	Artifacts map[string]bool        // of which a source was read, by name
	Prefetch  bool                   // Windows writes Prefetch files
}

// HivesOf returns the kinds of live hive that were read and are whole: a dirty
// one whose logs could not be applied misses its last changes.
func HivesOf(tree *evidence.Tree) map[evidence.Kind]bool {
	out := map[evidence.Kind]bool{}
	hives, _ := tree.Hives()
	for _, h := range hives {
		if h.Backup || h.Snapshot != "" || h.Kind == evidence.OTHER {
			continue
		}
		if r, _ := h.Recovery(); r != nil && (!r.Dirty || r.Applied) {
			out[h.Kind] = true
		}
	}
	return out
}

// Shows returns the kinds of observations that these sources can show, sorted.
// A machine that cannot show a kind does not count when a share is taken.
func (s Sources) Shows() []string {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return s.Artifacts[n] })
	}
	system, software, amcache := s.Hives[evidence.SYSTEM], s.Hives[evidence.SOFTWARE], s.Hives[evidence.AMCACHE]
	programs := system || amcache || s.Prefetch && has("prefetch")
	can := map[string]bool{
		Program: programs, Name: programs,
		Hash: amcache, Publisher: amcache,
		Autostart: software, Service: system, Driver: system, Device: system,
		Task:    software || has("tasks"),
		Origin:  has("zoneid", "bits", "browserhistory", "browserdownloads", "webcache", "typedurls", "hosts", "proxies"),
		Account: software || s.Hives[evidence.SAM], Edge: has("eventlogons"),
		Finding: true,
	}
	return slices.DeleteFunc(Kinds(), func(k string) bool { return !can[k] })
}
