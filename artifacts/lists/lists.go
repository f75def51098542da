// Package lists reads what an analyst knows already: indicators of attacks, hashes
// of bad files, and hashes of files that are known to be good. A [Set] holds the
// entries of several lists and answers whether a text, an address or a hash of the
// evidence is one of them.
//
// The format of a list follows from its content: text with one entry a line (the
// output of sha256sum too), CSV, STIX 2.1, MISP, a Bloom filter as hashlookup
// publishes it, and, through package rds, the databases of NSRL.
//
// Lists are hostile input: they can be damaged, and very large. Hashes are kept as
// sorted bytes, 16 to 32 bytes each and 4 more where entries have their own labels.
// A line that cannot be read is a [Problem] with its number; the others are used.
package lists

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// A Role is what a list is for.
type Role string

// The roles of lists.
const (
	Indicators Role = "iocs"
	Bad        Role = "bad"  // hashes of bad files
	Good       Role = "good" // hashes of known files; domains and addresses of warning lists
)

// A Kind is what an entry is compared with.
type Kind string

// The kinds of entries.
const (
	MD5      Kind = "md5"
	SHA1     Kind = "sha1"
	SHA256   Kind = "sha256"
	Name     Kind = "name" // of a file
	Path     Kind = "path"
	Domain   Kind = "domain"
	Address  Kind = "address" // one or a network
	URL      Kind = "url"
	Registry Kind = "registry"
	Command  Kind = "command"
	Service  Kind = "service"
	Task     Kind = "task"
	Account  Kind = "account"
)

// Kinds are all kinds, in the order in which they are shown.
var Kinds = []Kind{MD5, SHA1, SHA256, Name, Path, Domain, Address, URL, Registry, Command, Service, Task, Account}

// The limits of what is read.
const (
	MaxFile     = 1 << 30    // bytes of a list; Bloom filters and databases are read in place and may be larger
	MaxJSON     = 256 << 20  // bytes of a list in JSON
	MaxHashes   = 50_000_000 // of one kind of one list
	MaxEntries  = 1_000_000  // other entries of a list
	MaxPatterns = 10_000     // entries with wildcards or regular expressions
	maxProblems = 20         // that are named one by one
	maxText     = 4096       // bytes of an entry
	maxLabels   = 1 << 20    // different labels of a list
)

// A Label is what a list says of an entry. All fields may be empty.
type Label struct {
	ID     string   `json:"id,omitempty"` // of the entry in its list
	Name   string   `json:"name,omitempty"`
	Labels []string `json:"labels,omitempty"`
	Level  string   `json:"level,omitempty"` // a level of findings
	From   string   `json:"valid_from,omitempty"`
	Until  string   `json:"valid_until,omitempty"`
	Note   string   `json:"note,omitempty"` // how it is compared, where that is less than the list asks for
}

// Outside reports whether a time lies outside the validity of the entry.
func (l *Label) Outside(t time.Time) bool {
	if from, err := time.Parse(time.RFC3339, l.From); err == nil && t.Before(from) {
		return true
	}
	until, err := time.Parse(time.RFC3339, l.Until)
	return err == nil && !t.Before(until)
}

// A Problem is a part of a list that is not used.
type Problem struct {
	Line int    `json:"line,omitempty"` // from 1; in JSON the number of the object
	Text string `json:"problem"`
}

// A Summary describes a list: what went into an evaluation.
type Summary struct {
	Path     string       `json:"path"`
	Role     Role         `json:"role"`
	Format   string       `json:"format"`
	Size     int64        `json:"size"`
	SHA256   string       `json:"sha256,omitempty"`
	Entries  int64        `json:"entries"` // distinct; of a Bloom filter and a database what they state
	Kinds    map[Kind]int `json:"kinds,omitempty"`
	Skipped  int          `json:"skipped,omitempty"` // lines and objects that are not used
	Problems []Problem    `json:"problems,omitempty"`
}

// A List is one list.
type List struct {
	Summary
	hashes   [3]table
	labels   []*Label
	byLabel  map[string]uint32
	known    Known
	exact    map[Kind]map[string]*Entry
	networks []network
	patterns map[Kind][]*Entry
	count    int // entries that are not hashes
	globs    int
	open     func() (io.ReadCloser, error)
	failed   atomic.Pointer[error] // the first error of a lookup
}

// An Entry is one entry that is not a plain hash.
type Entry struct {
	*Label
	Kind  Kind
	Value string // as it is compared
	List  *List

	glob  string
	match func(string) bool
	group *group // of entries that must be true together
	part  int
}

// A group is an indicator of several comparisons about one program.
type group struct{ parts int }

// Known answers whether a hash is one of a very large list. It is safe for
// concurrent use.
type Known interface {
	// Has reports whether a hash is there. name says which file it is, where the list has that.
	Has(kind Kind, sum []byte) (there bool, name string, err error)
	Kinds() []Kind
	// Doubt says how sure an answer is, "" for certain.
	Doubt() string
	// Entries is how many hashes the list states to have.
	Entries() int64
	// Notes say what is not compared.
	Notes() []string
	io.Closer
}

// Options change how lists are read.
type Options struct {
	// SQLite opens databases; nil refuses them. See package rds.
	SQLite func(path string) (Known, error)
}

// A Set is several lists as one.
type Set struct {
	Lists []*List
	// Level is that of hits on entries that state none.
	Level string
	has   map[Kind]bool
}

// Add reads a list and adds it to the set. A list in which nothing can be read is an
// error.
func (s *Set) Add(path string, role Role, o *Options) error {
	l, err := Read(path, role, o)
	if err != nil {
		return err
	}
	s.Lists = append(s.Lists, l)
	s.has = nil
	return nil
}

// Read reads a list.
func Read(path string, role Role, o *Options) (*List, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	l := newList(path, role)
	l.Size = st.Size()
	l.open = func() (io.ReadCloser, error) { return os.Open(path) }
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		if o == nil || o.SQLite == nil {
			return nil, fmt.Errorf("%s: SQLite databases are not read here", path)
		}
		if l.known, err = o.SQLite(path); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		l.Format = "nsrl"
	case isBloom(head, st.Size()):
		b, err := openBloom(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		l.known, l.Format = b, "bloom filter"
	default:
		if st.Size() > MaxFile {
			return nil, fmt.Errorf("%s: %d bytes; a list has at most %d", path, st.Size(), MaxFile)
		}
		if err := l.read(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := l.finish(); err != nil {
		l.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// Parse reads a list that is not a database or a Bloom filter from memory or a stream.
func Parse(r io.Reader, name string, role Role) (*List, error) {
	l := newList(name, role)
	if err := l.read(r); err != nil {
		return nil, err
	}
	return l, l.finish()
}

func newList(path string, role Role) *List {
	l := &List{byLabel: map[string]uint32{}, exact: map[Kind]map[string]*Entry{}, patterns: map[Kind][]*Entry{}}
	l.Path, l.Role, l.Kinds = path, role, map[Kind]int{}
	l.labels = []*Label{{}}
	for i := range l.hashes {
		l.hashes[i].size = hashSizes[i]
	}
	return l
}

// read reads a list of a textual format.
func (l *List) read(r io.Reader) error {
	sum := sha256.New()
	counted := &counter{r: io.TeeReader(io.LimitReader(r, MaxFile+1), sum)}
	if err := l.text(counted); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return err
	}
	if counted.n > MaxFile {
		return fmt.Errorf("more than %d bytes", MaxFile)
	}
	l.Size = counted.n
	l.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// finish sorts what was read.
func (l *List) finish() error {
	if l.known != nil {
		l.Entries = l.known.Entries()
		for _, n := range l.known.Notes() {
			l.Problems = append(l.Problems, Problem{Text: n})
		}
		return nil
	}
	for i := range l.hashes {
		t := &l.hashes[i]
		t.sort()
		if n := t.len(); n > 0 {
			l.Kinds[hashKinds[i]] = n
			l.Entries += int64(n)
		}
	}
	l.byLabel = nil
	for kind, m := range l.exact {
		l.Kinds[kind] += len(m)
		l.Entries += int64(len(m))
	}
	for kind, list := range l.patterns {
		l.Kinds[kind] += len(list)
		l.Entries += int64(len(list))
	}
	for _, n := range l.networks {
		l.Kinds[n.entry.Kind]++
		l.Entries++
	}
	if l.Entries > 0 {
		return nil
	}
	if len(l.Problems) > 0 {
		return fmt.Errorf("no entry that can be used; %s", l.Problems[0])
	}
	return errors.New("no entry that can be used")
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Text)
}

// problem notes what is not used.
func (l *List) problem(line int, format string, args ...any) {
	l.Skipped++
	if len(l.Problems) < maxProblems {
		l.Problems = append(l.Problems, Problem{line, fmt.Sprintf(format, args...)})
	}
}

// Hash returns the SHA-256 of the list. That of a list that is read in place is
// computed now.
func (l *List) Hash() (string, error) {
	if l.SHA256 != "" || l.open == nil {
		return l.SHA256, nil
	}
	f, err := l.open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	l.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return l.SHA256, nil
}

// Err returns the first error of a lookup in a list that is read in place.
func (l *List) Err() error {
	if e := l.failed.Load(); e != nil {
		return *e
	}
	return nil
}

// Close closes a list that is read in place.
func (l *List) Close() error {
	if l.known == nil {
		return nil
	}
	return l.known.Close()
}

// Close closes the lists.
func (s *Set) Close() error {
	if s == nil {
		return nil
	}
	var err error
	for _, l := range s.Lists {
		err = errors.Join(err, l.Close())
	}
	return err
}

// label returns the number of a label in the list.
func (l *List) label(x *Label) uint32 {
	if x == nil {
		return 0
	}
	key := strings.Join(append([]string{x.ID, x.Name, x.Level, x.From, x.Until, x.Note}, x.Labels...), "\x00")
	if key == "\x00\x00\x00\x00\x00" {
		return 0
	}
	if n, ok := l.byLabel[key]; ok {
		return n
	}
	if len(l.labels) >= maxLabels {
		return 0
	}
	n := uint32(len(l.labels))
	l.labels, l.byLabel[key] = append(l.labels, x), n
	return n
}
