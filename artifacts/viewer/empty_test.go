//go:build unix

package viewer

import (
	"path/filepath"
	"testing"
)

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

// TestCommand looks at the command of a page that lies in a case: it goes by where the
// page is.
func TestCommand(t *testing.T) {
	in, rows := incident()
	inCase := *in
	inCase.CaseFolder = "."
	name := page(t, &inCase)
	b := startBrowser(t)
	b.open(name, "q=id:"+rows[3].ID)
	b.eval(`document.querySelector("[role=grid]").focus()`, nil)
	b.key("Enter")
	want := "artifactdump explain " + filepath.Dir(name) + " " + rows[3].ID
	if got := b.text(`document.querySelector("#details code").textContent`); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	b.quiet()
}
