package output

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// A coded row is what the sort moves around: seconds (8 bytes) and nanoseconds
// (4), then the five texts that order rows of one instant, then the rest.
// Texts and lists carry their length before them as a varint. Nothing but this
// process ever reads it.

func appendRow(b []byte, r *Row) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(r.Time.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(r.Time.Nanosecond()))
	for _, s := range [...]string{
		r.Host, r.DataType, r.Source, r.Message, r.ID, // the order of [artifacts.Event.Compare]
		r.Kind, r.Parser, r.User, r.SID, r.SHA256, r.Snapshot, r.Path, r.Executable, r.Key, r.Value, string(r.Proof), string(r.State),
		r.RecordID, r.TimeKind,
	} {
		b = appendText(b, s)
	}
	b = binary.AppendVarint(b, r.Offset)
	b = binary.AppendUvarint(b, r.record)
	b = binary.AppendUvarint(b, r.logon)
	local := byte(0)
	if r.Local {
		local = 1
	}
	b = append(b, local)
	b = binary.AppendUvarint(b, uint64(len(r.Tags)))
	for _, t := range r.Tags {
		b = appendText(b, t)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Also)))
	for _, a := range r.Also {
		b = appendText(b, a)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Extra)))
	for _, f := range r.Extra {
		b = appendText(appendText(b, f.Name), f.Value)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// compareCoded orders coded rows as [artifacts.Event.Compare] orders events.
func compareCoded(a, b []byte) int {
	if c := cmp.Or(cmp.Compare(seconds(a), seconds(b)), bytes.Compare(a[8:12], b[8:12])); c != 0 {
		return c
	}
	a, b = a[12:], b[12:]
	for range 5 {
		var s, t []byte
		s, a = cutText(a)
		t, b = cutText(b)
		if c := bytes.Compare(s, t); c != 0 {
			return c
		}
	}
	// What is the same so far may still come from two pieces of evidence: the
	// order must not depend on how much memory the sort had.
	return bytes.Compare(a, b)
}

func seconds(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }

// sameInstant reports whether two coded rows have one time.
func sameInstant(a, b []byte) bool { return bytes.Equal(a[:12], b[:12]) }

func cutText(b []byte) (text, rest []byte) {
	n, k := binary.Uvarint(b)
	return b[k : k+int(n)], b[k+int(n):]
}

// errSpill says that the file with the sorted rows is not what was written to
// it: somebody else changed it, or the disk did.
var errSpill = errors.New("the temporary file of the sort was changed")

// decodeRow reads a coded row. All texts share one allocation.
func decodeRow(b []byte) (*Row, error) {
	d := rowDecoder{s: string(b), at: 12}
	if len(b) < 12 {
		return nil, errSpill
	}
	r := &Row{Time: time.Unix(seconds(b), int64(binary.BigEndian.Uint32(b[8:]))).UTC()}
	var proof, state string
	for _, p := range [...]*string{
		&r.Host, &r.DataType, &r.Source, &r.Message, &r.ID,
		&r.Kind, &r.Parser, &r.User, &r.SID, &r.SHA256, &r.Snapshot, &r.Path, &r.Executable, &r.Key, &r.Value, &proof, &state,
		&r.RecordID, &r.TimeKind,
	} {
		*p = d.text()
	}
	r.Proof, r.State = artifacts.Proof(proof), artifacts.State(state)
	u := d.uint()
	r.Offset = int64(u>>1) ^ -int64(u&1)
	r.record = d.uint()
	r.logon = d.uint()
	r.Local = d.byte() == 1
	r.Tags = d.texts()
	r.Also = d.texts()
	if n := d.count(2); n > 0 {
		r.Extra = make([]artifacts.Field, n)
		for i := range r.Extra {
			r.Extra[i] = artifacts.Field{Name: d.text(), Value: d.text()}
		}
	}
	if d.bad || d.at != len(d.s) {
		return nil, errSpill
	}
	return r, nil
}

type rowDecoder struct {
	s   string
	at  int
	bad bool
}

func (d *rowDecoder) byte() byte {
	if d.at >= len(d.s) {
		d.bad = true
		return 0
	}
	d.at++
	return d.s[d.at-1]
}

func (d *rowDecoder) uint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		c := d.byte()
		n |= uint64(c&0x7F) << shift
		if c < 0x80 {
			return n
		}
	}
	d.bad = true
	return 0
}

// count reads how many things follow, each at least size bytes long.
func (d *rowDecoder) count(size int) int {
	n := d.uint()
	if n > uint64((len(d.s)-d.at)/size) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *rowDecoder) text() string {
	n := d.count(1)
	d.at += n
	return d.s[d.at-n : d.at]
}

func (d *rowDecoder) texts() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = d.text()
	}
	return out
}
