package ntfs

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"www.velocidex.com/golang/go-ntfs/parser"
)

// TestWitness compares the records of a whole system volume with go-ntfs: use,
// sequence, names, times and the full path wherever that reader, which does not
// mark unknown parents, can confirm it.
func TestWitness(t *testing.T) {
	data := evidence(t, "mft/tdungan.mft.gz")
	table, all := readAll(t, data)
	rows, paths := 0, 0
	for row := range parser.ParseMFTFile(context.Background(), bytes.NewReader(data), int64(len(data)), 4096, 1024) {
		r := all[uint64(row.EntryNumber)]
		if r == nil || r.Damage != 0 || len(row.FileNames) == 0 || !r.IsBase() {
			continue
		}
		if strings.Contains(row.FileName(), ":") {
			continue // one more row for each named stream
		}
		rows++
		if row.InUse != r.InUse() || row.SequenceNumber != r.Sequence || row.LogFileSeqNum != r.LSN {
			t.Errorf("entry %d: %v %d, witness %v %d", r.Entry, r.InUse(), r.Sequence, row.InUse, row.SequenceNumber)
		}
		if !row.Created0x10.Equal(r.Standard.Created()) || !row.LastRecordChange0x10.Equal(r.Standard.Changed()) {
			t.Errorf("entry %d: created %v, witness %v", r.Entry, r.Standard.Created(), row.Created0x10)
		}
		for _, name := range row.FileNames {
			found := false
			for i := range r.Names {
				found = found || r.Names[i].Name() == name
			}
			if !found {
				t.Errorf("entry %d: the witness has the name %q", r.Entry, name)
			}
		}
		if path, state, ok := table.Path(r); ok && state == PathWhole && r.InUse() && len(r.Names) == 1 {
			paths++
			if want := row.FullPath(); want != strings.ReplaceAll(path, `\`, "/") {
				t.Errorf("entry %d: %q, witness %q", r.Entry, path, want)
			}
		}
	}
	t.Log(rows, "records,", paths, "paths")
	if rows < 50000 || paths < 20000 {
		t.Error("too few to mean anything")
	}
}
