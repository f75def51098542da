package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/describe"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func listCommand() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list the artifacts: what they are, what they prove, where they are stored",
		ArgsUsage: "[NAME…]",
		Description: "Without a name, prints one line per artifact. With names, prints what each proves\n" +
			"and does not prove, its sources, fields, references and techniques.\n\n" +
			"Examples:\n" +
			"   artifactdump list\n" +
			"   artifactdump list prefetch\n" +
			"   artifactdump list --format markdown",
		Flags: slices.Concat([]cli.Flag{&cli.StringFlag{Name: "format", Value: "text",
			Usage: "output `FORMAT`: text, jsonl, markdown"}}, outputFlags()),
		Action: list,
	}
}

func list(c *cli.Context) error {
	names := c.Args().Slice()
	chosen, err := arguments.Artifacts(names)
	if err != nil {
		return err
	}
	o, err := openOutput(c)
	if err != nil {
		return err
	}
	switch f := c.String("format"); {
	case f == "markdown":
		catalogue.Markdown(o, chosen)
	case f == "jsonl":
		err = describe.JSON(o, chosen)
	case f != "text":
		err = usage.Errorf("unknown list format %q; known: text, jsonl, markdown", f)
	case len(names) == 0:
		describe.Short(o, chosen)
	default:
		describe.Long(o, chosen)
	}
	if err != nil {
		o.Abort()
		return err
	}
	return o.Commit()
}
