package evidence_test

import (
	"bytes"
	"encoding/binary"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
)

// renamed is the incident's machine under another computer name of the same
// length, without the logs, which would bring the old one back.
func renamed(name string) map[string][]byte {
	wide := func(s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return b
	}
	out := map[string][]byte{}
	for p, b := range corpus.Incident().Files() {
		if !strings.HasPrefix(strings.ToUpper(path.Ext(p)), ".LOG") {
			out[p] = bytes.ReplaceAll(b, wide(corpus.Computer), wide(name))
		}
	}
	return out
}

func otherName(i int) string {
	return corpus.Computer[:len(corpus.Computer)-1] + string(rune('A'+i))
}

func names(t *testing.T, fsys fstest.MapFS) []string {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, tr := range ev.Trees {
		out = append(out, tr.Machine().Name)
	}
	slices.Sort(out)
	return out
}

const config = "Windows/System32/config/"

// Hives of several machines are never read as one, however they are laid out.
func TestSeveralMachines(t *testing.T) {
	a, b := otherName(0), otherName(1)
	ma, mb := renamed(a), renamed(b)
	put := func(m fstest.MapFS, prefix string, from map[string][]byte, only ...string) {
		for p, data := range from {
			if len(only) == 0 || slices.Contains(only, path.Base(p)) && strings.HasPrefix(p, config) && !strings.Contains(p, "RegBack") {
				q := p
				if len(only) > 0 {
					q = path.Base(p)
				}
				m[prefix+q] = &fstest.MapFile{Data: data}
			}
		}
	}
	for _, tc := range []struct {
		name string
		fill func(fstest.MapFS)
		want []string
	}{
		{"one", func(m fstest.MapFS) { put(m, "", ma) }, []string{a}},
		{"loose, a folder each", func(m fstest.MapFS) {
			put(m, "x/one/", ma, "SYSTEM", "SOFTWARE")
			put(m, "x/two/", mb, "SYSTEM", "SOFTWARE")
		}, []string{a, b}},
		{"loose, folders of one machine", func(m fstest.MapFS) {
			put(m, "x/one/", ma, "SYSTEM")
			put(m, "x/two/", ma, "SOFTWARE", "SYSTEM")
		}, []string{a}},
		{"loose, one folder", func(m fstest.MapFS) {
			m["SYSTEM-1"] = &fstest.MapFile{Data: ma[config+"SYSTEM"]}
			m["SYSTEM-2"] = &fstest.MapFile{Data: mb[config+"SYSTEM"]}
		}, []string{a, b}},
		{"loose, with files of neither", func(m fstest.MapFS) {
			put(m, "one/", ma, "SYSTEM")
			put(m, "two/", mb, "SYSTEM")
			m["NTUSER.DAT"] = &fstest.MapFile{Data: ma["Users/"+corpus.Daniel+"/NTUSER.DAT"]}
		}, []string{a, b, "case"}},
		{"volumes two levels down", func(m fstest.MapFS) {
			put(m, "site/one/", ma)
			put(m, "site/two/", mb)
		}, []string{a, b}},
		{"volumes four levels down, with drives", func(m fstest.MapFS) {
			put(m, "2026/site/east/one/C/", ma)
			put(m, "2026/site/west/one/C/", mb)
		}, []string{a, b}},
		{"two drives", func(m fstest.MapFS) {
			put(m, "C/", ma)
			put(m, "D/", mb)
		}, []string{a, b}},
		{"two drives of one machine", func(m fstest.MapFS) {
			put(m, "C/", ma)
			m["D/Users/x/NTUSER.DAT"] = &fstest.MapFile{Data: []byte("x")}
		}, []string{a}},
		{"an older copy", func(m fstest.MapFS) {
			put(m, "", ma)
			put(m, "Windows.old/", mb)
			m[config+"RegBack/SYSTEM"] = &fstest.MapFile{Data: mb[config+"SYSTEM"]}
		}, []string{a}},
		{"loose, an older copy", func(m fstest.MapFS) {
			put(m, "config/", ma, "SYSTEM")
			put(m, "config/RegBack/", mb, "SYSTEM")
		}, []string{a}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := fstest.MapFS{}
			tc.fill(m)
			if got := names(t, m); !slices.Equal(got, tc.want) {
				t.Errorf("machines %q, want %q", got, tc.want)
			}
		})
	}
}

// A file belongs to one machine, and none is lost.
func TestSplitFiles(t *testing.T) {
	m := fstest.MapFS{}
	for i, dir := range []string{"one", "deep/er/two", "deep/three"} {
		for p, b := range renamed(otherName(i)) {
			if strings.HasPrefix(p, config) && !strings.Contains(p, "RegBack") || path.Ext(p) == ".pf" {
				m[dir+"/"+path.Base(p)] = &fstest.MapFile{Data: b}
			}
		}
	}
	m["rest/CMD.EXE-00000000.pf"] = &fstest.MapFile{Data: []byte("MAM\x04xxxx")}
	m["one/SYSTEM.LOG1"] = &fstest.MapFile{Data: []byte("x")}
	ev, err := evidence.OpenFS(m, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, tr := range ev.Trees {
		files, errs := tr.Glob(`%SystemRoot%\Prefetch\*.pf`)
		if len(errs) > 0 {
			t.Error(errs)
		}
		for _, f := range files {
			seen[f.Path]++
		}
		hives, _ := tr.Hives()
		for _, h := range hives {
			seen[h.Path]++
			for _, l := range h.Logs {
				seen[l.Path]++
			}
		}
	}
	for p := range m {
		if w := `\` + strings.ReplaceAll(p, "/", `\`); seen[w] != 1 {
			t.Errorf("%s is in %d machines", w, seen[w])
		}
	}
	if len(ev.Trees) != 4 {
		t.Errorf("%d machines: %v", len(ev.Trees), ev.Notes)
	}
}
