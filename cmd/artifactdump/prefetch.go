package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

func prefetchCommand() *cli.Command {
	return &cli.Command{
		Name:      "prefetch",
		Usage:     "Prefetch files on their own",
		ArgsUsage: "FILE|FOLDER…",
		Description: "Decodes .pf files of every Windows version, plain or compressed, whole or damaged.\n" +
			"A folder stands for the .pf files below it, sorted; a file that is named is read\n" +
			"whatever its name. Each hash is checked against the path, the package and the\n" +
			"command line that it covers.\n\n" +
			"Examples:\n" +
			"   artifactdump prefetch CMD.EXE-4A81B364.pf\n" +
			"   artifactdump prefetch --format jsonl Windows/Prefetch | jq 'select(.hash_ok == false)'\n" +
			"   artifactdump prefetch --command-line 'rundll32.exe x.dll,Run' Windows/Prefetch",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the output: text, jsonl"},
			&cli.BoolFlag{Name: "traces", Usage: "with jsonl: the pages of each file that were touched"},
			&cli.StringSliceFlag{Name: "command-line", Usage: "a `COMMAND` line that a hosting program may have been started with, for the hash (repeat for more)"},
			&cli.IntFlag{Name: "jobs", Usage: "read `N` files at a time", DefaultText: "one for each processor", Action: fromOne("jobs")},
			&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not name the files that are no Prefetch files"},
		}, outputFlags()),
		Action: prefetchFiles,
	}
}

// A pfFile is one .pf file on its way through the command.
type pfFile struct {
	path   string
	sum    string
	file   *prefetch.File
	verify prefetch.Verification
	err    error
}

func prefetchFiles(c *cli.Context) error {
	paths := c.Args().Slice()
	if len(paths) == 0 {
		return usagef("which files? Give .pf files or folders that hold some")
	}
	write, ok := map[string]func(io.Writer, *pfFile) error{"text": prefetchText, "jsonl": prefetchJSON}[c.String("format")]
	if !ok {
		return usagef("no format for Prefetch files is called %q", c.String("format"))
	}
	s := newSession(c)
	files, err := s.prefetchPaths(paths)
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	dict := new(prefetch.Dictionary)
	for _, line := range c.StringSlice("command-line") {
		exe := strings.ToUpper(winpath.Base(winpath.ParseCommand(line, nil).Program))
		if !strings.Contains(exe, ".") {
			exe += ".EXE"
		}
		dict.AddCommandLine(exe, line)
	}
	opts := &prefetch.Options{Traces: c.Bool("traces")}
	n := c.Int("jobs")
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	n = min(n, max(1, len(files)))
	for chunk := range slices.Chunk(files, 64*n) {
		if err := c.Context.Err(); err != nil {
			o.abort()
			return err
		}
		done := make([]pfFile, len(chunk))
		var wg sync.WaitGroup
		for w := range n {
			wg.Go(func() {
				for i := w; i < len(chunk); i += n {
					done[i] = readPrefetch(chunk[i], opts, dict)
				}
			})
		}
		wg.Wait()
		for i := range done {
			f := &done[i]
			for _, err := range f.problems() {
				s.damage(fmt.Errorf("%s: %w", f.path, err))
			}
			if s.strict && s.damaged > 0 {
				o.abort()
				return errDamaged
			}
			if err := write(o, f); err != nil {
				o.abort()
				return err
			}
		}
	}
	if err := o.commit(); err != nil {
		return err
	}
	return s.end()
}

// prefetchPaths resolves the arguments to files, in their order.
func (s *session) prefetchPaths(args []string) ([]string, error) {
	var files []string
	usable := false
	for _, a := range args {
		st, err := os.Stat(a)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = missing(a, err)
			if len(args) == 1 {
				return nil, err
			}
			s.damage(err)
			continue
		case err != nil:
			if len(args) == 1 {
				return nil, err
			}
			s.damage(err)
			continue
		case !st.IsDir():
			files = append(files, a)
			usable = true
			continue
		}
		before := len(files)
		err = filepath.WalkDir(a, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				s.damage(err)
			case strings.EqualFold(filepath.Ext(p), ".pf") && d.IsDir():
				s.damage(fmt.Errorf("%s: a folder with the name of a Prefetch file", p))
			case strings.EqualFold(filepath.Ext(p), ".pf"):
				if err := plain(a, p, d); err != nil {
					s.damage(fmt.Errorf("%s: %w", p, err))
				} else {
					files = append(files, p)
				}
			case d.Type().IsRegular() && !s.quiet:
				if kind := sniff(p); kind != "" {
					s.note("%s: not a Prefetch file: %s", p, kind)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			s.note("%s: no .pf file in it", a)
		} else {
			usable = true
		}
	}
	if !usable {
		return nil, errors.New("no Prefetch files found")
	}
	return files, nil
}

// plain says why a file below a folder is not read: opening a pipe or a device
// would wait or worse, and links must not lead out of the evidence.
func plain(folder, path string, d fs.DirEntry) error {
	if d.Type()&fs.ModeSymlink == 0 {
		if !d.Type().IsRegular() {
			return errors.New("neither a plain file nor a directory")
		}
		return nil
	}
	root, err := realPath(folder)
	if err != nil {
		return err
	}
	target, err := realPath(path)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(root, target); err != nil || !filepath.IsLocal(rel) {
		return errors.New("a link that leads out of the folder")
	}
	if st, err := os.Stat(target); err != nil || !st.Mode().IsRegular() {
		return errors.New("a link to what is no plain file")
	}
	return nil
}

// sniff names the other files of a Prefetch folder.
func sniff(path string) string {
	f, err := openQuietly(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 64)
	n, _ := io.ReadFull(f, head)
	kind := prefetch.Sniff(filepath.ToSlash(path), head[:n])
	if kind == prefetch.KindUnknown {
		return "" // some other file, which nobody expects to be one
	}
	return kind.String()
}

func readPrefetch(path string, opts *prefetch.Options, dict *prefetch.Dictionary) pfFile {
	out := pfFile{path: path}
	st, err := os.Stat(path)
	if err == nil && st.Size() > maxPrefetchFile {
		err = fmt.Errorf("%d bytes: no Prefetch file is larger than %d", st.Size(), int64(maxPrefetchFile))
	}
	var b []byte
	if err == nil {
		b, err = readAtMost(path, maxPrefetchFile)
	}
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		out.err = err
		return out
	}
	sum := sha256.Sum256(b)
	out.sum = hex.EncodeToString(sum[:])
	out.file, out.err = prefetch.Parse(b, opts)
	if out.file != nil {
		out.verify = out.file.Verify(dict, nil)
	}
	return out
}

// readAtMost reads a file whose size may not be known beforehand: a pipe, a
// device, or a file that grows.
func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := openQuietly(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if st.Mode().IsRegular() && st.Size() <= limit {
		b.Grow(int(st.Size()) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return b.Bytes(), err
}

// maxPrefetchFile bounds what is read into memory: the largest genuine file
// seen has less than 2 MB.
const maxPrefetchFile = 256 << 20

func (f *pfFile) problems() []error {
	var out []error
	if f.err != nil {
		out = append(out, f.err)
	}
	if f.file != nil {
		for _, d := range f.file.Damage {
			if error(d) != f.err {
				out = append(out, d)
			}
		}
	}
	return out
}

// The JSON object of one file. Names and order are an interface.
type pfJSON struct {
	Path        string     `json:"path"`
	SHA256      string     `json:"sha256,omitempty"`
	Version     uint32     `json:"version,omitempty"`
	Compressed  bool       `json:"compressed"`
	Executable  string     `json:"executable,omitempty"`
	Hash        string     `json:"hash,omitempty"`
	HashOK      *bool      `json:"hash_ok,omitempty"`
	HashStatus  string     `json:"hash_status,omitempty"`
	ImagePath   string     `json:"image_path,omitempty"`
	Recovered   bool       `json:"path_recovered,omitempty"`
	CommandLine string     `json:"command_line,omitempty"`
	Hint        uint32     `json:"prefetch_hint,omitempty"`
	Package     string     `json:"package,omitempty"`
	AppID       string     `json:"app_id,omitempty"`
	RunCount    uint32     `json:"run_count"`
	LastRuns    []string   `json:"last_runs"`
	ClockBack   bool       `json:"clock_set_back,omitempty"`
	Scenario    bool       `json:"scenario,omitempty"`
	Volumes     []pfVolume `json:"volumes"`
	Files       []pfMetric `json:"files"`
	Damage      []pfDamage `json:"damage,omitempty"`
	Error       string     `json:"error,omitempty"`
	Candidates  int        `json:"candidates,omitempty"`
	HashNote    string     `json:"hash_note,omitempty"`
}

type pfVolume struct {
	Device      string   `json:"device"`
	Serial      string   `json:"serial"`
	Created     string   `json:"created,omitempty"`
	Directories []string `json:"directories"`
	Refs        []pfRef  `json:"refs"`
}

type pfRef struct {
	Entry    uint64 `json:"entry"`
	Sequence uint16 `json:"sequence"`
}

// start and duration are the classic names of the first two fields of a file
// metrics entry; their true meaning is the first trace entry and the number
// of entries, given under their own names beside them.
type pfMetric struct {
	Name       string    `json:"name"`
	Entry      uint64    `json:"entry"`
	Sequence   uint16    `json:"sequence"`
	Flags      uint32    `json:"flags"`
	Start      uint32    `json:"start"`
	Duration   uint32    `json:"duration"`
	Prefetched uint32    `json:"prefetched"`
	ImagePages uint32    `json:"image_pages"`
	DataPages  uint32    `json:"data_pages"`
	Traces     []pfTrace `json:"traces,omitempty"`
}

type pfTrace struct {
	Offset int64 `json:"offset"`
	Bits   uint8 `json:"bits"`
}

type pfDamage struct {
	Offset  int64  `json:"offset"`
	Struct  string `json:"struct"`
	Problem string `json:"problem"`
	Kind    string `json:"kind"`
}

func (f *pfFile) json() pfJSON {
	j := pfJSON{Path: f.path, SHA256: f.sum, LastRuns: []string{}, Volumes: []pfVolume{}, Files: []pfMetric{}}
	if f.err != nil {
		j.Error = f.err.Error()
	}
	p := f.file
	if p == nil {
		return j
	}
	v := &f.verify
	j.Version, j.Compressed, j.Executable, j.RunCount = uint32(p.Version), p.Compressed, p.Executable, p.RunCount
	j.Hash = fmt.Sprintf("%08X", p.Hash)
	j.HashStatus = v.Status.String()
	j.HashNote = v.Why
	if v.Status.OK() || v.Status == prefetch.Mismatch {
		j.HashOK = new(v.Status.OK())
	}
	j.ImagePath = cmp.Or(v.Path, p.ExecutablePath)
	j.Recovered, j.CommandLine, j.Hint, j.Candidates = v.Recovered, v.CommandLine, v.Hint, v.Candidates
	j.Package, j.AppID = cmp.Or(v.Package, p.PackageFullName), v.AppID
	j.ClockBack, j.Scenario = p.ClockSetBack, p.Flags&1 != 0
	for _, t := range p.LastRuns {
		if !t.IsZero() {
			j.LastRuns = append(j.LastRuns, output.FormatTime(t))
		}
	}
	for _, v := range p.Volumes {
		pv := pfVolume{v.Device, fmt.Sprintf("%08X", v.Serial), output.FormatTime(v.Created), v.Directories, make([]pfRef, 0, len(v.Refs))}
		if pv.Directories == nil {
			pv.Directories = []string{}
		}
		for _, r := range v.Refs {
			pv.Refs = append(pv.Refs, pfRef{r.Entry, r.Sequence})
		}
		j.Volumes = append(j.Volumes, pv)
	}
	for _, m := range p.Files {
		pm := pfMetric{m.Name, m.MFT.Entry, m.MFT.Sequence, m.Flags, m.FirstTrace, m.Traces, m.Prefetched, m.ImagePages, m.DataPages, nil}
		for _, t := range p.TracesOf(m) {
			pm.Traces = append(pm.Traces, pfTrace{t.Offset, t.Bits})
		}
		j.Files = append(j.Files, pm)
	}
	for _, d := range p.Damage {
		j.Damage = append(j.Damage, pfDamage{d.Offset, d.Struct, d.Problem, d.Kind.String()})
	}
	return j
}

func prefetchJSON(w io.Writer, f *pfFile) error {
	b, err := output.Marshal(f.json())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// prefetchText is for reading: what ran, when, how often, from where, and how
// far the file can be trusted.
func prefetchText(w io.Writer, f *pfFile) error {
	p := f.file
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s\n", output.Clean(f.path))
	row := func(label, format string, args ...any) {
		fmt.Fprintf(b, "  %-13s %s\n", label, output.Clean(fmt.Sprintf(format, args...)))
	}
	if p == nil {
		row("error", "%v", f.err)
		_, err := io.WriteString(w, b.String()+"\n")
		return err
	}
	v := &f.verify
	kind := "plain"
	if p.Compressed {
		kind = "compressed"
	}
	row("program", "%s", cmp.Or(p.Executable, "(not readable)"))
	if path := cmp.Or(v.Path, p.ExecutablePath); path != "" {
		row("path", "%s", path)
	}
	row("hash", "%08X %s%s", p.Hash, v.Status, explainHash(v))
	if v.CommandLine != "" {
		row("command line", "%s", v.CommandLine)
	}
	if pkg := cmp.Or(v.Package, p.PackageFullName); pkg != "" {
		row("package", "%s", pkg)
	}
	row("version", "%s (%s)", p.Version, kind)
	row("run count", "%d", p.RunCount)
	for i, t := range p.LastRuns {
		label := ""
		if i == 0 {
			label = "last runs"
		}
		if t.IsZero() {
			row(label, "(slot %d holds no plausible time)", i)
			continue
		}
		row(label, "%s", t.UTC().Format("2006-01-02 15:04:05.0000000"))
	}
	if p.ClockSetBack {
		row("", "the slots rise: the clock was set back between launches, the order is true, the times are not")
	}
	for _, vol := range p.Volumes {
		row("volume", "%s serial %08X created %s, %d folders", vol.Device, vol.Serial, day(vol.Created), len(vol.Directories))
	}
	row("files", "%d", len(p.Files))
	for _, m := range p.Files {
		row("", "%s", m.Name)
	}
	for _, err := range f.problems() {
		row("damage", "%v", err)
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

func day(t time.Time) string {
	if t.IsZero() {
		return "(not set)"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// explainHash says what a verification rests on, or why there is none.
func explainHash(v *prefetch.Verification) string {
	switch {
	case v.Why != "":
		return ": " + v.Why
	case v.CommandLine != "":
		return fmt.Sprintf(": path and command line, one of %d sums tried", v.Candidates)
	case v.AppID != "":
		return ": path, package and application id " + v.AppID
	case v.Hint != 0:
		return fmt.Sprintf(": path and /prefetch:%d", v.Hint)
	case v.Recovered:
		return ": the path was recovered from the folders"
	case v.Status.OK():
		return ": the hash of the path"
	}
	return ""
}
