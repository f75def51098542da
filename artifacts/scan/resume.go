package scan

import (
	"cmp"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// takeOver finds the machines that an earlier run completed, and drops all
// else that it left: what stands in the case is what the manifest names.
func (s *run) takeOver(machines []machine) (whole []bool, err error) {
	earlier := s.m.Machines
	s.m.Machines = make([]*MachineManifest, len(machines))
	whole = make([]bool, len(machines))
	kept, keep := 0, map[string]bool{ManifestName: true}
	for i, h := range machines {
		old, err := s.m.complete(s.ctx, s.part, &h, earlier)
		if err != nil {
			s.m.Machines = earlier // not known, so nothing is forgotten
			return nil, err
		}
		if old == nil {
			continue
		}
		s.note("%s is complete already", cmp.Or(h.folder, h.name))
		whole[i], s.m.Machines[i] = true, old
		for _, o := range old.Outputs {
			keep[filepath.Join(h.folder, filepath.FromSlash(o.Name))] = true
		}
		s.obs.damaged.Add(int64(old.Counts.Damaged))
		for l, n := range old.Counts.Findings {
			if level, ok := findings.ParseLevel(l); ok && n > 0 {
				s.worst = max(s.worst, level)
			}
		}
		kept++
	}
	s.status.planned(len(machines), kept)
	return whole, sweep(s.part, keep)
}

// sweep removes every file below a folder but those to be kept, and the
// folders that are empty then.
func sweep(dir string, keep map[string]bool) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if p != dir {
				dirs = append(dirs, p)
			}
			return nil
		case keep[rel]:
			return nil
		}
		return os.Remove(p)
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		os.Remove(dirs[i]) // one that is not empty stays
	}
	return err
}

// differs returns why a run cannot continue the work of another one, or "".
func (m *Manifest) differs(old *Manifest) string {
	samePath := func(a, b *EvidenceManifest) bool { return a.Path == b.Path }
	options := differingOptions(m.Options, old.Options)
	for _, o := range [...]struct{ flag, a, b string }{
		{"--case-id", m.CaseID, old.CaseID}, {"--examiner", m.Examiner, old.Examiner}, {"--note", m.Note, old.Note},
	} {
		if o.a != o.b {
			options = strings.TrimPrefix(options+", "+o.flag, ", ")
		}
	}
	switch {
	case old.Schema != m.Schema || old.Version != m.Version || old.Commit != m.Commit:
		return "it was started by version " + old.Version
	case options != "":
		return "options differ (" + options + ")"
	case !slices.EqualFunc(m.Evidence, old.Evidence, samePath):
		return "evidence differs"
	}
	return ""
}

// optionFlags are the flags whose values are in the manifest, by their keys there.
var optionFlags = map[string]string{"artifacts": "--artifact", "formats": "--format", "lists": "--iocs or --hashes"}

// differingOptions names the flags with which two runs differ, or returns "".
func differingOptions(a, b ManifestOptions) string {
	of := func(o ManifestOptions) (fields map[string]json.RawMessage) {
		b, _ := json.Marshal(o)
		_ = json.Unmarshal(b, &fields)
		return fields
	}
	x, y := of(a), of(b)
	var out []string
	for key := range maps.Keys(x) {
		if _, ok := y[key]; !ok {
			y[key] = nil
		}
	}
	for _, key := range slices.Sorted(maps.Keys(y)) {
		if string(x[key]) != string(y[key]) {
			out = append(out, cmp.Or(optionFlags[key], "--"+strings.ReplaceAll(key, "_", "-")))
		}
	}
	return strings.Join(out, ", ")
}

// complete returns a machine of the earlier run when all its outputs are as
// they were written, nil when it has to be done again.
func (m *Manifest) complete(ctx context.Context, part string, h *machine, earlier []*MachineManifest) (*MachineManifest, error) {
	path := m.Evidence[h.evidence].Path
	for _, old := range earlier {
		if old.State != "complete" || old.Name != h.name || old.Folder != h.folder || old.Tree != h.tree || old.Evidence != path {
			continue
		}
		for _, o := range old.Outputs {
			sum, err := files.SHA256(ctx, filepath.Join(part, h.folder, filepath.FromSlash(o.Name)))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil || sum != o.SHA256 {
				return nil, nil
			}
		}
		return old, nil
	}
	return nil, nil
}
