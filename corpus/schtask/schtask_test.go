package schtask_test

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/schtask"
)

func sample() schtask.Task {
	return schtask.Task{
		Path: `\a & b`, User: "u", SID: "S-1-5-21-1-2-3-1001", Date: "2026-03-06T18:16:02", Hidden: true,
		Actions: []schtask.Action{{Command: `C:\<x>.exe`, Arguments: `"1" & '2'`}},
		Triggers: []schtask.Trigger{
			{Logon: true, Interval: 120},
			{Start: time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC), Weekdays: 1<<1 | 1<<5},
		},
	}
}

// The text is XML that says what it was told to say, whatever signs are in it.
func TestText(t *testing.T) {
	_, body, _ := strings.Cut(sample().Text(), "?>")
	var got struct {
		URI      string `xml:"RegistrationInfo>URI"`
		Command  string `xml:"Actions>Exec>Command"`
		Args     string `xml:"Actions>Exec>Arguments"`
		Hidden   bool   `xml:"Settings>Hidden"`
		Interval string `xml:"Triggers>LogonTrigger>Repetition>Interval"`
		Days     struct {
			Monday, Friday *struct{}
			Sunday         *struct{}
		} `xml:"Triggers>CalendarTrigger>ScheduleByWeek>DaysOfWeek"`
	}
	if err := xml.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.URI != `\a & b` || got.Command != `C:\<x>.exe` || got.Args != `"1" & '2'` || !got.Hidden || got.Interval != "PT2M" ||
		got.Days.Monday == nil || got.Days.Friday == nil || got.Days.Sunday != nil {
		t.Errorf("%+v", got)
	}
}

// Every field of the triggers fills whole blocks of eight bytes.
func TestTriggersAreAligned(t *testing.T) {
	if n := len(sample().TriggersBlob()); n%8 != 0 {
		t.Errorf("%d bytes", n)
	}
}

func TestBytes(t *testing.T) {
	if got, want := hex.EncodeToString(schtask.SID("S-1-5-32-544")), "01020000000000052000000020020000"; got != want {
		t.Errorf("SID %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(schtask.GUID("{00021401-0000-0000-C000-000000000046}")), "0114020000000000c000000000000046"; got != want {
		t.Errorf("GUID %s, want %s", got, want)
	}
}

func ExampleTask_XML() {
	fmt.Println(bytes.HasPrefix(sample().XML(), []byte("\xFF\xFE<\x00?\x00")))
	// Output: true
}
