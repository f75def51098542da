package collector

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"
)

// A journal names what of an unfinished zip is whole, so that a collection that was interrupted can be resumed. It is a file of JSON
// lines beside the zip: a line for the collection, and one for each file that is complete in it, with the length of the zip up to
// there and its SHA-256. Lines are written after what they name is on the disk.
type journal struct {
	zip     *os.File      // the unfinished zip
	out     *bufio.Writer // to it
	file    *os.File
	waiting []byte      // lines that are not written yet
	next    *journalRow // whose end is not known yet: that of the last entry shows when the next one begins
	flushed int64       // length of the zip up to which the lines are written
	known   int64       // and up to which there are lines
	at      time.Time   // when they were
	now     func() time.Time

	done []journalRow // of an earlier run
	end  int64        // of what that left
}

// A journalRow is one line: a file, or the end of a machine.
type journalRow struct {
	End     int64             `json:"end"`
	SHA256  string            `json:"sha256"`
	Machine string            `json:"machine"` // prefix of its entries
	Entries []*zip.FileHeader `json:"entries"`
	Row     *row              `json:"row,omitempty"`
	Listed  int64             `json:"listed,omitempty"`
	Ends    string            `json:"ends,omitempty"` // at the end of a machine, the SHA-256 of its manifest
}

// How often the journal is written.
const (
	journalBytes = 64 << 20
	journalTime  = 5 * time.Second
)

// begin begins an entry. What was before it is then complete.
func (c *collection) begin(h *zip.FileHeader) (io.Writer, error) {
	if c.journal == nil {
		return c.zip.CreateHeader(h)
	}
	c.begun = append(c.begun, h)
	if err := c.zip.Flush(); err != nil {
		return nil, err
	}
	c.out.hold = true
	w, err := c.zip.CreateHeader(h)
	err = errors.Join(err, c.zip.Flush())
	c.out.hold = false
	held := c.out.held
	c.out.held = held[:0]
	if err != nil {
		return nil, err
	}
	const local = 30 // bytes of a local header before the name (APPNOTE 4.3.7)
	cut := len(held) - local - len(h.Name) - len(h.Extra)
	c.out.sum.Write(held[:cut])
	err = c.journal.ended(c.out.n-int64(len(held)-cut), c.out.sum)
	c.out.sum.Write(held[cut:])
	return w, err
}

// keepRow takes the entries that were begun since the last line into the journal.
func (m *machine) keepRow(r *journalRow) error {
	if m.journal == nil || len(m.begun) == 0 {
		return nil
	}
	r.Machine, r.Entries, m.begun = m.prefix, m.begun, nil
	return m.journal.add(r)
}

// add keeps a line until its end is known.
func (j *journal) add(r *journalRow) error {
	if j.next != nil {
		return errors.New("a line of the journal has no end")
	}
	j.next = r
	return nil
}

// ended completes the line that waits for its end.
func (j *journal) ended(end int64, sum hash.Hash) error {
	if j.next == nil {
		return nil
	}
	j.next.End, j.next.SHA256 = end, hex.EncodeToString(sum.Sum(nil))
	b, err := json.Marshal(j.next)
	if err != nil {
		return err
	}
	j.waiting, j.next, j.known = append(append(j.waiting, b...), '\n'), nil, end
	if end-j.flushed < journalBytes && j.now().Sub(j.at) < journalTime {
		return nil
	}
	return j.flush()
}

// flush writes the zip to the disk, and then the lines.
func (j *journal) flush() error {
	if err := j.out.Flush(); err != nil {
		return err
	}
	if len(j.waiting) == 0 {
		return nil
	}
	if err := j.zip.Sync(); err != nil {
		return err
	}
	if _, err := j.file.Write(j.waiting); err != nil {
		return err
	}
	j.waiting, j.flushed, j.at = j.waiting[:0], j.known, j.now()
	return j.file.Sync()
}

// keep writes what is complete when a collection ends early.
func (c *collection) keep() error {
	if c.journal == nil {
		return nil
	}
	return c.journal.flush()
}

// read reads the journal of an earlier run, and finds how much of the zip it stands for: up to the last line whose hash is that of the
// zip.
func (j *journal) read(want []byte) error {
	r := bufio.NewReaderSize(j.file, 1<<20)
	head, err := r.ReadBytes('\n')
	if err != nil {
		return errors.New("the journal is damaged: use --force to start over")
	}
	if !bytes.Equal(bytes.TrimSpace(head), want) {
		return fmt.Errorf("the unfinished collection is of another source, or was begun with other options or by another version: "+
			"use --force to start over\n  then: %s\n  now:  %s", bytes.TrimSpace(head), want)
	}
	sum := sha256.New()
	at, size := int64(0), int64(len(head))
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			break // the last line may be cut
		}
		var next journalRow
		if json.Unmarshal(line, &next) != nil || next.End < at {
			break
		}
		if n, err := io.Copy(sum, io.NewSectionReader(j.zip, at, next.End-at)); err != nil || n < next.End-at {
			break
		}
		if hex.EncodeToString(sum.Sum(nil)) != next.SHA256 {
			break
		}
		at, size = next.End, size+int64(len(line))
		j.done = append(j.done, next)
	}
	j.end = at
	if err := errors.Join(j.zip.Truncate(at), j.file.Truncate(size)); err != nil {
		return err
	}
	_, err = j.file.Seek(size, io.SeekStart)
	return err
}

// replay gives the writer of the zip what an earlier run wrote. It reads the bytes back, and writes none of them.
func (c *collection) replay() error {
	j := c.journal
	if j == nil || len(j.done) == 0 {
		return nil
	}
	old := &compared{old: j.zip, end: j.end, out: c.out.w}
	c.out.w = old
	for i := range j.done {
		for _, h := range j.done[i].Entries {
			w, err := c.zip.CreateRaw(h)
			if err == nil {
				err = c.zip.Flush()
			}
			if err != nil {
				return err
			}
			if _, err := io.Copy(w, io.NewSectionReader(j.zip, c.out.n, int64(h.CompressedSize64))); err != nil {
				return err
			}
		}
	}
	j.flushed, j.known, j.at = j.end, j.end, j.now()
	return nil
}

// compared takes the bytes that a file has already, and refuses others. What follows goes on.
type compared struct {
	old io.ReaderAt
	end int64
	at  int64
	out io.Writer
	buf []byte
}

func (w *compared) Write(p []byte) (int, error) {
	k := int(min(int64(len(p)), max(w.end-w.at, 0)))
	if k > 0 {
		if len(w.buf) < k {
			w.buf = make([]byte, k)
		}
		if _, err := w.old.ReadAt(w.buf[:k], w.at); err != nil {
			return 0, err
		}
		if !bytes.Equal(w.buf[:k], p[:k]) {
			return 0, errors.New("the unfinished collection is not what its journal says: use --force to start over")
		}
		w.at += int64(k)
	}
	n, err := w.out.Write(p[k:])
	w.at += int64(n)
	return k + n, err
}

// finished takes what an earlier run stored of the machine. It reports whether that was all of it.
func (m *machine) finished() bool {
	if m.journal == nil {
		return false
	}
	m.before = map[string]*row{}
	for i := range m.journal.done {
		r := &m.journal.done[i]
		switch {
		case r.Machine != m.prefix:
		case r.Ends != "":
			m.sum.Listed += r.Listed
			m.sum.ManifestSHA256 = r.Ends
			return true
		default:
			m.before[r.Row.key()] = r.Row
		}
	}
	if n := len(m.before); n > 0 {
		m.say("resumed: %d files were stored before", n)
	}
	return false
}

// resumed takes a file that an earlier run stored into the lists, where it would have its place without an interruption.
func (m *machine) resumed(key string) bool {
	r := m.before[key]
	if r == nil {
		return false
	}
	delete(m.before, key)
	m.count(r)
	m.left -= r.Line.StoredSize
	m.sum.Resumed++
	return true
}
