package scca

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	prefetch "www.velocidex.com/golang/go-prefetch"
)

// An independent parser reads back what is written. Where it is known to be wrong the table says why.
func TestOracle(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(Samples())) {
		s := Samples()[name]
		if s.CRC {
			continue // go-prefetch refuses containers with a checksum
		}
		t.Run(name, func(t *testing.T) {
			got, err := prefetch.LoadPrefetch(bytes.NewReader(s.Build()))
			if err != nil {
				t.Fatal(err)
			}
			if want := "0x" + hex8(s.hash()); got.Executable != "CMD.EXE" || got.Hash != want {
				t.Errorf("%s %s, want CMD.EXE %s", got.Executable, got.Hash, want)
			}
			// It takes the count of v30 variant 2 and of v31 from a word of unknown meaning.
			if runCount := name != "v30b" && name != "v30b-mam" && name != "v31" && name != "v31-mam"; runCount && got.RunCount != s.RunCount {
				t.Errorf("run count = %d, want %d", got.RunCount, s.RunCount)
			}
			if len(got.LastRunTimes) == 0 || got.LastRunTimes[0].Unix() != s.LastRuns[0].Unix() {
				t.Errorf("run times = %v, want %v", got.LastRunTimes, s.LastRuns)
			}
			var want []string
			for _, f := range s.Files {
				want = append(want, f.Name)
			}
			if !slices.Equal(got.FilesAccessed, want) {
				t.Errorf("files = %q, want %q", got.FilesAccessed, want)
			}
		})
	}
}
