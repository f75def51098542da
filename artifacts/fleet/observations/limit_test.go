package observations

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// TestLimits gives a builder more keys, and more records of one key, than it keeps. What is left out is counted, and the rest is whole.
func TestLimits(t *testing.T) {
	see := func(b *Builder, n int, key func(int) string) {
		for i := range n {
			rec := &artifacts.Record{ID: fmt.Sprintf("%016x", i)}
			b.add(&sighting{rec: rec, timed: true}, Program, key(i), "")
		}
	}
	for _, c := range []struct {
		name          string
		n             int
		key           func(int) string
		keys, dropped int
		count         int
	}{
		{"keys at the limit", maxKeys, func(i int) string { return fmt.Sprintf(`\x\%06d.exe`, i) }, maxKeys, 0, maxKeys},
		{"keys beyond it", maxKeys + 30, func(i int) string { return fmt.Sprintf(`\x\%06d.exe`, i) }, maxKeys, 30, maxKeys},
		{"marks beyond the limit", maxMarks + 20, func(int) string { return `\x\y.exe` }, 1, 20, maxMarks + 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBuilder(&evidence.Machine{Name: "PC"})
			see(b, c.n, c.key)
			if b.Dropped() != c.dropped {
				t.Errorf("%d dropped, want %d", b.Dropped(), c.dropped)
			}
			var out bytes.Buffer
			n, err := b.Write(&out, "pc-00000000")
			if err != nil || n != c.keys {
				t.Fatalf("%d keys, want %d: %v", n, c.keys, err)
			}
			z, err := gzip.NewReader(&out)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for line := range strings.Lines(string(text)) {
				var o Observation
				if err := o.Parse([]byte(line)); err != nil {
					t.Fatal(err)
				}
				total += int(o.Count)
			}
			if total != c.count {
				t.Errorf("%d records are counted, want %d", total, c.count)
			}
		})
	}
}
