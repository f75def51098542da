package evtx

import (
	"crypto/sha1"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// An Event is an event as a provider makes it. A [Writer] turns it into a
// record.
type Event struct {
	Provider   string
	GUID       string // of the provider, in braces; "" for a classic provider
	Source     string // EventSourceName
	EventID    uint16
	Qualifiers uint16 // written when the provider is classic
	Version    uint8
	Level      uint8
	Task       uint16
	Opcode     uint8
	Keywords   uint64
	Created    time.Time
	Activity   string // GUID
	Related    string
	ProcessID  uint32
	ThreadID   uint32
	Channel    string
	Computer   string
	UserSID    string

	Data     []Field // EventData; a Field without name is positional
	Binary   []byte  // EventData/Binary
	UserData *UserData
	Message  string // RenderingInfo after the payload
}

// A Field is one Data element of EventData.
type Field struct {
	Name  string
	Value Value
}

// UserData is a payload of the provider's own elements.
type UserData struct {
	Name      string // of the element in UserData
	Namespace string
	Fields    []Field
}

const eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"

// A Writer turns events into records. Events of the same provider, channel and
// machine share templates.
type Writer struct {
	// Forwarded writes records without templates, as logs of collected events
	// and exported logs have them.
	Forwarded bool

	// Dynamic writes provider and channel as values, not as text of the
	// template.
	Dynamic bool

	templates map[string]*Template
}

// Record makes the record of an event.
func (w *Writer) Record(id uint64, e Event) Record {
	if w.Forwarded {
		return Record{ID: id, Written: e.Created.Add(2 * time.Second), Root: []Node{e.bare(id)}}
	}
	return Record{ID: id, Written: e.Created, Root: []Node{w.instance(id, e)}}
}

// Records makes records with identifiers from first on.
func (w *Writer) Records(first uint64, events ...Event) []Record {
	var records []Record
	for i, e := range events {
		records = append(records, w.Record(first+uint64(i), e))
	}
	return records
}

func (w *Writer) template(key string, root func() *Element) *Template {
	if w.templates == nil {
		w.templates = make(map[string]*Template)
	}
	t := w.templates[key]
	if t == nil {
		sum := sha1.Sum([]byte(key))
		t = &Template{GUID: [16]byte(sum[:16]), Root: root()}
		w.templates[key] = t
	}
	return t
}

// instance is a record of the root template, with the values in the order that
// all root templates of Windows have.
func (w *Writer) instance(id uint64, e Event) *Instance {
	opt := func(s string, f func(string) Value) Value {
		if s == "" {
			return Null()
		}
		return f(s)
	}
	qualifiers := Null()
	if e.GUID == "" || e.Qualifiers != 0 {
		qualifiers = U16(e.Qualifiers)
	}
	values := []Value{
		U8(e.Level), U8(e.Opcode), U16(e.Task), U16(e.EventID), qualifiers, Hex64(e.Keywords), Time(e.Created), opt(e.Activity, GUID),
		U32(e.ProcessID), U32(e.ThreadID), U64(id), U8(e.Version), opt(e.UserSID, SID),
	}
	payload := Nested(w.payload(e)...)
	if w.Dynamic {
		values = append(values, opt(e.Related, GUID), Str(e.Provider), opt(e.GUID, GUID), Str(e.Channel), payload)
	} else {
		values = append(values, Null(), Null(), Null(), Null(), Null(), opt(e.Related, GUID), payload)
	}
	key := fmt.Sprint("root", w.Dynamic, e.Provider, e.GUID, e.Source, e.Channel, e.Computer)
	if w.Dynamic {
		key = "root" + e.Computer
	}
	t := w.template(key, func() *Element { return rootTemplate(e, w.Dynamic) })
	return &Instance{Template: t, Values: values}
}

func sub(i int, typ byte) []Content { return []Content{Sub{Index: i, Type: typ, Optional: true}} }

func text(s string) []Content { return []Content{Text(s)} }

func rootTemplate(e Event, dynamic bool) *Element {
	name, guid, channel := text(e.Provider), text(e.GUID), text(e.Channel)
	related, payload := 18, 19
	if dynamic {
		name, guid, channel = sub(14, 1), sub(15, 0x0F), sub(16, 1)
		related, payload = 13, 17
	}
	provider := &Element{Name: "Provider", Attrs: []Attr{{"Name", name}}}
	if e.GUID != "" || dynamic {
		provider.Attrs = append(provider.Attrs, Attr{"Guid", guid})
	}
	if e.Source != "" && !dynamic {
		provider.Attrs = append(provider.Attrs, Attr{"EventSourceName", text(e.Source)})
	}
	leaf := func(name string, i int, typ byte) *Element {
		return &Element{Name: name, Content: sub(i, typ), Needs: i + 1}
	}
	id := leaf("EventID", 3, 6)
	id.Attrs = []Attr{{"Qualifiers", sub(4, 6)}}
	return &Element{Name: "Event", Attrs: []Attr{{"xmlns", text(eventNamespace)}}, Content: []Content{
		&Element{Name: "System", Content: []Content{
			provider, id, leaf("Version", 11, 4), leaf("Level", 0, 4), leaf("Task", 2, 6), leaf("Opcode", 1, 4), leaf("Keywords", 5, 0x15),
			&Element{Name: "TimeCreated", Attrs: []Attr{{"SystemTime", sub(6, 0x11)}}},
			leaf("EventRecordID", 10, 0x0A),
			&Element{Name: "Correlation", Attrs: []Attr{{"ActivityID", sub(7, 0x0F)}, {"RelatedActivityID", sub(related, 0x0F)}}},
			&Element{Name: "Execution", Attrs: []Attr{{"ProcessID", sub(8, 8)}, {"ThreadID", sub(9, 8)}}},
			&Element{Name: "Channel", Content: channel},
			&Element{Name: "Computer", Content: text(e.Computer)},
			&Element{Name: "Security", Attrs: []Attr{{"UserID", sub(12, 0x13)}}},
		}},
		Sub{Index: payload, Type: 0x21, Optional: true},
	}}
}

// payload makes the instances of the provider's own templates.
func (w *Writer) payload(e Event) []Node {
	var nodes []Node
	if e.UserData != nil {
		nodes = append(nodes, w.userData(e))
	} else {
		nodes = append(nodes, w.eventData(e))
	}
	if e.Message != "" {
		t := w.template("RenderingInfo", func() *Element {
			return &Element{Name: "RenderingInfo", Attrs: []Attr{{"Culture", text("en-US")}}, Content: []Content{
				&Element{Name: "Message", Content: []Content{Sub{Index: 0, Type: 1}}},
			}}
		})
		nodes = append(nodes, &Instance{Template: t, Values: []Value{Str(e.Message)}})
	}
	return nodes
}

func shape(fields []Field) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "/%s:%d", f.Name, f.Value.Type)
	}
	return b.String()
}

func fieldValues(fields []Field) []Value {
	var values []Value
	for _, f := range fields {
		values = append(values, f.Value)
	}
	return values
}

func dataElement(name string, content []Content) *Element {
	el := &Element{Name: "Data", Content: content, Pair: true}
	if name != "" {
		el.Attrs = []Attr{{"Name", text(name)}}
	}
	return el
}

func (w *Writer) eventData(e Event) *Instance {
	t := w.template(fmt.Sprint("data", e.Provider, e.EventID, shape(e.Data), e.Binary != nil), func() *Element {
		root := &Element{Name: "EventData", Pair: true}
		for i, f := range e.Data {
			root.Content = append(root.Content, dataElement(f.Name, []Content{Sub{Index: i, Type: f.Value.Type}}))
		}
		if e.Binary != nil {
			root.Content = append(root.Content, &Element{Name: "Binary", Content: sub(len(e.Data), 0x0E), Needs: len(e.Data) + 1})
		}
		return root
	})
	values := fieldValues(e.Data)
	if e.Binary != nil {
		values = append(values, Bin(e.Binary))
	}
	return &Instance{Template: t, Values: values}
}

func (w *Writer) userData(e Event) *Instance {
	u := e.UserData
	t := w.template(fmt.Sprint("user", e.Provider, e.EventID, u.Name, shape(u.Fields)), func() *Element {
		inner := &Element{Name: u.Name, Attrs: []Attr{{"xmlns", text(u.Namespace)}}}
		for i, f := range u.Fields {
			inner.Content = append(inner.Content, &Element{Name: f.Name, Content: []Content{Sub{Index: i, Type: f.Value.Type}}})
		}
		return &Element{Name: "UserData", Content: []Content{inner}}
	})
	return &Instance{Template: t, Values: fieldValues(u.Fields)}
}

// bare is the event as an element without templates: all values are text.
func (e Event) bare(id uint64) *Element {
	number := func(name string, n uint64) *Element {
		return &Element{Name: name, Content: text(strconv.FormatUint(n, 10))}
	}
	provider := &Element{Name: "Provider", Attrs: []Attr{{"Name", text(e.Provider)}}}
	if e.GUID != "" {
		provider.Attrs = append(provider.Attrs, Attr{"Guid", text(e.GUID)})
	}
	eventID := number("EventID", uint64(e.EventID))
	if e.GUID == "" {
		eventID.Attrs = []Attr{{"Qualifiers", text(strconv.Itoa(int(e.Qualifiers)))}}
	}
	security := &Element{Name: "Security"}
	if e.UserSID != "" {
		security.Attrs = []Attr{{"UserID", text(e.UserSID)}}
	}
	data := &Element{Name: "EventData", Pair: true}
	for _, f := range e.Data {
		data.Content = append(data.Content, dataElement(f.Name, text(f.Value.plain())))
	}
	return &Element{Name: "Event", Attrs: []Attr{{"xmlns", text(eventNamespace)}}, Content: []Content{
		&Element{Name: "System", Content: []Content{
			provider, eventID, number("Version", uint64(e.Version)), number("Level", uint64(e.Level)), number("Task", uint64(e.Task)),
			number("Opcode", uint64(e.Opcode)),
			&Element{Name: "Keywords", Content: text(fmt.Sprintf("%#x", e.Keywords))},
			&Element{Name: "TimeCreated", Attrs: []Attr{{"SystemTime", text(e.Created.UTC().Format("2006-01-02T15:04:05.0000000Z"))}}},
			number("EventRecordID", id),
			&Element{Name: "Correlation"},
			&Element{Name: "Execution", Attrs: []Attr{
				{"ProcessID", text(strconv.Itoa(int(e.ProcessID)))}, {"ThreadID", text(strconv.Itoa(int(e.ThreadID)))},
			}},
			&Element{Name: "Channel", Content: text(e.Channel)},
			&Element{Name: "Computer", Content: text(e.Computer)},
			security,
		}},
		data,
		&Element{Name: "RenderingInfo", Attrs: []Attr{{"Culture", text("en-US")}}, Content: []Content{
			&Element{Name: "Message", Content: text(e.Message), Pair: true},
		}},
	}}
}

// plain is a string value as text. Forwarded events hold no other type.
func (v Value) plain() string {
	if v.Type != 1 {
		panic("corpus: forwarded events hold strings only")
	}
	var units []uint16
	for i := 0; i+1 < len(v.Data); i += 2 {
		units = append(units, le.Uint16(v.Data[i:]))
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00")
}
