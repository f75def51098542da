// Package collector writes everything that the artifacts of a catalogue are read from, and the metadata of the file system, into one
// zip: from a disk image, a folder, another collection or a live volume.
//
// There is no list of files here: what is collected is what the sources of the artifacts name. The zip has the layout of a
// Velociraptor collection, which other programs read, with a manifest, a list of files and a listing of the volumes beside it. A scan
// of the zip gives the records that a scan of its source gives.
//
// The zip is written from front to back, so that it may go to a pipe. One file is open at a time, and none is held in memory.
package collector

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// Default limits of [Options].
const (
	DefaultMaxFile  = 2 << 30
	DefaultMaxTotal = 20 << 30
)

// The listings of [Options].
const (
	ListFull = "full" // everything
	ListHot  = "hot"  // the folders that programs start from
	ListNone = "none"
)

// Options change what is collected and how it is written.
type Options struct {
	Artifacts []*artifacts.Artifact // whose sources are collected

	MaxFile  int64  // bytes stored of one file; file tables and change journals are exempt. 0 means DefaultMaxFile
	MaxTotal int64  // bytes stored of all files. 0 means DefaultMaxTotal
	Store    bool   // do not compress
	Listing  string // of the names on the volumes: ListFull (also ""), ListHot, ListNone

	Layout string // of the zip: LayoutVelociraptor (also ""), LayoutKAPE

	// Programs returns more files to store, when set, up to 64 MiB of each: those of programs that start by themselves.
	Programs func(context.Context, *evidence.Tree) ([]*evidence.File, error)

	Tool    string   // name and version of the program, for the manifest
	Command []string // command line, for the manifest
	Now     func() time.Time

	// Seal encrypts what is written, when set. The zip is then inside of what it makes.
	Seal func(io.Writer) (io.WriteCloser, error)

	Progress func(done, planned int, path string) // called before each file, when set
	Damage   func(error)                          // called for what cannot be read, when set
	Note     func(string)                         // called for what a reader should know, when set
}

func (o *Options) maxFile() int64 {
	if o.MaxFile <= 0 {
		return DefaultMaxFile
	}
	return o.MaxFile
}

func (o *Options) maxTotal() int64 {
	if o.MaxTotal <= 0 {
		return DefaultMaxTotal
	}
	return o.MaxTotal
}

func (o *Options) now() time.Time {
	if o.Now != nil {
		return o.Now().UTC()
	}
	return time.Now().UTC()
}

// A Summary says what was collected.
type Summary struct {
	Machines int
	Files    int   // stored whole
	Partial  int   // stored in part, or not at all: cut by a limit, failed
	Changed  int   // stored, and changed while they were read
	Resumed  int   // stored by an earlier run, of all these
	Bytes    int64 // stored of all files, before compression
	Size     int64 // of the zip
	Listed   int64 // files and folders in the listings

	ManifestSHA256 string // of the last manifest
	SHA256         string // of the zip, encrypted where it is
}

// A collection is one zip that is being written.
type collection struct {
	o       *Options
	out     *counter
	zip     *zip.Writer
	journal *journal          // nil where a collection cannot be resumed
	begun   []*zip.FileHeader // entries that no line of the journal has yet
	sum     Summary
	buf     []byte
	left    int64 // of MaxTotal
	ev      *evidence.Evidence
}

// Collect writes the evidence that the options choose to w. An error is one of writing or of the context; what cannot be read is in the
// manifest, in the summary's count, and goes to Options.Damage.
func Collect(ctx context.Context, ev *evidence.Evidence, w io.Writer, o *Options) (*Summary, error) {
	return run(ctx, ev, w, o, nil)
}

func run(ctx context.Context, ev *evidence.Evidence, w io.Writer, o *Options, j *journal) (*Summary, error) {
	for _, t := range ev.Trees {
		if t.Loose() {
			return nil, fmt.Errorf("%s: loose files without the folders they came from: nothing says which are to be collected", ev.Path)
		}
	}
	c := &collection{o: o, out: &counter{w: w, sum: sha256.New()}, journal: j, buf: make([]byte, blockSize), left: o.maxTotal(), ev: ev}
	plain, closeSeal, err := o.seal(c.out)
	if err != nil {
		return nil, err
	}
	c.zip = zip.NewWriter(plain)
	c.zip.RegisterCompressor(zip.Deflate, newPacker)
	if err := c.replay(); err != nil {
		return nil, err
	}
	prefixes := c.prefixes()
	for i, t := range ev.Trees {
		m := &machine{collection: c, tree: t, prefix: prefixes[i], started: o.now()}
		if err := m.collect(ctx); err != nil {
			return nil, errors.Join(err, c.keep())
		}
		c.sum.Machines++
		ev.Trees[i] = nil // so that what it holds goes when it is done
	}
	if err := c.zip.Close(); err != nil {
		return nil, err
	}
	if err := closeSeal(); err != nil {
		return nil, err
	}
	c.sum.Size, c.sum.SHA256 = c.out.n, hex.EncodeToString(c.out.sum.Sum(nil))
	return &c.sum, nil
}

// A packer deflates one entry after the other in the same memory, which is more than most entries have.
type packer struct{ *flate.Writer }

var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // BestSpeed is a level
	}
	return &packer{w}
}}

func newPacker(w io.Writer) (io.WriteCloser, error) {
	p := packers.Get().(*packer)
	p.Reset(w)
	return p, nil
}

// Close ends the entry. The packer must not be used after it.
func (p *packer) Close() error {
	err := p.Writer.Close()
	p.Reset(nil)
	packers.Put(p)
	return err
}

// seal returns where the zip is written: to w, or to what encrypts it.
func (o *Options) seal(w io.Writer) (io.Writer, func() error, error) {
	if o.Seal == nil {
		return w, func() error { return nil }, nil
	}
	s, err := o.Seal(w)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Close, nil
}

// prefixes returns the folder of each machine in the zip: none for the only one.
func (c *collection) prefixes() []string {
	out := make([]string, len(c.ev.Trees))
	if len(out) == 1 {
		return out
	}
	taken := map[string]bool{}
	for i, t := range c.ev.Trees {
		name := t.Identity().Name
		if name == "" {
			name = t.Name()
		}
		name = collect.EncodeComponent(name)
		for n, base := 2, name; taken[collect.Fold(name)]; n++ {
			name = fmt.Sprintf("%s %d", base, n)
		}
		taken[collect.Fold(name)] = true
		out[i] = name + "/"
	}
	return out
}

// damage reports what cannot be read.
func (c *collection) damage(err error) {
	if c.o.Damage != nil {
		c.o.Damage(err)
	}
}

// A counter counts and hashes what is written. While it holds, it keeps what is written to hash it later.
type counter struct {
	w    io.Writer
	sum  hash.Hash
	n    int64
	hold bool
	held []byte
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if c.hold {
		c.held = append(c.held, p[:n]...)
	} else {
		c.sum.Write(p[:n])
	}
	return n, err
}
