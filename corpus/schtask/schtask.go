// Package schtask writes what the task scheduler leaves of a task: its XML
// file, the binary values of its key in the registry, and the .job files of
// the scheduler of Windows XP.
//
// The schema of the XML is Microsoft's; the layouts of the binary values follow
// the structure definitions of the project winreg-tasks, those of .job files
// [MS-TSCH] 2.4.
package schtask

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// A Task is a scheduled task.
type Task struct {
	Path        string // `\Folder\Name`
	Author      string
	Date        string // "2026-03-06T18:16:02": local
	Description string
	User        string // of the principal, a name
	SID         string
	System      bool // runs as LocalSystem with the highest level
	Hidden      bool
	Disabled    bool
	Actions     []Action
	Triggers    []Trigger

	Registered, LastRun, LastSuccess time.Time
	Result                           uint32
}

// An Action runs a program, or with a CLSID the handler of that class.
type Action struct {
	Command, Arguments, WorkingDir string
	CLSID, Data                    string
}

// A Trigger starts the task at a log-on (Logon), at boot (Boot), or at a time: every so many days, or weekly on the
// days of Weekdays. Start has local digits.
type Trigger struct {
	Logon, Boot bool
	Start       time.Time
	Days        int
	Weekdays    uint16 // bit 0 Sunday
	Interval    int    // repetition in seconds
}

var weekdays = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// XML returns the file below System32\Tasks: UTF-16 with a byte order mark.
func (t Task) XML() []byte {
	return append([]byte{0xFF, 0xFE}, wide(t.Text())...)
}

// Text returns the XML as text.
func (t Task) Text() string {
	var b strings.Builder
	line := func(depth int, format string, args ...any) {
		for i, a := range args {
			if s, ok := a.(string); ok {
				var e bytes.Buffer
				xml.EscapeText(&e, []byte(s))
				args[i] = e.String()
			}
		}
		fmt.Fprintf(&b, strings.Repeat("  ", depth)+format+"\r\n", args...)
	}
	line(0, `<?xml version="1.0" encoding="UTF-16"?>`)
	line(0, `<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">`)
	line(1, `<RegistrationInfo>`)
	if t.Date != "" {
		line(2, `<Date>%s</Date>`, t.Date)
	}
	if t.Author != "" {
		line(2, `<Author>%s</Author>`, t.Author)
	}
	if t.Description != "" {
		line(2, `<Description>%s</Description>`, t.Description)
	}
	line(2, `<URI>%s</URI>`, t.Path)
	line(1, `</RegistrationInfo>`)
	line(1, `<Triggers>`)
	for _, g := range t.Triggers {
		g.xml(line)
	}
	line(1, `</Triggers>`)
	line(1, `<Principals>`)
	line(2, `<Principal id="%s">`, t.principal())
	if t.System {
		line(3, `<UserId>S-1-5-18</UserId>`)
		line(3, `<RunLevel>HighestAvailable</RunLevel>`)
	} else {
		line(3, `<UserId>%s</UserId>`, t.User)
		line(3, `<LogonType>InteractiveToken</LogonType>`)
		line(3, `<RunLevel>LeastPrivilege</RunLevel>`)
	}
	line(2, `</Principal>`)
	line(1, `</Principals>`)
	line(1, `<Settings>`)
	line(2, `<Enabled>%t</Enabled>`, !t.Disabled)
	line(2, `<Hidden>%t</Hidden>`, t.Hidden)
	line(2, `<ExecutionTimeLimit>PT72H</ExecutionTimeLimit>`)
	line(1, `</Settings>`)
	line(1, `<Actions Context="%s">`, t.principal())
	for _, a := range t.Actions {
		if a.CLSID != "" {
			line(2, `<ComHandler>`)
			line(3, `<ClassId>%s</ClassId>`, a.CLSID)
			if a.Data != "" {
				line(3, `<Data>%s</Data>`, a.Data)
			}
			line(2, `</ComHandler>`)
			continue
		}
		line(2, `<Exec>`)
		line(3, `<Command>%s</Command>`, a.Command)
		if a.Arguments != "" {
			line(3, `<Arguments>%s</Arguments>`, a.Arguments)
		}
		if a.WorkingDir != "" {
			line(3, `<WorkingDirectory>%s</WorkingDirectory>`, a.WorkingDir)
		}
		line(2, `</Exec>`)
	}
	line(1, `</Actions>`)
	b.WriteString(`</Task>`)
	return b.String()
}

func (t Task) principal() string {
	if t.System {
		return "LocalSystem"
	}
	return "Author"
}

// Hash is the value Hash: SHA-256 of the XML without its mark.
func (t Task) Hash() []byte {
	h := sha256.Sum256(t.XML()[2:])
	return h[:]
}

// DynamicInfo is the value of that name, in the form of Windows 8 and later.
func (t Task) DynamicInfo() []byte {
	b := le.AppendUint32(nil, 3)
	b = le.AppendUint64(b, filetime(t.Registered))
	b = le.AppendUint64(b, filetime(t.LastRun))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, t.Result)
	return le.AppendUint64(b, filetime(t.LastSuccess))
}

// ActionsBlob is the value Actions, version 3.
func (t Task) ActionsBlob() []byte {
	str := func(b []byte, s string) []byte {
		w := wide(s)
		return append(le.AppendUint32(b, uint32(len(w))), w...)
	}
	b := le.AppendUint16(nil, 3)
	b = str(b, t.principal())
	for _, a := range t.Actions {
		if a.CLSID != "" {
			b = str(le.AppendUint16(b, 0x7777), "")
			b = str(append(b, GUID(a.CLSID)...), a.Data)
			continue
		}
		b = str(le.AppendUint16(b, 0x6666), "")
		b = str(str(str(b, a.Command), a.Arguments), a.WorkingDir)
		b = le.AppendUint16(b, 0)
	}
	return b
}

// xml writes the elements of a trigger.
func (g Trigger) xml(line func(depth int, format string, args ...any)) {
	name := "CalendarTrigger"
	switch {
	case g.Logon:
		name = "LogonTrigger"
	case g.Boot:
		name = "BootTrigger"
	}
	line(2, `<`+name+`>`)
	if g.Interval > 0 {
		line(3, `<Repetition>`)
		line(4, `<Interval>PT%dM</Interval>`, g.Interval/60)
		line(3, `</Repetition>`)
	}
	if !g.Start.IsZero() {
		line(3, `<StartBoundary>%s</StartBoundary>`, g.Start.Format("2006-01-02T15:04:05"))
	}
	line(3, `<Enabled>true</Enabled>`)
	switch {
	case g.Days > 0:
		line(3, `<ScheduleByDay>`)
		line(4, `<DaysInterval>%d</DaysInterval>`, g.Days)
		line(3, `</ScheduleByDay>`)
	case g.Weekdays != 0:
		line(3, `<ScheduleByWeek>`)
		line(4, `<DaysOfWeek>`)
		for i, d := range weekdays {
			if g.Weekdays>>i&1 != 0 {
				line(5, `<%s />`, d)
			}
		}
		line(4, `</DaysOfWeek>`)
		line(4, `<WeeksInterval>1</WeeksInterval>`)
		line(3, `</ScheduleByWeek>`)
	}
	line(2, `</`+name+`>`)
}

// TriggersBlob is the value Triggers, version 0x17 of Windows 10.
func (t Task) TriggersBlob() []byte {
	w := blob{b: []byte{0x17, 0, 0, 0, 0, 0, 0, 0}}
	w.moment(time.Time{})
	w.moment(time.Time{})
	flags := uint32(0x42412138) // enabled, interactive token and the usual settings
	if t.System {
		flags |= 0x1000000
	}
	if t.Hidden {
		flags |= 0x800000
	}
	if t.Disabled {
		flags &^= 0x400000
	}
	w.a4(flags)
	w.a4(crc32.ChecksumIEEE(t.XML()[2:]))
	w.str(t.principal())
	w.str("")
	w.user(t)
	w.a4(0x2C)
	w.u32s(0, 1<<32-1, 259200, 1<<32-1, 7, 0, 0, 0, 0, 0, 0)
	w.pad()
	for _, g := range t.Triggers {
		w.trigger(t, g)
	}
	return w.b
}

// A blob is the value as it is written: numbers and texts are padded with H to
// multiples of eight bytes.
type blob struct{ b []byte }

func (w *blob) a1(v byte)   { w.b = append(w.b, v, 'H', 'H', 'H', 'H', 'H', 'H', 'H') }
func (w *blob) a4(v uint32) { w.b = append(le.AppendUint32(w.b, v), 'H', 'H', 'H', 'H') }

func (w *blob) u32s(values ...uint32) {
	for _, v := range values {
		w.b = le.AppendUint32(w.b, v)
	}
}

func (w *blob) pad() {
	for len(w.b)%8 != 0 {
		w.b = append(w.b, 'H')
	}
}

func (w *blob) str(s string) {
	if s == "" {
		w.a4(0)
		return
	}
	text := append(wide(s), 0, 0)
	w.a4(uint32(len(text)))
	w.b = append(w.b, text...)
	w.pad()
}

func (w *blob) moment(t time.Time) {
	if t.IsZero() {
		w.a1(0)
		w.b = le.AppendUint64(w.b, 1<<64-1)
		return
	}
	w.a1(1)
	w.b = le.AppendUint64(w.b, filetime(t))
}

// user writes the account that the task runs as.
func (w *blob) user(t Task) {
	kind, sid := uint32(1), SID(t.SID)
	if t.System {
		kind, sid = 5, SID("S-1-5-18")
	}
	w.a1(0) // a user follows
	w.a1(0) // and a SID
	w.a4(kind)
	w.a4(uint32(len(sid)))
	w.b = append(w.b, sid...)
	w.pad()
	if t.System {
		w.a4(0)
	} else {
		w.str(t.User)
	}
}

func (w *blob) trigger(t Task, g Trigger) {
	switch {
	case g.Logon:
		w.event(0xAAAA, g)
		w.user(t)
	case g.Boot:
		w.event(0xFFFF, g)
	default:
		w.calendar(g)
	}
}

// event writes a trigger that waits for an event: a log-on, a start of Windows.
func (w *blob) event(kind uint32, g Trigger) {
	w.a4(kind)
	w.moment(g.Start)
	w.moment(time.Time{})
	w.u32s(0, 1<<32-1, uint32(g.Interval), 0, 0, 0)
	w.a1(1)
	w.b = append(w.b, 0, 0, 0, 0, 0, 0, 0, 0)
	w.a4(0) // no name
}

func (w *blob) calendar(g Trigger) {
	w.a4(0xDDDD)
	w.moment(g.Start)
	w.moment(time.Time{})
	w.moment(time.Time{})
	mode, data := uint32(0), [2]uint16{}
	switch {
	case g.Days > 0:
		mode, data[0] = 1, uint16(g.Days)
	case g.Weekdays != 0:
		mode, data = 2, [2]uint16{1, g.Weekdays}
	}
	w.u32s(uint32(g.Interval), 0, 1<<32-1, mode)
	w.b = le.AppendUint16(le.AppendUint16(w.b, data[0]), data[1])
	w.b = append(w.b, 0, 0, 0, 0)
	w.b = append(w.b, 0, 1, 0, 0) // stop, enabled
	w.b = append(w.b, make([]byte, 12)...)
	w.a4(0)
}

// A Job is a .job file.
type Job struct {
	Product                                              uint16
	ID                                                   [16]byte
	Application, Parameters, WorkingDir, Author, Comment string
	Status, ExitCode, StartError, Flags                  uint32
	LastRun                                              time.Time // local digits
	Start                                                time.Time // of a daily trigger, local
}

// Build returns the file.
func (j Job) Build() []byte {
	u16 := le.AppendUint16
	b := u16(u16(nil, j.Product), 1)
	b = append(b, j.ID[:]...)
	b = u16(u16(b, 70), 0)
	b = append(b, make([]byte, 8)...) // retries, idle times
	b = le.AppendUint32(b, 0x20)      // normal priority
	b = le.AppendUint32(b, 259200000)
	for _, v := range []uint32{j.ExitCode, j.Status, j.Flags} {
		b = le.AppendUint32(b, v)
	}
	if r := j.LastRun; r.IsZero() {
		b = append(b, make([]byte, 16)...)
	} else {
		for _, v := range []int{r.Year(), int(r.Month()), int(r.Weekday()), r.Day(), r.Hour(), r.Minute(), r.Second(),
			r.Nanosecond() / 1e6} {
			b = u16(b, uint16(v))
		}
	}
	b = u16(b, 0)
	for _, s := range []string{j.Application, j.Parameters, j.WorkingDir, j.Author, j.Comment} {
		if s == "" {
			b = u16(b, 0)
			continue
		}
		w := append(wide(s), 0, 0)
		b = append(u16(b, uint16(len(w)/2)), w...)
	}
	b = u16(b, 0)
	b = le.AppendUint32(u16(b, 8), j.StartError)
	b = le.AppendUint32(b, 0)
	le.PutUint16(b[22:], uint16(len(b)))
	if j.Start.IsZero() {
		return u16(b, 0)
	}
	b = u16(u16(u16(b, 1), 48), 0)
	for _, v := range []int{j.Start.Year(), int(j.Start.Month()), j.Start.Day(), 0, 0, 0, j.Start.Hour(), j.Start.Minute()} {
		b = u16(b, uint16(v))
	}
	for _, v := range []uint32{0, 0, 0, 1} {
		b = le.AppendUint32(b, v)
	}
	return append(u16(b, 1), make([]byte, 10)...)
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func filetime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix())*1e7 + uint64(t.Nanosecond()/100) + 116444736000000000
}

// GUID returns the 16 bytes of a GUID in its usual spelling.
func GUID(s string) []byte {
	var a uint32
	var b, c uint16
	var d, e uint64
	if _, err := fmt.Sscanf(strings.Trim(s, "{}"), "%08x-%04x-%04x-%04x-%012x", &a, &b, &c, &d, &e); err != nil {
		panic(err)
	}
	g := le.AppendUint16(le.AppendUint16(le.AppendUint32(nil, a), b), c)
	return binary.BigEndian.AppendUint64(g, d<<48|e)
}

// SID returns the bytes of a security identifier.
func SID(s string) []byte {
	parts := strings.Split(s, "-")
	var b []byte
	for i, p := range parts[1:] {
		var n uint64
		fmt.Sscan(p, &n)
		switch i {
		case 0:
			b = append(b, byte(n), byte(len(parts)-3))
		case 1:
			b = append(b, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		default:
			b = le.AppendUint32(b, uint32(n))
		}
	}
	return b
}
