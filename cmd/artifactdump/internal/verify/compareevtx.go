package verify

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
)

const (
	logHeader  = 4096 // where the first chunk begins
	chunkBatch = 16   // chunks of one question
)

// compareLog compares the records of an event log, chunk by chunk: what is held
// does not depend on its size. The error is why it was not read.
func compareLog(w *Witness, path string, r io.ReaderAt, size int64) (*Verdict, error) {
	v := &Verdict{Path: path, Kind: "evtx"}
	log, err := evtx.Open(r, size, nil)
	if err != nil {
		v.Witness = "not asked; ours: " + err.Error()
		return v, err
	}
	d := evtx.NewDecoder()
	buf := make([]byte, chunkBatch*evtx.ChunkSize)
	for first := 0; first < log.Chunks(); first += chunkBatch {
		n, err := r.ReadAt(buf, logHeader+int64(first)*evtx.ChunkSize)
		if err != nil && err != io.EOF {
			v.Witness = "not asked; ours: " + err.Error()
			return v, err
		}
		a, died, err := w.ask(witnessQuestion{Log: true, Data: buf[:n]})
		if died || err != nil {
			v.Witness = "died: " + err.Error()
			return v, nil
		}
		for i := first; i < min(first+chunkBatch, log.Chunks()); i++ {
			var c witnessChunk
			if i-first < len(a.Chunks) {
				c = a.Chunks[i-first]
			}
			at := min((i-first)*evtx.ChunkSize, n)
			x := &chunkCompare{v: v, bytes: buf[at:min(at+evtx.ChunkSize, n)], start: logHeader + int64(i)*evtx.ChunkSize, theirs: c}
			x.compare(log, d, i)
		}
	}
	return v, nil
}

// A chunkCompare holds one chunk as both read it.
type chunkCompare struct {
	v       *Verdict
	bytes   []byte
	start   int64 // of the chunk in the file
	theirs  witnessChunk
	damaged bool // we report damage of the chunk
}

type recordKey struct{ id, written uint64 }

func (x *chunkCompare) compare(log *evtx.File, d *evtx.Decoder, i int) {
	theirs := map[recordKey]*witnessEvent{}
	for k := range x.theirs.Records {
		r := &x.theirs.Records[k]
		theirs[recordKey{r.ID, r.Written}] = r
	}
	for _, err := range log.Chunk(d, i) {
		x.damaged = x.damaged || err != nil
	}
	for rec, err := range log.Chunk(d, i) {
		if rec.Size == 0 || rec.State != evtx.Allocated {
			continue
		}
		c := &eventCase{chunk: x, rec: rec, bad: err != nil}
		key := recordKey{rec.ID, rec.Written}
		if r := theirs[key]; r != nil {
			delete(theirs, key)
			c.compare(r)
			continue
		}
		c.path = "record"
		c.note("read", "missing: "+x.theirs.Error, evtx.Value{})
	}
	for _, r := range theirs {
		if x.damaged {
			x.v.known(damagedRecord, 1)
			continue
		}
		x.v.differ(Difference{Field: "record", Where: fmt.Sprintf("record %d", r.ID), Offset: x.start, Ours: "missing", Theirs: "read"})
	}
}

// An eventCase is one record as both read it. The fields below chunk are those of
// the value at hand, for the tables of known divergences.
type eventCase struct {
	chunk  *chunkCompare
	rec    evtx.Record
	bad    bool // we report damage of the record
	fields map[string][]string

	path  string
	ours  []evtx.Value // of the path
	their []string
}

// compare holds the System element and the payload against the witness.
func (c *eventCase) compare(r *witnessEvent) {
	c.fields = map[string][]string{}
	for _, f := range r.Fields {
		c.fields[f.Path] = append(c.fields[f.Path], f.Text)
	}
	for _, f := range systemFields {
		their, ok := c.fields["System/"+f.path]
		ours := f.get(c.rec)
		c.path, c.ours, c.their = "System", nil, their
		if ok && (len(their) != 1 || !sameText(ours, their[0])) {
			c.note(ours, strings.Join(their, ", "), evtx.Value{})
			continue
		}
		c.chunk.v.Agreed++
	}
	var order []string
	values := map[string][]evtx.Value{}
	for name, val := range c.rec.Data() {
		p := witnessPath(name)
		if _, ok := values[p]; !ok {
			order = append(order, p)
		}
		values[p] = append(values[p], val)
	}
	c.nameData(values)
	for _, p := range order {
		c.path, c.ours, c.their = p, values[p], c.fields[p]
		c.compareField()
	}
	for _, p := range slices.Sorted(maps.Keys(c.fields)) {
		if _, ok := values[p]; ok || notListed(p) {
			continue
		}
		if text := strings.Join(c.fields[p], ", "); text != "" {
			c.path, c.ours, c.their = p, nil, c.fields[p]
			c.note("missing", text, evtx.Value{})
		}
	}
}

// nameData gives the Data of an EventData their names where the witness leaves
// names and values apart: where there is one Data, and in records without a
// template. It leaves empty values out, so that the values follow ours in order.
func (c *eventCase) nameData(ours map[string][]evtx.Value) {
	const data, name = "EventData/Data", "EventData/Data/Name"
	names, values := c.fields[name], c.fields[data]
	if len(names) == 0 {
		return
	}
	delete(c.fields, data)
	delete(c.fields, name)
	for _, n := range names {
		p := "EventData/" + n
		i := len(c.fields[p])
		if v := ours[p]; len(values) == 0 || i < len(v) && v[i].String() == "" {
			continue
		}
		c.fields[p] = append(c.fields[p], values[0])
		values = values[1:]
	}
	if len(values) > 0 {
		c.fields[data] = values
	}
}

// compareField compares the values of one path.
func (c *eventCase) compareField() {
	if len(c.their) == len(c.ours) {
		for i, val := range c.ours {
			if sameValue(val, c.their[i]) {
				c.chunk.v.Agreed++
			} else {
				c.note(val.String(), c.their[i], val)
			}
		}
		return
	}
	if len(c.their) == 0 && !slices.ContainsFunc(c.ours, func(v evtx.Value) bool { return v.String() != "" }) {
		c.chunk.v.Agreed += len(c.ours) // the witness leaves empty values out
		return
	}
	var list []string
	for _, v := range c.ours {
		list = append(list, v.String())
	}
	c.note(strings.Join(list, ", "), strings.Join(c.their, ", "), c.ours[0])
}

// note files a difference: as known, or with both readings and the bytes.
func (c *eventCase) note(ours, theirs string, val evtx.Value) {
	for i := range evtxDivergences {
		if d := &evtxDivergences[i]; d.is != nil && d.is(c, val) {
			c.chunk.v.known(d.divergence, 1)
			return
		}
	}
	b := val.Data
	if len(b) == 0 {
		b = c.chunk.bytes[min(c.rec.ChunkOffset, len(c.chunk.bytes)):]
	}
	c.chunk.v.differ(Difference{Field: c.path, Where: fmt.Sprintf("record %d", c.rec.ID), Offset: c.rec.Offset,
		Ours: clip(ours), Theirs: clip(theirs), Bytes: hexBytes(b, 0, 64)})
}

// notListed reports whether a path is not one of the data: docs/formats/evtx.md,
// section 7.
func notListed(path string) bool {
	return strings.HasPrefix(path, "System/") || strings.Contains(path, "/xmlns") || path == "RenderingInfo/Culture"
}

// clip bounds what is shown of a value.
func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// witnessPath is the path by which the witness names a pair of ours.
func witnessPath(name string) string {
	switch {
	case name == "":
		return "EventData/Data"
	case strings.Contains(name, "/"):
		return strings.ReplaceAll(name, "@", "/")
	case name[0] == '@':
		return "EventData/" + name[1:]
	}
	return "EventData/" + name
}

// systemFields are the values of System that both give.
var systemFields = []struct {
	path string
	get  func(evtx.Record) string
}{
	{"EventRecordID", func(r evtx.Record) string { return strconv.FormatUint(r.RecordID(), 10) }},
	{"EventID", func(r evtx.Record) string { return strconv.Itoa(int(r.EventID())) }},
	{"EventID/Qualifiers", func(r evtx.Record) string { return strconv.Itoa(int(r.Qualifiers())) }},
	{"Version", func(r evtx.Record) string { return strconv.Itoa(int(r.Version())) }},
	{"Level", func(r evtx.Record) string { return strconv.Itoa(int(r.Level())) }},
	{"Task", func(r evtx.Record) string { return strconv.Itoa(int(r.Task())) }},
	{"Opcode", func(r evtx.Record) string { return strconv.Itoa(int(r.Opcode())) }},
	{"Keywords", func(r evtx.Record) string { return strconv.FormatUint(r.Keywords(), 10) }},
	{"Channel", evtx.Record.Channel},
	{"Computer", evtx.Record.Computer},
	{"Provider/Name", evtx.Record.Provider},
	{"Provider/Guid", evtx.Record.ProviderGUID},
	{"Security/UserID", evtx.Record.UserSID},
	{"Execution/ProcessID", func(r evtx.Record) string { return strconv.FormatUint(uint64(r.ProcessID()), 10) }},
	{"Execution/ThreadID", func(r evtx.Record) string { return strconv.FormatUint(uint64(r.ThreadID()), 10) }},
	{"Correlation/ActivityID", evtx.Record.ActivityID},
}

// sameText compares texts: GUIDs without braces and case, numbers as numbers.
func sameText(ours, theirs string) bool {
	if ours == theirs || strings.EqualFold(strings.Trim(ours, "{}"), strings.Trim(theirs, "{}")) {
		return true
	}
	a, err1 := strconv.ParseUint(ours, 0, 64)
	b, err2 := strconv.ParseUint(theirs, 0, 64)
	return err1 == nil && err2 == nil && a == b
}

// sameValue compares a value with the witness's text, numbers as numbers.
func sameValue(v evtx.Value, theirs string) bool {
	s := v.String()
	if sameText(s, theirs) {
		return true
	}
	switch v.Type {
	case evtx.Float32, evtx.Float64:
		a, err1 := strconv.ParseFloat(s, 64)
		b, err2 := strconv.ParseFloat(theirs, 64)
		return err1 == nil && err2 == nil && a == b
	case evtx.String, evtx.UTF8:
		return strings.ToValidUTF8(s, "\uFFFD") == strings.ToValidUTF8(theirs, "\uFFFD")
	}
	return false
}
