package findings

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed data/*.txt
var data embed.FS

// Tables are the lists that rules compare with: places, Windows' own programs
// and their folders, hosts, command patterns, tools, libraries; and what the
// user wants to have silenced. They are text, one statement a line; `#` begins
// a comment, names with blanks stand in double quotes. Each file in data/
// explains its statements. A user's file may hold any of them and these:
//
//	silence [rule ID] [path GLOB] [hash HEX]    keep hits out that meet all of it
//	enable ID                                   judge a rule that is off by default
//	level ID LEVEL                              give a rule another level
type Tables struct {
	places     []placeLine
	top        map[string]bool
	topGlobs   []string
	installers []glob
	homes      []glob
	binaries   map[string][]glob // name with .exe → folders
	protected  map[string]bool   // names without .exe that look-alikes imitate
	hosts      map[string]bool
	proxies    map[string]bool
	rare       map[string]bool
	patterns   []pattern
	tools      []tool
	toolNames  map[string]int // exact names → index in tools
	toolWild   []toolWild
	hashes     map[string]string
	libraries  map[string]bool
	silences   []silence
	enabled    map[string]bool
	levels     map[string]Level

	lookalikes map[string]string // folded form → name, made when the tables are complete
	byLength   map[int][]string
}

type placeLine struct {
	id     string
	level  Level
	globs  []glob
	except []glob
}

type pattern struct {
	id     string
	level  Level
	attack []string
	re     *regexp.Regexp
	words  string
}

type tool struct {
	class  string
	level  Level
	attack []string
	except []glob
}

type toolWild struct {
	glob string
	tool int
}

type silence struct {
	rule string
	path *glob
	hash string
}

func emptyTables() *Tables {
	return &Tables{
		top: map[string]bool{}, binaries: map[string][]glob{}, protected: map[string]bool{},
		hosts: map[string]bool{}, proxies: map[string]bool{}, rare: map[string]bool{},
		toolNames: map[string]int{}, hashes: map[string]string{}, libraries: map[string]bool{},
		enabled: map[string]bool{}, levels: map[string]Level{},
	}
}

// shipped are the tables in data/. They are not changed after they were read.
var shipped = sync.OnceValue(func() *Tables {
	t := emptyTables()
	for _, name := range []string{"places", "binaries", "commands", "tools", "libraries"} {
		b, err := data.ReadFile("data/" + name + ".txt")
		if err == nil {
			err = t.read("data/"+name+".txt", string(b))
		}
		if err != nil {
			panic(err) // the files are part of the program; a test reads them
		}
	}
	t.finish()
	return t
})

// ShippedTables are those that come with the program.
func ShippedTables() *Tables { return shipped() }

// A RuleFileError is a line of a rules file that cannot be used.
type RuleFileError struct {
	Name    string
	Line    int
	Problem string
}

func (e *RuleFileError) Error() string {
	return fmt.Sprintf("%s line %d: %s", e.Name, e.Line, e.Problem)
}

// maxRuleFile is far above any list that a person keeps.
const maxRuleFile = 64 << 20

// Extend returns the tables with the statements of a user's file added. They
// come before those that are there. The error names the line.
func (t *Tables) Extend(name string, r io.Reader) (*Tables, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxRuleFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxRuleFile {
		return nil, fmt.Errorf("%s: is larger than %d bytes", name, maxRuleFile)
	}
	c := emptyTables()
	if err := c.read(name, string(b)); err != nil {
		return nil, err
	}
	c.places = append(c.places, t.places...)
	c.installers = append(c.installers, t.installers...)
	c.homes = append(c.homes, t.homes...)
	c.topGlobs = append(c.topGlobs, t.topGlobs...)
	for k, v := range t.binaries {
		c.binaries[k] = append(c.binaries[k], v...)
	}
	for _, m := range []struct{ dst, src map[string]bool }{
		{c.top, t.top}, {c.protected, t.protected}, {c.hosts, t.hosts}, {c.proxies, t.proxies},
		{c.rare, t.rare}, {c.libraries, t.libraries}, {c.enabled, t.enabled},
	} {
		maps.Copy(m.dst, m.src)
	}
	n := len(c.tools)
	c.tools = append(c.tools, t.tools...)
	for k, i := range t.toolNames {
		if _, ok := c.toolNames[k]; !ok {
			c.toolNames[k] = n + i
		}
	}
	for _, w := range t.toolWild {
		c.toolWild = append(c.toolWild, toolWild{w.glob, n + w.tool})
	}
	maps.Copy(c.hashes, t.hashes)
	c.patterns = append(c.patterns, t.patterns...)
	c.silences = append(c.silences, t.silences...)
	for k, v := range t.levels {
		if _, ok := c.levels[k]; !ok {
			c.levels[k] = v
		}
	}
	c.finish()
	return c, nil
}

// read adds the statements of a file.
func (t *Tables) read(name, text string) error {
	text = strings.TrimPrefix(text, "\uFEFF")
	n := 0
	for line := range strings.Lines(text) {
		n++
		f, err := words(strings.TrimSpace(line))
		if err == nil && len(f) > 0 {
			err = t.statement(f)
		}
		if err != nil {
			return &RuleFileError{name, n, err.Error()}
		}
	}
	return nil
}

// words splits a line at blanks outside quotes. A backslash is a letter like
// any other: paths are full of them.
func words(line string) ([]string, error) {
	var out []string
	for line = strings.TrimLeft(line, " \t"); line != "" && line[0] != '#'; line = strings.TrimLeft(line, " \t") {
		if line[0] == '"' {
			i := strings.IndexByte(line[1:], '"')
			if i < 0 {
				return nil, fmt.Errorf("the quote before %.40q has no end", line[1:])
			}
			out, line = append(out, line[1:1+i]), line[2+i:]
			continue
		}
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			i = len(line)
		}
		out, line = append(out, line[:i]), line[i:]
	}
	return out, nil
}

func (t *Tables) statement(f []string) error {
	verb, args := f[0], f[1:]
	need := func(n int, usage string) error {
		if len(args) < n {
			return fmt.Errorf("%s wants %s", verb, usage)
		}
		return nil
	}
	switch verb {
	case "place":
		if err := need(3, "an id, a level and paths"); err != nil {
			return err
		}
		level, err := levelWord(args[1])
		if err != nil {
			return err
		}
		in, except := cut(args[2:], "except")
		t.places = append(t.places, placeLine{args[0], level, globs(in), globs(except)})
	case "top":
		for _, n := range args {
			if n = strings.ToLower(n); strings.ContainsAny(n, "*?") {
				t.topGlobs = append(t.topGlobs, n)
			} else {
				t.top[n] = true
			}
		}
	case "installer":
		t.installers = append(t.installers, globs(args)...)
	case "home":
		t.homes = append(t.homes, globs(args)...)
	case "binary":
		dirs, names := cut(args, ":")
		if len(dirs) == 0 || len(names) == 0 {
			return fmt.Errorf("binary wants folders, a colon and names")
		}
		for _, n := range names {
			n = strings.ToLower(n)
			t.binaries[n+".exe"] = append(t.binaries[n+".exe"], globs(dirs)...)
			t.protected[n] = true
		}
	case "protected":
		set(t.protected, args)
	case "host":
		set(t.hosts, args)
	case "proxy":
		set(t.proxies, args)
	case "rare":
		set(t.rare, args)
	case "library":
		set(t.libraries, args)
	case "pattern":
		if err := need(5, "an id, a level, techniques, a regular expression and words"); err != nil {
			return err
		}
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
	case "tool":
		return t.tool(args)
	case "toolhash":
		if err := need(2, "a hash and words"); err != nil {
			return err
		}
		h, err := hash(args[0])
		if err != nil {
			return err
		}
		t.hashes[h] = strings.Join(args[1:], " ")
	case "silence":
		return t.silence(args)
	case "enable":
		if err := need(1, "the id of a rule"); err != nil {
			return err
		}
		for _, id := range args {
			if ruleByID(id) == nil {
				return fmt.Errorf("no rule is called %q", id)
			}
			t.enabled[strings.ToUpper(id)] = true
		}
	case "level":
		if err := need(2, "the id of a rule and a level"); err != nil {
			return err
		}
		if ruleByID(args[0]) == nil {
			return fmt.Errorf("no rule is called %q", args[0])
		}
		level, err := levelWord(args[1])
		if err != nil {
			return err
		}
		t.levels[strings.ToUpper(args[0])] = level
	default:
		return fmt.Errorf("no statement is called %q; there are place, top, installer, home, binary, protected, host, proxy, rare, library, pattern, tool, toolhash, silence, enable, level", verb)
	}
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
			if ruleByID(args[i+1]) == nil {
				return fmt.Errorf("no rule is called %q", args[i+1])
			}
			s.rule = strings.ToUpper(args[i+1])
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
