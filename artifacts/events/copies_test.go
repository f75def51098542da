package events

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
)

func TestCopies(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	rec := func(n uint64, seconds int, change func(*Record)) *Record {
		r := &Record{Number: n, ID: 4624, Channel: "Security", Computer: "PC", Time: at.Add(time.Duration(seconds) * time.Second)}
		if change != nil {
			change(r)
		}
		return r
	}
	var c Copies
	for n := range uint64(1000) {
		if c.Again(rec(n, int(n), nil)) {
			t.Fatalf("record %d was met before", n)
		}
	}
	for n := range uint64(1000) {
		if !c.Again(rec(n, int(n), func(r *Record) { r.Channel, r.Computer = "security", "pc" })) {
			t.Errorf("the copy of record %d is new", n)
		}
	}
	for name, r := range map[string]*Record{
		"another channel":  rec(7, 7, func(r *Record) { r.Channel = "System" }),
		"another computer": rec(7, 7, func(r *Record) { r.Computer = "OTHER" }),
		"another event":    rec(7, 7, func(r *Record) { r.ID = 4625 }),
		"another time":     rec(7, 8, nil),
		"another number":   rec(1007, 7, nil),
	} {
		if c.Again(r) {
			t.Errorf("%s: is a copy", name)
		}
		if !c.Again(r) {
			t.Errorf("%s: is new a second time", name)
		}
	}
	for range 2 {
		if c.Again(rec(9, 9, func(r *Record) { r.Time = time.Time{} })) {
			t.Error("a record without a time is a copy")
		}
	}
}

// TestCopiesLimits gives numbers that need a block each, and more records of one
// number than are remembered.
func TestCopiesLimits(t *testing.T) {
	var c Copies
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	for i := range uint64(maxCopiedMore + 100) {
		c.Again(&Record{Number: 1, Channel: "Security", Time: at.Add(time.Duration(i) * time.Second)})
	}
	if n := len(c.more); n > maxCopiedMore {
		t.Errorf("%d records of one number are kept", n)
	}
	c.blocks = maxCopiedBlocks - 1
	for i := range uint64(100) {
		c.Again(&Record{Number: i << 40, Channel: "Security", Time: at})
	}
	if c.blocks != maxCopiedBlocks {
		t.Errorf("%d blocks", c.blocks)
	}
	if !c.Again(&Record{Number: 1, Channel: "Security", Time: at}) {
		t.Error("beyond the limit, what was met before is forgotten")
	}
	for i := range maxCopiedLogs + 10 {
		c.Again(&Record{Number: 1, Channel: string(rune(i + 0x100)), Time: at})
	}
	if len(c.logs) > maxCopiedLogs {
		t.Errorf("%d logs", len(c.logs))
	}
}

// TestPairsJSON: pairs are written as encoding/json writes a list of lists.
func TestPairsJSON(t *testing.T) {
	for _, p := range []Pairs{nil, {}, {{Name: "a", Value: "b"}}, {{Name: "<&>", Value: "\x00\"\\\xff\u2028"}, {Name: "", Value: "ä"}}} {
		list := make([][2]string, len(p))
		for i, f := range p {
			list[i] = [2]string{f.Name, f.Value}
		}
		want, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(p)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %s, %v; want %s", p, got, err, want)
		}
		if got, err := jsontext.Append(nil, p); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q appended: %s, %v; want %s", p, got, err, want)
		}
	}
}
