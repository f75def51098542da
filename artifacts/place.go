package artifacts

import "context"

// A place is the right of one goroutine to decode: a part of the run's jobs, and
// of [Options.Places]. A job gives it back while it waits.
type place struct {
	places []chan struct{}
	held   int // of places, from the first
}

func (p *place) enter(done <-chan struct{}) {
	if p == nil {
		return
	}
	for p.held < len(p.places) {
		select {
		case p.places[p.held] <- struct{}{}:
			p.held++
		case <-done:
			return
		}
	}
}

// try is enter for those who do not wait. It reports whether there was a place.
func (p *place) try() bool {
	for p.held < len(p.places) {
		select {
		case p.places[p.held] <- struct{}{}:
			p.held++
		default:
			p.leave()
			return false
		}
	}
	return true
}

func (p *place) leave() {
	for p != nil && p.held > 0 {
		p.held--
		<-p.places[p.held]
	}
}

// inPlace does a job when there is a place for it.
func (r *runner) inPlace(ctx context.Context, j job, emit func(*place, Result) bool) {
	p := &place{places: r.places}
	p.enter(ctx.Done())
	defer p.leave()
	j.place = p
	r.do(ctx, j, func(res Result) bool { return emit(p, res) })
}

// Workers returns how many goroutines may decode at once in the run, the decoder's
// own included.
func (in Input) Workers() int {
	if in.runner == nil {
		return 1
	}
	return cap(in.runner.places[0])
}

// Help calls f on another goroutine if the run has a worker without a job, and
// reports whether it does. f is called again as long as it returns true and no job
// waits for the worker. It must not wait for anything, and a decoder must not
// return before f has.
func (in Input) Help(f func() bool) bool {
	if in.runner == nil {
		return false
	}
	p := &place{places: in.runner.places}
	if !p.try() {
		return false
	}
	go func() {
		for f() {
			p.leave()
			if !p.try() {
				return
			}
		}
		p.leave()
	}()
	return true
}
