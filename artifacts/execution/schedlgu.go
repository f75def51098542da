package execution

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

// A TaskLogEntry is one entry of the log of the old Task Scheduler.
type TaskLogEntry struct {
	artifacts.Origin
	Line     int       `json:"line"`
	Task     string    `json:"task"`              // name of the .job file; or of the service
	File     string    `json:"program,omitempty"` // file name of the program, without a folder
	Action   string    `json:"action,omitempty"`  // started, finished, exited; or as the log has it
	Level    string    `json:"level,omitempty"`   // WARNING, ERROR
	Time     time.Time `json:"time,omitzero" event:"Recorded Time,local"`
	TimeText string    `json:"time_text,omitempty"` // when the order of day and month is unknown
	Result   string    `json:"result,omitempty"`
	ExitCode string    `json:"exit_code,omitempty"`
	Older    bool      `json:"before_wrap,omitempty"` // follows the mark of the newest entry: written before the log started over at its top
}

var schedLgU = artifacts.Define(artifacts.Artifact{
	Name:     "schedlgu",
	Title:    "Task Scheduler log of old",
	DataType: "windows:tasks:schedlgu:entry",
	About: `SchedLgU.txt, the log of the Task Scheduler of Windows XP and 2003, which later versions keep for .job files and for starts of the service: when
a task started and ended, with the exit code. Proves that the task ran its program then. Does not prove what the program was: only its file name is in
the log, and not the account. The log has 32 KB by default and then starts over at its top: what follows the mark of the newest entry is older. Times are local time of the
machine in the form of its language; where the log does not show whether day or month is first, they are given as text only.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1053.005"},
	Refs: []string{
		"https://learn.microsoft.com/troubleshoot/windows-server/system-management-components/scheduled-task-issues",
		"https://attack.mitre.org/techniques/T1053/005/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\SchedLgU.txt`),
		artifacts.Files(`%SystemRoot%\Tasks\SchedLgU.txt`),
	},
}, decodeSchedLgU)

// schedLines bounds the lines of an entry, maxSchedEntries the entries of a log.
const (
	schedLines      = 32
	maxSchedEntries = 1 << 18
)

// A schedEntry is an entry before its times are read.
type schedEntry struct {
	at    int64
	line  int
	head  string
	lines []string
	older bool
}

func decodeSchedLgU(in artifacts.Input, yield func(TaskLogEntry) bool) error {
	lines, _, err := textfile.Split(bytes.NewReader(in.Data), int64(len(in.Data)))
	if err != nil {
		return err
	}
	var list []schedEntry
	number, older := 0, false
	for l := range lines {
		number++
		s := strings.TrimRight(strings.TrimPrefix(l.Text, "\ufeff"), "\r\x00 ")
		switch {
		case strings.HasPrefix(s, "[ *****"):
			older = true
		case strings.HasPrefix(s, `"`) && len(list) < maxSchedEntries:
			list = append(list, schedEntry{at: l.Offset, line: number, head: s, older: older})
		case len(list) > 0 && strings.TrimSpace(s) != "":
			if e := &list[len(list)-1]; len(e.lines) < schedLines && e.older == older {
				e.lines = append(e.lines, strings.TrimSpace(s))
			}
		}
	}
	order := schedOrder(list)
	for _, e := range list {
		r := e.record(order)
		r.Origin = in.AtOffset(e.at)
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// record reads an entry: "task" (program) [time ** LEVEL **], then lines.
func (e *schedEntry) record(order dateOrder) TaskLogEntry {
	r := TaskLogEntry{Line: e.line, Older: e.older}
	task, rest, _ := strings.Cut(e.head[1:], `"`)
	r.Task = task
	if name, after, ok := strings.Cut(strings.TrimSpace(rest), ")"); ok && strings.HasPrefix(name, "(") {
		r.File, rest = name[1:], after
	}
	text := e.lines
	if d, ok := findDate(rest); ok {
		r.time(d, order)
		if _, level, ok := strings.Cut(rest, "**"); ok {
			r.Level, _, _ = strings.Cut(strings.TrimSpace(level), " ")
		}
	} else {
		for i, s := range text {
			d, ok := findDate(s)
			if !ok {
				continue
			}
			r.time(d, order)
			r.Action = strings.TrimSpace(s[:d.at])
			switch word, _, _ := strings.Cut(r.Action, " "); word {
			case "Started", "Finished", "Exited":
				r.Action = strings.ToLower(word)
			}
			text = text[i+1:]
			break
		}
	}
	r.Result = strings.Join(text, " ")
	if i := strings.LastIndexByte(r.Result, '('); i >= 0 {
		code, _, _ := strings.Cut(r.Result[i+1:], ")")
		if _, err := strconv.ParseInt(code, 16, 64); err == nil {
			r.ExitCode = code
		}
	}
	return r
}

func (r *TaskLogEntry) time(d date, order dateOrder) {
	if t, ok := d.time(order); ok {
		r.Time = t
	} else {
		r.TimeText = d.text
	}
}

// schedOrder learns from all dates of a log whether the month or the day is
// first: one reading may be no date, or goes back in time more often than once.
func schedOrder(list []schedEntry) dateOrder {
	var dates []date
	for _, e := range list {
		for _, s := range append([]string{strings.TrimPrefix(e.head, `"`)}, e.lines...) {
			if d, ok := findDate(s); ok && d.ambiguous() {
				dates = append(dates, d)
				break
			}
		}
	}
	back := func(o dateOrder) int {
		n := 0
		var last time.Time
		for _, d := range dates {
			t, ok := d.time(o)
			if !ok {
				return len(dates) + 1
			}
			if t.Before(last) {
				n++
			}
			last = t
		}
		return n
	}
	switch month, day := back(monthFirst), back(dayFirst); {
	case month < day:
		return monthFirst
	case day < month:
		return dayFirst
	}
	return unknownOrder
}

// Program returns the file name of the program; the log has no folder.
func (r TaskLogEntry) Program() string { return r.File }

// Proof is less than a start for entries that are none.
func (r TaskLogEntry) Proof() artifacts.Proof {
	if r.File == "" || r.Level != "" {
		return artifacts.Configured
	}
	return artifacts.Executed
}

// Summary shows what the task did.
func (r TaskLogEntry) Summary() string {
	parts := []string{"[" + r.Task + "]", r.File, r.Level, r.Action, r.TimeText}
	s := strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
	if r.Result != "" {
		s += ": " + r.Result
	}
	return s
}
