package hivefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/hive"
)

const maxFile = 4 << 30

// ReadFile reads the file of a hive, or of a log of one.
func ReadFile(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: no such file", path)
		}
		return nil, err
	}
	if st.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a file", path)
	}
	if st.Mode()&fs.ModeDevice != 0 {
		return nil, fmt.Errorf("%s is a device, not a file", path)
	}
	if st.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes exceed the size limit of a hive", path, st.Size())
	}
	f, err := collect.OpenNamed(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(int(st.Size()) + bytes.MinRead)
	_, err = b.ReadFrom(f)
	return b.Bytes(), err
}

// LogsBeside finds the transaction logs of a hive, in any case.
func LogsBeside(path string) []string {
	dir, base := filepath.Split(path)
	ents, err := fs.ReadDir(collect.NamedDir(filepath.Clean(dir+".")), ".")
	if err != nil {
		return nil
	}
	var out []string
	for _, ext := range []string{".LOG", ".LOG1", ".LOG2"} {
		for _, e := range ents {
			if !e.IsDir() && strings.EqualFold(e.Name(), base+ext) {
				out = append(out, filepath.Join(dir, e.Name()))
			}
		}
	}
	return out
}

// FindKey finds the key of a path, which may begin with the name of the root.
func FindKey(h *hive.Hive, path string) (hive.Key, error) {
	k, err := h.Key(TrimRoot(h, path))
	if errors.Is(err, hive.ErrNotExist) {
		return k, fmt.Errorf("no key %s in this hive", path)
	}
	return k, err
}
