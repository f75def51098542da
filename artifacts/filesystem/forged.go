package filesystem

import (
	"cmp"
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
	File    ntfs.Reference
	Path    string
	Tests   TimeTests
	Twin    ntfs.Reference // the file whose times were cloned; 0 for none
	Created uint64         // of $STANDARD_INFORMATION
	USN     uint64         // of the last change, in the change journal

	// NotBefore and NotAfter are FILETIMEs between which the last change really
	// lies, by its place in the change journal; 0 when unknown.
	NotBefore, NotAfter uint64
}

// installedTogether is how many programs named within two minutes of each
// other make an installation; fewer than fewTogether are none.
const (
	installedTogether = 5
	fewTogether       = 3
)

// A TimeCheck judges the times of the programs of a volume in two passes over its
// $MFT. [TimeCheck.Survey] takes each record in the first, and finds the suspects:
// programs whose own times are odd. [TimeCheck.Compare] takes each record in the
// second, and compares it with the suspects. Between the two, [TimeCheck.Narrow]
// forgets the programs that no comparison can turn into a finding: it keeps 8 bytes
// for each program before, and 72 for each suspect.
type TimeCheck struct {
	every    bool   // judge all programs, those with supporting signs only, too
	made     uint64 // creation of the volume
	named    []uint64
	suspects []suspect // in the order of their entries
	order    usnOrder
	twins    map[wholeTimes]*twinPair
	text     []byte
	folded   []byte
	upcase   *ntfs.UpCase
}

// A suspect is a program whose times may be forged.
type suspect struct {
	file, folder               ntfs.Reference
	created, modified, changed uint64 // of $STANDARD_INFORMATION
	named                      uint64
	usn                        uint64
	hash                       uint64 // of the name, without case
	tests                      TimeTests
	alone                      bool // fewer programs were named around it than make an installation
}

type wholeTimes struct{ created, modified uint64 }

// A twinPair is the file that first had some times, and the first that had them
// under another name.
type twinPair struct{ first, other twinFile }

type twinFile struct {
	named, hash uint64
	file        ntfs.Reference // 0 for none
}

// NewTimeCheck returns an empty check.
func NewTimeCheck() *TimeCheck { return &TimeCheck{twins: map[wholeTimes]*twinPair{}} }

// judged reports whether a record counts: the base record of a file that exists.
func judged(r *ntfs.Record) *ntfs.Name {
	if !r.IsBase() || !r.InUse() || !r.HasStandard || r.Damage != 0 {
		return nil
	}
	return r.BestName()
}

// Survey takes a record in the first pass. A record whose name is in an extension
// record is taken after that pass, when it was joined.
func (c *TimeCheck) Survey(r *ntfs.Record) {
	n := judged(r)
	if n == nil {
		return
	}
	if r.Entry == 0 {
		c.made = n.Times[0]
	}
	if r.Directory() {
		return
	}
	if c.text = n.AppendName(c.text[:0]); !isProgram(c.text) {
		return
	}
	named, s := n.Times[0], &r.Standard
	c.named = append(c.named, named)
	odd := isWhole(s.Times[0]) || s.Times[2] < named && isWhole(s.Times[2])
	if named < c.made+day || !odd && !c.every {
		return
	}
	c.suspects = append(c.suspects, suspect{
		file: r.Reference(), folder: n.Parent, created: s.Times[0], modified: s.Times[1], changed: s.Times[2], named: named, usn: s.USN,
		hash: c.hash(c.text),
	})
}

// hash is that of a name without case. Names of one hash are taken for one
// name, which hides a twin at worst.
func (c *TimeCheck) hash(name []byte) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	c.folded = c.upcase.AppendFold(c.folded[:0], string(name))
	for _, c := range c.folded {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func isWhole(t uint64) bool { return t != 0 && t%second == 0 }

// restorePoints is the folder of copies that Windows itself keeps.
const restorePoints = `\system volume information\`

// Narrow ends the first pass: of the suspects those are kept that have a sign, or
// may have when they are compared. table is that of the volume.
func (c *TimeCheck) Narrow(table *ntfs.Table) {
	slices.Sort(c.named)
	kept := c.suspects[:0]
	for i := range c.suspects {
		p := &c.suspects[i]
		together := around(c.named, p.named)
		p.tests, p.alone = p.judge(together), together < installedTogether
		whole := isWhole(p.created) && isWhole(p.modified)
		if c.every || p.tests&(ChangedBeforeName|AloneAndOld) != 0 || p.alone && whole {
			kept = append(kept, *p)
		}
	}
	kept = slices.DeleteFunc(kept, func(p suspect) bool {
		c.text, _ = table.AppendFolder(c.text[:0], p.folder)
		return strings.HasPrefix(c.upcase.Fold(string(append(c.text, '\\'))), restorePoints)
	})
	c.suspects, c.named = slices.Clone(kept), nil
	usns := make([]uint64, 0, len(kept))
	for i := range kept {
		p := &c.suspects[i]
		if p.usn != 0 {
			usns = append(usns, p.usn)
		}
		if p.alone && isWhole(p.created) && isWhole(p.modified) {
			c.twins[wholeTimes{p.created, p.modified}] = &twinPair{}
		}
	}
	c.order = newUSNOrder(usns)
}

// around counts the programs that were named within two minutes of a moment,
// the one of that moment included.
func around(named []uint64, at uint64) int {
	from, _ := slices.BinarySearch(named, at-min(at, 2*minute))
	to, _ := slices.BinarySearch(named, at+2*minute+1)
	return to - from
}

// judge returns the signs that the program shows by itself. together is how many
// programs were named around it.
func (p *suspect) judge(together int) TimeTests {
	var t TimeTests
	if p.changed < p.named {
		t |= Rearranged
		if isWhole(p.changed) {
			t |= ChangedBeforeName
			if isWhole(p.created) && isWhole(p.modified) {
				t |= AllWhole
			}
		}
	}
	if isWhole(p.created) && p.created+day < p.named && together < fewTogether {
		t |= AloneAndOld
	}
	return t
}

// Compare takes a record in the second pass.
func (c *TimeCheck) Compare(r *ntfs.Record) {
	n := judged(r)
	if n == nil || r.Directory() {
		return
	}
	s := &r.Standard
	if s.USN != 0 {
		c.order.add(usnTime{s.USN, s.Times[2], s.Times[2] < n.Times[0]})
	}
	if !isWhole(s.Times[0]) || !isWhole(s.Times[1]) {
		return
	}
	if t := c.twins[wholeTimes{s.Times[0], s.Times[1]}]; t != nil {
		c.text = n.AppendName(c.text[:0])
		t.add(twinFile{n.Times[0], c.hash(c.text), r.Reference()})
	}
}

func (f *twinFile) before(o *twinFile) bool {
	return o.file == 0 || f.named < o.named || f.named == o.named && f.file < o.file
}

func (t *twinPair) add(f twinFile) {
	switch {
	case f.before(&t.first):
		if t.first.file != 0 && t.first.hash != f.hash {
			t.other = t.first
		}
		t.first = f
	case f.hash != t.first.hash && f.before(&t.other):
		t.other = f
	}
}

// twin returns a file with another name and the same times that was there a
// day before the program, or 0.
func (c *TimeCheck) twin(p *suspect) ntfs.Reference {
	t := c.twins[wholeTimes{p.created, p.modified}]
	if t == nil || !p.alone {
		return 0
	}
	f := &t.first
	if f.hash == p.hash {
		f = &t.other
	}
	if f.file == 0 || f.named+day > p.named {
		return 0
	}
	return f.file
}

// Forged returns the programs with at least one sign, in the order of their
// references, without their paths.
func (c *TimeCheck) Forged() []Forged {
	var out []Forged
	for i := range c.suspects {
		p := &c.suspects[i]
		f := Forged{File: p.file, Tests: p.tests, Twin: c.twin(p), Created: p.created, USN: p.usn}
		if f.Twin != 0 {
			f.Tests |= Cloned
		}
		if m := c.order.median(p.usn); m > day && p.changed < m-day {
			f.Tests |= OutOfOrder
		}
		if f.Tests == 0 {
			continue
		}
		f.NotBefore, f.NotAfter = c.order.bounds(p.usn)
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Forged) int { return cmp.Compare(a.File, b.File) })
	return out
}
