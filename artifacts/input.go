package artifacts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An Input is one match of one source: a file, or a key of a hive. A decoder
// is a function of it alone; it may run at the same time as any other.
type Input struct {
	Artifact *Artifact
	Source   Source
	From     Locator // of the source: path, hash, snapshot, state; for a key also its path
	User     evidence.User
	Machine  *evidence.Machine
	Tree     *evidence.Tree
	Full     bool // all records are wanted, see [Options.Full]
	All      bool // those that are not shown are wanted, too, see [Options.AllOf]

	// NoDeleted is set when the run does not ask for deleted records. The engine
	// sees to those of hives.
	NoDeleted bool

	// A file source.
	File   *evidence.File
	Data   []byte      // of a source of whole files
	Stream io.Reader   // of a source of large files, from the beginning
	Random io.ReaderAt // of a source of files with random access
	Size   int64       // of the file

	// A registry source.
	Hive       *hive.Hive
	Key        hive.Key
	Match      []string // what each component with a `*` in the source's path matched
	ControlSet string   // the one the key lies in, for {CS} paths
	View32     bool     // the key lies below Wow6432Node

	source *evidence.Hive
	only   []hive.Value // the values to look at, when they are deleted ones of a key that lives
	shared *shared
	runner *runner
	place  *place // of the decoder's goroutine
	job    int    // in the plan of the run
	noted  *problems
}

// Reader reads the file from its beginning, whole or streamed.
func (in Input) Reader() io.Reader {
	if in.Stream != nil {
		return in.Stream
	}
	return bytes.NewReader(in.Data)
}

// ReaderAt reads any part of the file, whole or with random access.
func (in Input) ReaderAt() (r io.ReaderAt, size int64) {
	if in.Random != nil {
		return in.Random, in.Size
	}
	return bytes.NewReader(in.Data), int64(len(in.Data))
}

// Loose reports whether the source is a loose file, without the folder that it
// came from.
func (in Input) Loose() bool { return in.Tree != nil && in.Tree.Loose() }

// Once returns what f returned at the first call with this name in the run. A
// decoder that waits for the call of another leaves its worker to those who help
// that one, see [Input.Help]. It is called on the decoder's own goroutine.
func (in Input) Once(name string, f func() any) any {
	if in.shared == nil {
		return f()
	}
	in.shared.mu.Lock()
	s, known := in.shared.m[name]
	if !known {
		s = &single{done: make(chan struct{})}
		in.shared.m[name] = s
	}
	in.shared.mu.Unlock()
	if !known {
		defer close(s.done)
		s.value = f()
		return s.value
	}
	select {
	case <-s.done:
	default:
		in.place.leave()
		<-s.done
		in.place.enter(nil)
	}
	return s.value
}

// Values returns the values of the source's key. Decoders use it rather than
// Key.Values: for deleted values of a living key it gives just those.
func (in Input) Values() iter.Seq2[hive.Value, error] {
	if in.only != nil {
		return func(yield func(hive.Value, error) bool) {
			for _, v := range in.only {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
	return in.Key.Values()
}

// Value returns one value of the source's key by name; [hive.ErrNotExist] is
// wrapped by the error when it is not there.
func (in Input) Value(name string) (hive.Value, error) {
	if in.only != nil {
		for _, v := range in.only {
			if strings.EqualFold(v.Name(), name) {
				return v, nil
			}
		}
		return hive.Value{}, hive.ErrNotExist
	}
	return in.Key.Value(name)
}

// DeletedValues returns the values to look at when the Input stands for deleted
// values of a key that still exists. It is nil for a key as a whole.
func (in Input) DeletedValues() []hive.Value { return in.only }

// Partial reports whether the Input stands for deleted values of a key that
// still exists, and not for the key.
func (in Input) Partial() bool { return in.only != nil }

// Remnant reports whether the Input was found outside the tree of its hive,
// deleted or unreachable, which may be incomplete: that is no damage of its own.
func (in Input) Remnant() bool { return in.From.State.Recovered() || in.only != nil }

// Matched returns what a star of the source's path Matched, counted from the
// end: 0 is the last. The path of a deleted key may have lost its head, and
// with it the first of several.
func (in Input) Matched(fromEnd int) string {
	if i := len(in.Match) - 1 - fromEnd; i >= 0 {
		return in.Match[i]
	}
	return ""
}

// Written is when the source's key was last written.
func (in Input) Written() time.Time { return in.Key.Written() }

// At is the origin of a record that was read from one value of the source's
// key.
func (in Input) At(v hive.Value) Origin {
	return Origin{key: in.From.Key, value: v.Name(), named: true, offset: v.Offset()}
}

// AtKey is the origin of a record that was read from the source's key as a
// whole.
func (in Input) AtKey() Origin { return Origin{key: in.From.Key, offset: in.Key.Offset()} }

// Below is the origin of a record that was read from a key below the source's.
func (in Input) Below(k hive.Key) Origin { return Origin{key: k.Path(), offset: k.Offset()} }

// BelowAt is the origin of a record that was read from a value of a key below
// the source's.
func (in Input) BelowAt(k hive.Key, v hive.Value) Origin {
	return Origin{key: k.Path(), value: v.Name(), named: true, offset: v.Offset()}
}

// AtOffset is the origin of a record that begins at this offset of the file.
func (in Input) AtOffset(off int64) Origin { return Origin{offset: off} }

// Errorf reports what could not be decoded at an origin; the records beside it
// stand. Decoders join several with [errors.Join].
func (in Input) Errorf(at Origin, format string, args ...any) error {
	return &DecodeError{Artifact: in.Artifact.Name, From: in.locator(at), Err: fmt.Errorf(format, args...)}
}

// Wrap is Errorf for an error that a package of this module returned.
func (in Input) Wrap(at Origin, err error) error {
	if err == nil {
		return nil
	}
	return &DecodeError{Artifact: in.Artifact.Name, From: in.locator(at), Err: err}
}

func (in Input) locator(o Origin) Locator {
	l := in.From
	if o.key != "" {
		l.Key = o.key
	}
	if o.named {
		l.Value = o.value
	}
	l.Offset = o.offset
	if o.file != "" {
		l.Path, l.SHA256 = o.file, o.sum
		if o.key == "" && !o.named {
			l.Key = "" // a file that a key leads to
		}
	}
	if o.state != "" {
		if l.State == Live || l.State == "" {
			l.State = o.state
		}
		l.Note = strings.TrimPrefix(l.Note+"; "+o.note, "; ")
	}
	return l
}

// flatten takes joined errors apart and gives each a place.
func (in Input) flatten(err error) []*DecodeError {
	if err == nil {
		return nil
	}
	if de, ok := err.(*DecodeError); ok {
		return []*DecodeError{de}
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*DecodeError
		for _, e := range j.Unwrap() {
			out = append(out, in.flatten(e)...)
		}
		return out
	}
	from := in.From
	if at, ok := position(err, in.Hive != nil); ok {
		from.Offset = at
	}
	return []*DecodeError{{Artifact: in.Artifact.Name, From: from, Err: err}}
}

// position returns the place in the file that an error names. The formats of
// values count from the start of the value, so that of a key only the hive's own
// errors name a place in the file.
func position(err error, key bool) (int64, bool) {
	if fe, ok := errors.AsType[*hive.FormatError](err); ok {
		return fe.Offset, true
	}
	var p interface{ Position() int64 }
	if !key && errors.As(err, &p) {
		return p.Position(), true
	}
	return 0, false
}
