package main

import (
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/urfave/cli/v2"
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
			hivefile.Info(j.o, j.h)
			return j.check, nil
		}),
	}
}
