package wmi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// real opens the shared repository of an attacked Windows Server 2022, or skips.
func real(t testing.TB) Files {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, "artifacts2/wmi/server2022-attacked", name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		return b
	}
	objects, index := read("OBJECTS.DATA.gz"), read("INDEX.BTR.gz")
	f := Files{Objects: bytes.NewReader(objects), ObjectsSize: int64(len(objects)),
		Index: bytes.NewReader(index), IndexSize: int64(len(index))}
	for i := range 3 {
		f.Maps = append(f.Maps, read(fmt.Sprintf("MAPPING%d.MAP", i+1)))
	}
	return f
}

// TestReal holds the reader to the two subscriptions that were planted and the
// one that every Windows has, and to nothing else: no class definition, no
// registration of a provider.
func TestReal(t *testing.T) {
	r, err := Open(real(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.Sequence != 22229 || r.XP || len(r.Damage()) != 0 {
		t.Errorf("sequence %d, XP %v, damage %v", r.Sequence, r.XP, r.Damage())
	}
	const attacker, administrators = "S-1-5-21-3275454858-3348516582-95323724-1000", "S-1-5-32-544"
	type row struct{ page, class, namespace, name, creator string }
	want := []row{
		{"110", "__IntervalTimerInstruction", `ROOT\CIMV2`, "Timer", ""},
		{"191", "__EventFilter", `ROOT\subscription`, "TimingIntervalTrigger", attacker},
		{"304", "__EventFilter", `ROOT\subscription`, "ProcessStartTrigger", attacker},
		{"304", "ActiveScriptEventConsumer", `ROOT\subscription`, "KillProcess", attacker},
		{"304", "__FilterToConsumerBinding", `ROOT\subscription`, `ActiveScriptEventConsumer.Name="KillProcess"`, attacker},
		{"348", "ActiveScriptEventConsumer", `ROOT\subscription`, "LaunchBeaconingBackdoor", attacker},
		{"348", "__FilterToConsumerBinding", `ROOT\subscription`, `ActiveScriptEventConsumer.Name="LaunchBeaconingBackdoor"`, attacker},
		{"1199", "NTEventLogEventConsumer", `ROOT\subscription`, "SCM Event Log Consumer", administrators},
		{"1199", "__EventFilter", `ROOT\subscription`, "SCM Event Log Filter", administrators},
		{"1199", "__FilterToConsumerBinding", `ROOT\subscription`, `NTEventLogEventConsumer.Name="SCM Event Log Consumer"`, administrators},
	}
	var got []row
	for _, i := range r.Instances {
		name := i.Text("Name") + i.Text("Consumer") + i.Text("TimerId")
		got = append(got, row{fmt.Sprint(i.Page), i.Class, i.Namespace, name, i.CreatorSID()})
		run := "2021-05-08T08:24:20.97"
		if i.Page < 1000 {
			run = "2023-10-18T02:46:32.57257"
		}
		if s := i.Stored.Format("2006-01-02T15:04:05.0000000"); !strings.HasPrefix(s, run) || i.State != Live {
			t.Errorf("page %d, %s %s: stored %s, want %s; %v", i.Page, i.Class, name, s, run, i.State)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d instances, want %d:\n%v", len(got), len(want), got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%v\nwant %v", got[i], want[i])
		}
	}
	if q := r.Instances[2].Text("query"); q != "SELECT * FROM Win32_ProcessStartTrace WHERE ProcessName = 'procexp64.exe'" {
		t.Errorf("query %q", q)
	}
	if n, ok := r.Instances[0].Uint("IntervalBetweenEvents"); !ok || n != 3600000 {
		t.Errorf("interval %d", n)
	}
	if s := r.Instances[5].Text("ScriptText"); len(s) != 6256 || !strings.HasSuffix(s, "End If\n") {
		t.Errorf("script of %d characters, %q", len(s), s[max(0, len(s)-40):])
	}
	if !r.Instances[0].ClassStored.Before(time.Date(2021, 5, 9, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("class stored %v", r.Instances[0].ClassStored)
	}
}

// TestRealAlone reads the same without the other files, and without the class
// definitions: what depends on them is unknown, what does not is equal.
func TestRealAlone(t *testing.T) {
	f := real(t)
	whole, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	f.Maps, f.Index = nil, nil
	alone, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(alone.Instances) != len(whole.Instances) {
		t.Fatalf("%d instances, want %d", len(alone.Instances), len(whole.Instances))
	}
	for n, i := range alone.Instances {
		w := whole.Instances[n]
		if i.State != Unknown || i.Namespace != "" || fmt.Sprint(i.Properties) != fmt.Sprint(w.Properties) {
			t.Errorf("%s: %v %q\n%v\nwant\n%v", i.Class, i.State, i.Namespace, i.Properties, w.Properties)
		}
		if c := builtin(i.Class); c == nil {
			t.Errorf("no built-in layout of %s", i.Class)
		}
	}
	for name := range builtinLayouts {
		for _, c := range whole.classes[name] {
			if whole.layOut(c) == nil {
				t.Errorf("%s is not laid out", name)
			} else if b := builtin(name); len(b.all) == len(c.all) && b.values != c.values {
				t.Errorf("%s: built-in values have %d bytes, those of the repository %d", name, b.values, c.values)
			}
		}
	}
}
