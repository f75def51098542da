package findings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A statement reads the words after its verb.
type statement struct {
	wants string // what is missing when there are fewer than least
	least int
	read  func(t *Tables, args []string) error
}

// statements are the verbs, in the order in which a message lists them.
// It is a function: enable and level look rules up, whose declarations lead
// back to the tables.
func statements() ([]string, map[string]statement) {
	list := []struct {
		verb string
		statement
	}{
		{"place", statement{"an id, a level and paths", 3, (*Tables).readPlace}},
		{"top", statement{read: (*Tables).readTop}},
		{"installer", statement{read: func(t *Tables,
			args []string) error {
			t.installers = append(t.installers, globs(args)...)
			return nil
		}}},
		{"home", statement{read: func(t *Tables, args []string) error { t.homes = append(t.homes, globs(args)...); return nil }}},
		{"binary", statement{read: (*Tables).readBinary}},
		{"protected", names(func(t *Tables) map[string]bool { return t.protected })},
		{"host", names(func(t *Tables) map[string]bool { return t.hosts })},
		{"proxy", names(func(t *Tables) map[string]bool { return t.proxies })},
		{"rare", names(func(t *Tables) map[string]bool { return t.rare })},
		{"library", names(func(t *Tables) map[string]bool { return t.libraries })},
		{"shortname", names(func(t *Tables) map[string]bool { return t.shortNames })},
		{"service", statement{read: (*Tables).readService}},
		{"acquisition", statement{read: (*Tables).readAcquisition}},
		{"pattern", statement{"an id, a level, techniques, a regular expression and words", 5, (*Tables).readPattern}},
		{"tool", statement{read: (*Tables).tool}},
		{"toolhash", statement{"a hash and words", 2, (*Tables).readToolHash}},
		{"silence", statement{read: (*Tables).silence}},
		{"enable", statement{"the id of a rule", 1, (*Tables).readEnable}},
		{"level", statement{"the id of a rule and a level", 2, (*Tables).readLevel}},
	}
	verbs, by := make([]string, len(list)), map[string]statement{}
	for i, s := range list {
		verbs[i], by[s.verb] = s.verb, s.statement
	}
	return verbs, by
}

// names is a statement that adds names to a set.
func names(of func(*Tables) map[string]bool) statement {
	return statement{read: func(t *Tables, args []string) error { set(of(t), args); return nil }}
}

func (t *Tables) statement(f []string) error {
	verbs, by := statements()
	s, ok := by[f[0]]
	switch {
	case !ok:
		return fmt.Errorf("no statement is called %q; there are %s", f[0], strings.Join(verbs, ", "))
	case len(f)-1 < s.least:
		return fmt.Errorf("%s wants %s", f[0], s.wants)
	}
	return s.read(t, f[1:])
}

func (t *Tables) readPlace(args []string) error {
	level, err := levelWord(args[1])
	if err != nil {
		return err
	}
	in, except := cut(args[2:], "except")
	t.places = append(t.places, placeLine{args[0], level, globs(in), globs(except)})
	return nil
}

func (t *Tables) readTop(args []string) error {
	for _, n := range args {
		if n = strings.ToLower(n); strings.ContainsAny(n, "*?") {
			t.topGlobs = append(t.topGlobs, n)
		} else {
			t.top[n] = true
		}
	}
	return nil
}

func (t *Tables) readBinary(args []string) error {
	dirs, names := cut(args, ":")
	if len(dirs) == 0 || len(names) == 0 {
		return fmt.Errorf("binary wants folders, a colon and names")
	}
	for _, n := range names {
		n = strings.ToLower(n)
		t.binaries[n+".exe"] = append(t.binaries[n+".exe"], globs(dirs)...)
		t.protected[n] = true
	}
	return nil
}

func (t *Tables) readPattern(args []string) error {
	level, err := levelWord(args[1])
	if err != nil {
		return err
	}
	ids, err := techniques(args[2])
	if err != nil {
		return err
	}
	re, err := regexp.Compile(args[3])
	if err != nil {
		return fmt.Errorf("the regular expression: %v", err)
	}
	t.patterns = append(t.patterns, pattern{args[0], level, ids, re, strings.Join(args[4:], " ")})
	return nil
}

func (t *Tables) readToolHash(args []string) error {
	h, err := hash(args[0])
	if err != nil {
		return err
	}
	t.hashes[h] = strings.Join(args[1:], " ")
	return nil
}

func (t *Tables) readEnable(args []string) error {
	for _, id := range args {
		r := ruleByID(id)
		if r == nil {
			return fmt.Errorf("no rule is called %q", id)
		}
		t.enabled[r.ID] = true
	}
	return nil
}

func (t *Tables) readLevel(args []string) error {
	r := ruleByID(args[0])
	if r == nil {
		return fmt.Errorf("no rule is called %q", args[0])
	}
	level, err := levelWord(args[1])
	if err != nil {
		return err
	}
	t.levels[r.ID] = level
	return nil
}

func (t *Tables) tool(args []string) error {
	head, names := cut(args, ":")
	if len(head) != 3 || len(names) == 0 {
		return fmt.Errorf("tool wants a class, a level, techniques, a colon and names")
	}
	level, err := levelWord(head[1])
	if err != nil {
		return err
	}
	ids, err := techniques(head[2])
	if err != nil {
		return err
	}
	names, except := cut(names, "except")
	t.tools = append(t.tools, tool{head[0], level, ids, globs(except)})
	for _, n := range names {
		n = strings.ToLower(n)
		if strings.ContainsAny(n, "*?") {
			t.toolWild = append(t.toolWild, toolWild{n, len(t.tools) - 1})
		} else {
			t.toolNames[n] = len(t.tools) - 1
		}
	}
	return nil
}

func (t *Tables) silence(args []string) error {
	var s silence
	if len(args) == 0 || len(args)%2 != 0 {
		return fmt.Errorf("silence wants pairs of rule ID, path GLOB, hash HEX")
	}
	for i := 0; i < len(args); i += 2 {
		switch args[i] {
		case "rule":
			r := ruleByID(args[i+1])
			if r == nil {
				return fmt.Errorf("no rule is called %q", args[i+1])
			}
			s.rule = r.ID
		case "path":
			p := args[i+1]
			if len(p) > 2 && p[1] == ':' {
				p = p[2:]
			}
			g := newGlob(p)
			s.path = &g
		case "hash":
			h, err := hash(args[i+1])
			if err != nil {
				return err
			}
			s.hash = h
		default:
			return fmt.Errorf("silence does not know %q; it knows rule, path and hash", args[i])
		}
	}
	t.silences = append(t.silences, s)
	return nil
}

func levelWord(s string) (Level, error) {
	l, ok := ParseLevel(s)
	if !ok {
		return 0, fmt.Errorf("no level is called %q; there are %s", s, strings.Join(Levels(), ", "))
	}
	return l, nil
}

func techniques(s string) ([]string, error) {
	if s == "-" {
		return nil, nil
	}
	ids := strings.Split(s, ",")
	for _, id := range ids {
		if _, ok := Technique(id); !ok {
			return nil, fmt.Errorf("the technique %q is not in the table of ATT&CK", id)
		}
	}
	return ids, nil
}

// hash checks a SHA-1 or SHA-256 in hexadecimal.
func hash(s string) (string, error) {
	s = strings.ToLower(s)
	if (len(s) != 40 && len(s) != 64) || strings.Trim(s, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%.70q is no SHA-1 or SHA-256 in hexadecimal", s)
	}
	return s, nil
}

func globs(list []string) []glob {
	out := make([]glob, len(list))
	for i, s := range list {
		out[i] = newGlob(s)
	}
	return out
}

func set(m map[string]bool, names []string) {
	for _, n := range names {
		m[strings.ToLower(n)] = true
	}
}

// cut splits a list at a word.
func cut(list []string, at string) (before, after []string) {
	if i := slices.Index(list, at); i >= 0 {
		return list[:i], list[i+1:]
	}
	return list, nil
}

// usualTop reports whether a folder at the root of a volume is an ordinary one.
func (t *Tables) usualTop(name string) bool {
	return t.top[name] || slices.ContainsFunc(t.topGlobs, func(g string) bool { return like(g, name) })
}

// toolNamed returns the tool of this name (without .exe, lower case).
func (t *Tables) toolNamed(name string) *tool {
	if i, ok := t.toolNames[name]; ok {
		return &t.tools[i]
	}
	for _, w := range t.toolWild {
		if like(w.glob, name) {
			return &t.tools[w.tool]
		}
	}
	return nil
}
