package messages

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/hive"
)

// TestSay has the text of the evidence look like none of our messages.
func TestSay(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	l.Say("a %d", 1)
	l.Note("b%s\ndamaged: c\x1b[2J")
	l.Quiet = true
	l.Say("unheard")
	l.Notef("unheard")
	if got := b.String(); !strings.HasPrefix(got, "a 1\nnote: b%s\n    damaged: c") || strings.ContainsAny(got, "\x1b") || strings.Contains(got, "unheard") {
		t.Errorf("%q", got)
	}
}

func decodeError(file, what string) error {
	return &artifacts.DecodeError{Artifact: "prefetch", Err: errors.New(what), From: artifacts.Locator{Path: file}}
}

// TestDamage keeps damage until the end, one line for a file, and names it at once
// when all of it or the first is wanted.
func TestDamage(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	l.Quiet = true // which is not about damage
	if l.End() != nil || b.Len() > 0 {
		t.Errorf("no damage: %q", b.String())
	}
	l.Damage(decodeError("a.pf", "one"))
	l.Damage(decodeError("a.pf", "two"))
	l.DamageIn("b", errors.New("b: three"))
	if b.Len() > 0 || l.Damages() != 3 {
		t.Errorf("%d before the end: %q", l.Damages(), b.String())
	}
	if err := l.End(); !errors.Is(err, scan.ErrDamaged) {
		t.Errorf("%v", err)
	}
	got := b.String()
	if strings.Count(got, "damaged: ") != 2 || !strings.Contains(got, "2 problems") || !strings.Contains(got, "damaged: b: three\n") {
		t.Errorf("%q", got)
	}
	if l.Tell(); b.String() != got {
		t.Errorf("named again: %q", b.String())
	}
	for _, set := range []func(*Log){func(l *Log) { l.Verbose = true }, func(l *Log) { l.Strict = true }} {
		b.Reset()
		l := New(&b)
		set(l)
		l.Damage(errors.New("now"))
		if b.String() != "damaged: now\n" {
			t.Errorf("%q", b.String())
		}
	}
}

// TestLine draws a line of progress again after a message, and clears it at the end.
func TestLine(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	l.DrawLine("half\nway " + strings.Repeat("x", 200))
	if n := b.Len(); n > len("\r\x1b[K")+79 {
		t.Errorf("%d bytes are more than a terminal has columns", n)
	}
	l.DrawLine("half way")
	b.Reset()
	l.Say("hello")
	if got, want := b.String(), "\r\x1b[Khello\n\r\x1b[Khalf way"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.Reset()
	l.End()
	l.ClearLine()
	if got := b.String(); got != "\r\x1b[K" {
		t.Errorf("%q", got)
	}
}

// TestProgress names sources for those who asked, and draws on terminals only.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	l.Progress(1, 2, "a")
	if b.Len() > 0 {
		t.Errorf("drawn into a file: %q", b.String())
	}
	l.Verbose = true
	l.Progress(1, 2, "a")
	if b.String() != "read 1 of 2: a\n" {
		t.Errorf("%q", b.String())
	}
}

// TestHiveDamage names each piece once, and what loses nothing as a note.
func TestHiveDamage(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	bad := &hive.FormatError{Offset: 4096, Struct: "nk", Problem: "is cut"}
	l.HiveDamage("SYSTEM", bad)
	l.ItemDamage("SYSTEM", fmt.Errorf("key: %w", bad))
	l.HiveDamage("SYSTEM", &hive.FormatError{Offset: 8192, Struct: "hbin", Problem: "is odd", Warning: true})
	l.ItemDamage("SYSTEM", errors.New("other"))
	if l.Damages() != 2 {
		t.Errorf("%d damages, want 2", l.Damages())
	}
	l.End()
	got := b.String()
	if !strings.HasPrefix(got, "note: SYSTEM: ") || strings.Count(got, "is cut") != 1 || !strings.Contains(got, "other") {
		t.Errorf("%q", got)
	}
}
