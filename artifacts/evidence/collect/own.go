package collect

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"
)

// A collection of our own is one of Velociraptor's with more beside it: artifactdump/manifest.json names the volumes, files.jsonl
// has the times and the state of each file. What was on the volumes and was not collected is named by the $MFT of each, or by
// listing.jsonl.gz where that was not to be had.

// ErrNotCollected is wrapped by the error for the content of a file that a collection lists and does not hold.
var ErrNotCollected = errors.New("not collected: only its name, size and times are known")

const (
	ownDir      = "artifactdump"
	maxManifest = 64 << 20
	maxOwnLine  = 1 << 20
	maxListing  = 8 << 30
	stateWhole  = "whole"
)

// seen holds the times of a listed file as FILETIMEs: created, modified, accessed, changed, and those of the name, created and
// modified. A listing has some hundred thousand of them.
type seen [6]uint64

func (s *seen) times() *Times {
	t := &Times{
		Created: fromFiletime(s[0]), Modified: fromFiletime(s[1]), Accessed: fromFiletime(s[2]), Changed: fromFiletime(s[3]),
		NameCreated: fromFiletime(s[4]), NameModified: fromFiletime(s[5]), Source: listingSource,
	}
	if s[0] == 0 && s[3] == 0 { // a folder was collected, whose files have one time
		t.Source, t.Copied = "the copy", true
	}
	return t
}

// listingSource is the source of times that a listing holds: it was made of the file table.
const listingSource = "$STANDARD_INFORMATION"

// fromFiletime turns 100 ns since 1601 into a time; 0 is the zero time.
func fromFiletime(ft uint64) time.Time {
	var b [8]byte
	for i := range b {
		b[i] = byte(ft >> (8 * i))
	}
	return filetime(b[:])
}

// ownSnapshot is what a manifest may call an older copy.
var ownSnapshot = regexp.MustCompile(`^[0-9A-Za-z._ -]{0,64}$`)

// readManifest reads which volume each device of uploads is.
func (v *veloWalk) readManifest(dir string, list []fs.DirEntry) {
	if _, ok := hasDir(list, ownDir); !ok {
		return
	}
	p := path.Join(dir, ownDir, "manifest.json")
	f, err := v.fsys.Open(p)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var m struct {
		Volumes []struct {
			Name, Snapshot, Stored, Listing string
			Scope                           string `json:"listing_scope"`
			Listed                          int64
		}
	}
	if err == nil {
		err = json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m)
		f.Close()
	}
	if err != nil {
		v.problem(p, "volumes are named by their folders instead", plain(err))
	}
	v.devices, v.tables, v.partial = map[string]Vol{}, map[Vol]int64{}, map[Vol]bool{}
	for _, own := range m.Volumes {
		name := own.Name
		letter := len(name) == 2 && isLetter(Fold(name)[0]) && name[1] == ':'
		if (letter || strings.HasPrefix(name, "Volume{")) && ownSnapshot.MatchString(own.Snapshot) {
			vol := Vol{Name: name, Snapshot: own.Snapshot}
			v.devices[own.Stored] = vol
			switch {
			case own.Scope != "":
				v.partial[vol] = own.Listing != "" // whose root is listed
			case own.Listing == "" && vol.Snapshot == "":
				v.unlisted = append(v.unlisted, vol)
			}
			if own.Listing == "$MFT" {
				v.tables[vol] = own.Listed
			}
		}
	}
}

// readOwn reads the list of files, then the listing.
func (v *veloWalk) readOwn(dir string, list []fs.DirEntry) {
	if _, ok := hasDir(list, ownDir); !ok || v.devices == nil {
		return
	}
	p := path.Join(dir, ownDir, "files.jsonl")
	if err := jsonLines(v.fsys, p, v.ownFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.problem(p, "read in part", plain(err))
	}
	for vol, root := range v.partial {
		if t := v.vols[vol]; t != nil {
			t.partial, t.root.whole = true, root
		}
	}
	p = path.Join(dir, ownDir, "listing.jsonl.gz")
	switch err := v.readListing(p); {
	case errors.Is(err, fs.ErrNotExist):
		for _, vol := range v.unlisted {
			if t := v.vols[vol]; t != nil {
				t.partial = true
			}
		}
	case err != nil:
		v.problem(p, inPart, plain(err))
	}
	for vol, names := range v.tables {
		if t := v.vols[vol]; t != nil {
			if err := v.readTable(t, names); err != nil {
				v.problem(vol.Name+`\$MFT`, inPart, plain(err))
			}
		}
	}
}

const inPart = "read in part: files that were not collected may be taken for missing"

// ownFile takes one line of files.jsonl.
func (v *veloWalk) ownFile(line []byte) error {
	var row struct {
		Path, Stored, State, Error, Source string
		Snapshot                           string
		Same                               string `json:"same_as"`
		Copied                             bool
		SI                                 [4]uint64
		FN                                 [4]uint64
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return err
	}
	if row.State != stateWhole {
		v.problem(row.Path, "collected as "+row.State, textError(row.Error))
	}
	n := v.stored(row.Stored)
	if row.Same != "" {
		n = v.again(row.Path, row.Snapshot, row.Same)
	}
	if n == nil || n.IsDir() {
		return nil
	}
	s := seen{row.SI[0], row.SI[1], row.SI[2], row.SI[3], row.FN[0], row.FN[1]}
	n.times = s.times()
	n.times.Source, n.times.Copied = row.Source, row.Copied
	return nil
}

func textError(s string) error {
	if s == "" {
		return nil
	}
	return errors.New(s)
}

// stored finds the node of a stored path.
func (v *veloWalk) stored(name string) *node {
	parts := strings.Split(name, "/")
	if len(parts) < 4 {
		return nil
	}
	vol, ok := v.devices[strings.Join(parts[:3], "/")]
	if t := v.vols[vol]; ok && t != nil {
		for i := range parts {
			parts[i] = decodeComponent(parts[i])
		}
		return t.find(strings.Join(parts[3:], "/"))
	}
	return nil
}

// again lays a file that an older copy has unchanged into its volume, with the bytes of the one that is stored.
func (v *veloWalk) again(name, snapshot, stored string) *node {
	drive, rel, _ := strings.Cut(name, `\`)
	vol := Vol{Name: drive, Snapshot: snapshot}
	from := v.stored(stored)
	names := strings.Split(rel, `\`)
	if from == nil || from.IsDir() || snapshot == "" || len(names) > maxTreeDepth {
		return nil
	}
	for _, n := range names {
		if !plainName(n) {
			return nil
		}
	}
	t := v.vols[vol]
	if t == nil {
		for device, own := range v.devices {
			if own == vol && t == nil {
				t = newTree()
				v.vols[vol] = t
				v.out = append(v.out, Vol{Name: drive, Snapshot: snapshot, Path: path.Join(v.dir, device), FS: t})
			}
		}
	}
	if v.entries++; t == nil || v.entries > maxTreeEntries {
		return nil
	}
	last := len(names) - 1
	n := &node{name: names[last], mode: 0o444, size: from.size, src: from.src}
	if !t.add(names[:last], n) {
		return nil
	}
	return n
}

// notCollected is the source of a listed file.
type notCollected struct{}

func (notCollected) open() (fs.File, error) { return nil, ErrNotCollected }

// readListing lays what was not collected into the volumes.
func (v *veloWalk) readListing(name string) error {
	f, err := v.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(io.LimitReader(z, maxListing), maxOwnLine)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if len(line) > 1 && err == nil {
			if err := v.listed(line); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// A listedFile is one line of a listing.
type listedFile struct {
	Path      string
	Size      int64
	Dir, Link bool
	Listed    bool
	Times     seen
}

// listed takes one line of a listing.
func (v *veloWalk) listed(line []byte) error {
	var row listedFile
	if err := json.Unmarshal(line, &row); err != nil {
		return err
	}
	drive, rel, ok := strings.Cut(row.Path, `\`)
	t := v.vols[Vol{Name: drive}]
	if !ok || t == nil || rel == "" {
		return nil
	}
	names := strings.Split(rel, `\`)
	for _, n := range names {
		if !plainName(n) {
			return nil
		}
	}
	if v.entries++; v.entries > maxTreeEntries || len(names) > maxTreeDepth {
		return fmt.Errorf("more than %d entries or %d directories deep", maxTreeEntries, maxTreeDepth)
	}
	if row.Dir {
		if d, ok := t.dir(names); ok && d.seen == nil {
			d.seen, d.whole = &row.Times, row.Listed
		}
		return nil
	}
	last := len(names) - 1
	n := &node{name: names[last], mode: 0o444, size: max(row.Size, 0), seen: &row.Times, src: notCollected{}}
	if row.Link {
		n.mode = fs.ModeSymlink | 0o777
	}
	t.add(names[:last], n) // what was collected is there already
	return nil
}
