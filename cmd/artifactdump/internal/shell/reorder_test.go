package shell

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestReorder puts flags before arguments, each with its value.
func TestReorder(t *testing.T) {
	flags := []cli.Flag{&cli.StringFlag{Name: "output", Aliases: []string{"o"}}, &cli.BoolFlag{Name: "quiet"}}
	app := &cli.App{Commands: []*cli.Command{
		{Name: "scan", Flags: flags},
		{Name: "hive", Subcommands: []*cli.Command{{Name: "ls", Flags: flags}}},
	}}
	for in, want := range map[string]string{
		"x":                             "x",
		"x scan a b -o c":               "x scan -o c a b",
		"x scan a --output=c --quiet b": "x scan --output=c --quiet a b",
		"x scan a -o -":                 "x scan -o - a",
		"x scan a -- -o b":              "x scan -- a -o b",
		"x hive ls a --quiet":           "x hive ls --quiet a",
		"x scan a -o":                   "x scan -o",
		"x unknown a --quiet":           "x --quiet unknown a",
	} {
		if got := Reorder(app, strings.Fields(in)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %q, want %s", in, got, want)
		}
	}
}

// TestScript completes the values that a program names, in every shell.
func TestScript(t *testing.T) {
	app := &cli.App{Name: "artifactdump", Commands: []*cli.Command{{
		Name: "scan", Usage: "read a disk", Flags: []cli.Flag{&cli.StringFlag{Name: "format", Usage: "write `LIST`"}},
	}, {Name: "secret", Hidden: true}}}
	values := func(command, flag string) ([]string, bool) {
		if command == "scan" && flag == "format" {
			return []string{"parquet", "xlsx"}, true
		}
		return nil, false
	}
	for _, name := range Shells {
		script, ok := Script(name, app, values)
		if !ok || strings.Contains(script, "secret") {
			t.Errorf("%s: a hidden command is offered, or there is no script", name)
		}
		for _, want := range []string{"scan", "format", "parquet", "xlsx"} {
			if !strings.Contains(script, want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
	}
	if _, ok := Script("tcsh", app, values); ok {
		t.Error("a script for tcsh")
	}
}
