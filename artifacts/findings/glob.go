package findings

import "strings"

// A glob is a pattern of paths in lower case: `*` stands for any part of one
// name, `?` for one character of it, `**` for any number of names; at the end
// of the pattern `**` wants at least one. A pattern without a backslash is
// compared with the last name only.
type glob struct {
	text  string
	parts []string
	plain []bool // parts without a star or question mark: most
	base  bool
}

func newGlob(s string) glob {
	s = strings.ToLower(strings.ReplaceAll(s, "/", `\`))
	g := glob{text: s, parts: strings.Split(s, `\`), base: !strings.Contains(s, `\`)}
	for _, p := range g.parts {
		g.plain = append(g.plain, !strings.ContainsAny(p, "*?"))
	}
	return g
}

// like compares one name of a path with a part of the pattern.
func (g *glob) like(part int, name string) bool {
	if g.plain[part] {
		return g.parts[part] == name
	}
	return like(g.parts[part], name)
}

// match wants the path split into its names. The time is bounded by the
// product of the lengths: one place to come back to for `**`, one for `*`.
func (g *glob) match(path []string) bool {
	if g.base {
		return len(path) > 0 && g.like(0, path[len(path)-1])
	}
	p, i := 0, 0        // next part of the pattern, next name
	back, from := -1, 0 // after the last `**`, and the name it was tried from
	for {
		switch {
		case p == len(g.parts) && i == len(path):
			return true
		case p < len(g.parts) && !g.plain[p] && strings.HasPrefix(g.parts[p], "**"):
			if g.parts[p] == "**" {
				if p < len(g.parts)-1 {
					p++
					back, from = p, i
					continue
				}
				if i < len(path) && path[i] != "" {
					return true
				}
				break // an earlier `**` may take the empty name
			}
			// `**.lnk` at the end: any depth, this shape of name.
			return i < len(path) && like(g.parts[p][1:], path[len(path)-1])
		case p < len(g.parts) && i < len(path) && g.like(p, path[i]):
			p, i = p+1, i+1
			continue
		}
		if back < 0 || from >= len(path) {
			return false
		}
		from++
		p, i = back, from
	}
}

// like compares one name with a pattern of `*` and `?`.
func like(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == name
	}
	p, i, back, from := 0, 0, -1, 0
	for i < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			back, from = p, i
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[i]):
			p, i = p+1, i+1
		case back >= 0:
			from++
			p, i = back, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func anyGlob(list []glob, path []string) bool {
	for i := range list {
		if list[i].match(path) {
			return true
		}
	}
	return false
}
