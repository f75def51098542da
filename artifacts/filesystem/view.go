package filesystem

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A view is what the artifacts of one volume share: two passes over its $MFT
// are enough for all of them.
type view struct {
	source    *evidence.File // the $MFT
	drive     string         // "C:"
	made      uint64         // FILETIME at which the volume was made
	table     *ntfs.Table
	selection Selection
	chosen    map[ntfs.Reference]choice
	forged    map[ntfs.Reference]*forgedFile
	// odd programs are in doubt only if the journal shows that their times were set:
	// when they say that they were created.
	odd     map[ntfs.Reference]uint64
	marked  map[ntfs.Reference]bool
	watched []folder // whose indexes are read
	named   namedFiles
	upcase  *ntfs.UpCase
	ran     map[ntfs.Reference]string // the Prefetch file that names the program

	objects  map[string]ntfs.Reference // files by their object identifiers
	volumeID string                    // of link tracking
	serial   uint32                    // of the volume; 0 when it is unknown
	err      error

	recordSize int
	records    int // in $MFT
	end        volumeEnd
	collection collection
	responder  uint64 // FILETIME from which on names are the responder's; 0 for none
	unordered  int    // programs in doubt that were not placed in the order of changes
}

// A forgedFile is a program in doubt, with the path of the file whose times it has.
type forgedFile struct {
	Forged
	twin string
}

// A choice is why a file is shown by default, and what its row says.
type choice struct {
	reason Reason
	sum    uint64 // of path and times
	lsn    uint64 // of the last change
}

// Limits of what a view keeps beside the table.
const (
	maxChosen = 1 << 20
	maxMarked = 1 << 20
)

// NamedByPrefetch is the reason of a file that a Prefetch file names as the
// program that ran.
const NamedByPrefetch Reason = "the program of a Prefetch file"

// mftPatterns and journalPatterns are where volumes and collectors keep the
// file table and the change journal.
var (
	mftPatterns = []string{
		`%AnyDrive%\$MFT`, `%AnyDrive%\MFT`, `%AnyDrive%\%24MFT`, `%AnyDrive%\*_$MFT`, `%AnyDrive%\$MFT.copy0`,
	}
	journalPatterns = []string{
		`%AnyDrive%\$Extend\$UsnJrnl:$J`, `%AnyDrive%\$Extend\$J`, `%AnyDrive%\$Extend\$UsnJrnl`, `%AnyDrive%\$Extend\$UsnJrnl?$J`,
		`%AnyDrive%\$Extend\$UsnJrnl%3A$J`, `%AnyDrive%\$J`, `%AnyDrive%\$UsnJrnl`, `%AnyDrive%\$UsnJrnl?$J`, `%AnyDrive%\UsnJrnl-$J`,
	}
	maxPatterns = []string{
		`%AnyDrive%\$Extend\$UsnJrnl:$Max`, `%AnyDrive%\$Extend\$Max`, `%AnyDrive%\$Extend\$UsnJrnl?$Max`,
		`%AnyDrive%\$Extend\$UsnJrnl%3A$Max`,
		`%AnyDrive%\$Max`, `%AnyDrive%\$UsnJrnl?$Max`,
	}
)

func randomSources(patterns []string) []artifacts.Source {
	var out []artifacts.Source
	for _, p := range patterns {
		out = append(out, artifacts.RandomFiles(p))
	}
	return out
}

// beside returns the file of the same volume that the first fitting pattern
// names. Loose files belong together when there is one of each kind.
func beside(in artifacts.Input, patterns []string) *evidence.File {
	if in.Tree == nil {
		return nil
	}
	for _, p := range patterns {
		files, _ := in.Tree.Glob(p)
		files = slices.DeleteFunc(files, func(f *evidence.File) bool {
			return f.Snapshot != in.From.Snapshot || !strings.EqualFold(winpath.Volume(f.Path), winpath.Volume(in.From.Path)) ||
				letter(f.Path) != letter(in.From.Path)
		})
		if len(files) == 1 {
			return files[0]
		}
	}
	return nil
}

// viewBeside returns the view of the volume that the input belongs to, and nil
// without a $MFT.
func viewBeside(in artifacts.Input) *view {
	f := beside(in, mftPatterns)
	if f == nil && in.Tree != nil && in.Loose() {
		if signed := in.Tree.Signed(collect.MFTFile); len(signed) == 1 {
			f = signed[0]
		}
	}
	return viewFrom(in, f)
}

func viewFrom(in artifacts.Input, f *evidence.File) *view {
	if f == nil {
		return nil
	}
	key := "filesystem view of " + f.Snapshot + " " + f.Path
	return in.Once(key, func() any { return readView(in, f) }).(*view)
}

// drive returns the volume that a file is on: its letter, or its name when it has
// none. Loose files are taken for those of C:, unless a collector put the letter
// before the name.
func drive(path string) string {
	if v := winpath.Volume(path); v != "" {
		if len(v) == 2 {
			v = strings.ToUpper(v)
		}
		return v
	}
	if l := letter(path); l != "" {
		return l
	}
	return "C:"
}

// letter returns the drive letter before the name of a loose file: "D:" of
// D_$MFT.
func letter(path string) string {
	name := winpath.Base(path)
	if len(name) > 3 && name[1] == '_' && name[2] == '$' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z' {
		return strings.ToUpper(name[:1]) + ":"
	}
	return ""
}

// readViewFirst reads the view of the volume that a $MFT is of, before the file is hashed.
func readViewFirst(in artifacts.Input) { viewFrom(in, in.File) }

func readView(in artifacts.Input, f *evidence.File) *view {
	v := &view{
		source: f, drive: drive(f.Path), chosen: map[ntfs.Reference]choice{}, forged: map[ntfs.Reference]*forgedFile{},
		odd:    map[ntfs.Reference]uint64{},
		marked: map[ntfs.Reference]bool{}, ran: map[ntfs.Reference]string{}, table: ntfs.NewTable(nil),
		objects: map[string]ntfs.Reference{},
	}
	v.upcase, v.serial = readUpCase(in, f), readSerial(in, f)
	v.selection.UpCase = v.upcase
	v.named = newNamedFiles(in, v.upcase)
	check := NewTimeCheck()
	check.upcase = v.upcase
	var buf []byte
	same := func(r *ntfs.Record) *ntfs.Record { return r }
	hashing := in.Hashing(f)
	err := eachRecord(in, f, hashing, nil, same, func(r *ntfs.Record) {
		v.table.Add(r)
		if v.recordSize == 0 && r.Entry > 0 {
			v.recordSize = int(r.Offset / int64(r.Entry))
		}
		if !r.IsBase() {
			return
		}
		v.object(r)
		check.Survey(r)
		v.end.survey(r)
		n := r.BestName()
		if r.Entry == 0 && n != nil {
			v.made = n.Times[0]
		}
		if n == nil || r.Directory() {
			return
		}
		if buf = n.AppendName(buf[:0]); isProgram(buf) {
			v.selection.add(n.Times[0])
			if isCollector(buf) {
				v.collection.add(n.Times[0])
			}
		}
	})
	hashing.Close()
	v.table.Finish()
	v.recordSize = cmp.Or(v.recordSize, 1024) // one record alone
	v.selection.Select("", 0, false)          // sorts it, so that it can be read from several goroutines
	err = errors.Join(err, v.surveyExtended(in, check))
	check.Narrow(v.table)
	v.end.narrow()
	v.prefetched(in)
	err = errors.Join(err, eachRecord(in, f, nil, &ntfs.RecordOptions{Table: v.table}, v.choose, func(c chosenRecord) {
		v.records++
		check.Compare(c.Record)
		v.end.compare(c.Record)
		v.keep(c)
	}))
	v.responder = v.collection.began(v.end.at)
	v.err = errors.Join(err, v.judgeTimes(in, check))
	return v
}

// surveyExtended surveys the files whose name is in an extension record.
func (v *view) surveyExtended(in artifacts.Input, check *TimeCheck) error {
	var named []uint64 // entries whose base record has a name
	entries := v.table.Extended()
	err := v.few(in, entries, false, func(r *ntfs.Record) {
		if len(r.Names) > 0 {
			named = append(named, r.Entry)
		}
	})
	entries = slices.DeleteFunc(entries, func(e uint64) bool {
		_, ok := slices.BinarySearch(named, e)
		return ok
	})
	return errors.Join(err, v.few(in, entries, true, check.Survey))
}

// judgeTimes keeps the programs whose times are in doubt, and finds the paths of
// the files whose times were cloned.
func (v *view) judgeTimes(in artifacts.Input, check *TimeCheck) error {
	twins := map[ntfs.Reference]string{}
	forged := check.Forged()
	v.unordered = check.order.left
	for i := range forged {
		x := &forged[i]
		if x.Tests.Weak(true) && !x.Tests.Strong() && !x.Tests.Weak(false) {
			v.odd[x.File] = x.Created
		}
		if !x.Tests.Strong() && !x.Tests.Weak(false) {
			continue
		}
		v.forged[x.File] = &forgedFile{Forged: *x}
		if _, ok := v.chosen[x.File]; !ok {
			v.chosen[x.File] = choice{reason: ForgedTimes, sum: uint64(x.File)}
		}
		if x.Twin != 0 {
			twins[x.Twin] = ""
		}
	}
	err := v.few(in, entriesOf(twins), true, func(r *ntfs.Record) {
		if ref := r.Reference(); r.IsBase() {
			twins[ref], _, _ = v.table.Path(r)
		}
	})
	for _, x := range v.forged {
		x.twin = twins[x.Twin]
	}
	return err
}

// entriesOf returns the entries of some files, sorted.
func entriesOf[T any](files map[ntfs.Reference]T) []uint64 {
	out := make([]uint64, 0, len(files))
	for ref := range files {
		out = append(out, ref.Entry())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A chosenRecord is a record with why its file is shown by default.
type chosenRecord struct {
	*ntfs.Record
	choice
	marked bool
	folder string // its path, of a folder whose index is read
}

// A pathBuffer holds the path of a record, and the same folded.
type pathBuffer struct{ path, folded []byte }

var paths = sync.Pool{New: func() any { return new(pathBuffer) }}

// choose decides whether the file of a record is shown by default. It is called from
// several goroutines.
func (v *view) choose(r *ntfs.Record) chosenRecord {
	c := chosenRecord{Record: r}
	if !r.IsBase() && !r.Reused || r.Damage&ntfs.Baad != 0 {
		return c
	}
	n := r.BestName()
	if n == nil {
		return c
	}
	buf := paths.Get().(*pathBuffer)
	defer paths.Put(buf)
	buf.path, _ = v.table.AppendPath(buf.path[:0], n)
	if r.Directory() {
		if c.folder = v.watchedFolder(r, buf); len(r.Streams) == 0 {
			return c
		}
	}
	ref := r.Reference()
	c.marked = r.ZoneIdentifier() != nil
	if _, ok := v.ran[ref]; ok {
		c.reason = NamedByPrefetch
	} else if !r.Directory() {
		buf.folded = v.upcase.AppendFoldBytes(buf.folded[:0], buf.path)
		folded := buf.folded
		c.reason = v.selection.choose(kindOf(buf.path), folded, n.Times[0], c.marked)
		if c.reason == NotSelected && r.InUse() && looksRunnable(r) && !isInstalled(folded) {
			c.reason = ProgramByContent
		}
		if c.reason == NotSelected && v.named.is(folded, func(spelled string) bool { return v.table.Is(n, spelled, v.upcase) }) {
			c.reason = NamedElsewhere
		}
	}
	switch {
	case c.reason != NotSelected || len(r.Streams) == 0:
	case hiddenStream(r) != nil:
		c.reason = ProgramInStream
	case oddStream(r, func() string { return v.upcase.Fold(string(buf.path)) }) != nil:
		c.reason = StreamOnSystem
	}
	if c.reason != NotSelected {
		c.sum, c.lsn = rowSum(buf.path, r, n), r.LSN
	}
	return c
}

// watchedFolder returns the path of a record whose index is read, or "".
func (v *view) watchedFolder(r *ntfs.Record, buf *pathBuffer) string {
	if !r.InUse() || !r.IsBase() {
		return ""
	}
	buf.folded = v.upcase.AppendFoldBytes(buf.folded[:0], buf.path)
	if !isWatchedFolder(buf.folded) {
		return ""
	}
	return string(buf.path)
}

// keep notes what was decided of a record, within the limits.
func (v *view) keep(c chosenRecord) {
	if c.marked && len(v.marked) < maxMarked {
		v.marked[c.Reference()] = true
	}
	if c.folder != "" && len(v.watched) < maxMarked {
		v.watched = append(v.watched, folder{c.Reference(), c.folder})
	}
	if c.reason != NotSelected && len(v.chosen) < maxChosen {
		v.chosen[c.Reference()] = c.choice
	}
}

// Further reasons, by content.
const (
	ProgramByContent Reason = "content begins as a program does"
	ProgramInStream  Reason = "program or script in a named stream"
	StreamOnSystem   Reason = "named stream on a folder or on a file of System32"
	ForgedTimes      Reason = "times in doubt"
)

func looksRunnable(r *ntfs.Record) bool {
	for i := range r.Streams {
		if s := &r.Streams[i]; s.Main() && bytes.HasPrefix(s.Value, []byte("MZ")) {
			return true
		}
	}
	return false
}

// hiddenStream returns the stream that holds a program or a script, or nil.
func hiddenStream(r *ntfs.Record) *ntfs.DataStream {
	for i := range r.Streams {
		s := &r.Streams[i]
		if !s.Main() && HiddenStream(s.Name(), s.Value) {
			return s
		}
	}
	return nil
}

// oddStream returns a named stream where there should be none, or nil: on a folder, or
// on a file of System32. Streams that Windows and common programs make do not count.
func oddStream(r *ntfs.Record, folded func() string) *ntfs.DataStream {
	for i := range r.Streams {
		s := &r.Streams[i]
		switch {
		case s.Main() || ntfs.HarmlessStream(s.Name()):
		case r.Entry < firstUser || !r.Directory() && !strings.HasPrefix(folded(), `\windows\system32\`):
			return nil
		default:
			return s
		}
	}
	return nil
}

// firstUser is the first record that is not one of the system's own; those of $Extend
// come after it and have streams that are known.
const firstUser = 16

// rowSum is equal for equal rows of two copies of a volume.
func rowSum(path []byte, r *ntfs.Record, n *ntfs.Name) uint64 {
	h := fnv.New64a()
	h.Write(path)
	var b []byte
	for i := range 4 {
		b = binary.LittleEndian.AppendUint64(b, r.Standard.Times[i])
		b = binary.LittleEndian.AppendUint64(b, n.Times[i])
	}
	if r.InUse() {
		b = append(b, 1)
	}
	h.Write(b)
	return h.Sum64()
}

// size spells a number of bytes.
func size(n uint64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
