package filesystem

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// TimeTests is a set of signs that the times of a file were forged. They were
// measured on one whole volume with five forged programs among 12,512.
type TimeTests uint8

const (
	// ChangedBeforeName: the record changed before the name was made, at a whole
	// second. No ordinary call sets that time.
	ChangedBeforeName TimeTests = 1 << iota
	// AllWhole: the same, and creation and change of content are whole seconds,
	// too. Strong.
	AllWhole
	// Cloned: creation and change are whole seconds and equal those of a file
	// with another name that was there a day before, outside an installation.
	// Strong.
	Cloned
	// AloneAndOld: created at a whole second, a day before the name, with at most
	// one other program named within two minutes. Supporting.
	AloneAndOld
	// Rearranged: the record changed before the name was made. Installers that
	// rename into place do this, too; never alone.
	Rearranged
	// OutOfOrder: the record changed a day before those whose change the journal
	// numbered before it. Supporting.
	OutOfOrder
)

// Has reports whether all of some tests are in the set.
func (t TimeTests) Has(x TimeTests) bool { return t&x == x }

// Strong reports whether the set is evidence by itself (rule N-05).
func (t TimeTests) Strong() bool { return t&(AllWhole|Cloned) != 0 }

// Weak reports whether the set is worth a look (rule N-05b): the record changed
// before its name at a whole second, or two supporting signs. journal reports
// that the change journal shows the forging.
func (t TimeTests) Weak(journal bool) bool {
	return t.Has(ChangedBeforeName) || t.Has(AloneAndOld) && (t.Has(OutOfOrder) || journal)
}

// A Forged is a program whose times are in doubt.
type Forged struct {
	File     ntfs.Reference
	Path     string
	Tests    TimeTests
	Standard ntfs.Times // of $STANDARD_INFORMATION
	Name     ntfs.Times // of the name, which programs cannot set
	Twin     string     // the path of the file whose times were cloned

	// NotBefore and NotAfter are FILETIMEs between which the last change really
	// lies, by its place in the change journal; 0 when unknown.
	NotBefore, NotAfter uint64
}

// A TimeCheck collects files and then judges the times of the programs among
// them. It keeps 24 bytes for each file, and 40 for those of whole seconds.
type TimeCheck struct {
	made     uint64 // creation of the volume
	programs []program
	byUSN    []usnTime
	whole    []wholeFile
	seed     maphash.Seed
	table    *ntfs.Table // for the paths of the programs
	text     []byte
}

type program struct {
	file     ntfs.Reference
	folder   ntfs.Reference
	base     string // its name
	restore  bool   // in a copy that Windows keeps
	standard ntfs.Times
	name     ntfs.Times
	usn      uint64
	hash     uint64
}

type usnTime struct {
	usn, changed uint64
	late         bool // its own record changed before its name
}

type wholeFile struct {
	created, modified uint64
	named             uint64
	hash              uint64 // of the name, without case
	file              ntfs.Reference
}

// NewTimeCheck returns an empty check.
func NewTimeCheck() *TimeCheck { return &TimeCheck{seed: maphash.MakeSeed()} }

// Add takes a record. Only base records of files that exist count.
func (c *TimeCheck) Add(table *ntfs.Table, r *ntfs.Record) {
	if !r.IsBase() || !r.InUse() || !r.HasStandard || r.Damage != 0 {
		return
	}
	n := r.BestName()
	if n == nil {
		return
	}
	s := &r.Standard
	if r.Entry == 0 {
		c.made = n.Times[0]
	}
	if s.USN != 0 && !r.Directory() {
		c.byUSN = append(c.byUSN, usnTime{s.USN, s.Times[2], s.Times[2] < n.Times[0]})
	}
	if r.Directory() {
		return
	}
	c.text = n.AppendName(c.text[:0])
	name, isProgram := "", IsProgram(string(c.text))
	if isProgram {
		name = string(c.text)
	}
	hash := maphash.Bytes(c.seed, lower(c.text))
	if isWhole(s.Times[0]) && isWhole(s.Times[1]) {
		c.whole = append(c.whole, wholeFile{s.Times[0], s.Times[1], n.Times[0], hash, r.Reference()})
	}
	if !isProgram {
		return
	}
	c.table = table
	c.text, _ = table.AppendFolder(c.text[:0], n.Parent)
	restore := strings.HasPrefix(strings.ToLower(string(append(c.text, '\\'))), restorePoints)
	c.programs = append(c.programs, program{r.Reference(), n.Parent, name, restore, s.Times, n.Times, s.USN, hash})
}

// lower folds a name in place, if it is ASCII.
func lower(b []byte) []byte {
	for i, c := range b {
		switch {
		case c >= 0x80:
			return []byte(strings.ToLower(string(b)))
		case 'A' <= c && c <= 'Z':
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func (c *TimeCheck) pathOf(p *program) string {
	b, _ := c.table.AppendFolder(nil, p.folder)
	if len(b) == 0 || b[len(b)-1] != '\\' {
		b = append(b, '\\')
	}
	return string(b) + p.base
}

func isWhole(t uint64) bool { return t != 0 && t%second == 0 }

// restorePoints is the folder of copies that Windows itself keeps.
const restorePoints = `\system volume information\`

// installedTogether is how many programs named within two minutes of each
// other make an installation; fewer than fewTogether are none.
const (
	installedTogether = 5
	fewTogether       = 3
)

// Forged returns the programs with at least one sign, in the order of their
// references. twin gives the path of a file; it may be nil.
func (c *TimeCheck) Forged(twin func(ntfs.Reference) string) []Forged {
	slices.SortFunc(c.byUSN, func(a, b usnTime) int { return cmp.Compare(a.usn, b.usn) })
	slices.SortFunc(c.whole, func(a, b wholeFile) int {
		return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.modified, b.modified), cmp.Compare(a.named, b.named))
	})
	named := make([]uint64, len(c.programs))
	for i := range c.programs {
		named[i] = c.programs[i].name[0]
	}
	slices.Sort(named)
	var out []Forged
	for i := range c.programs {
		p := &c.programs[i]
		if p.name[0] < c.made+day || p.restore {
			continue
		}
		f := Forged{File: p.file, Standard: p.standard, Name: p.name}
		var ref ntfs.Reference
		f.Tests, ref = c.judge(p, around(named, p.name[0]))
		if f.Tests == 0 {
			continue
		}
		f.Path = c.pathOf(p)
		if ref != 0 && twin != nil {
			f.Twin = twin(ref)
		}
		f.NotBefore, f.NotAfter = c.bounds(p.usn)
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Forged) int { return cmp.Compare(a.File, b.File) })
	return out
}

// around counts the programs that were named within two minutes of a moment,
// the one of that moment included.
func around(named []uint64, at uint64) int {
	from, _ := slices.BinarySearch(named, at-min(at, 2*minute))
	to, _ := slices.BinarySearch(named, at+2*minute+1)
	return to - from
}

func (c *TimeCheck) judge(p *program, together int) (TimeTests, ntfs.Reference) {
	var t TimeTests
	s, named := p.standard, p.name[0]
	if s[2] < named {
		t |= Rearranged
		if isWhole(s[2]) {
			t |= ChangedBeforeName
			if isWhole(s[0]) && isWhole(s[1]) {
				t |= AllWhole
			}
		}
	}
	var ref ntfs.Reference
	if isWhole(s[0]) && isWhole(s[1]) && together < installedTogether {
		if ref = c.twin(p); ref != 0 {
			t |= Cloned
		}
	}
	if isWhole(s[0]) && s[0]+day < named && together < fewTogether {
		t |= AloneAndOld
	}
	if m := c.median(p.usn); m > day && s[2] < m-day {
		t |= OutOfOrder
	}
	return t, ref
}

// twin returns a file with another name and the same times that was there a
// day before the program.
func (c *TimeCheck) twin(p *program) ntfs.Reference {
	i, _ := slices.BinarySearchFunc(c.whole, p, func(w wholeFile, p *program) int {
		return cmp.Or(cmp.Compare(w.created, p.standard[0]), cmp.Compare(w.modified, p.standard[1]))
	})
	for ; i < len(c.whole); i++ {
		w := &c.whole[i]
		if w.created != p.standard[0] || w.modified != p.standard[1] || w.named+day > p.name[0] {
			return 0
		}
		if w.hash != p.hash {
			return w.file
		}
	}
	return 0
}

// median returns the median of the record changes of the nine files whose
// change the journal numbered before a USN; 0 when there are fewer.
func (c *TimeCheck) median(usn uint64) uint64 {
	i, _ := slices.BinarySearchFunc(c.byUSN, usn, func(u usnTime, usn uint64) int { return cmp.Compare(u.usn, usn) })
	if usn == 0 || i < neighbours {
		return 0
	}
	var before [neighbours]uint64
	for k := range before {
		before[k] = c.byUSN[i-neighbours+k].changed
	}
	slices.Sort(before[:])
	return before[neighbours/2]
}

// neighbours is how many files before and after a USN are asked.
const neighbours = 9

// bounds returns two moments between which the change with a USN lies. A file
// that the journal numbered later changed later, and its record shows it unless
// it was dated back; the records of earlier files give the other bound as far
// as they lie before that.
func (c *TimeCheck) bounds(usn uint64) (from, to uint64) {
	low := c.median(usn)
	if low == 0 {
		return 0, 0
	}
	i, _ := slices.BinarySearchFunc(c.byUSN, usn, func(u usnTime, usn uint64) int { return cmp.Compare(u.usn, usn) })
	for _, u := range c.byUSN[min(i+1, len(c.byUSN)):min(i+1+neighbours, len(c.byUSN))] {
		if !u.late && u.changed >= low && (to == 0 || u.changed < to) {
			to = u.changed
		}
	}
	for _, u := range c.byUSN[max(0, i-neighbours):i] {
		if !u.late && u.changed <= to {
			from = max(from, u.changed)
		}
	}
	if from == 0 || to == 0 {
		return 0, 0
	}
	return from, to
}
