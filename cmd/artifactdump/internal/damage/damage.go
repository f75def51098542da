// Package damage gathers what is damaged, file by file, so that one broken file
// does not drown the others.
package damage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// How much damage is named on standard error. All of it is in the manifest of a
// scan, and named with -v.
const (
	MaxFiles    = 50
	MaxProblems = 20 // of one file
)

// A List gathers damage by file until it is taken. The zero value is empty.
type List struct {
	files []*damaged
	at    map[string]*damaged
	other int // problems of files beyond MaxFiles
}

// A damaged file is what is known of one.
type damaged struct {
	where string   // the machine, where there are several, and the file: "PC-2: C:\\a"
	file  string   // as the errors name it, "" where they name none
	texts []string // of the first problems, whole
	n     int
}

// Add keeps a problem. label is what the error begins with before it names the
// artifact and the file.
func (l *List) Add(label, file string, err error) {
	text := err.Error()
	key := label + file
	if file == "" {
		key = text
	}
	f := l.at[key]
	if f == nil {
		if len(l.files) == MaxFiles {
			l.other++
			return
		}
		if l.at == nil {
			l.at = map[string]*damaged{}
		}
		f = &damaged{where: label + file, file: file}
		l.at[key] = f
		l.files = append(l.files, f)
	}
	if f.n++; len(f.texts) < MaxProblems {
		f.texts = append(f.texts, strings.TrimPrefix(text, label))
	}
}

// Take returns what is to be said of the files so far, and empties the list.
func (l *List) Take() []string {
	var out []string
	for _, f := range l.files {
		out = append(out, f.String())
	}
	switch {
	case l.other == 1:
		out = append(out, "1 problem in another file (-v prints all)")
	case l.other > 0:
		out = append(out, fmt.Sprintf("%d problems in further files (-v prints all)", l.other))
	}
	*l = List{}
	return out
}

// String is one line: the only problem of a file as it is, or their number and
// the first of them.
func (f *damaged) String() string {
	if f.n == 1 || f.file == "" {
		return strings.TrimSuffix(f.where, f.file) + f.texts[0]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d problems", f.where, f.n)
	for i, t := range f.texts {
		b.WriteString([]string{": ", "; "}[min(i, 1)] + without(t, f.file))
	}
	if n := f.n - len(f.texts); n > 0 {
		fmt.Fprintf(&b, "; and %d more (-v prints all)", n)
	}
	return b.String()
}

// without takes the name of a file out of a message.
func without(text, file string) string {
	for _, s := range []string{file + ": ", file + " "} {
		if before, after, ok := strings.Cut(text, s); ok {
			return before + after
		}
	}
	return text
}

// FileOf is how an error names the file that it is about, and what stands before
// it when there are several machines.
func FileOf(err error) (label, file string) {
	e, ok := errors.AsType[*artifacts.DecodeError](err)
	if !ok {
		return "", ""
	}
	label, _ = strings.CutSuffix(err.Error(), e.Error())
	return label, strings.TrimSpace(e.From.Snapshot + " " + e.From.Path)
}
