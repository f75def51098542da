package websites

import (
	"bytes"
	"cmp"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Limits of scripts.
const (
	maxScript  = 1 << 20 // bytes that are looked at
	maxScripts = 50_000
	maxTotal   = 128 << 20 // bytes of all scripts that [Shells] looks at
	nearby     = 240       // bytes between what runs and what was sent
)

// given are the ways of a script to what a request sends, in lower case.
var given = [][]byte{
	[]byte("request["), []byte("request("), []byte("request.item"), []byte("request.form"), []byte("request.querystring"),
	[]byte("request.params"), []byte("request.headers"), []byte("request.cookies"), []byte("request.binaryread"),
	[]byte("request.inputstream"), []byte("request.getparameter"), []byte("request.getheader"), []byte("request.getinputstream"),
	[]byte("$_post"), []byte("$_get"), []byte("$_request"), []byte("$_cookie"), []byte("$_server['http_"), []byte("$_server[\"http_"),
	[]byte("php://input"),
}

// runs are the ways of a script to run something. One that is no method of an
// object in the attacks known, and often one in other pages, has bare set: an SQL
// command has Execute, too.
var runs = []struct {
	word string
	bare bool
}{
	{"eval(", true}, {"eval (", true}, {"eval request", true}, {"execute(", true}, {"execute request", true},
	{"executeglobal", true}, {"assert(", true}, {"system(", true},
	{"exec(", true}, {"shell_exec(", true}, {"passthru(", true}, {"proc_open(", true}, {"popen(", true}, {"create_function(", true},
	{"process.start(", false}, {"processstartinfo", false}, {"wscript.shell", false}, {"assembly.load(", false},
	{"csharpcodeprovider", false}, {"getruntime().exec", false}, {"processbuilder(", false}, {"defineclass(", false},
}

// Runs returns what a script gives a request's data to that runs them, "eval",
// and "" for ordinary scripts. The two must stand near each other. The time that it
// needs grows with the size of the script alone.
func Runs(script []byte) string {
	text := bytes.ToLower(script[:min(len(script), maxScript)])
	var ways []span
	for _, g := range given {
		for at := range indexes(text, g) {
			ways = append(ways, span{at, at + len(g)})
		}
	}
	if ways == nil {
		return ""
	}
	slices.SortFunc(ways, func(a, b span) int { return cmp.Or(a.begin-b.begin, a.end-b.end) })
	for _, r := range runs {
		for at := range indexes(text, []byte(r.word)) {
			if (!r.bare || at == 0 || !inWord(text[at-1])) && within(ways, at-nearby, at+len(r.word)+nearby) {
				return strings.TrimRight(r.word, "( ")
			}
		}
	}
	return ""
}

// A span is a part of a script.
type span struct{ begin, end int }

// within reports whether one of the spans, which are sorted, lies between two places.
func within(spans []span, begin, end int) bool {
	i, _ := slices.BinarySearchFunc(spans, begin, func(s span, begin int) int { return s.begin - begin })
	for ; i < len(spans) && spans[i].begin < end; i++ {
		if spans[i].end <= end {
			return true
		}
	}
	return false
}

// indexes yields the places of a word that do not overlap.
func indexes(text, word []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at += len(word) {
			i := bytes.Index(text[at:], word)
			if i < 0 || !yield(at+i) {
				return
			}
			at += i
		}
	}
}

// inWord reports whether what follows a character is no word of its own: the
// rest of a name, or a method.
func inWord(c byte) bool {
	return c == '.' || c == '_' || c == '>' || c == ':' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z'
}

// Shells returns the addresses below which the server has scripts that run what
// requests send, in lower case, with what they give it to.
func Shells(tree *evidence.Tree) map[string]string {
	out := map[string]string{}
	seen, total := 0, 0
	roots := append(configOf(tree).Roots, defaultRoots...)
	for _, r := range roots {
		for _, p := range pages {
			files, _ := tree.Glob(r.Folder + `\**\` + p)
			for _, f := range files {
				if seen++; seen > maxScripts {
					return out
				}
				if f.Snapshot != "" {
					continue
				}
				b, err := f.BytesUpTo(maxScript)
				if total += len(b); total > maxTotal {
					return out
				}
				if err != nil {
					continue
				}
				if how := Runs(b); how != "" {
					out[address(r, f.Path)] = how
				}
			}
		}
	}
	return out
}

// address is the path that a request for a file of the root has.
func address(r Root, file string) string {
	parts := strings.Split(winpath.Key(file), `\`) // the first, of the volume, is empty
	depth := strings.Count(r.Folder, `\`) + 1
	return strings.ToLower(path.Join("/", r.Path, strings.Join(parts[min(depth, len(parts)-1):], "/")))
}

// Shell returns what the script behind an address gives a request's data to, by
// what [Shells] found. What follows the name of a script is information for it.
func Shell(shells map[string]string, address string) string {
	for s := strings.ToLower(address); len(s) > 1; s = path.Dir(s) {
		if how := shells[s]; how != "" {
			return how
		}
	}
	return ""
}
