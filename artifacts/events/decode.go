package events

import (
	"errors"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// maxErrors bounds what is reported of one log. A log that is random from some
// place on has one error for each chunk.
const maxErrors = 256

// decodeLog reads a log once and gives each record to the artifact that it
// belongs to.
func decodeLog(in artifacts.Input, out *artifacts.Output) error {
	log, err := evtx.NewStream(in.Reader(), &evtx.Options{Recover: !in.NoDeleted})
	if err != nil {
		return in.Wrap(in.AtOffset(0), err)
	}
	d := &decoder{in: in, out: out, channels: map[string]bool{}, places: map[kindKey]place{}}
	for _, bad := range log.Damage {
		d.damage(in.AtOffset(bad.Position()), bad)
	}
	for rec, err := range log.Records() {
		if err != nil {
			at := in.AtOffset(rec.Offset)
			if p, ok := errors.AsType[*wire.FormatError](err); ok && rec.Size == 0 {
				at = in.AtOffset(p.Position())
			}
			d.damage(at, err)
		}
		if rec.Size > 0 && !d.record(rec) {
			return nil
		}
	}
	if d.more > 0 {
		d.errs = append(d.errs, in.Errorf(in.AtOffset(0), "%d further damaged places", d.more))
	}
	return errors.Join(d.errs...)
}

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
	errs     []error
	more     int // errors beyond maxErrors
}

func (d *decoder) damage(at artifacts.Origin, err error) {
	if len(d.errs) == maxErrors {
		d.more++
		return
	}
	d.errs = append(d.errs, d.in.Wrap(at, err))
}

// record passes on one record. It returns false when no more are wanted.
func (d *decoder) record(rec evtx.Record) bool {
	r := FromEVTX(rec)
	p := d.place(&r)
	if !d.out.Wants(p.artifact) {
		return true
	}
	e := Event{Origin: d.in.AtOffset(rec.Offset), Record: r, Kind: p.kind, Written: rec.Written, state: rec.State, borrowed: rec.Borrowed}
	if p.kind != nil {
		e.Name = p.kind.Name
	}
	return d.out.Put(p.artifact, e)
}

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
