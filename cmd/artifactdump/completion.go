package main

import (
	"bufio"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/formats"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a shell script that completes commands, flags and names",
		ArgsUsage: "bash|zsh|fish|powershell",
		Description: "Prints the script. To load it in every new shell:\n\n" +
			"Examples:\n" +
			"   artifactdump completion bash > ~/.local/share/bash-completion/completions/artifactdump\n" +
			"   artifactdump completion zsh > \"${fpath[1]}/_artifactdump\"\n" +
			"   artifactdump completion fish > ~/.config/fish/completions/artifactdump.fish\n" +
			"   artifactdump completion powershell >> $PROFILE",
		Action: func(c *cli.Context) error {
			script, ok := shell.Script(c.Args().First(), c.App, flagValues)
			if !ok || c.NArg() != 1 {
				return usage.Errorf("missing SHELL: one of %s", strings.Join(shell.Shells, ", "))
			}
			_, err := io.WriteString(c.App.Writer, script)
			return err
		},
	}
}

func manCommand() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: "Prints the page as roff.\n\n" +
			"Examples:\n" +
			"   artifactdump man > ~/.local/share/man/man1/artifactdump.1\n" +
			"   artifactdump man | man -l -",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage.Errorf("man takes no arguments")
			}
			w := bufio.NewWriter(c.App.Writer)
			_, date := commit()
			shell.Manual(w, c.App, date)
			return w.Flush()
		},
	}
}

func artifactNames() []string {
	var out []string
	for _, a := range catalogue.All() {
		out = append(out, a.Name)
	}
	return out
}

// flagValues are the values that a flag of a command can have, or the words that
// the command takes; see [shell.Values].
func flagValues(command, flag string) (values []string, list bool) {
	switch flag {
	case "":
		switch command {
		case "list":
			return artifactNames(), false
		case "completion":
			return shell.Shells, false
		}
	case "artifact":
		return artifactNames(), false
	case "level", "fail-level":
		return findings.Levels(), false
	case "lang":
		return report.Languages(), false
	case "format":
		switch command {
		case "scan":
			return append(formats.OfCases(), "all"), true
		case "timeline":
			return formats.Names(formats.ForEvents), false
		case "dump":
			return formats.Names(formats.ForRecords), false
		case "findings":
			return []string{"text", "jsonl", "navigator"}, false
		case "list":
			return []string{"text", "jsonl", "markdown"}, false
		case "prefetch", "verify":
			return []string{"text", "jsonl"}, false
		case "hive dump":
			return []string{"tsv", "jsonl"}, false
		}
	}
	return nil, false
}
