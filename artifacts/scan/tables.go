package scan

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// sideTables writes what a format has beside its timeline, in folders by
// machine, findings/machine=NAME/part-0000.parquet, or where the format says.
func (x *machineScan) sideTables() error {
	for _, f := range x.formats {
		for _, t := range f.Tables {
			x.phase("writing the table " + t.Name)
			if err := x.sideTable(f.Name, cmp.Or(t.File, partitioned(t.Name, x.m.Name, f.Ext)), t.Write); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *machineScan) sideTable(format, name string, write func(io.Writer, *output.Options) (int, error)) error {
	set := x.Set()
	defer set.Abort()
	w, err := set.Create(name)
	if err != nil {
		return err
	}
	rows, err := write(w, x.opts)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return x.commit(set, format, rows, nil)
}

// partitioned is the file of one machine's part of a table.
func partitioned(table, machine, ext string) string {
	return table + "/" + partition(machine) + "/part-0000" + ext
}

// maxPartition keeps the name of a folder below the 255 bytes that file
// systems take.
const maxPartition = 200

// partition is the folder of one machine as Hive names it: host=NAME, with all
// that a file system or a reader of such names could take for something else
// percent-encoded. The column host holds the whole name.
func partition(name string) string {
	b := []byte("host=")
	for _, r := range name {
		c := partitionEscapes.Replace(url.PathEscape(string(r)))
		if len(b)+len(c) > maxPartition {
			break
		}
		b = append(b, c...)
	}
	if b[len(b)-1] == '.' { // Windows drops it
		b = append(b[:len(b)-1], "%2E"...)
	}
	return string(b)
}

// What a path may hold by the rules of addresses, but not on every system or
// not beside the equals sign.
var partitionEscapes = strings.NewReplacer(":", "%3A", "=", "%3D", "&", "%26", "+", "%2B", "$", "%24", "@", "%40")
