package ese_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
)

// evidence returns the folder of the shared real files, or skips.
func evidence(t testing.TB) string {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return filepath.Join(dir, "artifacts2")
}

// unpack reads a file, packed or not.
func unpack(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, b []byte) *ese.DB {
	t.Helper()
	db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

type tableTruth struct{ Columns, Deleted, Rows int }

// truth calls f for each line of a kind in the shared table of truth.
func truth(t *testing.T, kind string, f func(file string, line []byte)) {
	t.Helper()
	n := 0
	for line := range bytes.Lines(unpack(t, filepath.Join(evidence(t), "truth", "artifacts2.jsonl.gz"))) {
		var head struct{ File, Kind string }
		if err := json.Unmarshal(line, &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind == kind {
			n++
			f(head.File, line)
		}
	}
	if n == 0 {
		t.Fatalf("no truth of kind %s", kind)
	}
}

func TestRealTables(t *testing.T) {
	dir := evidence(t)
	truth(t, "ese", func(file string, line []byte) {
		t.Run(file, func(t *testing.T) {
			var want struct {
				PageSize         int `json:"page_size"`
				Revision, State  uint32
				CatalogueDeleted int `json:"catalogue_deleted"`
				Tables           map[string]tableTruth
			}
			if err := json.Unmarshal(line, &want); err != nil {
				t.Fatal(err)
			}
			db := open(t, unpack(t, filepath.Join(dir, file)))
			if db.PageSize != want.PageSize || db.Revision != want.Revision || uint32(db.State) != want.State {
				t.Errorf("page size %d, revision %d, state %d, want %+v", db.PageSize, db.Revision, db.State, want)
			}
			if len(db.Tables()) != len(want.Tables) {
				t.Errorf("%d tables, want %d", len(db.Tables()), len(want.Tables))
			}
			for _, table := range db.Tables() {
				got := tableTruth{Columns: len(table.Columns())}
				for row, err := range table.Entries() {
					if err != nil {
						t.Error(err)
					}
					if row.Deleted {
						got.Deleted++
					} else {
						got.Rows++
					}
					row.Each(func(c *ese.Column, v ese.Value, err error) bool {
						if err != nil && !row.Deleted {
							t.Errorf("%s page %d tag %d %s: %v", table.Name, row.Page, row.Tag, c.Name, err)
						}
						return true
					})
				}
				if got != want.Tables[table.Name] {
					t.Errorf("%s: %+v, want %+v", table.Name, got, want.Tables[table.Name])
				}
			}
			if got := db.Table("MSysObjects"); want.Tables["MSysObjects"].Deleted != want.CatalogueDeleted || got == nil {
				t.Errorf("catalogue: %d deleted", want.CatalogueDeleted)
			}
			for _, d := range db.Damage() {
				t.Errorf("damage: %v", d)
			}
		})
	})
}

// TestRealMutated changes some hundred bytes of real databases, seals nothing,
// and reads all: no panic, and no more rows than a file of the size can hold.
func TestRealMutated(t *testing.T) {
	dir := evidence(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, file := range []string{"srum/win10-rathbunvm/SRUDB.dat", "bits/win11/qmgr.db", "ual/plaso/SystemIdentity.mdb"} {
		whole := unpack(t, filepath.Join(dir, file))
		for range 50 {
			b := bytes.Clone(whole)
			for range 300 {
				b[rng.IntN(len(b))] = byte(rng.Uint32())
			}
			copy(b[rng.IntN(len(b)):], whole[rng.IntN(len(b)-2000):][:2000])
			db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			if rows := everything(db); rows > len(b)/8 {
				t.Errorf("%s: %d rows", file, rows)
			}
		}
	}
}

// TestRealKinds reads one column of bytes that holds lists of words, of which some are
// stored with compression and most without: all are UTF-16.
func TestRealKinds(t *testing.T) {
	db := open(t, unpack(t, filepath.Join(evidence(t), "ese/winsearch-win10-clean/Windows.edb.gz")))
	n, words := 0, map[string]int{}
	for row, err := range db.Table("SystemIndex_PropertyStore").Rows() {
		if err != nil {
			t.Fatal(err)
		}
		row.Each(func(c *ese.Column, v ese.Value, err error) bool {
			if err != nil || !strings.HasSuffix(c.Name, "-System_Kind") {
				return true
			}
			b := v.Bytes()
			n++
			text := make([]byte, 0, len(b)/2)
			for i, x := range b {
				if i%2 == 0 {
					text = append(text, x)
				} else if x != 0 {
					t.Errorf("page %d, tag %d: % x is not UTF-16", row.Page, row.Tag, b)
					return true
				}
			}
			if len(b)%2 != 0 {
				t.Errorf("page %d, tag %d: %d bytes", row.Page, row.Tag, len(b))
			}
			for word := range strings.SplitSeq(string(text), "\x00") {
				words[word]++
			}
			return true
		})
	}
	if n != 531 || words["program"] == 0 || words["link"] == 0 || words[""] != 0 {
		t.Errorf("%d values: %v", n, words)
	}
}
