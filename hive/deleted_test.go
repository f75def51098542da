package hive

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDeletedEvidence compares with what another tool found in the same hives. It is an opinion, no truth.
func TestDeletedEvidence(t *testing.T) {
	for _, name := range evidenceHives(t, ".deleted.tsv.gz") {
		t.Run(name, func(t *testing.T) {
			want := map[string]bool{}
			for line := range strings.Lines(string(gunzip(t, filepath.Join(evidence(t), name+".deleted.tsv.gz")))) {
				f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				switch {
				case f[0] == "DK":
					want["DK\t"+f[2][strings.LastIndexByte(f[2], '\\')+1:]+"\t"+f[3]+"\t"+f[5]] = true
				case f[0] == "DV":
					want["DV\t"+strings.Join(f[1:], "\t")] = true
				}
			}
			h := openEvidence(t, name)
			got := map[string]bool{}
			n := map[string]int{}
			for r := range h.Deleted() {
				var line string
				if r.IsKey {
					line = fmt.Sprintf("DK\t%s\t%d\t0x%x", appendEscaped(nil, r.Key.name()), r.Key.WrittenRaw(), r.Key.parentOffset())
				} else {
					b, _ := r.Value.Bytes()
					sum := sha256.Sum256(b)
					line = fmt.Sprintf("DV\t%s\t%d\t%d\t%x", appendEscaped(nil, r.Value.name()), r.Value.Type(), len(b), sum[:8])
				}
				got[line] = true
				n[line[:2]+" "+r.Source.String()+" "+r.Grade.String()]++
			}
			missing := 0
			for _, line := range slices.Sorted(maps.Keys(want)) {
				if !got[line] {
					if missing++; missing <= 6 {
						t.Logf("missing %s", line)
					}
				}
			}
			if missing > 0 {
				t.Errorf("%d of %d missing", missing, len(want))
			}
			t.Logf("%d listed, %d found: %v", len(want), len(got), n)
		})
	}
}
