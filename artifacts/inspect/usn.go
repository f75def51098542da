package inspect

import (
	"fmt"
	"iter"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// knownUSN reports whether a file is the stream $J of a change journal. One
// that begins with a long hole is known by its name alone.
func knownUSN(head []byte, _ int64, name string) bool {
	if ntfs.IsJournal(head) {
		return true
	}
	if len(strings.Trim(string(head), "\x00")) > 0 {
		return false
	}
	return name == "$j" || strings.HasSuffix(name, "_$j") || strings.Contains(name, "usnjrnl")
}

// readUSN yields the records of a change journal. With a $MFT each has the path
// that its file had at that moment.
func readUSN(f File, opts Options, yield func(Row) bool) error {
	j := ntfs.NewJournal(f, f.Size)
	changes := j.Changes()
	var paths *ntfs.Rewind
	if opts.MFT != nil {
		table, err := ntfs.ReadTable(section(*opts.MFT), nil, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", opts.MFT.Path, err)
		}
		if paths, err = ntfs.NewRewind(table, j); err != nil {
			return err
		}
		changes = paths.Changes(j)
	}
	if stopped, err := usnRows(changes, paths, yield); stopped || err != nil {
		return err
	}
	switch s := j.Stats; {
	case s.Skipped > 0:
		return fmt.Errorf("usn: %d bytes are not part of a record", s.Skipped)
	case s.Cuts > 0:
		return fmt.Errorf("usn: the journal is not in one piece: the distance between USN and offset changes %d times", s.Cuts)
	}
	return nil
}

func usnRows(changes iter.Seq2[*ntfs.Change, error], paths *ntfs.Rewind, yield func(Row) bool) (stopped bool, err error) {
	var buf []byte
	for c, err := range changes {
		if err != nil {
			return false, err
		}
		row := Row{Kind: "usn", Offset: c.Offset}
		addChange(&row, c)
		if paths != nil && c.Version != 4 {
			var state ntfs.PathState
			buf, state = paths.AppendPath(buf[:0], c)
			row.Add("file_path", string(buf))
			row.Add("path_state", state.String())
		}
		if !yield(row) {
			return true, nil
		}
	}
	return false, nil
}

func addChange(row *Row, c *ntfs.Change) {
	row.Add("usn", c.USN)
	row.Add("version", uint32(c.Version))
	row.Add("filetime", c.FileTime)
	row.Add("file", c.File.String())
	row.Add("parent", c.Parent.String())
	row.Add("reason", uint32(c.Reason))
	row.Add("source", c.Source)
	row.Add("security", c.Security)
	row.Add("attributes", c.Attributes)
	row.Add("name", c.Name())
	if len(c.Extents) > 0 {
		list := make([][2]int64, len(c.Extents))
		for i, x := range c.Extents {
			list[i] = [2]int64{x.Offset, x.Length}
		}
		row.Add("extents", list)
	}
}
