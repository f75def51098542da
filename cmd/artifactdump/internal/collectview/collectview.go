// Package collectview writes a collection to a zip, and says what is in it.
package collectview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/sealed"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Open opens what is to be collected. On Windows, "all" is every NTFS volume on a fixed disk, where no file has that name.
func Open(source string, opts *evidence.Options) (*evidence.Evidence, error) {
	if _, err := os.Stat(source); source == "all" && errors.Is(err, fs.ErrNotExist) {
		return evidence.OpenFixed(opts)
	}
	return evidence.Open(source, opts)
}

// Programs returns the files of the programs, libraries and drivers that start by themselves.
func Programs(ctx context.Context, t *evidence.Tree) ([]*evidence.File, error) {
	results, err := artifacts.Run(ctx, t, persistence.Artifacts(), &artifacts.Options{Jobs: 1})
	if err != nil {
		return nil, err
	}
	var out []*evidence.File
	for res := range results {
		for i := range res.Records {
			a, ok := res.Records[i].Data.(persistence.Autostarter)
			if !ok || a.Autostart().Image == "" {
				continue
			}
			if f, ok := t.Lookup(a.Autostart().Image); ok {
				out = append(out, f)
			}
		}
	}
	return out, ctx.Err()
}

// Listing checks how many names of the volumes are listed.
func Listing(v string) (string, error) {
	if v != collector.ListFull && v != collector.ListHot && v != collector.ListNone {
		return "", usage.Errorf("unknown listing %q; known: full, hot, none", v)
	}
	return v, nil
}

// Layout checks the layout of the zip.
func Layout(v string) (string, error) {
	if v != collector.LayoutVelociraptor && v != collector.LayoutKAPE {
		return "", usage.Errorf("unknown layout %q; known: velociraptor, kape", v)
	}
	return v, nil
}

// Seal sets the encryption of a collection: for public keys, or with a pass phrase. Without any it is not encrypted.
func Seal(o *collector.Options, public []string, passphrase string) error {
	keys, err := sealed.Keys(public, passphrase)
	if err != nil {
		return usage.Errorf("--recipient: %v", err)
	}
	if len(keys) > 0 {
		o.Seal = func(w io.Writer) (io.WriteCloser, error) { return sealed.Writer(w, keys) }
	}
	return nil
}

// A Job is one collection.
type Job struct {
	Log        *messages.Log
	Source     string // as it was named
	Output     string // the zip; "-" is standard output
	Force      bool   // replace the zip
	Resume     bool   // go on with one that was interrupted
	SameVolume bool   // write to the volume of the running machine that is collected
	Stdout     io.Writer
}

// Write writes the zip. One that is interrupted can be resumed.
func (j *Job) Write(ctx context.Context, ev *evidence.Evidence, o *collector.Options) error {
	switch {
	case j.Output == "":
		return usage.Errorf("missing -o HOST.zip: name the zip to write, or - for standard output")
	case j.Force && j.Resume:
		return usage.Errorf("--force and --resume are mutually exclusive")
	}
	name := j.Output
	if o.Seal != nil && name != "-" && !strings.HasSuffix(name, sealed.Ending) {
		name += sealed.Ending
	}
	if err := j.refuse(ev, name); err != nil {
		return err
	}
	sum, err := j.write(ctx, ev, name, o)
	if _, ok := errors.AsType[*collector.UnfinishedError](err); ok {
		return fmt.Errorf("%w: use --resume to continue it or --force to start over", err)
	}
	if err != nil {
		return err
	}
	j.Log.ClearLine()
	j.Log.Notef("%s stored whole, %d in part, %d changed while they were read; %s in all, %s listed",
		terminal.Count(sum.Files, "file", "files"), sum.Partial, sum.Changed,
		terminal.Count(int(sum.Bytes), "byte", "bytes"), terminal.Count(int(sum.Listed), "name", "names"))
	if sum.Resumed > 0 {
		j.Log.Notef("%s had been stored before", terminal.Count(sum.Resumed, "file", "files"))
	}
	if name != j.Output {
		j.Log.Say("written to %s", name)
	}
	j.Log.Say("SHA-256 of the zip: %s", sum.SHA256)
	j.Log.Say("SHA-256 of the manifest: %s", sum.ManifestSHA256)
	return nil
}

// refuse refuses an output in the evidence, and on a volume of the running machine that is collected.
func (j *Job) refuse(ev *evidence.Evidence, name string) error {
	if name == "-" {
		return nil
	}
	if !ev.Live() {
		around := j.Source
		if st, err := os.Stat(j.Source); err == nil && !st.IsDir() {
			around = filepath.Dir(j.Source) // what lies beside an image is evidence, too
		}
		return files.Outside(name, []string{around})
	}
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return err
	}
	if !j.SameVolume && ev.Holds(dir) {
		return fmt.Errorf("%s is on the volume that is collected, and would overwrite what was deleted there: "+
			"write to another disk or a share, to standard output (-o -), or give --allow-same-volume", name)
	}
	return nil
}

// write writes to a file, or to standard output, a device or a pipe, which cannot be resumed.
func (j *Job) write(ctx context.Context, ev *evidence.Evidence, name string, o *collector.Options) (*collector.Summary, error) {
	if st, err := os.Stat(name); name != "-" && (err != nil || st.Mode().IsRegular()) {
		mode := collector.New
		switch {
		case j.Force:
			mode = collector.Force
		case j.Resume:
			mode = collector.Resume
		}
		return collector.File(ctx, ev, name, o, mode)
	}
	out, err := files.OpenOut(name, j.Force, j.Stdout, nil)
	if err != nil {
		return nil, err
	}
	sum, err := collector.Collect(ctx, ev, out, o)
	if err != nil {
		out.Abort()
		return nil, err
	}
	return sum, out.Commit()
}
