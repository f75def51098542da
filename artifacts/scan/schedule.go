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
		room  = 128 << 20 // what is collected as garbage
		users = 384 << 20 // enough for two hundred users, whose hives are given up one after the other
	)
	var needs []int64
	for _, m := range machines {
		n := m.need
		if s.frugal {
			n = min(n, max(users-room, m.need-m.waits-room)) // what waits is less than the estimate
		}
		needs = append(needs, n)
	}
	slices.Sort(needs)
	slices.Reverse(needs)
	limit, together := s.o.Memory, int64(0)
	for i, n := range needs {
		limit = max(limit, n)
		if i < s.o.Machines {
			together += n + room
		}
	}
	if s.frugal {
		limit = min(limit, max(together, room))
	}
	return limit
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
