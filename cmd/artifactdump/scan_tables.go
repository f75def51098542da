package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// sideTables writes what a format has beside its timeline, in folders by
// machine, findings/host=NAME/part-0000.parquet, or where the format says.
func (x *hostScan) sideTables() error {
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

func (x *hostScan) sideTable(format, name string, write func(io.Writer, *output.Options) (int, error)) error {
	set := &fileSet{dir: x.dir}
	defer set.abort()
	w, err := set.create(name)
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
func partitioned(table, host, ext string) string {
	return table + "/" + partition(host) + "/part-0000" + ext
}
