package collector

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

const (
	blockSize = 1 << 20 // of reads
	smallest  = 4096    // of what is given up where a read fails
	manyHoles = 1 << 20 // bytes of holes from which on a file is stored without them
	maxHashed = 1 << 30 // bytes of holes that are hashed with a file
	readTries = 3       // of what another program writes meanwhile
)

// The states of a file.
const (
	whole  = "whole"
	cut    = "cut"    // by a limit
	failed = "failed" // some of it, or all, cannot be read

	changed = "changed" // other bytes than a second reading gave
)

// A span is a piece of a file: n bytes at off, of which stored are in the zip, at offset at. The tags are those of the index that
// Velociraptor writes beside a sparse file.
type span struct {
	At     int64 `json:"file_offset"`
	Off    int64 `json:"original_offset"`
	Stored int64 `json:"file_length"`
	Len    int64 `json:"length"`
}

// A copied file is what became of one copy.
type copied struct {
	stored int64
	sum    string // of the original, "" when some of it could not be read
	kept   string // of the stored bytes
	again  string // of what a second reading of a changed file gave
	spans  []span // nil when the stored bytes are the file
	state  string
	err    error
}

// pieces returns where a file has data, and whether the rest is worth leaving out.
func pieces(f fs.File, size int64) ([]ntfs.Range, bool) {
	var list []ntfs.Range
	switch x := f.(type) {
	case interface{ DataRanges() []ntfs.Range }:
		list = x.DataRanges()
	case interface{ StoredRanges() [][2]int64 }:
		for _, r := range x.StoredRanges() {
			list = append(list, ntfs.Range{Offset: r[0], Length: r[1]})
		}
	default:
		return nil, false
	}
	holes := size
	for _, r := range list {
		holes -= r.Length
	}
	return list, holes >= manyHoles
}

// copier writes one file into an entry of the zip.
type copier struct {
	ctx      context.Context
	w        io.Writer
	buf      []byte
	limit    int64 // of stored bytes
	kept     hash.Hash
	original hash.Hash // kept until a hole makes them differ
	hashing  bool
	check    func([]byte) bool
	flat     bool
	pos      int64 // in the original
	out      copied
	readErr  error
}

// whatever is the check of files that have no form to be checked.
func whatever([]byte) bool { return true }

// copyFile writes the content of a file to w, at most limit bytes of it. Blocks that check refuses are read again.
// Holes are written as zeros where the copy is to be flat.
func copyFile(
	ctx context.Context, w io.Writer, f fs.File, size, limit int64, buf []byte, check func([]byte) bool, flat bool,
) (copied, error) {
	sum := sha256.New()
	c := &copier{ctx: ctx, w: w, buf: buf, limit: limit, original: sum, kept: sum, hashing: true, check: check, flat: flat}
	c.out.state = whole
	list, sparse := pieces(f, size)
	sparse = sparse && !flat
	at, random := f.(io.ReaderAt)
	var err error
	switch {
	case sparse && random:
		err = c.pieces(at, list, size)
	case random:
		err = c.pieces(at, []ntfs.Range{{Length: size}}, size)
	default:
		err = c.stream(f, size)
	}
	if err != nil {
		return c.out, err
	}
	c.finish(size, sparse)
	return c.out, nil
}

func (c *copier) finish(size int64, sparse bool) {
	c.out.kept = hex.EncodeToString(c.kept.Sum(nil))
	if c.hashing && c.readErr == nil && c.out.state == whole {
		c.out.sum = hex.EncodeToString(c.original.Sum(nil))
	}
	if !sparse && c.readErr == nil {
		c.out.spans = nil
	}
	if c.readErr != nil {
		c.out.state, c.out.err = failed, c.readErr
	}
	if c.out.state == cut {
		c.out.err = fmt.Errorf("%d of %d bytes are stored", c.out.stored, size)
	}
}

// write stores bytes of the original.
func (c *copier) write(p []byte) error {
	if _, err := c.w.Write(p); err != nil {
		return err
	}
	c.kept.Write(p)
	if c.hashing && c.original != c.kept {
		c.original.Write(p)
	}
	n := int64(len(p))
	if last := len(c.out.spans) - 1; last >= 0 && c.out.spans[last].Stored > 0 &&
		c.out.spans[last].Off+c.out.spans[last].Len == c.pos {
		c.out.spans[last].Stored += n
		c.out.spans[last].Len += n
	} else {
		c.out.spans = append(c.out.spans, span{c.out.stored, c.pos, n, n})
	}
	c.out.stored += n
	c.pos += n
	return nil
}

// hole leaves bytes of the original out.
func (c *copier) hole(n int64) {
	if n <= 0 {
		return
	}
	if last := len(c.out.spans) - 1; last >= 0 && c.out.spans[last].Stored == 0 {
		c.out.spans[last].Len += n
	} else {
		c.out.spans = append(c.out.spans, span{c.out.stored, c.pos, 0, n})
	}
	c.pos += n
	if !c.hashing {
		return
	}
	if n > maxHashed {
		c.hashing = false
		return
	}
	if c.original == c.kept {
		var err error
		if c.original, err = c.kept.(hash.Cloner).Clone(); err != nil {
			c.original, c.hashing = c.kept, false
			return
		}
	}
	var zeros [smallest]byte
	for ; n > 0; n -= int64(len(zeros)) {
		c.original.Write(zeros[:min(n, int64(len(zeros)))])
	}
}

// pieces copies the ranges of a file that have data.
func (c *copier) pieces(at io.ReaderAt, list []ntfs.Range, size int64) error {
	for _, r := range list {
		c.hole(r.Offset - c.pos)
		for end := min(r.Offset+r.Length, size); c.pos < end; {
			n := min(int64(len(c.buf)), end-c.pos, c.limit-c.out.stored)
			if n <= 0 {
				c.out.state = cut
				return nil
			}
			if err := c.block(at, c.buf[:n]); err != nil {
				return err
			}
		}
	}
	c.hole(size - c.pos)
	return nil
}

// block copies one block. Where it cannot be read, what can be is copied in small pieces and the rest becomes a hole.
func (c *copier) block(at io.ReaderAt, p []byte) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	for try := 1; ; try++ {
		n, _ := at.ReadAt(p, c.pos)
		if n < len(p) {
			break
		}
		if c.check(p) || try == readTries {
			return c.write(p)
		}
	}
	for end := c.pos + int64(len(p)); c.pos < end; {
		q := p[:min(smallest, end-c.pos)]
		n, err := at.ReadAt(q, c.pos)
		if n == len(q) {
			if err := c.write(q); err != nil {
				return err
			}
			continue
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if c.readErr == nil {
			c.readErr = fmt.Errorf("cannot be read at %d: %w", c.pos, err)
		}
		if !c.flat {
			c.hole(int64(len(q)))
			continue
		}
		clear(q)
		if err := c.write(q); err != nil {
			return err
		}
	}
	return nil
}

// stream copies a file that can only be read from its beginning.
func (c *copier) stream(r io.Reader, size int64) error {
	for {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		room := min(int64(len(c.buf)), c.limit-c.out.stored)
		if room <= 0 {
			if c.pos < size {
				c.out.state = cut
			}
			return nil
		}
		n, err := io.ReadFull(r, c.buf[:room])
		if n > 0 {
			if werr := c.write(c.buf[:n]); werr != nil {
				return werr
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && c.pos >= size:
			if c.pos < size {
				c.readErr = io.ErrUnexpectedEOF
			}
			return nil
		case err != nil:
			c.readErr = fmt.Errorf("cannot be read at %d: %w", c.pos, err)
			return nil
		}
	}
}

// index writes the ranges of a sparse file beside it.
func (m *machine) index(name string, spans []span) error {
	w, err := m.begin(&zip.FileHeader{Name: m.prefix + name + ".idx", Method: zip.Deflate})
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(struct {
		Ranges []span `json:"ranges"`
	}{spans})
}
