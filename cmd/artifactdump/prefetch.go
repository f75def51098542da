package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/pffile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

func prefetchCommand() *cli.Command {
	return &cli.Command{
		Name:      "prefetch",
		Usage:     "decode Prefetch files and check their hashes",
		ArgsUsage: "FILE|FOLDER…",
		Description: "Decodes .pf files of every Windows version, plain or compressed, whole or damaged.\n" +
			"Of a FOLDER, all .pf files below it are read, sorted; a FILE may have any name.\n" +
			"Each hash is checked against the path, the package and the command line that it\n" +
			"covers.\n\n" +
			"Examples:\n" +
			"   artifactdump prefetch CMD.EXE-4A81B364.pf\n" +
			"   artifactdump prefetch --format jsonl Windows/Prefetch | jq 'select(.hash_ok == false)'\n" +
			"   artifactdump prefetch --command-line 'rundll32.exe x.dll,Run' Windows/Prefetch",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, jsonl"},
			&cli.BoolFlag{Name: "traces", Usage: "add the loaded pages of each file (jsonl only)"},
			&cli.StringSliceFlag{Name: "command-line", Usage: "try this `COMMAND` line of a hosting program against the hash (repeatable)"},
			&cli.IntFlag{Name: "jobs", Usage: "number `N` of files read in parallel", DefaultText: "one per processor", Action: fromOne("jobs")},
			&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
			verboseDamage(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not list files that are not Prefetch files"},
		}, outputFlags()),
		Action: prefetchFiles,
	}
}

func prefetchFiles(c *cli.Context) error {
	paths := c.Args().Slice()
	if len(paths) == 0 {
		return usagef("missing FILE: a .pf file or a folder of them")
	}
	write, ok := map[string]func(*pffile.File, io.Writer) error{"text": (*pffile.File).Text, "jsonl": (*pffile.File).JSON}[c.String("format")]
	if !ok {
		return usagef("unknown Prefetch format %q; known: text, jsonl", c.String("format"))
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
	for f, err := range pffile.Each(c.Context, files, c.Int("jobs"), opts, dict) {
		if err == nil {
			err = s.prefetchFile(o, f, write)
		}
		if err != nil {
			o.abort()
			return err
		}
	}
	if err := o.commit(); err != nil {
		return err
	}
	return s.end()
}

// prefetchFile writes one file, and names what is damaged in it.
func (s *session) prefetchFile(o *out, f *pffile.File, write func(*pffile.File, io.Writer) error) error {
	for _, err := range f.Problems() {
		s.damageIn(f.Path, fmt.Errorf("%s: %w", f.Path, err))
	}
	if s.strict && s.damaged > 0 {
		return errDamaged
	}
	return write(f, o)
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
		err = fs.WalkDir(collect.NamedDir(a), ".", func(name string, d fs.DirEntry, err error) error {
			p := filepath.Join(a, filepath.FromSlash(name))
			switch {
			case err != nil:
				s.damage(err)
			case strings.EqualFold(filepath.Ext(p), ".pf") && d.IsDir():
				s.damage(fmt.Errorf("%s: a folder named like a Prefetch file", p))
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
			s.note("%s: contains no .pf file", a)
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
			return errors.New("neither a regular file nor a folder")
		}
		return nil
	}
	root, err := files.RealPath(folder)
	if err != nil {
		return err
	}
	target, err := files.RealPath(path)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(root, target); err != nil || !filepath.IsLocal(rel) {
		return errors.New("a link that leads out of the folder")
	}
	if st, err := os.Stat(target); err != nil || !st.Mode().IsRegular() {
		return errors.New("a link to something that is not a regular file")
	}
	return nil
}

// sniff names the other files of a Prefetch folder.
func sniff(path string) string {
	f, err := collect.OpenNamed(path)
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
