// Package setupapi reads setupapi.dev.log, the log of device and driver
// installations of Windows Vista and later, section by section. Its times are
// those of the machine's own clock, in a zone that the log does not name; they
// are given as UTC.
package setupapi

import (
	"bufio"
	"io"
	"iter"
	"strings"
	"time"
)

// Limits, for hostile files.
const (
	maxLine  = 1 << 16
	maxLines = 100
)

// A Section is one action: the installation of a device, the import of a
// driver package.
type Section struct {
	Offset  int64
	Line    int    // of its first line, from 1
	Kind    string // Device Install (Hardware initiated), Setup Import Driver Package …
	Subject string // device id or path of the driver's inf
	Start   time.Time
	End     time.Time // zero when the section is cut off
	Command string    // the program that asked for it
	Inf     string    // the first inf that is named
	Status  string    // SUCCESS, FAILURE(0x…)
	Boot    time.Time // start of the boot session
	Errors  []string  // lines marked with "!!!"
}

const timeLayout = "2006/01/02 15:04:05.000"

func parseTime(s string) time.Time {
	t, err := time.Parse(timeLayout, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Read yields the sections in the order of the log. It reads the log once and
// holds one section. An error of the reader ends it; the last section comes
// before it.
func Read(r io.Reader) iter.Seq2[Section, error] {
	return func(yield func(Section, error) bool) {
		l := log{b: bufio.NewReaderSize(r, maxLine)}
		for {
			done, err := l.next()
			if done != nil && !yield(*done, nil) {
				return
			}
			if err == nil {
				continue
			}
			if l.section != nil && !yield(*l.section, nil) {
				return
			}
			if err != io.EOF {
				yield(Section{Offset: l.off, Line: l.line}, err)
			}
			return
		}
	}
}

// A log is what is known at a line of it.
type log struct {
	b       *bufio.Reader
	off     int64 // of the next line
	line    int
	boot    time.Time
	section *Section // that the line belongs to, or nil
}

// next reads a line and returns the section that it ends.
func (l *log) next() (done *Section, err error) {
	raw, err := l.b.ReadSlice('\n')
	at := l.off
	l.off += int64(len(raw))
	if err == bufio.ErrBufferFull {
		err = nil // the rest of the line comes as a line without a number
	} else {
		l.line++
	}
	text := strings.TrimRight(string(raw), "\r\n")
	switch {
	case strings.HasPrefix(text, "[Boot Session: "):
		l.boot = parseTime(strings.Trim(text[len("[Boot Session: "):], "]"))
	case strings.HasPrefix(text, ">>>  [") && strings.HasSuffix(text, "]"):
		done = l.section
		l.section = &Section{Offset: at, Line: l.line, Boot: l.boot}
		l.section.Kind, l.section.Subject, _ = strings.Cut(text[len(">>>  ["):len(text)-1], " - ")
	case l.section != nil && l.section.line(text):
		done, l.section = l.section, nil
	}
	return done, err
}

// line reads a line of the section; true means that it is the last one.
func (s *Section) line(text string) bool {
	rest := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, ">>>  Section start "):
		s.Start = parseTime(text[len(">>>  Section start "):])
	case strings.HasPrefix(text, "<<<  Section end "):
		s.End = parseTime(text[len("<<<  Section end "):])
	case strings.HasPrefix(text, "<<<  [Exit status: "):
		s.Status = strings.TrimSuffix(text[len("<<<  [Exit status: "):], "]")
		return true
	case strings.HasPrefix(rest, "cmd: ") && s.Command == "":
		s.Command = rest[len("cmd: "):]
	case strings.HasPrefix(text, "!!!") && len(s.Errors) < maxLines:
		s.Errors = append(s.Errors, strings.TrimSpace(text[3:]))
	case s.Inf == "" && strings.HasPrefix(rest, "inf: "):
		// {Install Inf: oem1.inf} or Opened INF: 'oem1.inf'
		for i := len("inf: "); i+4 <= len(rest); i++ {
			if strings.EqualFold(rest[i:i+4], ".inf") {
				s.Inf = rest[strings.LastIndexAny(rest[:i], `'" `)+1 : i+4]
				break
			}
		}
	}
	return false
}
