package output

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A fileBody writes the file records of $MFT as fls -m of The Sleuth Kit does:
// one line for each stream with all four times, and one for each name.
type fileBody struct {
	w        *bufio.Writer
	unset    string
	prefixes map[bodyPlace]string // before the path, by machine, drive and snapshot
	buf      []byte
	other    int  // records that are none of a file
	empty    int  // records without lines
	written  bool // some had lines
}

type bodyPlace struct{ host, drive, snapshot string }

func newFileBody(w io.Writer, o *Options) RecordWriter {
	b := &fileBody{w: bufio.NewWriterSize(w, 64<<10), unset: "-1", prefixes: map[bodyPlace]string{}}
	if o.orDefault().BodyfileZero {
		b.unset = "0"
	}
	return b
}

func (b *fileBody) Record(r *artifacts.Record) error {
	f, ok := r.Data.(filesystem.File)
	if !ok {
		b.other++
		return nil
	}
	lines := f.BodyLines()
	if len(lines) == 0 {
		b.empty++
		return nil
	}
	b.written = true
	prefix := b.prefix(r, f.Path)
	for i := range lines {
		if err := b.line(prefix, &lines[i]); err != nil {
			return err
		}
	}
	return nil
}

// prefix keeps volumes apart: nothing for the first one, and its name before the
// paths of each other.
func (b *fileBody) prefix(r *artifacts.Record, path string) string {
	p := bodyPlace{host: r.Host, snapshot: r.From.Snapshot}
	if len(path) > 1 && path[1] == ':' {
		p.drive = path[:2]
	} else if path == "" && len(b.prefixes) > 0 {
		return "" // a record without a name
	}
	s, ok := b.prefixes[p]
	if ok {
		return s
	}
	if len(b.prefixes) > 0 {
		s = p.drive
		if p.snapshot != "" {
			s = p.snapshot + ":" + s
		}
		first := true
		for q := range b.prefixes {
			first = first && q.host == p.host
		}
		if !first {
			s = p.host + "/" + s
		}
		if s == "" {
			s = fmt.Sprintf("volume%d:", len(b.prefixes)+1)
		}
	}
	b.prefixes[p] = s
	return s
}

func (b *fileBody) line(prefix string, l *filesystem.BodyLine) error {
	out := append(b.buf[:0], "0|"...)
	out = append(out, noBar(prefix+l.Name)...)
	out = append(append(append(out, '|'), l.Inode...), '|')
	out = append(append(out, l.Mode...), '|')
	out = append(strconv.AppendUint(out, uint64(l.Owner), 10), "|0|"...)
	out = strconv.AppendUint(out, l.Size, 10)
	for _, t := range [...]int{3, 1, 2, 0} { // accessed, modified, changed, created
		out = append(out, '|')
		sec := wire.Time(l.Times[t]).Unix()
		if l.NoTimes || l.Times[t] == 0 || sec < 0 {
			out = append(out, b.unset...)
		} else {
			out = strconv.AppendInt(out, sec, 10)
		}
	}
	b.buf = append(out, '\n')
	_, err := b.w.Write(b.buf)
	return err
}

func (b *fileBody) Close() error { return b.w.Flush() }

// Notes says what was left out.
func (b *fileBody) Notes() []string {
	var out []string
	if b.other > 0 {
		out = append(out, plural(b.other, "record")+" left out: "+
			"a body file of records holds files of $MFT; timeline --format bodyfile has all events")
	}
	if b.empty > 0 && !b.written {
		out = append(out, plural(b.empty, "record")+" left out: give -a mft for all files")
	}
	return out
}
