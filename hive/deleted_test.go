package hive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
