package scan

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// keep brings the manifest up to date when a machine is complete, so that a
// run that is killed can continue. It covers all machines: of very many it is
// large, and is not written so often that the writing takes longer than the
// work. When the run ends it is written in any case.
func (s *run) keep() error {
	if s.keeping > 100*time.Millisecond && time.Since(s.kept) < 20*s.keeping {
		return nil
	}
	begin := time.Now()
	err := s.m.write(s.part, s.mode)
	s.kept = time.Now()
	s.keeping = s.kept.Sub(begin)
	return err
}

// memoryLimit is what the machines that are scanned in parallel may need: all of
// the budget that was asked for, or, when none was, what the largest need by
// estimate and some room. A machine that needs more than the budget is scanned
// alone.
func (s *run) memoryLimit(machines []machine) int64 {
	const (
		room = 128 << 20 // what is collected as garbage
		// least is enough for two hundred users, 1 GB of hives that are given up one after
		// the other. The estimate has up to spare for what waits, and as much for open
		// hives, that such a machine does not need.
		least = 320 << 20
		spare = 256 << 20
	)
	limit := s.o.Memory
	var needs []int64
	for _, m := range machines {
		limit = max(limit, m.need)
		most := max(least, m.need-min(m.waits, spare)-min(m.open, spare))
		needs = append(needs, min(m.need+room, most))
	}
	if !s.frugal {
		return limit
	}
	slices.Sort(needs)
	together := int64(0)
	for _, n := range needs[max(0, len(needs)-s.o.Machines):] {
		together += n
	}
	return min(limit, max(together, room))
}

// scanAll scans the machines that are not whole, several at a time as far as
// memory allows. They begin in the order of the plan, and no small one
// overtakes a large one that waits. When one cannot be finished, be it for the
// disk or for an interrupt, the others stop, too.
func (s *run) scanAll(machines []machine, whole []bool) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	if s.o.LimitMemory != nil {
		s.o.LimitMemory(s.memoryLimit(machines))
	}
	type end struct {
		at    int
		m     *MachineManifest
		worst findings.Level
		err   error
	}
	ends := make(chan end)
	errs := make([]error, len(machines))
	running, used, told := 0, int64(0), 0
	finished := make([]*MachineManifest, len(machines))
	wait := func() {
		e := <-ends
		running, used = running-1, used-machines[e.at].need
		s.m.Machines[e.at], errs[e.at] = e.m, e.err
		s.worst = max(s.worst, e.worst)
		if e.err == nil {
			errs[e.at] = s.keep()
			s.status.done()
			finished[e.at] = e.m
		}
		for ; told < len(machines) && (whole[told] || finished[told] != nil); told++ {
			if m := finished[told]; m != nil {
				s.obs.Completed(m) // in the order of the plan
			}
		}
		if errs[e.at] != nil {
			cancel()
		}
	}
	for i := range machines {
		if whole[i] {
			continue
		}
		for running > 0 && (running >= s.o.Machines || used+machines[i].need > s.o.Memory) {
			wait()
		}
		if ctx.Err() != nil {
			break
		}
		running, used = running+1, used+machines[i].need
		go func() {
			m, worst, err := s.one(ctx, &machines[i])
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
	return s.ctx.Err()
}
