package collector

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Files of a running machine change while they are read. A hive is read until two readings agree, before it is stored. Every other file
// is compared with itself afterwards: its size and time, and on a live volume the content of event logs, whose time Windows does not
// keep. A file that differs is read once more, and has both hashes in the list.

// settle reads a hive of a running machine until two readings agree, some times at most. It returns the hash of the last one, "" for
// what need not be settled.
func (m *machine) settle(ctx context.Context, it *Item) string {
	if !m.ev.Live() || it.Kind != "hive" {
		return ""
	}
	last := ""
	for range readTries {
		sum := m.reread(ctx, it)
		if sum == "" || sum == last {
			return sum
		}
		last = sum
	}
	return last
}

// reread returns the hash of a file as it is now, "" when it cannot be read.
func (m *machine) reread(ctx context.Context, it *Item) string {
	m.ev.Forget()
	c, _ := m.hash(ctx, it)
	return c.kept
}

// hash reads a file without storing it. What cannot be read whole has no hashes.
func (m *machine) hash(ctx context.Context, it *Item) (copied, fs.FileInfo) {
	f, err := it.File.Open()
	if err != nil {
		return copied{}, nil
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return copied{}, nil
	}
	c, err := copyFile(ctx, io.Discard, f, st.Size(), m.o.maxFile(), m.buf, whatever, false)
	if err != nil || c.state != whole {
		return copied{}, nil
	}
	return c, st
}

// same finds the file that an older copy has unchanged: it is not stored again, and the list names the entry that has its bytes. Programs
// that read folders know no such list.
func (m *machine) same(ctx context.Context, t *take) bool {
	if t.Line.Snapshot == "" || m.o.kape() {
		return false
	}
	st, err := t.item.File.Stat()
	likely := func(s storedAs) bool { return err == nil && s.size == st.Size() }
	if !slices.ContainsFunc(m.paths[t.Line.Path], likely) {
		return false
	}
	c, info := m.hash(ctx, t.item)
	for _, s := range m.paths[t.Line.Path] {
		if c.sum != "" && c.sum == s.sum && s.size == info.Size() {
			t.info, t.Line.Size, t.Line.Same = info, info.Size(), s.entry
			t.copied = copied{state: whole, sum: c.sum, kept: c.sum}
			return true
		}
	}
	return false
}

// compare looks whether a file that was stored is the file that is there now.
func (m *machine) compare(ctx context.Context, t *take, settled string) {
	if t.copied.state != whole || t.item.Kind == "filesystem" {
		return // file tables and journals of a running machine always change: their records are checked one by one
	}
	m.ev.Forget()
	why := ""
	now, err := t.item.File.Stat()
	switch {
	case err != nil:
		why = "it cannot be found any more"
	case now.Size() != t.info.Size():
		why = fmt.Sprintf("its size was %d and is %d", t.info.Size(), now.Size())
	case !now.ModTime().Equal(t.info.ModTime()):
		why = "its time of modification is another"
	case settled != "" && settled != t.copied.kept, m.ev.Live() && strings.EqualFold(path.Ext(t.place.Name), ".evtx"):
		why = "its content is another"
	default:
		return
	}
	again := m.reread(ctx, t.item)
	if again == t.copied.kept {
		return // touched, and the same
	}
	t.copied.state, t.copied.again = changed, again
	t.copied.err = fmt.Errorf("changed while it was read: %s", why)
}

// wholeRecords reports whether all file records of a block of $MFT are whole: the last two bytes of each sector are those that the
// record's header has (update sequence; Linux-NTFS documentation, "Fixup"). A record that is being written is torn.
func wholeRecords(b []byte) bool {
	const (
		sector  = 512
		usaAt   = 4 // u16
		usaLen  = 6 // u16, the number and one for each sector
		minimum = 1024
	)
	le := binary.LittleEndian
	for at := 0; at+minimum <= len(b); {
		r := b[at:]
		n, off := int(le.Uint16(r[usaLen:])), int(le.Uint16(r[usaAt:]))
		size := (n - 1) * sector
		if !bytes.HasPrefix(r, []byte("FILE")) || size < minimum || size > len(r) || off+2*n > sector {
			at += minimum
			continue
		}
		for i := sector - 2; i < size; i += sector {
			if le.Uint16(r[i:]) != le.Uint16(r[off:]) {
				return false
			}
		}
		at += size
	}
	return true
}
