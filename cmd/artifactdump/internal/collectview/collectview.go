// Package collectview writes a collection to a zip, and says what is in it.
package collectview

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Listing reads how many names of the volumes are listed: none reports that none are.
func Listing(v string) (none bool, err error) {
	switch v {
	case "full", "none":
		return v == "none", nil
	}
	return false, usage.Errorf("unknown listing %q; known: full, none", v)
}

// A Job is one collection.
type Job struct {
	Log    *messages.Log
	Source string // as it was named
	Output string // the zip; "-" is standard output
	Force  bool   // replace the zip
	Stdout io.Writer
}

// Write writes the zip, or none at all.
func (j *Job) Write(ctx context.Context, ev *evidence.Evidence, o *collector.Options) error {
	if j.Output == "" {
		return usage.Errorf("missing -o HOST.zip: name the zip to write, or - for standard output")
	}
	if j.Output != "-" {
		around := j.Source
		if st, err := os.Stat(j.Source); err == nil && !st.IsDir() {
			around = filepath.Dir(j.Source) // what lies beside an image is evidence, too
		}
		if err := files.Outside(j.Output, []string{around}); err != nil {
			return err
		}
	}
	out, err := files.OpenOut(j.Output, j.Force, j.Stdout, []string{j.Source})
	if err != nil {
		return err
	}
	sum, err := collector.Collect(ctx, ev, out, o)
	if err == nil {
		err = out.Commit()
	} else {
		out.Abort()
	}
	if err != nil {
		return err
	}
	j.Log.ClearLine()
	j.Log.Notef("%s stored whole, %d in part; %s in all, %s listed", terminal.Count(sum.Files, "file", "files"), sum.Partial,
		terminal.Count(int(sum.Bytes), "byte", "bytes"), terminal.Count(int(sum.Listed), "name", "names"))
	j.Log.Say("SHA-256 of the zip: %s", sum.SHA256)
	j.Log.Say("SHA-256 of the manifest: %s", sum.ManifestSHA256)
	return nil
}
