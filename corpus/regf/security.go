package regf

// Security record, regf "sk".
const (
	skNext   = 4
	skPrev   = 8
	skRefs   = 12
	skLength = 16
	skDesc   = 20
)

// DefaultSecurity is a usual descriptor of machine keys: owned by the administrators, full control for them and
// the system, reading for users, all of it inherited by subkeys.
func DefaultSecurity() []byte {
	const (
		full = 0xF003F
		read = 0x20019
	)
	system := SID(5, 18)
	admins := SID(5, 32, 544)
	users := SID(5, 32, 545)
	return Descriptor(admins, system, ACE(2, full, admins), ACE(2, full, system), ACE(2, read, users))
}

// SID returns a binary security identifier, [MS-DTYP] 2.4.2.2.
func SID(authority byte, sub ...uint32) []byte {
	b := []byte{1, byte(len(sub)), 0, 0, 0, 0, 0, authority}
	for _, s := range sub {
		b = le.AppendUint32(b, s)
	}
	return b
}

// ACE returns an entry that allows rights to a SID, [MS-DTYP] 2.4.4.2.
func ACE(flags byte, mask uint32, sid []byte) []byte {
	b := []byte{0, flags}
	b = le.AppendUint16(b, uint16(8+len(sid)))
	b = le.AppendUint32(b, mask)
	return append(b, sid...)
}

// Descriptor returns a self-relative security descriptor with a DACL, [MS-DTYP] 2.4.6.
func Descriptor(owner, group []byte, aces ...[]byte) []byte {
	acl := []byte{2, 0, 0, 0, byte(len(aces)), byte(len(aces) >> 8), 0, 0}
	for _, a := range aces {
		acl = append(acl, a...)
	}
	le.PutUint16(acl[2:], uint16(len(acl)))
	b := []byte{1, 0, 0x04, 0x80} // self-relative, DACL present
	b = le.AppendUint32(b, uint32(20+len(acl)))
	b = le.AppendUint32(b, uint32(20+len(acl)+len(owner)))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, 20)
	b = append(b, acl...)
	b = append(b, owner...)
	return append(b, group...)
}

// secure gives a key its descriptor; keys with the same one share the record.
func (l *Live) secure(n *node, desc []byte) {
	if desc == nil {
		desc = l.common
	}
	if len(desc) == 0 {
		return
	}
	s := l.sec[string(desc)]
	if s == nil {
		s = &sec{off: l.st.alloc(skDesc + len(desc)), desc: desc}
		l.sec[string(desc)] = s
		l.secs = append(l.secs, s)
		l.linkRing()
	}
	s.refs++
	n.sec = s
	le.PutUint32(l.st.data(s.off)[skRefs:], uint32(s.refs))
}

// unsecure takes the descriptor from a key; the record goes with its last key.
func (l *Live) unsecure(n *node) {
	s := n.sec
	if s == nil {
		return
	}
	n.sec = nil
	s.refs--
	le.PutUint32(l.st.data(s.off)[skRefs:], uint32(s.refs))
	if s.refs > 0 {
		return
	}
	delete(l.sec, string(s.desc))
	for i, o := range l.secs {
		if o == s {
			l.secs = append(l.secs[:i], l.secs[i+1:]...)
			break
		}
	}
	l.st.free(s.off)
	l.linkRing()
}

// linkRing writes all security records, each pointing to the next and the last.
func (l *Live) linkRing() {
	for i, s := range l.secs {
		b := l.st.data(s.off)
		copy(b, "sk\x00\x00")
		le.PutUint32(b[skNext:], l.secs[(i+1)%len(l.secs)].off)
		le.PutUint32(b[skPrev:], l.secs[(i+len(l.secs)-1)%len(l.secs)].off)
		le.PutUint32(b[skRefs:], uint32(s.refs))
		le.PutUint32(b[skLength:], uint32(len(s.desc)))
		copy(b[skDesc:], s.desc)
	}
}
