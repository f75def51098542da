package schtask_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/schtask"
)

var le = binary.LittleEndian

// A cursor eats a value of the registry field by field.
type cursor struct {
	t *testing.T
	b []byte
}

func (c *cursor) u16() uint16 { return le.Uint16(c.next(2)) }
func (c *cursor) u32() uint32 { return le.Uint32(c.next(4)) }
func (c *cursor) u64() uint64 { return le.Uint64(c.next(8)) }

func (c *cursor) next(n int) []byte {
	c.t.Helper()
	if n > len(c.b) {
		c.t.Fatalf("%d bytes wanted, %d left", n, len(c.b))
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func decode(b []byte) string {
	var u []uint16
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, le.Uint16(b))
	}
	return string(utf16.Decode(u))
}

// padded is a number of n bytes in a field of eight.
func (c *cursor) padded(n int) uint32 {
	c.t.Helper()
	b := c.next(8)
	if string(b[n:]) != "HHHHHHH"[:8-n] {
		c.t.Fatalf("padding % x", b)
	}
	return le.Uint32(append(bytes.Clone(b[:n]), 0, 0, 0))
}

// text is a text of the triggers: its size with the NUL, padded to eight bytes.
func (c *cursor) text() string {
	c.t.Helper()
	n := int(c.padded(4))
	if n == 0 {
		return ""
	}
	s := decode(c.next((n + 7) &^ 7)[:n])
	if !strings.HasSuffix(s, "\x00") {
		c.t.Fatalf("%q does not end with a NUL", s)
	}
	return s[:len(s)-1]
}

// moment is a flag and a FILETIME.
func (c *cursor) moment() (uint64, bool) {
	set := c.padded(1)
	return c.u64(), set == 1
}

// TestTriggersBlob eats the value as winreg-tasks describes it, to its last byte.
func TestTriggersBlob(t *testing.T) {
	task := sample()
	task.Triggers = append(task.Triggers, schtask.Trigger{Boot: true}, schtask.Trigger{Start: time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC), Days: 3})
	c := &cursor{t, task.TriggersBlob()}
	if v := c.u64(); v != 0x17 {
		t.Errorf("version %#x", v)
	}
	for range 2 {
		if at, set := c.moment(); set || at != 1<<64-1 {
			t.Errorf("a boundary that is not set is %d, %t", at, set)
		}
	}
	if flags := c.padded(4); flags&0x800000 == 0 || flags&0x400000 == 0 || flags&0x1000000 != 0 {
		t.Errorf("flags %#x of a hidden, enabled task of a user", flags)
	}
	if sum, want := c.padded(4), crc32.ChecksumIEEE(task.XML()[2:]); sum != want {
		t.Errorf("checksum %#x, want %#x", sum, want)
	}
	if got := c.text(); got != "Author" {
		t.Errorf("principal %q", got)
	}
	c.text()
	user := func() {
		t.Helper()
		c.padded(1)
		c.padded(1)
		if kind := c.padded(4); kind != 1 {
			t.Errorf("account of kind %d", kind)
		}
		n := int(c.padded(4))
		if got, want := hex.EncodeToString(c.next(n)), "010500000000000515000000010000000200000003000000e9030000"; got != want {
			t.Errorf("SID %s, want %s", got, want)
		}
		c.next((8 - n%8) % 8)
		if got := c.text(); got != "u" {
			t.Errorf("user %q", got)
		}
	}
	user()
	if n := c.padded(4); n != 0x2C {
		t.Errorf("settings of %d bytes", n)
	}
	settings := c.next(0x30)
	if le.Uint32(settings[8:]) != 72*3600 {
		t.Errorf("limit of %d seconds", le.Uint32(settings[8:]))
	}
	from := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	start := uint64(time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC).Unix()-from) * 1e7
	event := func(kind, interval uint32) {
		t.Helper()
		if got := c.padded(4); got != kind {
			t.Fatalf("trigger %#x, want %#x", got, kind)
		}
		c.moment()
		c.moment()
		if b := c.next(24); le.Uint32(b[8:]) != interval {
			t.Errorf("repeated every %d seconds, want %d", le.Uint32(b[8:]), interval)
		}
		c.padded(1)
		c.u64()
		c.text()
	}
	calendar := func(mode uint32, one, two uint16) {
		t.Helper()
		if got := c.padded(4); got != 0xDDDD {
			t.Fatalf("trigger %#x", got)
		}
		if at, set := c.moment(); !set || at != start {
			t.Errorf("begins at %d, want %d", at, start)
		}
		c.moment()
		c.moment()
		c.next(12)
		if m, a, b := c.u32(), c.u16(), c.u16(); m != mode || a != one || b != two {
			t.Errorf("schedule %d: %d, %d; want %d: %d, %d", m, a, b, mode, one, two)
		}
		if b := c.next(20); b[5] != 1 {
			t.Error("not enabled")
		}
		c.text()
	}
	event(0xAAAA, 120)
	user()
	calendar(2, 1, 1<<1|1<<5)
	event(0xFFFF, 0)
	calendar(1, 3, 0)
	if len(c.b) != 0 {
		t.Errorf("%d bytes left", len(c.b))
	}
}

// TestFlags change with the task.
func TestFlags(t *testing.T) {
	flags := func(change func(*schtask.Task)) uint32 {
		task := schtask.Task{Path: `\a`, User: "u", SID: "S-1-5-21-1-2-3-1001"}
		change(&task)
		return le.Uint32(task.TriggersBlob()[40:])
	}
	plain := flags(func(*schtask.Task) {})
	for name, c := range map[string]struct {
		change func(*schtask.Task)
		bits   uint32
	}{
		"hidden":   {func(t *schtask.Task) { t.Hidden = true }, 0x800000},
		"disabled": {func(t *schtask.Task) { t.Disabled = true }, 0x400000},
		"system":   {func(t *schtask.Task) { t.System = true }, 0x1000000},
	} {
		if got := plain ^ flags(c.change); got != c.bits {
			t.Errorf("%s changes %#x, want %#x", name, got, c.bits)
		}
	}
}

// TestActionsBlob eats programs and handlers.
func TestActionsBlob(t *testing.T) {
	task := schtask.Task{System: true, Actions: []schtask.Action{
		{Command: `C:\x.exe`, Arguments: "-a 鳥", WorkingDir: `C:\`},
		{CLSID: "{00021401-0000-0000-C000-000000000046}", Data: "data"},
	}}
	c := &cursor{t, task.ActionsBlob()}
	text := func() string { return decode(c.next(int(c.u32()))) }
	if v, who := c.u16(), text(); v != 3 || who != "LocalSystem" {
		t.Errorf("version %d, principal %q", v, who)
	}
	if kind, id := c.u16(), text(); kind != 0x6666 || id != "" {
		t.Errorf("action %#x %q", kind, id)
	}
	if a, b, d := text(), text(), text(); a != `C:\x.exe` || b != "-a 鳥" || d != `C:\` {
		t.Errorf("%q %q %q", a, b, d)
	}
	c.u16()
	if kind, id := c.u16(), text(); kind != 0x7777 || id != "" {
		t.Errorf("action %#x %q", kind, id)
	}
	if class := hex.EncodeToString(c.next(16)); class != "0114020000000000c000000000000046" {
		t.Errorf("class %s", class)
	}
	if got := text(); got != "data" || len(c.b) != 0 {
		t.Errorf("data %q, %d bytes left", got, len(c.b))
	}
}

// TestDynamicInfo has the times in their order, and zero for what never was.
func TestDynamicInfo(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	task := schtask.Task{Registered: at(0), LastRun: at(1), Result: 0x80070002}
	c := &cursor{t, task.DynamicInfo()}
	const epoch = 116444736000000000
	if v, a, b := c.u32(), c.u64(), c.u64(); v != 3 || a != epoch || b != epoch+1e7 {
		t.Errorf("version %d, %d, %d", v, a, b)
	}
	if state, result, success := c.u32(), c.u32(), c.u64(); state != 0 || result != 0x80070002 || success != 0 || len(c.b) != 0 {
		t.Errorf("%d %#x %d, %d left", state, result, success, len(c.b))
	}
}

// TestHash is that of the file without its mark.
func TestHash(t *testing.T) {
	b := sample().XML()
	if want := sha256.Sum256(b[2:]); !bytes.Equal(sample().Hash(), want[:]) || b[0] != 0xFF || b[1] != 0xFE {
		t.Error("another hash, or no mark")
	}
}

// TestJob reads the .job file by [MS-TSCH] 2.4.
func TestJob(t *testing.T) {
	j := schtask.Job{
		Product: 0x600, ID: [16]byte{1, 2, 3}, Application: `C:\x.exe`, Parameters: "-p", Author: "SYSTEM", Comment: "鳥",
		Status: 0x41303, ExitCode: 5, StartError: 0x80070002, Flags: 0x2000,
		LastRun: time.Date(2026, 3, 6, 18, 16, 2, 123e6, time.UTC), Start: time.Date(2026, 4, 1, 6, 30, 0, 0, time.UTC),
	}
	b := j.Build()
	if le.Uint16(b) != 0x600 || le.Uint16(b[2:]) != 1 || [16]byte(b[4:20]) != j.ID {
		t.Errorf("header % x", b[:24])
	}
	if le.Uint32(b[40:]) != 5 || le.Uint32(b[44:]) != 0x41303 || le.Uint32(b[48:]) != 0x2000 {
		t.Errorf("exit code, status, flags % x", b[40:52])
	}
	for i, want := range []uint16{2026, 3, 5, 6, 18, 16, 2, 123} { // a Friday
		if got := le.Uint16(b[52+2*i:]); got != want {
			t.Errorf("last run %d: %d, want %d", i, got, want)
		}
	}
	c := &cursor{t, b[le.Uint16(b[20:]):]}
	for _, want := range []string{j.Application, j.Parameters, "", j.Author, j.Comment} {
		n := int(c.u16())
		got := decode(c.next(2 * n))
		if strings.TrimSuffix(got, "\x00") != want || (want != "" && !strings.HasSuffix(got, "\x00")) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	c.next(int(c.u16())) // user data
	reserved := c.next(int(c.u16()))
	if le.Uint32(reserved) != j.StartError {
		t.Errorf("start error % x", reserved)
	}
	if at := len(b) - len(c.b); at != int(le.Uint16(b[22:])) {
		t.Errorf("the triggers are at %d, the header says %d", at, le.Uint16(b[22:]))
	}
	if n, size := c.u16(), c.u16(); n != 1 || size != 48 {
		t.Fatalf("%d triggers of %d bytes", n, size)
	}
	trigger := c.next(46)
	for i, want := range []uint16{2026, 4, 1, 0, 0, 0, 6, 30} {
		if got := le.Uint16(trigger[2+2*i:]); got != want {
			t.Errorf("trigger %d: %d, want %d", i, got, want)
		}
	}
	if typ := le.Uint32(trigger[30:]); typ != 1 || len(c.b) != 0 {
		t.Errorf("trigger of type %d, %d bytes left", typ, len(c.b))
	}
	if b := (schtask.Job{}).Build(); le.Uint16(b[len(b)-2:]) != 0 || int(le.Uint16(b[22:])) != len(b)-2 {
		t.Errorf("without a trigger the file ends % x", b[len(b)-4:])
	}
}

// TestXML leaves out what a task has not.
func TestXML(t *testing.T) {
	text := schtask.Task{Path: `\x`, System: true, Disabled: true, Actions: []schtask.Action{{CLSID: "{A}", Data: "<d>"}}}.Text()
	for _, want := range []string{"S-1-5-18", "HighestAvailable", "<Enabled>false</Enabled>", "<ClassId>{A}</ClassId>", "<Data>&lt;d&gt;</Data>", `Context="LocalSystem"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	for _, no := range []string{"<Date>", "<Author>", "<Description>", "<Exec>", "Trigger>", "InteractiveToken"} {
		if strings.Contains(text, no) {
			t.Errorf("%s in %s", no, text)
		}
	}
}
