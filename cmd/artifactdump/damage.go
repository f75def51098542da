package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/urfave/cli/v2"
)

// How much damage is named on standard error. All of it is in the manifest of a
// scan, and named with -v.
const (
	maxDamagedFiles = 50
	maxProblems     = 20 // of one file
)

// verboseDamage is for commands that read nothing but single files.
func verboseDamage() cli.Flag {
	return &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "name all damage of a file, each in a line of its own"}
}

// A damageList gathers damage by file until it is told.
type damageList struct {
	files []*damagedFile
	at    map[string]*damagedFile
	other int // problems of files beyond maxDamagedFiles
}

// A damagedFile is what is known of one file.
type damagedFile struct {
	where string   // the machine, where there are several, and the file: "PC-2: C:\\a"
	file  string   // as the errors name it, "" where they name none
	texts []string // of the first problems, whole
	n     int
}

// add keeps a problem. label is what the error begins with before it names the
// artifact and the file.
func (l *damageList) add(label, file string, err error) {
	text := err.Error()
	key := label + file
	if file == "" {
		key = text
	}
	f := l.at[key]
	if f == nil {
		if len(l.files) == maxDamagedFiles {
			l.other++
			return
		}
		if l.at == nil {
			l.at = map[string]*damagedFile{}
		}
		f = &damagedFile{where: label + file, file: file}
		l.at[key] = f
		l.files = append(l.files, f)
	}
	if f.n++; len(f.texts) < maxProblems {
		f.texts = append(f.texts, strings.TrimPrefix(text, label))
	}
}

// take returns what is to be said of the files so far, and begins anew.
func (l *damageList) take() []string {
	var out []string
	for _, f := range l.files {
		out = append(out, f.String())
	}
	switch {
	case l.other == 1:
		out = append(out, "1 problem in another file (-v names all)")
	case l.other > 0:
		out = append(out, fmt.Sprintf("%d problems in further files (-v names all)", l.other))
	}
	*l = damageList{}
	return out
}

// String is one line: the only problem of a file as it is, or their number and
// the first of them.
func (f *damagedFile) String() string {
	if f.n == 1 || f.file == "" {
		return strings.TrimSuffix(f.where, f.file) + f.texts[0]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d problems", f.where, f.n)
	for i, t := range f.texts {
		b.WriteString([]string{": ", "; "}[min(i, 1)] + without(t, f.file))
	}
	if n := f.n - len(f.texts); n > 0 {
		fmt.Fprintf(&b, "; and %d more (-v names all)", n)
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

// fileOf is how an error names the file that it is about, and what stands before
// it when there are several machines.
func fileOf(err error) (label, file string) {
	e, ok := errors.AsType[*artifacts.DecodeError](err)
	if !ok {
		return "", ""
	}
	label, _ = strings.CutSuffix(err.Error(), e.Error())
	return label, strings.TrimSpace(e.From.Snapshot + " " + e.From.Path)
}

// damage keeps one problem of the evidence until it is named, or names it at once
// with -v and --strict.
func (s *session) damage(err error) {
	label, file := fileOf(err)
	s.addDamage(label, file, err)
}

// damageIn is damage in a file that the error names so.
func (s *session) damageIn(file string, err error) { s.addDamage("", file, err) }

func (s *session) addDamage(label, file string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damaged++
	if s.verbose || s.strict {
		s.nameDamage(err.Error())
		return
	}
	s.pending.add(label, file, err)
}

// tellDamage names what was kept on standard error.
func (s *session) tellDamage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.pending.take() {
		s.nameDamage(text)
	}
}

func (s *session) nameDamage(text string) {
	s.clear()
	fmt.Fprintf(s.stderr, "damaged: %s\n", clean(text))
}
