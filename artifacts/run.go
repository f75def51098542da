package artifacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// Options change a run. The zero value, and nil, mean the defaults.
type Options struct {
	Artifacts []string // names; none means all
	Jobs      int      // how many sources are decoded at a time; 0 means one for each processor
	NoDeleted bool     // leave deleted keys and values aside
	// Places, when there is such a channel, is shared by runs that go on at a
	// time: together they decode no more sources at once than it has room for.
	Places chan struct{}
	// Progress is told about each source that is done, from one goroutine at
	// a time.
	Progress func(done, planned int, path string)
}

// A Result is what one source gave. Results come in plan order, whatever the
// number of jobs: catalogue order, then the order of sources, then by path.
type Result struct {
	Artifact *Artifact // nil for the state of a hive
	From     Locator
	Records  []Record
	Errors   []*DecodeError // what was damaged or could not be read
	Notes    []string       // what a reader should know, without being an error
	Hidden   int            // records that only repeat one of another control set or of the live hive
}

// A job is one source of one artifact in one file.
type job struct {
	artifact *Artifact
	sources  []Source
	file     *evidence.File
	hive     *evidence.Hive
	batch    *batch // of the hive, when it is of an older copy
	fail     error  // the source could not even be listed
}

// Run decodes the artifacts of a machine. The sequence ends early when ctx is
// done. Memory holds the hives of the machine as it is now, the largest of the
// other sources being decoded at a time, and of the hives of older copies what
// was decoded from them, but not the hives (see batch).
func Run(ctx context.Context, tree *evidence.Tree, opts *Options) (iter.Seq[Result], error) {
	if opts == nil {
		opts = &Options{}
	}
	chosen, err := Select(opts.Artifacts)
	if err != nil {
		return nil, err
	}
	return func(yield func(Result) bool) {
		known := tree.Problems()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		jobs := plan(tree, chosen)
		for _, j := range jobs {
			known = append(known, j.fail)
		}
		batches(jobs)
		r := &runner{tree: tree, machine: tree.Machine(), opts: opts, shared: &shared{m: map[string]func() any{}}, room: newRoom(olderHives)}
		n := opts.Jobs
		if n <= 0 {
			n = runtime.GOMAXPROCS(0)
		}
		// Each job has a slot; workers take jobs in plan order and may run
		// ahead of the reader by the window, no further.
		n = min(n, max(1, len(jobs))) // a worker without a job would only cost
		window := 16 * n
		slots := make([]chan Result, len(jobs))
		for i := range slots {
			slots[i] = make(chan Result, 1)
		}
		next := make(chan int)
		ahead := make(chan struct{}, window)
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				for i := range next {
					if b := jobs[i].batch; b != nil {
						slots[i] <- b.result(i, func(i int) Result { return r.inPlace(ctx, jobs[i]) }, r.room)
					} else {
						slots[i] <- r.inPlace(ctx, jobs[i])
					}
				}
			})
		}
		wg.Go(func() {
			defer close(next)
			for i := range jobs {
				select {
				case ahead <- struct{}{}:
				case <-ctx.Done():
					return
				}
				select {
				case next <- i:
				case <-ctx.Done():
					return
				}
			}
		})
		defer wg.Wait()
		defer cancel()
		for i := range jobs {
			select {
			case res := <-slots[i]:
				<-ahead
				if opts.Progress != nil {
					opts.Progress(i+1, len(jobs), res.From.Path)
				}
				if !yield(res) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
		if res := unlisted(tree, known); len(res.Errors) > 0 {
			yield(res)
		}
	}, nil
}

// unlisted names the directories that could not be listed while the sources
// were planned and decoded, and that no result has named.
func unlisted(tree *evidence.Tree, known []error) (res Result) {
	for _, err := range tree.Problems() {
		if !slices.Contains(known, err) {
			res.Errors = append(res.Errors, &DecodeError{Artifact: "evidence", Err: err})
		}
	}
	return res
}

// Select returns the artifacts with these names, in catalogue order; all when
// there are none.
func Select(names []string) ([]*Artifact, error) {
	all := All()
	if len(names) == 0 {
		return all, nil
	}
	want := map[string]bool{}
	for _, n := range names {
		want[strings.ToLower(n)] = true
	}
	var out []*Artifact
	for _, a := range all {
		if want[a.Name] || want[strings.ToLower(a.Group)] {
			out = append(out, a)
			delete(want, a.Name)
		}
	}
	for _, a := range all {
		delete(want, strings.ToLower(a.Group))
	}
	for n := range want {
		return nil, fmt.Errorf("no artifact is called %q: `artifactdump list` names them", n)
	}
	return out, nil
}

// plan lists the work: first the hives themselves, then each artifact's
// sources.
func plan(tree *evidence.Tree, chosen []*Artifact) []job {
	var jobs []job
	hives, errs := tree.Hives()
	for _, h := range hives {
		if uses(chosen, h.Kind) || h.Kind == evidence.OTHER && unknown(h) && usesHives(chosen) {
			jobs = append(jobs, job{hive: h})
		}
	}
	for _, err := range errs {
		jobs = append(jobs, job{fail: err})
	}
	for _, a := range chosen {
		byKind := map[evidence.Kind][]Source{}
		for _, s := range a.Sources {
			if s.Glob == "" {
				byKind[s.Hive] = append(byKind[s.Hive], s)
				continue
			}
			files, errs := tree.Glob(s.Glob)
			for _, err := range errs {
				jobs = append(jobs, job{artifact: a, fail: err})
			}
			if s.Signature != "" {
				files = addSigned(files, tree.Signed(s.Signature))
			}
			for _, f := range files {
				jobs = append(jobs, job{artifact: a, sources: []Source{s}, file: f})
			}
		}
		for _, h := range hives {
			if src := byKind[h.Kind]; len(src) > 0 {
				jobs = append(jobs, job{artifact: a, sources: src, hive: h})
			}
		}
	}
	return jobs
}

// addSigned adds the files that no pattern named.
func addSigned(files, signed []*evidence.File) []*evidence.File {
	named := make(map[string]bool, len(files))
	for _, f := range files {
		named[f.Path] = true
	}
	for _, f := range signed {
		if !named[f.Path] {
			files = append(files, f)
		}
	}
	return files
}

func uses(chosen []*Artifact, k evidence.Kind) bool {
	for _, a := range chosen {
		for _, s := range a.Sources {
			if s.Glob == "" && s.Hive == k {
				return true
			}
		}
	}
	return false
}

// usesHives tells whether any of the artifacts lies in a hive.
func usesHives(chosen []*Artifact) bool {
	return slices.ContainsFunc(chosen, func(a *Artifact) bool {
		return slices.ContainsFunc(a.Sources, func(s Source) bool { return s.Glob == "" })
	})
}

// unknown tells whether a hive is too damaged to show its kind: it may be of
// one that is asked for.
func unknown(h *evidence.Hive) bool {
	hv, _ := h.Open()
	if hv == nil {
		return true
	}
	_, err := hv.Root()
	return err != nil
}

type runner struct {
	tree    *evidence.Tree
	machine *evidence.Machine
	opts    *Options
	shared  *shared
	room    *room
}

// inPlace does a job when there is a place for it.
func (r *runner) inPlace(ctx context.Context, j job) Result {
	if r.opts.Places != nil {
		select {
		case r.opts.Places <- struct{}{}:
			defer func() { <-r.opts.Places }()
		case <-ctx.Done():
		}
	}
	return r.do(ctx, j)
}

func (r *runner) do(ctx context.Context, j job) Result {
	res := Result{Artifact: j.artifact}
	name := "hive"
	if j.artifact != nil {
		name = j.artifact.Name
	}
	switch {
	case j.fail != nil:
		res.Errors = append(res.Errors, &DecodeError{Artifact: name, Err: j.fail})
	case ctx.Err() != nil:
	case j.artifact == nil:
		r.hiveState(j.hive, &res)
	case j.file != nil:
		r.decodeFile(j, &res)
	default:
		r.decodeHive(j, &res)
	}
	return res
}

// input starts an Input for a file of the evidence.
func (r *runner) input(j job, f *evidence.File, sum string) Input {
	in := Input{Artifact: j.artifact, Machine: r.machine, Tree: r.tree, File: f, shared: r.shared}
	in.User = r.machine.UserOf(f.Path)
	in.From = Locator{Path: f.Path, Snapshot: f.Snapshot, SHA256: sum, State: Live}
	if f.Snapshot != "" {
		in.From.State = Backup
	}
	return in
}

func (r *runner) decodeFile(j job, res *Result) {
	in := r.input(j, j.file, "")
	in.Source = j.sources[0]
	res.From = in.From
	if in.Source.Streamed {
		r.decodeStream(j, in, res)
		return
	}
	b, err := j.file.Bytes()
	if err != nil {
		res.Errors = append(res.Errors, in.flatten(gone(err))...)
		if b == nil {
			return
		}
	}
	if err == nil { // a part has another hash than the file
		sum := sha256.Sum256(b)
		in.From.SHA256 = hex.EncodeToString(sum[:])
	}
	in.Data, in.Size = b, int64(len(b))
	res.From = in.From
	recs, err := j.artifact.decode(in)
	r.keep(in, recs, res)
	res.Errors = append(res.Errors, in.flatten(err)...)
}

// decodeStream decodes a file that may be large in one pass, its hash on the
// way.
func (r *runner) decodeStream(j job, in Input, res *Result) {
	f, size, err := j.file.Reader()
	if err != nil {
		res.Errors = append(res.Errors, in.flatten(gone(err))...)
		return
	}
	defer f.Close()
	sum := sha256.New()
	stream := &failing{r: io.TeeReader(f, sum)}
	in.Stream, in.Size = stream, size
	recs, err := j.artifact.decode(in)
	if stream.err == nil {
		_, stream.err = io.Copy(sum, f)
		err = errors.Join(err, stream.err)
	}
	if stream.err == nil {
		in.From.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	res.From = in.From
	r.keep(in, recs, res)
	for _, e := range in.flatten(err) {
		e.From.SHA256 = in.From.SHA256
		res.Errors = append(res.Errors, e)
	}
}

// A failing reader keeps the error that it met before the end: its user has
// seen it, and what was read so far is not the file.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// gone says of a file that does not exist that it did.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listed, but gone when it was read: %w", err)
	}
	return err
}

// keep turns decoded data into records.
func (r *runner) keep(in Input, recs []Decoded, res *Result) {
	for _, d := range recs {
		from := in.locator(d.origin())
		if in.source != nil && from.State == Live && from.Offset > 0 {
			if name, at, ok := in.source.FromLog(from.Offset); ok {
				from.State, from.Note = Log, fmt.Sprintf("replayed from %s at offset %d", name, at)
			}
		}
		rec := Record{Artifact: in.Artifact, Host: r.machine.Name, User: in.User, From: from, Data: d, View32: in.View32}
		if u, ok := d.(interface{ Owner() evidence.User }); ok {
			if o := u.Owner(); o != (evidence.User{}) {
				rec.User = o
			}
		}
		rec.ID = recordID(in.Artifact, &from, len(res.Records))
		res.Records = append(res.Records, rec)
	}
}

// hiveState reports how a hive was found: damaged, dirty, recovered.
func (r *runner) hiveState(h *evidence.Hive, res *Result) {
	hv, err := h.Open()
	res.From = Locator{Path: h.Path, SHA256: h.SHA256(), Snapshot: h.Snapshot, State: Live}
	add := func(err error) {
		from := res.From
		if fe, ok := errors.AsType[*hive.FormatError](err); ok {
			from.Offset = fe.Offset
			if fe.Warning {
				// The format is broken there, but nothing is lost by it.
				res.Notes = append(res.Notes, from.place()+": "+fe.Error())
				return
			}
		}
		res.Errors = append(res.Errors, &DecodeError{Artifact: "hive", From: from, Err: err})
	}
	if err != nil {
		add(err)
	}
	if hv == nil {
		return
	}
	for _, d := range hv.Damage() {
		add(d)
	}
	if note := recoveryNote(hv.Recovery()); note != "" {
		res.Notes = append(res.Notes, res.From.place()+": "+note)
	}
}

// recoveryNote says whether the hive was dirty and what was done about it.
func recoveryNote(rec hive.Recovery) string {
	if !rec.Dirty {
		return ""
	}
	var b strings.Builder
	b.WriteString("was dirty")
	switch {
	case rec.Applied:
		fmt.Fprintf(&b, ": %d log entries replayed, %d bytes", rec.Entries, rec.Bytes)
	case len(rec.Logs) == 0:
		return "" // the hive's own warning says so
	default:
		b.WriteString(", and no log could be applied: recent changes may be missing")
	}
	for _, l := range rec.Logs {
		if l.Used {
			fmt.Fprintf(&b, "; used %s", l.Name)
		} else {
			fmt.Fprintf(&b, "; not used %s (%s)", l.Name, l.Reason)
		}
	}
	if rec.Problem != "" {
		fmt.Fprintf(&b, "; %s", rec.Problem)
	}
	return b.String()
}
