package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
)

// version is stamped by the linker in releases; a build from a checkout says
// what the module system knows.
var stamped = ""

// stampedCommit and stampedDate are the commit and its day, stamped in releases, too.
var stampedCommit, stampedDate = "", ""

func version() string {
	if stamped != "" {
		return stamped
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "(devel)"
}

// commit is what the program was built from, and the day of it; a build that
// knows neither has none.
func commit() (id, date string) {
	id, date = stampedCommit, stampedDate
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return id, date
	}
	for _, kv := range bi.Settings {
		switch kv.Key {
		case "vcs.revision":
			id = cmp.Or(id, kv.Value)
		case "vcs.time":
			day, _, _ := strings.Cut(kv.Value, "T")
			date = cmp.Or(date, day)
		}
	}
	return id, date
}

// Flags that several commands share.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output"},
		&cli.BoolFlag{Name: "force", Usage: "replace FILE if it exists"},
	}
}

// csvFlags are for commands that write CSV.
func csvFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "bom", Usage: "begin CSV with a byte order mark, for spreadsheets"},
		&cli.BoolFlag{Name: "csv-safe", Usage: "put an apostrophe before CSV cells that a spreadsheet would calculate"},
	}
}

// outputOptions are what the flags say about formats.
func outputOptions(c *cli.Context) *output.Options {
	return &output.Options{BOM: c.Bool("bom"), CSVSafe: c.Bool("csv-safe"), BodyfileZero: c.String("bodyfile-unset") == "0", Version: version()}
}

// formatFlag names the formats that fit.
func formatFlag(value string, fits func(output.Format) bool) cli.Flag {
	var names []string
	for _, f := range formats() {
		if fits(f) {
			names = append(names, f.Name)
		}
	}
	return &cli.StringFlag{Name: "format", Value: value, Usage: "`FORMAT` of the output: " + strings.Join(names, ", ")}
}

// formats are all that this program knows.
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

func evidenceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "artifact", Aliases: []string{"a"}, Usage: "only the artifact or group `NAME` (repeat for more; see artifactdump list)"},
		&cli.StringFlag{Name: "host", Usage: "`NAME` of the machine when its SYSTEM hive does not tell"},
		&cli.BoolFlag{Name: "no-deleted", Usage: "leave deleted keys and values aside"},
		&cli.BoolFlag{Name: "no-logs", Usage: "leave transaction logs aside"},
		&cli.BoolFlag{Name: "no-shadows", Usage: "leave the volume shadow copies of disk images aside"},
		&cli.IntFlag{Name: "jobs", Usage: "decode `N` sources at a time", DefaultText: "one for each processor", Action: fromOne("jobs")},
		&cli.BoolFlag{Name: "verify", Usage: "first compare a disk image with the hashes that it stores (reads all of it)"},
		&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress, no notes; damage is still named"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "name each source as it is read"},
	}
}

// fromOne refuses a number that is given and is not one of things to do at a
// time.
func fromOne(name string) func(*cli.Context, int) error {
	return func(_ *cli.Context, n int) error {
		if n < 1 {
			return usagef("--%s %d: want a number from 1 on", name, n)
		}
		return nil
	}
}

func timeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "only events at or after `TIME` (2026-03-06, 2026-03-06T18:00:00Z)"},
		&cli.StringFlag{Name: "to", Usage: "only events before `TIME`; a date alone includes that day"},
		&cli.StringFlag{Name: "last", Usage: "only the last `SPAN` before the newest event: 90m, 48h, 7d"},
	}
}

// A span bounds the events that are wanted.
type span struct {
	from, to time.Time
	last     time.Duration
}

func parseSpan(c *cli.Context) (s span, err error) {
	if s.from, err = parseTime("from", c.String("from"), false); err != nil {
		return s, err
	}
	if s.to, err = parseTime("to", c.String("to"), true); err != nil {
		return s, err
	}
	if v := c.String("last"); v != "" {
		days, isDays := strings.CutSuffix(v, "d")
		if isDays {
			var n float64
			if _, err := fmt.Sscanf(days, "%g", &n); err == nil && n > 0 && n < 36500 {
				s.last = time.Duration(n * 24 * float64(time.Hour))
			}
		} else if d, err := time.ParseDuration(v); err == nil {
			s.last = d
		}
		if s.last <= 0 {
			return s, usagef("--last %q: want a span such as 90m, 48h or 7d", v)
		}
	}
	if !s.from.IsZero() && !s.to.IsZero() && !s.from.Before(s.to) {
		return s, usagef("--from %s is not before --to %s", c.String("from"), c.String("to"))
	}
	return s, nil
}

func parseTime(flag, v string, end bool) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	if t, err := time.Parse("2006-01-02", v); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	return time.Time{}, usagef("--%s %q: want a UTC time such as 2026-03-06 or 2026-03-06T18:00:00Z", flag, v)
}

// rows yields the sorted events inside the span.
func (s span) rows(sorter *output.Sorter) iter.Seq2[*output.Row, error] {
	from := s.from
	if s.last > 0 {
		if t := sorter.Newest().Add(-s.last); t.After(from) {
			from = t
		}
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range sorter.Rows() {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case r.Time.Before(from):
				continue
			case !s.to.IsZero() && !r.Time.Before(s.to):
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// An out is where a command writes: standard output, or a file that gets its
// name only when it is whole.
type out struct {
	*bufio.Writer
	file *os.File // nil for standard output
	name string   // empty for standard output, devices and pipes: what is written has gone
}

// openOutput opens what -o names. evidence are paths that must stay untouched.
func openOutput(c *cli.Context, evidence ...string) (*out, error) {
	name := c.String("output")
	if name == "" || name == "-" {
		return &out{Writer: bufio.NewWriterSize(c.App.Writer, 64<<10)}, nil
	}
	if err := outside(name, evidence); err != nil {
		return nil, err
	}
	if st, err := os.Stat(name); err == nil {
		switch {
		case st.IsDir():
			return nil, fmt.Errorf("%s is a folder, not a file", name)
		case !st.Mode().IsRegular(): // a device or a pipe is written to; a file in its place would replace it
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return nil, err
			}
			return &out{Writer: bufio.NewWriterSize(f, 64<<10), file: f}, nil
		}
		if !c.Bool("force") {
			return nil, fmt.Errorf("%s exists: use --force to replace it", name)
		}
	}
	f, err := createPartial(name + ".partial")
	if err != nil {
		return nil, err
	}
	return &out{bufio.NewWriterSize(f, 64<<10), f, name}, nil
}

// createPartial opens a new file for what is not whole yet. What an earlier run
// left under the name is dropped; a link that somebody put there is not
// followed.
func createPartial(name string) (*os.File, error) {
	if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// outside refuses an output that lies inside evidence.
func outside(name string, evidence []string) error {
	dir, err := realPath(filepath.Dir(name))
	if err != nil {
		return err
	}
	for _, e := range evidence {
		ev, err := realPath(e)
		if err != nil {
			continue
		}
		if within(dir, ev) {
			if st, err := os.Stat(ev); err == nil && st.IsDir() {
				return fmt.Errorf("%s lies inside the evidence %s, which is never written to", name, e)
			}
		}
		if target, err := realPath(name); err == nil && target == ev {
			return fmt.Errorf("%s is the evidence itself", name)
		}
	}
	return nil
}

// within tells whether a path is that of a folder, or of something below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func realPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// commit finishes the output: only now the file gets its name.
func (o *out) commit() error {
	err := o.Flush()
	if o.file == nil {
		return err
	}
	if err = errors.Join(err, o.file.Close()); err != nil {
		return err
	}
	if o.name == "" {
		return nil
	}
	return os.Rename(o.file.Name(), o.name)
}

// abort leaves the unfinished file under its .partial name, unless nothing
// was written to it.
func (o *out) abort() {
	if o.file == nil {
		o.Flush()
		return
	}
	o.Flush()
	st, err := o.file.Stat()
	o.file.Close()
	if err == nil && st.Size() == 0 && o.name != "" {
		os.Remove(o.file.Name())
	}
}

// A session is one run over evidence: it names what is damaged as it goes.
type session struct {
	c  *cli.Context
	mu sync.Mutex // guards what follows, and lines from being mixed

	stderr  io.Writer
	quiet   bool
	verbose bool
	strict  bool
	kind    string        // of the evidence being read: folder, zip, disk image …
	hosts   []output.Host // that were read so far
	damaged int
	named   map[string]bool // damage of a hive that was named before
	live    bool            // a progress line stands on the terminal
	started time.Time
	drawn   time.Time
}

func newSession(c *cli.Context) *session {
	return &session{c: c, stderr: c.App.ErrWriter, quiet: c.Bool("quiet"), verbose: c.Bool("verbose"), strict: c.Bool("strict"), started: time.Now()}
}

func (s *session) clearLine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

func (s *session) clear() {
	if s.live {
		fmt.Fprint(s.stderr, "\r\x1b[K")
		s.live = false
	}
}

// lineWidth is what every terminal has: a longer line would break, and could
// not be drawn over.
const lineWidth = 79

// drawLine draws a line that the next one replaces.
func (s *session) drawLine(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.stderr, "\r\x1b[K", cut(clean(line), lineWidth))
	s.live = true
}

// cut shortens a text to as many columns; letters of East Asia take two.
func cut(s string, columns int) string {
	for i, r := range s {
		if columns--; r >= 0x1100 {
			columns--
		}
		if columns < 0 {
			return s[:i]
		}
	}
	return s
}

// say writes a line for the reader.
func (s *session) say(format string, args ...any) {
	if s.quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	fmt.Fprintln(s.stderr, clean(fmt.Sprintf(format, args...)))
}

// damage names one damaged piece of evidence on standard error.
func (s *session) damage(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damaged++
	s.clear()
	fmt.Fprintf(s.stderr, "damaged: %s\n", clean(err.Error()))
}

// damagedBefore counts what an earlier run named.
func (s *session) damagedBefore(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damaged += n
}

// damages is how much damage was met so far.
func (s *session) damages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.damaged
}

func (s *session) note(format string, args ...any) { s.say("note: "+format, args...) }

// progress draws how far the run is, only on a terminal.
func (s *session) progress(done, planned int, path string) {
	if s.verbose {
		s.say("read %d of %d: %s", done, planned, path)
		return
	}
	if s.quiet || !isTerminal(s.stderr) {
		return
	}
	now := time.Now()
	if done < planned && now.Sub(s.drawn) < 100*time.Millisecond {
		return
	}
	s.drawn = now
	if done == planned {
		s.clearLine()
		return
	}
	left := ""
	if el := now.Sub(s.started); el > time.Second && done > 0 {
		left = ", about " + (el * time.Duration(planned-done) / time.Duration(done)).Round(time.Second).String() + " left"
	}
	s.drawLine(fmt.Sprintf("%d of %d sources%s  %s", done, planned, left, path))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// end turns what was met into the command's error.
func (s *session) end() error {
	s.clearLine()
	if s.damaged > 0 {
		return errDamaged
	}
	return nil
}

// each opens every piece of evidence and yields its results in order.
func (s *session) each(paths []string, names []string, yield func(*evidence.Tree, artifacts.Result) error) error {
	if len(paths) == 0 {
		return usagef("which evidence? Give the folder of a copied or mounted disk")
	}
	for _, p := range paths {
		if err := s.one(p, names, yield); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) one(path string, names []string, yield func(*evidence.Tree, artifacts.Result) error) error {
	ev, err := evidence.Open(path, &evidence.Options{Hostname: s.c.String("host"), NoLogs: s.c.Bool("no-logs"), NoShadows: s.c.Bool("no-shadows")})
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: no such file or folder", path)
		}
		return err
	}
	defer ev.Close()
	s.kind = ev.Kind
	for _, n := range ev.Notes {
		s.note("%s", n)
	}
	if err := s.verifyImage(ev); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.c.Context)
	defer cancel()
	for i, tree := range ev.Trees {
		ev.Trees[i] = nil // so that its hives go when it is done
		s.hosts = append(s.hosts, hostOf(tree.Machine(), ev.Path))
		for _, err := range tree.Problems() {
			s.damage(err)
		}
		results, err := artifacts.Run(ctx, tree, &artifacts.Options{Artifacts: names, Jobs: s.c.Int("jobs"), NoDeleted: s.c.Bool("no-deleted"), Progress: s.progress})
		if err != nil {
			return usageError{err}
		}
		for res := range results {
			for _, n := range res.Notes {
				s.note("%s", n)
			}
			for _, e := range res.Errors {
				s.damage(e)
				if s.strict {
					return fmt.Errorf("stopped at the first damage (--strict): %w", errDamaged)
				}
			}
			if err := yield(tree, res); err != nil {
				return err
			}
		}
		if err := s.c.Context.Err(); err != nil {
			return err
		}
	}
	return nil
}

// verifyImage compares a disk image with its own hashes, when --verify asks
// for it.
func (s *session) verifyImage(ev *evidence.Evidence) error {
	if !s.c.Bool("verify") {
		return nil
	}
	v, stored, err := ev.VerifyImage(s.c.Context)
	switch {
	case s.c.Context.Err() != nil:
		return s.c.Context.Err()
	case err != nil:
		s.damage(fmt.Errorf("%s: %w", ev.Path, err))
	case !stored:
		s.note("%s: stores no hash to compare with", ev.Path)
	case v.OK():
		s.note("%s: the stored hash is right: MD5 %s SHA-1 %s", ev.Path, cmp.Or(v.StoredMD5, "not stored"), cmp.Or(v.StoredSHA1, "not stored"))
	default:
		s.damage(fmt.Errorf("%s: the image is not what was acquired: stored MD5 %s SHA-1 %s, read MD5 %s SHA-1 %s", ev.Path, v.StoredMD5, v.StoredSHA1, v.MD5, v.SHA1))
	}
	return nil
}

// clean makes a message harmless on a terminal, line by line. All lines but the
// first are set in: what a name in the evidence has behind a line break shall
// not look like a message of ours.
func clean(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = output.Clean(l)
	}
	return strings.Join(lines, "\n    ")
}
