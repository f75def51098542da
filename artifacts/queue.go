package artifacts

import (
	"context"
	"sync"
)

// Limits of what a run holds beside the sources that it decodes. A piece is
// handed on when it has that many records or when they need that many bytes.
// Pieces that wait for the reader need that much together; a job that has more
// waits, unless it is the one that the reader waits for.
const (
	pieceRecords = 4096
	pieceBytes   = 2 << 20
	waitingBytes = 12 << 20
)

// A queue brings the results of jobs into plan order. Workers take jobs in that
// order and may be ahead of the reader by a number of jobs and by an amount of
// memory, no further.
type queue struct {
	mu      sync.Mutex
	moved   *sync.Cond
	pieces  [][]piece // by job, what waits
	started int       // the next job to start
	turn    int       // the job whose results the reader wants
	window  int       // of jobs
	held    int64     // bytes that wait
	budget  int64
	stopped bool
}

type piece struct {
	res  Result
	cost int64
}

func newQueue(jobs, window int) *queue {
	q := &queue{pieces: make([][]piece, jobs), window: window, budget: waitingBytes}
	q.moved = sync.NewCond(&q.mu)
	return q
}

// next returns the next job to do, when the reader is near enough.
func (q *queue) next() (job int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.stopped && q.started < len(q.pieces) && q.started >= q.turn+q.window {
		q.moved.Wait()
	}
	if q.stopped || q.started == len(q.pieces) {
		return 0, false
	}
	q.started++
	return q.started - 1, true
}

// put hands on a result of a job. It waits while too much waits; the job gives
// its place to others for that time. false means that nobody reads any more.
func (q *queue) put(job int, res Result, p *place) bool {
	cost := res.cost()
	q.mu.Lock()
	if !q.fits(job, cost) && !q.stopped {
		p.leave()
		for !q.fits(job, cost) && !q.stopped {
			q.moved.Wait()
		}
		if p != nil && res.goes && !q.stopped {
			defer p.enter(context.Background().Done())
		}
	}
	defer q.mu.Unlock()
	if q.stopped {
		return false
	}
	q.held += cost
	q.pieces[job] = append(q.pieces[job], piece{res, cost})
	q.moved.Broadcast()
	return true
}

func (q *queue) fits(job int, cost int64) bool {
	return q.held+cost <= q.budget || job == q.turn && len(q.pieces[job]) == 0
}

// take returns the next result in plan order.
func (q *queue) take() (job int, res Result, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.stopped && q.turn < len(q.pieces) && len(q.pieces[q.turn]) == 0 {
		q.moved.Wait()
	}
	if q.stopped || q.turn == len(q.pieces) {
		return 0, Result{}, false
	}
	job = q.turn
	p := q.pieces[job][0]
	q.pieces[job] = q.pieces[job][1:]
	q.held -= p.cost
	if !p.res.goes {
		q.pieces[job] = nil
		q.turn++
	}
	q.moved.Broadcast()
	return job, p.res, true
}

// stop ends all waiting.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.moved.Broadcast()
}

// resultCost is what a result needs without its records.
const resultCost = 512

func (r *Result) cost() int64 {
	n := int64(resultCost) + r.bytes
	for _, e := range r.Errors {
		n += int64(len(e.From.Key)+len(e.From.Value)) + resultCost
	}
	return n
}
