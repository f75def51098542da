package verify

import (
	"encoding/binary"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// An mftDivergence is a difference between ours and go-ntfs; b is the record as
// it is stored.
type mftDivergence struct {
	divergence
	is func(r *ntfs.Record, b []byte) bool
}

var mftDivergences = []mftDivergence{
	{divergence{"record", "a torn record",
		"the peer refuses it; ours keeps what the sectors hold and marks the record (docs/formats.md, file records)"},
		func(r *ntfs.Record, _ []byte) bool { return r.Damage&(ntfs.Torn|ntfs.BadFixup) != 0 }},
	{divergence{"record", "the signature BAAD",
		"chkdsk gives it to a torn record; the peer reads its attributes, ours names the record and gives none of them"},
		func(r *ntfs.Record, _ []byte) bool { return r.Damage&ntfs.Baad != 0 }},
	{divergence{"times", "a FILETIME before 1970", "the peer's unsigned difference wraps: zero is the year 60056, cut to what fits"},
		func(r *ntfs.Record, _ []byte) bool { return early(r.Standard.Times) }},
	{divergence{"names", "a FILETIME before 1970", "the peer's unsigned difference wraps: zero is the year 60056, cut to what fits"},
		func(r *ntfs.Record, _ []byte) bool {
			return slices.ContainsFunc(r.Names, func(n ntfs.Name) bool { return early(n.Times) })
		}},
	{divergence{"names", "a name longer than its value",
		"the peer gives the part that fits; ours leaves the name out and names the damage " +
			"(xways-damaged, record 560: 7 units in a value with room for 5)"},
		func(r *ntfs.Record, _ []byte) bool { return r.Damage&ntfs.BadContent != 0 }},
	{divergence{"streams", "a later piece of a stream, in an extension record",
		"the peer gives it as a stream of its own; its first cluster is not 0, so it continues the stream in another record"},
		func(_ *ntfs.Record, b []byte) bool { return laterPiece(b) }},
}

const epoch1970 = 116_444_736_000_000_000 // FILETIME

func early(t ntfs.Times) bool {
	return slices.ContainsFunc(t[:], func(x uint64) bool { return x < epoch1970 })
}

// laterPiece reports whether a record as it is stored has a data attribute that
// does not begin with the first cluster.
func laterPiece(b []byte) bool {
	le := binary.LittleEndian
	for off := int(le.Uint16(b[20:])); off+24 <= len(b); {
		typ, n := le.Uint32(b[off:]), le.Uint32(b[off+4:])
		if typ == 0xFFFFFFFF || n < 24 || uint64(n) > uint64(len(b)-off) {
			return false
		}
		if typ == 0x80 && b[off+8] != 0 && le.Uint64(b[off+16:]) != 0 {
			return true
		}
		off += int(n)
	}
	return false
}
