package defender

import (
	"bytes"
	"crypto/rc4"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotQuarantine is returned for files that do not decrypt to a quarantine
// entry or to quarantined data.
var ErrNotQuarantine = errors.New("not a file of the quarantine")

// maxResources bounds the resources of an entry.
const maxResources = 1 << 14

// quarantineKey is the one key of all quarantines, published by Bauer in 2014
// and ERNW in 2019. It keeps a scanner from finding what lies there; it keeps
// nobody else out.
const quarantineKey = "1e87781b8dbaa844ce69702c0c78b786a3f623b738f5edf9af83530fb3fc54fa" +
	"a21eb9cf1331fd0f0da954f687cb9e18279697900e53fb317c9cbce48e23d053" +
	"71ecc15951b8f3649d7ca33ed68dc9047e82c9baad9799d0d458cb847ca9ffbe" +
	"3c8a775233557dde13a8b14087cc1bc8f10f6ecdd083a959cff84a9d1d50755e" +
	"3e191818af23e2293558766d2c07e25712b2ca0b535ed8f6c56ce73d24bdd029" +
	"1771861a54b4c285a9a3db7aca6d224aeacd621db9f2a22ed1e9e11d75bed7dc" +
	"0ecb0a8e68a2ff1263408dc808dffd164b116774cd0b9b8d05411ed6262e429b" +
	"a495676b8398db2f35d3c1b9ced52636f2765e1a95cb7ca4c3ddabddbff38253"

// decrypt returns b decrypted. Each part of a file starts the cipher anew.
func decrypt(b []byte) []byte {
	key, err := hex.DecodeString(quarantineKey)
	if err != nil {
		panic(err) // the constant above
	}
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// A QuarantineEntry is one file of Quarantine\Entries: a detection that was
// moved there.
type QuarantineEntry struct {
	ID        string // GUID
	Scan      string // GUID
	Time      time.Time
	ThreatID  uint64
	Threat    string
	Resources []Quarantined
}

// Quarantined is one resource of an entry.
type Quarantined struct {
	Path     string // as it was detected
	Kind     string // file, regkeyvalue, process …
	DataName string // of the file in Quarantine\ResourceData, in hexadecimal; "" without one
	Physical string // path, when it is another
	Size     uint64
	Created  time.Time // of the file, all three
	Accessed time.Time
	Modified time.Time
}

const ( // entry header
	qteSize1  = 40 // u32
	qteSize2  = 44 // u32
	qteHeader = 60
)

const ( // first section
	qteID     = 0  // GUID
	qteScan   = 16 // GUID
	qteTime   = 32 // FILETIME
	qteThreat = 40 // u64
	qteName   = 52 // 8-bit text
)

// Fields of a resource: the lower 12 bits of their id.
const (
	fldResource = 0x02
	fldPhysical = 0x0C
	fldCreated  = 0x0F
	fldAccessed = 0x10
	fldModified = 0x11
	fldSize     = 0x12
)

// ParseQuarantine decodes an entry. With a *[wire.FormatError] comes what was
// read before.
func ParseQuarantine(b []byte) (*QuarantineEntry, error) {
	if len(b) < qteHeader {
		return nil, ErrNotQuarantine
	}
	h := decrypt(b[:qteHeader])
	n1, n2 := int64(le.Uint32(h[qteSize1:])), int64(le.Uint32(h[qteSize2:]))
	if n1 < qteName || n2 < 4 || n1+n2 > int64(len(b)-qteHeader) {
		return nil, ErrNotQuarantine
	}
	one := decrypt(b[qteHeader : qteHeader+n1])
	two := decrypt(b[qteHeader+n1 : qteHeader+n1+n2])
	e := &QuarantineEntry{ID: wire.GUID(one[qteID:]), Scan: wire.GUID(one[qteScan:]), Time: wire.TimeAt(one, qteTime),
		ThreatID: le.Uint64(one[qteThreat:]), Threat: wire.Latin1Z(one[qteName:])}
	count := int64(le.Uint32(two))
	bad := func(off int64, problem string) error {
		return &wire.FormatError{Format: "quarantine", Offset: qteHeader + n1 + off, Struct: "resource", Problem: problem}
	}
	if count > maxResources || 4+4*count > n2 {
		return e, bad(0, fmt.Sprintf("%d resources in %d bytes", count, n2))
	}
	left := 4 * n2 // resources may lie in each other
	for i := range count {
		off := int64(le.Uint32(two[4+4*i:]))
		if off < 0 || off >= n2 {
			return e, bad(4+4*i, "offset leads past the end")
		}
		q, used, ok := resource(two[off:])
		if left -= int64(used); left < 0 {
			return e, bad(off, "resources overlap")
		}
		e.Resources = append(e.Resources, q)
		if !ok {
			return e, bad(off, "runs past the end")
		}
	}
	return e, nil
}

// resource reads a path, the number of fields, a kind and the fields, each at
// a multiple of four.
func resource(b []byte) (q Quarantined, used int, ok bool) {
	n := wire.UTF16Len(b)
	q.Path = wire.UTF16Escaped(b[:max(0, n-2)])
	r := wire.NewReader(b, n)
	fields := r.Uint16()
	if r.Failed() {
		return q, n, false
	}
	kind := b[r.Offset():]
	k := bytes.IndexByte(kind, 0)
	if k < 0 {
		return q, n, false
	}
	q.Kind = wire.Latin1(kind[:k])
	r.Skip(k + 1)
	for range fields {
		r.Skip(-r.Offset() & 3)
		size, id := r.Uint16(), r.Uint16()
		v := r.Take(int(size))
		if r.Failed() {
			return q, r.Offset(), false
		}
		q.field(id&0xFFF, v)
	}
	return q, r.Offset(), true
}

func (q *Quarantined) field(id uint16, v []byte) {
	switch id {
	case fldResource:
		q.DataName = fmt.Sprintf("%X", v)
	case fldPhysical:
		q.Physical = wire.UTF16Trim(v)
	case fldCreated:
		q.Created = wire.TimeAt(v, 0)
	case fldAccessed:
		q.Accessed = wire.TimeAt(v, 0)
	case fldModified:
		q.Modified = wire.TimeAt(v, 0)
	case fldSize:
		if len(v) >= 8 {
			q.Size = le.Uint64(v)
		} else if len(v) >= 4 {
			q.Size = uint64(le.Uint32(v))
		}
	}
}

// A Stream is a part of a quarantined file.
type Stream struct {
	Kind   uint32 // 1 data, 3 security, 4 alternate data: WIN32_STREAM_ID
	Name   string // of an alternate stream
	Size   int64
	SHA256 string
}

const ( // WIN32_STREAM_ID
	strmSize   = 8  // u64
	strmName   = 16 // u32, bytes
	strmHeader = 20
	maxStreams = 1 << 12
)

// ParseResourceData decodes a file of Quarantine\ResourceData and returns what
// it is made of, with hashes: the content itself is not returned.
func ParseResourceData(b []byte) ([]Stream, error) {
	b = decrypt(b)
	var out []Stream
	for off := int64(0); off < int64(len(b)) && len(out) < maxStreams; {
		rest := b[off:]
		if len(rest) < strmHeader {
			break // padding
		}
		s := Stream{Kind: le.Uint32(rest)}
		size, name := le.Uint64(rest[strmSize:]), int64(le.Uint32(rest[strmName:]))
		left := uint64(len(rest) - strmHeader)
		if s.Kind == 0 || s.Kind > 11 || uint64(name) > left || size > left-uint64(name) {
			if out == nil {
				return nil, ErrNotQuarantine
			}
			return out, &wire.FormatError{Format: "quarantine", Offset: off, Struct: "stream", Problem: "runs past the end"}
		}
		data := rest[strmHeader+name:][:size]
		sum := sha256.Sum256(data)
		s.Name, s.Size, s.SHA256 = wire.UTF16Trim(rest[strmHeader:strmHeader+name]), int64(size), hex.EncodeToString(sum[:])
		out = append(out, s)
		off += strmHeader + name + int64(size)
	}
	if out == nil {
		return nil, ErrNotQuarantine
	}
	return out, nil
}
