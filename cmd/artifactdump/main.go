// Command artifactdump does Windows execution and persistence forensics from a
// disk copy, offline: it writes a timeline, typed records, findings and a report.
// It never modifies the evidence.
//
// The packages of this module do the work. Package main holds flags, messages
// and exit codes.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	_ "time/tzdata" // zones by name on machines without a database of them

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/collectview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/process"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Exit codes.
const (
	exitOK       = 0   // everything asked for was decoded
	exitFailed   = 1   // could not run
	exitUsage    = 2   // wrong usage
	exitDamaged  = 3   // done, but some evidence was damaged or could not be read
	exitInterupt = 130 // interrupted or terminated
	exitPipe     = 141 // standard output was closed
)

// heapFloor is what the heap may hold before anything is collected: with it a third
// as many collections are made while a machine is read, and its largest heap is above it anyway.
const heapFloor = 128 << 20

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), process.EndSignals()...)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	process.KeepPipes()
	if os.Getenv("GOGC") == "" {
		process.KeepHeap(heapFloor, 50)
	}
	if program, err := os.Executable(); err == nil {
		args, err := collectview.Beside(os.Args, filepath.Dir(program))
		if err != nil {
			fmt.Fprintf(os.Stderr, "artifactdump: %s\n", terminal.Clean(err.Error()))
			os.Exit(exitUsage)
		}
		os.Args = args // which the manifest of a collection names
	}
	os.Exit(run(ctx, os.Args, process.Output(), os.Stderr))
}

// errDamaged ends a command that did its work although some evidence was
// damaged; each piece was named when it was met.
var errDamaged = scan.ErrDamaged

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &terminal.Checked{Writer: stdout}
	app := newApp(out, stderr)
	app.Metadata = map[string]any{}
	err := app.RunContext(ctx, shell.Reorder(app, args))
	logs, _ := app.Metadata[logsKey].([]*messages.Log)
	for _, l := range logs {
		l.Tell()
	}
	if err == nil || errors.Is(err, errDamaged) || errors.Is(err, errFindings) {
		// The library prints help without looking whether it arrives.
		err = cmp.Or(out.Err, err)
	}
	switch {
	case err == nil:
		return exitOK
	case process.IsClosedPipe(err):
		return exitPipe
	case errors.Is(err, errDamaged):
		return exitDamaged
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "artifactdump: interrupted")
		return exitInterupt
	}
	if _, ok := errors.AsType[*files.ExistsError](err); ok {
		err = fmt.Errorf("%w: use --force to replace it", err)
	}
	fmt.Fprintf(stderr, "artifactdump: %s\n", terminal.Clean(err.Error()))
	if _, ok := errors.AsType[usage.Error](err); ok {
		return exitUsage
	}
	return exitFailed
}

func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:  "artifactdump",
		Usage: "Windows execution and persistence forensics, offline",
		Description: "Reads a copied or mounted disk, a collection or a disk image without running\n" +
			"anything on the machine. The evidence is never modified. Times are UTC.\n\n" +
			"Exit codes: 0 everything was decoded; 1 could not run; 2 wrong usage;\n" +
			"3 done, but some evidence was damaged or unreadable (each piece is named);\n" +
			"4 done, and a finding reaches --fail-level; 130 interrupted; 141 output pipe\n" +
			"closed.",
		Version:         version(),
		Writer:          stdout,
		ErrWriter:       stderr,
		HideHelpCommand: true,
		Suggest:         true,
		ExitErrHandler:  func(*cli.Context, error) {},
		OnUsageError:    onUsage,
		Commands: []*cli.Command{
			scanCommand(),
			timelineCommand(),
			reportCommand(),
			viewCommand(),
			findingsCommand(),
			searchCommand(),
			diffCommand(),
			logonsCommand(),
			programsCommand(),
			fleetCommand(),
			dumpCommand(),
			listCommand(),
			prefetchCommand(),
			hiveCommand(),
			inspectCommand(),
			exportCommand(),
			collectCommand(),
			explainCommand(),
			verifyCommand(),
			completionCommand(),
			manCommand(),
			versionCommand(),
			witnessCommand(),
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage.Errorf("unknown command %q: see artifactdump --help%s", c.Args().First(),
					shell.Meant(c.Args().First(), commandNames(c.App)))
			}
			return cli.ShowAppHelp(c)
		},
	}
	for _, c := range app.Commands {
		c.OnUsageError = onUsage
		c.HideHelpCommand = true
		plainSwitches(c.Flags)
		switch c.Name {
		case "scan", "fleet", "timeline", "report", "view", "findings", "logons", "programs", "dump", "prefetch", "inspect", "verify", "export":
			c.Before = func(c *cli.Context) error { return named(c, c.NArg()) }
		case "explain", "search", "diff", "collect":
			c.Before = func(c *cli.Context) error { return named(c, 1) }
		}
		for _, s := range c.Subcommands {
			s.OnUsageError = onUsage
			s.HideHelpCommand = true
			plainSwitches(s.Flags)
			s.Before = func(c *cli.Context) error { return named(c, 1) }
		}
	}
	return app
}

// plainSwitches keeps the help from saying that a switch is off unless it is
// given.
func plainSwitches(flags []cli.Flag) {
	for _, f := range flags {
		if b, ok := f.(*cli.BoolFlag); ok && !b.Value {
			b.DisableDefaultText = true
		}
	}
}

// named refuses an empty name among the first arguments, which name files, and
// after -o and the flags that choose events: most often a variable of a script that is
// not set.
func named(c *cli.Context, paths int) error {
	for i := range min(paths, c.NArg()) {
		if c.Args().Get(i) == "" {
			return usage.Errorf("argument %d of %s is empty: want a file or folder", i+1, strings.TrimPrefix(c.Command.HelpName, c.App.Name+" "))
		}
	}
	if c.IsSet("output") && c.String("output") == "" {
		return usage.Errorf("--output is empty: want a file or folder (- is standard output)")
	}
	for _, name := range []string{"from", "to", "last", "around"} {
		if c.IsSet(name) && c.String(name) == "" {
			return usage.Errorf("--%s is empty: without it, no event is left out", name)
		}
	}
	return nil
}

// onUsage names an unknown flag as it was written, and where the known ones are.
func onUsage(c *cli.Context, err error, _ bool) error {
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		if len(name) > 1 {
			name = "-" + name
		}
		var known []string
		for _, f := range c.Command.Flags {
			known = append(known, "--"+f.Names()[0])
		}
		return usage.Errorf("unknown flag -%s: see %s --help%s", name, c.Command.HelpName, shell.Meant("-"+name, known))
	}
	return usage.Of(err)
}

// commandNames are the names of the commands that the help lists.
func commandNames(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}
