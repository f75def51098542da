package shell

import (
	"fmt"
	"strings"
)

// Meant proposes the known name that a mistyped one is nearest to: "; did you mean
// timeline?". It proposes nothing when none is near.
func Meant(typed string, known []string) string {
	typed = strings.ToLower(typed)
	best, least := "", 1+max(1, len(typed)/3)
	for _, k := range known {
		d := distance(typed, k)
		if strings.HasPrefix(k, typed) && len(typed) >= 3 {
			d = 1
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is how many letters must be added, dropped, replaced or swapped with
// their neighbour to make b of a. Names of commands are short; longer texts are
// cut.
func distance(a, b string) int {
	const longest = 40
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(a)][len(b)]
}
