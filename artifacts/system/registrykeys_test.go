package system_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/corpus"
)

// registryKeys runs the artifact alone over a machine.
func registryKeys(t *testing.T, tree *evidence.Tree) (keys []system.RegistryKey, pieces int) {
	t.Helper()
	results, err := artifacts.Run(t.Context(), tree, []*artifacts.Artifact{system.RegistryKeys}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		pieces++
		for i := range res.Records {
			keys = append(keys, res.Records[i].Data.(system.RegistryKey))
		}
	}
	return keys, pieces
}

// TestRegistryKeysReal has each key of the truth tables once, with its time.
func TestRegistryKeysReal(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for _, name := range []string{"regipy/NTUSER.DAT", "regipy/SECURITY", "regipy/BCD", "velo/UsrClass.dat"} {
		path := filepath.Join(dir, "hives", filepath.FromSlash(name))
		f, err := os.Open(path + ".truth.tsv.gz")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 1<<22)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "K\t") {
				want++
			}
		}
		ev, err := evidence.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		if got, _ := registryKeys(t, ev.Trees[0]); len(got) != want {
			t.Errorf("%s: %d keys, the truth has %d", name, len(got), want)
		}
	}
}

// TestRegistryKeysStream wants the records of a large hive in pieces, each once.
func TestRegistryKeysStream(t *testing.T) {
	m := corpus.NewMachine().With("system", "software")
	many := m.Hive("Windows/System32/config/SOFTWARE").Sub("Many")
	for i := range 80 {
		k := many.Sub(fmt.Sprint("a", i))
		for j := range 60 {
			k.Sub(fmt.Sprint("b", j))
		}
	}
	ev, err := evidence.OpenFS(m.FS(), "machine", nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, pieces := registryKeys(t, ev.Trees[0])
	n := 0
	for _, k := range keys {
		if strings.HasPrefix(k.Key, `\Many\a`) {
			n++
		}
	}
	if n != 80*61 || pieces < 3 {
		t.Errorf("%d keys in %d pieces", n, pieces)
	}
}
