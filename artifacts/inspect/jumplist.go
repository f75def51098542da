package inspect

import (
	"bytes"
	"errors"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/cfb"
	"github.com/artifactdump/artifactdump/artifacts/formats/jumplist"
)

var jumplistFormat = format{kind: "jumplist", known: isJumplist, read: readJumplist}

// isJumplist looks for the DestList in a compound file, and for a link after
// the header of a custom list. An empty list has neither, but a name.
func isJumplist(head []byte, _ int64, name string) bool {
	const dest = "D\x00e\x00s\x00t\x00L\x00i\x00s\x00t\x00"
	const custom = "\x02\x00\x00\x00"
	switch {
	case bytes.HasPrefix(head, []byte(cfb.Magic)):
		return strings.HasSuffix(name, ".automaticdestinations-ms") || bytes.Contains(head, []byte(dest))
	case bytes.HasPrefix(head, []byte(custom)) && len(head) >= 12:
		return strings.HasSuffix(name, ".customdestinations-ms") || bytes.Contains(head, []byte(linkStart))
	}
	return false
}

func readJumplist(f File, _ Options, yield func(Row) bool) error {
	l, err := jumplist.Parse(f, f.Size)
	if l == nil {
		return err
	}
	name := f.Path[strings.LastIndexAny(f.Path, `/\`)+1:]
	id, _, _ := strings.Cut(strings.ToLower(name), ".")
	program, known := jumplist.Known(id)
	for i := range l.Entries {
		e := &l.Entries[i]
		row := Row{Kind: "jumplist", Offset: e.Offset}
		if e.Deleted {
			row.State = "deleted"
		}
		row.Add("list_kind", string(l.Kind))
		if isAppID(id) {
			row.Add("app_id", id)
		}
		if known {
			row.Add("application", program.Name)
		}
		entryFields(&row, e)
		if e.Link != nil {
			if len(e.Link.Damage) > 0 {
				row.Damage = e.Link.Damage[0].Error()
			}
			linkFields(&row, e.Link, "link_app_id")
		}
		if !yield(row) {
			return nil
		}
	}
	var errs []error
	for _, d := range l.Damage {
		errs = append(errs, d)
	}
	return errors.Join(errs...)
}

// entryFields adds what the list itself says of an item.
func entryFields(row *Row, e *jumplist.Entry) {
	if e.Stream != "" {
		row.Add("entry", e.Stream)
	}
	if e.Category != "" {
		row.Add("category", e.Category)
	}
	if !e.Listed {
		return
	}
	row.Add("item", e.Path)
	row.Add("filetime", e.OpenedRaw)
	if !e.Opened.IsZero() {
		row.Add("opened", e.Opened)
	}
	if !e.FileCreated.IsZero() {
		row.Add("created", e.FileCreated)
	}
	if e.Count > 0 {
		row.Add("count", e.Count)
	}
	if e.Pin >= 0 {
		row.Add("pinned", int(e.Pin))
	}
	if e.Host != "" {
		row.Add("machine", e.Host)
	}
	if e.MAC != "" {
		row.Add("mac", e.MAC)
	}
	row.Add("score", float64(e.Score))
	if e.File != noGUID {
		row.Add("droid_volume", e.Volume)
		row.Add("droid_file", e.File)
	}
}

func isAppID(s string) bool { return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == "" }
