package taskblob_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"reflect"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/taskblob"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/schtask"
	"github.com/google/go-cmp/cmp"
)

var le = binary.LittleEndian

func sample() schtask.Task {
	return schtask.Task{
		Path: `\falcon`, User: `PC\daniel`, SID: "S-1-5-21-1-2-3-1002", Hidden: true,
		Actions: []schtask.Action{
			{Command: "rundll32.exe", Arguments: `C:\x.dll,#1`, WorkingDir: `C:\`},
			{CLSID: "{01575CFE-9A55-4003-A5E1-F38D1EBDCBE1}", Data: "data"},
		},
		Triggers: []schtask.Trigger{
			{Logon: true, Interval: 300},
			{Boot: true},
			{Start: time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC), Weekdays: 2},
			{Start: time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC), Days: 3},
		},
		Registered: time.Date(2026, 3, 6, 18, 16, 2, 224690300, time.UTC), LastRun: time.Date(2026, 3, 7, 1, 2, 3, 0, time.UTC), Result: 0x80070002,
	}
}

func TestDynamicInfo(t *testing.T) {
	task := sample()
	b := task.DynamicInfo()
	got, err := taskblob.ParseDynamicInfo(b)
	want := taskblob.DynamicInfo{Magic: 3, Registered: task.Registered, LastRun: task.LastRun, LastError: 0x80070002, Long: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	want.Long = false
	if got, err = taskblob.ParseDynamicInfo(b[:28]); err != nil || got != want {
		t.Errorf("28 bytes: %+v, %v", got, err)
	}
	if _, err = taskblob.ParseDynamicInfo(b[:27]); err == nil || err.Error() != "taskblob: DynamicInfo at offset 27: 27 bytes, want 28 or 36" {
		t.Errorf("27 bytes: %v", err)
	}
	b[0] = 4
	if got, err = taskblob.ParseDynamicInfo(b); err == nil || got.LastRun != task.LastRun {
		t.Errorf("other start: %+v, %v", got, err)
	}
}

func TestActions(t *testing.T) {
	got, err := taskblob.ParseActions(sample().ActionsBlob())
	want := taskblob.Actions{Version: 3, Context: "Author", List: []taskblob.Action{
		{Kind: taskblob.Exec, Command: "rundll32.exe", Arguments: `C:\x.dll,#1`, WorkingDir: `C:\`},
		{Kind: taskblob.COMHandler, CLSID: "{01575CFE-9A55-4003-A5E1-F38D1EBDCBE1}", Data: "data"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Mails and message boxes, by hand, in version 1, which names no principal.
func TestActionsOld(t *testing.T) {
	str := func(b []byte, s string) []byte {
		u := utf16.Encode([]rune(s))
		b = le.AppendUint32(b, uint32(2*len(u)))
		for _, c := range u {
			b = le.AppendUint16(b, c)
		}
		return b
	}
	b := le.AppendUint16(nil, 1)
	b = str(le.AppendUint16(b, 0x8888), "mail")
	for _, s := range []string{"from", "to", "cc", "bcc", "reply", "server", "subject", "body"} {
		b = str(b, s)
	}
	b = str(le.AppendUint32(b, 1), "file.txt")
	b = str(str(le.AppendUint32(b, 1), "X-A"), "1")
	b = str(str(str(le.AppendUint16(b, 0x9999), ""), "title"), "text")
	got, err := taskblob.ParseActions(b)
	want := taskblob.Actions{Version: 1, List: []taskblob.Action{
		{Kind: taskblob.Email, ID: "mail", From: "from", To: "to", CC: "cc", BCC: "bcc", ReplyTo: "reply", Server: "server", Subject: "subject", Body: "body",
			Attachments: []string{"file.txt"}, Headers: []string{"X-A: 1"}},
		{Kind: taskblob.Message, Subject: "title", Body: "text"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestActionsDamaged(t *testing.T) {
	good := sample().ActionsBlob()
	for _, tt := range []struct {
		name string
		b    []byte
		list int
		want string
	}{
		{"empty", nil, 0, "taskblob: Actions at offset 0: runs past the end of 0 bytes"},
		{"version", []byte{9, 0, 0, 0, 0, 0}, 0, "taskblob: Actions at offset 0: version 9 is not known"},
		{"cut", good[:len(good)-3], 2, fmt.Sprintf("taskblob: Actions at offset %d: runs past the end of %d bytes", len(good)-12, len(good)-3)},
		{"kind", append(good[:len(good):len(good)], 0x11, 0x11, 0, 0, 0, 0), 2, fmt.Sprintf("taskblob: Actions at offset %d: action of kind 0x1111 is not known", len(good))},
	} {
		got, err := taskblob.ParseActions(tt.b)
		if err == nil || err.Error() != tt.want || len(got.List) != tt.list {
			t.Errorf("%s: %d actions, %v, want %d, %s", tt.name, len(got.List), err, tt.list, tt.want)
		}
	}
}

func TestTriggers(t *testing.T) {
	task := sample()
	got, err := taskblob.ParseTriggers(task.TriggersBlob())
	user := taskblob.User{SID: task.SID, SIDType: 1, Name: task.User}
	at := taskblob.Time{Time: task.Triggers[2].Start, Local: true}
	want := taskblob.Triggers{
		Version: 0x17, Flags: 0x42C12138, CRC32: crc32.ChecksumIEEE(task.XML()[2:]), Principal: "Author", User: user,
		Settings: &taskblob.Settings{IdleWait: 1<<32 - 1, ExecutionLimit: 259200, DeleteAfter: 1<<32 - 1, Priority: 7, NetworkID: "00000000-0000-0000-0000-000000000000"},
		List: []taskblob.Trigger{
			{Kind: taskblob.Logon, Enabled: true, Timeout: 1<<32 - 1, Interval: 300, User: user},
			{Kind: taskblob.Boot, Enabled: true, Timeout: 1<<32 - 1},
			{Kind: taskblob.TimeTrigger, Enabled: true, Start: at, Timeout: 1<<32 - 1, Mode: 2, Data: [3]uint16{1, 2}},
			{Kind: taskblob.TimeTrigger, Enabled: true, Start: at, Timeout: 1<<32 - 1, Mode: 1, Data: [3]uint16{3}},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got.Flags&taskblob.Hidden == 0 || got.Flags&taskblob.Enabled == 0 || got.Flags&taskblob.HighestRunLevel != 0 {
		t.Errorf("flags %#x", got.Flags)
	}
}

// Events, sessions and WNF states, by hand, in version 0x15, where triggers
// have no names and the task names no principal.
func TestTriggersOld(t *testing.T) {
	var b []byte
	a4 := func(v uint32) { b = le.AppendUint32(le.AppendUint32(b, v), 0x48484848) }
	generic := func(kind uint32) {
		a4(kind)
		for range 2 {
			b = append(b, 0, 'H', 'H', 'H', 'H', 'H', 'H', 'H')
			b = le.AppendUint64(b, 1<<64-1)
		}
		for range 6 {
			b = le.AppendUint32(b, 0)
		}
		a4(1)
		b = le.AppendUint64(b, 0)
	}
	chars := func(s string) {
		a4(uint32(len(s)))
		if s == "" {
			return
		}
		for _, c := range s {
			b = le.AppendUint16(b, uint16(c))
		}
		for b = append(b, 0, 0); len(b)%8 != 0; {
			b = append(b, 'H')
		}
	}
	b = append(b, 0x15, 0, 0, 0, 0, 0, 0, 0)
	for range 2 {
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		b = le.AppendUint64(b, 0)
	}
	a4(0x400000)
	a4(0x12345678)
	a4(1) // no user
	a4(0) // no settings
	generic(0xCCCC)
	chars("<QueryList/>")
	b = le.AppendUint64(b, 0)
	chars("")
	a4(1)
	chars("name")
	chars("value")
	generic(0x7777)
	b = le.AppendUint32(le.AppendUint32(b, 5), 0)
	a4(1)
	generic(0x6666)
	b = le.AppendUint64(b, 0xA3BC0875)
	a4(3)
	b = append(b, 1, 2, 3, 'H', 'H', 'H', 'H', 'H')
	generic(0x8888)
	generic(0xEEEE)
	got, err := taskblob.ParseTriggers(b)
	want := taskblob.Triggers{Version: 0x15, Flags: taskblob.Enabled, CRC32: 0x12345678, List: []taskblob.Trigger{
		{Kind: taskblob.Event, Enabled: true, Query: "<QueryList/>"},
		{Kind: taskblob.SessionChange, Enabled: true, State: 5},
		{Kind: taskblob.WNFState, Enabled: true, WNFState: 0xA3BC0875},
		{Kind: taskblob.Registration, Enabled: true},
		{Kind: taskblob.Idle, Enabled: true},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	a4(0x1234)
	got, err = taskblob.ParseTriggers(b)
	if err == nil || err.Error() != fmt.Sprintf("taskblob: Triggers at offset %d: trigger of kind 0x1234 is not known", len(b)-8) || len(got.List) != 5 {
		t.Errorf("unknown kind: %d triggers, %v", len(got.List), err)
	}
}

func TestTriggersDamaged(t *testing.T) {
	good := sample().TriggersBlob()
	whole, _ := taskblob.ParseTriggers(good)
	for n := range len(good) {
		got, err := taskblob.ParseTriggers(good[:n])
		if len(got.List) > len(whole.List) {
			t.Fatalf("%d bytes: %d triggers", n, len(got.List))
		}
		if err == nil && len(got.List) == len(whole.List) && n < len(good)-8 {
			t.Errorf("%d of %d bytes pass as whole", n, len(good))
		}
	}
	big := append(good[:0:0], good...)
	le.PutUint32(big[56:], 0xFFFFFFF0) // length of the principal's name
	if _, err := taskblob.ParseTriggers(big); err == nil || err.Error() != fmt.Sprintf("taskblob: Triggers at offset 56: runs past the end of %d bytes", len(big)) {
		t.Errorf("length: %v", err)
	}
}

func FuzzDynamicInfo(f *testing.F) {
	f.Add(sample().DynamicInfo())
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := taskblob.ParseDynamicInfo(b)
		check(t, b, err)
	})
}

func FuzzActions(f *testing.F) {
	f.Add(sample().ActionsBlob())
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := taskblob.ParseActions(b)
		check(t, b, err)
		if len(a.List) > len(b)/6 {
			t.Errorf("%d actions in %d bytes", len(a.List), len(b))
		}
		again, _ := taskblob.ParseActions(b)
		if !reflect.DeepEqual(a, again) {
			t.Error("not the same twice")
		}
	})
}

func FuzzTriggers(f *testing.F) {
	f.Add(sample().TriggersBlob())
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := taskblob.ParseTriggers(b)
		check(t, b, err)
		if len(g.List) > len(b)/64 {
			t.Errorf("%d triggers in %d bytes", len(g.List), len(b))
		}
		again, _ := taskblob.ParseTriggers(b)
		if !reflect.DeepEqual(g, again) {
			t.Error("not the same twice")
		}
	})
}

// check holds an error to a place inside of the data.
func check(t *testing.T, b []byte, err error) {
	if err == nil {
		return
	}
	if fe, ok := err.(*wire.FormatError); !ok || fe.Offset < 0 || fe.Offset > int64(len(b)) {
		t.Errorf("error outside of the data: %v", err)
	}
}

func ExampleParseActions() {
	a, err := taskblob.ParseActions(sample().ActionsBlob())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, x := range a.List {
		switch x.Kind {
		case taskblob.Exec:
			fmt.Println("program", x.Command, x.Arguments)
		case taskblob.COMHandler:
			fmt.Println("class", x.CLSID, x.Data)
		}
	}
	// Output:
	// program rundll32.exe C:\x.dll,#1
	// class {01575CFE-9A55-4003-A5E1-F38D1EBDCBE1} data
}
