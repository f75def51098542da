package findings

import (
	"fmt"
	"strings"
	"sync"
)

// Texts are the words of a rule in one language.
type Texts struct {
	Title  string
	Why    string
	Benign string // what usually explains it
	Next   string
}

// japanese reads data/ja.txt.
var japanese = sync.OnceValue(func() map[string]Texts {
	b, err := data.ReadFile("data/ja.txt")
	if err != nil {
		panic(err)
	}
	m := map[string]Texts{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 5 && !strings.HasPrefix(line, "#") {
			m[f[0]] = Texts{f[1], f[2], f[3], f[4]}
		}
	}
	return m
})

// In returns the words of a rule in a language, "en" or "ja"; those of another
// language are the English ones. What a rule says about one subject, and what
// the evidence says, is not translated.
func (r *Rule) In(lang string) Texts {
	if t, ok := japanese()[r.ID]; ok && lang == "ja" {
		return t
	}
	return Texts{r.Title, r.Why, r.Benign, r.Next}
}

// count writes a number with its noun: "1 entry", "2 entries".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
