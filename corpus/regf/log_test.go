package regf

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Published results of Marvin32 with 64 bits, from the tests of .NET's runtime (MarvinTests).
func TestMarvin32(t *testing.T) {
	for _, tt := range []struct {
		in   []byte
		want uint64
	}{
		{nil, 0x30ED35C100CD3C7D},
		{[]byte{0xAF}, 0x48E73FC77D75DDC1},
		{[]byte{0xE7, 0x0F}, 0xB5F6E1FC485DBFF8},
		{[]byte{0x37, 0xF4, 0x95}, 0xF0B07C789B8CF7E8},
		{[]byte{0x86, 0x42, 0xDC, 0x59}, 0x7008F2E87E9CF556},
	} {
		if got := Marvin32(0x4FB61A001BDBCC, tt.in); got != tt.want {
			t.Errorf("Marvin32(% x) = %#x, want %#x", tt.in, got, tt.want)
		}
	}
}

// The hashes of entries that Windows wrote.
func TestMarvin32Real(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	entries := 0
	err := filepath.WalkDir(filepath.Join(dir, "hives"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(strings.ToUpper(d.Name()), ".LOG") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || len(b) < 512 || b[28] != 6 {
			return err
		}
		for b = b[512:]; len(b) > 40 && string(b[:4]) == "HvLE" && int(w32(b, 4)) <= len(b); b = b[w32(b, 4):] {
			entry := bytes.Clone(b[:w32(b, 4)])
			if got := Seal(bytes.Clone(entry)); !bytes.Equal(got[24:40], entry[24:40]) {
				t.Errorf("%s: hashes % x, want % x", d.Name(), got[24:40], entry[24:40])
			}
			entries++
		}
		return nil
	})
	if err != nil || entries == 0 {
		t.Errorf("%d entries, %v", entries, err)
	}
}

// history is a hive in five states that grows in the fourth.
func history() []*Hive {
	h := New("ROOT", t0)
	h.Primary = 40
	for i := range 200 {
		h.Root.Sub(fmt.Sprintf(`Group%d\Key%d`, i%7, i)).Set("v", String(strings.Repeat("x", i)))
	}
	states := []*Hive{h}
	for i := range 4 {
		h = h.Clone()
		h.Root.Sub(fmt.Sprintf(`Group%d\New%d`, i, i)).At(t1).Set("state", DWord(uint32(i)))
		h.Root.Sub(`Group5\Key5`).Set("v", String(fmt.Sprint("state ", i)))
		if i == 2 {
			h.Root.Sub("Group6").Set("big", Binary(pattern(60000)))
		}
		states = append(states, h)
	}
	return states
}

// replay applies a new log to bins in the plainest way. It checks each entry and stops where the format says.
func replay(t *testing.T, bins, log []byte, next uint32) ([]byte, uint32) {
	t.Helper()
	sum := uint32(0)
	for i := range 127 {
		sum ^= w32(log, 4*i)
	}
	if string(log[:4]) != "regf" || w32(log, 508) != sum || w32(log, 28) != 6 || w32(log, 4) != next || w32(log, 8) != next {
		t.Fatalf("log begins % x, want number %d", log[:32], next)
	}
	for at := 512; at < len(log); {
		e := log[at:]
		size := int(w32(e, 4))
		if string(e[:4]) != "HvLE" || size > len(e) || w32(e, 12) != next {
			break
		}
		if (at+size)%4096 != 0 || w32(e, 16)%4096 != 0 {
			t.Errorf("entry %d at %#x has %d bytes, bins %d", next, at, size, w32(e, 16))
		}
		if w64(e, 24) != Marvin32(logSeed, e[40:size]) || w64(e, 32) != Marvin32(logSeed, e[:32]) {
			break
		}
		out := make([]byte, w32(e, 16))
		copy(out, bins)
		data := 40 + 8*int(w32(e, 20))
		for i := range int(w32(e, 20)) {
			off, n := int(w32(e, 40+8*i)), int(w32(e, 44+8*i))
			if off%4096 != 0 || n%4096 != 0 || n == 0 {
				t.Errorf("entry %d: page %#x, %d bytes", next, off, n)
			}
			copy(out[off:off+n], e[data:data+n])
			data += n
		}
		bins = out
		next++
		at += size
	}
	return bins, next
}

func TestJournal(t *testing.T) {
	states := History(history()...)
	last := states[len(states)-1]
	for _, tt := range []struct {
		name  string
		j     Journal
		start uint32
	}{
		{"one log", Journal{}, 40},
		{"two logs", Journal{Split: 2}, 40},
		{"swapped", Journal{Split: 1, Swap: true}, 40},
		{"far ahead", Journal{Number: 2107}, 2107},
		{"wraps", Journal{Number: 0xFFFFFFFE, Split: 1}, 0xFFFFFFFE},
		{"half written", Journal{Half: true}, 40},
		{"stale", Journal{Stale: []Entry{Diff(states[2], states[0]).Numbered(27)}}, 40},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.j.States = states
			primary, log1, log2 := tt.j.Files()
			if w32(primary, 4) != 41 || w32(primary, 8) != 40 {
				t.Errorf("primary has %d and %d", w32(primary, 4), w32(primary, 8))
			}
			if tt.j.Swap {
				log1, log2 = log2, log1
			}
			bins, next := replay(t, primary[4096:], log1, tt.start)
			if log2 != nil {
				bins, next = replay(t, bins, log2, next)
			}
			if next != tt.start+4 {
				t.Errorf("the last entry is %d, want %d", next-1, tt.start+3)
			}
			if !bytes.Equal(bins, last[4096:]) {
				t.Error("the logs do not lead to the last state")
			}
			want := tt.j.Recovered(-1)
			if !bytes.Equal(want[4096:], bins) || w32(want, 4) != next-1 || w32(want, 8) != next-1 || w32(want, 40) != uint32(len(bins)) {
				t.Errorf("Recovered: % x", want[:48])
			}
			walk(t, want)
			for n := range 4 {
				if got := tt.j.Recovered(n); n > 0 && !tt.j.Half && !bytes.Equal(got[4096:], states[n][4096:]) {
					t.Errorf("Recovered(%d) is not state %d", n, n)
				}
			}
		})
	}
}

func TestBadBaseBlock(t *testing.T) {
	states := History(history()...)
	j := Journal{States: states, BadSum: true}
	if got := j.Recovered(-1); !bytes.Equal(Bins(got), Bins(states[4])) {
		t.Error("one log does not lead to the last state")
	}
	j.Split = 2
	primary, _, log2 := j.Files()
	bins, _ := replay(t, primary[4096:], log2, 42)
	if got := j.Recovered(-1); !bytes.Equal(Bins(got), bins) || w32(got, 4) != 43 {
		t.Error("the later log alone must be applied")
	}
}

func TestOldLog(t *testing.T) {
	for _, j := range []Journal{{Old: true}, {Old: true, Half: true}, {Old: true, NT: true}} {
		for _, growth := range []int{100, 60000, 3_000_000} { // the last one needs a bitmap that ends behind 1024
			t.Run(fmt.Sprintf("half=%v/nt=%v/growth=%d", j.Half, j.NT, growth), func(t *testing.T) { checkOldLog(t, j, growth) })
		}
	}
}

func checkOldLog(t *testing.T, j Journal, growth int) {
	before := history()[0]
	after := before.Clone()
	after.Written = t2
	after.Root.Sub("Group3").At(t2).Set("new", Binary(pattern(growth)))
	after.Root.Sub("Group6").Delete(t2)
	j.States = History(before, after)
	primary, log, _ := j.Files()
	typ := byte(1)
	if j.NT {
		typ = 2
	}
	if w64(primary, 12) != w64(log, 12) || w32(primary, 4) != 41 || w32(primary, 8) != 40 || w32(log, 4) != 41 || w32(log, 8) != 41 || log[28] != typ {
		t.Errorf("primary % x, log % x", primary[:32], log[:32])
	}
	n := int(w32(log, 40))
	bins := make([]byte, n)
	copy(bins, primary[4096:])
	at := (516 + n/4096 + 511) / 512 * 512
	parts := 0
	for i := range n / 512 {
		if log[516+i/8]>>(i%8)&1 != 0 {
			copy(bins[512*i:], log[at:at+512])
			at += 512
		}
		if b := log[516+i/8]; b != 0 && b != 0xFF {
			parts++
		}
	}
	if at != len(log) || string(log[512:516]) != "DIRT" || parts > 0 != j.NT {
		t.Errorf("blocks end at %d of %d, %d parts of pages", at, len(log), parts)
	}
	if !bytes.Equal(bins, j.States[1][4096:]) {
		t.Error("the log does not lead to the last state")
	}
	if got := j.Recovered(-1); !bytes.Equal(got[4096:], bins) || w32(got, 4) != 41 || w32(got, 8) != 41 {
		t.Error("Recovered differs")
	}
	walk(t, j.Recovered(-1))
}
