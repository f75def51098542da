// Package casefile reads a case folder back: what package scan wrote of one
// machine or several. A case replaces evidence where no bytes of it are
// needed: its events, records, findings and log-ons are all there.
//
// A case may have been changed since it was written, and its files may come from
// anywhere. Each file that is read to its end is compared with its SHA-256 in the
// manifest; a difference is a [ChangedError] after the last line.
package casefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// A Case is a case folder.
type Case struct {
	Dir      string
	Manifest *scan.Manifest
	Machines []*Machine // in the order of the scan; only those that are complete
	Notes    []string   // what is worth knowing, such as machines that are missing
}

// A Machine is one machine of a case.
type Machine struct {
	*scan.MachineManifest
	Dir string // where its files are

	zone *artifacts.Zone
}

// Is reports whether a path is a case folder, or the folder of one machine in a
// case of several.
func Is(path string) bool {
	_, _, err := find(path)
	return err == nil
}

// find returns the case folder of a path, and the machine that it selects.
func find(path string) (dir, machine string, err error) {
	if st, err := os.Stat(path); err != nil || !st.IsDir() {
		return "", "", errors.Join(err, errors.New("not a case folder"))
	}
	if _, err = os.Stat(filepath.Join(path, scan.ManifestName)); err == nil {
		_, err = scan.ReadManifest(path)
		return path, "", err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", "", err
	}
	m, err := scan.ReadManifest(filepath.Dir(abs))
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("not a case folder") // the path itself is there
	}
	if err != nil {
		return "", "", err
	}
	for _, h := range m.Machines {
		if h != nil && h.Folder != "" && h.Folder == filepath.Base(abs) {
			return filepath.Dir(abs), h.Folder, nil
		}
	}
	return "", "", errors.New("not a case folder")
}

// Open opens a case folder, or the folder of one machine in it.
func Open(path string) (*Case, error) {
	dir, machine, err := find(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m, err := scan.ReadManifest(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := &Case{Dir: path, Manifest: m}
	if m.State != "complete" {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: the scan is %s; only complete machines are read", path, m.State))
	}
	for _, h := range m.Machines {
		switch {
		case h == nil || machine != "" && h.Folder != machine:
		case h.Folder != "" && !filepath.IsLocal(h.Folder):
			return nil, fmt.Errorf("%s: the manifest names the folder %q, which is not in the case", path, h.Folder)
		case h.State != "complete":
			c.Notes = append(c.Notes, fmt.Sprintf("%s: the machine %s is not complete (%s)", path, h.Name, h.State))
		default:
			c.Machines = append(c.Machines, &Machine{h, filepath.Join(dir, h.Folder), h.Zone(m.Options.Timezone)})
		}
	}
	if len(c.Machines) == 0 {
		return nil, fmt.Errorf("%s: no machine of the case is complete", path)
	}
	return c, nil
}

// Evidence returns what the manifest says of the evidence of a machine, or nil.
func (c *Case) Evidence(m *Machine) *scan.EvidenceManifest {
	for _, e := range c.Manifest.Evidence {
		if e != nil && e.Path == m.Evidence {
			return e
		}
	}
	return nil
}

// output returns what the manifest says of a file of the machine.
func (m *Machine) output(name string) (files.File, bool) {
	for _, f := range m.Outputs {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	return files.File{}, false
}

// A ChangedError is a file of a case that is not what the scan wrote.
type ChangedError struct{ Name string }

func (e *ChangedError) Error() string {
	return e.Name + ": changed since the scan: its SHA-256 is not that of the manifest"
}
