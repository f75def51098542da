package vss_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image/vss"
	corpus "github.com/artifactdump/artifactdump/corpus/vss"
)

const block = vss.BlockSize

// history makes the states of a volume, the oldest first, the last of which is now: blocks are overwritten, whole or in some sectors, moved, moved
// in a circle, and moved twice. The last block is not whole.
func history(states, blocks int, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	v := make([]byte, blocks*block+1536)
	fill := func(b []byte) {
		for i := 0; i+8 <= len(b); i += 8 {
			x := r.Uint64()
			for j := range 8 {
				b[i+j] = byte(x >> (8 * j))
			}
		}
	}
	fill(v)
	area := corpus.AreaFile(blocks - blocks/3)
	copy(v[blocks/3*block+4096:], area[:len(area)-block]) // clusters of 4 KiB, so that blocks of the area do not lie on those of the volume
	data := blocks/3 - 1                                  // blocks 1 to data are used
	out := [][]byte{bytes.Clone(v)}
	for range states - 1 {
		for range blocks / 20 {
			at := func() []byte { return v[(1+r.IntN(data))*block:][:block] }
			switch b := at(); r.IntN(6) {
			case 0:
				fill(b)
			case 1, 2:
				for range 1 + r.IntN(4) {
					fill(b[r.IntN(32)*512:][:512])
				}
			case 3:
				copy(at(), b)
			case 4: // two change places
				c := at()
				was := bytes.Clone(b)
				copy(b, c)
				copy(c, was)
			case 5: // one moves on, and one takes its place
				copy(at(), b)
				copy(b, at())
			}
		}
		fill(v[len(v)-512:])
		out = append(out, bytes.Clone(v))
	}
	return out
}

// built lays the history into one volume.
func built(t testing.TB, states [][]byte, scatter bool) ([]byte, corpus.Layout) {
	t.Helper()
	now := states[len(states)-1]
	spec := corpus.Spec{Now: now, Area: corpus.Area(now), Scatter: scatter}
	for i, v := range states[:len(states)-1] {
		spec.Stores = append(spec.Stores, corpus.Store{
			Volume: v, Created: time.Date(2026, 3, 1+i, 4, 5, 6, 789, time.UTC).Add(100 * time.Nanosecond), ID: [16]byte{byte(i + 1), 15: 0xEE}, Machine: "KESTREL-PC",
			Forward: i%3 != 1, Overlay: i%2 == 0, Previous: i%2 == 0, Scraps: true,
		})
	}
	img, lay, err := spec.Build()
	if err != nil {
		t.Fatal(err)
	}
	return img, lay
}

// same compares a shadow copy with the state that it is of, but for what nobody used, and the volume's header of shadow copies.
func same(t *testing.T, got, want []byte, area []int64) {
	t.Helper()
	skip := map[int64]bool{}
	for _, at := range area {
		skip[at/block], skip[(at+block-1)/block] = true, true
	}
	got = bytes.Clone(got)
	copy(got[0x1E00:0x2000], want[0x1E00:])
	n := 0
	for b := int64(0); b*block < int64(len(want)); b++ {
		end := min(int64(len(want)), (b+1)*block)
		if !skip[b] && !bytes.Equal(got[b*block:end], want[b*block:end]) {
			if n++; n < 5 {
				t.Errorf("block %d differs", b)
			}
		}
	}
}

func openVolume(t testing.TB, img []byte) *vss.Volume {
	t.Helper()
	v, err := vss.Open(bytes.NewReader(img), int64(len(img)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func read(t testing.TB, s *vss.Shadow) []byte {
	t.Helper()
	sn, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, sn.Size())
	if n, err := sn.ReadAt(b, 0); n != len(b) || err != nil && err != io.EOF {
		t.Fatalf("%d of %d bytes, %v", n, len(b), err)
	}
	return b
}

func TestHistory(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			states := history(5, 300, seed)
			img, lay := built(t, states, seed%2 == 0)
			v := openVolume(t, img)
			if len(v.Shadows) != 4 || v.Version != 1 {
				t.Fatalf("%+v", v.Shadows)
			}
			total := corpus.Pieces{}
			for i := range v.Shadows {
				s := &v.Shadows[i]
				if want := fmt.Sprintf("%08X-0000-0000-0000-0000000000EE", i+1); s.ID != want || s.Number != i+1 || s.Machine != "KESTREL-PC" || s.CopyID == "" || s.SetID == s.CopyID || s.Size != int64(len(img)) || s.Created.Day() != i+1 || s.Created.Nanosecond() != 800 {
					t.Errorf("%+v", *s)
				}
				same(t, read(t, s), states[i], corpus.Area(states[i]))
				p := lay.Stores[i]
				total.Saved, total.Forwarded, total.TakenUp, total.Overlaid = total.Saved+p.Saved, total.Forwarded+p.Forwarded, total.TakenUp+p.TakenUp, total.Overlaid+p.Overlaid
			}
			if total.Saved == 0 || total.Forwarded == 0 || total.TakenUp == 0 || total.Overlaid == 0 {
				t.Errorf("the fixture lacks a kind of descriptor: %+v", total)
			}
			if d := v.Damage(); len(d) > 0 {
				t.Errorf("damage: %v", d)
			}
		})
	}
}

func TestReaderAt(t *testing.T) {
	states := history(3, 60, 9)
	img, _ := built(t, states, true)
	v := openVolume(t, img)
	want := read(t, &v.Shadows[0])
	sn, err := v.Shadows[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(sn, 0, sn.Size()), want); err != nil {
		t.Error(err)
	}
}
