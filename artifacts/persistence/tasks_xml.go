package persistence

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits on the XML of a task. Real ones have some hundred elements, nested
// seven deep, and some kilobytes; the elements of what is longer, and the
// attributes of one element, would take many times its size in memory.
const (
	taskMaxBytes = 4 << 20
	taskMaxDepth = 64
	taskMaxNodes = 1 << 16
)

// A taskNode is one element: its name without the namespace, and what is in it.
type taskNode struct {
	name  string
	attrs []xml.Attr
	data  []byte
	kids  []*taskNode
}

func (n *taskNode) child(name string) *taskNode {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// children returns the elements of one name, all of them for "".
func (n *taskNode) children(name string) []*taskNode {
	if n == nil {
		return nil
	}
	if name == "" {
		return n.kids
	}
	var out []*taskNode
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// text returns the text of a child, without blanks around it.
func (n *taskNode) text(name string) string {
	if c := n.child(name); c != nil {
		return string(bytes.TrimSpace(c.data))
	}
	return ""
}

func (n *taskNode) attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// taskText finds out how the text is encoded by its byte order mark and, where
// there is none, by its first character; what the XML declaration says is not
// asked, it is often wrong. body is the file without the mark.
func taskText(b []byte) (text []byte, encoding string, body []byte) {
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return taskUTF16(b[2:], false), "UTF-16LE", b[2:]
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return taskUTF16(b[2:], true), "UTF-16BE", b[2:]
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return bytes.ToValidUTF8(b[3:], []byte("\uFFFD")), "UTF-8", b[3:]
	case len(b) >= 2 && b[0] != 0 && b[1] == 0:
		return taskUTF16(b, false), "UTF-16LE without mark", b
	case len(b) >= 2 && b[0] == 0 && b[1] != 0:
		return taskUTF16(b, true), "UTF-16BE without mark", b
	case utf8.Valid(b):
		return b, "UTF-8 without mark", b
	}
	// An 8-bit code page: what is not ASCII cannot be told.
	return bytes.ToValidUTF8(b, []byte("\uFFFD")), "8 bit", b
}

func taskUTF16(b []byte, bigEndian bool) []byte {
	u := make([]uint16, len(b)/2)
	for i := range u {
		if bigEndian {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		} else {
			u[i] = le.Uint16(b[2*i:])
		}
	}
	return []byte(string(utf16.Decode(u)))
}

// parseTaskXML reads the elements into a tree. A document type is refused: it
// is the place where entities are declared, and no task has one. What was read
// up to an error is returned beside it.
func parseTaskXML(text []byte) (*taskNode, error) {
	text = bytes.TrimRight(bytes.TrimLeft(text, " \t\r\n\x00"), "\x00")
	if len(text) == 0 {
		return nil, errors.New("the file is empty")
	}
	if bytes.HasPrefix(text, []byte("<?xml")) {
		// The declaration was written for the encoded text; this is UTF-8.
		i := bytes.Index(text, []byte("?>"))
		if i < 0 {
			return nil, errors.New("the XML declaration does not end")
		}
		text = text[i+2:]
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	var root *taskNode
	var stack []*taskNode
	nodes := 0
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			switch {
			case len(stack) > 0:
				return root, fmt.Errorf("the XML ends inside of %.40q", stack[len(stack)-1].name)
			case root == nil:
				return nil, errors.New("no XML element")
			}
			return root, nil
		}
		if err != nil {
			return root, fmt.Errorf("XML: %w", err)
		}
		switch tok := tok.(type) {
		case xml.Directive:
			return root, errors.New("XML: a document type is refused: no task has one")
		case xml.StartElement:
			if nodes++; nodes > taskMaxNodes || len(stack) >= taskMaxDepth {
				return root, fmt.Errorf("XML: more than %d elements, or nested deeper than %d", taskMaxNodes, taskMaxDepth)
			}
			n := &taskNode{name: tok.Name.Local, attrs: tok.Copy().Attr}
			switch {
			case len(stack) > 0:
				top := stack[len(stack)-1]
				top.kids = append(top.kids, n)
			case root == nil:
				root = n
			default:
				return root, errors.New("XML: a second root element")
			}
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 0 || stack[len(stack)-1].name != tok.Name.Local {
				return root, fmt.Errorf("XML: %.40q ends and did not begin", tok.Name.Local)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				if top := stack[len(stack)-1]; len(top.kids) == 0 {
					top.data = append(top.data, tok...)
				}
			}
		}
	}
}
