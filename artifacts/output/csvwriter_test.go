package output

import (
	"bytes"
	"encoding/csv"
	"testing"
)

// FuzzCells holds lines of tables equal to those of encoding/csv.
func FuzzCells(f *testing.F) {
	for _, s := range []string{"", "plain", `say "x"`, "a,b", "two\nlines", "two\r\nlines", "\r", `\.`, " lead", "\u00a0lead", "\u2003", "\xff", "tab\t", "'", "ä, ö"} {
		f.Add(s, "second", false)
		f.Add("first", s, true)
	}
	f.Fuzz(func(t *testing.T, a, b string, crlf bool) {
		var want, got bytes.Buffer
		w := csv.NewWriter(&want)
		w.UseCRLF = crlf
		table := newTable(&got, &Options{}, crlf, []string{a, b})
		for _, cells := range [][]string{{a, b}, {b}, {a, "", b, a}} {
			if err := w.Write(cells); err != nil {
				t.Fatal(err)
			}
			if err := table.write(cells); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		if err := table.buf.Flush(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want.Bytes(), got.Bytes()) {
			t.Errorf("%q, want %q", got.Bytes(), want.Bytes())
		}
	})
}
