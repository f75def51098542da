package judging

import (
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// RulesFlag names files with tables of rules.
func RulesFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"}
}

// Tables adds the user's statements to the tables that ship.
func Tables(names []string) (*findings.Tables, error) {
	t := findings.ShippedTables()
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("--rules: %w", err)
		}
		t, err = t.Extend(name, f)
		f.Close()
		if err != nil {
			return nil, &FlagError{err.Error()}
		}
	}
	return t, nil
}

// Options reads what all flags of the command say; flags that it does not have say
// nothing.
func Options(c *cli.Context, note func(format string, args ...any)) (*findings.Options, error) {
	o := new(findings.Options)
	var err error
	if o.Tables, err = Tables(c.StringSlice("rules")); err != nil {
		return nil, err
	}
	if o.Sigma, err = SigmaRules(c); err != nil {
		return nil, err
	}
	o.Lists, err = Lists(c, note)
	return o, err
}

// IsFlag reports whether an error is a mistake in the value of a flag.
func IsFlag(err error) bool {
	_, ok := errors.AsType[*FlagError](err)
	return ok
}
