//go:build unix

package ntfs

import (
	"bytes"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// BenchmarkJournal decodes a journal of a volume on which folders move, and
// gives each of its records the path of its moment.
func BenchmarkJournal(b *testing.B) {
	l := newLife(1, ntfsmeta.Spec{FirstUSN: 1 << 30})
	for len(l.dirs) < 300 {
		i := len(l.dirs)
		l.dirs = append(l.dirs, l.v.Mkdir(l.dirs[i/3], l.name(""), l.at))
	}
	for i := range 30000 {
		l.at = l.at.Add(1000)
		f := l.v.Create(l.dirs[i*7%300], l.name(".tmp"), []byte("x"), l.at)
		l.v.Rename(f, l.dirs[i*13%300], l.name(".dll"), l.at)
		if i%3 == 0 {
			l.v.Delete(f, l.at)
		}
		if i%3000 == 0 {
			l.v.Rename(l.dirs[200], l.dirs[i/3000], l.name(""), l.at)
		}
	}
	data, mft := l.v.J(), l.v.MFT()
	records := float64(len(l.v.Moments()))
	var buf []byte
	cost := func(b *testing.B, start time.Duration) {
		cpu := (cpuTime(b) - start).Seconds()
		b.ReportMetric(records*float64(b.N)/cpu/1e6, "Mrecords/cpu-s")
		b.ReportMetric(float64(len(data))*float64(b.N)/cpu/1e6, "MB/cpu-s")
	}
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		start := cpuTime(b)
		for b.Loop() {
			for c := range NewJournal(bytes.NewReader(data), int64(len(data))).Changes() {
				buf = c.AppendName(buf[:0])
			}
		}
		cost(b, start)
	})
	table, err := ReadTable(bytes.NewReader(mft), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("paths", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		start := cpuTime(b)
		for b.Loop() {
			j := NewJournal(bytes.NewReader(data), int64(len(data)))
			w, err := NewRewind(table, j)
			if err != nil {
				b.Fatal(err)
			}
			for c := range w.Changes(j) {
				buf, _ = w.AppendPath(buf[:0], c)
			}
		}
		cost(b, start)
	})
}
