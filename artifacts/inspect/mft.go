package inspect

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// knownMFT reports whether a file is a $MFT: its first record, or a later one
// when the first is damaged, has the signature and a plausible header.
func knownMFT(head []byte, _ int64, _ string) bool {
	for off := 0; off < len(head); off += 512 {
		if _, ok := ntfs.IsRecord(head[off:]); ok {
			return true
		}
		if off == 0 && len(head) >= 4 && string(head[:4]) != "BAAD" && string(head[:4]) != "FILE" {
			return false
		}
	}
	return false
}

// readMFT yields the file records of a $MFT. It reads the file twice: paths and
// extension records need all folders.
func readMFT(f File, _ Options, yield func(Row) bool) error {
	table, _ := ntfs.ReadTable(section(f), nil, nil) // what it misses is reported by the second pass
	for r, err := range ntfs.Records(section(f), &ntfs.RecordOptions{Table: table, Slack: true}) {
		if err != nil {
			return err
		}
		if !yield(mftRow(table, r)) {
			return nil
		}
	}
	if table.Dropped > 0 {
		return fmt.Errorf("mft: %d folders or extension records are beyond the limits of memory; some paths are incomplete", table.Dropped)
	}
	return nil
}

func section(f File) io.Reader { return io.NewSectionReader(f, 0, f.Size) }

func mftRow(table *ntfs.Table, r *ntfs.Record) Row {
	row := Row{Kind: "mft", Offset: r.Offset, Damage: r.Damage.String()}
	row.Add("entry", r.Entry)
	if r.Damage&ntfs.Baad != 0 {
		return row
	}
	row.Add("sequence", uint32(r.Sequence))
	row.Add("in_use", r.InUse())
	row.Add("directory", r.Flags&2 != 0)
	if !r.IsBase() {
		row.Add("base", r.Base.String())
	}
	row.Add("links", uint32(r.Links))
	row.Add("lsn", r.LSN)
	if r.HasStandard {
		row.Add("si", appendTimes(nil, r.Standard.Times))
		row.Add("attributes", r.Standard.Attributes)
		if r.Standard.USN != 0 {
			row.Add("usn", r.Standard.USN)
		}
	}
	addNames(&row, r)
	addStreams(&row, r)
	if r.ReparseTag != 0 {
		row.Add("reparse", fmt.Sprintf("0x%08x", r.ReparseTag))
	}
	if z := r.ZoneIdentifier(); z != nil && z.Value != nil {
		row.Add("zone_identifier", ntfs.ZoneText(z.Value))
	}
	if r.IsBase() || r.Reused {
		if path, state, ok := table.Path(r); ok {
			row.Add("file_path", path)
			row.Add("path_state", state.String())
		}
	}
	if r.Reused {
		row.Add("base_reused", true)
	}
	return row
}

func appendTimes(b json.RawMessage, t ntfs.Times) json.RawMessage {
	for i, v := range t {
		b = append(b, "[,,,"[i])
		b = strconv.AppendUint(b, v, 10)
	}
	return append(b, ']')
}

func addNames(row *Row, r *ntfs.Record) {
	var b json.RawMessage
	add := func(list []ntfs.Name, state string) {
		for i := range list {
			b = append(b, `,{"namespace":`...)
			b = appendName(b, &list[i])
			if state != "" {
				b = append(b, `,"state":"`...)
				b = append(append(b, state...), '"')
			}
			b = append(b, '}')
		}
	}
	add(r.Names, "")
	add(r.SlackNames, "slack")
	if len(b) > 0 {
		b[0] = '['
		row.Add("names", append(b, ']'))
	}
}

func appendName(b json.RawMessage, n *ntfs.Name) json.RawMessage {
	b = strconv.AppendUint(b, uint64(n.Namespace), 10)
	b = append(b, `,"name":`...)
	b = appendValue(b, n.Name())
	b = append(b, `,"parent":"`...)
	b = append(n.Parent.Append(b), `","times":`...)
	return appendTimes(b, n.Times)
}

func addStreams(row *Row, r *ntfs.Record) {
	var b json.RawMessage
	add := func(list []ntfs.DataStream) {
		for i := range list {
			s := &list[i]
			b = append(b, ",["...)
			b = appendValue(b, s.Name())
			b = append(b, ',')
			b = strconv.AppendUint(b, s.Size, 10)
			where := "clusters"
			if s.Resident {
				where = "resident"
			}
			b = append(b, `,"`...)
			b = append(append(b, where...), `"]`...)
		}
	}
	add(r.Streams)
	if len(b) > 0 {
		b[0] = '['
		row.Add("streams", append(b, ']'))
	}
	if b = nil; len(r.SlackStreams) > 0 {
		add(r.SlackStreams)
		b[0] = '['
		row.Add("slack_streams", append(b, ']'))
	}
}
