package main

import (
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/urfave/cli/v2"
)

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
		Action: onHive(1, 2, "FILE [KEY]", hiveExport),
	}
}

func hiveExport(j *hiveJob) (func(), error) {
	top, err := j.key(j.args[0])
	if err != nil {
		return nil, err
	}
	w := hivefile.NewRegWriter(j.o.Writer, j.c.String("root"), func(err error) { j.itemDamage(j.file, err) })
	return nil, j.below(top, w.Key)
}
