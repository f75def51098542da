package main

import (
	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
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
				return j.Check, j.Dump(j.o, j.c.Bool("deleted"))
			case "jsonl":
				return j.Check, j.DumpJSON(j.o, j.c.Bool("deleted"))
			default:
				return nil, usage.Errorf("unknown hive format %q; known: tsv, jsonl", f)
			}
		}),
	}
}

func hiveDeletedCommand() *cli.Command {
	return &cli.Command{
		Name: "deleted", Usage: "list deleted keys and values that the hive still holds", ArgsUsage: "FILE",
		Description: "Each line: kind, certainty of the path, where it was found, offset, latest time of\n" +
			"deletion if known, path, and the data of a value.\n\n" +
			"Example:\n   artifactdump hive deleted NTUSER.DAT",
		Flags: hiveFlags(outputFlags()...),
		Action: onHive(1, 1, "FILE", func(j *hiveJob) (func(), error) {
			if err := j.open(); err != nil {
				return nil, err
			}
			notes := j.Deleted(j.o)
			return func() {
				for _, n := range notes {
					j.Log.Note(n)
				}
			}, nil
		}),
	}
}

func hiveRecoverCommand() *cli.Command {
	return &cli.Command{
		Name: "recover", Usage: "write the clean hive to a new file", ArgsUsage: "FILE -o NEW",
		Description: "Replays the transaction logs and writes the result. FILE and its folder are not\n" +
			"modified.\n\n" +
			"Example:\n   artifactdump hive recover SYSTEM -o results/SYSTEM.clean",
		Flags: hiveFlags(outputFlags()...),
		Action: onHive(1, 1, "FILE -o NEW", func(j *hiveJob) (func(), error) {
			name := j.c.String("output")
			if name == "" {
				return nil, usage.Errorf("usage: artifactdump hive recover FILE -o NEW")
			}
			if err := j.MayRecover(name); err != nil {
				return nil, err
			}
			if err := j.open(); err != nil {
				return nil, err
			}
			_, err := j.o.Write(j.Bytes())
			return nil, err
		}),
	}
}

func hiveExportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "print a key and its subkeys as .reg text", ArgsUsage: "FILE [KEY]",
		Description: "The text has the form of \"Windows Registry Editor Version 5.00\", in UTF-8, with\n" +
			"keys below --root. Every value keeps its type and bytes: data without a text form\n" +
			"is written as hex(type).\n\n" +
			"Example:\n" +
			`   artifactdump hive export --root 'HKEY_LOCAL_MACHINE\SOFTWARE' SOFTWARE 'Microsoft\Windows\CurrentVersion\Run'`,
		Flags: hiveFlags(append(outputFlags(), &cli.StringFlag{Name: "root", Value: `HKEY_LOCAL_MACHINE\OFFLINE`,
			Usage: "`KEY` to print as the root of the hive"})...),
		Action: onHive(1, 2, "FILE [KEY]", func(j *hiveJob) (func(), error) {
			top, err := j.key(j.args[0])
			if err != nil {
				return nil, err
			}
			return nil, j.Export(j.o.Writer, top, j.c.String("root"))
		}),
	}
}
