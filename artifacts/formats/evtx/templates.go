package evtx

import (
	"slices"
	"sync"
)

// Templates keeps the templates of logs, for records whose own were
// overwritten. It may be shared by goroutines.
type Templates struct {
	mu    sync.Mutex
	known map[templateKey]*template
	size  int
}

// A templateKey is how an instance names its template, and where it stands: at
// the top of a record or as its payload.
type templateKey struct {
	id   uint32
	kind context
}

// A template is a program that depends on no chunk.
type template struct {
	guid  [16]byte
	twice bool // another GUID has the same identifier: neither is used
	steps []step
	parts []part
	names []string
	text  []byte // of the literals
}

const (
	maxTemplates    = 8192
	maxTemplateText = 16 << 20 // bytes of all of them
)

// NewTemplates returns an empty collection.
func NewTemplates() *Templates {
	return &Templates{known: make(map[templateKey]*template)}
}

// add keeps the sound templates of the loaded chunk.
func (t *Templates) add(d *Decoder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range d.programs {
		p := &d.programs[i]
		kind := p.ctx.kind()
		if p.err != nil || p.badNames || kind != ctxRoot && kind != ctxEvent {
			continue
		}
		k := templateKey{p.id, kind}
		guid := [16]byte(d.base[p.off+templateGUID:])
		if known := t.known[k]; known != nil {
			known.twice = known.twice || known.guid != guid
			continue
		}
		if len(t.known) < maxTemplates && t.size < maxTemplateText {
			n := portable(d, p)
			n.guid = guid
			t.known[k] = n
			t.size += len(n.text) + 64*len(n.steps)
		}
	}
}

func (t *Templates) find(id uint32, kind context) *template {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.known[templateKey{id, kind}]; p != nil && !p.twice {
		return p
	}
	return nil
}

// portable copies a program. Numbers of texts become indexes of names, and
// literals lie in text.
func portable(d *Decoder, p *program) *template {
	t := &template{steps: slices.Clone(d.steps[p.start:p.end])}
	index := make(map[uint32]uint32)
	nameOf := func(id uint32) uint32 {
		if i, ok := index[id]; ok {
			return i
		}
		i := uint32(len(t.names))
		index[id] = i
		t.names = append(t.names, d.texts[id])
		return i
	}
	literal := func(off *uint32, n uint32) {
		at := uint32(len(t.text))
		t.text = append(t.text, d.base[*off:*off+n]...)
		*off = at
	}
	for i := range t.steps {
		s := &t.steps[i]
		s.name = nameOf(s.name)
		s.ctx = s.ctx.kind() | context(nameOf(s.ctx.path()))
		switch s.op {
		case opLiteral:
			literal(&s.off, s.n)
		case opMixed, opMixedName:
			at := uint32(len(t.parts))
			t.parts = append(t.parts, d.parts[s.off:s.off+s.n]...)
			s.off = at
		}
	}
	for i := range t.parts {
		if q := &t.parts[i]; q.kind == partText {
			literal(&q.off, q.n)
		}
	}
	return t
}

// borrow returns a template of another place as a program of the loaded chunk.
func (d *Decoder) borrow(id uint32, ctx context) (program, bool) {
	for _, p := range d.loans {
		if p.id == id && p.ctx == ctx {
			return p, true
		}
	}
	if d.library == nil {
		return program{}, false
	}
	t := d.library.find(id, ctx.kind())
	if t == nil {
		return program{}, false
	}
	p := program{id: id, ctx: ctx, start: int32(len(d.steps))}
	text, parts := uint32(len(d.base)), uint32(len(d.parts))
	ids := make([]uint32, len(t.names))
	for i, name := range t.names {
		var err error
		if ids[i], err = d.intern([]byte(name)); err != nil {
			return program{}, false
		}
	}
	d.base = append(d.base, t.text...)
	d.kept = len(d.base)
	for _, q := range t.parts {
		if q.kind == partText {
			q.off += text
		}
		d.parts = append(d.parts, q)
	}
	for _, s := range t.steps {
		s.name = ids[s.name]
		s.ctx = s.ctx.kind() | context(ids[s.ctx.path()])
		switch s.op {
		case opLiteral:
			s.off += text
		case opMixed, opMixedName:
			s.off += parts
		}
		d.steps = append(d.steps, s)
	}
	p.end = int32(len(d.steps))
	d.loans = append(d.loans, p)
	return p, true
}

// bare stores the values of an instance without a template. The root templates
// of all logs have the System fields at the same positions (section 5.1).
func (d *Decoder) bare(vals, n int, ctx context) error {
	if ctx.kind() != ctxRoot {
		for i := range n {
			v := d.vals[vals+i]
			if v.typ == Fragment {
				if _, err := d.fragment(int(v.off), int(v.off+v.n), ctx); err != nil {
					return err
				}
				continue
			}
			d.put(&step{name: d.empty}, v)
		}
		return nil
	}
	if !d.standard(vals, n) {
		return d.bad(int64(d.base0(vals, n)), "template instance", "has no template and unusual values")
	}
	v := d.vals[vals : vals+n]
	for i, s := range standardSlots {
		if v[i].typ != Null {
			d.slots[s] = v[i]
		}
	}
	switch n {
	case 18:
		for i, s := range []slot{slotRelated, slotProvider, slotGUID, slotChannel} {
			if v[13+i].typ != Null {
				d.slots[s] = v[13+i]
			}
		}
	case 20:
		if v[18].typ == GUID {
			d.slots[slotRelated] = v[18]
		}
	}
	return d.payload(v[n-1], ctxEvent|context(d.empty))
}

// base0 is where the values of an instance begin, for an error.
func (d *Decoder) base0(vals, n int) uint32 {
	if n == 0 {
		return 0
	}
	return d.vals[vals].off
}

// standardSlots are the fields of the values 0 to 12.
var standardSlots = [13]slot{
	slotLevel, slotOpcode, slotTask, slotEventID, slotQualifiers, slotKeywords, slotCreated, slotActivity,
	slotProcess, slotThread, slotRecordID, slotVersion, slotUser,
}

// standardTypes are the types of those that are never NULL (section 8.3).
var standardTypes = [...]struct {
	at  int
	typ Type
	n   uint32
}{
	{0, Uint8, 1}, {1, Uint8, 1}, {2, Uint16, 2}, {3, Uint16, 2}, {5, Hex64, 8}, {6, FileTime, 8}, {8, Uint32, 4}, {9, Uint32, 4},
	{10, Uint64, 8}, {11, Uint8, 1},
}

// standard reports whether the values are those of a root template.
func (d *Decoder) standard(vals, n int) bool {
	if n < 14 {
		return false
	}
	v := d.vals[vals : vals+n]
	for _, s := range standardTypes {
		if v[s.at].typ != s.typ || v[s.at].n != s.n {
			return false
		}
	}
	return v[n-1].typ == Fragment && le.Uint64(d.base[v[10].off:]) == d.recordID
}
