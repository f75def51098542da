package filesystem

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A BodyLine is one line of a body file of The Sleuth Kit: a stream of a file
// with the times of $STANDARD_INFORMATION, or its name with those of $FILE_NAME.
type BodyLine struct {
	Name    string // "/folder/a.exe:stream ($FILE_NAME) (deleted)", without a drive
	Inode   string // entry-type-id
	Mode    string
	Owner   uint32
	Size    uint64
	Times   ntfs.Times
	NoTimes bool // the record has none
}

// BodyLines returns the lines of a file, as fls -m prints them: two for each of
// its paths, and one for each stream. Only a run over everything has them
// (artifacts.Options.Full or FullOf).
func (f File) BodyLines() []BodyLine { return f.body }

// Types of attributes, in the inode of a line.
const (
	bodyName  = 0x30
	bodyData  = 0x80
	bodyIndex = 0x90
)

// body makes the lines of a record.
func (v *view) body(r *ntfs.Record) []BodyLine {
	if r.Damage&ntfs.Baad != 0 {
		return nil
	}
	b := bodyWriter{r: r, deleted: !r.InUse() || r.Reused}
	b.mode = b.fileMode()
	var path []byte
	names := 0
	for i := range r.Names {
		n := &r.Names[i]
		if n.DOS() && n != r.BestName() {
			continue
		}
		names++
		path, _ = v.table.AppendPath(path[:0], n)
		name := strings.ReplaceAll(string(path), `\`, "/")
		if r.Entry == rootEntry {
			name = "/"
		}
		b.add(name, " ($FILE_NAME)", bodyName, n.ID, bodyNameSize+2*uint64(n.Units()), n.Times, false)
		b.contents(name)
	}
	if names == 0 && r.IsBase() && !b.reserved() {
		b.contents(fmt.Sprintf("/$OrphanFiles/OrphanFile-%d", r.Entry))
	}
	return b.lines
}

// rootEntry is the record of the root folder, which has the name "." in itself.
const rootEntry = 5

// reserved reports whether a record without a name is not a file's: it is kept
// for the system, or was never used.
func (b *bodyWriter) reserved() bool {
	return !b.deleted && b.r.Entry < 16 || !b.r.HasStandard && len(b.r.Streams) == 0
}

// bodyNameSize is the size of a $FILE_NAME without its name.
const bodyNameSize = 66

type bodyWriter struct {
	r       *ntfs.Record
	deleted bool
	mode    string
	lines   []BodyLine
}

// contents adds the lines of the index and the streams under one name.
func (b *bodyWriter) contents(name string) {
	r := b.r
	before := len(b.lines)
	if r.HasIndex {
		b.add(name, "", bodyIndex, r.IndexID, uint64(r.IndexSize), r.Standard.Times, !r.HasStandard)
	}
	for i := range r.Streams {
		s := &r.Streams[i]
		stream := name
		if !s.Main() {
			stream += ":" + s.Name()
		}
		b.add(stream, "", bodyData, s.ID, s.Size, r.Standard.Times, !r.HasStandard)
	}
	if len(b.lines) == before && len(r.Names) == 0 {
		b.add(name, "", 0, 0, 0, r.Standard.Times, !r.HasStandard)
	}
}

func (b *bodyWriter) add(name, suffix string, typ, id uint16, size uint64, times ntfs.Times, none bool) {
	inode := fmt.Sprintf("%d-%d-%d", b.r.Entry, typ, id)
	if typ == 0 {
		inode = fmt.Sprint(b.r.Entry)
	}
	if b.deleted {
		suffix += " (deleted)"
	}
	b.lines = append(b.lines, BodyLine{
		Name: name + suffix, Inode: inode, Mode: b.mode, Owner: b.r.Standard.Owner, Size: size, Times: times, NoTimes: none,
	})
}

// fileMode is the mode that The Sleuth Kit gives a file of NTFS: without the
// right to read when it is read-only and to write when it is hidden, which is as
// its users know it. The kind before the slash is that of the folder's index,
// which a deleted file is not in.
func (b *bodyWriter) fileMode() string {
	kind := byte('r')
	if b.r.Directory() {
		kind = 'd'
	}
	listed := kind
	if b.deleted {
		listed = '-'
	}
	read, write := byte('r'), byte('w')
	if b.r.Standard.Attributes&1 != 0 {
		read = '-'
	}
	if b.r.Standard.Attributes&2 != 0 {
		write = '-'
	}
	rights := string([]byte{read, write, 'x'})
	return string([]byte{listed, '/', kind}) + strings.Repeat(rights, 3)
}
