package logons

import "encoding/binary"

// How the lists of an analysis are written to the temporary file: numbers, the lowest
// byte first, one after the other.

var le = binary.LittleEndian

const stubSize = 32

func (s *stub) append(b []byte) []byte {
	b = le.AppendUint64(b, uint64(s.sec))
	b = le.AppendUint64(b, s.id)
	b = le.AppendUint64(b, s.number)
	b = le.AppendUint32(b, s.nsec)
	return le.AppendUint32(b, s.shape)
}

func (s *stub) read(b []byte) {
	*s = stub{sec: int64(le.Uint64(b)), id: le.Uint64(b[8:]), number: le.Uint64(b[16:]), nsec: le.Uint32(b[24:]), shape: le.Uint32(b[28:])}
}

var triedForm = &form[tried]{
	size: stubSize + 24,
	put: func(b []byte, t *tried) {
		b = t.stub.append(b[:0])
		b = le.AppendUint64(b, t.logon)
		b = le.AppendUint64(b, t.linked)
		b = le.AppendUint32(b, t.source)
		le.AppendUint32(b, t.session)
	},
	get: func(b []byte, t *tried) {
		t.stub.read(b)
		b = b[stubSize:]
		t.logon, t.linked, t.source, t.session = le.Uint64(b), le.Uint64(b[8:]), le.Uint32(b[16:]), le.Uint32(b[20:])
	},
}

var markedForm = &form[marked]{
	size: stubSize + 8,
	put:  func(b []byte, m *marked) { le.AppendUint64(m.stub.append(b[:0]), m.logon) },
	get: func(b []byte, m *marked) {
		m.stub.read(b)
		m.logon = le.Uint64(b[stubSize:])
	},
}

var tickForm = &form[tick]{
	size: 21,
	put: func(b []byte, t *tick) {
		b = le.AppendUint64(b[:0], uint64(t.at))
		b = le.AppendUint64(b, t.id)
		b = le.AppendUint32(b, t.host)
		_ = append(b, byte(t.kind))
	},
	get: func(b []byte, t *tick) {
		*t = tick{int64(le.Uint64(b)), le.Uint64(b[8:]), le.Uint32(b[16:]), markKind(b[20])}
	},
}

// Bits of a session in the file.
const (
	bitPrivileged = 1 << iota
	bitAside
)

var sessionForm = &form[packedSession]{
	size: 58,
	put: func(b []byte, s *packedSession) {
		b = le.AppendUint64(b[:0], uint64(s.endSec))
		for _, n := range [...]uint64{s.endNumber, s.endID, s.sum} {
			b = le.AppendUint64(b, n)
		}
		for _, n := range [...]uint32{s.endNsec, s.endShape, s.begin, s.processes, s.changes, s.locks} {
			b = le.AppendUint32(b, n)
		}
		bits := byte(0)
		if s.privileged {
			bits |= bitPrivileged
		}
		if s.aside {
			bits |= bitAside
		}
		_ = append(b, byte(s.end), bits)
	},
	get: func(b []byte, s *packedSession) {
		*s = packedSession{
			endSec: int64(le.Uint64(b)), endNumber: le.Uint64(b[8:]), endID: le.Uint64(b[16:]), sum: le.Uint64(b[24:]),
			endNsec: le.Uint32(b[32:]), endShape: le.Uint32(b[36:]), begin: le.Uint32(b[40:]),
			processes: le.Uint32(b[44:]), changes: le.Uint32(b[48:]), locks: le.Uint32(b[52:]),
			end: ending(b[56]), privileged: b[57]&bitPrivileged != 0, aside: b[57]&bitAside != 0,
		}
	},
}

var entryForm = &form[logonEntry]{
	size: 16,
	put: func(b []byte, e *logonEntry) {
		b = le.AppendUint64(b[:0], e.id)
		b = le.AppendUint32(b, e.host)
		le.AppendUint32(b, e.attempt)
	},
	get: func(b []byte, e *logonEntry) { *e = logonEntry{le.Uint64(b), le.Uint32(b[8:]), le.Uint32(b[12:])} },
}

var startForm = &form[startKey]{
	size: 28,
	put: func(b []byte, p *startKey) {
		b = le.AppendUint64(b[:0], uint64(p.at.sec))
		b = le.AppendUint64(b, p.sum)
		for _, n := range [...]uint32{p.at.nsec, p.host, p.session} {
			b = le.AppendUint32(b, n)
		}
	},
	get: func(b []byte, p *startKey) {
		*p = startKey{moment{int64(le.Uint64(b)), le.Uint32(b[16:])}, le.Uint64(b[8:]), le.Uint32(b[20:]), le.Uint32(b[24:])}
	},
}

var indexForm = &form[uint32]{
	size: 4,
	put:  func(b []byte, n *uint32) { le.AppendUint32(b[:0], *n) },
	get:  func(b []byte, n *uint32) { *n = le.Uint32(b) },
}

var openForm = &form[openSpan]{
	size: 20,
	put: func(b []byte, s *openSpan) {
		b = le.AppendUint64(b[:0], uint64(s.begin))
		b = le.AppendUint64(b, uint64(s.end))
		le.AppendUint32(b, s.session)
	},
	get: func(b []byte, s *openSpan) {
		*s = openSpan{int64(le.Uint64(b)), int64(le.Uint64(b[8:])), le.Uint32(b[16:])}
	},
}
