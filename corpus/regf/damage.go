package regf

import (
	"slices"
	"strings"
	"time"
)

// A Damage is a hive with one flaw, and what a reader must find in it all the same.
type Damage struct {
	Name  string
	About string   // the flaw, in one sentence
	Fatal string   // why nothing but the base block can be had; empty: the hive opens
	Lost  []string // what need not be found, in the form of Keeps; `\A\*` is all below a key and its values
	Build func() Files
}

// Files are a hive and its logs as they lie on a disk.
type Files struct {
	Primary   []byte
	Log1      []byte
	Log2      []byte
	Recovered []byte // what the logs must make of the primary; nil: they are of no use, the primary is what counts
}

// Keeps lists what a reader must find: keys as `\path`, values with all their data as `\path|name`.
// It is everything in the sound hive, that of [Sound], without what is lost.
func (d Damage) Keeps() []string {
	if d.Fatal != "" {
		return nil
	}
	return slices.DeleteFunc(contents(Sound().Root, ""), func(line string) bool {
		for _, lost := range d.Lost {
			below, all := strings.CutSuffix(lost, `*`)
			if line == lost || all && (strings.HasPrefix(line, below) || strings.HasPrefix(line, strings.TrimSuffix(below, `\`)+"|")) {
				return true
			}
		}
		return false
	})
}

// contents lists keys and values below a key; the root's own path is not among them.
func contents(k *Key, path string) []string {
	var list []string
	for _, v := range k.Values {
		list = append(list, path+"|"+v.Name)
	}
	for _, s := range k.Subkeys {
		sub := path + `\` + s.Name
		list = append(append(list, sub), contents(s, sub)...)
	}
	return list
}

// Damages lists all that can be wrong with a hive, and then with its logs.
func Damages() []Damage {
	return slices.Concat(headerDamages(), binDamages(), keyDamages(), listDamages(), valueDamages(), logDamages(), oldLogDamages())
}

// Sound is the hive that each damage is done to.
//
//	\Alpha              Text, Number, and Half, inline data of two bytes
//	\Alpha\Inner\Deep   Leaf
//	\Beta               Text and Big, data in three segments; below an ri: Five Four | One Three | Two
//	\Gamma              class "a class", Note
//	\Omega              Last
func Sound() *Hive {
	t := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	h := New("ROOT", t)
	h.FileName = `\??\C:\Hives\SOUND`
	h.Primary = 40
	h.Root.Sub("Alpha").Set("Text", String("the first letter")).Set("Number", DWord(1)).Set("Half", Binary([]byte{1, 2}))
	h.Root.Sub(`Alpha\Inner\Deep`).Set("Leaf", Multi("one", "", "three"))
	beta := h.Root.Sub("Beta").Set("Text", String("the second letter"))
	big := make([]byte, 2*segment+1000)
	for i := range big {
		big[i] = byte(i) ^ byte(i>>8)
	}
	beta.Set("Big", Binary(big))
	beta.Leaf = 2
	for _, name := range []string{"One", "Two", "Three", "Four", "Five"} {
		beta.Sub(name)
	}
	gamma := h.Root.Sub("Gamma").Set("Note", Expand("%SystemRoot%"))
	gamma.Class = "a class"
	h.Root.Sub("Omega").Set("Last", QWord(1<<40))
	return h
}

// A patient is the sound hive, opened for damage. All offsets are relative to the first bin, as in [Live].
type patient struct {
	*Live
	bins []byte
	base []byte
	file []byte
}

// hurt returns a Build that does something to the sound hive. What f leaves in p.file is the primary.
func hurt(f func(p *patient)) func() Files {
	return func() Files {
		l := Sound().Live()
		file := l.Image()
		p := &patient{l, file[page:], file[:page], file}
		f(p)
		return Files{Primary: p.file}
	}
}

// header is hurt for the base block, whose checksum is made good again.
func header(f func(base []byte)) func() Files {
	return hurt(func(p *patient) {
		f(p.base)
		Checksum(p.base)
	})
}

// rec returns the data of the cell at an offset.
func (p *patient) rec(off uint32) []byte { return p.bins[off+4:] }

func (p *patient) set16(off uint32, field int, v uint16) { le.PutUint16(p.rec(off)[field:], v) }
func (p *patient) set32(off uint32, field int, v uint32) { le.PutUint32(p.rec(off)[field:], v) }
func (p *patient) setSize(off uint32, size int32)        { le.PutUint32(p.bins[off:], uint32(size)) }

// cell takes a free place at the end of the hive and writes an allocated cell to it.
func (p *patient) cell(data []byte) uint32 {
	off := p.st.alloc(len(data))
	copy(p.st.data(off), data)
	if len(p.st.bins) > len(p.bins) {
		panic("regf: no free place in the sound hive")
	}
	at := int(off)
	end := at + p.st.size(off)
	copy(p.bins[at:end], p.st.bins[at:end])
	if end < len(p.bins) && int32(le.Uint32(p.st.bins[end:])) > 0 { // the rest of the free cell
		copy(p.bins[end:end+4], p.st.bins[end:end+4])
	}
	return off
}
