//go:build unix

package filesystem_test

import (
	"bytes"
	"syscall"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// cpuTime returns the time of all processors that the process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkChapter runs the chapter over the $MFT of a whole volume four times in a row,
// and reports the time of the processor for each of its 209,280 records.
func BenchmarkChapter(b *testing.B) {
	mft := testtree.Unpack(b, testtree.Evidence(b, "ntfs", "mft/tdungan.mft.gz"))
	tree := testtree.Tree(b, map[string][]byte{"C/$MFT": bytes.Repeat(mft, 4), "C/Windows/System32/config/SYSTEM": nil})
	records := 0
	start := cpuTime(b)
	for b.Loop() {
		results, err := artifacts.Run(b.Context(), tree, filesystem.Artifacts(), &artifacts.Options{Jobs: 1})
		if err != nil {
			b.Fatal(err)
		}
		for res := range results {
			records += len(res.Records)
		}
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N)/float64(len(mft)*4/1024), "cpu-ns/record")
	b.ReportMetric(float64(records)/float64(b.N), "rows")
}
