package ntfs

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// truthLine writes a change as the truth tables do.
func truthLine(c *Change) string {
	return fmt.Sprintf("%d\t%d\t%d\t%s\t%s\t%d\t%d\t%d\t%d\t%s",
		c.USN, c.Version, c.FileTime, c.File, c.Parent, uint32(c.Reason), c.Source, c.Security, c.Attributes, c.Name())
}

func lines(t *testing.T, seq iter.Seq2[*Change, error]) []string {
	t.Helper()
	var out []string
	for c, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, truthLine(c))
	}
	return out
}

// TestJournalTruth compares every journal of the evidence with the listing on
// which two other readers agree byte for byte: forwards, from a stream,
// backwards, behind a hole, and carved.
func TestJournalTruth(t *testing.T) {
	total := 0
	for _, name := range evidenceNames(t, "usn/*.truth.tsv.gz", ".truth.tsv.gz") {
		t.Run(name, func(t *testing.T) {
			want := strings.Split(strings.TrimSuffix(string(evidence(t, name+".truth.tsv.gz")), "\n"), "\n")[1:]
			data := evidence(t, name+".j.gz")
			total += len(want)
			if !IsJournal(data) {
				t.Error("not recognised")
			}
			j := NewJournal(bytes.NewReader(data), int64(len(data)))
			got := lines(t, j.Changes())
			if d := firstDiff(got, want); d != "" {
				t.Error(d)
			}
			t.Logf("%+v", j.Stats)
			hole := append(make([]byte, 5*usnPage), data...)
			if d := firstDiff(lines(t, StreamJournal(bytes.NewReader(hole)).Changes()), want); d != "" {
				t.Error("behind a hole:", d)
			}
			back := lines(t, j.Backward())
			slices.Reverse(back)
			if d := firstDiff(back, want); d != "" {
				t.Error("backwards:", d)
			}
		})
	}
	t.Log(total, "records")
}

func firstDiff(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("record %d of %d\n got %s\nwant %s", i, len(want), got[i], want[i])
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d records, want %d", len(got), len(want))
	}
	return ""
}
