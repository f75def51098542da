package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/hive"
)

func hiveDumpCommand() *cli.Command {
	return &cli.Command{
		Name: "dump", Usage: "print the whole tree", ArgsUsage: "FILE",
		Description: "tsv: one line per key (K, path, last written as FILETIME) and value (V, path,\n" +
			"name, type, length, first 16 hex digits of the data's SHA-256), sorted bytewise.\n" +
			"jsonl: one object per key with its decoded values, in stored order.\n\n" +
			"Examples:\n" +
			"   artifactdump hive dump --format tsv SYSTEM | diff - older.tsv\n" +
			"   artifactdump hive dump --deleted NTUSER.DAT",
		Flags: hiveFlags(append(outputFlags(),
			&cli.StringFlag{Name: "format", Value: "tsv", Usage: "output `FORMAT`: tsv, jsonl"},
			&cli.BoolFlag{Name: "deleted", Usage: "also print recovered keys and values: deleted (DK, DV), in use but unreachable (UK, UV)"},
		)...),
		Action: onHive(1, 1, "FILE", func(j *hiveJob) (func(), error) {
			if err := j.open(); err != nil {
				return nil, err
			}
			switch f := j.c.String("format"); f {
			case "tsv":
				err := hive.Dump(j.o, j.h, &hive.DumpOptions{Deleted: j.c.Bool("deleted")})
				if fe, ok := errors.AsType[*hive.FormatError](err); ok {
					j.hiveDamage(j.file, fe)
					err = nil
				}
				return j.check, err
			case "jsonl":
				return j.check, j.json(j.c.Bool("deleted"))
			default:
				return nil, usagef("unknown hive format %q; known: tsv, jsonl", f)
			}
		}),
	}
}

func (j *hiveJob) json(deleted bool) error {
	for k, err := range j.h.Keys() {
		if err != nil {
			continue // Check names it below
		}
		if err := writeJSON(j.o, hivefile.KeyOf(k)); err != nil {
			return err
		}
	}
	if !deleted {
		return nil
	}
	for r := range j.h.Deleted() {
		if err := writeJSON(j.o, hivefile.RemnantOf(r)); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	b, err := output.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func hiveDeletedCommand() *cli.Command {
	return &cli.Command{
		Name: "deleted", Usage: "list deleted keys and values that the hive still holds", ArgsUsage: "FILE",
		Description: "Each line: kind, certainty of the path, where it was found, offset, latest time of\n" +
			"deletion if known, path, and the data of a value.\n\n" +
			"Example:\n   artifactdump hive deleted NTUSER.DAT",
		Flags:  hiveFlags(outputFlags()...),
		Action: onHive(1, 1, "FILE", hiveDeleted),
	}
}

func hiveDeleted(j *hiveJob) (func(), error) {
	if err := j.open(); err != nil {
		return nil, err
	}
	n, lost := 0, 0
	for r := range j.h.Deleted() {
		kind, bound := "", "-"
		if n++; r.Unreachable {
			n--
			lost++
			kind = "unreachable "
		}
		if !r.NotAfter.IsZero() {
			bound = "deleted at or before " + output.FormatTime(r.NotAfter)
		}
		if r.IsKey {
			fmt.Fprintf(j.o, "%skey\t%s\t%#x\t%s\t%s\twritten %s\n", kind, r.Note(), r.Offset, bound, output.Clean(r.Path),
				cmp.Or(output.FormatTime(r.Key.Written()), "(no time)"))
			continue
		}
		text, _ := hivefile.Show(r.Value, 200)
		fmt.Fprintf(j.o, "%svalue\t%s\t%#x\t%s\t%s\t%s\t%s\t%s\n", kind, r.Note(), r.Offset, bound, output.Clean(r.Path),
			output.Clean(hivefile.ValueName(r.Value)), r.Value.Type(), text)
	}
	return func() {
		j.note("%s", terminal.Count(n, "deleted key or value", "deleted keys and values"))
		if lost > 0 {
			j.note("%s in use but unreachable", terminal.Count(lost, "key or value", "keys and values"))
		}
	}, nil
}

func hiveRecoverCommand() *cli.Command {
	return &cli.Command{
		Name: "recover", Usage: "write the clean hive to a new file", ArgsUsage: "FILE -o NEW",
		Description: "Replays the transaction logs and writes the result. FILE and its folder are not\n" +
			"modified.\n\n" +
			"Example:\n   artifactdump hive recover SYSTEM -o results/SYSTEM.clean",
		Flags:  hiveFlags(outputFlags()...),
		Action: onHive(1, 1, "FILE -o NEW", hiveRecover),
	}
}

func hiveRecover(j *hiveJob) (func(), error) {
	name := j.c.String("output")
	if name == "" {
		return nil, usagef("usage: artifactdump hive recover FILE -o NEW")
	}
	if rec := j.h.Recovery(); rec.BaseBlockLost {
		j.note("the copy has a rebuilt base block: the original is lost")
	} else if !rec.Applied {
		j.note("nothing to replay: the copy is identical to %s", j.file)
	}
	if same(j.file, name) {
		return nil, fmt.Errorf("%s is the evidence itself, which is never written to", j.file)
	}
	// What lies beside a hive in a copied disk is evidence, too.
	if err := files.Outside(name, []string{filepath.Dir(j.file)}); err != nil && name != "-" {
		return nil, err
	}
	if err := j.open(); err != nil {
		return nil, err
	}
	_, err := j.o.Write(j.h.Bytes())
	return nil, err
}

func same(a, b string) bool {
	sa, err1 := os.Stat(a)
	sb, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(sa, sb)
}
