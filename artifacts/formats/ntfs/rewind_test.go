package ntfs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// A life makes, renames, moves and deletes folders and files at random on a
// volume of the corpus.
type life struct {
	v     *ntfsmeta.Volume
	rnd   *rand.Rand
	at    time.Time
	dirs  []ntfsmeta.Ref
	files []ntfsmeta.Ref
	child map[ntfsmeta.Ref]int          // of folders
	up    map[ntfsmeta.Ref]ntfsmeta.Ref // parents
	n     int
}

func newLife(seed uint64, spec ntfsmeta.Spec) *life {
	spec.Made = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return &life{
		v: ntfsmeta.New(spec), rnd: rand.New(rand.NewPCG(seed, 1)), at: spec.Made.Add(time.Hour),
		dirs: []ntfsmeta.Ref{ntfsmeta.Root}, child: map[ntfsmeta.Ref]int{}, up: map[ntfsmeta.Ref]ntfsmeta.Ref{},
	}
}

func pick(r *rand.Rand, list []ntfsmeta.Ref) int { return r.IntN(len(list)) }

func remove(list []ntfsmeta.Ref, i int) []ntfsmeta.Ref {
	list[i] = list[len(list)-1]
	return list[:len(list)-1]
}

func (l *life) name(ext string) string {
	l.n++
	return fmt.Sprintf("%s %d%s", [...]string{"a", "Ordner mit Umlaut ä", "long name of a thing", "漢字", "x"}[l.n%5], l.n, ext)
}

// below reports whether folder r lies in folder dir, or is it.
func (l *life) below(r, dir ntfsmeta.Ref) bool {
	for {
		if r == dir {
			return true
		}
		if r == ntfsmeta.Root {
			return false
		}
		r = l.up[r]
	}
}

func (l *life) place(r, parent ntfsmeta.Ref) {
	if old, ok := l.up[r]; ok {
		l.child[old]--
	}
	l.up[r] = parent
	l.child[parent]++
}

func (l *life) step() {
	l.at = l.at.Add(time.Duration(1+l.rnd.IntN(5e6)) * 100)
	parent := l.dirs[pick(l.rnd, l.dirs)]
	switch k := l.rnd.IntN(20); {
	case k < 4:
		r := l.v.Mkdir(parent, l.name(""), l.at)
		l.place(r, parent)
		l.dirs = append(l.dirs, r)
	case k < 10 || len(l.files) == 0:
		r := l.v.Create(parent, l.name(".exe"), make([]byte, l.rnd.IntN(900)), l.at)
		l.place(r, parent)
		l.files = append(l.files, r)
	case k < 13:
		r := l.files[pick(l.rnd, l.files)]
		l.v.Rename(r, parent, l.name(".dll"), l.at)
		l.place(r, parent)
	case k < 16:
		r := l.dirs[pick(l.rnd, l.dirs)]
		if r == ntfsmeta.Root || l.below(parent, r) {
			return
		}
		l.v.Rename(r, parent, l.name(""), l.at)
		l.place(r, parent)
	case k < 18:
		i := pick(l.rnd, l.files)
		l.child[l.up[l.files[i]]]--
		l.v.Delete(l.files[i], l.at)
		l.files = remove(l.files, i)
	default:
		i := pick(l.rnd, l.dirs)
		if r := l.dirs[i]; r != ntfsmeta.Root && l.child[r] == 0 {
			l.child[l.up[r]]--
			l.v.Delete(r, l.at)
			l.dirs = remove(l.dirs, i)
		}
	}
}

// TestRewind asks for the path of every journal record of volumes on which
// folders are renamed, moved and deleted and records are reused: each is that
// of the writer.
func TestRewind(t *testing.T) {
	testcost.Again(t)
	for seed := range uint64(12) {
		spec := ntfsmeta.Spec{FirstUSN: 4096 * 77}
		if seed%3 == 1 {
			spec.RecordSize = 4096
		}
		if seed%4 == 2 {
			spec.Version = 3
		}
		l := newLife(seed, spec)
		for range 3000 {
			l.step()
		}
		mft, data := l.v.MFT(), l.v.J()
		table, err := ReadTable(bytes.NewReader(mft), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		j := NewJournal(bytes.NewReader(data), int64(len(data)))
		w, err := NewRewind(table, j)
		if err != nil {
			t.Fatal(err)
		}
		i, bad := 0, 0
		for c, err := range w.Changes(j) {
			if err != nil {
				t.Fatal(err)
			}
			want := l.v.Moments()[i]
			got, state := w.AppendPath(nil, c)
			if c.USN != want.USN || string(got) != want.Path || state != PathWhole {
				if bad++; bad < 5 {
					t.Errorf("seed %d, record %d: USN %d %q %s, want %d %q", seed, i, c.USN, got, state, want.USN, want.Path)
				}
			}
			i++
		}
		if i != len(l.v.Moments()) || w.Gaps != 0 || w.Mismatches != 0 || j.Stats.Skipped != 0 {
			t.Errorf("seed %d: %d records, want %d; %d gaps, %d mismatches, %+v", seed, i, len(l.v.Moments()), w.Gaps, w.Mismatches, j.Stats)
		}
	}
}

// TestRewindGap takes a page out of a journal: no path may be whole and wrong
// for want of the records in it without the gap being counted.
func TestRewindGap(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	dir := v.Mkdir(ntfsmeta.Root, "before", at)
	for i := range 60 {
		v.Create(dir, fmt.Sprintf("f%d", i), nil, at)
	}
	v.Rename(dir, ntfsmeta.Root, "after", at)
	for i := range 60 {
		v.Create(dir, fmt.Sprintf("g%d", i), nil, at)
	}
	v.SetTimes(dir, at, at, at, at, at)
	data := v.J()
	// The page with the rename is lost.
	renamed := bytes.Index(data, utf16le("after")) &^ 4095
	data = append(data[:renamed:renamed], data[renamed+4096:]...)
	table, _ := ReadTable(bytes.NewReader(v.MFT()), nil, nil)
	j := NewJournal(bytes.NewReader(data), int64(len(data)))
	w, err := NewRewind(table, j)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for c, err := range w.Changes(j) {
		if err != nil {
			t.Fatal(err)
		}
		path, _ := w.AppendPath(nil, c)
		for _, m := range v.Moments() {
			if m.USN == c.USN && m.Path == string(path) {
				right++
			}
		}
	}
	if right < 100 {
		t.Errorf("only %d paths are right", right)
	}
	if w.Gaps == 0 || j.Stats.Cuts != 1 {
		t.Errorf("%d gaps, %+v", w.Gaps, j.Stats)
	}
}
