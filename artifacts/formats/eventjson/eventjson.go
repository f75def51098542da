// Package eventjson reads events of Windows event logs that another program
// has exported: documents of Winlogbeat (JSON lines from Elasticsearch), JSON of
// evtx_dump, EvtxECmd and Velociraptor, and XML as Windows writes it.
//
// The form is found by the content. Values are text, in the order of the
// export; names of data below UserData are joined with slashes, as package evtx
// joins them.
//
//	for e, err := range eventjson.Read(r) {
//		if err != nil {
//			log.Print(err) // this document is damaged; the others follow
//			continue
//		}
//		fmt.Println(e.Time, e.Channel, e.EventID)
//	}
package eventjson

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

const format = "event export"

// Limits of what is read.
const (
	MaxDocument = 16 << 20 // bytes of one document
	maxDepth    = 32
	maxValues   = 1 << 14 // values of one document
	maxErrors   = 1000    // then reading ends
	maxKnown    = 16      // documents that Known tries
)

// ErrFormat is returned for a file that is no export of events.
var ErrFormat = errors.New("not an export of events")

// A Pair is a value with its name.
type Pair struct{ Name, Value string }

// An Event is one exported event.
type Event struct {
	RecordID  uint64
	EventID   uint32
	Version   uint8
	Level     uint8
	Provider  string
	Channel   string
	Computer  string
	UserSID   string
	ProcessID uint32
	ThreadID  uint32
	Activity  string
	Time      time.Time
	Data      []Pair
	Offset    int64  // of the document in the file
	Form      string // winlogbeat, evtx_dump, evtxecmd, velociraptor, xml
}

// Sniff reports whether the beginning of a file looks like an export of events.
func Sniff(head []byte) bool {
	head = plain(head)
	head = bytes.TrimLeft(head, "\ufeff \t\r\n")
	if bytes.HasPrefix(head, []byte("Record ")) { // evtx_dump writes a line before each document
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
	switch {
	case len(head) == 0:
		return false
	case head[0] == '<':
		return bytes.Contains(head, []byte("<Event"))
	case head[0] == '{' || head[0] == '[':
		for _, s := range []string{`"winlog"`, `"EventID"`, `"EventId"`, `"Event"`, `"event_id"`, `"EventData"`, `"System"`} {
			if bytes.Contains(head, []byte(s)) {
				return true
			}
		}
	}
	return false
}

// Known reports whether one of the first documents in the beginning of a file is an
// event. Unlike [Sniff] it is not deceived by JSON that has a name in common with them.
func Known(head []byte) bool {
	if !Sniff(head) {
		return false
	}
	n := 0
	for e, err := range Read(bytes.NewReader(head)) {
		if err == nil && e.EventID != 0 && e.Channel != "" {
			return true
		}
		if n++; n == maxKnown {
			break
		}
	}
	return false
}

// plain returns text in UTF-16 with a byte order mark as UTF-8.
func plain(b []byte) []byte {
	if len(b) < 2 || !(b[0] == 0xFF && b[1] == 0xFE) && !(b[0] == 0xFE && b[1] == 0xFF) {
		return b
	}
	big := b[0] == 0xFE
	u := make([]uint16, 0, len(b)/2)
	for i := 2; i+1 < len(b); i += 2 {
		v := uint16(b[i]) | uint16(b[i+1])<<8
		if big {
			v = v<<8 | v>>8
		}
		u = append(u, v)
	}
	return []byte(string(utf16.Decode(u)))
}

// Read yields the events of an export. An error belongs to one document; the
// events after it follow. The last error can be about the reader.
func Read(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		head, _ := in.Peek(4)
		if len(head) >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF) {
			in = bufio.NewReaderSize(newUTF16(in), 64<<10)
		}
		head, _ = in.Peek(4 << 10)
		t := bytes.TrimLeft(head, "\ufeff \t\r\n")
		if len(t) > 0 && t[0] == '<' {
			readXML(in, yield)
			return
		}
		readJSON(in, yield)
	}
}

// readJSON splits the input into documents: objects one after the other, with or
// without an array around them. Each is at most MaxDocument bytes.
func readJSON(in *bufio.Reader, yield func(Event, error) bool) {
	s := splitter{in: in}
	documents(s.next, parse, yield)
}

// documents yields the event of each document, and an error for one that has none.
func documents[T any](next func() (doc T, at int64, err error), parse func(T) (Event, error), yield func(Event, error) bool) {
	bad := 0
	for {
		doc, at, err := next()
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(Event{Offset: at}, err)
			return
		}
		e, err := parse(doc)
		e.Offset = at
		if err != nil {
			err = &wire.FormatError{Format: format, Offset: at, Struct: "document", Problem: "is not an event", Err: err}
			if bad++; bad > maxErrors {
				yield(e, &wire.FormatError{Format: format, Offset: at, Struct: "document", Problem: "more than 1,000 are damaged"})
				return
			}
		}
		if !yield(e, err) {
			return
		}
	}
}

// A splitter finds the objects of a stream of JSON.
type splitter struct {
	in  *bufio.Reader
	off int64
}

// next returns the next object at the top, or one below an array at the top.
func (s *splitter) next() (doc []byte, at int64, err error) {
	for {
		c, err := s.in.ReadByte()
		if err != nil {
			return nil, s.off, err
		}
		s.off++
		if c == '{' {
			break
		}
	}
	at = s.off - 1
	doc = append(doc, '{')
	depth, text, escaped := 1, false, false
	for depth > 0 {
		c, err := s.in.ReadByte()
		if err == io.EOF {
			return nil, at, &wire.FormatError{Format: format, Offset: at, Struct: "document", Problem: "is cut off"}
		}
		if err != nil {
			return nil, at, err
		}
		s.off++
		if len(doc) >= MaxDocument {
			return nil, at, &wire.FormatError{Format: format, Offset: at, Struct: "document", Problem: "is longer than 16 MiB"}
		}
		doc = append(doc, c)
		switch {
		case escaped:
			escaped = false
		case text:
			escaped, text = c == '\\', c != '"'
			if c == '\\' {
				text = true
			}
		case c == '"':
			text = true
		case c == '{':
			depth++
		case c == '}':
			depth--
		}
	}
	return doc, at, nil
}

// A node is a value of JSON whose members keep their order.
type node struct {
	text string
	keys []string // of an object; "" each for an array
	kids []*node
	leaf bool
	null bool
}

type builder struct {
	dec *json.Decoder
	n   int
}

func (b *builder) value(depth int) (*node, error) {
	if b.n++; b.n > maxValues || depth > maxDepth {
		return nil, errors.New("too many values")
	}
	t, err := b.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		n := new(node)
		for b.dec.More() {
			key := ""
			if t == '{' {
				k, err := b.dec.Token()
				if err != nil {
					return nil, err
				}
				key, _ = k.(string)
			}
			kid, err := b.value(depth + 1)
			if err != nil {
				return nil, err
			}
			n.keys, n.kids = append(n.keys, key), append(n.kids, kid)
		}
		_, err := b.dec.Token()
		return n, err
	case string:
		return &node{text: t, leaf: true}, nil
	case json.Number:
		return &node{text: t.String(), leaf: true}, nil
	case bool:
		return &node{text: strconv.FormatBool(t), leaf: true}, nil
	}
	return &node{leaf: true, null: true}, nil
}

// get returns a member by its path, or nil.
func (n *node) get(path ...string) *node {
	for _, p := range path {
		if n == nil {
			return nil
		}
		var next *node
		for i, k := range n.keys {
			if k == p {
				next = n.kids[i]
				break
			}
		}
		n = next
	}
	return n
}

// str returns the text of the first path that has one.
func (n *node) str(paths ...string) string {
	for _, p := range paths {
		if v := n.get(strings.Split(p, "/")...); v != nil && v.leaf && v.text != "" {
			return v.text
		}
	}
	return ""
}

func (n *node) num(paths ...string) uint64 {
	s := n.str(paths...)
	if h, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		v, _ := strconv.ParseUint(h, 16, 64)
		return v
	}
	if v, err := strconv.ParseUint(s, 10, 64); err == nil {
		return v
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1<<62 {
		return 0
	}
	return uint64(f)
}

func parse(doc []byte) (Event, error) {
	b := builder{dec: json.NewDecoder(bytes.NewReader(doc))}
	b.dec.UseNumber()
	n, err := b.value(0)
	if err != nil {
		return Event{}, err
	}
	if s := n.get("_source"); s != nil {
		n = s
	}
	switch {
	case n.get("winlog") != nil:
		return winlogbeat(n.get("winlog"), n), nil
	case n.get("log_name") != nil && n.get("event_id") != nil: // Winlogbeat before 7
		return winlogbeat(n, n), nil
	case n.get("Event", "System") != nil:
		return evtxDump(n.get("Event"))
	case n.get("System", "EventID") != nil:
		return velociraptor(n)
	case n.get("EventId") != nil && n.get("Channel") != nil:
		return evtxECmd(n)
	case n.get("EventID") != nil && n.get("Channel") != nil && n.get("EventTime") != nil:
		return hunter(n)
	case n.get("winlog.channel") != nil: // members joined with dots
		return dotted(n), nil
	}
	return Event{}, ErrFormat
}

// winlogbeat reads a document of Winlogbeat.
func winlogbeat(w, doc *node) Event {
	e := Event{
		Form: "winlogbeat", Channel: w.str("channel", "log_name"), Provider: w.str("provider_name", "source_name"),
		EventID: uint32(w.num("event_id")), RecordID: w.num("record_id", "record_number"), Version: uint8(w.num("version")),
		Computer: w.str("computer_name"), UserSID: w.str("user/identifier"), ProcessID: uint32(w.num("process/pid", "process_id")),
		ThreadID: uint32(w.num("process/thread/id", "thread_id")), Activity: w.str("activity_id"),
		Time: when(firstOf(w.str("time_created"), doc.str("@timestamp", "event/created"))),
	}
	e.Level = levels[strings.ToLower(firstOf(doc.str("log/level"), w.str("level")))]
	if d := w.get("event_data"); d != nil {
		e.members(d.keys, d.kids, w.str("provider_guid") != "")
	}
	if d := w.get("user_data"); d != nil {
		root := d.str("xml_name")
		for i, k := range d.keys {
			if k != "xml_name" {
				d.kids[i].flatten("UserData/"+join(root, k), &e.Data)
			}
		}
	}
	return e
}

// members takes the members of event_data. A provider with a manifest gives all its
// values names.
func (e *Event) members(keys []string, kids []*node, manifest bool) {
	var unnamed []string
	for i, k := range keys {
		if n := e.unnamed(k); n > 0 && kids[i].leaf && !manifest {
			unnamed = append(unnamed, make([]string, max(0, n-len(unnamed)))...)
			unnamed[n-1] = kids[i].text
			continue
		}
		kids[i].flatten(k, &e.Data)
	}
	for _, s := range unnamed {
		e.Data = append(e.Data, Pair{"", s})
	}
}

// maxUnnamed bounds the unnamed strings of an event.
const maxUnnamed = 256

// unnamed returns the number of an unnamed string, from 1, or 0: Winlogbeat calls
// these param1 and so on, and leaves out empty ones. Documents have their members in
// the order of the names, in which param10 comes before param2.
func (e *Event) unnamed(name string) int {
	digits, ok := strings.CutPrefix(name, "param")
	n, err := strconv.Atoi(digits)
	provider := strings.ToLower(e.Provider)
	if !ok || err != nil || n < 1 || n > maxUnnamed || provider == "" || strings.HasPrefix(provider, "microsoft-windows-") || named[provider] {
		return 0
	}
	return n
}

// named are providers that call their own values param1 and so on, beside those whose
// name says that they have a manifest.
var named = map[string]bool{"service control manager": true, "user32": true, "eventlog": true, "netlogon": true}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "/" + b
}

// levels are the words for levels that exports use.
var levels = map[string]uint8{
	"critical": 1, "error": 2, "warning": 3, "information": 4, "info": 4, "verbose": 5, "logalways": 0, "1": 1, "2": 2, "3": 3, "4": 4,
	"5": 5,
}

// flatten appends the values below a node in their order.
func (n *node) flatten(name string, out *[]Pair) {
	if n.leaf {
		*out = append(*out, Pair{name, n.text})
		return
	}
	for i, k := range n.kids {
		key := n.keys[i]
		switch {
		case key == "" || key == "#text" || key == "Value" && len(n.kids) == 1:
			k.flatten(name, out)
		case strings.HasPrefix(key, "#attributes") || key == "xmlns" || strings.HasPrefix(key, "@xmlns"):
		default:
			k.flatten(join(name, strings.TrimPrefix(key, "@")), out)
		}
	}
}
