package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// stormJobs are what damaged machines go through in turn: NEW is an output, and the
// evidence comes last, or where it is named.
var stormJobs = [][]string{
	{"scan", "-q", "--format", "all", "-o", "NEW"},
	{"findings", "-q", "--story", "--long"},
	{"timeline", "-q", "--all", "--full", "--keys", "--events", "all", "--format", "csv"},
	{"dump", "-q", "--full", "--events", "all", "--format", "jsonl"},
	{"view", "-q", "--lang", "ja", "-o", "NEW.html"},
	{"programs", "-q", "--format", "jsonl"},
	{"report", "-q", "--lang", "ja", "-o", "NEW.html"},
	{"logons", "-q", "--view", "chains"},
	{"collect", "-q", "-o", "NEW.zip"},
	{"search", "-q", "EVIDENCE", "svchost"},
}

// stormMost is the processor time that one job over one damaged machine may take;
// over the whole one the longest takes some two seconds.
const stormMost = 2 * time.Minute

// TestStorm damages the whole incident, every format that it has, in each place and
// container, and gives it to every command: none ends but with 0, 1 or 3, and none
// takes minutes. In a folder each file has a mutation of its own in every round; a
// container has one to eight, anywhere that is not zero.
// ARTIFACTDUMP_STORM=N makes N rounds in each, also in images that other programs
// make, and prints the table of docs/robustness.md.
func TestStorm(t *testing.T) {
	testcost.Again(t)
	rounds, long := 1, false
	if n, err := strconv.Atoi(os.Getenv("ARTIFACTDUMP_STORM")); err == nil {
		rounds, long = n, true
	}
	whole := corpus.Incident().Files()
	names := slices.Sorted(maps.Keys(whole))
	t.Run("folder", func(t *testing.T) {
		s := newStorm(t)
		for round := range rounds {
			rng := rand.New(rand.NewPCG(2026, uint64(round)))
			dir := filepath.Join(s.dir, "evidence")
			for _, name := range names {
				p := filepath.Join(dir, "C", filepath.FromSlash(name))
				must(t, os.MkdirAll(filepath.Dir(p), 0o700))
				must(t, os.WriteFile(p, s.damage(rng, whole[name]), 0o600))
			}
			s.run(round, dir)
		}
		s.row("a folder, each file", rounds)
	})
	if testcost.Samples() {
		return // containers have one reader
	}
	for _, c := range []struct {
		name  string
		write func(names []string, files map[string][]byte) ([]byte, error)
	}{
		{"incident.zip", zipOf}, {"incident.tar", tarOf},
		{"incident.tar.gz", func(names []string, files map[string][]byte) ([]byte, error) {
			var b bytes.Buffer
			plain, err := tarOf(names, files)
			w := gzip.NewWriter(&b)
			w.Write(plain)
			err = errors.Join(err, w.Close())
			return b.Bytes(), err
		}},
		{"incident.tar.zst", func(names []string, files map[string][]byte) ([]byte, error) {
			plain, err := tarOf(names, files)
			w, _ := zstd.NewWriter(nil)
			return w.EncodeAll(plain, nil), err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.write(names, whole)
			must(t, err)
			stormOver(t, c.name, b, rounds)
		})
	}
	if !long {
		return
	}
	t.Run("images", func(t *testing.T) { stormImages(t, rounds) })
}

// stormImages makes an NTFS volume of the incident and images of it.
func stormImages(t *testing.T, rounds int) {
	dir := t.TempDir()
	must(t, corpus.Incident().WithoutMetadata().Write(filepath.Join(dir, "volume")))
	must(t, os.WriteFile(filepath.Join(dir, "a.img"), nil, 0o600))
	must(t, os.Truncate(filepath.Join(dir, "a.img"), 48<<20))
	tool(t, dir, "mkfs.ntfs", "-F", "-Q", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "a.img")
	tool(t, dir, "wimcapture", "volume/C", "a.wim", "--compress=none")
	tool(t, dir, "wimapply", "a.wim", "1", "a.img")
	for _, i := range []struct {
		file string
		cmd  []string
	}{
		{"a.img", nil},
		{"a.E01", []string{"ewfacquire", "-q", "-u", "-t", "a", "-f", "encase6", "-c", "deflate:fast", "a.img"}},
		{"a.vhd", []string{"qemu-img", "convert", "-O", "vpc", "-o", "subformat=dynamic,force_size", "a.img", "a.vhd"}},
		{"a.vhdx", []string{"qemu-img", "convert", "-O", "vhdx", "a.img", "a.vhdx"}},
		{"a.vmdk", []string{"qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized", "a.img", "a.vmdk"}},
		{"a.qcow2", []string{"qemu-img", "convert", "-c", "-O", "qcow2", "a.img", "a.qcow2"}},
	} {
		t.Run(i.file, func(t *testing.T) {
			if i.cmd != nil {
				if _, err := exec.LookPath(i.cmd[0]); err != nil {
					t.Skip(err)
				}
				tool(t, dir, i.cmd[0], i.cmd[1:]...)
			}
			b, err := os.ReadFile(filepath.Join(dir, i.file))
			must(t, err)
			stormOver(t, i.file, b, rounds)
		})
	}
}

// stormOver damages one container.
func stormOver(t *testing.T, file string, whole []byte, rounds int) {
	s := newStorm(t)
	for round := range rounds {
		rng := rand.New(rand.NewPCG(uint64(len(file)), uint64(round)))
		b := whole
		for range 1 + rng.IntN(8) {
			b = s.damage(rng, b)
		}
		name := filepath.Join(s.dir, file)
		must(t, os.WriteFile(name, b, 0o600))
		s.run(round, name)
	}
	s.row(file, rounds)
}

// A storm counts what became of the damaged machines.
type storm struct {
	t         *testing.T
	dir, out  string
	mutations int
	codes     map[int]int
	longest   time.Duration
}

func newStorm(t *testing.T) *storm {
	return &storm{t: t, dir: t.TempDir(), out: t.TempDir(), codes: make(map[int]int)}
}

// damage makes one mutation. A place in zeros would seldom be read.
func (s *storm) damage(rng *rand.Rand, whole []byte) []byte {
	if len(whole) < 4 {
		return whole
	}
	s.mutations++
	at := make([]int, 64)
	for i := range at {
		for range 20 {
			if at[i] = rng.IntN(len(whole)); whole[at[i]] != 0 {
				break
			}
		}
	}
	kinds := []string{"1 bit", "1 bit", "64 bytes", "a sector of zeros", "cut off"}
	return mutate(rng, kinds[rng.IntN(len(kinds))], whole, at)
}

// run gives evidence to the job of the round.
func (s *storm) run(round int, path string) {
	s.t.Helper()
	args := slices.Clone(stormJobs[round%len(stormJobs)])
	if !slices.Contains(args, "EVIDENCE") {
		args = append(args, "EVIDENCE")
	}
	for i, a := range args {
		args[i] = strings.NewReplacer("NEW", filepath.Join(s.out, fmt.Sprint("new", round)), "EVIDENCE", path).Replace(a)
	}
	began := testcost.CPU()
	_, stderr, code := runArgs(s.t, args...)
	took := testcost.CPU() - began
	s.codes[code]++
	s.longest = max(s.longest, took)
	if code != exitOK && code != exitFailed && code != exitDamaged {
		s.t.Errorf("round %d, %s: exit %d: %.2000s", round, args[0], code, stderr)
	}
	if code == exitFailed {
		s.t.Logf("round %d, %s: exit %d: %.300s", round, args[0], code, stderr)
	}
	if took > stormMost {
		s.t.Errorf("round %d, %s: %s of processor time", round, args[0], took)
	}
	for i, a := range args {
		if i > 0 && args[i-1] == "-o" {
			must(s.t, os.RemoveAll(a))
		}
	}
}

func (s *storm) row(name string, rounds int) {
	s.t.Logf("| %s | %d | %d | %d | %d | %d | %.1f s |", name, rounds, s.mutations, s.codes[exitOK], s.codes[exitDamaged], s.codes[exitFailed],
		s.longest.Seconds())
}

func zipOf(names []string, files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create("C/" + name)
		if err != nil {
			return nil, err
		}
		w.Write(files[name])
	}
	err := z.Close()
	return b.Bytes(), err
}

func tarOf(names []string, files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: "C/" + name, Mode: 0o600, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		w.Write(files[name])
	}
	err := w.Close()
	return b.Bytes(), err
}
