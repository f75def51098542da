package explain

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Where chunks begin, and the parts of a record: docs/formats/evtx.md, sections
// 2, 3 and 5.
const (
	firstChunk      = 4096
	recordHead      = 24
	fragmentHead    = 4
	instanceHead    = 10 // token, version, identifier, offset of the definition
	definitionHead  = 24
	descriptor      = 4
	maxDescriptors  = 4096
	instanceToken   = 0x0C
	nestedType      = 0x21
	maxNestedLevels = 8
)

var le = binary.LittleEndian

// rootValues are the fields that the values of a root template are for; all
// root templates of Windows have the same: section 5.1.
var rootValues = [...]string{
	"Level", "Opcode", "Task", "EventID", "Qualifiers", "Keywords", "TimeCreated", "ActivityID", "ProcessID", "ThreadID",
	"EventRecordID", "Version", "UserID",
}

// exported reports whether a file holds events as another program exported them.
func exported(file *evidence.File) bool {
	f, _, err := file.Reader()
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 32<<10)
	n, _ := io.ReadFull(f, head)
	return !strings.HasPrefix(string(head[:n]), "Elf") && eventjson.Sniff(head[:n])
}

// eventRecord shows the bytes of a record of an event log.
func eventRecord(w io.Writer, file *evidence.File, r *artifacts.Record, e events.Event) error {
	chunk := (r.From.Offset - firstChunk) / evtx.ChunkSize
	if r.From.Offset < firstChunk {
		return fmt.Errorf("offset %#x is in the header of the log", r.From.Offset)
	}
	f, _, err := file.Reader()
	if err != nil {
		return err
	}
	defer f.Close()
	at := firstChunk + chunk*evtx.ChunkSize
	if _, err := io.CopyN(io.Discard, f, at); err != nil {
		return err
	}
	b := make([]byte, evtx.ChunkSize)
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.ErrUnexpectedEOF {
		return err
	}
	x := &eventBytes{w: w, base: at, chunk: b[:n], data: e.Data}
	pos := int(r.From.Offset - at)
	if pos+recordHead > n {
		return fmt.Errorf("the log ends at offset %#x", at+int64(n))
	}
	size := int(le.Uint32(x.chunk[pos+4:]))
	if k := e.Kind; k != nil {
		row := rows(w)
		row("event", "%s", k.Proves)
		row("its time", "%s", k.TimeIs)
		row("if bad", "%s", strings.Join(k.Attack, ", "))
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "chunk %d at %#x, record at %#x of the chunk\n", chunk, at, pos)
	x.field(pos, 4, "signature", "")
	x.field(pos+4, 4, "size", fmt.Sprint(size))
	x.field(pos+8, 8, "record identifier", fmt.Sprint(le.Uint64(x.chunk[pos+8:])))
	x.field(pos+16, 8, "written", wire.TimeAt(x.chunk, pos+16).Format("2006-01-02T15:04:05.0000000Z"))
	end := min(pos+size, n)
	if size < recordHead+fragmentHead || end < pos+recordHead {
		return nil
	}
	x.fragment(pos+recordHead, end, 0)
	return nil
}

// eventBytes names the bytes of one record.
type eventBytes struct {
	w     io.Writer
	base  int64 // offset of the chunk in the file
	chunk []byte
	data  events.Pairs // what the values of the payload became
}

func (x *eventBytes) field(at, size int, name, value string) {
	annotate(x.w, x.base+int64(at), x.chunk[at:at+size], name, value)
}

// fragment shows binary XML: an instance of a template with its values, or bytes.
func (x *eventBytes) fragment(at, end, level int) {
	if at+fragmentHead <= end && x.chunk[at] == 0x0F {
		x.field(at, fragmentHead, "fragment header", "")
		at += fragmentHead
	}
	if at+instanceHead+4 > end || x.chunk[at] != instanceToken || level > maxNestedLevels {
		if at < end {
			x.field(at, end-at, "binary XML", "without a template")
		}
		return
	}
	id, where := le.Uint32(x.chunk[at+2:]), int(le.Uint32(x.chunk[at+6:]))
	guid := ""
	if where+definitionHead <= len(x.chunk) && where >= 0 {
		guid = wire.GUID(x.chunk[where+4 : where+20])
	}
	x.field(at, instanceHead, "template instance", fmt.Sprintf("template %08X, its definition at %#x of the chunk, %s", id, where, guid))
	at += instanceHead
	if where == at && where+definitionHead <= end {
		size := definitionHead + int(le.Uint32(x.chunk[where+20:]))
		if size > end-at {
			return
		}
		x.field(at, size, "template definition", guid)
		at += size
	}
	if at+4 > end {
		return
	}
	count := int(le.Uint32(x.chunk[at:]))
	x.field(at, 4, "number of values", fmt.Sprint(count))
	if at += 4; count > maxDescriptors || at+count*descriptor > end {
		return
	}
	x.values(at, count, end, level)
}

// values shows the values of an instance, each with the name of what it is put
// in for.
func (x *eventBytes) values(list, count, end, level int) {
	if count > 0 {
		x.field(list, count*descriptor, "descriptors", "length and type of each value")
	}
	at := list + count*descriptor
	for i := range count {
		d := x.chunk[list+i*descriptor:]
		size, typ := int(le.Uint16(d)), evtx.Type(d[2])
		if at+size > end {
			return
		}
		name := fmt.Sprintf("value %d", i)
		switch {
		case level == 0 && i < len(rootValues):
			name += " " + rootValues[i]
		case level > 0 && count == len(x.data):
			name += " " + x.data[i].Name
		}
		if typ == nestedType && size > 0 {
			fmt.Fprintf(x.w, "%08x  %s: nested binary XML, %d bytes\n", x.base+int64(at), name, size)
			x.fragment(at, at+size, level+1)
		} else if size > 0 {
			v := evtx.Value{Data: x.chunk[at : at+size], Type: typ}
			x.field(at, size, name, fmt.Sprintf("type %#02x: %s", byte(typ), v.Append(nil)))
		}
		at += size
	}
}
