package eventjson

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// readXML yields the elements Event of a stream, with or without an element
// around them. A document that is not well formed is skipped to the next one.
func readXML(in *bufio.Reader, yield func(Event, error) bool) {
	s := xmlSplitter{in: in}
	documents(s.next, parseXML, yield)
}

// An xmlSplitter finds the elements Event of a stream.
type xmlSplitter struct {
	in  *bufio.Reader
	off int64
}

func (s *xmlSplitter) next() (doc string, at int64, err error) {
	var b strings.Builder
	inside := false
	for {
		chunk, err := s.tag(MaxDocument - b.Len())
		s.off += int64(len(chunk))
		if err == errLong {
			return "", at, &wire.FormatError{Format: format, Offset: at, Struct: "document", Problem: "is longer than 16 MiB"}
		}
		if !inside {
			if i := strings.LastIndex(chunk, "<Event"); i >= 0 && i+6 < len(chunk) && strings.ContainsRune(" >\t\r\n", rune(chunk[i+6])) {
				inside, at = true, s.off-int64(len(chunk)-i)
				b.WriteString(chunk[i:])
			}
		} else {
			b.WriteString(chunk)
			if strings.HasSuffix(chunk, "</Event>") {
				return b.String(), at, nil
			}
		}
		if err == io.EOF && inside {
			return "", at, &wire.FormatError{Format: format, Offset: at, Struct: "document", Problem: "is cut off"}
		}
		if err != nil {
			return "", at, err
		}
	}
}

// errLong is the error of tag for text that is too long.
var errLong = errors.New("too long")

// tag reads up to the end of the next tag, at most n bytes.
func (s *xmlSplitter) tag(n int) (string, error) {
	var out []byte
	for {
		part, err := s.in.ReadSlice('>')
		out = append(out, part...)
		if len(out) > n {
			return "", errLong
		}
		if err != bufio.ErrBufferFull {
			return string(out), err
		}
	}
}

// parseXML reads one element.
func parseXML(doc string) (Event, error) {
	e := Event{Form: "xml"}
	dec := xml.NewDecoder(strings.NewReader(doc))
	dec.Strict = false
	var path []string
	var name string // of the value at hand
	var text strings.Builder
	leaf := false
	for n := 0; ; n++ {
		t, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return e, err
		}
		if n > 4*maxValues || len(path) > maxDepth {
			return e, errors.New("too many elements")
		}
		switch t := t.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			name, leaf = "", true
			text.Reset()
			e.start(path, t.Attr, &name)
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if leaf {
				e.end(path, name, text.String())
			}
			leaf = false
			text.Reset()
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		}
	}
	if e.EventID == 0 && e.Channel == "" && e.Provider == "" {
		return e, ErrFormat
	}
	return e, nil
}

func attr(list []xml.Attr, name string) string {
	for _, a := range list {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func number(s string) uint64 {
	s = strings.TrimSpace(s)
	if h, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		n, _ := strconv.ParseUint(h, 16, 64)
		return n
	}
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

// start reads the attributes of an element.
func (e *Event) start(path []string, attrs []xml.Attr, name *string) {
	if len(path) == 3 && path[1] == "System" {
		switch path[2] {
		case "Provider":
			e.Provider = attr(attrs, "Name")
		case "TimeCreated":
			e.Time = when(attr(attrs, "SystemTime"))
		case "Security":
			e.UserSID = attr(attrs, "UserID")
		case "Execution":
			e.ProcessID, e.ThreadID = uint32(number(attr(attrs, "ProcessID"))), uint32(number(attr(attrs, "ThreadID")))
		case "Correlation":
			e.Activity = attr(attrs, "ActivityID")
		}
		return
	}
	*name = attr(attrs, "Name")
}

// end takes in the text of an element without elements below it.
func (e *Event) end(path []string, name, text string) {
	switch {
	case len(path) == 3 && path[1] == "System":
		switch path[2] {
		case "EventID":
			e.EventID = uint32(number(text))
		case "Version":
			e.Version = uint8(number(text))
		case "Level":
			e.Level = uint8(number(text))
		case "EventRecordID":
			e.RecordID = number(text)
		case "Channel":
			e.Channel = text
		case "Computer":
			e.Computer = text
		}
	case len(path) >= 3 && path[1] == "EventData":
		if name == "" && path[len(path)-1] != "Data" {
			name = path[len(path)-1]
		}
		e.Data = append(e.Data, Pair{name, text})
	case len(path) >= 3 && path[1] != "System" && path[1] != "RenderingInfo":
		e.Data = append(e.Data, Pair{strings.Join(path[1:], "/"), text})
	}
}

// A utf16Reader turns UTF-16 with a byte order mark into UTF-8.
type utf16Reader struct {
	in   io.Reader
	rest []byte
	high rune // a first half that waits for the second
	big  bool
	odd  []byte
	buf  [8 << 10]byte
	err  error
}

func newUTF16(in *bufio.Reader) io.Reader {
	var mark [2]byte
	io.ReadFull(in, mark[:])
	return &utf16Reader{in: in, big: mark[0] == 0xFE}
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.in.Read(r.buf[:])
		r.err = err
		b := append(r.odd, r.buf[:n]...)
		r.odd = append([]byte(nil), b[len(b)&^1:]...)
		for i := 0; i+1 < len(b); i += 2 {
			v := rune(b[i]) | rune(b[i+1])<<8
			if r.big {
				v = rune(b[i])<<8 | rune(b[i+1])
			}
			switch {
			case r.high != 0:
				r.rest = append(r.rest, string(utf16.DecodeRune(r.high, v))...)
				r.high = 0
			case utf16.IsSurrogate(v):
				r.high = v
			default:
				r.rest = append(r.rest, string(v)...)
			}
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
