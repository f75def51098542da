package main

import (
	"fmt"
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/hive"
)

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
			re, err := hivePattern(c.Args().Get(1), c.Bool("regexp"))
			if err != nil {
				return err
			}
			return onHive(2, 3, "FILE PATTERN [KEY]", func(j *hiveJob) (func(), error) { return j.find(re) })(c)
		},
	}
}

func hivePattern(pattern string, isRegexp bool) (*regexp.Regexp, error) {
	if !isRegexp {
		pattern = regexp.QuoteMeta(pattern)
	}
	re, err := regexp.Compile("(?is)" + pattern)
	if err != nil {
		return nil, usagef("PATTERN: %v", err)
	}
	return re, nil
}

func (j *hiveJob) find(re *regexp.Regexp) (func(), error) {
	top, err := j.key(j.args[1])
	if err != nil {
		return nil, err
	}
	c := j.c
	all := !c.Bool("keys") && !c.Bool("names") && !c.Bool("data")
	hits := 0
	var buf []byte
	named := func(append func([]byte) []byte) bool {
		buf = append(buf[:0])
		return re.Match(buf)
	}
	err = j.below(top, func(k hive.Key) error {
		if (all || c.Bool("keys")) && named(k.AppendName) {
			hits++
			fmt.Fprintf(j.o, "%s\n", output.Clean(k.Path()))
		}
		for v, err := range k.Values() {
			if err != nil {
				j.itemDamage(j.file, err)
				continue
			}
			if (all || c.Bool("names")) && named(v.AppendName) || (all || c.Bool("data")) && hivefile.Matches(re, v) {
				hits++
				text, _ := hivefile.Show(v, 200)
				fmt.Fprintf(j.o, "%s\n    %s    %s    %s\n", output.Clean(k.Path()), output.Clean(hivefile.ValueName(v)), v.Type(), text)
			}
		}
		return c.Context.Err()
	})
	return func() { j.note("%s", terminal.Count(hits, "match", "matches")) }, err
}
