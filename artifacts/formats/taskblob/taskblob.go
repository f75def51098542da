// Package taskblob reads the binary values that the task scheduler keeps for
// each task in its cache in the registry (SOFTWARE, key Schedule\TaskCache):
// DynamicInfo, Actions and Triggers, of Windows Vista to 11.
//
// The layouts are not published by Microsoft; they follow the structure
// definitions of the project winreg-tasks and were checked against the byte
// vectors there, not against hives of our own. What is unknown in them is
// skipped. A value that breaks off or holds something unknown is returned as
// far as it can be read, beside a [*wire.FormatError].
package taskblob

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// bad reports what cannot be read. Offsets count from the start of the value.
func bad(off int, structure, format string, args ...any) *wire.FormatError {
	return &wire.FormatError{Format: "taskblob", Offset: int64(off), Struct: structure, Problem: fmt.Sprintf(format, args...)}
}

// A DynamicInfo tells when a task was registered and when it ran.
type DynamicInfo struct {
	Magic       uint32    // 3
	Registered  time.Time // registered or updated
	LastRun     time.Time
	State       uint32    // on Vista to 8 the result of the last run
	LastError   uint32    // result of the last run, Windows 10 and later
	LastSuccess time.Time // Windows 8 and later
	Long        bool      // has the last field
}

const ( // DynamicInfo
	dynRegistered = 4
	dynLastRun    = 12
	dynState      = 20
	dynLastError  = 24
	dynShort      = 28
	dynSuccess    = 28
	dynLong       = 36
)

// ParseDynamicInfo reads the value DynamicInfo: 28 bytes, since Windows 8 36.
func ParseDynamicInfo(b []byte) (DynamicInfo, error) {
	if len(b) < dynShort {
		return DynamicInfo{}, bad(len(b), "DynamicInfo", "%d bytes, want %d or %d", len(b), dynShort, dynLong)
	}
	d := DynamicInfo{
		Magic:      le.Uint32(b),
		Registered: wire.Time(le.Uint64(b[dynRegistered:])),
		LastRun:    wire.Time(le.Uint64(b[dynLastRun:])),
		State:      le.Uint32(b[dynState:]),
		LastError:  le.Uint32(b[dynLastError:]),
	}
	if len(b) >= dynLong {
		d.Long = true
		d.LastSuccess = wire.Time(le.Uint64(b[dynSuccess:]))
	} else if len(b) > dynShort {
		return d, bad(dynShort, "DynamicInfo", "%d bytes, want %d or %d", len(b), dynShort, dynLong)
	}
	if d.Magic != 3 {
		return d, bad(0, "DynamicInfo", "begins with %d, want 3", d.Magic)
	}
	return d, nil
}

// Actions is what a task does.
type Actions struct {
	Version uint16
	Context string // the principal that the actions run as
	List    []Action
}

// An ActionKind says what an action does.
type ActionKind uint16

// The kinds of actions.
const (
	Exec       ActionKind = 0x6666
	COMHandler ActionKind = 0x7777
	Email      ActionKind = 0x8888
	Message    ActionKind = 0x9999
)

// An Action is one action; which fields are set follows from its kind.
type Action struct {
	Kind ActionKind
	ID   string

	Command    string
	Arguments  string
	WorkingDir string
	Flags      uint16

	CLSID string // with braces
	Data  string

	From, To, CC, BCC, ReplyTo, Server string
	Subject, Body                      string // of a mail; title and text of a message box
	Attachments                        []string
	Headers                            []string // "name: value"
}

// ParseActions reads the value Actions.
func ParseActions(b []byte) (Actions, error) {
	r := reader{b: b}
	var a Actions
	if a.Version = r.u16(); r.bad {
		return a, r.err("Actions")
	}
	if a.Version >= 2 {
		a.Context = r.bstr()
	}
	if a.Version == 0 || a.Version > 3 {
		return a, bad(0, "Actions", "version %d is not known", a.Version)
	}
	for !r.bad && r.off < len(b) {
		at := r.off
		act := Action{Kind: ActionKind(r.u16()), ID: r.bstr()}
		if !act.fields(&r, a.Version) && !r.bad {
			return a, bad(at, "Actions", "action of kind %#x is not known", uint16(act.Kind))
		}
		if r.bad && act.Command == "" && act.CLSID == "" && act.Subject == "" {
			break
		}
		a.List = append(a.List, act)
	}
	if r.bad {
		return a, r.err("Actions")
	}
	return a, nil
}

// fields reads what an action of its kind has; false means an unknown kind.
func (act *Action) fields(r *reader, version uint16) bool {
	switch act.Kind {
	case Exec:
		act.Command, act.Arguments, act.WorkingDir = r.bstr(), r.bstr(), r.bstr()
		if version == 3 {
			act.Flags = r.u16()
		}
	case COMHandler:
		if c := r.take(16); c != nil {
			act.CLSID = "{" + wire.GUID(c) + "}"
		}
		act.Data = r.bstr()
	case Email:
		for _, s := range []*string{&act.From, &act.To, &act.CC, &act.BCC, &act.ReplyTo, &act.Server, &act.Subject, &act.Body} {
			*s = r.bstr()
		}
		for n := r.u32(); n > 0 && !r.bad; n-- {
			act.Attachments = append(act.Attachments, r.bstr())
		}
		for n := r.u32(); n > 0 && !r.bad; n-- {
			act.Headers = append(act.Headers, r.bstr()+": "+r.bstr())
		}
	case Message:
		act.Subject, act.Body = r.bstr(), r.bstr()
	default:
		return false
	}
	return true
}

// A reader takes fields one after the other and remembers where the data came
// to its end too early.
type reader struct {
	b    []byte
	off  int
	bad  bool
	fail int // where the field begins that is cut
}

func (r *reader) err(what string) *wire.FormatError {
	return bad(r.fail, what, "runs past the end of %d bytes", len(r.b))
}

func (r *reader) take(n int) []byte {
	if r.bad {
		return nil
	}
	if n < 0 || n > len(r.b)-r.off {
		r.bad, r.fail = true, r.off
		return nil
	}
	s := r.b[r.off : r.off+n]
	r.off += n
	return s
}

func (r *reader) u16() uint16 {
	if s := r.take(2); s != nil {
		return le.Uint16(s)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if s := r.take(4); s != nil {
		return le.Uint32(s)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if s := r.take(8); s != nil {
		return le.Uint64(s)
	}
	return 0
}

// size reads a length of 32 bits that must fit into what is left.
func (r *reader) size() int {
	n := r.u32()
	if int64(n) > int64(len(r.b)-r.off) {
		if !r.bad {
			r.bad, r.fail = true, r.off-4
		}
		return 0
	}
	return int(n)
}

// bstr reads a string: u32 length in bytes, UTF-16.
func (r *reader) bstr() string { return wire.UTF16Trim(r.take(r.size())) }
