package main

import (
	"fmt"
	"regexp"
	"strings"

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
			if (all || c.Bool("names")) && named(v.AppendName) || (all || c.Bool("data")) && dataMatches(re, v) {
				hits++
				text, _ := hivefile.Show(v, 200)
				fmt.Fprintf(j.o, "%s\n    %s    %s    %s\n", output.Clean(k.Path()), output.Clean(hivefile.ValueName(v)), v.Type(), text)
			}
		}
		return c.Context.Err()
	})
	return func() { j.note("%s", terminal.Count(hits, "match", "matches")) }, err
}

func dataMatches(re *regexp.Regexp, v hive.Value) bool {
	switch v.Type().Base() {
	case hive.String, hive.ExpandString, hive.Link:
		t, err := v.TextDetails()
		return err == nil && (re.MatchString(t.Text) || t.AfterNUL != "" && re.MatchString(t.AfterNUL) || t.Narrow != "" && re.MatchString(t.Narrow))
	case hive.MultiString:
		t, _ := v.Texts()
		return re.MatchString(strings.Join(t, "\n"))
	case hive.DWord, hive.DWordBigEndian, hive.QWord:
		n, err := v.Uint()
		return err == nil && (re.MatchString(fmt.Sprintf("%#x", n)) || re.MatchString(fmt.Sprint(n)))
	}
	b, _ := v.Bytes()
	if re.Match(b) {
		return true
	}
	// Text inside binary data may begin at an odd byte.
	return re.MatchString(hive.DecodeText(noNULs(b)).Text) || len(b) > 1 && re.MatchString(hive.DecodeText(noNULs(b[1:])).Text)
}

// noNULs turns NUL units into line feeds, so that a text decoder continues to
// the end of the data.
func noNULs(b []byte) []byte {
	out := make([]byte, len(b)&^1)
	copy(out, b)
	for i := 0; i+1 < len(out); i += 2 {
		if out[i] == 0 && out[i+1] == 0 {
			out[i] = '\n'
		}
	}
	return out
}
