package wmi

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// CIM types ([MS-WMIO] 2.2.82).
const (
	cimSint16    = 2
	cimSint32    = 3
	cimReal32    = 4
	cimReal64    = 5
	cimString    = 8
	cimBoolean   = 11
	cimObject    = 13
	cimSint8     = 16
	cimUint8     = 17
	cimUint16    = 18
	cimUint32    = 19
	cimSint64    = 20
	cimUint64    = 21
	cimDatetime  = 101
	cimReference = 102
	cimChar16    = 103

	cimArray     = 0x2000
	cimInherited = 0x4000
)

// width returns the size of a slot in the value table.
func width(t uint32) int {
	switch t {
	case cimSint8, cimUint8:
		return 1
	case cimSint16, cimUint16, cimBoolean, cimChar16:
		return 2
	case cimReal64, cimSint64, cimUint64:
		return 8
	}
	return 4 // numbers of 4 bytes, and offsets in the heap
}

// A class is one definition of a class.
type class struct {
	name   string
	super  string
	stored uint64 // FILETIME; instances repeat it
	own    []property
	all    []property // with the inherited ones, by index; nil: not laid out
	values int        // size of the value table of an instance
	heap   []byte
	tried  bool // to lay it out
}

type property struct {
	name   string
	typ    uint32
	index  int
	offset int // in the value table
	null   bool
	parent bool   // the default is the superclass's
	def    []byte // slot of the default value
	heap   []byte // that the slot refers to
}

// The classes whose instances are read, with what they are derived from.
// Classes of the repository that are derived from one of them are added.
var (
	rootClasses = []string{"__SystemClass", "__IndicationRelated", "__EventConsumer", "__EventGenerator", "__TimerInstruction"}
	subscribed  = []string{"__EventFilter", "__FilterToConsumerBinding", "ActiveScriptEventConsumer", "CommandLineEventConsumer",
		"LogFileEventConsumer", "NTEventLogEventConsumer", "SMTPEventConsumer", "__AbsoluteTimerInstruction", "__IntervalTimerInstruction"}
)

const namespaceClass = "__NAMESPACE"

// derives reports whether a class of this name, or one derived from a class of
// this name, may belong to a subscription.
func derives(name string) bool {
	for _, list := range [][]string{rootClasses, subscribed} {
		for _, c := range list {
			if strings.EqualFold(c, name) {
				return true
			}
		}
	}
	return false
}

var errClass = errors.New("is not a class definition")

// addClass keeps the definition of a class that subscriptions need.
// A class definition record: u32 characters of the superclass, its name in
// UTF-16, FILETIME, then a ClassPart ([MS-WMIO] 2.2.16).
func (r *Repository) addClass(rec *record) {
	rd := wire.NewReader(rec.b, 0)
	n := rd.Uint32()
	if n > 128 {
		return
	}
	super := rd.Take(2 * int(n))
	rd.Skip(8)
	if rd.Failed() || n > 0 && !derives(wire.UTF16(super)) {
		return
	}
	c, err := parseClass(r.whole(rec))
	if err != nil || n == 0 && !strings.EqualFold(c.name, namespaceClass) && !derives(c.name) {
		return
	}
	if r.definitions < maxClasses {
		r.definitions++
		key := strings.ToUpper(c.name)
		r.classes[key] = append(r.classes[key], c)
	}
}

func parseClass(b []byte) (*class, error) {
	rd := wire.NewReader(b, 0)
	c := &class{super: wire.UTF16(rd.Take(2 * int(min(rd.Uint32(), 1<<16))))}
	c.stored = rd.Uint64()
	start := rd.Offset()
	size := rd.Uint32()
	rd.Skip(1)
	nameRef := rd.Uint32()
	tables := rd.Uint32()
	skipSized(rd) // derivation
	skipSized(rd) // qualifiers
	n := int(rd.Uint32())
	if rd.Failed() || int64(size) > int64(len(b)-start) || n < 0 || n > rd.Left()/8 {
		return nil, errClass
	}
	lookup := rd.Take(8 * n)
	values := rd.Take(int(min(tables, 1<<24)))
	heapSize := rd.Uint32()
	if heapSize&0x80000000 == 0 {
		return nil, errClass
	}
	c.heap = rd.Take(int(heapSize & 0x7FFFFFFF))
	if rd.Failed() {
		return nil, errClass
	}
	var ok bool
	if c.name, ok = heapString(c.heap, nameRef); !ok || c.name == "" {
		return nil, errClass
	}
	for i := range n {
		p, ok := parseProperty(c.heap, le.Uint32(lookup[8*i:]), le.Uint32(lookup[8*i+4:]))
		if !ok {
			return nil, errClass
		}
		c.own = append(c.own, p)
	}
	c.defaults(values)
	return c, nil
}

// skipSized skips a part that begins with its size, which counts itself.
func skipSized(rd *wire.Reader) {
	n := rd.Uint32()
	rd.Skip(int(min(max(n, 4)-4, 1<<30)))
}

// parseProperty reads a PropertyInfo: u32 type, u16 index, u32 offset in the
// value table, u32 level of the class that declares it, qualifiers.
func parseProperty(heap []byte, name, info uint32) (p property, ok bool) {
	if p.name, ok = heapString(heap, name); !ok {
		return p, false
	}
	if int64(info)+14 > int64(len(heap)) {
		return p, false
	}
	b := heap[info:]
	p.typ = le.Uint32(b) &^ cimInherited
	p.index, p.offset = int(le.Uint16(b[4:])), int(min(le.Uint32(b[6:]), 1<<20))
	return p, p.name != ""
}

// defaults finds the default values: two bits for each property, then the
// value table.
func (c *class) defaults(b []byte) {
	count := 0
	for _, p := range c.own {
		count = max(count, p.index+1)
	}
	bits := (2*count + 7) / 8
	for i := range c.own {
		p := &c.own[i]
		at := bits + p.offset
		if bits > len(b) || at+slot(p.typ) > len(b) {
			p.null = true
			continue
		}
		flags := b[p.index/4] >> (2 * (p.index % 4)) & 3
		p.null, p.parent = flags&1 != 0, flags&2 != 0
		p.def, p.heap = b[at:at+slot(p.typ)], c.heap
	}
}

func slot(typ uint32) int {
	if typ&cimArray != 0 {
		return 4
	}
	return width(typ)
}

// class returns the definition that an instance was written with: that of its
// name whose time the instance repeats, else the one with most properties, else
// a built-in one. nil: none.
func (r *Repository) class(name string, stored uint64) *class {
	var best *class
	for _, c := range r.classes[strings.ToUpper(name)] {
		if r.layOut(c) != nil && (best == nil || best.stored != stored && (c.stored == stored || len(c.all) > len(best.all))) {
			best = c
		}
	}
	if best == nil {
		best = builtin(name)
	}
	return best
}

// layOut lists the properties of a class with those of its superclasses.
func (r *Repository) layOut(c *class) *class {
	if c.all != nil {
		return c
	}
	if c.tried {
		return nil // it failed before, or is its own superclass
	}
	c.tried = true
	all := slices.Clone(c.own)
	if c.super != "" {
		var parent *class
		for _, p := range r.classes[strings.ToUpper(c.super)] {
			if p != c && r.layOut(p) != nil {
				parent = p
				break
			}
		}
		if parent == nil {
			return nil
		}
		for _, inherited := range parent.all {
			i := slices.IndexFunc(all, func(p property) bool { return strings.EqualFold(p.name, inherited.name) })
			switch {
			case i < 0:
				all = append(all, inherited)
			case all[i].parent:
				all[i].null, all[i].def, all[i].heap = inherited.null, inherited.def, inherited.heap
			}
		}
	}
	slices.SortFunc(all, func(a, b property) int { return cmp.Compare(a.index, b.index) })
	for i, p := range all {
		if p.index != i {
			return nil
		}
		c.values = max(c.values, p.offset+slot(p.typ))
	}
	c.all = append(make([]property, 0, len(all)), all...)
	return c
}

// builtinLayouts are the properties of the standard classes, for repositories
// whose definitions are lost. They are those of Windows Server 2022.
var builtinLayouts = map[string]string{
	"__EVENTFILTER": "Name s,CreatorSID a,QueryLanguage s,Query s,EventNamespace s,EventAccess s",
	"__FILTERTOCONSUMERBINDING": "Filter r,Consumer r,DeliveryQoS u,DeliverSynchronously b," +
		"MaintainSecurityContext b,SlowDownProviders b,CreatorSID a",
	"__INTERVALTIMERINSTRUCTION": "TimerId s,SkipIfPassed b,IntervalBetweenEvents u",
	"__ABSOLUTETIMERINSTRUCTION": "TimerId s,SkipIfPassed b,EventDateTime d",
	"ACTIVESCRIPTEVENTCONSUMER": "MachineName s,MaximumQueueSize u,CreatorSID a,Name s,ScriptingEngine s,ScriptText s,ScriptFilename s," +
		"KillTimeout u",
	"COMMANDLINEEVENTCONSUMER": "MachineName s,MaximumQueueSize u,CreatorSID a,Name s,ExecutablePath s,CommandLineTemplate s," +
		"UseDefaultErrorMode b,CreateNewConsole b,CreateNewProcessGroup b,CreateSeparateWowVdm b,CreateSharedWowVdm b,Priority i," +
		"WorkingDirectory s,DesktopName s,WindowTitle s,XCoordinate u,YCoordinate u,XSize u,YSize u,XNumCharacters u,YNumCharacters u," +
		"FillAttribute u,ShowWindowCommand u,ForceOnFeedback b,ForceOffFeedback b,RunInteractively b,KillTimeout u",
	"LOGFILEEVENTCONSUMER": "MachineName s,MaximumQueueSize u,CreatorSID a,Name s,Filename s,Text s,MaximumFileSize q,IsUnicode b",
	"NTEVENTLOGEVENTCONSUMER": "MachineName s,MaximumQueueSize u,CreatorSID a,Name s,UNCServerName s,SourceName s,EventID u,EventType u," +
		"Category w,NumberOfInsertionStrings u,InsertionStringTemplates t,NameOfRawDataProperty s,NameOfUserSIDProperty s",
	"SMTPEVENTCONSUMER": "MachineName s,MaximumQueueSize u,CreatorSID a,Name s,SMTPServer s,Subject s,FromLine s,ReplyToLine s,Message s," +
		"ToLine s,CcLine s,BccLine s,HeaderFields t",
	namespaceClass: "Name s",
}

var builtinTypes = map[byte]uint32{'s': cimString, 'a': cimUint8 | cimArray, 'r': cimReference, 'd': cimDatetime, 't': cimString | cimArray,
	'u': cimUint32, 'b': cimBoolean, 'i': cimSint32, 'q': cimUint64, 'w': cimUint16}

func builtin(name string) *class {
	layout, ok := builtinLayouts[strings.ToUpper(name)]
	if !ok {
		return nil
	}
	c := &class{name: name}
	for i, field := range strings.Split(layout, ",") {
		p := property{name: field[:len(field)-2], typ: builtinTypes[field[len(field)-1]], index: i, offset: c.values, null: true}
		c.values += slot(p.typ)
		c.all = append(c.all, p)
	}
	return c
}
