package taskblob

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/schtask"
)

// someTask is a task with actions and triggers of all kinds that the writer of the
// corpus knows.
func someTask(r *rand.Rand) schtask.Task {
	words := []string{"tool.exe", "größe", "бэд", "日本", "a b", "\U0001F600", strings.Repeat("long", 60)}
	word := func() string { return words[r.IntN(len(words))] }
	moment := func() time.Time { return time.Unix(1+r.Int64N(4e9), r.Int64N(1e7)*100).UTC() }
	k := schtask.Task{Path: `\` + word(), User: "mira", SID: "S-1-5-21-1-2-3-1001", System: r.IntN(2) == 0, Hidden: r.IntN(2) == 0,
		Registered: moment(), LastRun: moment(), LastSuccess: moment(), Result: r.Uint32()}
	for range r.IntN(4) {
		if r.IntN(3) == 0 {
			k.Actions = append(k.Actions, schtask.Action{CLSID: "{0A1B2C3D-0000-4000-8000-000000000001}", Data: word()})
			continue
		}
		k.Actions = append(k.Actions, schtask.Action{Command: `C:\` + word(), Arguments: word(), WorkingDir: word()})
	}
	for range r.IntN(4) {
		switch r.IntN(4) {
		case 0:
			k.Triggers = append(k.Triggers, schtask.Trigger{Logon: true})
		case 1:
			k.Triggers = append(k.Triggers, schtask.Trigger{Boot: true})
		case 2:
			k.Triggers = append(k.Triggers, schtask.Trigger{Start: moment().Truncate(time.Second), Days: 1 + r.IntN(30), Interval: 60 * r.IntN(100)})
		default:
			k.Triggers = append(k.Triggers, schtask.Trigger{Start: moment().Truncate(time.Second), Weekdays: uint16(1 + r.UintN(127))})
		}
	}
	return k
}

// TestRoundTrip reads the values that the writer of the corpus, which shares no code
// with the readers, wrote.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for i := range 300 {
		want := someTask(r)
		info, err := ParseDynamicInfo(want.DynamicInfo())
		if err != nil || !info.Long || !info.Registered.Equal(want.Registered) || !info.LastRun.Equal(want.LastRun) ||
			!info.LastSuccess.Equal(want.LastSuccess) || info.LastError != want.Result {
			t.Fatalf("task %d: %+v, %v, want %+v", i, info, err, want)
		}
		actions, err := ParseActions(want.ActionsBlob())
		if err != nil || actions.Version != 3 || len(actions.List) != len(want.Actions) {
			t.Fatalf("task %d: %d actions of %d, %v", i, len(actions.List), len(want.Actions), err)
		}
		for j, a := range want.Actions {
			got := actions.List[j]
			if a.CLSID != "" {
				if got.Kind != COMHandler || got.CLSID != a.CLSID || got.Data != a.Data {
					t.Errorf("task %d: action %+v, want %+v", i, got, a)
				}
			} else if got.Kind != Exec || got.Command != a.Command || got.Arguments != a.Arguments || got.WorkingDir != a.WorkingDir {
				t.Errorf("task %d: action %+v, want %+v", i, got, a)
			}
		}
		triggers, err := ParseTriggers(want.TriggersBlob())
		if err != nil || len(triggers.List) != len(want.Triggers) {
			t.Fatalf("task %d: %d triggers of %d, %v", i, len(triggers.List), len(want.Triggers), err)
		}
		for j, w := range want.Triggers {
			got := triggers.List[j]
			ok := got.Enabled
			switch {
			case w.Logon:
				ok = ok && got.Kind == Logon
			case w.Boot:
				ok = ok && got.Kind == Boot
			case w.Days > 0:
				ok = ok && got.Mode == 1 && int(got.Data[0]) == w.Days && got.Start.Time.Equal(w.Start) && int(got.Interval) == w.Interval
			default:
				ok = ok && got.Mode == 2 && got.Data[1] == w.Weekdays && got.Start.Time.Equal(w.Start)
			}
			if !ok {
				t.Errorf("task %d: trigger %+v, want %+v", i, got, w)
			}
		}
	}
}

// TestCutAnywhere cuts each value at every byte: an error names a place inside of what
// is left, and what is read is a beginning of what the whole has. The values do not
// say how many actions and triggers they have: a cut between two is no damage.
func TestCutAnywhere(t *testing.T) {
	k := schtask.Task{Path: `\x`, User: "mira", SID: "S-1-5-21-1-2-3-1001", Registered: time.Unix(1, 0), LastRun: time.Unix(2, 0), LastSuccess: time.Unix(3, 0),
		Actions:  []schtask.Action{{Command: `C:\a.exe`, Arguments: "-x"}, {CLSID: "{0A1B2C3D-0000-4000-8000-000000000001}", Data: "d"}, {Command: `C:\b.exe`}},
		Triggers: []schtask.Trigger{{Logon: true}, {Boot: true}, {Start: time.Unix(1e9, 0).UTC(), Days: 2}}}
	inside := func(what string, n int, err error) {
		t.Helper()
		if err == nil {
			return
		}
		fe, ok := errors.AsType[*wire.FormatError](err)
		if !ok || fe.Offset < 0 || fe.Offset > int64(n) {
			t.Errorf("%s cut at %d: %v", what, n, err)
		}
	}
	whole, most, silent := k.ActionsBlob(), 0, 0
	for n := range whole {
		a, err := ParseActions(whole[:n:n])
		if inside("actions", n, err); err == nil {
			silent++
		}
		if len(a.List) < most {
			t.Errorf("actions cut at %d: %d of them, %d with fewer bytes", n, len(a.List), most)
		}
		most = max(most, len(a.List))
		for i, x := range a.List[:max(0, len(a.List)-1)] {
			if want := k.Actions[i]; x.Command != want.Command || x.CLSID != want.CLSID {
				t.Errorf("actions cut at %d: action %d is %+v", n, i, x)
			}
		}
	}
	if silent != len(k.Actions) {
		t.Errorf("%d cuts of the actions are no damage, %d are between two", silent, len(k.Actions))
	}
	whole, most, silent = k.TriggersBlob(), 0, 0
	for n := range whole {
		x, err := ParseTriggers(whole[:n:n])
		if inside("triggers", n, err); err == nil && len(x.List) == len(k.Triggers) {
			continue // what follows the last trigger is filler
		}
		if err == nil {
			silent++
		}
		if len(x.List) < most {
			t.Errorf("triggers cut at %d: %d of them, %d with fewer bytes", n, len(x.List), most)
		}
		most = max(most, len(x.List))
	}
	if silent > 8*len(k.Triggers) { // each ends with up to 7 bytes of filler
		t.Errorf("%d cuts of the triggers are no damage", silent)
	}
	whole = k.DynamicInfo()
	for n := range whole {
		if info, err := ParseDynamicInfo(whole[:n:n]); err == nil && n != 28 || err != nil && info.Long {
			t.Errorf("dynamic info cut at %d: %+v, %v", n, info, err)
		} else {
			inside("dynamic info", n, err)
		}
	}
}

func ExampleParseActions() {
	k := schtask.Task{Path: `\x`, Actions: []schtask.Action{{Command: `C:\Tools\a.exe`, Arguments: "-x 1"}}}
	actions, err := ParseActions(k.ActionsBlob())
	if err != nil {
		fmt.Println(err)
	}
	for _, a := range actions.List {
		fmt.Println(a.Command, a.Arguments)
	}
	// Output: C:\Tools\a.exe -x 1
}
