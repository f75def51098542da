package inspect

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/formats/wmi"
)

var wmiFormat = format{kind: "wmi", known: isWMI, read: readWMI}

func isWMI(head []byte, size int64, name string) bool {
	return name == "objects.data" || size%8192 == 0 && wmi.Detect(head)
}

// wmiParts limits what is read of a map: 8 GiB of pages have maps of 24 MiB.
const wmiParts = 64 << 20

func readWMI(f File, opts Options, yield func(Row) bool) error {
	files := wmi.Files{Objects: f, ObjectsSize: f.Size}
	for i := range 3 {
		if b, err := sibling(f, fmt.Sprintf("MAPPING%d.MAP", i+1)); err == nil {
			files.Maps = append(files.Maps, b)
		}
	}
	if len(files.Maps) == 0 {
		if b, err := sibling(f, "OBJECTS.MAP"); err == nil { // Windows XP
			files.Maps = append(files.Maps, b)
		}
	}
	if f.Sibling != nil {
		if x, err := f.Sibling("INDEX.BTR"); err == nil {
			files.Index, files.IndexSize = x, x.Size
		}
	}
	r, err := wmi.Open(files)
	if err != nil {
		return err
	}
	for _, i := range r.Instances {
		if i.State == wmi.Deleted && !opts.Recovered {
			continue
		}
		if !yield(wmiRow(i)) {
			return nil
		}
	}
	damage := r.Damage()
	return damageError(len(damage), len(damage), func(i int) error { return damage[i] })
}

func wmiRow(i *wmi.Instance) Row {
	row := Row{Kind: "wmi", Offset: i.Offset}
	if i.State != wmi.Live {
		row.State = i.State.String()
	}
	row.Add("class", i.Class)
	if i.Namespace != "" {
		row.Add("namespace", i.Namespace)
	}
	props := []byte{'{'}
	for _, p := range i.Properties {
		if len(props) > 1 {
			props = append(props, ',')
		}
		props = append(appendValue(props, p.Name), ':')
		props = appendValue(props, p.Value)
	}
	row.Add("properties", json.RawMessage(append(props, '}')))
	if sid := i.CreatorSID(); sid != "" {
		row.Add("creator_sid", sid)
	}
	row.Add("filetime", uint64(wire.FileTime(i.Stored)))
	row.Add("service_run_from", i.Stored)
	row.Add("class_filetime", uint64(wire.FileTime(i.ClassStored)))
	row.Add("page", i.Page)
	if i.Strings != nil {
		row.Add("strings", i.Strings)
	}
	return row
}

// sibling reads a small file of the same folder.
func sibling(f File, name string) ([]byte, error) {
	if f.Sibling == nil {
		return nil, fmt.Errorf("%s is missing", name)
	}
	s, err := f.Sibling(name)
	if err != nil {
		return nil, err
	}
	if s.Size > wmiParts {
		return nil, fmt.Errorf("%s has %d bytes", name, s.Size)
	}
	return io.ReadAll(io.NewSectionReader(s, 0, s.Size))
}
