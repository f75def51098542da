package findings

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
)

// A logWriter hands records of live logs to an evaluation, with the numbers of
// each log in order.
type logWriter struct {
	e    *Evaluator
	next map[string]uint64
}

func newLogWriter() *logWriter {
	return &logWriter{NewEvaluator(Facts{Host: "test"}, nil), map[string]uint64{}}
}

func (w *logWriter) add(channel string, id uint32, provider string, at time.Time, data ...events.Field) {
	w.next[channel]++
	w.e.Add(&artifacts.Result{Artifact: logArtifact, Records: []artifacts.Record{{
		ID: "x", Artifact: logArtifact, From: artifacts.Locator{Path: channel + ".evtx", State: artifacts.Live},
		Data: events.Event{Record: events.Record{Number: w.next[channel], ID: id, Channel: channel, Provider: provider, Time: at, Data: data}},
	}}})
}

// says returns what a rule says of a subject.
func (w *logWriter) says(rule, subject string) (level Level, says string) {
	for _, f := range w.e.Report().Findings {
		for _, r := range f.Reasons {
			if r.RuleID == rule && strings.Contains(f.Subject, subject) {
				return r.Level, r.Says
			}
		}
	}
	return 0, ""
}

var gapStart = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// TestBackInTime: times that go back are a finding unless a boot or a change of
// the clock explains them, and only where the log that would show it is there.
func TestBackInTime(t *testing.T) {
	at := func(min int) time.Time { return gapStart.Add(time.Duration(min) * time.Minute) }
	for _, c := range []struct {
		name   string
		system [][3]int // minute, number of the event, whether it has OldTime
		back   int      // by minutes
		want   Level
	}{
		{"no explanation", [][3]int{{-600, 7000}, {600, 7000}}, 120, Medium},
		{"half a minute", [][3]int{{-600, 7000}, {600, 7000}}, 0, 0},
		{"the clock was set", [][3]int{{-600, 7000}, {-100, 1, 1}, {600, 7000}}, 120, 0},
		{"the machine woke up", [][3]int{{-600, 7000}, {-100, 1}, {600, 7000}}, 120, Medium},
		{"a boot", [][3]int{{-600, 7000}, {-119, 12}, {600, 7000}}, 120, 0},
		{"the log of boots does not reach there", [][3]int{{-30, 7000}, {600, 7000}}, 120, 0},
	} {
		w := newLogWriter()
		for _, s := range c.system {
			var data []events.Field
			if s[2] > 0 {
				data = append(data, events.Field{Name: "OldTime", Value: "x"})
			}
			w.add("System", uint32(s[1]), "Microsoft-Windows-Kernel-General", at(s[0]), data...)
		}
		w.add("Application", 1000, "x", at(0))
		w.add("Application", 1000, "x", at(-c.back).Add(-30*time.Second))
		w.add("Application", 1000, "x", at(1))
		if l, says := w.says("E-07", "Application"); l != c.want {
			t.Errorf("%s: %s, want %s: %s", c.name, l, c.want, says)
		}
	}
}

// TestSilence: a pause of Security is a finding when it is far longer than usual
// and other logs have records of that time.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name          string
		from, to      int // hours without records of Security
		others, usual bool
		want          Level
	}{
		{"other logs go on", 100, 140, true, true, Medium},
		{"the machine was off", 100, 140, false, true, 0},
		{"a shorter pause", 100, 112, true, true, 0},
		{"such pauses are usual", 100, 140, true, false, 0},
	} {
		w := newLogWriter()
		for h := range 24 * 12 {
			now := gapStart.Add(time.Duration(h) * time.Hour)
			silent := h > c.from && h < c.to
			if c.others || !silent {
				w.add("Application", 1000, "x", now)
			}
			if !silent && (c.usual || h%20 == 0) {
				w.add("Security", 4634, "x", now)
			}
		}
		if l, says := w.says("E-07", "Security"); l != c.want {
			t.Errorf("%s: %s, want %s: %s", c.name, l, c.want, says)
		}
	}
}

// TestMalwareThatRan: what the antivirus names is critical when another record
// proves that it ran.
func TestMalwareThatRan(t *testing.T) {
	for _, ran := range []bool{false, true} {
		w := newLogWriter()
		if ran {
			a := artifactNamed("bam")
			w.e.Add(&artifacts.Result{Artifact: a, Records: []artifacts.Record{{
				ID: "b", Artifact: a, Data: execution.Bam{Path: `\Device\HarddiskVolume2\Tools\x.exe`, LastRun: gapStart},
			}}})
		}
		w.add("Microsoft-Windows-Windows Defender/Operational", 1116, "x", gapStart,
			events.Field{Name: "Threat Name", Value: "Trojan:X"}, events.Field{Name: "Path", Value: `file:_C:\Tools\x.exe`})
		want := High
		if ran {
			want = Critical
		}
		if l, says := w.says("E-71", "x.exe"); l != want {
			t.Errorf("ran %v: %s, want %s: %s", ran, l, want, says)
		}
	}
}
