package regf

// Base block, regf "Base block".
const (
	bbPrimary     = 4
	bbSecondary   = 8
	bbWritten     = 12
	bbMajor       = 20
	bbMinor       = 24
	bbType        = 28
	bbFormat      = 32
	bbRoot        = 36
	bbBins        = 40
	bbClustering  = 44
	bbFileName    = 48
	bbFileNameLen = 64
	bbRmID        = 112
	bbLogID       = 128
	bbFlags       = 144
	bbTmID        = 148
	bbRmtm        = 164
	bbReorganised = 168
	bbOfRg        = 176
	bbChecksum    = 508
	bbSerialised  = 512
)

func (l *Live) baseBlock() []byte {
	h := &l.hive
	b := make([]byte, page)
	copy(b, "regf")
	primary := max(h.Primary, 1)
	secondary := h.Secondary
	if secondary == 0 {
		secondary = primary
	}
	le.PutUint32(b[bbPrimary:], primary)
	le.PutUint32(b[bbSecondary:], secondary)
	le.PutUint64(b[bbWritten:], FILETIME(h.Written))
	le.PutUint32(b[bbMajor:], 1)
	le.PutUint32(b[bbMinor:], l.version())
	le.PutUint32(b[bbFormat:], 1)
	le.PutUint32(b[bbRoot:], l.root.off)
	le.PutUint32(b[bbBins:], uint32(len(l.st.bins)))
	le.PutUint32(b[bbClustering:], max(h.Clustering, 1))
	name := UTF16(h.FileName)
	copy(b[bbFileName:], name[max(0, len(name)-(bbFileNameLen-2)):])
	copy(b[bbRmID:], h.RmID[:])
	copy(b[bbLogID:], h.RmID[:])
	le.PutUint32(b[bbFlags:], h.Flags)
	copy(b[bbTmID:], h.TmID[:])
	if h.KTM {
		copy(b[bbRmtm:], "rmtm")
	}
	le.PutUint64(b[bbReorganised:], h.Reorganised)
	if h.Offline {
		copy(b[bbOfRg:], "OfRg\x01\x00\x00\x00")
		le.PutUint64(b[bbSerialised:], FILETIME(h.Serialised))
	}
	Checksum(b)
	return b
}

// Checksum writes the checksum into a base block, or into any file that begins with one.
func Checksum(b []byte) {
	sum := uint32(0)
	for i := 0; i < bbChecksum; i += 4 {
		sum ^= le.Uint32(b[i:])
	}
	switch sum {
	case 0:
		sum = 1
	case 0xFFFFFFFF:
		sum = 0xFFFFFFFE
	}
	le.PutUint32(b[bbChecksum:], sum)
}
