package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/damage"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// verboseDamage is for commands that read nothing but single files.
func verboseDamage() cli.Flag {
	return &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "print each problem on its own line"}
}

// damage keeps one problem of the evidence until it is named, or names it at once
// with -v and --strict.
func (s *session) damage(err error) {
	label, file := damage.FileOf(err)
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
	s.pending.Add(label, file, err)
}

// tellDamage names what was kept on standard error.
func (s *session) tellDamage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.pending.Take() {
		s.nameDamage(text)
	}
}

func (s *session) nameDamage(text string) {
	s.clear()
	fmt.Fprintf(s.stderr, "damaged: %s\n", terminal.Clean(text))
}
