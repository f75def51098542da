package prefetch_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/artifactdump/artifactdump/prefetch"
	"github.com/artifactdump/artifactdump/prefetch/xpress"
	peer "www.velocidex.com/golang/go-prefetch"
)

// divergences are the differences to go-prefetch that are allowed. Each has a test on the bytes of the very file that shows who is right:
// plain is the uncompressed file, f ours, p the peer's.
var divergences = []struct {
	field, when, why string
	right            func(plain []byte, f *prefetch.File, p *peer.PrefetchInfo) bool
}{
	{
		"RunCount", "30 variant 2, 31", "the peer reads 208, a field of unknown meaning, wherever it is not zero; the count is at 200, 96 bytes before the metrics",
		func(b []byte, f *prefetch.File, p *peer.PrefetchInfo) bool {
			return u32(b, 84) == 296 && f.RunCount == u32(b, 200) && p.RunCount == u32(b, 208)
		},
	},
	{
		"Path", "30 variant 1", "the peer takes the record's place from 212, where variant 2 has it; variant 1 has it at 220",
		func(b []byte, f *prefetch.File, p *peer.PrefetchInfo) bool {
			off, n := u32(b, 220), u32(b, 224)
			return u32(b, 84) == 304 && n > 4 && text16(b[off:][:n-4]) == f.ExecutablePath+f.PackageFullName
		},
	},
}

func u32(b []byte, off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }

func text16(b []byte) string {
	var s strings.Builder
	for i := 0; i+2 <= len(b); i += 2 {
		s.WriteRune(rune(binary.LittleEndian.Uint16(b[i:])))
	}
	return s.String()
}

// Two parsers that share no code agree on every real file and every sample, except where a divergence is named and the bytes decide.
func TestOracle(t *testing.T) {
	files := make(map[string][]byte)
	for name, s := range scca.Samples() {
		files[name] = s.Build()
	}
	if evidenceDir() != "" {
		dir, all := truths(t)
		for _, w := range testcost.Sample(all, 8) {
			files[w.Path] = read(t, dir, w.Path)
		}
	}
	seen, compared, refused := make([]int, len(divergences)), 0, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b := files[name]
		f, err := prefetch.Parse(b, nil)
		if err != nil || len(f.Damage) > 0 {
			refused++ // on broken files the peer invents: an unknown version is read as Windows 10, a cut stream is filled with zeros
			continue
		}
		if string(b[:4]) == "MAM\x84" {
			if p, err := peer.LoadPrefetch(bytes.NewReader(b)); err == nil {
				t.Errorf("%s: the peer reads a container with a checksum now: %s", name, p.Executable)
			}
			continue
		}
		p, err := peer.LoadPrefetch(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: peer: %v", name, err)
			continue
		}
		compared++
		plain := b
		if f.Compressed {
			plain = make([]byte, f.Container.DeclaredSize)
			if err := xpress.Decode(plain, b[8:]); err != nil {
				t.Fatal(err)
			}
		}
		for _, field := range differing(f, p) {
			i := slices.IndexFunc(divergences, func(d struct {
				field, when, why string
				right            func([]byte, *prefetch.File, *peer.PrefetchInfo) bool
			}) bool {
				return d.field == field && d.right(plain, f, p)
			})
			if i < 0 {
				t.Errorf("%s: %s differs: ours %+v, peer %+v", name, field, brief(f), *p)
				continue
			}
			seen[i]++
		}
	}
	t.Logf("%d files compared, %d broken ones not", compared, refused)
	for i, d := range divergences {
		t.Logf("%5d × %s (%s): %s", seen[i], d.field, d.when, d.why)
	}
}

func brief(f *prefetch.File) string {
	return fmt.Sprintf("%d %s %08X %d %v %s%s, %d files", uint32(f.Version), f.Executable, f.Hash, f.RunCount, f.LastRuns, f.ExecutablePath, f.PackageFullName, len(f.Files))
}

// differing names the fields in which the two parsers differ. The peer has whole seconds only.
func differing(f *prefetch.File, p *peer.PrefetchInfo) []string {
	var fields []string
	add := func(name string, equal bool) {
		if !equal {
			fields = append(fields, name)
		}
	}
	add("Executable", p.Executable == f.Executable)
	add("Hash", p.Hash == fmt.Sprintf("0x%08X", f.Hash))
	add("Size", p.FileSize == f.DeclaredSize)
	add("RunCount", p.RunCount == f.RunCount)
	same := len(p.LastRunTimes) == len(f.LastRuns)
	for i := range min(len(p.LastRunTimes), len(f.LastRuns)) {
		if p.LastRunTimes[i].Unix() != f.LastRuns[i].Unix() {
			same = false
		}
	}
	add("LastRuns", same)
	add("Path", p.Path == f.ExecutablePath+f.PackageFullName || f.Version < prefetch.V30 && p.Path == "")
	names := make([]string, 0, len(f.Files))
	for _, m := range f.Files {
		names = append(names, m.Name)
	}
	add("Files", slices.Equal(names, p.FilesAccessed))
	return fields
}
