// Package judging reads the flags that say by what evidence is judged: tables of
// rules, Sigma rules, lists of indicators and hashes.
package judging

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
)

// SigmaFlags are for commands that judge by Sigma rules.
func SigmaFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "sigma", Usage: "judge by the Sigma rules in `PATH`: a folder, zip or file (repeat for more)"},
		&cli.StringFlag{Name: "sigma-status", Value: "stable,test", Usage: "judge by Sigma rules with a status in `LIST`, or all"},
		&cli.StringFlag{Name: "sigma-placeholders", Usage: "read values of placeholders from `FILE`: lines NAME VALUE, VALUE…"},
	}
}

// SigmaRules reads the rules that the flags name; nil when they name none.
func SigmaRules(c *cli.Context) (*sigma.Set, error) {
	paths := c.StringSlice("sigma")
	if len(paths) == 0 {
		return nil, nil
	}
	opts := &sigma.Options{}
	for s := range strings.SplitSeq(c.String("sigma-status"), ",") {
		if s = strings.TrimSpace(s); s != "" {
			opts.Statuses = append(opts.Statuses, s)
		}
	}
	if name := c.String("sigma-placeholders"); name != "" {
		var err error
		if opts.Placeholders, err = placeholders(name); err != nil {
			return nil, fmt.Errorf("--sigma-placeholders: %w", err)
		}
	}
	set, err := sigma.Load(paths, opts)
	if err != nil {
		return nil, fmt.Errorf("--sigma: %w", err)
	}
	return set, nil
}

// placeholders reads lines of a name and its values.
func placeholders(name string) (map[string][]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string][]string{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, rest, _ := strings.Cut(line, " ")
		for v := range strings.SplitSeq(rest, ",") {
			if v = strings.TrimSpace(v); v != "" {
				out[strings.Trim(key, "%")] = append(out[strings.Trim(key, "%")], v)
			}
		}
	}
	return out, in.Err()
}
