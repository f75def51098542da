package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A source collects the records of one job and hands them on in pieces. A job
// has several parts when it decodes a family.
type source struct {
	*runner
	emit    func(Result) bool
	*part   // the first, which errors and notes go to
	parts   []*part
	job     int   // in the plan
	records int   // that wait in all parts
	bytes   int64 // that they need
	stopped bool  // nobody wants more
	unnamed int   // errors above maxErrors

	path, lower string // of the record before, and in lower case
}

func newSource(r *runner, j job, emit func(Result) bool) *source {
	s := &source{runner: r, emit: emit, job: j.index}
	members := j.members
	if len(members) == 0 {
		members = []*Artifact{j.artifact}
	}
	for _, a := range members {
		s.parts = append(s.parts, &part{artifact: a, res: Result{Artifact: a}})
	}
	s.part = s.parts[0]
	s.part.covered = true
	return s
}

// keep makes a record of decoded data. It returns false when no more are wanted.
func (s *source) keep(in *Input, d Decoded, bytes int64) bool {
	if s.stopped {
		return false
	}
	if s.records >= pieceRecords || s.bytes >= pieceBytes {
		s.piece()
		if s.stopped {
			return false
		}
	}
	p := s.part
	if len(s.parts) > 1 {
		p = s.partOf(in.Artifact)
	}
	from := in.locator(d.origin())
	if in.source != nil && from.State == Live && from.Offset > 0 && from.Path == in.From.Path {
		if name, at, ok := in.source.FromLog(from.Offset); ok {
			from.State, from.Note = Log, fmt.Sprintf("replayed from %s at offset %d", name, at)
		}
	}
	if x, ok := d.(Finder); ok {
		if state, note := x.Found(); state != "" {
			from.State, from.Note = state, note
		}
	}
	quiet := s.opts.Quiet != nil && s.opts.Quiet(in.Artifact, d)
	if x, ok := d.(Completer); ok && !quiet {
		d = x.Complete()
	}
	rec := Record{Artifact: in.Artifact, Host: s.machine.Name, User: in.User, From: from, Data: d, View32: in.View32, Quiet: quiet,
		zone: s.opts.Zone}
	if a, ok := d.(interface{ Aside() bool }); ok {
		rec.Aside = a.Aside()
	}
	if u, ok := d.(interface{ Owner() evidence.User }); ok {
		if o := u.Owner(); o != (evidence.User{}) {
			rec.User = o
		}
	}
	if x, ok := d.(Namer); ok {
		s.named.add(s.job, x.NamedFiles())
	}
	if x, ok := d.(Referrer); ok {
		s.named.refer(s.job, &rec, x.FileReferences())
	}
	if from.Path != s.path {
		s.path, s.lower = from.Path, strings.ToLower(from.Path)
	}
	rec.ID = recordID(in.Artifact, &from, s.lower, p.kept, d)
	p.kept++
	p.covered = true
	p.res.Records = append(p.res.Records, rec)
	p.res.bytes += bytes + recordBytes
	s.records, s.bytes = s.records+1, s.bytes+bytes+recordBytes
	return true
}

// piece hands on what there is; more follows.
func (s *source) piece() {
	for _, p := range s.parts {
		if len(p.res.Records) == 0 || s.stopped {
			continue
		}
		res := p.res
		res.From = s.res.From
		res.More, res.goes = true, true
		res.Errors, res.Notes, res.Hidden = nil, nil, 0
		if !s.emit(res) {
			s.stopped = true
		}
		p.pieces++
		p.res.Records, p.res.bytes = make([]Record, 0, len(p.res.Records)), 0 // the next will be as large
	}
	s.records, s.bytes = 0, 0
}

// end hands on the last piece of each part.
func (s *source) end() {
	if s.unnamed > 0 {
		err := fmt.Errorf("%d more errors, above the limit of %d for one source", s.unnamed, maxErrors)
		s.res.Errors = append(s.res.Errors, &DecodeError{Artifact: s.res.Errors[0].Artifact, From: s.res.From, Err: err})
	}
	last := 0
	for i, p := range s.parts {
		if p.covered {
			last = i
		}
	}
	for i, p := range s.parts {
		if !p.covered || s.stopped {
			continue
		}
		p.res.From = s.res.From
		p.res.goes = i < last
		if !s.emit(p.res) {
			s.stopped = true
		}
	}
}

// maxErrors is how many errors of one source are kept.
const maxErrors = 10_000

// fail adds the errors of a decoder, those that it noted first.
func (s *source) fail(in Input, err error) {
	if in.noted != nil {
		s.problems(in.noted.errs)
		s.res.Notes = append(s.res.Notes, in.noted.notes...)
		in.noted.errs, in.noted.notes = nil, nil
	}
	s.problems(in.flatten(err))
}

// problems keeps errors up to the limit and counts the others.
func (s *source) problems(errs []*DecodeError) {
	n := min(len(errs), max(0, maxErrors-len(s.res.Errors)))
	s.res.Errors = append(s.res.Errors, errs[:n]...)
	s.unnamed += len(errs) - n
}

// decode runs the decoder over a file.
func (s *source) decode(in Input) error {
	if len(s.parts) > 1 {
		return s.decodeFamily(in)
	}
	return in.Artifact.decode(in, func(d Decoded) bool { return s.keep(&in, d, sizeOf(d)) })
}

func (r *runner) decodeFile(j job, s *source) {
	in := r.input(j, j.file, "")
	in.Source = j.sources[0]
	in.noted = &problems{}
	s.res.From = in.From
	switch in.Source.Access {
	case Streamed:
		r.decodeStream(j, in, s)
		return
	case Random:
		r.decodeRandom(j, in, s)
		return
	}
	b, err := j.file.BytesUpTo(r.opts.maxWhole())
	if err != nil {
		if errors.Is(err, evidence.ErrTooLarge) {
			err = &TooLargeError{Limit: r.opts.maxWhole(), Err: err}
		}
		s.fail(in, gone(err))
		if b == nil {
			return
		}
	}
	if err == nil { // a part has another hash than the file
		sum := sha256.Sum256(b)
		in.From.SHA256 = hex.EncodeToString(sum[:])
	}
	in.Data, in.Size = b, int64(len(b))
	s.res.From = in.From
	s.fail(in, s.decode(in))
}

// decodeStream decodes a file that may be large in one pass, its hash on the
// way.
func (r *runner) decodeStream(j job, in Input, s *source) {
	f, size, err := j.file.Reader()
	if err != nil {
		s.fail(in, gone(err))
		return
	}
	defer f.Close()
	sum := newFileHash(&in, size)
	stream := &failing{r: io.TeeReader(f, sum)}
	in.Stream, in.Size = stream, size
	err = s.decode(in)
	if s.stopped {
		return
	}
	if stream.err == nil {
		_, stream.err = io.Copy(sum, f)
	}
	if stream.err != nil && !errors.Is(err, stream.err) { // the decoder may not have cared
		err = errors.Join(err, stream.err)
	}
	if stream.err == nil {
		in.From.SHA256 = sum.hex()
	}
	s.res.From = in.From
	s.fail(in, err)
	for _, e := range s.res.Errors {
		e.From.SHA256 = in.From.SHA256
	}
	for _, p := range s.parts {
		if p.pieces > 0 {
			continue // the records before these have none
		}
		for i := range p.res.Records {
			p.res.Records[i].From.SHA256 = in.From.SHA256
		}
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

// decodeRandom decodes a file with access to any part of it. One pass before, for
// all artifacts of the run, gives the hash, unless a decoder has hashed the file on
// its way (see [Artifact.First]).
func (r *runner) decodeRandom(j job, in Input, s *source) {
	defer r.shared.done(j.file)
	f, err := in.OpenAt(j.file)
	if err != nil {
		s.fail(in, gone(err))
		if f == nil {
			return
		}
	}
	defer f.Close()
	in.Random, in.Size = f.ReaderAt, f.Size()
	if first := in.Artifact.First; first != nil {
		first(in)
	}
	if holes(f.ReaderAt, f.Size()) <= maxHoles {
		sum := in.Once("sha256 of "+keyOf(in.File), func() any { return r.shared.begun(in.File).rest(f, f.Size()) }).(fileSum)
		if sum.err != nil {
			s.fail(in, sum.err)
		} else if err == nil {
			in.From.SHA256 = sum.hex
		}
	}
	s.res.From = in.From
	s.fail(in, s.decode(in))
}

// DefaultMaxWhole is the default of [Options.MaxWhole]: a hundred times what the
// largest genuine file of these artifacts has.
const DefaultMaxWhole = 64 << 20

func (o *Options) maxWhole() int64 {
	if o.MaxWhole <= 0 {
		return DefaultMaxWhole
	}
	return o.MaxWhole
}

// A TooLargeError reports that a file of an artifact whose files are read whole
// was not read, as it is larger than [Options.MaxWhole].
type TooLargeError struct {
	Limit int64
	Err   error
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("not read: larger than the limit MaxWhole (%d bytes) for files that are read whole", e.Limit)
}

// Unwrap returns the error of the read.
func (e *TooLargeError) Unwrap() error { return e.Err }

// gone says of a file that does not exist that it did.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listed, but gone when it was read: %w", err)
	}
	return err
}

// recordBytes is what a record needs beside its data.
const recordBytes = 400

// sizeOf estimates the memory of decoded data. A record type that is decoded
// very often says it itself.
func sizeOf(d Decoded) int64 {
	if x, ok := d.(interface{ Size() int64 }); ok {
		return x.Size()
	}
	v := reflect.ValueOf(d)
	return sizerOf(v.Type())(v)
}
