// Package collecting is what the command collect does with its flags: sizes, the name of the output, and where it may be.
package collecting

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/sealed"
)

// Size reads a number of bytes with an optional K, M, G or T.
func Size(text string) (int64, error) {
	v := strings.ToUpper(text)
	shift := 0
	if i := strings.IndexAny(v, "KMGT"); i > 0 && i == len(v)-1 {
		shift = 10 * (1 + strings.IndexByte("KMGT", v[i]))
		v = v[:i]
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%s: give a number of bytes, such as 500M or 2G", text)
	}
	return n << shift, nil
}

// Seal sets the encryption of a collection: for public keys, or with a pass phrase. Without any it is not encrypted.
func Seal(o *collector.Options, public []string, passphrase string) error {
	keys, err := sealed.Keys(public, passphrase)
	if err == nil && len(keys) > 0 {
		o.Seal = func(w io.Writer) (io.WriteCloser, error) { return sealed.Writer(w, keys) }
	}
	return err
}

// Output is the name of the file to write: an encrypted one ends in .age.
func Output(name string, encrypted bool) string {
	if encrypted && name != "-" && !strings.HasSuffix(name, sealed.Ending) {
		return name + sealed.Ending
	}
	return name
}

// Refuse refuses an output in the evidence, and on a volume of the running machine that is collected.
func Refuse(ev *evidence.Evidence, source, output string, sameVolume bool) error {
	if output == "-" {
		return nil
	}
	around := source
	if st, err := os.Stat(source); err == nil && !st.IsDir() {
		around = filepath.Dir(source) // what lies beside an image is evidence, too
	}
	if !ev.Live() {
		return files.Outside(output, []string{around})
	}
	dir, err := filepath.Abs(filepath.Dir(output))
	if err != nil {
		return err
	}
	if !sameVolume && ev.Holds(dir) {
		return fmt.Errorf("%s is on the volume that is collected, and would overwrite what was deleted there: "+
			"write to another disk or a share, to standard output (-o -), or give --allow-same-volume", output)
	}
	return nil
}

// Write writes the collection to a file, which can be resumed, or to standard output, a device or a pipe.
func Write(ctx context.Context, ev *evidence.Evidence, output string, stdout io.Writer, o *collector.Options, mode int) (*collector.Summary, error) {
	st, err := os.Stat(output)
	if output != "-" && (err != nil || st.Mode().IsRegular()) {
		return collector.File(ctx, ev, output, o, mode)
	}
	out, err := files.OpenOut(output, mode == collector.Force, stdout, nil)
	if err != nil {
		return nil, err
	}
	sum, err := collector.Collect(ctx, ev, out, o)
	if err == nil {
		err = out.Commit()
	} else {
		out.Abort()
	}
	return sum, err
}
