//go:build unix

package viewer

import "testing"

// TestEmpty opens a page without rows.
func TestEmpty(t *testing.T) {
	b := startBrowser(t)
	b.open(page(t, &Input{Rows: all(nil)}), "q=x")
	for _, view := range []string{"findings", "lanes", "marks", "rows"} {
		b.eval(`document.querySelector("[data-view=`+view+`]").click()`, nil)
	}
	for _, key := range []string{"j", "Enter", "1", "c", "x", "u", "End"} {
		b.key(key)
	}
	if n := b.query("level:high+ around:2026-01-01 -a /b/"); n != 0 {
		t.Errorf("%d rows", n)
	}
	b.quiet()
}
