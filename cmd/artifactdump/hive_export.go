package main

import (
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/urfave/cli/v2"
)

func hiveExportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "a key and all below it as .reg text", ArgsUsage: "FILE [KEY]",
		Description: "The text has the form of \"Windows Registry Editor Version 5.00\", in UTF-8; keys\n" +
			"stand below --root. Every value keeps its type and bytes: what the form cannot\n" +
			"say in words is written as hex(type).\n\n" +
			"Example:\n" +
			`   artifactdump hive export --root 'HKEY_LOCAL_MACHINE\SOFTWARE' SOFTWARE 'Microsoft\Windows\CurrentVersion\Run'`,
		Flags:  hiveFlags(append(outputFlags(), &cli.StringFlag{Name: "root", Value: `HKEY_LOCAL_MACHINE\OFFLINE`, Usage: "the `KEY` that the hive's root stands for"})...),
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
