package hive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// remnants opens a hive and collects what is deleted in it, keys by path and values by path|name.
func remnants(t *testing.T, b []byte, logs ...Log) map[string]Remnant {
	t.Helper()
	h, err := Open(b, &Options{Logs: logs})
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]Remnant{}
	for r := range h.Deleted() {
		id := r.Path
		if !r.IsKey {
			id += "|" + r.Value.Name()
		}
		if _, ok := m[id]; ok {
			t.Errorf("%s comes twice", id)
		}
		m[id] = r
	}
	return m
}

// TestDeletedTree deletes a tree below a live key, and a value of a live key.
func TestDeletedTree(t *testing.T) {
	spec := regf.Sound()
	at := spec.Written.Add(time.Hour)
	gone := spec.Root.Sub(`Alpha\Gone`).Set("Inline", regf.DWord(7)).Set("Cell", regf.String("a text in a cell"))
	gone.Sub("Below").Set("", regf.QWord(1))
	spec.Root.Sub(`Alpha\Gone`).Delete(at)
	spec.Root.Sub("Beta").Unset("Text", at)
	spec.Root.Sub("Gamma").Set("Zuletzt", regf.String("the last of its list")).Unset("Zuletzt", at)
	got := remnants(t, spec.Build())
	for _, want := range []struct {
		id       string
		grade    Grade
		notAfter time.Time
		data     string
	}{
		{`\Alpha\Gone`, Exact, at, ""},
		{`\Alpha\Gone|Inline`, Exact, at, "\x07\x00\x00\x00"},
		{`\Alpha\Gone|Cell`, Exact, at, string(regf.UTF16("a text in a cell\x00"))},
		{`\Alpha\Gone\Below`, Full, at, ""},
		{`\Alpha\Gone\Below|`, Full, at, "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{`?|Text`, Partial, time.Time{}, string(regf.UTF16("the second letter\x00"))},
		{`\Gamma|Zuletzt`, Exact, at, string(regf.UTF16("the last of its list\x00"))},
	} {
		r, ok := got[want.id]
		if !ok {
			t.Errorf("%s is not found", want.id)
			continue
		}
		if r.Grade != want.grade || !r.NotAfter.Equal(want.notAfter) {
			t.Errorf("%s: %v, deleted until %v, want %v, %v", want.id, r.Grade, r.NotAfter, want.grade, want.notAfter)
		}
		if r.IsKey {
			continue
		}
		if b, err := r.Value.Bytes(); string(b) != want.data || err != nil {
			t.Errorf("%s: data %q, %v (%v)", want.id, b, err, r.Data)
		}
	}
	for id, r := range got {
		if strings.HasPrefix(id, `\Omega`) || r.Source == FromUnreferenced || r.Source == FromLog {
			t.Errorf("found %s: %v", id, r.Source)
		}
	}
	if len(got) != 7 {
		t.Errorf("%d remnants, want 7", len(got))
	}
}

// TestDeletedNothing wants nothing found in a hive in which nothing was deleted.
func TestDeletedNothing(t *testing.T) {
	for version := uint32(2); version <= 6; version++ {
		if got := remnants(t, variety(version).Build()); len(got) > 0 {
			t.Errorf("1.%d: %v", version, got)
		}
	}
}

// TestDeletedUnreferenced takes the root's subkeys out of the tree: they stay whole keys, with subkeys and values.
func TestDeletedUnreferenced(t *testing.T) {
	l := regf.Sound().Live()
	b := l.Image()
	le.PutUint32(b[baseSize+l.Key("")+4+nkSubkeys:], 0)
	regf.Checksum(b)
	got := remnants(t, b)
	k := got[`\Alpha`].Key
	if k.IsZero() || got[`\Alpha`].Source != FromUnreferenced || got[`\Alpha`].Grade != Exact {
		t.Fatalf("Alpha: %+v", got[`\Alpha`])
	}
	s, err := k.Subkey("INNER")
	if err != nil || s.Path() != `\Alpha\Inner` {
		t.Fatalf("the subkey of a deleted key: %v", err)
	}
	if p, err := s.Parent(); err != nil || p != k {
		t.Errorf("the parent of a deleted key: %v", err)
	}
	big := got[`\Beta|Big`]
	if data, err := big.Value.Bytes(); err != nil || len(data) != int(big.Value.Size()) || big.Data != DataMerged {
		t.Errorf("big data: %d bytes, %v, %v", len(data), big.Data, err)
	}
	if n := len(got); n != 19 {
		t.Errorf("%d remnants, want all 11 keys and 8 values", n)
	}
}

// TestDeletedTail reads a key behind the bins.
func TestDeletedTail(t *testing.T) {
	spec := regf.Sound()
	spec.Tail = make([]byte, 4096)
	tail := spec.Tail[32+4:]
	copy(tail, "nk\x20\x00")
	le.PutUint64(tail[nkWritten:], regf.FILETIME(spec.Written))
	le.PutUint32(tail[nkParent:], 0x20)
	le.PutUint32(tail[nkSecurity:], noOffset)
	le.PutUint16(tail[nkNameLen:], 4)
	copy(tail[nkName:], "Tail")
	got := remnants(t, spec.Build())
	r, ok := got[`\Tail`]
	if !ok || r.Source != FromTail || r.Grade != Exact {
		t.Errorf("found %v, %+v", ok, r)
	}
}

// TestDeletedDoubt gives the place of a deleted key's parent to a key that is older than the deleted one.
func TestDeletedDoubt(t *testing.T) {
	spec := regf.Sound()
	spec.Root.Sub(`Alpha\Gone`).At(spec.Written.Add(2 * time.Hour))
	spec.Root.Sub(`Alpha\Gone`).Delete(spec.Written.Add(time.Hour))
	spec.Root.Sub("Alpha").At(spec.Written)
	b := spec.Build()
	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	for r := range h.Deleted() {
		if r.IsKey && (r.Grade == Exact) == r.NotAfter.IsZero() {
			t.Errorf("%s: %v, bound %v", r.Path, r.Grade, r.NotAfter)
		}
	}
}

// TestDeletedLog finds in a stale log entry what the hive does not hold any more.
func TestDeletedLog(t *testing.T) {
	one := regf.Sound()
	two := one.Clone()
	two.Root.Sub(`Beta\Secret`).Set("Plan", regf.String("in the log only")).Set("Short", regf.DWord(9))
	two.Root.Sub("Omega").Set("Last", regf.QWord(99))
	images := regf.History(one, two)
	e := regf.Diff(images[0], images[1])
	e.Number = 12
	log := regf.NewLog(images[0], e)
	got := remnants(t, images[0], Log{"LOG1", log}) // the hive is clean: the entry was never needed
	for id, data := range map[string]string{
		`\Beta\Secret`: "", `\Beta\Secret|Plan`: string(regf.UTF16("in the log only\x00")), `\Beta\Secret|Short`: "\x09\x00\x00\x00",
		`\Omega|Last`: "c\x00\x00\x00\x00\x00\x00\x00",
	} {
		r, ok := got[id]
		if !ok || r.Source != FromLog || r.Log != "LOG1" || string(log[r.LogAt:][:len(r.Raw)]) != string(r.Raw) {
			t.Errorf("%s: found %v, %+v", id, ok, r)
			continue
		}
		if r.IsKey {
			continue
		}
		if b, err := r.Value.Bytes(); string(b) != data || err != nil || r.Data != DataIntact {
			t.Errorf("%s: data %q, %v, %v", id, b, r.Data, err)
		}
	}
	for id, r := range got {
		if r.Source == FromLog && r.IsKey && id != `\Beta\Secret` {
			t.Errorf("found %s, which lives", id)
		}
	}
}

// rubbish counts what the other tool lists and the bytes refute: records whose flags, at 16, are the letters of a
// list (0x686C) or an offset, because another cell was written over their second half.
var rubbish = map[string]int{"regipy/SYSTEM_WIN_10_1709": 2}

// TestDeletedEvidence compares with what another tool found in the same hives. It is an opinion, no truth.
func TestDeletedEvidence(t *testing.T) {
	for _, name := range evidenceHives(t, ".deleted.tsv.gz") {
		t.Run(name, func(t *testing.T) {
			h := openEvidence(t, name)
			keys := map[string]bool{}
			values := map[string][]Remnant{} // by name, type and claimed size
			n := map[string]int{}
			for r := range h.Deleted() {
				if r.IsKey {
					keys[fmt.Sprintf("%s\t%d\t0x%x", appendEscaped(nil, r.Key.name()), r.Key.WrittenRaw(), r.Key.parentOffset())] = true
				} else {
					id := fmt.Sprintf("%s\t%d\t%d", appendEscaped(nil, r.Value.name()), r.Value.Type(), r.Value.Size())
					values[id] = append(values[id], r)
				}
				n[map[bool]string{true: "key", false: "value"}[r.IsKey]+" "+r.Source.String()+" "+r.Grade.String()]++
			}
			listed, missing, other := 0, 0, 0
			for line := range strings.Lines(string(gunzip(t, filepath.Join(evidence(t), name+".deleted.tsv.gz")))) {
				f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				ok := true
				switch f[0] {
				case "DK":
					listed++
					ok = keys[f[2][strings.LastIndexByte(f[2], '\\')+1:]+"\t"+f[3]+"\t"+f[5]]
				case "DV":
					listed++
					found := values[strings.Join(f[1:4], "\t")]
					ok = len(found) > 0
					// The other tool reads data whose place was used again.
					if ok && f[4] != "-" && !slices.ContainsFunc(found, func(r Remnant) bool { return dataHash(r.Value) == f[4] }) {
						other++
						if !slices.ContainsFunc(found, func(r Remnant) bool { return r.Data == DataReused }) {
							t.Errorf("data differs: %s, ours is %s", line, found[0].Data)
						}
					}
				}
				if !ok {
					if missing++; missing <= 6 {
						t.Logf("missing %s", line)
					}
				}
			}
			if missing > rubbish[name] {
				t.Errorf("%d of %d missing", missing, listed)
			}
			t.Logf("%d listed, the data of %d was used again; found: %v", listed, other, n)
		})
	}
}

func dataHash(v Value) string {
	b, _ := v.Bytes()
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
