package hive

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// bases are the hives that the fuzz targets change: a small one first, then all damages of the corpus.
var bases = sync.OnceValue(func() []regf.Files {
	small := regf.Sound()
	small.Root.Sub("Beta").Unset("Big", small.Written)
	small.Root.Sub(`Alpha\Gone`).Set("Old", regf.String("a deleted value"))
	small.Root.Sub(`Alpha\Gone`).Delete(small.Written)
	list := []regf.Files{{Primary: small.Build()}}
	for _, d := range regf.Damages() {
		if d.Name != "deepTree" { // as large as all others together
			list = append(list, d.Build())
		}
	}
	return list
})

// seeds adds each base without a change, some with one, and a few whole files.
func seeds(f *testing.F) {
	for i := range bases() {
		f.Add(uint8(i), []byte(nil), []byte(nil))
	}
	for pos := uint32(0); pos < 8192; pos += 36 {
		f.Add(uint8(0), le.AppendUint32(le.AppendUint32([]byte{3}, pos), pos*2654435761), []byte(nil))
	}
	f.Add(uint8(0), []byte(nil), []byte("regf"))
	f.Add(uint8(0), []byte(nil), bytes.Repeat([]byte("regf"), 2000))
}

// patched returns a base with changes: each of nine bytes, a width, a position and what stands there. The
// position counts through the primary and the logs. raw replaces the primary where it is not empty.
func patched(base uint8, patch, raw []byte) (primary, log1, log2 []byte) {
	f := bases()[int(base)%len(bases())]
	primary, log1, log2 = bytes.Clone(f.Primary), bytes.Clone(f.Log1), bytes.Clone(f.Log2)
	if len(raw) > 0 {
		primary = bytes.Clone(raw)
	}
	for ; len(patch) >= 9; patch = patch[9:] {
		at := int(le.Uint32(patch[1:]) % uint32(len(primary)+len(log1)+len(log2)))
		for _, b := range [][]byte{primary, log1, log2} {
			if at < len(b) {
				copy(b[at:], patch[5:5+1+int(patch[0])%4])
				break
			}
			at -= len(b)
		}
	}
	return primary, log1, log2
}

// walkAll reads everything that can be reached, and counts the steps. The count must be bounded by the size of
// the hive: each key may cost its depth, and each of its values its data.
func walkAll(t *testing.T, h *Hive) (steps int, sum uint64) {
	limit := len(h.Bytes()) + 1000
	for k, err := range h.Keys() {
		if steps++; steps > limit {
			t.Fatalf("Keys: more than %d steps for %d bytes", limit, len(h.Bytes()))
		}
		if err != nil {
			checkError(t, h, err)
			sum = sum*31 + uint64(len(err.Error()))
			continue
		}
		sum = sum*31 + k.WrittenRaw() + uint64(len(k.Name())) + uint64(k.Offset())
		if _, err := k.ClassName(); err != nil {
			checkError(t, h, err)
		}
		if s, err := k.Security(); err != nil {
			checkError(t, h, err)
		} else {
			s.SDDL()
		}
		if n := len(k.AppendName(nil)); n != len(k.Name()) {
			t.Fatalf("AppendName has %d bytes, Name %d", n, len(k.Name()))
		}
		values := 0
		for v, err := range k.Values() {
			if values++; values > limit {
				t.Fatalf("Values: more than %d steps for %d bytes", limit, len(h.Bytes()))
			}
			if values > 100 {
				break // hostile keys may share one list; only a whole walk counts
			}
			if err != nil {
				checkError(t, h, err)
				sum = sum*31 + uint64(len(err.Error()))
				continue
			}
			b, err := v.Bytes()
			if err != nil {
				checkError(t, h, err)
				sum = sum*31 + uint64(len(err.Error()))
			}
			if len(b) > 0 {
				sum = sum*31 + uint64(b[0]) + uint64(b[len(b)-1])<<8
			}
			if len(b) > len(h.Bytes()) {
				t.Fatalf("Bytes: %d bytes from a hive of %d", len(b), len(h.Bytes()))
			}
			sum = sum*31 + uint64(len(b)) + uint64(v.Type()) + uint64(len(v.Name()))
			v.Text()
			v.Texts()
			v.Uint()
			v.Time()
		}
	}
	return steps, sum
}

func checkError(t *testing.T, h *Hive, err error) {
	t.Helper()
	if e, ok := errors.AsType[*FormatError](err); ok && (e.Offset < 0 || e.Offset > int64(len(h.Bytes()))) {
		t.Fatalf("offset outside the file: %v", err)
	}
}

// FuzzOpen reads whatever opens: the same twice, within its bounds, without a change to the input.
func FuzzOpen(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, base uint8, patch, raw []byte) {
		primary, log1, log2 := patched(base, patch, raw)
		before := bytes.Clone(primary)
		logs := []Log{{"1", log1}, {"2", log2}}
		h, err := Open(primary, &Options{Logs: logs})
		if err != nil {
			return
		}
		steps, sum := walkAll(t, h)
		again, err := Open(primary, &Options{Logs: logs})
		if err != nil {
			t.Fatalf("the second Open: %v", err)
		}
		// The second time without the ways that are there for speed only.
		again.quick, again.places = 0, 0
		if s, m := walkAll(t, again); s != steps || m != sum {
			t.Fatal("the second walk differs")
		}
		n := 0
		for e := range h.Check() {
			checkError(t, h, e)
			if n++; n > 4*len(h.Bytes())+1000 {
				t.Fatalf("Check: %d reports for %d bytes", n, len(h.Bytes()))
			}
		}
		for _, path := range []string{`Alpha\Inner\Deep`, `Beta\Two`, `CurrentControlSet\x`} {
			if k, err := h.Key(path); err == nil {
				k.Value("Text")
				k.Path()
			}
		}
		var out bytes.Buffer
		Dump(&out, h, nil)
		if out.Len() > 64*len(h.Bytes())+1<<25 {
			t.Fatalf("Dump: %d bytes from a hive of %d", out.Len(), len(h.Bytes()))
		}
		if !bytes.Equal(before, primary) {
			t.Fatal("the caller's bytes were changed")
		}
	})
}

// FuzzLogs puts hashes right, so that mutated entries are applied, and wants the image to stay in bounds.
func FuzzLogs(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, base uint8, patch, raw []byte) {
		primary, log1, log2 := patched(base, patch, raw)
		for _, log := range [][]byte{log1, log2} {
			if len(log) < sectorSize || string(log[:4]) != "regf" {
				continue
			}
			le.PutUint32(log[baseSum:], checksum(log))
			for at := sectorSize; at+entryRefs <= len(log) && string(log[at:at+4]) == "HvLE"; {
				size := le.Uint32(log[at+entrySize:])
				if size < entryRefs || size%sectorSize != 0 || uint64(size) > uint64(len(log)-at) {
					break
				}
				regf.Seal(log[at : at+int(size)])
				at += int(size)
			}
		}
		before := [][]byte{bytes.Clone(primary), bytes.Clone(log1), bytes.Clone(log2)}
		h, err := Open(primary, &Options{Logs: []Log{{"1", log1}, {"2", log2}}})
		if err != nil {
			return
		}
		r := h.Recovery()
		if changed := r.Applied || r.BaseBlockLost; changed == (&h.Bytes()[0] == &primary[0]) {
			t.Fatalf("Applied = %v, BaseBlockLost = %v, but the image says otherwise", r.Applied, r.BaseBlockLost)
		}
		if r.Missing > int64(len(primary)+maxMissing) {
			t.Fatalf("%d bytes are missing in front of %d", r.Missing, len(primary))
		}
		if limit := int(r.Missing) + len(primary) + 16*(len(log1)+len(log2)) + 1<<20; len(h.Bytes()) > limit {
			t.Fatalf("an image of %d bytes from %d, %d and %d", len(h.Bytes()), len(primary), len(log1), len(log2))
		}
		if r.Applied && r.Header.Dirty {
			t.Fatalf("still dirty after recovery: %+v", r)
		}
		for _, l := range r.Logs {
			if l.Reason == "" {
				t.Fatalf("no reason for log %s", l.Name)
			}
		}
		walkAll(t, h)
		for i, b := range [][]byte{primary, log1, log2} {
			if !bytes.Equal(b, before[i]) {
				t.Fatal("the caller's bytes were changed")
			}
		}
	})
}

// FuzzDeleted wants bounded work and records that lie where they say.
func FuzzDeleted(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, base uint8, patch, raw []byte) {
		primary, log1, log2 := patched(base, patch, raw)
		h, err := Open(primary, &Options{Logs: []Log{{"1", log1}, {"2", log2}}})
		if err != nil {
			return
		}
		n := 0
		limit := len(h.Bytes()) + 4*(len(log1)+len(log2)) + 1000
		var unreachable, only []int64
		for r := range h.Unreachable() {
			if !r.Unreachable {
				t.Fatalf("%s at %d is not unreachable", r.Path, r.Offset)
			}
			only = append(only, r.Offset)
		}
		defer func() {
			if !slices.Equal(unreachable, only) {
				t.Errorf("Deleted has %d unreachable records, Unreachable %d", len(unreachable), len(only))
			}
		}()
		for r := range h.Deleted() {
			if r.Unreachable && r.Source != FromLog {
				unreachable = append(unreachable, r.Offset)
			}
			if n++; n > limit {
				t.Fatalf("more than %d remnants", limit)
			}
			if r.Path == "" || len(r.Raw) == 0 {
				t.Fatalf("remnant without path or bytes: %+v", r)
			}
			if r.Source != FromLog && !bytes.HasPrefix(h.Bytes()[r.Offset:], r.Raw) {
				t.Fatalf("the record is not at %d", r.Offset)
			}
			if r.IsKey {
				if r.Key.Name() == "" {
					t.Fatal("a key without a name")
				}
				r.Key.Path()
				for range r.Key.Values() {
				}
				continue
			}
			b, err := r.Value.Bytes()
			if len(b) > len(r.Value.h.data) {
				t.Fatalf("%d bytes of data", len(b))
			}
			if r.Source != FromLog && (err == nil) != (r.Data == DataIntact || r.Data == DataMerged) {
				t.Fatalf("data is %v, and Bytes says %v", r.Data, err)
			}
		}
	})
}
