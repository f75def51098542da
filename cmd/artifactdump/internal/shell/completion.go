// Package shell is what a command line gives to the shell around it: scripts that
// complete commands and flags, the manual page, and flags that may follow
// arguments.
package shell

import (
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Shells are those that a script can be made for.
var Shells = []string{"bash", "zsh", "fish", "powershell"}

// Values says which values a flag of a command can have, and whether several
// may follow each other with commas between. Without a flag it says which words
// the command takes besides those that the library knows. None means a file or
// something free.
type Values func(command, flag string) (values []string, list bool)

// Script returns the script that completes the commands of a program.
func Script(shell string, app *cli.App, values Values) (string, bool) {
	write, ok := map[string]func(io.Writer, []completion){
		"bash": bashScript, "zsh": zshScript, "fish": fishScript, "powershell": powershellScript,
	}[shell]
	if !ok {
		return "", false
	}
	var script strings.Builder
	write(&script, completions(app, values))
	return script.String(), true
}

// A completion is what can follow one command.
type completion struct {
	path  string // "hive ls", "" for the program itself
	usage string
	words []completionWord // subcommands, or names that the command takes
	flags []completionFlag
}

type completionWord struct{ word, usage string }

type completionFlag struct {
	name   string // "--format", "-o"
	usage  string
	value  bool
	values []string // what the value can be; none means a file or something free
	list   bool     // several, with commas between
}

// completions are those of the program and of every command, in order.
func completions(app *cli.App, values Values) []completion {
	top := completion{words: subcommands(app.Commands)}
	out := []completion{top}
	for _, c := range app.Commands {
		if c.Hidden {
			continue
		}
		out = append(out, completionOf(c.Name, c, values))
		for _, s := range c.Subcommands {
			if !s.Hidden {
				out = append(out, completionOf(c.Name+" "+s.Name, s, values))
			}
		}
	}
	return out
}

func completionOf(path string, c *cli.Command, values Values) completion {
	k := completion{path: path, usage: c.Usage, words: subcommands(c.Subcommands)}
	words, _ := values(path, "")
	for _, w := range words {
		k.words = append(k.words, completionWord{word: w})
	}
	for _, f := range c.Flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || slices.Contains(f.Names(), "help") {
			continue
		}
		for _, n := range f.Names() {
			cf := completionFlag{name: dashed(n), usage: plainUsage(d.GetUsage()), value: d.TakesValue()}
			if cf.value {
				cf.values, cf.list = values(path, f.Names()[0])
			}
			k.flags = append(k.flags, cf)
		}
	}
	return k
}

func subcommands(list []*cli.Command) []completionWord {
	var out []completionWord
	for _, c := range list {
		if !c.Hidden {
			out = append(out, completionWord{c.Name, c.Usage})
		}
	}
	return out
}

func dashed(n string) string {
	if len(n) == 1 {
		return "-" + n
	}
	return "--" + n
}

func plainUsage(s string) string { return strings.ReplaceAll(s, "`", "") }

func words(list []completionWord) string {
	var out []string
	for _, w := range list {
		out = append(out, w.word)
	}
	return strings.Join(out, " ")
}

func flagNames(list []completionFlag) string {
	var out []string
	for _, f := range list {
		out = append(out, f.name)
	}
	return strings.Join(append(out, "--help"), " ")
}
