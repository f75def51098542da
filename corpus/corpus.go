// Package corpus writes evidence: the files of a Windows machine, small and invented, on which an intrusion took
// place that is known in every detail.
//
// It is what the tests of the readers stand on, and an example to try the commands with: corpus/files/incident. A
// [Machine] is a Windows volume being written; each artifact has one case in the table [Cases] that adds its traces;
// the story that all of them tell (who, when, from where) stands in story.go. Packages scca and regf write the file
// formats. Nothing here imports a parser: writer and readers share no code, so that each checks the other.
//
// It uses no clock and no randomness. The same source writes the same bytes.
//
//go:generate go run ./generate
package corpus

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/corpus/scca"
)

// A Case adds the traces of one artifact to a machine.
type Case struct {
	Artifact string // the name in the catalogue
	About    string // what is there to be found, in one sentence
	Write    func(*Machine)
}

// A Machine is a Windows volume being written. Paths are those of the volume, with slashes:
// "Windows/System32/config/SOFTWARE".
type Machine struct {
	files map[string][]byte
	hives map[string]*hive
	logs  map[string][]logged // by channel
}

// NewMachine returns the machine of the story with nothing on its volume.
func NewMachine() *Machine {
	return &Machine{files: make(map[string][]byte), hives: make(map[string]*hive)}
}

// Incident returns the machine with all that the cases write.
func Incident() *Machine {
	m := NewMachine()
	for _, c := range Cases {
		c.Write(m)
	}
	return m
}

// With runs the cases of these artifacts, in the order of the table: the machine that one test needs. Keys below a
// control set need "system", whose Select key names the current one; names of users need "software" and "accounts".
func (m *Machine) With(artifacts ...string) *Machine {
	for _, a := range artifacts {
		if !slices.ContainsFunc(Cases, func(c Case) bool { return c.Artifact == a }) {
			panic("corpus: there is no case " + a)
		}
	}
	for _, c := range Cases {
		if slices.Contains(artifacts, c.Artifact) {
			c.Write(m)
		}
	}
	return m
}

// File writes a file. Two files of one name are a mistake of the cases.
func (m *Machine) File(path string, data []byte) {
	for old := range m.files {
		if strings.EqualFold(old, path) {
			panic(fmt.Sprintf("corpus: %s is written twice", path))
		}
	}
	m.files[path] = data
}

// Prefetch writes a prefetch file under the name that Windows gives it.
func (m *Machine) Prefetch(s scca.Spec) {
	m.File("Windows/Prefetch/"+s.FileName(), s.Build())
}

// Files returns what lies on the volume: path to content.
func (m *Machine) Files() map[string][]byte {
	all := maps.Clone(m.files)
	for path, h := range m.hives {
		maps.Copy(all, h.files(path))
	}
	maps.Copy(all, m.eventLogs())
	return all
}

// FS returns the volume as a file system, for evidence in memory.
func (m *Machine) FS() fs.FS {
	all := make(fstest.MapFS)
	for path, data := range m.Files() {
		all[path] = &fstest.MapFile{Data: data, Mode: 0o444, ModTime: CopiedAt}
	}
	return all
}

// Paths returns the names of the files, sorted.
func (m *Machine) Paths() []string {
	return slices.Sorted(maps.Keys(m.Files()))
}
