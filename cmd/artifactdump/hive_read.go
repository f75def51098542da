package main

import (
	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/hiveview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func hiveInfoCommand() *cli.Command {
	return &cli.Command{
		Name: "info", Usage: "print the base block, the logs and all damage", ArgsUsage: "FILE",
		Description: "Example:\n   artifactdump hive info SYSTEM",
		Flags:       hiveFlags(),
		Action: onHive(1, 1, "FILE", func(j *hiveJob) (func(), error) {
			if err := j.open(); err != nil {
				return nil, err
			}
			hivefile.Info(j.o, j.Hive)
			return j.Check, nil
		}),
	}
}

func hiveLsCommand() *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "list the subkeys and values of a key", ArgsUsage: "FILE [KEY]",
		Description: "Examples:\n" +
			"   artifactdump hive ls SYSTEM\n" +
			`   artifactdump hive ls SYSTEM 'CurrentControlSet\Services\Tcpip'`,
		Flags: hiveFlags(&cli.BoolFlag{Name: "recursive", Aliases: []string{"r"}, Usage: "list all keys below KEY"}),
		Action: onHive(1, 2, "FILE [KEY]", func(j *hiveJob) (func(), error) {
			k, err := j.key(j.args[0])
			if err != nil {
				return nil, err
			}
			return nil, j.List(j.o, k, j.c.Bool("recursive"))
		}),
	}
}

func hiveGetCommand() *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "print one value in full, or list the values of a key", ArgsUsage: "FILE KEY [VALUE]",
		Description: "Without VALUE the values of the key are listed. The default value is named \"\" or\n(Default). Examples:\n" +
			`   artifactdump hive get SYSTEM Select Current` + "\n" +
			`   artifactdump hive get --raw -o cache.bin SYSTEM 'CurrentControlSet\Control\Session Manager\AppCompatCache' AppCompatCache`,
		Flags:  hiveFlags(append(outputFlags(), &cli.BoolFlag{Name: "raw", Usage: "write the bytes as stored"})...),
		Action: onHive(2, 3, "FILE KEY [VALUE]", hiveGet),
	}
}

func hiveGet(j *hiveJob) (func(), error) {
	path, name, raw := j.args[0], j.args[1], j.c.Bool("raw")
	if j.c.NArg() < 3 {
		k, err := j.Find(path)
		if err != nil {
			return nil, err
		}
		if raw {
			return nil, usage.Errorf("--raw needs a VALUE")
		}
		if err := j.open(); err != nil {
			return nil, err
		}
		j.Values(j.o, k)
		return nil, nil
	}
	v, err := j.Value(path, name)
	if err != nil {
		return nil, err
	}
	if err := j.open(); err != nil {
		return nil, err
	}
	j.Print(j.o, v, raw)
	return nil, nil
}

func hiveFindCommand() *cli.Command {
	return &cli.Command{
		Name: "find", Usage: "search key names, value names and data, like reg query /s /f", ArgsUsage: "FILE PATTERN [KEY]",
		Description: "PATTERN is matched case-insensitively, as text or with --regexp as a regular\n" +
			"expression (RE2). Without -k, -n or -d all three are searched. Binary data is\n" +
			"searched as UTF-16 and as 8-bit text.\n\n" +
			"Examples:\n" +
			"   artifactdump hive find NTUSER.DAT psexec\n" +
			`   artifactdump hive find --regexp -d SOFTWARE '\\users\\public\\.*\.exe'`,
		Flags: hiveFlags(
			&cli.BoolFlag{Name: "regexp", Aliases: []string{"e"}, Usage: "treat PATTERN as a regular expression"},
			&cli.BoolFlag{Name: "keys", Aliases: []string{"k"}, Usage: "search key names"},
			&cli.BoolFlag{Name: "names", Aliases: []string{"n"}, Usage: "search value names"},
			&cli.BoolFlag{Name: "data", Aliases: []string{"d"}, Usage: "search data"},
		),
		Action: func(c *cli.Context) error {
			// A bad pattern is wrong usage for any file.
			re, err := hiveview.Pattern(c.Args().Get(1), c.Bool("regexp"))
			if err != nil {
				return err
			}
			find := hiveview.Search{Pattern: re, Keys: c.Bool("keys"), Names: c.Bool("names"), Data: c.Bool("data")}
			return onHive(2, 3, "FILE PATTERN [KEY]", func(j *hiveJob) (func(), error) {
				top, err := j.key(j.args[1])
				if err != nil {
					return nil, err
				}
				hits, err := j.Search(c.Context, j.o, top, find)
				return func() { j.Log.Note(terminal.Count(hits, "match", "matches")) }, err
			})(c)
		},
	}
}
