// Package exportview writes files out of a disk image, and reports on them.
package exportview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/export"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// A Job writes files of one volume.
type Job struct {
	Log     *messages.Log
	Volume  *export.Volume
	Image   string    // where the volume is
	Reports io.Writer // of the files
	JSON    bool      // write reports as JSON lines
	Force   bool      // replace files
	Remains bool      // write zeros for clusters that belong to another file now
}

func (j *Job) report(w io.Writer, r *export.Report) error {
	if j.JSON {
		return output.WriteJSON(w, r)
	}
	return r.Text(w)
}

// One writes the file that a name stands for to the output: "" only reads it, and "-"
// is standard output, when the report is a message.
func (j *Job) One(ctx context.Context, name, output string, stdout io.Writer) error {
	list, err := j.Volume.Find(name)
	switch {
	case err != nil:
		return fmt.Errorf("%s: $MFT: %w", j.Image, err)
	case len(list) == 0:
		return fmt.Errorf("%s: no file record has the name or reference %q", j.Image, name)
	case len(list) > 1:
		var all []string
		for i := range list {
			all = append(all, list[i].String())
		}
		return fmt.Errorf("%s: %d files had the name %q: give the reference of one: %s", j.Image, len(list), name, strings.Join(all, "; "))
	}
	to := j.Reports
	if output == "-" {
		to = j.Log.Writer()
	}
	return j.file(ctx, list[0], output, stdout, to)
}

// file writes one file, or reads it when there is no output, and reports on it.
func (j *Job) file(ctx context.Context, f export.Found, output string, stdout, reports io.Writer) error {
	var w io.Writer = io.Discard
	var o *files.Out
	if output != "" {
		// What lies beside an image is evidence, too.
		if err := files.Outside(output, []string{filepath.Dir(j.Image)}); err != nil && output != "-" {
			return err
		}
		var err error
		if o, err = files.OpenOut(output, j.Force, stdout, []string{j.Image}); err != nil {
			return err
		}
		w = o
	}
	r, err := j.Volume.Write(ctx, w, f, j.Remains)
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", j.Image, f.String(), err)
	}
	if o != nil {
		if err != nil {
			o.Abort()
		} else if err = o.Commit(); err == nil && output != "-" {
			r.Output = output
		}
	}
	if r != nil {
		err = errors.Join(err, j.report(reports, r))
	}
	if err == nil && r.Lost > 0 {
		j.Log.Damage(fmt.Errorf("%s: %s: %d bytes are zeros in place of reused clusters", j.Image, f.String(), r.Lost))
	}
	return err
}

// Deleted writes all deleted files that are whole into a folder.
func (j *Job) Deleted(ctx context.Context, folder string) error {
	if folder == "" || folder == "-" {
		return usage.Errorf("--deleted writes several files: use -o FOLDER")
	}
	if err := files.OutsideFolder(folder, []string{filepath.Dir(j.Image)}); err != nil {
		return err
	}
	sum, err := j.Volume.WriteDeleted(ctx, folder, j.Force, j.Remains, func(r *export.Report, err error) error {
		if err != nil && !errors.Is(err, export.ErrNotWhole) {
			j.Log.Damage(fmt.Errorf("%s: %w", j.Image, err))
		}
		if r == nil {
			return nil
		}
		return j.report(j.Reports, r)
	})
	j.Log.Notef("%s written, %d not whole, %d failed", terminal.Count(sum.Written, "file", "files"), sum.NotWhole, sum.Failed)
	return err
}
