package findings

import (
	"embed"
	"fmt"
	"io"
	"maps"
	"regexp"
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
	shortNames map[string]bool
	services   map[string][]ownService // lower-case name → what Windows installs
	acquirers  map[string]string       // service or file → tool
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
		enabled: map[string]bool{}, levels: map[string]Level{}, shortNames: map[string]bool{}, services: map[string][]ownService{},
		acquirers: map[string]string{},
	}
}

// shipped are the tables in data/. They are not changed after they were read.
var shipped = sync.OnceValue(func() *Tables {
	t := emptyTables()
	for _, name := range []string{"places", "binaries", "commands", "tools", "libraries", "services"} {
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
		{c.rare, t.rare}, {c.libraries, t.libraries}, {c.shortNames, t.shortNames}, {c.enabled, t.enabled},
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
	for k, v := range t.services {
		c.services[k] = append(c.services[k], v...)
	}
	for k, v := range t.acquirers {
		if _, ok := c.acquirers[k]; !ok {
			c.acquirers[k] = v
		}
	}
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
