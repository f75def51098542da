// Package searchitem holds what both databases of Windows Search have: the properties
// of an indexed item, and the folders that the crawler met. Windows.edb is read by
// package searchindex, Windows.db and Windows-gather.db by package searchdb.
package searchitem

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits, for hostile files.
const (
	maxScopes  = 1 << 20
	maxDepth   = 256 // folders above each other
	maxPath    = 1 << 16
	maxKnown   = 1 << 12 // paths that are kept
	maxSummary = 200     // characters
)

// Properties are those of an indexed item. Empty fields were not indexed.
type Properties struct {
	Path          string // System_ItemPathDisplay
	URL           string // System_ItemUrl
	Type          string // System_ItemTypeText, in the language of the machine
	Owner         string
	Target        string // of a shortcut or a visited page
	Summary       string // first 200 characters of the extract of its text
	Size          uint64
	Modified      time.Time
	Created       time.Time
	Accessed      time.Time
	Gathered      time.Time // when it was indexed: the item existed then
	AppID         string    // of an activity
	ActivityStart time.Time
	ActivityEnd   time.Time
}

// Summary cuts the extract of a text to what is kept of it.
func Summary(s string) string {
	n := 0
	for i := range s {
		if n == maxSummary {
			s = s[:i]
			break
		}
		n++
	}
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}

// Folders are those that the crawler met, by their numbers. The zero value has none.
type Folders struct {
	scopes map[int64]scope
	known  map[int64]folder // what was joined before
}

type scope struct {
	parent int64
	name   string
}

// A folder is a path with a slash at its end.
type folder struct{ path, volume string }

// Add adds a folder below another one. A name has its own slash; one without a name
// ends a path.
func (f *Folders) Add(id, parent int64, name string) {
	if len(f.scopes) >= maxScopes {
		return
	}
	if f.scopes == nil {
		f.scopes, f.known = map[int64]scope{}, map[int64]folder{}
	}
	f.scopes[id] = scope{parent, name}
}

// Path joins the names of a folder and those above it. One of them is the volume:
// "[GUID]/" after "file:C:/".
func (f *Folders) Path(id int64) (path, volume string) {
	if d, ok := f.known[id]; ok {
		return d.path, d.volume
	}
	if f.scopes == nil {
		return "", ""
	}
	d := f.join(id)
	if len(f.known) >= maxKnown {
		clear(f.known)
	}
	f.known[id] = d
	return d.path, d.volume
}

func (f *Folders) join(id int64) (d folder) {
	var names []string
	size := 0
	for at := id; len(names) < maxDepth && size < maxPath; at = f.scopes[at].parent {
		name := f.scopes[at].name
		if name == "" {
			break
		}
		size += len(name)
		names = append(names, name)
	}
	slices.Reverse(names)
	for i, name := range names {
		if guid, ok := strings.CutSuffix(name, "]/"); ok && strings.HasPrefix(name, "[") {
			d.volume, names[i] = guid[1:], ""
		}
	}
	d.path = strings.Join(names, "")
	return d
}
