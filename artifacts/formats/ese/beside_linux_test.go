package ese_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
)

// BenchmarkBeside compares with esedbexport of libesedb, by CPU time and in
// turn: both open a file and write every value of every table as text, ours to
// one file, the other to one for each table. The time that the other program
// needs to start is taken off.
func BenchmarkBeside(b *testing.B) {
	program, err := exec.LookPath("esedbexport")
	if err != nil {
		b.Skip("esedbexport is not installed")
	}
	dir := evidence(b)
	for _, file := range []string{
		"srum/win10-rathbunvm/SRUDB.dat", "srum/server2022-attacked/SRUDB.dat",
		"ese/catroot/Catalog1.edb", "ese/winsearch-win10-clean/Windows.edb.gz",
	} {
		b.Run(file, func(b *testing.B) {
			name := filepath.Join(b.TempDir(), "file")
			if err := os.WriteFile(name, unpack(b, filepath.Join(dir, file)), 0o600); err != nil {
				b.Fatal(err)
			}
			var theirs, ours []time.Duration
			for b.Loop() {
				start := child(b, program, "-V")
				theirs = append(theirs, child(b, program, "-m", "tables", "-t", filepath.Join(b.TempDir(), "out"), name)-start)
				const rounds = 20
				to, w := filepath.Join(b.TempDir(), "out"), bufio.NewWriterSize(nil, 1<<16)
				before := self(b)
				for range rounds {
					export(b, name, to, w)
				}
				ours = append(ours, (self(b)-before)/rounds)
			}
			t, o := median(theirs), median(ours)
			b.ReportMetric(float64(t)/float64(o), "times-esedbexport")
			b.ReportMetric(float64(o.Microseconds()), "ours-µs")
			b.ReportMetric(float64(t.Microseconds()), "theirs-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// child returns the CPU time of a program.
func child(b *testing.B, name string, args ...string) time.Duration {
	cmd := exec.Command(name, args...)
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// self returns the CPU time of this process.
func self(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// export writes all tables as tab-separated values.
func export(b *testing.B, name, to string, w *bufio.Writer) {
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	db, err := ese.Open(f, st.Size())
	if err != nil {
		b.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	w.Reset(out)
	var buf []byte
	for _, table := range db.Tables() {
		columns := table.Columns()
		for row, err := range table.Rows() {
			if err != nil {
				b.Fatal(err)
			}
			i := 0
			buf = buf[:0]
			row.Each(func(c *ese.Column, v ese.Value, _ error) bool {
				for i < len(columns) && columns[i] != c {
					buf = append(buf, '\t')
					i++
				}
				buf = v.AppendText(buf)
				return true
			})
			w.Write(append(buf, '\n'))
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}
