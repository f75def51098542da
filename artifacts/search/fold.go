package search

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// fold returns the text in lower case, one character for one character, so that a
// page can do the same. Bytes that are not UTF-8 become U+FFFD, as in JSON lines.
func fold(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		b.WriteRune(foldRune(r))
	}
	return b.String()
}

// foldRune folds within the Basic Multilingual Plane.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if r > 0xFFFF {
		return r
	}
	if l := unicode.ToLower(r); l <= 0xFFFF {
		return l
	}
	return r
}

// FoldRuns returns how characters are folded, as runs {first, last, step, add}: each
// step-th character from first to last becomes itself plus add. Characters of no run
// stay.
func FoldRuns() [][4]int {
	var runs [][4]int
	for r := rune(0); r <= 0xFFFF; r++ {
		add := int(foldRune(r) - r)
		if add == 0 {
			continue
		}
		if n := len(runs) - 1; n >= 0 && runs[n][3] == add {
			last := &runs[n]
			step := int(r) - last[1]
			if last[0] == last[1] && step <= 2 || step == last[2] && last[0] != last[1] {
				last[1], last[2] = int(r), step
				continue
			}
		}
		runs = append(runs, [4]int{int(r), int(r), 1, add})
	}
	return runs
}

// foldRuns keeps the runs: a class of characters asks for them.
var foldRuns = sync.OnceValue(FoldRuns)
