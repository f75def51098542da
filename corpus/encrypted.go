package corpus

import (
	"bytes"
	"io/fs"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// Encrypted returns what lies on the volume after a program has encrypted the first n bytes of each file, as those do
// that hold a machine to ransom and have no time for more. The same seed gives the same bytes.
func (m *Machine) Encrypted(n int, seed uint64) map[string][]byte {
	all := m.Files()
	for path, data := range all {
		data = bytes.Clone(data)
		regf.Encrypt(data, n, seed+uint64(mix(path)))
		all[path] = data
	}
	return all
}

// EncryptedFS returns the same as a file system.
func (m *Machine) EncryptedFS(n int, seed uint64) fs.FS {
	all := make(fstest.MapFS)
	for path, data := range m.Encrypted(n, seed) {
		all[path] = &fstest.MapFile{Data: data, Mode: 0o444, ModTime: CopiedAt}
	}
	return all
}
