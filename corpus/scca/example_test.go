package scca_test

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/corpus/scca"
)

func Example() {
	s := scca.Spec{
		Version:  scca.Win10,
		Path:     `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\CMD.EXE`,
		RunCount: 1,
		LastRuns: []time.Time{time.Date(2026, 3, 6, 11, 20, 0, 0, time.UTC)},
		MAM:      true,
	}
	b := s.Build()
	fmt.Printf("%s %q\n", s.FileName(), b[:4])
	// Output: CMD.EXE-0BD30981.pf "MAM\x04"
}
