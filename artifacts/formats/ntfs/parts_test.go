package ntfs

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"
)

// usnRecord lays a record of the change journal out, by winioctl.h: the head of
// its version, then the name or the extents.
func usnRecord(t *testing.T, major uint16, usn uint64, fields map[int]uint64, tail []byte) []byte {
	t.Helper()
	head := map[uint16]int{2: 60, 3: 76, 4: 64}[major]
	b := make([]byte, (head+len(tail)+7)&^7)
	le.PutUint32(b, uint32(len(b)))
	le.PutUint16(b[4:], major)
	le.PutUint64(b[map[uint16]int{2: 24, 3: 40, 4: 40}[major]:], usn)
	if major < 4 {
		at := map[uint16]int{2: 56, 3: 72}[major]
		le.PutUint16(b[at:], uint16(len(tail)))
		le.PutUint16(b[at+2:], uint16(head))
	}
	for at, v := range fields {
		for i := 0; v != 0; i, v = i+1, v>>8 {
			b[at+i] = byte(v)
		}
	}
	copy(b[head:], tail)
	return b
}

// TestChangeVersions reads a record of each version.
func TestChangeVersions(t *testing.T) {
	const ft = 134405641840000000 // 2026-12-01 02:03:04
	name := []byte("h\x00\xe9\x00r\x00")
	v2 := usnRecord(t, 2, 4096, map[int]uint64{8: 5 | 3<<48, 16: 7 | 1<<48, 32: ft, 40: 0x80000100, 44: 1, 48: 9, 52: 0x20}, name)
	v3 := usnRecord(t, 3, 4096, map[int]uint64{8: 5, 16: 6, 24: 7, 32: 8, 48: ft, 56: 0x200, 68: 0x10}, name)
	extents := make([]byte, 32)
	for i, n := range []uint64{4096, 100, 8192, 200} {
		le.PutUint64(extents[8*i:], n)
	}
	v4 := usnRecord(t, 4, 4096, map[int]uint64{8: 5, 16: 6, 24: 7, 32: 8, 48: 0x3, 56: 4, 60: 2, 62: 16}, extents)
	for _, c := range []struct {
		name string
		b    []byte
		want Change
		text string
	}{
		{"2", v2, Change{USN: 4096, Version: 2, File: NewReference(5, 3), Parent: NewReference(7, 1), FileTime: ft,
			Reason: ReasonCreate | ReasonClose,
			Source: 1, Security: 9, Attributes: 0x20}, "hér FILE_CREATE|CLOSE"},
		{"3", v3, Change{USN: 4096, Version: 3, File: 5, FileHigh: 6, Parent: 7, ParentHigh: 8, FileTime: ft, Reason: ReasonDelete,
			Attributes: 0x10},
			"hér FILE_DELETE"},
		{"4", v4, Change{USN: 4096, Version: 4, File: 5, FileHigh: 6, Parent: 7, ParentHigh: 8, Reason: ReasonOverwrite | ReasonExtend,
			Remaining: 4,
			Extents:   []Range{{4096, 100}, {8192, 200}}}, " DATA_OVERWRITE|DATA_EXTEND"},
	} {
		var got Change
		if n := got.parse(append(bytes.Clone(c.b), "behind"...)); n != len(c.b) {
			t.Errorf("version %s: %d bytes of %d", c.name, n, len(c.b))
			continue
		}
		if text := got.Name() + " " + got.Reason.String(); text != c.text || got.Directory() != (c.want.Attributes == 0x10) {
			t.Errorf("version %s: %s", c.name, text)
		}
		kept := got.Clone()
		clear(got.units) // as the iterator does with the next record
		got.Extents = append(got.Extents[:0], Range{1, 1})
		if kept.Name() != strings.Split(c.text, " ")[0] {
			t.Errorf("version %s: a copy lost its name: %q", c.name, kept.Name())
		}
		kept.units = nil
		if len(kept.Extents) == 0 {
			kept.Extents = nil
		}
		if !reflect.DeepEqual(*kept, c.want) {
			t.Errorf("version %s: %+v\nwant %+v", c.name, *kept, c.want)
		}
		if c.want.FileTime != 0 && !kept.Time().Equal(time.Date(2026, 12, 1, 2, 3, 4, 0, time.UTC)) {
			t.Errorf("version %s: %v", c.name, kept.Time())
		}
	}
	// Not a record: the fields that have few values.
	for _, c := range []struct {
		name  string
		b     []byte
		at    int
		value []byte
	}{
		{"version 1", v2, 4, []byte{1}}, {"version 5", v2, 4, []byte{5}}, {"minor 1", v2, 6, []byte{1}}, {"length of 9 more", v2, 0, []byte{73}},
		{"longer than there is", v2, 0, []byte{0, 1}}, {"an odd USN", v2, 24, []byte{1}}, {"across a page", v2, 24, []byte{0xF0, 0x0F}},
		{"a name in the head", v2, 58, []byte{59}}, {"half a unit of a name", v2, 56, []byte{5}}, {"a name past the end", v2, 56, []byte{200}},
		{"extents past the end", v4, 60, []byte{3}}, {"extents of no size", v4, 62, []byte{8}},
	} {
		b := bytes.Clone(c.b)
		copy(b[c.at:], c.value)
		var got Change
		if n := got.parse(b); n != 0 {
			t.Errorf("%s: a record of %d bytes", c.name, n)
		}
	}
	// The beginning of a journal: zeros, then records that follow one another.
	next := usnRecord(t, 2, 4096+uint64(len(v2)), nil, name)
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"two records", append(bytes.Clone(v2), next...), true}, {"behind zeros", append(make([]byte, 4096), v2...), true},
		{"the second elsewhere", append(bytes.Clone(v2), v2...), false}, {"no record", make([]byte, 4096), false}, {"cut", v2[:50], false},
		{"without a name", usnRecord(t, 2, 4096, nil, nil), false},
	} {
		if got := IsJournal(c.b); got != c.want {
			t.Errorf("%s: a journal %v", c.name, got)
		}
	}
	if got := (Reason(1<<3 | 1<<30 | 1)).String(); got != "DATA_OVERWRITE|0x40000008" {
		t.Errorf("bits without a name: %s", got)
	}
	if got := Reason(0).String(); got != "" {
		t.Errorf("no reason: %s", got)
	}
}

// TestStreamJournal reads the same records once from the beginning and at any offset.
func TestStreamJournal(t *testing.T) {
	var b []byte
	for len(b) < 20000 {
		name := []byte(strings.Repeat("n\x00", 1+len(b)%50))
		if n := (60 + len(name) + 7) &^ 7; len(b)%4096+n > 4096 {
			b = append(b, make([]byte, 4096-len(b)%4096)...)
		}
		b = append(b, usnRecord(t, 2, uint64(len(b)), map[int]uint64{8: uint64(len(b)), 32: 134405641840000000, 40: 2}, name)...)
	}
	read := func(j *Journal) (offsets []int64) {
		for c, err := range j.Changes() {
			if err != nil {
				t.Fatal(err)
			}
			if c.Offset != int64(c.USN) || int64(c.File) != c.Offset {
				t.Fatalf("%+v", c)
			}
			offsets = append(offsets, c.Offset)
		}
		return offsets
	}
	streamed, at := read(StreamJournal(bytes.NewReader(b))), read(NewJournal(bytes.NewReader(b), int64(len(b))))
	if len(streamed) < 100 || !reflect.DeepEqual(streamed, at) {
		t.Errorf("%d records in a stream, %d in a file", len(streamed), len(at))
	}
	info := unhex(t, "0000000200000000 0000800000000000 00803ed5deb19d01 0010000000000000")
	if got, err := ParseJournalInfo(info); err != nil || got != (JournalInfo{1 << 25, 1 << 23, 116444736000000000, 4096}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ParseJournalInfo(info[:31]); err == nil || !strings.Contains(err.Error(), "31 bytes, want 32") {
		t.Errorf("$Max cut: %v", err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestObjectIDTime reads the example of RFC 9562, A.1, as NTFS stores it.
func TestObjectIDTime(t *testing.T) {
	id := unhex(t, "00ab32c2 1494 ec11 b3c8 9f6bdeced846")
	at, address, ok := (&Record{ObjectID: id}).ObjectIDTime()
	if !ok || at.Format(time.RFC3339Nano) != "2022-02-22T19:22:22Z" || address.String() != "9f:6b:de:ce:d8:46" {
		t.Errorf("%v, %v, %v", at, address, ok)
	}
	for name, s := range map[string]string{"none": "", "version 4": "00ab32c2 1494 ec41 b3c8 9f6bdeced846",
		"another variant": "00ab32c2 1494 ec11 33c8 9f6bdeced846", "before 1601": "00000000 0000 0010 b3c8 9f6bdeced846"} {
		if at, _, ok := (&Record{ObjectID: unhex(t, s)}).ObjectIDTime(); ok {
			t.Errorf("%s: %v", name, at)
		}
	}
}

// TestTags has the meaning of reparse tags and the streams that are usual.
func TestTags(t *testing.T) {
	for tag, want := range map[uint32]string{0xA0000003: "mount point", 0xA000000C: "symbolic link", 0x80000017: "WOF",
		0x80000013: "deduplicated",
		0x8000001B: "app execution alias", 0xA000001D: "WSL symbolic link", 0x9000001A: "cloud file", 0x9000701A: "cloud file", 0x9000001B: "",
		0: ""} {
		if got := ReparseName(tag); got != want {
			t.Errorf("%#x: %q, want %q", tag, got, want)
		}
	}
	for name, want := range map[string]bool{"Zone.Identifier": true, "$J": true, "WofCompressedData": true, "\x05SummaryInformation": true,
		"payload.exe": false, "": false} {
		if HarmlessStream(name) != want {
			t.Errorf("%q: usual %v", name, !want)
		}
	}
	r := NewReference(1<<50|77, 9) // the entry has 48 bits
	if r.Entry() != 77 || r.Sequence() != 9 || r.String() != "77-9" {
		t.Errorf("%d, %d, %s", r.Entry(), r.Sequence(), r)
	}
	times := timesAt(unhex(t, "00803ed5deb19d01 80163fd5deb19d01 0000000000000000 ffffffffffffffff"))
	if !times.Created().Equal(time.Unix(0, 0)) || times.Modified().Sub(times.Created()) != 38528*100*time.Nanosecond ||
		!times.Changed().IsZero() || !times.Accessed().IsZero() {
		t.Errorf("%v %v %v %v", times.Created(), times.Modified(), times.Changed(), times.Accessed())
	}
}

// TestZone reads the mark that browsers leave, in each encoding and in forms that are not quite right.
func TestZone(t *testing.T) {
	const text = "[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://a/\r\nHostUrl=https://a/ü?x=1=2\r\n"
	wide := []byte{0xFF, 0xFE}
	for _, c := range text {
		wide = append(wide, byte(c), byte(c>>8))
	}
	want := Zone{ID: 3, ReferrerURL: "https://a/", HostURL: "https://a/ü?x=1=2"}
	for name, b := range map[string][]byte{"UTF-8": []byte(text), "with a mark": append([]byte{0xEF, 0xBB, 0xBF}, text...), "UTF-16": wide,
		"UTF-16 without a mark": wide[2:], "Latin-1": bytes.ReplaceAll([]byte(text), []byte("ü"), []byte{0xFC}),
		"ended by NULs": append([]byte(text), 0, 0, 0)} {
		if got := ParseZone(b); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, c := range []struct {
		text string
		want Zone
	}{
		{"", Zone{ID: -1}},
		{"ZoneId = 4", Zone{ID: 4}},
		{"zoneid=-1\nZONEID=x", Zone{ID: -1, Other: []string{"zoneid=-1", "ZONEID=x"}}},
		{"HostIpAddress=10.0.0.1\nLastWriterPackageFamilyName=p\nAppZoneId=4\nextra", Zone{ID: -1, HostIP: "10.0.0.1", Package: "p",
			AppZoneID: "4",
			Other:     []string{"extra"}}},
	} {
		if got := ParseZone([]byte(c.text)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, want %+v", c.text, got, c.want)
		}
	}
	if z := ParseZone([]byte(strings.Repeat("a=b\n", maxZoneLines+5))); !z.Cut || len(z.Other) != maxZoneLines {
		t.Errorf("too many lines: cut %v, %d", z.Cut, len(z.Other))
	}
	if z := ParseZone(append([]byte("ZoneId=3\n"), make([]byte, maxZoneText)...)); !z.Cut || z.ID != 3 {
		t.Errorf("too long: cut %v, %d", z.Cut, z.ID)
	}
}
