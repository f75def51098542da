package taskblob

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Triggers is the value Triggers: settings of the task and the reasons for
// which it starts.
type Triggers struct {
	Version     uint8 // 0x15 Windows 8.1, 0x16, 0x17 Windows 10
	Start, End  Time  // earliest start and latest end of all triggers
	Flags       Flags
	CRC32       uint32 // of the task's XML
	Principal   string
	DisplayName string
	User        User
	Settings    *Settings // nil when there are none
	List        []Trigger
}

// Flags are settings of a task.
type Flags uint32

// The flags whose meaning matters here.
const (
	WakeToRun        Flags = 0x200
	S4U              Flags = 0x4000
	InteractiveToken Flags = 0x10000
	Password         Flags = 0x40000
	Enabled          Flags = 0x400000
	Hidden           Flags = 0x800000
	HighestRunLevel  Flags = 0x1000000
)

// A Time is a moment in UTC, or the digits of a local one.
type Time struct {
	Time  time.Time
	Local bool
}

// A User is an account that a task or a trigger names.
type User struct {
	SID     string
	SIDType uint32 // SID_NAME_USE: 1 user, 2 group, 5 well-known group
	Name    string
}

// Settings are limits of a task, in seconds; all ones means none.
type Settings struct {
	IdleDuration, IdleWait uint32
	ExecutionLimit         uint32
	DeleteAfter            uint32
	Priority               uint32
	RestartDelay           uint32
	Restarts               uint32
	NetworkID              string
	Privileges             uint64 // a bit for each privilege number
}

// A TriggerKind says what starts the task.
type TriggerKind uint32

// The kinds of triggers.
const (
	WNFState      TriggerKind = 0x6666
	SessionChange TriggerKind = 0x7777
	Registration  TriggerKind = 0x8888
	Logon         TriggerKind = 0xAAAA
	Event         TriggerKind = 0xCCCC
	TimeTrigger   TriggerKind = 0xDDDD
	Idle          TriggerKind = 0xEEEE
	Boot          TriggerKind = 0xFFFF
)

// String names the kind as the schema of tasks does.
func (k TriggerKind) String() string {
	switch k {
	case WNFState:
		return "WnfStateChangeTrigger"
	case SessionChange:
		return "SessionStateChangeTrigger"
	case Registration:
		return "RegistrationTrigger"
	case Logon:
		return "LogonTrigger"
	case Event:
		return "EventTrigger"
	case TimeTrigger:
		return "TimeTrigger"
	case Idle:
		return "IdleTrigger"
	case Boot:
		return "BootTrigger"
	}
	return fmt.Sprintf("TriggerKind(%#x)", uint32(k))
}

// A Trigger is one reason for which a task starts. Durations are seconds; all
// ones means none.
type Trigger struct {
	Kind       TriggerKind
	ID         string
	Enabled    bool
	Start, End Time
	Delay      uint32
	Timeout    uint32
	Interval   uint32 // of the repetition
	Duration   uint32 // of the repetition
	StopAtEnd  bool

	State    uint32 // of a session change: 1 console connect … 5 lock, 6 unlock
	User     User   // whose log-on or session; empty for anybody's
	Query    string // of an event
	WNFState uint64

	Mode     uint32 // of a time: 0 once, 1 daily, 2 weekly, 3 days of months, 4 weekdays of months
	Data     [3]uint16
	MaxDelay uint32
}

// ParseTriggers reads the value Triggers. A kind of trigger that is not known
// ends it: how long such a one is cannot be told.
func ParseTriggers(b []byte) (Triggers, error) {
	r := blockReader{reader{b: b}}
	var t Triggers
	t.Version = r.a1()
	t.Start, t.End = r.time(), r.time()
	t.Flags, t.CRC32 = Flags(r.a4()), r.a4()
	if t.Version >= 0x16 {
		t.Principal = r.str()
	}
	if t.Version >= 0x17 {
		t.DisplayName = r.str()
	}
	t.User = r.user()
	t.Settings = r.settings()
	for !r.bad && r.off < len(b) {
		at := r.off
		g := Trigger{Kind: TriggerKind(r.a4())}
		switch g.Kind {
		case Registration, Idle, Boot:
			r.generic(&g, t.Version)
		case Logon:
			r.generic(&g, t.Version)
			g.User = r.user()
		case SessionChange:
			r.generic(&g, t.Version)
			g.State = r.u32()
			r.take(4)
			g.User = r.user()
		case WNFState:
			r.generic(&g, t.Version)
			g.WNFState = r.u64()
			r.buffer()
		case Event:
			r.generic(&g, t.Version)
			g.Query = r.chars()
			r.take(8)
			r.chars()
			for n := r.a4(); n > 0 && !r.bad; n-- {
				r.chars()
				r.chars()
			}
		case TimeTrigger:
			r.schedule(&g, t.Version)
		default:
			if r.bad {
				return t, r.err("Triggers")
			}
			return t, bad(at, "Triggers", "trigger of kind %#x is not known", uint32(g.Kind))
		}
		if r.bad {
			break
		}
		t.List = append(t.List, g)
	}
	if r.bad {
		return t, r.err("Triggers")
	}
	return t, nil
}

// A blockReader reads fields that are padded to eight bytes. What stands in
// the padding is whatever memory held.
type blockReader struct{ reader }

func (r *blockReader) a1() uint8 {
	if s := r.take(8); s != nil {
		return s[0]
	}
	return 0
}

func (r *blockReader) a4() uint32 {
	if s := r.take(8); s != nil {
		return le.Uint32(s)
	}
	return 0
}

// time reads a flag for local time and a FILETIME.
func (r *blockReader) time() Time {
	local := r.a1()
	return Time{wire.Time(r.u64()), local == 1}
}

// buffer reads a length and as many bytes.
func (r *blockReader) buffer() []byte {
	at := r.off
	n := r.a4()
	return r.padded(at, int64(n))
}

func (r *blockReader) padded(at int, n int64) []byte {
	if r.bad || n == 0 {
		return nil
	}
	if n > int64(len(r.b)-r.off) {
		r.bad, r.fail = true, at
		return nil
	}
	s := r.take(int(n))
	// The last field of a value may lack its padding.
	r.take(min(int(-n&7), len(r.b)-r.off))
	return s
}

// str is a buffer of UTF-16.
func (r *blockReader) str() string { return wire.UTF16Trim(r.buffer()) }

// chars is a string whose length is counted in characters without the NUL.
func (r *blockReader) chars() string {
	at := r.off
	n := int64(r.a4())
	if n == 0 {
		return ""
	}
	return wire.UTF16Trim(r.padded(at, 2*n+2))
}

func (r *blockReader) user() User {
	var u User
	if r.a1() != 0 || r.bad {
		return u
	}
	if r.a1() == 0 {
		u.SIDType = r.a4()
		u.SID, _ = wire.SID(r.buffer())
	}
	u.Name = r.str()
	return u
}

const ( // optional settings
	setIdle       = 0
	setIdleWait   = 4
	setLimit      = 8
	setDelete     = 12
	setPriority   = 16
	setDelay      = 20
	setRestarts   = 24
	setNetwork    = 28
	setSize       = 44 // 0x2C
	setPrivileges = 48
	setPrivEnd    = 56 // 0x38
)

func (r *blockReader) settings() *Settings {
	b := r.buffer()
	if len(b) < setSize {
		return nil
	}
	s := &Settings{
		IdleDuration: le.Uint32(b[setIdle:]), IdleWait: le.Uint32(b[setIdleWait:]),
		ExecutionLimit: le.Uint32(b[setLimit:]), DeleteAfter: le.Uint32(b[setDelete:]),
		Priority: le.Uint32(b[setPriority:]), RestartDelay: le.Uint32(b[setDelay:]), Restarts: le.Uint32(b[setRestarts:]),
		NetworkID: wire.GUID(b[setNetwork:]),
	}
	if len(b) >= setPrivEnd {
		s.Privileges = le.Uint64(b[setPrivileges:])
	}
	return s
}

// generic reads what most triggers have in common.
func (r *blockReader) generic(g *Trigger, version uint8) {
	g.Start, g.End = r.time(), r.time()
	g.Delay, g.Timeout = r.u32(), r.u32()
	g.Interval, g.Duration = r.u32(), r.u32()
	r.u32() // the duration again
	if s := r.take(4); s != nil {
		g.StopAtEnd = s[0] != 0
	}
	g.Enabled = r.a1() != 0
	r.take(8)
	r.id(g, version)
}

// id reads the name of the trigger. Its length has no padding of its own; the
// whole is padded.
func (r *blockReader) id(g *Trigger, version uint8) {
	if version < 0x16 {
		return
	}
	n := r.size()
	g.ID = wire.UTF16Trim(r.take(n))
	r.take(min(-(4+n)&7, len(r.b)-r.off))
}

// schedule reads a trigger of time.
func (r *blockReader) schedule(g *Trigger, version uint8) {
	g.Start, g.End = r.time(), r.time()
	r.time()
	g.Interval, g.Duration, g.Timeout, g.Mode = r.u32(), r.u32(), r.u32(), r.u32()
	for i := range g.Data {
		g.Data[i] = r.u16()
	}
	r.u16()
	if s := r.take(4); s != nil {
		g.StopAtEnd, g.Enabled = s[0] != 0, s[1] != 0
	}
	r.u32()
	g.MaxDelay = r.u32()
	r.u32()
	r.id(g, version)
}
