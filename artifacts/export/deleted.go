package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A Sum counts what became of deleted files.
type Sum struct {
	Written  int
	NotWhole int // left out: clusters belong to other files now
	Failed   int
	Bytes    int64
}

// WriteDeleted writes every deleted file that is still whole into a folder, one
// file for each stream, named after its reference. With remains, it also writes
// those that are not. yield is given the report of each stream, or the error, or
// both; an error that it returns ends the work. A volume cannot have held more
// than twice its size in files that are still there: what goes beyond it, by
// holes that a damaged record declares, is an error.
func (v *Volume) WriteDeleted(ctx context.Context, folder string, force, remains bool, yield func(*Report, error) error) (Sum, error) {
	var sum Sum
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return sum, err
	}
	left := 2 * v.Size
	var stop error
	err := v.Deleted(func(f Found) bool {
		if stop = ctx.Err(); stop != nil {
			return false
		}
		if f.Size > uint64(max(0, left)) {
			sum.Failed++
			stop = yield(nil, fmt.Errorf("%s: larger than what is left of the volume", f.String()))
			return stop == nil
		}
		r, err := v.writeNew(ctx, filepath.Join(folder, fileName(&f)), f, force, remains)
		if _, ok := errors.AsType[*files.ExistsError](err); ok || ctx.Err() != nil {
			stop = err
			return false
		}
		switch {
		case errors.Is(err, ErrNotWhole):
			sum.NotWhole++
		case err != nil:
			sum.Failed++
			err = fmt.Errorf("%s: %w", f.String(), err)
		default:
			sum.Written++
			sum.Bytes += r.Size
			left -= r.Size
		}
		stop = yield(r, err)
		return stop == nil
	})
	return sum, errors.Join(stop, err)
}

// writeNew writes one file under a new name. One that fails leaves nothing behind.
func (v *Volume) writeNew(ctx context.Context, name string, f Found, force, remains bool) (*Report, error) {
	o := &lateFile{name: name, force: force}
	r, err := v.Write(ctx, o, f, remains)
	if err == nil && o.out == nil {
		err = o.open() // an empty stream
	}
	if o.out == nil {
		return r, err
	}
	if err != nil {
		partial := o.out.Path()
		o.out.Abort()
		os.Remove(partial)
		return r, err
	}
	r.Output = name
	return r, o.out.Commit()
}

// A lateFile opens its file with the first write, so that what is refused makes
// none.
type lateFile struct {
	name  string
	force bool
	out   *files.Out
}

func (l *lateFile) open() (err error) {
	l.out, err = files.OpenOut(l.name, l.force, io.Discard, nil)
	return err
}

func (l *lateFile) Write(p []byte) (int, error) {
	if l.out == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	return l.out.Write(p)
}

// fileName names the output of a stream: its reference, then what is harmless of
// its name on every system.
func fileName(f *Found) string {
	name := f.Path[strings.LastIndexByte(f.Path, '\\')+1:]
	if f.Stream != "" {
		name += "_" + f.Stream
	}
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_ ()", r) ||
			r >= 0x80 && (!unicode.IsGraphic(r) || r == unicode.ReplacementChar) {
			return '_'
		}
		return r
	}, name)
	const most = 120 // bytes; systems take 255
	for len(name) > most {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.TrimRight(f.Reference.String()+"_"+name, "_. ")
}
