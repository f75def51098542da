package ese_test

import (
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
)

// BenchmarkReal opens a database and writes every value of every row as text
// to memory, which is what esedbexport does to files.
func BenchmarkReal(b *testing.B) {
	dir := evidence(b)
	for _, file := range []string{
		"srum/win10-rathbunvm/SRUDB.dat", "srum/win11-rathbunvm-dirty/SRUDB.dat",
		"ese/winsearch-win10-clean/Windows.edb.gz", "ese/catroot/Catalog1.edb",
	} {
		b.Run(file, func(b *testing.B) {
			data := unpack(b, filepath.Join(dir, file))
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			rows := 0
			var out []byte
			for b.Loop() {
				rows = 0
				for _, table := range open(b, data).Tables() {
					for row := range table.Rows() {
						rows++
						out = out[:0]
						row.Each(func(_ *ese.Column, v ese.Value, _ error) bool {
							out = append(v.AppendText(out), '\t')
							return true
						})
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
		})
	}
}
