package ntfs

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// $LogFile ("$LogFile", Linux-NTFS documentation): two restart pages, then
// pages of log records. Undo and redo data are not interpreted; what looks like
// a journal record, a name or a file record in them is carved.

// A restart page.
const (
	rstrPageSize   = 16 // u32, of the system
	rstrLogPage    = 20 // u32
	rstrArea       = 24 // u16, offset of the restart area
	rstrMinor      = 26 // s16
	rstrMajor      = 28 // s16
	rstrHead       = 30
	areaCurrentLSN = 0  // u64
	areaClients    = 8  // u16
	areaInUse      = 12 // u16, first client in use
	areaFlags      = 14 // u16: 2 = the volume was dismounted cleanly
	areaSeqBits    = 16 // u32
	areaClientOff  = 22 // u16
	areaFileSize   = 24 // u64
	areaDataOff    = 38 // u16, of log records in a page
	areaSize       = 48
	clientOldest   = 0 // u64
	clientRestart  = 8 // u64

	areaClean = 2
)

// A record page, and a log record.
const (
	rcrdLSN      = 8  // u64: the last record that ends in the page
	rcrdData     = 64 // log records begin here, unless the restart area has another offset
	logPage      = 4096
	logRecLength = 24 // u32, of the client data
	logRecType   = 32 // u32: 1 change, 2 checkpoint
	logRecHead   = 48
)

// A LogKind is the kind of a [LogItem].
type LogKind uint8

// The kinds of items.
const (
	LogRestart LogKind = iota + 1 // a restart page
	LogChange                     // a record of the change journal
	LogName                       // a $FILE_NAME
	LogIndex                      // an entry of a folder's index
	LogRecord                     // a file record
)

// String returns the kind in a word or two.
func (k LogKind) String() string {
	return [...]string{"", "restart", "journal record", "name", "index entry", "file record"}[k]
}

// A Restart is a restart page.
type Restart struct {
	Version      string // "1.1" up to Windows 8.1 and after a clean dismount, "2.0" from Windows 10 on
	CurrentLSN   uint64
	OldestLSN    uint64 // of the first client
	RestartLSN   uint64
	Clients      int
	Clean        bool // the volume was dismounted, and nothing needs to be replayed
	PageSize     uint32
	FileSize     uint64
	sequenceBits uint32
	data         int
}

// A LogItem is one thing found in $LogFile. The iterator reuses it. Everything
// but a restart page is carved: its time is its own, and it is unknown whether the
// change was committed.
type LogItem struct {
	Kind    LogKind
	Offset  int64
	LSN     uint64 // of the log record that holds it; 0 when its beginning is lost
	Restart *Restart
	Change  *Change
	Name    *Name
	File    Reference // of a [LogIndex] or [LogRecord], when known
	Record  *Record
	Damage  string // of the page
}

// IsLogFile reports whether b, the beginning of a file, is that of $LogFile.
func IsLogFile(b []byte) bool {
	return len(b) >= rstrHead && (string(b[:4]) == "RSTR" || string(b[:4]) == "RCRD" || string(b[:4]) == "CHKD")
}

// Log reads $LogFile. A nil item comes with the error of a source that failed.
func Log(r io.Reader) iter.Seq2[*LogItem, error] {
	return func(yield func(*LogItem, error) bool) {
		l := logReader{yield: yield, home: -1}
		if err := l.run(r); err != nil {
			yield(nil, err)
		}
	}
}

type logReader struct {
	yield   func(*LogItem, error) bool
	restart *Restart // the page with the greater current LSN
	lsn     uint64   // of the log record that the last page ended in
	home    int64    // where the page belongs in the log, -1 when unknown
	item    LogItem
	change  Change
	name    Name
	rec     Record
	done    bool
}

func (l *logReader) run(r io.Reader) error {
	b := make([]byte, logPage)
	seen := false
	for at := int64(0); !l.done; at += logPage {
		n, err := io.ReadFull(r, b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return &wire.FormatError{Format: "logfile", Offset: at, Struct: "page", Problem: "cannot be read", Err: err}
		}
		switch p := b[:n]; {
		case n < rstrHead:
		case string(p[:4]) == "RSTR" || string(p[:4]) == "CHKD":
			seen = true
			if err := l.restartPage(p, at); err != nil && l.restart == nil && at > 0 {
				return err
			}
		case string(p[:4]) == "RCRD":
			seen = true
			l.page(p, at)
		default:
			l.home = -1
		}
		if n < logPage {
			break
		}
	}
	if !seen && !l.done {
		return &wire.FormatError{Format: "logfile", Struct: "restart page",
			Problem: "no page of a log: it was never used, or it is another file"}
	}
	return nil
}

func (l *logReader) restartPage(b []byte, at int64) error {
	l.item.Damage = ""
	if d := putBack(b); d != 0 {
		l.item.Damage = d.String()
	}
	s, err := parseRestart(b, at)
	if err != nil {
		return err
	}
	if l.restart == nil || s.CurrentLSN > l.restart.CurrentLSN {
		l.restart = s
	}
	l.emit(LogItem{Kind: LogRestart, Offset: at, LSN: s.CurrentLSN, Restart: s, Damage: l.item.Damage})
	return nil
}

func parseRestart(b []byte, at int64) (*Restart, error) {
	bad := func(problem string) (*Restart, error) {
		return nil, &wire.FormatError{Format: "logfile", Offset: at, Struct: "restart page", Problem: problem}
	}
	off := int(le.Uint16(b[rstrArea:]))
	if off < rstrHead || off+areaSize > len(b) {
		return bad("its restart area lies outside it")
	}
	a := b[off:]
	s := &Restart{
		Version:    fmt.Sprintf("%d.%d", int16(le.Uint16(b[rstrMajor:])), int16(le.Uint16(b[rstrMinor:]))),
		CurrentLSN: le.Uint64(a[areaCurrentLSN:]), Clients: int(le.Uint16(a[areaClients:])),
		PageSize: le.Uint32(b[rstrLogPage:]), FileSize: le.Uint64(a[areaFileSize:]),
		sequenceBits: le.Uint32(a[areaSeqBits:]), data: int(le.Uint16(a[areaDataOff:])),
	}
	s.Clean = le.Uint16(a[areaFlags:])&areaClean != 0 || le.Uint16(a[areaInUse:]) == 0xFFFF
	if c := int(le.Uint16(a[areaClientOff:])); c >= areaSize && c+16 <= len(a) {
		s.OldestLSN, s.RestartLSN = le.Uint64(a[c+clientOldest:]), le.Uint64(a[c+clientRestart:])
	}
	if s.PageSize != 0 && s.PageSize != logPage {
		return bad(fmt.Sprintf("log pages of %d bytes", s.PageSize))
	}
	return s, nil
}

func (l *logReader) emit(it LogItem) {
	l.item = it
	l.done = l.done || !l.yield(&l.item, nil)
}

// page carves a record page.
func (l *logReader) page(b []byte, at int64) {
	damage := putBack(b).String()
	off := rcrdData
	if l.restart != nil && l.restart.data >= 40 && l.restart.data < len(b) {
		off = l.restart.data
	}
	off = (off + 7) &^ 7
	before := l.home
	l.home = -1
	for i := off; l.home < 0 && i+logRecHead <= len(b); i += 8 {
		l.begins(b, i)
	}
	if before < 0 || l.home != before+logPage {
		l.lsn = 0 // the last record of the page before continues elsewhere
	}
	for !l.done && off+8 <= len(b) {
		n := l.carve(b, off, at, damage)
		off += max(8, n)
	}
}

// carve looks for one item at an offset and returns its length, or 0.
func (l *logReader) carve(b []byte, off int, at int64, damage string) int {
	if l.begins(b, off) {
		l.lsn = le.Uint64(b[off:])
		return logRecHead
	}
	where := LogItem{Offset: at + int64(off), LSN: l.lsn, Damage: damage}
	if n := l.change.parse(b[off:]); n > 0 && l.change.carvable() {
		l.change.Offset, l.change.Carved = where.Offset, true
		where.Kind, where.Change = LogChange, &l.change
		l.emit(where)
		return n
	}
	if _, ok := IsRecord(b[off:]); ok {
		return l.record(b[off:], where)
	}
	return l.carveName(b, off, where)
}

// begins reports whether a log record begins at an offset of the page: an LSN
// names the place of its record in the log. Version 2.0 writes pages in front
// of the log first, so the page may lie elsewhere; all of its records agree.
func (l *logReader) begins(b []byte, off int) bool {
	if l.restart == nil || len(b)-off < logRecHead || l.restart.sequenceBits < 8 || l.restart.sequenceBits > 56 {
		return false
	}
	lsn := le.Uint64(b[off:])
	low := lsn & (1<<(64-l.restart.sequenceBits) - 1)
	typ := le.Uint32(b[off+logRecType:])
	if lsn == low || typ != 1 && typ != 2 || le.Uint32(b[off+logRecLength:]) > 1<<20 || (low<<3)%logPage != uint64(off) {
		return false
	}
	home := int64(low<<3) - int64(off)
	if l.home < 0 && (l.restart.FileSize == 0 || uint64(home) < l.restart.FileSize) {
		l.home = home
	}
	return home == l.home
}

// record reads a file record as the log keeps it: without its end and without
// fixups.
func (l *logReader) record(b []byte, where LogItem) int {
	used := int(min(le.Uint32(b[recUsed:]), uint32(len(b))))
	l.rec.reset(0, where.Offset)
	l.rec.LSN = le.Uint64(b[recLSN:])
	l.rec.Sequence, l.rec.Links, l.rec.Flags = le.Uint16(b[recSequence:]), le.Uint16(b[recLinks:]), le.Uint16(b[recFlags:])
	l.rec.Base = Reference(le.Uint64(b[recBase:]))
	first := int(le.Uint16(b[recAttrs:]))
	if first >= recHeader && first <= used {
		l.rec.attributes(b[:used], first, 0, 0)
	}
	if len(l.rec.Names) == 0 {
		return 0
	}
	if le.Uint16(b[recFixupOff:]) >= 48 {
		l.rec.Entry = uint64(le.Uint32(b[44:]))
		where.File = NewReference(l.rec.Entry, l.rec.Sequence)
	}
	where.Kind, where.Record = LogRecord, &l.rec
	l.emit(where)
	return used
}

// carveName looks for a $FILE_NAME: of an attribute, or of an index entry.
func (l *logReader) carveName(b []byte, off int, where LogItem) int {
	if len(b)-off < fnName || le.Uint64(b[off:]) == 0 || !l.name.parse(b[off:]) || !l.name.plausible() {
		return 0
	}
	for _, t := range l.name.Times {
		if t == 0 {
			return 0
		}
	}
	size := fnName + len(l.name.units)
	where.Name = &l.name
	switch {
	case off >= attrResHeader && le.Uint32(b[off-attrResHeader:]) == typeFileName && int(le.Uint32(b[off-8:])) == size:
		where.Kind = LogName
	case off >= entryKey && int(le.Uint16(b[off-entryKey+entryKeyLen:])) == size:
		where.Kind, where.File = LogIndex, Reference(le.Uint64(b[off-entryKey:]))
	default:
		return 0
	}
	l.emit(where)
	return (size + 7) &^ 7
}

// LogFile opens the $LogFile of the volume, for [Log].
func (v *Volume) LogFile() (*io.SectionReader, error) {
	f, err := v.inode(entryLogFile)
	if f == nil {
		return nil, err
	}
	s, err := f.stream(typeData, "")
	if err != nil {
		return nil, fmt.Errorf("$LogFile: %w", err)
	}
	return io.NewSectionReader(s, 0, s.size), nil
}

const entryLogFile = 2
