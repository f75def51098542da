package output

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// someRows makes rows as a machine with two older copies would: many instants
// with few events, a few instants with very many, texts of all kinds.
func someRows(n int, seed uint64) []*Row {
	r := rand.New(rand.NewPCG(seed, 1))
	texts := []string{"", "a", "ä\u202E", "x\x00y", "\xFF", "C:\\Windows\\System32\\cmd.exe", string(bytes.Repeat([]byte("long "), 100))}
	text := func() string { return texts[r.IntN(len(texts))] }
	var out []*Row
	for i := range n {
		row := &Row{
			Time: time.Unix(1_700_000_000+int64(r.IntN(n/4+1)), int64(r.IntN(3))*100).UTC(),
			ID:   fmt.Sprintf("%016x", r.Uint64()), Kind: []string{"Last Time Executed", "Previous Last Time Executed", "Creation Time"}[r.IntN(3)],
			Message: fmt.Sprintf("message %d %s", r.IntN(4), text()), DataType: "windows:prefetch:execution", Parser: "prefetch",
			Host: []string{"ONE", "TWO"}[r.IntN(2)], User: text(), SID: text(), Source: []string{`C:\Windows\Prefetch\A.pf`, `c:\windows\prefetch\a.pf`, `C:\B`}[r.IntN(3)],
			SHA256: text(), Path: text(), Executable: text(), Key: []string{"", "Root\\K"}[r.IntN(2)], Value: text(), Proof: artifacts.Executed, State: artifacts.Live,
			Offset: r.Int64N(1000) - 500, Local: r.IntN(9) == 0, record: uint64(i/2 + 1),
		}
		if r.IntN(10) == 0 {
			row.Time = time.Time{}
		}
		if r.IntN(3) == 0 {
			row.State, row.Snapshot = artifacts.Backup, fmt.Sprintf("vss%d", r.IntN(3))
		}
		for range r.IntN(3) {
			row.Tags = append(row.Tags, text())
			row.Extra = append(row.Extra, artifacts.Field{Name: text(), Value: text()})
		}
		out = append(out, row)
	}
	return out
}

func sorted(t *testing.T, s *Sorter, rows []*Row) []*Row {
	t.Helper()
	for _, r := range rows {
		if err := s.AddRow(r); err != nil {
			t.Fatal(err)
		}
	}
	var out []*Row
	for r, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

var rowCmp = cmp.Options{cmp.AllowUnexported(Row{}), cmpopts.EquateEmpty()}

// TestSortSpills wants the same order and the same joined copies whatever fits
// into memory, and no file left behind.
func TestSortSpills(t *testing.T) {
	rows := someRows(5000, 7)
	var all Sorter
	want := sorted(t, &all, rows)
	if len(want) == len(rows) {
		t.Fatal("no copies were joined: the test shows nothing")
	}
	for _, budget := range []int64{1, 400, 20_000, 300_000} {
		dir := t.TempDir()
		s := &Sorter{Budget: budget, Dir: dir}
		if budget == 1 {
			rows := rows[:300] // a file for each row, merged when there are too many
			var few Sorter
			if diff := cmp.Diff(sorted(t, &few, rows), sorted(t, s, rows), rowCmp); diff != "" {
				t.Errorf("budget %d (-memory +spilled):\n%s", budget, diff)
			}
		} else {
			got := sorted(t, s, rows)
			if diff := cmp.Diff(want, got, rowCmp); diff != "" {
				t.Fatalf("budget %d (-memory +spilled):\n%s", budget, diff)
			}
			again := 0
			for range s.Rows() {
				again++
			}
			if again != len(want) {
				t.Errorf("budget %d: read again, %d rows, want %d", budget, again, len(want))
			}
		}
		if len(s.runs) == 0 {
			t.Errorf("budget %d: nothing was spilled", budget)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("budget %d: %d files left (%v)", budget, len(left), err)
		}
	}
}

// TestSortBigInstant joins the copies of one instant that does not fit into
// memory as those of one that does.
func TestSortBigInstant(t *testing.T) {
	rows := someRows(3000, 9)
	for _, r := range rows {
		r.Time = time.Unix(1_700_000_000, 0).UTC()
	}
	var all Sorter
	want := sorted(t, &all, rows)
	x := &instant{by: Sorter{plain: true, Budget: 50_000}, out: Sorter{plain: true, Budget: 50_000}}
	defer x.close()
	slices.SortFunc(rows, func(a, b *Row) int { return compareCoded(appendRow(nil, a), appendRow(nil, b)) })
	for _, r := range rows {
		if err := x.add(appendRow(nil, r)); err != nil {
			t.Fatal(err)
		}
	}
	var got []*Row
	x.each(func(r *Row, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
		return true
	})
	// The places that are named beyond the limit are only counted.
	if diff := cmp.Diff(want, got, rowCmp); diff != "" {
		t.Errorf("(-in memory +through a sort):\n%.3000s", diff)
	}
}

// TestSortChanged wants an error, and no panic, where somebody cut the
// temporary file.
func TestSortChanged(t *testing.T) {
	s := &Sorter{Budget: 2000, Dir: t.TempDir()}
	defer s.Close()
	for _, r := range someRows(50, 3) {
		r.State = artifacts.Live
		if err := s.AddRow(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.runs[0].f.Truncate(s.runs[0].size - 10); err != nil {
		t.Fatal(err)
	}
	for _, err := range s.Rows() {
		if err != nil {
			return
		}
	}
	t.Error("a run that was cut is read without an error")
}

// TestSortUnwritable wants the error of the first row that does not fit.
func TestSortUnwritable(t *testing.T) {
	s := &Sorter{Budget: 1, Dir: t.TempDir() + "/not there"}
	if err := s.AddRow(&Row{ID: "x"}); err == nil {
		t.Error("AddRow: no error without a place to spill to")
	}
}

func FuzzDecodeRow(f *testing.F) {
	for _, r := range someRows(20, 5) {
		f.Add(appendRow(nil, r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRow(b)
		if err != nil {
			return
		}
		again, err := decodeRow(appendRow(nil, r))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again, rowCmp); diff != "" {
			t.Error(diff)
		}
	})
}

// TestEnd: the end of a sort that has written to disk gives its memory back, and the
// rows are those of one that has not.
func TestEnd(t *testing.T) {
	var want []string
	for _, budget := range []int64{1 << 20, 2000} {
		s := &Sorter{Budget: budget, Dir: t.TempDir()}
		for i := range 500 {
			if err := s.AddRow(&Row{ID: fmt.Sprint(i), Time: time.Unix(int64(i*7%500), 0).UTC()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.End(); err != nil {
			t.Fatal(err)
		}
		if onDisk := len(s.runs) > 0; onDisk != (budget == 2000) || onDisk && (len(s.chunks) > 0 || len(s.free) > 0 || s.rows != nil) {
			t.Errorf("budget %d: %d files, %d blocks of memory", budget, len(s.runs), len(s.chunks)+len(s.free))
		}
		var ids []string
		for r, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.ID)
		}
		if want == nil {
			want = ids
		}
		if len(ids) != 500 || !slices.Equal(ids, want) {
			t.Errorf("budget %d: %d rows, or another order", budget, len(ids))
		}
		s.Close()
	}
}
