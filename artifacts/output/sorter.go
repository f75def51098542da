package output

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// A Sorter puts the events of a run into the order of a timeline within a
// fixed amount of memory: what does not fit lies sorted in temporary files and
// is merged when it is read. Events that several copies of one machine hold (live,
// in a shadow copy, in Windows.old, in RegBack) become one row, which names the
// other places in Also. The zero value is ready for use.
type Sorter struct {
	// Budget is how many bytes of coded rows are held in memory; 0 means
	// [DefaultBudget].
	Budget int64
	// Dir is where the temporary files are made; empty means the system's
	// place for them. The evidence must not lie there.
	Dir string
	// Zone, if set, returns the zone of a machine by its name. It is asked when the
	// rows are read: local times whose zone is known by then become UTC.
	Zone func(host string) *artifacts.Zone

	chunk   []byte   // the free end of the memory that rows are coded into
	chunks  [][]byte // all of it
	free    [][]byte // what was written out and can be used again
	rows    [][]byte // coded, not yet written out
	held    int64    // bytes in rows, with what the slice itself costs
	runs    []run    // sorted, on disk
	n       int
	backups bool // some row is from an older copy of the machine
	oldest  time.Time
	newest  time.Time
	records uint64
	buf     []byte
	row     recordRow // of the record at hand
	plain   bool      // leave copies alone: a sort inside the sort
	spool   bool      // keep rows as they come, in no order

	log  logFile            // of the event at hand
	logs map[logFile]string // the file that each log was first met in

	local  *Sorter           // rows in local time, until the zones are known
	pieces map[source]string // hosts of sources that gave pieces; the sources have no host here
	hashes map[source]string
}

// A logFile is a file with records of a channel.
type logFile struct{ host, channel, source string }

// A source is a file whose rows were added before its hash was known.
type source struct{ host, path, snapshot string }

// DefaultBudget keeps a run small beside what decoding takes.
const DefaultBudget = 8 << 20

const (
	chunkSize = 1 << 20
	rowCost   = 24  // of a slice header
	maxRuns   = 128 // files open at a time; more are merged into one
	runBuffer = 64 << 10
)

// A run is a sorted file of coded rows, each with its length before it.
type run struct {
	f    *os.File
	size int64
}

// Add takes in all events of a record that is shown.
func (s *Sorter) Add(rec *artifacts.Record) error {
	if rec.Quiet {
		return nil
	}
	events := rec.Events()
	if len(events) == 0 {
		return nil
	}
	s.records++
	r := &s.row
	r.setRecord(rec)
	r.record = s.records
	for i := range events {
		r.setEvent(&events[i])
		to := s
		if r.Local && s.Zone != nil {
			if s.local == nil {
				s.local = &Sorter{Budget: s.Budget / 4, Dir: s.Dir, plain: true, spool: true}
			}
			to = s.local
		}
		if err := to.AddRow(&r.Row); err != nil {
			return err
		}
	}
	return nil
}

// AddResult takes in all records of a result, and what [Sorter.Source] does.
func (s *Sorter) AddResult(res *artifacts.Result) error {
	for i := range res.Records {
		if err := s.Add(&res.Records[i]); err != nil {
			return err
		}
	}
	s.Source(res)
	return nil
}

// Source takes the hash of a large file from the last piece of its results: the
// records before it do not have it, the rows will. It is called for each result,
// after its records were added.
func (s *Sorter) Source(res *artifacts.Result) {
	from := source{path: res.From.Path, snapshot: res.From.Snapshot}
	if res.More {
		if len(res.Records) > 0 {
			if s.pieces == nil {
				s.pieces = map[source]string{}
			}
			s.pieces[from] = res.Records[0].Host
		}
		return
	}
	if host, ok := s.pieces[from]; ok && res.From.SHA256 != "" {
		if s.hashes == nil {
			s.hashes = map[source]string{}
		}
		s.hashes[source{host, from.path, from.snapshot}] = res.From.SHA256
	}
}

// maxLogs bounds the logs whose file is remembered. Beyond it each counts as one of
// several of its channel.
const maxLogs = 1 << 14

// second reports whether a record is of a log that another file holds records of,
// too: an archive, or a copy.
func (s *Sorter) second(r *Row) bool {
	channel := r.field("channel")
	if s.log.channel == channel && s.log.source == r.Source && s.log.host == r.Host {
		return false
	}
	s.log = logFile{r.Host, channel, r.Source}
	k := logFile{host: r.Host, channel: channel}
	source, ok := s.logs[k]
	switch {
	case ok:
		return source != r.Source
	case len(s.logs) >= maxLogs:
		return true
	case s.logs == nil:
		s.logs = map[logFile]string{}
	}
	s.logs[k] = r.Source
	return false
}

// AddRow takes in one event that is flat already. The row can be used again.
func (s *Sorter) AddRow(r *Row) error {
	s.buf = appendRow(s.buf[:0], r)
	s.backups = s.backups || r.copied() || r.logged() && s.second(r)
	s.note(r.Time)
	return s.add(s.buf)
}

// note counts a row and its time.
func (s *Sorter) note(t time.Time) {
	if s.n == 0 || t.Before(s.oldest) {
		s.oldest = t
	}
	if s.n == 0 || t.After(s.newest) {
		s.newest = t
	}
	s.n++
}

func (s *Sorter) add(coded []byte) error {
	if len(coded) > len(s.chunk) {
		s.chunk = s.newChunk(len(coded))
	}
	n := copy(s.chunk, coded)
	s.rows = append(s.rows, s.chunk[:n:n])
	s.chunk = s.chunk[n:]
	s.held += int64(n) + rowCost
	budget := s.Budget
	if budget <= 0 {
		budget = DefaultBudget
	}
	if s.held >= budget {
		return s.spill()
	}
	return nil
}

func (s *Sorter) newChunk(size int) []byte {
	var c []byte
	switch n := len(s.free); {
	case size > chunkSize:
		return make([]byte, size)
	case n > 0:
		c, s.free = s.free[n-1], s.free[:n-1]
	default:
		c = make([]byte, chunkSize)
	}
	s.chunks = append(s.chunks, c)
	return c
}

// Len is how many events were added.
func (s *Sorter) Len() int {
	if s.local != nil {
		return s.n + s.local.n
	}
	return s.n
}

// Newest is the latest time of all events, the zero time when there are none.
func (s *Sorter) Newest() time.Time {
	if s.local != nil && s.local.newest.After(s.newest) {
		return s.local.newest
	}
	return s.newest
}

// Oldest is the earliest time of all events, the zero time when there are none.
func (s *Sorter) Oldest() time.Time { return s.oldest }

// spill sorts what is in memory, unless it is a spool, and writes it out.
func (s *Sorter) spill() error {
	if !s.spool {
		slices.SortFunc(s.rows, compareCoded)
	}
	if len(s.runs) == maxRuns {
		// One more level: the files so far become one.
		all, err := s.write(s.merged(nil))
		s.closeRuns()
		if err != nil {
			return err
		}
		s.runs = append(s.runs, all)
	}
	r, err := s.write(func(yield func([]byte, error) bool) {
		for _, b := range s.rows {
			if !yield(b, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	clear(s.rows)
	s.rows, s.chunk, s.held = s.rows[:0], nil, 0
	s.free, s.chunks = append(s.free, s.chunks...), nil
	return nil
}

func (s *Sorter) write(rows iter.Seq2[[]byte, error]) (r run, err error) {
	f, err := os.CreateTemp(s.Dir, "artifactdump-sort-*")
	if err != nil {
		return run{}, err
	}
	// Where the system allows it, the file has no name from here on, and goes
	// away with the process whatever happens to it.
	os.Remove(f.Name())
	r.f = f
	defer func() {
		if err != nil {
			r.close()
			err = fmt.Errorf("writing a temporary file of the sort: %w", err)
		}
	}()
	w := bufio.NewWriterSize(f, runBuffer)
	var n [binary.MaxVarintLen64]byte
	for b, err := range rows {
		if err != nil {
			return r, err
		}
		k := binary.PutUvarint(n[:], uint64(len(b)))
		if _, err := w.Write(n[:k]); err != nil {
			return r, err
		}
		if _, err := w.Write(b); err != nil {
			return r, err
		}
		r.size += int64(k + len(b))
	}
	return r, w.Flush()
}

func (r run) close() error {
	err := r.f.Close()
	if rerr := os.Remove(r.f.Name()); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

func (s *Sorter) closeRuns() error {
	var errs []error
	for _, r := range s.runs {
		errs = append(errs, r.close())
	}
	s.runs = nil
	return errors.Join(errs...)
}

// Close removes the temporary files.
func (s *Sorter) Close() error {
	s.release()
	var err error
	if s.local != nil {
		err = s.local.Close()
	}
	return errors.Join(err, s.closeRuns())
}

// release gives the memory back.
func (s *Sorter) release() { s.rows, s.chunk, s.chunks, s.free, s.held = nil, nil, nil, nil, 0 }

// End says that no more is added. Where most lies on disk, the rest goes there, too,
// and its memory serves what comes next. Rows does the same.
func (s *Sorter) End() error {
	if err := s.settle(); err != nil {
		return err
	}
	if len(s.runs) == 0 {
		return nil
	}
	if s.held > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.release()
	return nil
}

// Rows returns the events in order. It may be ranged over several times, but
// nothing can be added afterwards. A row belongs to the caller.
func (s *Sorter) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if err := s.End(); err != nil {
			yield(nil, err)
			return
		}
		slices.SortFunc(s.rows, compareCoded)
		coded := s.merged(s.rows)
		if len(s.hashes) > 0 {
			row := yield
			yield = func(r *Row, err error) bool {
				if r != nil && r.SHA256 == "" {
					r.SHA256 = s.hashes[source{r.Host, r.Source, r.Snapshot}]
				}
				return row(r, err)
			}
		}
		if s.backups && !s.plain {
			s.joined(coded)(yield)
			return
		}
		for b, err := range coded {
			var r *Row
			if err == nil {
				r, err = decodeRow(b)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// merged yields the coded rows of all runs, and of memory, in order. A row is
// valid until the next one.
func (s *Sorter) merged(memory [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var heads heads
		for i, r := range s.runs {
			h := &head{run: i, r: bufio.NewReaderSize(io.NewSectionReader(r.f, 0, r.size), runBuffer)}
			ok, err := h.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if ok {
				heads.push(h)
			}
		}
		if len(memory) > 0 {
			heads.push(&head{run: len(s.runs), row: memory[0], memory: memory[1:]})
		}
		for len(heads) > 0 {
			h := heads[0]
			if !yield(h.row, nil) {
				return
			}
			ok, err := h.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if !ok {
				heads[0] = heads[len(heads)-1]
				heads = heads[:len(heads)-1]
			}
			heads.down(0)
		}
	}
}

// A head is the next row of one run.
type head struct {
	run    int
	row    []byte
	r      *bufio.Reader
	memory [][]byte
}

func (h *head) next() (bool, error) {
	if h.r == nil {
		if len(h.memory) == 0 {
			return false, nil
		}
		h.row, h.memory = h.memory[0], h.memory[1:]
		return true, nil
	}
	n, err := binary.ReadUvarint(h.r)
	if err == io.EOF {
		return false, nil
	}
	if err != nil || n > 1<<31-1 {
		return false, errors.Join(errSpill, err)
	}
	h.row = slices.Grow(h.row[:0], int(n))[:n]
	if _, err := io.ReadFull(h.r, h.row); err != nil {
		return false, errors.Join(errSpill, err)
	}
	return true, nil
}

// heads is a heap of runs by their next rows.
type heads []*head

func (hs heads) less(i, j int) bool {
	c := compareCoded(hs[i].row, hs[j].row)
	return c < 0 || c == 0 && hs[i].run < hs[j].run
}

func (hs *heads) push(h *head) {
	*hs = append(*hs, h)
	for i := len(*hs) - 1; i > 0; {
		up := (i - 1) / 2
		if !hs.less(i, up) {
			return
		}
		(*hs)[i], (*hs)[up] = (*hs)[up], (*hs)[i]
		i = up
	}
}

func (hs heads) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(hs); c++ {
			if hs.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		hs[i], hs[least] = hs[least], hs[i]
		i = least
	}
}
