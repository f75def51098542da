package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A host is one machine to be scanned.
type host struct {
	evidence int // index in the manifest
	tree     int // index in the evidence
	name     string
	folder   string // below CASE, "" when there is only one
	at       int    // place in the plan
	need     int64  // bytes of memory that its scan may take
}

var errNoEvidence = errors.New("none of the evidence could be read")

// work plans and does everything that CASE.partial lacks.
func (s *scan) work(paths []string) error {
	hosts, err := s.plan(paths)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		return errNoEvidence
	}
	whole, err := s.takeOver(hosts)
	if err != nil {
		return err
	}
	return s.scanAll(hosts, whole)
}

// plan looks into the evidence for machines and gives each a folder.
func (s *scan) plan(paths []string) ([]host, error) {
	ctx := s.c.Context
	shows := s.status.begin(&host{})
	defer s.status.leave(shows)
	var hosts []host
	for i, p := range paths {
		s.status.phase(shows, "opening "+p)
		me := s.m.Evidence[i]
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			me.Size = st.Size()
			if s.c.Bool("hash-evidence") {
				s.status.phase(shows, "hashing "+p)
				sum, err := hashFile(ctx, p)
				if err != nil {
					return nil, err
				}
				me.SHA256 = sum
			}
		}
		ev, err := evidence.Open(p, s.evidence)
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil, err
			}
			if me.Kind != "" && me.Error == "" {
				// To go on without it would drop what was finished of it.
				return nil, fmt.Errorf("could be read when the run was begun, and cannot now: %w", err)
			}
			me.Error = err.Error()
			s.damage(err)
			continue
		}
		me.Kind, me.Notes, me.Error = ev.Kind, ev.Notes, ""
		before := s.damaged
		if err := s.verifyImage(ev); err != nil {
			ev.Close()
			return nil, err
		}
		if s.damaged > before {
			me.Error = "the image is not what its stored hashes say, or could not be compared with them"
		}
		for _, n := range ev.Notes {
			s.note("%s", n)
		}
		for t, tree := range ev.Trees {
			hosts = append(hosts, host{evidence: i, tree: t, name: tree.Machine().Name, need: s.need(tree)})
			ev.Trees[t] = nil // with its hives, of which those of all machines together have no room
		}
		ev.Close()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if len(hosts) > 1 {
		taken := map[string]bool{"manifest.json": true}
		last := map[string]int{} // number of a name, so that very many of one name take no longer
		for i := range hosts {
			base := folderName(hosts[i].name)
			name := base
			for n := max(2, last[base]); taken[strings.ToLower(name)]; n++ {
				name = fmt.Sprintf("%s-%d", base, n)
				last[base] = n
			}
			taken[strings.ToLower(name)] = true
			hosts[i].folder, hosts[i].at = name, i
			s.note("%s: machine %s, folder %s", paths[hosts[i].evidence], hosts[i].name, name)
		}
	}
	return hosts, nil
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
	defaultMemory = 1024
	needBase      = 64 // evaluation, report, buffers
	needFormat    = 32 // of a format that gathers rows before it writes them
	needHive      = 4  // bytes for each byte of a hive: as it lies there, recovered, indexed
)

// need estimates what memory the scan of a machine takes.
func (s *scan) need(tree *evidence.Tree) int64 {
	n := needBase<<20 + 2*s.sort // what is collected as garbage has its size once more
	for _, f := range s.formats {
		switch f.Name {
		case "parquet", "sqlite", "xlsx":
			n += needFormat << 20
		}
	}
	hives, _ := tree.Hives()
	for _, h := range hives {
		for _, f := range append([]*evidence.File{h.File}, h.Logs...) {
			if st, err := f.Stat(); err == nil {
				n += needHive * min(st.Size(), 1<<40)
			}
		}
	}
	return n
}

// takeOver finds the machines that an earlier run completed, and drops all
// else that it left: what stands in the case is what the manifest names.
func (s *scan) takeOver(hosts []host) (whole []bool, err error) {
	earlier := s.m.Hosts
	s.m.Hosts = make([]*manifestHost, len(hosts))
	whole = make([]bool, len(hosts))
	kept, keep := 0, map[string]bool{manifestName: true}
	for i, h := range hosts {
		old, err := s.m.complete(s.c.Context, s.part, &h, earlier)
		if err != nil {
			s.m.Hosts = earlier // not known, so nothing is forgotten
			return nil, err
		}
		if old == nil {
			continue
		}
		s.note("%s is complete already", cmp.Or(h.folder, h.name))
		whole[i], s.m.Hosts[i] = true, old
		for _, o := range old.Outputs {
			keep[filepath.Join(h.folder, filepath.FromSlash(o.Name))] = true
		}
		s.damagedBefore(old.Counts.Damaged)
		for l, n := range old.Counts.Findings {
			if level, ok := findings.ParseLevel(l); ok && n > 0 {
				s.worst = max(s.worst, level)
			}
		}
		kept++
	}
	s.status.planned(len(hosts), kept)
	return whole, sweep(s.part, keep)
}

// sweep removes every file below a folder but those to be kept, and the
// folders that are empty then.
func sweep(dir string, keep map[string]bool) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if p != dir {
				dirs = append(dirs, p)
			}
			return nil
		case keep[rel]:
			return nil
		}
		return os.Remove(p)
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		os.Remove(dirs[i]) // one that is not empty stays
	}
	return err
}

// keep brings the manifest up to date when a machine is complete, so that a
// run that is killed can go on. It tells of all machines: of very many it is
// large, and is not written so often that the writing takes longer than the
// work. When the run ends it is written in any case.
func (s *scan) keep() error {
	if s.keeping > 100*time.Millisecond && time.Since(s.kept) < 20*s.keeping {
		return nil
	}
	begin := time.Now()
	err := s.m.write(s.part)
	s.kept = time.Now()
	s.keeping = s.kept.Sub(begin)
	return err
}

// scanAll scans the machines that are not whole, several at a time as far as
// memory allows. They begin in the order of the plan, and no small one
// overtakes a large one that waits. When one cannot be finished, be it for the
// disk or for an interrupt, the others stop, too.
func (s *scan) scanAll(hosts []host, whole []bool) error {
	ctx, cancel := context.WithCancel(s.c.Context)
	defer cancel()
	type end struct {
		at    int
		m     *manifestHost
		worst findings.Level
		err   error
	}
	ends := make(chan end)
	errs := make([]error, len(hosts))
	running, used := 0, int64(0)
	wait := func() {
		e := <-ends
		running, used = running-1, used-hosts[e.at].need
		s.m.Hosts[e.at], errs[e.at] = e.m, e.err
		s.worst = max(s.worst, e.worst)
		if e.err == nil {
			errs[e.at] = s.keep()
			s.status.done()
			s.say("%s: %s", cmp.Or(e.m.Folder, e.m.Name), e.m.Counts)
		}
		if errs[e.at] != nil {
			cancel()
		}
	}
	for i := range hosts {
		if whole[i] {
			continue
		}
		for running > 0 && (running >= s.machines || used+hosts[i].need > s.memory) {
			wait()
		}
		if ctx.Err() != nil {
			break
		}
		running, used = running+1, used+hosts[i].need
		go func() {
			m, worst, err := s.one(ctx, &hosts[i])
			ends <- end{i, m, worst, err}
		}()
	}
	for running > 0 {
		wait()
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return s.c.Context.Err()
}
