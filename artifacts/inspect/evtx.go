package inspect

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// maxDamage bounds the list of errors of one file.
const maxDamage = 200

// readEVTX yields the records of an event log, and the hidden and recovered ones
// when they are asked for. A file whose header is lost is read by its chunks.
func readEVTX(f File, opts Options, yield func(Row) bool) error {
	o := &evtx.Options{Recover: opts.Recovered}
	log, err := evtx.Open(f, f.Size, o)
	var errs []error
	more := 0
	note := func(err error) {
		if len(errs) < maxDamage {
			errs = append(errs, err)
		} else {
			more++
		}
	}
	if errors.Is(err, evtx.ErrNotEvtx) {
		var carveErr error
		if log, carveErr = evtx.Carve(f, f.Size, o); carveErr != nil {
			return carveErr
		}
		if head := make([]byte, 8); !isChunk(f, head) {
			note(err)
		}
	} else if err != nil {
		return err
	}
	for _, d := range log.Damage {
		note(d)
	}
	for rec, err := range log.Records() {
		if err != nil {
			note(err)
		}
		if rec.Size == 0 {
			continue
		}
		row := evtxRow(rec)
		if err != nil {
			row.Damage = err.Error()
		}
		if !yield(row) {
			break
		}
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("evtx: %d more errors", more))
	}
	return errors.Join(errs...)
}

// isChunk reports whether the file begins with a chunk: then no header is lost.
func isChunk(f File, head []byte) bool {
	_, err := f.ReadAt(head, 0)
	return err == nil && string(head) == "ElfChnk\x00"
}

func evtxRow(rec evtx.Record) Row {
	r := Row{Kind: "evtx", Offset: rec.Offset, Fields: make([]Field, 0, 28)}
	if rec.State != evtx.Allocated {
		r.State = rec.State.String()
	}
	r.Add("record_id", rec.ID)
	if ft := rec.Created(); ft != 0 {
		r.Add("filetime", ft)
		if t := wire.Time(ft); !t.IsZero() {
			r.Add("time", t)
		}
	}
	r.Add("written", rec.Written)
	r.Add("chunk", rec.Chunk)
	r.Add("chunk_offset", rec.ChunkOffset)
	rec.Fields(func(key string, v evtx.Value, number bool) bool {
		if n, ok := v.Uint(); ok && number {
			r.Add(key, n)
		} else {
			r.Add(key, v.String())
		}
		return true
	})
	if rec.Borrowed {
		r.Add("borrowed", true)
	}
	r.Add("data", json.RawMessage(rec.AppendDataJSON(nil)))
	return r
}
