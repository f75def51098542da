package scan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A machine is one machine to be scanned.
type machine struct {
	evidence int // index in the manifest
	tree     int // index in the evidence
	name     string
	folder   string // below CASE, "" when there is only one
	at       int    // place in the plan
	need     int64  // bytes of memory that its scan may take
	waits    int64  // of these, for records that wait
	open     int64  // and for open hives
}

// work plans and does everything that CASE.partial lacks.
func (s *run) work() error {
	machines, err := s.plan(s.o.Evidence)
	defer s.closeOpen()
	if err != nil {
		return err
	}
	if len(machines) == 0 {
		return ErrNoEvidence
	}
	whole, err := s.takeOver(machines)
	if err != nil {
		return err
	}
	if err := s.scanAll(machines, whole); err != nil || len(machines) < 2 {
		return err
	}
	return s.index()
}

// closeOpen closes the evidence that the plan left open, when nothing was to be scanned.
func (s *run) closeOpen() {
	if s.open != nil {
		s.open.Close()
		s.open = nil
	}
}

// plan looks into the evidence for machines and gives each a folder.
func (s *run) plan(paths []string) ([]machine, error) {
	ctx := s.ctx
	shows := s.status.begin(&machine{})
	defer s.status.leave(shows)
	var machines []machine
	for i, p := range paths {
		s.status.phase(shows, "opening "+p)
		me := s.m.Evidence[i]
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			me.Size = st.Size()
			if s.o.HashEvidence {
				s.status.phase(shows, "hashing "+p)
				sum, err := files.SHA256(ctx, p)
				if err != nil {
					return nil, err
				}
				me.SHA256 = sum
			}
		}
		ev, err := s.evidence(p)
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil, err
			}
			if me.Kind != "" && me.Error == "" {
				// Continuing without it would drop its finished results.
				return nil, fmt.Errorf("was readable when the scan started but no longer is: %w", err)
			}
			me.Error = err.Error()
			s.obs.Damage(err)
			continue
		}
		me.Kind, me.Notes, me.Error = ev.Kind, ev.Notes, ""
		before := s.obs.damaged.Load()
		if s.o.VerifyImages {
			if err := VerifyImage(ctx, ev, s.obs); err != nil {
				ev.Close()
				return nil, err
			}
		}
		if s.obs.damaged.Load() > before {
			me.Error = "the image is not what its stored hashes say, or could not be compared with them"
		}
		for _, n := range ev.Notes {
			s.note("%s", n)
		}
		for t, tree := range ev.Trees {
			m := machine{evidence: i, tree: t, name: tree.Machine().Name}
			s.estimate(&m, tree)
			machines = append(machines, m)
			if len(paths) == 1 && len(ev.Trees) == 1 {
				s.open = ev
				break
			}
			ev.Trees[t] = nil // with its hives, of which those of all machines together have no room
		}
		if s.open == nil {
			ev.Close()
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if len(machines) > 1 {
		taken := map[string]bool{"manifest.json": true, IndexName: true}
		last := map[string]int{} // number of a name, so that very many of one name take no longer
		for i := range machines {
			base := folderName(machines[i].name)
			name := base
			for n := max(2, last[base]); taken[strings.ToLower(name)]; n++ {
				name = fmt.Sprintf("%s-%d", base, n)
				last[base] = n
			}
			taken[strings.ToLower(name)] = true
			machines[i].folder, machines[i].at = name, i
			s.note("%s: machine %s, folder %s", paths[machines[i].evidence], machines[i].name, name)
		}
	}
	return machines, nil
}

// folderName makes a machine's name, which the evidence chose, fit for a
// folder on any system.
func folderName(name string) string {
	name = strings.Trim(output.FileName(name), ". ")
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "", "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
		"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9":
		return "host_" + name
	}
	return name
}

// What the scan of a machine takes, in MiB: measured, and rounded up.
const (
	needBase   = 160 // evaluation, report, tables of the viewer, buffers
	needFormat = 32  // of a format that gathers rows before it writes them
	needHive   = 4   // bytes for each byte of an open hive: as it lies there, recovered, indexed
	needResult = 4   // bytes of hives that were given up for each byte of records that wait
)

// estimate fills in what memory the scan of a machine takes.
func (s *run) estimate(m *machine, tree *evidence.Tree) {
	n := needBase<<20 + 2*s.o.SortMemory // what is collected as garbage has its size once more
	for _, f := range s.formats {
		switch f.Name {
		case "parquet", "sqlite", "xlsx":
			n += needFormat << 20
		}
	}
	open, all := artifacts.OpenHives(tree)
	m.open, m.waits = needHive*open, all/needResult
	m.need = n + m.open + m.waits
}
