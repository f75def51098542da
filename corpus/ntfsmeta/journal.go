package ntfsmeta

import "time"

// Reasons of journal records (USN_REASON_… of winioctl.h).
const (
	reasonExtend      = 0x2
	reasonTruncate    = 0x4
	reasonNamedExtend = 0x20
	reasonCreate      = 0x100
	reasonDelete      = 0x200
	reasonEA          = 0x400
	reasonRenameOld   = 0x1000
	reasonRenameNew   = 0x2000
	reasonBasicInfo   = 0x8000
	reasonHardLink    = 0x10000
	reasonReparse     = 0x100000
	reasonStream      = 0x200000
	reasonClose       = 0x80000000
)

const journalPage = 4096

// change writes a journal record for a new kind of change.
func (v *Volume) change(r Ref, at time.Time, reason uint32) {
	n := v.node(r)
	n.session |= reason
	v.record(r, n, at, n.session)
	v.store(r.entry())
}

// close writes the last record of a session.
func (v *Volume) close(r Ref, at time.Time) {
	n := v.node(r)
	v.record(r, n, at, n.session|reasonClose)
	n.session = 0
	v.store(r.entry())
}

func (v *Volume) record(r Ref, n *node, at time.Time, reason uint32) {
	long := n.names[len(n.names)-1]
	for _, x := range n.names {
		if x.space != 2 {
			long = x
			break
		}
	}
	text := utf16le(long.text)
	head := 60
	if v.spec.Version == 3 {
		head = 76
	}
	size := (head + len(text) + 7) &^ 7
	if rest := journalPage - len(v.journal)%journalPage; rest < size {
		v.journal = append(v.journal, make([]byte, rest)...)
	}
	usn := v.spec.FirstUSN + uint64(len(v.journal))
	b := make([]byte, size)
	le.PutUint32(b, uint32(size))
	le.PutUint16(b[4:], uint16(v.spec.Version))
	le.PutUint64(b[8:], uint64(r))
	at2 := 16
	if v.spec.Version == 3 {
		at2 = 24
	}
	le.PutUint64(b[at2:], uint64(long.parent))
	w := b[head-36:]
	le.PutUint64(w, usn)
	le.PutUint64(w[8:], ft(at))
	le.PutUint32(w[16:], reason)
	le.PutUint32(w[24:], 261) // security
	le.PutUint32(w[28:], n.attrs)
	le.PutUint16(w[32:], uint16(len(text)))
	le.PutUint16(w[34:], uint16(head))
	copy(b[head:], text)
	v.journal = append(v.journal, b...)
	n.usn = usn
	v.lsn += 8
	n.lsn = v.lsn
	v.moments = append(v.moments, Moment{usn, v.Path(r)})
}

// J returns the change journal without the hole at its beginning, as
// collectors store it.
func (v *Volume) J() []byte {
	b := append([]byte(nil), v.journal...)
	for len(b)%journalPage != 0 {
		b = append(b, 0)
	}
	return b
}

// Max returns the stream $Max of the journal.
func (v *Volume) Max(made time.Time) []byte {
	b := make([]byte, 32)
	le.PutUint64(b, 32<<20)
	le.PutUint64(b[8:], 8<<20)
	le.PutUint64(b[16:], ft(made))
	le.PutUint64(b[24:], v.spec.FirstUSN)
	return b
}
