package artifacts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// Options change a run. The zero value, and nil, mean the defaults.
type Options struct {
	Jobs      int  // number of sources that are decoded in parallel; 0 means one for each processor
	NoDeleted bool // skip deleted keys and values
	// Full asks artifacts that show a part of their records by default, as those
	// of the file table do, for all of them. Names in FullOf ask for single ones.
	Full   bool
	FullOf []string
	// AllOf asks artifacts, by name, for the records that they leave out by default
	// without showing them: such records are [Record.Aside].
	AllOf []string
	// Beside are further artifacts, which are decoded only for what their records
	// name (see [Referrer]). The run yields their errors, and nothing else of them.
	Beside []*Artifact
	// Zone turns the local times of records into UTC; nil means that of [ZoneOf].
	// One that is unknown can become known after the run ([Zone.Infer]): events
	// of its records are in UTC from then on.
	Zone *Zone
	// MaxWhole is the largest file, in bytes, that is read whole for an artifact
	// of [Files] or [SignedFiles]; a larger one is an error. 0 means
	// [DefaultMaxWhole].
	MaxWhole int64
	// Places, when there is such a channel, is shared by runs at the same time:
	// together they decode no more sources at once than it has room for.
	Places chan struct{}
	// Quiet, when there is such a function, decides which records are not shown:
	// [Record.Quiet] is set, and they have no events. A run yields them all the
	// same. It is called from several goroutines at a time.
	Quiet func(*Artifact, Decoded) bool
	// Progress is called for each source that is done, from one goroutine at a
	// time.
	Progress func(done, planned int, path string)
}

// A Result is what one source gave, or a piece of it. Results come in plan
// order, whatever the number of jobs: the order of the list, then of the hives
// and files.
//
// A source with many records gives several results, the pieces: each but the
// last has More set, and errors, notes and counts come with the last. A streamed
// file is not read to its end when its first piece leaves, so that its SHA-256
// is known only in From of the last piece: the records of a streamed file in
// several pieces have none. What is written after the run (a sorted timeline, a
// manifest) takes it from there, by Path and Snapshot.
type Result struct {
	Artifact *Artifact // nil for the state of a hive
	From     Locator
	More     bool // further pieces of this source follow
	Records  []Record
	Errors   []*DecodeError // what was damaged or could not be read
	Notes    []string       // what a reader should know, without being an error
	Hidden   int            // records that only repeat one of another control set or of the live hive

	bytes int64 // that the records need
	goes  bool  // further results of the job follow: of this source for this artifact or another
}

// A job is one source of one artifact in one file.
type job struct {
	artifact *Artifact
	members  []*Artifact // of a family, that are decoded together
	sources  []Source
	file     *evidence.File
	hive     *evidence.Hive
	batch    *batch // of the hive, when it is given up
	place    *place // of the goroutine that does it
	index    int    // in the plan
	fail     error  // the source could not even be listed
}

// Run decodes artifacts of a machine. The sequence ends early when ctx is done.
// Memory holds the live hives SYSTEM and SOFTWARE, which many artifacts ask, the
// largest of the other sources that are decoded at a time, and results that wait
// for their turn up to a fixed budget; of the other hives it holds what was
// decoded from them, but not the hives (see batch).
//
// The error is about the list: an artifact that [Define] has not made, or two
// with one name.
func Run(ctx context.Context, tree *evidence.Tree, list []*Artifact, opts *Options) (iter.Seq[Result], error) {
	if opts == nil {
		opts = &Options{}
	}
	if opts.Zone == nil {
		o := *opts
		o.Zone = ZoneOf(tree.Machine())
		opts = &o
	}
	named, beside := map[string]bool{}, map[*Artifact]bool{}
	if len(tree.Signed(collect.AnyFile)) == 0 { // a file given by itself is what was asked for, and nothing else
		for _, a := range opts.Beside {
			beside[a] = true
		}
		list = slices.Concat(opts.Beside, list)
	}
	for _, a := range list {
		switch {
		case a == nil || a.decode == nil:
			return nil, errors.New("an artifact in the list was not made by Define")
		case named[a.Name]:
			return nil, fmt.Errorf("two artifacts in the list are named %q", a.Name)
		}
		named[a.Name] = true
	}
	return func(yield func(Result) bool) {
		known := tree.Problems()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		jobs := plan(tree, list)
		for i := range jobs {
			known = append(known, jobs[i].fail)
			jobs[i].index = i
		}
		machine := tree.Machine() // opens hives
		open := batches(tree, jobs)
		n := opts.Jobs
		if n <= 0 {
			n = runtime.GOMAXPROCS(0)
		}
		busy := make(chan struct{}, n)
		n = min(n, max(1, len(jobs))) // a worker without a job would only cost
		r := &runner{
			tree: tree, machine: machine, opts: opts, shared: newShared(jobs),
			room: newRoom(openHives), open: open, queue: newQueue(len(jobs), 16*n), places: []chan struct{}{busy}, named: newNamedFiles(jobs),
		}
		for _, a := range list {
			if a.OnHive != nil {
				r.onHive = append(r.onHive, a)
			}
		}
		if opts.Places != nil {
			r.places = append(r.places, opts.Places)
		}
		stop := context.AfterFunc(ctx, r.stop)
		defer stop()
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				for i, ok := r.queue.next(); ok; i, ok = r.queue.next() {
					r.work(ctx, jobs, i)
					if jobs[i].hive != nil {
						r.open.done()
					}
				}
			})
		}
		defer r.shared.close()
		defer wg.Wait()
		defer r.stop()
		told := map[string]bool{} // notes of a file that several artifacts read
		for {
			i, res, ok := r.queue.take()
			if ctx.Err() != nil {
				return
			}
			if !ok {
				break
			}
			if opts.Progress != nil && !res.goes {
				opts.Progress(i+1, len(jobs), res.From.Path)
			}
			if beside[res.Artifact] {
				if res.Records, res.Notes, res.Hidden = nil, nil, 0; len(res.Errors) == 0 {
					continue
				}
			}
			res.Notes = slices.DeleteFunc(res.Notes, func(n string) bool { return told[n] })
			for _, n := range res.Notes {
				told[n] = true
			}
			if !yield(res) {
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

// stop ends the run: no job begins any more, and none waits.
func (r *runner) stop() {
	r.queue.stop()
	r.named.stop()
}

// work does job i and hands its results on.
func (r *runner) work(ctx context.Context, jobs []job, i int) {
	defer r.named.done(i)
	if b := jobs[i].batch; b != nil {
		// What a hive gives is bounded by its size.
		pieces := b.results(i, func(i int) []Result {
			var all []Result
			r.inPlace(ctx, jobs[i], func(_ *place, res Result) bool {
				res.Records = exact(res.Records) // they may wait for long
				all = append(all, res)
				return true
			})
			return all
		}, r.room)
		for _, res := range pieces {
			if !r.queue.put(i, res, nil) {
				return
			}
		}
		return
	}
	r.inPlace(ctx, jobs[i], func(p *place, res Result) bool { return r.queue.put(i, res, p) })
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
	planned := map[*family]bool{}
	for _, a := range chosen {
		members := []*Artifact{a}
		if a.family != nil {
			if planned[a.family] {
				continue
			}
			planned[a.family] = true
			members = a.family.chosen(chosen)
		}
		byKind := map[evidence.Kind][]Source{}
		taken := map[string]bool{} // a file that several sources match is decoded once
		for _, s := range a.SourcesIn(tree) {
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
				if at := f.Snapshot + " " + f.Path; !taken[at] {
					taken[at] = true
					jobs = append(jobs, job{artifact: a, members: members, sources: []Source{s}, file: f})
				}
			}
		}
		for _, f := range tree.Signed(collect.AnyFile) {
			if s, ok := sourceOf(a, f); ok && !taken[f.Snapshot+" "+f.Path] {
				jobs = append(jobs, job{artifact: a, members: members, sources: []Source{s}, file: f})
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

// sourceOf is the source that a file is read as which was given by itself: the one
// whose pattern ends as the file's name does, or else the first of files.
func sourceOf(a *Artifact, f *evidence.File) (Source, bool) {
	var first Source
	for _, s := range a.Sources {
		if s.Glob == "" {
			continue
		}
		if evidence.MatchName(winpath.Base(s.Glob), winpath.Base(f.Path)) {
			return s, true
		}
		if first.Glob == "" {
			first = s
		}
	}
	return first, first.Glob != ""
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

// usesHives reports whether any of the artifacts lies in a hive.
func usesHives(chosen []*Artifact) bool {
	return slices.ContainsFunc(chosen, func(a *Artifact) bool {
		return slices.ContainsFunc(a.Sources, func(s Source) bool { return s.Glob == "" })
	})
}

// unknown reports whether a hive is too damaged to show its kind: it may be of
// one that is asked for.
func unknown(h *evidence.Hive) bool {
	if h.Rooted() {
		return false
	}
	defer h.Release()
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
	open    *stayed
	queue   *queue
	named   *namedFiles
	onHive  []*Artifact     // that look at each hive
	places  []chan struct{} // each has room for what may decode at once: in the run, and in all runs
}

func (r *runner) do(ctx context.Context, j job, emit func(Result) bool) {
	s := newSource(r, j, emit)
	name := "hive"
	if j.artifact != nil {
		name = j.artifact.Name
	}
	switch {
	case j.fail != nil:
		s.res.Errors = append(s.res.Errors, &DecodeError{Artifact: name, Err: j.fail})
	case ctx.Err() != nil:
	case j.artifact == nil:
		r.hiveState(j, &s.res)
	case j.file != nil:
		r.decodeFile(j, s)
	default:
		r.decodeHive(j, s)
	}
	s.end()
}

// input starts an Input for a file of the evidence.
func (r *runner) input(j job, f *evidence.File, sum string) Input {
	in := Input{Artifact: j.artifact, NoDeleted: r.opts.NoDeleted, Machine: r.machine, Tree: r.tree, File: f, shared: r.shared, runner: r,
		place: j.place, job: j.index}
	in.Full = r.opts.Full || slices.Contains(r.opts.FullOf, j.artifact.Name)
	in.All = slices.Contains(r.opts.AllOf, j.artifact.Name)
	in.User = r.machine.UserOf(f.Path)
	in.From = Locator{Path: f.Path, Snapshot: f.Snapshot, SHA256: sum, State: Live}
	if f.Snapshot != "" {
		in.From.State = Backup
	}
	return in
}

// hiveState reports how a hive was found: damaged, dirty, recovered.
func (r *runner) hiveState(j job, res *Result) {
	h := j.hive
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
	if h.Snapshot == "" && !h.Backup {
		for _, a := range r.onHive {
			j.artifact = a
			in := r.input(j, h.File, h.SHA256())
			in.Hive, in.source = hv, h
			a.OnHive(in)
		}
	}
	if note := recoveryNote(hv.Recovery()); note != "" {
		res.Notes = append(res.Notes, res.From.place()+": "+note)
	}
}

// recoveryNote returns a note about a dirty hive and its logs, or "".
func recoveryNote(rec hive.Recovery) string {
	if !rec.Dirty {
		return ""
	}
	var b strings.Builder
	b.WriteString("dirty hive")
	switch {
	case rec.Applied:
		entries := "entries"
		if rec.Entries == 1 {
			entries = "entry"
		}
		fmt.Fprintf(&b, ": replayed %d log %s (%s bytes)", rec.Entries, entries, grouped(int64(rec.Bytes)))
	case len(rec.Logs) == 0:
		return "" // the hive's own warning says so
	default:
		b.WriteString(": no log could be applied, recent changes may be missing")
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

// grouped writes a number with commas between its thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
