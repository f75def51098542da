package main

import (
	"os"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/urfave/cli/v2"
)

// outputOptions returns the options of the writers from the flags.
func outputOptions(c *cli.Context) *output.Options {
	return &output.Options{BOM: c.Bool("bom"), CSVSafe: c.Bool("csv-safe"), BodyfileZero: c.String("bodyfile-unset") == "0",
		Version: version()}
}

// colored reports whether an output is a terminal whose user has not switched
// colours off: https://no-color.org.
func colored(c *cli.Context, o *files.Out) bool {
	return os.Getenv("NO_COLOR") == "" && o.Standard() && terminal.Is(c.App.Writer)
}

// formatNames are the names of the formats that fit.
func formatNames(fits func(output.Format) bool) string {
	var names []string
	for _, f := range formats() {
		if fits(f) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// unknownFormat is the error of a format that is not known, or does not fit.
func unknownFormat(kind, name string, fits func(output.Format) bool) error {
	return usagef("unknown %s format %q; known: %s", kind, name, formatNames(fits))
}

// formatFlag names the formats that fit.
func formatFlag(value string, fits func(output.Format) bool) cli.Flag {
	return &cli.StringFlag{Name: "format", Value: value, Usage: "output `FORMAT`: " + formatNames(fits)}
}

// formats are all formats of this program.
func formats() []output.Format {
	return append(output.Formats(), parquet.Format(), sqlite.Format())
}

// format returns the format with this name, if it fits.
func format(name string, fits func(output.Format) bool) (output.Format, bool) {
	for _, f := range formats() {
		if f.Name == name && fits(f) {
			return f, true
		}
	}
	return output.Format{}, false
}

func forEvents(f output.Format) bool  { return f.Events != nil || f.File != nil }
func forRecords(f output.Format) bool { return f.Records != nil || f.Files != nil }
