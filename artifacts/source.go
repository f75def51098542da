package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A source collects the records of one job and hands them on in pieces. A job
// has several parts when it decodes a family.
type source struct {
	*runner
	emit    func(Result) bool
	*part   // the first, which errors and notes go to
	parts   []*part
	records int   // that wait in all parts
	bytes   int64 // that they need
	stopped bool  // nobody wants more
}

func newSource(r *runner, j job, emit func(Result) bool) *source {
	s := &source{runner: r, emit: emit}
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
	if in.source != nil && from.State == Live && from.Offset > 0 {
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
	rec := Record{Artifact: in.Artifact, Host: s.machine.Name, User: in.User, From: from, Data: d, View32: in.View32, Quiet: quiet, zone: s.opts.Zone}
	if u, ok := d.(interface{ Owner() evidence.User }); ok {
		if o := u.Owner(); o != (evidence.User{}) {
			rec.User = o
		}
	}
	rec.ID = recordID(in.Artifact, &from, p.kept)
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
		res.More, res.goes = true, true
		res.Errors, res.Notes, res.Hidden = nil, nil, 0
		if !s.emit(res) {
			s.stopped = true
		}
		p.pieces++
		p.res.Records, p.res.bytes = nil, 0
	}
	s.records, s.bytes = 0, 0
}

// end hands on the last piece of each part.
func (s *source) end() {
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

// fail adds the errors of a decoder, those that it noted first.
func (s *source) fail(in Input, err error) {
	if in.noted != nil {
		s.res.Errors = append(s.res.Errors, in.noted.errs...)
		s.res.Notes = append(s.res.Notes, in.noted.notes...)
		in.noted.errs, in.noted.notes = nil, nil
	}
	s.res.Errors = append(s.res.Errors, in.flatten(err)...)
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
	b, err := j.file.Bytes()
	if err != nil {
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
	sum := sha256.New()
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
		in.From.SHA256 = hex.EncodeToString(sum.Sum(nil))
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

// decodeRandom decodes a file with access to any part of it. One pass before
// gives the hash, and where the evidence has no access to parts, a copy.
func (r *runner) decodeRandom(j job, in Input, s *source) {
	f, err := j.file.Open()
	if err != nil {
		s.fail(in, gone(err))
		return
	}
	defer f.Close()
	sum := sha256.New()
	at, size, done, err := randomAccess(f, sum)
	if done != nil {
		defer done()
	}
	if err != nil {
		s.fail(in, err)
	}
	if at == nil {
		return
	}
	if err == nil {
		in.From.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	in.Random, in.Size = at, size
	s.res.From = in.From
	s.fail(in, s.decode(in))
}

// Limits for files without access to parts, which are compressed in an archive:
// up to the first they are held in memory, up to the second in a temporary file.
const (
	randomMemory = 64 << 20
	randomSpool  = 16 << 30
)

// randomAccess gives access to any part of a file, writes all of it to w, and
// returns its size. With an error comes access to what could be read.
func randomAccess(f fs.File, w io.Writer) (at io.ReaderAt, size int64, done func(), err error) {
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, nil, err
	case st.IsDir():
		return nil, 0, nil, errors.New("is a directory")
	}
	if at, ok := f.(io.ReaderAt); ok {
		n, err := io.Copy(w, io.NewSectionReader(at, 0, st.Size()))
		if err == nil && n < st.Size() {
			err = fmt.Errorf("%d bytes of %d: %w", n, st.Size(), io.ErrUnexpectedEOF)
		}
		return at, st.Size(), nil, err
	}
	if st.Size() <= randomMemory {
		b, err := io.ReadAll(io.TeeReader(io.LimitReader(f, randomMemory+1), w))
		if err == nil && len(b) > randomMemory {
			err = errors.New("is larger than its container claims")
		}
		return bytesAt(b), int64(len(b)), nil, err
	}
	tmp, err := os.CreateTemp("", "artifactdump-random-*")
	if err != nil {
		return nil, 0, nil, err
	}
	os.Remove(tmp.Name()) // where the system allows it, it goes away with the process
	done = func() {
		tmp.Close()
		os.Remove(tmp.Name())
	}
	n, err := io.Copy(io.MultiWriter(tmp, w), io.LimitReader(f, randomSpool+1))
	if err == nil && n > randomSpool {
		err = fmt.Errorf("larger than the limit for temporary files (%d)", int64(randomSpool))
	}
	return tmp, n, done, err
}

type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

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
	return size(reflect.ValueOf(d))
}

// size estimates the memory of decoded data.
func size(v reflect.Value) int64 {
	switch v.Kind() {
	case reflect.String:
		return 16 + int64(v.Len())
	case reflect.Slice:
		n := int64(24)
		switch e := v.Type().Elem(); e.Kind() {
		case reflect.String, reflect.Slice, reflect.Struct, reflect.Pointer, reflect.Interface, reflect.Map:
			for i := range v.Len() {
				n += size(v.Index(i))
			}
		default:
			n += int64(v.Len()) * int64(e.Size())
		}
		return n
	case reflect.Struct:
		if v.Type() == timeType {
			return 24
		}
		n := int64(0)
		for i := range v.NumField() {
			n += size(v.Field(i))
		}
		return n
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 8
		}
		return 16 + size(v.Elem())
	case reflect.Map:
		n := int64(48)
		for it := v.MapRange(); it.Next(); {
			n += 16 + size(it.Key()) + size(it.Value())
		}
		return n
	}
	return int64(v.Type().Size())
}
