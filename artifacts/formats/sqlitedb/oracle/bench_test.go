package oracle

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
)

// BenchmarkRows reads every value of every row of the largest shared database,
// with its log, and lets the driver do the same on a copy.
func BenchmarkRows(b *testing.B) {
	path := filepath.Join(evidence(b), "search", "win11-before", "Windows.db")
	main, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		b.Fatal(err)
	}
	size := int64(len(main) + len(wal))
	b.Run("impl=ours", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			db, err := sqlitedb.Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
			if err != nil {
				b.Fatal(err)
			}
			for _, t := range db.Tables() {
				for row, err := range t.Rows() {
					if err != nil {
						b.Fatal(err)
					}
					for _, v := range row.Values {
						if v.Kind() == sqlitedb.Text {
							v.Text()
						}
					}
				}
			}
		}
	})
	b.Run("impl=ours-recovered", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			db, err := sqlitedb.Open(bytes.NewReader(main), bytes.NewReader(wal), nil)
			if err != nil {
				b.Fatal(err)
			}
			for range db.Recovered() {
			}
		}
	})
	b.Run("impl=modernc", func(b *testing.B) {
		copied := filepath.Join(b.TempDir(), "db")
		for suffix, data := range map[string][]byte{"": main, "-wal": wal} {
			if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
				b.Fatal(err)
			}
		}
		tables := open(b, path, true).Tables()
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			peer, err := sql.Open("sqlite", copied)
			if err != nil {
				b.Fatal(err)
			}
			for _, t := range tables {
				rows, err := peer.Query(`SELECT * FROM "` + t.Name + `"`)
				if err != nil {
					b.Fatal(err)
				}
				into := make([]any, len(t.Columns))
				for i := range into {
					into[i] = new(any)
				}
				for rows.Next() {
					if err := rows.Scan(into...); err != nil {
						b.Fatal(err)
					}
				}
				rows.Close()
			}
			peer.Close()
		}
	})
}
