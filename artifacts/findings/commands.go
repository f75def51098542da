package findings

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A verdict is what a command line looks like.
type verdict struct {
	level  Level
	host   bool // a script host or one of Windows' loaders runs it
	words  []string
	attack []string
}

// maxCommand bounds what the patterns look at: the limit of the command
// prompt, 8,191 characters. What hides behind that is long, which is said.
const maxCommand = 8 << 10

// runsOthers reports whether a program is a script host or one of Windows'
// loaders.
func (t *Tables) runsOthers(program string) bool {
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(strings.Trim(program, `"`))), ".exe")
	return t.hosts[stem] || t.proxies[stem]
}

// judge holds a command line against the patterns. An encoded command is
// looked at in clear, too.
func (t *Tables) judge(line string, c winpath.Command) verdict {
	var v verdict
	v.host = t.runsOthers(c.Program)
	text := clip(line, maxCommand)
	long := len(line) > 500
	text = strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(text, "^", ""), `""`, `"`))
	if c.Decoded != "" {
		text += "\n" + strings.ToLower(clip(c.Decoded, maxCommand))
	}
	seen := map[string]bool{}
	for i := range t.patterns {
		p := &t.patterns[i]
		if seen[p.id] || !p.re.MatchString(text) {
			continue
		}
		seen[p.id] = true
		v.level = max(v.level, p.level)
		v.words = append(v.words, p.words)
		for _, id := range p.attack {
			if !slices.Contains(v.attack, id) {
				v.attack = append(v.attack, id)
			}
		}
	}
	if long && v.host {
		v.level = max(v.level, Medium)
		v.words = append(v.words, "is longer than 500 characters")
	}
	return v
}
