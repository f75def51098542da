//go:build unix

package viewer

import (
	"os"
	"testing"
)

func TestShots(t *testing.T) {
	b := startBrowser(t)
	t.Log(b.open(os.Getenv("PAGE"), ""))
	b.screenshot("1-rows")
	t.Log(b.query("level:high+"))
	b.key("j")
	b.key("j")
	b.key("Enter")
	b.key("3")
	b.screenshot("2-details")
	b.key("Escape")
	for _, v := range []string{"findings", "lanes", "sessions", "graph", "marks"} {
		b.eval(`document.querySelector("[data-view=`+v+`]").click()`, nil)
		b.screenshot("3-" + v)
	}
	b.quiet()
}
