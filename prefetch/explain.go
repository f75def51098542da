package prefetch

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A Field is one field of a file: where it stands and what it says. It serves those who want to check a record with a hex editor.
type Field struct {
	Offset int    // from the start of the uncompressed file
	Size   int    // bytes
	Name   string // the format document's name for it
	Value  string // decoded
}

// Explain returns the uncompressed bytes of a file and the fields of its header, its file information and its volumes, in the order of
// the file. Of a damaged file it returns what is there. The bytes are a copy.
func Explain(b []byte, opts *Options) ([]byte, []Field, error) {
	s := scratchPool.Get().(*scratch)
	defer s.free()
	w := new(whole)
	p := parser{in: b, f: &w.File, w: w, s: s}
	if opts != nil {
		p.opts = *opts
	}
	if p.opts.MaxSize <= 0 {
		p.opts.MaxSize = DefaultMaxSize
	}
	err := p.parse()
	if p.nothing {
		return nil, nil, err
	}
	x := explainer{b: bytes.Clone(p.b), l: p.layout}
	x.header()
	x.information()
	x.volumes()
	return x.b, x.fields, err
}

type explainer struct {
	b      []byte
	l      layout
	fields []Field
}

// add notes a field if all of it is there.
func (x *explainer) add(off, size int, name string, value func(b []byte) string) {
	if off < 0 || size <= 0 || off > len(x.b)-size {
		return
	}
	x.fields = append(x.fields, Field{off, size, name, value(x.b[off : off+size])})
}

func showU32(b []byte) string { return fmt.Sprintf("%d", le.Uint32(b)) }
func showHex(b []byte) string { return fmt.Sprintf("%08X", le.Uint32(b)) }

func showTime(b []byte) string {
	ft := le.Uint64(b)
	switch t := filetime(ft); {
	case ft == 0:
		return "not set"
	case t.IsZero():
		return fmt.Sprintf("%#x, no plausible time", ft)
	default:
		return t.Format("2006-01-02T15:04:05.0000000Z")
	}
}

func showText(b []byte) string {
	u := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		c := le.Uint16(b[i:])
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}

func (x *explainer) header() {
	x.add(headVersion, 4, "format version", showU32)
	x.add(headSignature, 4, "signature", func(b []byte) string { return fmt.Sprintf("%q", b) })
	x.add(headUnknown8, 4, "unknown", showHex)
	x.add(headFileSize, 4, "file size", showU32)
	x.add(headName, 60, "executable name", showText)
	x.add(headHash, 4, "prefetch hash", showHex)
	x.add(headFlags, 4, "flags", showHex)
}

func (x *explainer) information() {
	for i, name := range []string{
		"file metrics offset", "number of file metrics", "trace chains offset", "number of trace chain entries",
		"filename strings offset", "filename strings size", "volumes offset", "number of volumes", "volumes size",
	} {
		x.add(infoMetricsOff+4*i, 4, name, showU32)
	}
	if x.l.infoEnd == 0 {
		return
	}
	if x.l.infoEnd > layout17.infoEnd {
		x.add(infoDirectories, 4, "total directory count", showU32)
		x.add(infoUnknown124, 4, "unknown", showU32)
	}
	for i := range x.l.nRuns {
		x.add(x.l.lastRun+8*i, 8, fmt.Sprintf("run time %d", i), showTime)
	}
	x.add(x.l.runCount, 4, "run count", showU32)
	if x.l.record == 0 || x.l.record+8 > len(x.b) {
		return
	}
	x.add(x.l.record, 4, "executable record offset", showU32)
	x.add(x.l.record+4, 4, "executable record size", showU32)
	off, size := le.Uint32(x.b[x.l.record:]), le.Uint32(x.b[x.l.record+4:])
	if off > 0 && size > 0 && uint64(off)+uint64(size) <= uint64(len(x.b)) {
		x.add(int(off), int(size), "executable record", showText)
	}
}

// volumes explains the entries of the volumes section, and the device path of each.
func (x *explainer) volumes() {
	if len(x.b) < infoCommonEnd || x.l.volume == 0 {
		return
	}
	start, n := uint64(le.Uint32(x.b[infoVolumesOff:])), uint64(le.Uint32(x.b[infoVolumes:]))
	size := uint64(x.l.volume)
	for i := uint64(0); i < n && start+(i+1)*size <= uint64(len(x.b)); i++ {
		off := int(start + i*size)
		name := func(s string) string { return strings.Join([]string{"volume", fmt.Sprint(i), s}, " ") }
		path, chars := uint64(le.Uint32(x.b[off:])), uint64(le.Uint32(x.b[off+4:]))
		x.add(off, 4, name("device path offset"), showU32)
		x.add(off+4, 4, name("device path length"), showU32)
		x.add(off+8, 8, name("creation time"), showTime)
		x.add(off+16, 4, name("serial number"), showHex)
		x.add(off+20, 4, name("file references offset"), showU32)
		x.add(off+24, 4, name("file references size"), showU32)
		x.add(off+28, 4, name("directory strings offset"), showU32)
		x.add(off+32, 4, name("number of directory strings"), showU32)
		if at := start + path; at+2*chars <= uint64(len(x.b)) && chars > 0 {
			x.add(int(at), int(2*chars), name("device path"), showText)
		}
	}
}
