package evtx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestJSONReal(t *testing.T) {
	someLogs(t, func(path string, b []byte) {
		f, err := Open(bytes.NewReader(b), int64(len(b)), &Options{Recover: true})
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		var pairs []Pair
		for rec := range f.Records() {
			if rec.Size == 0 {
				continue
			}
			out = rec.AppendJSON(out[:0])
			var got struct {
				RecordID uint64 `json:"record_id"`
				EventID  uint16 `json:"event_id"`
				Provider string
				Filetime uint64
				Data     [][2]string
			}
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%s: record %d: %v: %s", path, rec.ID, err, out)
			}
			if got.RecordID != rec.ID || got.EventID != rec.EventID() || got.Filetime != rec.Created() || got.Provider != rec.Provider() {
				t.Fatalf("%s: record %d: %+v", path, rec.ID, got)
			}
			pairs = rec.Pairs(pairs[:0])
			if len(pairs) != len(got.Data) {
				t.Fatalf("%s: record %d: %d pairs in JSON, want %d", path, rec.ID, len(got.Data), len(pairs))
			}
			for i, p := range pairs {
				if got.Data[i] != [2]string{p.Name, p.Value} {
					t.Fatalf("%s: record %d: %q in JSON, want %q", path, rec.ID, got.Data[i], p)
				}
			}
		}
	})
}

// TestXMLReal parses the XML text of every record and derives the pairs from
// it: they are those that the programs give.
func TestXMLReal(t *testing.T) {
	n := 0
	someLogs(t, func(path string, b []byte) {
		f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for rec := range f.Records() {
			if rec.Size == 0 {
				continue
			}
			n++
			text, err := rec.XML()
			if err != nil {
				t.Fatalf("%s: record %d: %v", path, rec.ID, err)
			}
			got, err := pairsOfXML(text)
			if err != nil {
				t.Fatalf("%s: record %d: %v in %s", path, rec.ID, err, text)
			}
			var want []Pair
			for name, v := range rec.Data() {
				s := v.String()
				if v.Type == GUID {
					s = strings.ToLower(s)
				}
				want = append(want, Pair{name, xmlChars(s)})
			}
			if len(got) != len(want) {
				t.Fatalf("%s: record %d: %q, want %q in %s", path, rec.ID, got, want, text)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s: record %d: %q, want %q in %s", path, rec.ID, got[i], want[i], text)
				}
			}
		}
	})
	t.Logf("%d records", n)
}

// xmlChars is a text as an XML reader gives it back.
func xmlChars(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s)
}

// pairsOfXML derives the canonical pairs (docs/formats/evtx.md, section 7) from
// XML, with a tree and without the reader's contexts.
func pairsOfXML(text string) ([]Pair, error) {
	type node struct {
		name     string
		attrs    []xml.Attr
		text     strings.Builder
		children int
		at       int
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	var stack []*node
	var pairs []Pair
	for {
		tok, err := dec.RawToken()
		if err == io.EOF {
			return pairs, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local, at: len(pairs)}
			if tok.Name.Space != "" {
				n.name = tok.Name.Space + ":" + n.name
			}
			for _, a := range tok.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
					n.attrs = append(n.attrs, a)
				}
			}
			if len(stack) > 0 {
				stack[len(stack)-1].children++
			}
			stack = append(stack, n)
			if len(stack) < 2 || stack[1].name == "System" {
				continue
			}
			var path []string
			for _, n := range stack[1:] {
				path = append(path, n.name)
			}
			inData := path[0] == "EventData"
			switch {
			case inData && len(path) == 1:
				for _, a := range n.attrs {
					pairs = append(pairs, Pair{"@" + a.Name.Local, a.Value})
				}
				continue
			case len(path) == 1, inData && path[1] == "Data":
				continue
			case inData:
				path = path[1:]
			}
			for _, a := range n.attrs {
				pairs = append(pairs, Pair{strings.Join(path, "/") + "@" + a.Name.Local, a.Value})
			}
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text.Write(tok)
			}
		case xml.EndElement:
			n := stack[len(stack)-1]
			if len(stack) > 1 && stack[1].name != "System" && n.children == 0 {
				var path []string
				for _, n := range stack[1:] {
					path = append(path, n.name)
				}
				s := n.text.String()
				switch {
				case path[0] == "EventData" && len(path) == 1:
				case path[0] == "EventData" && path[1] == "Data":
					name := ""
					for _, a := range n.attrs {
						if a.Name.Local == "Name" {
							name = a.Value
						}
					}
					pairs = append(pairs, Pair{name, s})
				default:
					if path[0] == "EventData" {
						path = path[1:]
					}
					if s != "" || len(n.attrs) == 0 {
						pairs = append(pairs, Pair{strings.Join(path, "/"), s})
					}
				}
			}
			stack = stack[:len(stack)-1]
		}
	}
}
