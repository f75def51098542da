package verify

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/Velocidex/ordereddict"
	velocidex "www.velocidex.com/golang/evtx"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
)

// A witnessChunk is what the witness read of one chunk of an event log.
type witnessChunk struct {
	Error   string
	Records []witnessEvent
}

// A witnessEvent is one record: the values of its System element and of its
// payload, by path, in the order of the witness.
type witnessEvent struct {
	ID, Written uint64
	Fields      []witnessField
}

type witnessField struct{ Path, Text string }

// Limits on what one record of the witness may make of a hostile chunk.
const (
	maxWitnessFields = 20_000
	maxWitnessDepth  = 64
)

// askLog lets the witness read chunks, one after the other.
func askLog(q witnessQuestion) (a witnessAnswer) {
	for at := 0; at < len(q.Data); at += evtx.ChunkSize {
		a.Chunks = append(a.Chunks, askChunk(q.Data[at:min(at+evtx.ChunkSize, len(q.Data))]))
	}
	return a
}

// askChunk reads one chunk. What the witness has read before it panics counts.
func askChunk(b []byte) (c witnessChunk) {
	defer func() {
		if p := recover(); p != nil {
			c.Error = fmt.Sprintf("panic: %v", p)
		}
	}()
	chunk, err := velocidex.NewChunk(bytes.NewReader(b), 0)
	if err != nil {
		return witnessChunk{Error: err.Error()}
	}
	if string(chunk.Header.Magic[:]) != velocidex.EVTX_CHUNK_HEADER_MAGIC || chunk.Header.LastEventRecID == 1<<64-1 {
		return c // the witness's own rule for a whole file
	}
	records, err := chunk.Parse(0)
	if err != nil {
		c.Error = err.Error()
	}
	for _, r := range records {
		e := witnessEvent{ID: r.Header.RecordID, Written: r.Header.FileTime}
		if d, ok := r.Event.(*ordereddict.Dict); ok {
			if inner, ok := d.Get("Event"); ok {
				e.flatten("", inner, 0)
			}
		}
		c.Records = append(c.Records, e)
	}
	return c
}

// flatten lists the values below a node by their paths. The text of an element
// with attributes is the node's value "Value".
func (e *witnessEvent) flatten(path string, v any, depth int) {
	if depth > maxWitnessDepth || len(e.Fields) > maxWitnessFields {
		return
	}
	switch v := v.(type) {
	case *ordereddict.Dict:
		for _, k := range v.Keys() {
			inner, _ := v.Get(k)
			below := path + "/" + k
			switch {
			case k == "Value" && strings.Contains(path, "/"):
				below = path
			case path == "":
				below = k
			}
			e.flatten(below, inner, depth+1)
		}
	case []any:
		for _, inner := range v {
			e.flatten(path, inner, depth+1)
		}
	case []string:
		for _, s := range v {
			e.Fields = append(e.Fields, witnessField{path, s})
		}
	default:
		e.Fields = append(e.Fields, witnessField{path, witnessText(v)})
	}
}

// witnessText writes a value of the witness as ours are written.
func witnessText(v any) string {
	switch v := v.(type) {
	case []byte:
		return strings.ToUpper(hex.EncodeToString(v))
	case string:
		return strings.TrimRight(v, "\x00")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}
