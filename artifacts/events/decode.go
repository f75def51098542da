package events

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// maxErrors bounds what is reported of one log. A log that is random from some
// place on has one error for each chunk.
const maxErrors = 256

// decodeLog reads a log once and gives each record to the artifact that it
// belongs to. The record of the log itself comes last.
func decodeLog(in artifacts.Input, out *artifacts.Output) error {
	head, rest := readUpTo(in.Reader(), nil, evtxChunkData)
	log := bytes.HasPrefix(head, evtxFileMagic) || bytes.HasPrefix(head, evtxChunkMagic)
	if !log {
		head, rest = readUpTo(rest, head, exportHead)
	}
	in.Stream = io.MultiReader(bytes.NewReader(head), rest)
	if !log && len(head) >= 8 && eventjson.Sniff(head) {
		return decodeExport(in, out)
	}
	d := &decoder{in: in, out: out, channels: map[string]bool{}, places: map[kindKey]place{}, scan: newScan(in)}
	if in.Machine != nil {
		d.users = &users{in.Machine, map[string]evidence.User{}}
	}
	stream, err := d.open(head, &evtx.Options{Recover: !in.NoDeleted})
	if err != nil {
		return in.Wrap(in.AtOffset(0), err)
	}
	for _, bad := range stream.Damage {
		d.damage(in.AtOffset(bad.Position()), bad)
	}
	if bad := stream.Header.CheckSize(in.Size); bad != nil {
		d.damage(in.AtOffset(bad.Position()), bad)
	}
	for rec := range evtx.Ahead(stream, min(in.Workers(), int(in.Size/chunksPerWorker/evtxChunkSize)), in.Help, take) {
		if errors.Is(rec.err, evtx.ErrNotEvtx) && d.noHeader {
			d.errs = slices.Delete(d.errs, 0, 1) // this error says all
		}
		if rec.err != nil {
			at := in.AtOffset(rec.offset)
			if p, ok := errors.AsType[*wire.FormatError](rec.err); ok && rec.size == 0 {
				at = in.AtOffset(p.Position())
			}
			d.damage(at, rec.err)
		}
		if rec.size > 0 && !d.record(&rec) {
			return nil
		}
	}
	for _, e := range d.joiner.End() {
		if !d.out.Put(powerShellEvents, e) {
			return nil
		}
	}
	return errors.Join(d.end()...)
}

// exportHead is how much of a file shows that it holds exported events.
const exportHead = 32 << 10

// decodeExport reads events that another program exported. They have no record of
// the log: what the log would show of itself is lost.
func decodeExport(in artifacts.Input, out *artifacts.Output) error {
	d := &decoder{in: in, out: out, channels: map[string]bool{}, places: map[kindKey]place{}}
	if in.Machine != nil {
		d.users = &users{in.Machine, map[string]evidence.User{}}
	}
	for e, err := range eventjson.Read(in.Reader()) {
		if err != nil {
			d.damage(in.AtOffset(e.Offset), err)
			continue
		}
		if !d.record(&taken{Record: FromExport(e), offset: e.Offset}) {
			return nil
		}
	}
	for _, e := range d.joiner.End() {
		if !out.Put(powerShellEvents, e) {
			return nil
		}
	}
	if d.more > 0 {
		d.errs = append(d.errs, in.Errorf(in.AtOffset(0), "%d further damaged places", d.more))
	}
	return errors.Join(d.errs...)
}

// chunksPerWorker is how many chunks of a log are worth another goroutine.
const chunksPerWorker = 8

// A taken record is one that has left the log's decoder. Several goroutines make
// them, see [evtx.Ahead].
type taken struct {
	Record
	err      error
	offset   int64
	size     int
	chunk    int
	written  uint64
	state    evtx.State
	borrowed bool
}

func take(rec evtx.Record, err error) taken {
	t := taken{err: err, offset: rec.Offset, size: rec.Size, chunk: rec.Chunk, written: rec.Written, state: rec.State, borrowed: rec.Borrowed}
	if rec.Size > 0 {
		t.Record = FromEVTX(rec)
	}
	return t
}

// readUpTo reads on until b has n bytes, or all there are. What follows is read from
// the reader that it returns.
func readUpTo(r io.Reader, b []byte, n int) ([]byte, io.Reader) {
	have := len(b)
	b = append(b, make([]byte, n-have)...)
	more, err := io.ReadFull(r, b[have:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r = broken{err}
	}
	return b[:have+more], r
}

// A broken reader has failed before.
type broken struct{ err error }

func (r broken) Read([]byte) (int, error) { return 0, r.err }

// open begins to read the log with the given first bytes. One whose header is lost
// is read by its chunks.
func (d *decoder) open(head []byte, opts *evtx.Options) (*evtx.Stream, error) {
	switch {
	case len(head) < len(evtxFileMagic) || bytes.HasPrefix(head, evtxFileMagic):
		return evtx.NewStream(d.scan, opts)
	case !bytes.HasPrefix(head, evtxChunkMagic):
		d.damage(d.in.AtOffset(0), errNoHeader)
		d.noHeader = true
	}
	return evtx.CarveStream(bufio.NewReaderSize(d.scan, evtxChunkSize), opts), nil
}

var errNoHeader = &wire.FormatError{Format: "evtx", Struct: "file header", Problem: "has no signature; the log is read by its chunks"}

// end passes on the record of the log, and returns all damage.
func (d *decoder) end() []error {
	f, errs := d.scan.end()
	f.Read, f.Failed, f.HiddenCount = d.n.Read, d.n.Failed, d.n.HiddenCount
	f.Recovered, f.Partial, f.Unknown = d.n.Recovered, d.n.Partial, d.n.Unknown
	d.out.Put(logFiles, f)
	for _, err := range errs {
		// Damage that the reader has reported comes once.
		if e, ok := errors.AsType[*artifacts.DecodeError](err); ok && !d.bad[chunkOf(e.From.Offset)] {
			d.errs = append(d.errs, err)
		}
	}
	if d.more > 0 {
		d.errs = append(d.errs, d.in.Errorf(d.in.AtOffset(0), "%d further damaged places", d.more))
	}
	return d.errs
}

func chunkOf(offset int64) int64 { return (offset - evtxChunkData) / evtxChunkSize }

// A place is where events of one kind go.
type place struct {
	artifact *artifacts.Artifact
	kind     *Kind
}

type decoder struct {
	in       artifacts.Input
	out      *artifacts.Output
	finder   Finder
	channels map[string]bool // that were met
	places   map[kindKey]place
	users    *users
	scan     *scan
	joiner   Joiner
	noHeader bool // the log is read by its chunks, and the first error says so
	running  processLogons
	n        EvtxFile // its counts
	errs     []error
	bad      map[int64]bool // chunks with errors
	more     int            // errors beyond maxErrors
}

func (d *decoder) damage(at artifacts.Origin, err error) {
	// Wrong sums and numbers in a header lose nothing; the record of the log names them.
	if p, ok := errors.AsType[*wire.FormatError](err); ok && (strings.Contains(p.Problem, "checksum") || p.Problem == evtx.OtherRecords) {
		return
	}
	if len(d.errs) == maxErrors {
		d.more++
		return
	}
	if d.bad == nil {
		d.bad = map[int64]bool{}
	}
	d.bad[chunkOf(at.Position())] = true
	d.errs = append(d.errs, d.in.Wrap(at, err))
}

// record passes on one record, which may be incomplete. It returns false when no
// more are wanted.
func (d *decoder) record(t *taken) bool {
	p := d.place(&t.Record)
	d.count(t.state, p.kind, t.err)
	if t.state == evtx.Allocated && d.scan != nil {
		d.scan.found(t.chunk, t.offset, t.Number, wire.Time(t.written))
	}
	if !d.out.Wants(p.artifact) {
		return true
	}
	e := Event{Origin: d.in.AtOffset(t.offset), Record: t.Record, Kind: p.kind, Written: t.written, state: t.state,
		borrowed: t.borrowed, users: d.users, of: p.artifact}
	if p.kind != nil {
		e.Name = p.kind.Name
	}
	if p.artifact == sysmonEvents && t.state == evtx.Allocated {
		e.logon = d.running.of(&e.Record)
	}
	if _, _, ok := e.part(); !ok {
		return d.out.Put(p.artifact, e)
	}
	for _, e := range d.joiner.Add(e) {
		if !d.out.Put(p.artifact, e) {
			return false
		}
	}
	return true
}

func (d *decoder) count(state evtx.State, kind *Kind, err error) {
	switch {
	case state == evtx.Hidden:
		d.n.HiddenCount++
	case state == evtx.Recovered:
		d.n.Recovered++
	case state == evtx.Partial:
		d.n.Partial++
	case err != nil:
		d.n.Failed++
	default:
		d.n.Read++
		if kind == nil {
			d.n.Unknown++
		}
	}
}

// users are the accounts of the machine.
type users struct {
	machine *evidence.Machine
	known   map[string]evidence.User // by SID
}

// user returns whom a SID belongs to. The name is that of the machine's profile,
// or the one that the event gives.
func (us *users) user(a Account) evidence.User {
	if a.SID == "" {
		return us.named(a)
	}
	u, ok := us.known[a.SID]
	if !ok {
		u = evidence.User{SID: a.SID, Name: serviceNames[a.SID]}
		for _, known := range us.machine.Users {
			if strings.EqualFold(known.SID, a.SID) {
				u = known
			}
		}
		if len(us.known) < maxSpellings {
			us.known[a.SID] = u
		}
	}
	u.Name = cmp.Or(u.Name, a.Name)
	return u
}

// named returns the account with a name, which is the machine's own when the event
// says so.
func (us *users) named(a Account) evidence.User {
	if a.Name != "" && (a.Domain == "" || strings.EqualFold(a.Domain, us.machine.Name)) {
		for _, known := range us.machine.Users {
			if strings.EqualFold(known.Name, a.Name) {
				return known
			}
		}
	}
	return evidence.User{Name: a.Name}
}

// serviceNames are the accounts that every machine has.
var serviceNames = map[string]string{"S-1-5-18": "SYSTEM", "S-1-5-19": "LOCAL SERVICE", "S-1-5-20": "NETWORK SERVICE"}

// place finds the artifact and the kind of a record.
func (d *decoder) place(r *Record) place {
	key := kindKey{r.Channel, r.Provider, r.ID}
	p, ok := d.places[key]
	if ok {
		return p
	}
	p = place{route(r.Channel, r.Provider, r.ID), d.finder.Kind(r.Channel, r.Provider, r.ID)}
	if len(d.places) < maxSpellings {
		d.places[key] = p
	}
	if !d.channels[r.Channel] && len(d.channels) < maxSpellings {
		d.channels[r.Channel] = true
		for _, a := range covered(r.Channel) {
			d.out.Covers(a)
		}
	}
	return p
}
