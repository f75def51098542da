// Command artifactdump-beam scans the evidence of many machines on Apache Beam
// and compares them. The results are those of artifactdump scan and artifactdump
// fleet, byte for byte.
//
// Without flags for a runner everything runs in this process (prism). The flags
// of the SDK choose another one: --runner flink, spark or universal with
// --endpoint HOST:PORT of a job service; --runner dataflow with --project.
//
//	artifactdump-beam --evidence 'collections/*.zip' -o fleet
//	artifactdump-beam --evidence 'gs://bucket/case/*.zip' --scratch /tmp -o /mnt/share/fleet
//
// Cases and results are written to local or mounted folders, which all workers
// must see. Exit codes are those of artifactdump: 3 when a machine could not be
// scanned, which is a row of the manifest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"

	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
)

// A list is a flag that can be given more than once.
type list []string

func (l *list) String() string { return strings.Join(*l, ", ") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// options are the flags of this program; the SDK has its own.
type options struct {
	evidence, paths        string
	output, cases, scratch string
	formats                list
	baseline, kinds        list
	maxHosts               int
	share                  float64
	force                  bool
	timeout, perMachine    time.Duration
	maxBytes               int64
}

// flags declares the flags on a set of flags.
func flags(set *flag.FlagSet) *options {
	o := new(options)
	set.StringVar(&o.evidence, "evidence", "", "scan what the pattern `GLOB` matches: folders, archives, images; local, gs:// or s3://")
	set.StringVar(&o.paths, "list", "", "scan the paths in `FILE`, one on each line, instead")
	set.StringVar(&o.output, "o", "", "write the comparison to the new folder `FLEET`")
	set.StringVar(&o.cases, "cases", "", "write the case of each machine below `FOLDER`; complete ones are used again (default FLEET-cases)")
	set.StringVar(&o.scratch, "scratch", os.TempDir(), "copy remote evidence to `FOLDER` while it is read")
	set.Var(&o.formats, "format", "also write the timeline of each machine as `FORMAT`, such as parquet (repeatable)")
	set.Var(&o.baseline, "baseline", "leave out what the machines of `CASE` have (repeatable)")
	set.Var(&o.kinds, "kind", "restrict stack and spread to `KIND` (repeatable)")
	set.IntVar(&o.maxHosts, "max-hosts", 0, "restrict stack and spread to keys on at most `N` machines")
	set.Float64Var(&o.share, "spread-share", fleet.DefaultShare, "follow the spread of keys on up to this `SHARE` of the machines")
	set.BoolVar(&o.force, "force", false, "replace FLEET if it holds results of a comparison")
	set.DurationVar(&o.timeout, "timeout", 0, "end the job after `TIME`; a worker that cannot start leaves it waiting (default never)")
	set.DurationVar(&o.perMachine, "machine-timeout", 2*time.Hour, "give up a machine after `TIME`")
	set.Int64Var(&o.maxBytes, "max-bytes", 1<<40, "refuse remote evidence of more than `N` bytes")
	return o
}

// known are the runners of the SDK that run a job: those of package beamx.
var known = []string{"prism", "flink", "spark", "dataflow", "universal", "portable", "direct"}

// errDamaged ends a job that was done although some evidence could not be scanned.
var errDamaged = errors.New("some evidence could not be scanned")

func main() {
	o := flags(flag.CommandLine)
	flag.Parse()
	beam.Init() // a worker does not return from here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := o.run(ctx)
	var usage *fleet.OptionError
	switch {
	case err == nil:
	case errors.Is(err, errDamaged):
		os.Exit(3)
	default:
		fmt.Fprintln(os.Stderr, "artifactdump-beam:", err)
		if errors.As(err, &usage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func usagef(format string, args ...any) error {
	return &fleet.OptionError{Err: fmt.Errorf(format, args...)}
}

// run runs the pipeline, and the comparison over what it made.
func (o *options) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := reach(ctx, *runners.Runner, *jobopts.Endpoint); err != nil {
		return err
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	if err := os.MkdirAll(filepath.Dir(o.output), 0o777); err != nil {
		return err
	}
	// What workers write has no final name: an engine may run a writer after its
	// job failed.
	dir, err := os.MkdirTemp(filepath.Dir(o.output), filepath.Base(o.output)+".partial-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := o.job(ctx, dir); err != nil {
		return err
	}
	return o.compare(ctx, dir)
}

func (o *options) check() error {
	switch {
	case o.output == "":
		return usagef("missing -o FLEET: name a new folder for the results")
	case (o.evidence == "") == (o.paths == ""):
		return usagef("give either --evidence GLOB or --list FILE")
	}
	if r := *runners.Runner; r != "" && !slices.Contains(known, r) {
		return usagef("unknown runner %q; known: %s", r, strings.Join(known, ", ")) // the SDK would end the process
	}
	if _, err := os.Lstat(o.output); err == nil && !o.force {
		return fmt.Errorf("%s exists: use --force to replace it", o.output)
	}
	if _, err := formats(o.formats); err != nil {
		return usagef("%w", err)
	}
	var err error
	if o.output, err = filepath.Abs(o.output); err != nil {
		return err
	}
	if o.cases == "" {
		o.cases = o.output + "-cases"
	}
	if o.cases, err = filepath.Abs(o.cases); err != nil {
		return err
	}
	if o.scratch, err = filepath.Abs(o.scratch); err != nil {
		return err
	}
	return nil
}

// reach tries the job service of an engine, which the SDK would wait for.
func reach(ctx context.Context, runner, endpoint string) error {
	if !slices.Contains([]string{"flink", "spark", "universal", "portable"}, runner) || endpoint == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", endpoint)
	if err != nil {
		return fmt.Errorf("the job service of --runner %s cannot be reached (--endpoint %s): %w", runner, endpoint, err)
	}
	return c.Close()
}

// compare writes the results from what the workers left.
func (o *options) compare(ctx context.Context, dir string) error {
	cases, err := readLines(filepath.Join(dir, casesFile))
	if err != nil {
		return err
	}
	failed, err := readErrors(filepath.Join(dir, errorsFile))
	if err != nil {
		return err
	}
	for _, e := range failed {
		fmt.Fprintf(os.Stderr, "damaged: %s: %s\n", e.Case, e.Error)
	}
	if len(cases) == 0 {
		return fmt.Errorf("none of the evidence could be read (%d errors)", len(failed))
	}
	m, err := fleet.Run(ctx, fleet.Options{
		Cases: cases, Baseline: o.baseline, Dir: o.output, Force: o.force, Kinds: o.kinds, MaxHosts: o.maxHosts, Share: o.share,
		Observations: fleet.ReadSorted(ctx, filepath.Join(dir, observationsFile)), Errors: failed,
		Version: version(), Command: os.Args,
		Note:   func(s string) { fmt.Fprintln(os.Stderr, "note:", s) },
		Damage: func(err error) { fmt.Fprintln(os.Stderr, "damaged:", err) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d machines, %d observations, %d keys\n", o.output, m.Counts.Machines, m.Counts.Observations, m.Counts.Keys)
	if m.Damaged() > 0 {
		return errDamaged
	}
	return nil
}
