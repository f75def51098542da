package collect

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// An archive becomes a tree of names; its bytes stay where they are. The times of its entries are not used: they are those of the copy,
// or 1980-01-01, and in a zip without a zone.
type archive struct {
	opts     Options
	tree     *tree
	maxNodes int // of the tree
	problems []error
	refused  int
	expanded atomic.Int64
	closers  []io.Closer // temporary files
	tries    int         // places where the data of an entry was looked for
	searched int64       // bytes that were read to find entries without a directory
}

// Names of many short components imply many directories: 250 in 500 bytes. So the nodes of the tree are bounded by the bytes that the
// archive has for its names, beside Options.MaxEntries; each takes some 150 bytes.
const (
	minNodes     = 100_000
	bytesPerNode = 16
)

func (a *archive) boundNodes(nameBytes int64) {
	a.maxNodes = int(min(int64(a.opts.MaxEntries), max(minNodes, nameBytes/bytesPerNode)))
}

// maxProblems bounds what is said one by one; the rest is counted.
const maxProblems = 1000

func (a *archive) refuse(name, why string, err error) {
	if a.refused++; a.refused <= maxProblems {
		a.problems = append(a.problems, &PathError{Path: name, Problem: "left out: " + why, Err: err})
	}
}

// problem notes what is wrong with the archive as a whole.
func (a *archive) problem(name, what string, err error) {
	a.problems = append(a.problems, &PathError{Path: name, Problem: what, Err: err})
}

func (a *archive) allProblems() []error {
	if a.refused > maxProblems {
		return append(a.problems, fmt.Errorf("and %d more entries were left out", a.refused-maxProblems))
	}
	return a.problems
}

// split takes a name of an archive apart. A backslash separates too: archivers on Windows have written it, and no name on NTFS holds one.
// What could lead elsewhere, if somebody unpacked it, is refused.
func split(name string) (parts []string, why string) {
	if !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "\uFFFD")
	}
	name = strings.TrimSuffix(strings.ReplaceAll(name, `\`, "/"), "/")
	for strings.HasPrefix(name, "./") {
		name = name[len("./"):]
	}
	parts = strings.Split(name, "/")
	for _, p := range parts {
		switch {
		case p == "..":
			return nil, "its name holds .."
		case p == "":
			return nil, "its name is absolute or has an empty component"
		case p == "." || strings.ContainsRune(p, 0):
			return nil, "its name is none"
		}
	}
	if len(parts) > maxTreeDepth {
		return nil, fmt.Sprintf("more than %d directories deep", maxTreeDepth)
	}
	if first := parts[0]; len(first) > 2 && first[1] == ':' {
		return nil, "its name begins with a drive letter" // C: alone is the directory that stands for the drive
	}
	return parts, ""
}

// add puts one entry into the tree.
func (a *archive) add(name string, mode fs.FileMode, size int64, src source) {
	parts, why := split(name)
	switch {
	case why == "" && a.tree.n+len(parts) > a.maxNodes:
		why = fmt.Sprintf("with the directories that names imply there are more than %d", a.maxNodes)
		fallthrough
	case why != "":
		a.refuse(name, why, nil)
	case mode.IsDir():
		if _, ok := a.tree.dir(parts); !ok {
			a.refuse(name, "a file of this name is there already", nil)
		}
	case !mode.IsRegular():
		a.refuse(name, "a link or device", nil)
	default:
		last := len(parts) - 1
		n := &node{name: parts[last], mode: 0o444, size: size, src: src}
		if !a.tree.add(parts[:last], n) {
			a.refuse(name, "the name is there already, or a file stands where its directory should", nil)
		}
	}
}

// plainFile is bytes that can be read at any offset; the tree knows what Stat has to say.
type plainFile struct{ *io.SectionReader }

func (plainFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (plainFile) Close() error               { return nil }
