package searchindex

import (
	"bytes"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

func TestReal(t *testing.T) {
	b := testtree.Unpack(t, testtree.Evidence(t, "artifacts2/ese/winsearch-win10-clean/Windows.edb.gz"))
	db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(db)
	if err != nil {
		t.Fatal(err)
	}
	items, dated, paths := 0, 0, map[string]bool{}
	for i, err := range x.Items() {
		if err != nil {
			t.Fatal(err)
		}
		items++
		if !i.Gathered.IsZero() {
			dated++
			if i.Gathered.Year() != 2022 {
				t.Errorf("%s gathered %v", i.URL, i.Gathered)
			}
		}
		if i.URL == "" {
			t.Errorf("item %d has no URL", i.WorkID)
		}
		paths[i.URL] = true
	}
	if items != 918 || dated != 918 {
		t.Errorf("%d items, %d with a time, want 918", items, dated)
	}
	crawled, found := 0, 0
	for c, err := range x.Crawled() {
		if err != nil {
			t.Fatal(err)
		}
		crawled++
		if paths[c.URL] {
			found++
		}
	}
	// Two readers of two tables agree: every indexed file was crawled.
	if crawled != 1256 || found < 800 {
		t.Errorf("%d crawled, want 1256; %d of them are items", crawled, found)
	}
}

func TestFileTime(t *testing.T) {
	want := time.Date(2022, 2, 5, 22, 0, 0, 0, time.UTC)
	little := []byte{0x00, 0x80, 0xba, 0x6c, 0xdd, 0x1a, 0xd8, 0x01}
	big := []byte{0x01, 0xd8, 0x1a, 0xdd, 0x6c, 0xba, 0x80, 0x00}
	for _, b := range [][]byte{little, big} {
		if got := fileTime(b); got.Truncate(24*time.Hour) != want.Truncate(24*time.Hour) {
			t.Errorf("%x is %v", b, got)
		}
	}
	if got := fileTime(little[:7]); !got.IsZero() {
		t.Errorf("7 bytes: %v", got)
	}
}
