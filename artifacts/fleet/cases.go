package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A Machine is one machine of a case.
type Machine struct {
	ID       string         // of the machine, see observations.Identity
	Name     string         // of the computer
	Case     string         // folder of the machine
	Shows    []string       // kinds of observations that its sources can show
	RunID    string         // names what was read and by which version
	Started  string         // when it was scanned
	Findings map[string]int // by level
	SHA256   string         // of its observations
}

// observations is the path of the machine's file.
func (m *Machine) observations() string { return filepath.Join(m.Case, observations.FileName) }

// caseManifest is what is read of the manifest of a case.
type caseManifest struct {
	Tool     string `json:"tool"`
	State    string `json:"state"`
	Started  string `json:"started"`
	Machines []struct {
		Name   string   `json:"name"`
		HostID string   `json:"host_id"`
		Shows  []string `json:"shows"`
		Folder string   `json:"folder"`
		State  string   `json:"state"`
		RunID  string   `json:"run_id"`
		Counts struct {
			Findings map[string]int `json:"findings"`
		} `json:"counts"`
		Outputs []struct {
			Name   string `json:"name"`
			SHA256 string `json:"sha256"`
		} `json:"outputs"`
	} `json:"hosts"`
}

// maxManifest bounds what is read of a manifest.
const maxManifest = 1 << 30

// Machines returns the machines of a case folder, in the order of its manifest.
// The error names each machine that cannot be used; the others are returned.
func Machines(ctx context.Context, dir string) ([]*Machine, error) {
	m, err := readCase(dir)
	if err != nil {
		return nil, err
	}
	var out []*Machine
	var errs []error
	for _, h := range m.Machines {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("machine %s: %w", h.Name, fmt.Errorf(format, args...)))
		}
		if !filepath.IsLocal(filepath.FromSlash(cmp.Or(h.Folder, "."))) {
			bad("its folder %q is outside the case", h.Folder)
			continue
		}
		c := &Machine{ID: h.HostID, Name: h.Name, Case: filepath.Join(dir, filepath.FromSlash(h.Folder)), Shows: h.Shows, RunID: h.RunID,
			Started: m.Started, Findings: h.Counts.Findings}
		for _, o := range h.Outputs {
			if o.Name == observations.FileName {
				c.SHA256 = o.SHA256
			}
		}
		switch {
		case h.State != "complete":
			bad("its scan is not complete (%s)", h.State)
			continue
		case c.ID == "" || c.SHA256 == "":
			bad("the case has no %s: scan the evidence again with this version", observations.FileName)
			continue
		}
		sum, err := files.SHA256(ctx, c.observations())
		switch {
		case err != nil:
			bad("%w", err)
			continue
		case sum != c.SHA256:
			bad("%s differs from the manifest: its SHA-256 is %s", observations.FileName, sum)
			continue
		}
		out = append(out, c)
	}
	if len(m.Machines) == 0 {
		errs = append(errs, errors.New("the case has no machine"))
	}
	return out, errors.Join(errs...)
}

func readCase(dir string) (*caseManifest, error) {
	name := filepath.Join(dir, "manifest.json")
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(dir); err != nil {
			return nil, errors.New("no such folder")
		}
		return nil, errors.New("not a case folder: it has no manifest.json")
	case err != nil:
		return nil, err
	case st.Size() > maxManifest:
		return nil, fmt.Errorf("manifest.json has %d bytes", st.Size())
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := new(caseManifest)
	if err := json.NewDecoder(f).Decode(m); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	if m.Tool != "artifactdump" {
		return nil, errors.New("manifest.json was not written by artifactdump")
	}
	return m, nil
}

// read returns the machines of all cases.
func (r *run) read(cases []string) []*Machine {
	var out []*Machine
	for _, dir := range cases {
		if r.ctx.Err() != nil {
			return nil
		}
		list, err := Machines(r.ctx, dir)
		if err != nil {
			r.damage(dir, err)
		}
		out = append(out, list...)
	}
	return out
}

// Newest chooses among scans of one machine: the newest, and of those that are
// equally new the one whose folder comes first.
func Newest(scans []*Machine) *Machine {
	return slices.MinFunc(scans, func(a, b *Machine) int {
		return cmp.Or(cmp.Compare(b.Started, a.Started), cmp.Compare(a.Case, b.Case))
	})
}

// distinct keeps one scan of each machine, and returns them by id.
func (r *run) distinct(list []*Machine) []*Machine {
	scans := map[string][]*Machine{}
	for _, m := range list {
		scans[m.ID] = append(scans[m.ID], m)
	}
	var out []*Machine
	for _, id := range sortedKeys(scans) {
		used := Newest(scans[id])
		out = append(out, used)
		slices.SortFunc(scans[id], func(a, b *Machine) int { return cmp.Compare(a.Case, b.Case) })
		for _, m := range scans[id] {
			switch {
			case m == used:
			case m.RunID == used.RunID:
				r.note("%s is given twice: %s is read, %s is not", id, used.Case, m.Case)
			default:
				r.note("%s was scanned twice: the newer scan %s is read, %s is not", id, used.Case, m.Case)
			}
		}
	}
	return out
}

// relative is the path of a folder as the outputs name it: from the folder of
// the results.
func (r *run) relative(dir string) string {
	from, err1 := filepath.Abs(r.o.Dir)
	to, err2 := filepath.Abs(dir)
	if err1 == nil && err2 == nil {
		if rel, err := filepath.Rel(from, to); err == nil {
			return filepath.ToSlash(rel)
		}
	}
	return strings.ReplaceAll(dir, `\`, "/")
}
