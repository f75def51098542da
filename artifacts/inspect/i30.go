package inspect

import (
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// readI30 yields the entries of a folder's index, and those that its slack
// still holds.
func readI30(f File, _ Options, yield func(Row) bool) error {
	for e, err := range ntfs.IndexEntries(section(f), nil) {
		if err != nil {
			return err
		}
		row := Row{Kind: "i30", Offset: e.Offset, Damage: e.Damage}
		if e.Slack {
			row.State = "slack"
		}
		row.Add("block", e.Block)
		addName(&row, &e.Name)
		if e.File != 0 {
			row.Add("file", e.File.String())
		}
		if !yield(row) {
			return nil
		}
	}
	return nil
}

func addName(row *Row, n *ntfs.Name) {
	row.Add("namespace", uint32(n.Namespace))
	row.Add("name", n.Name())
	row.Add("parent", n.Parent.String())
	row.Add("times", appendTimes(nil, n.Times))
	row.Add("size", n.Size)
}
