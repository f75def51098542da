package shell

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Reorder puts flags before arguments: the command-line library stops reading
// flags at the first argument, and what follows would be taken for file names
// without a word.
func Reorder(app *cli.App, args []string) []string {
	out, rest := args[:1:1], args[1:]
	commands, flags := app.Commands, app.Flags
	for len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		cmd := find(commands, rest[0])
		if cmd == nil {
			break
		}
		out, rest = append(out, rest[0]), rest[1:]
		commands, flags = cmd.Subcommands, cmd.Flags
	}
	var front, back []string
	for i := 0; i < len(rest); i++ {
		a := rest[i]
		if a == "--" {
			back = append(back, rest[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			back = append(back, a)
			continue
		}
		front = append(front, a)
		name := strings.TrimLeft(a, "-")
		if !strings.Contains(name, "=") && takesValue(flags, name) {
			if i++; i == len(rest) {
				return append(out, front...) // it wants a value, and no argument shall be that
			}
			front = append(front, rest[i])
		}
	}
	out = append(out, front...)
	if len(back) > 0 && strings.HasPrefix(back[0], "-") || hasDash(back) {
		out = append(out, "--")
	}
	return append(out, back...)
}

// hasDash reports whether an argument would be taken for a flag.
func hasDash(args []string) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "-") {
			return true
		}
	}
	return false
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func takesValue(flags []cli.Flag, name string) bool {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}
