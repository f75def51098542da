package shelllink_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

var le = binary.LittleEndian

// A walked is a shortcut, read by [MS-SHLLINK].
type walked struct {
	flags   uint32
	times   [3]uint64
	size    uint32
	show    uint32
	list    []byte
	info    []byte
	strings map[uint32]string // by the flag of each
	extra   map[uint32][]byte // by signature, without size and signature
}

func wide(b []byte) string {
	var u []uint16
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, le.Uint16(b))
	}
	return string(utf16.Decode(u))
}

func walk(t *testing.T, b []byte) walked {
	t.Helper()
	if le.Uint32(b) != 0x4C || string(b[4:20]) != "\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46" {
		t.Fatalf("header % x", b[:20])
	}
	w := walked{flags: le.Uint32(b[20:]), size: le.Uint32(b[52:]), show: le.Uint32(b[60:]), strings: map[uint32]string{}, extra: map[uint32][]byte{}}
	for i := range w.times {
		w.times[i] = le.Uint64(b[28+8*i:])
	}
	b = b[0x4C:]
	if w.flags&1 != 0 {
		n := le.Uint16(b)
		w.list, b = b[2:2+n], b[2+n:]
	}
	if w.flags&2 != 0 {
		n := le.Uint32(b)
		w.info, b = b[:n], b[n:]
	}
	for flag := uint32(4); flag <= 0x40; flag <<= 1 {
		if w.flags&flag == 0 {
			continue
		}
		n := int(le.Uint16(b))
		if w.flags&0x80 != 0 {
			w.strings[flag], b = wide(b[2:2+2*n]), b[2+2*n:]
		} else {
			w.strings[flag], b = string(b[2:2+n]), b[2+n:]
		}
	}
	for le.Uint32(b) >= 4 {
		n := le.Uint32(b)
		w.extra[le.Uint32(b[4:])], b = b[8:n], b[n:]
	}
	if len(b) != 4 {
		t.Errorf("%d bytes after the extra data, want the end mark", len(b))
	}
	return w
}

func zeroEnded(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// TestWalk reads every part of a full shortcut.
func TestWalk(t *testing.T) {
	for _, narrow := range []bool{false, true} {
		l := sample()
		l.Narrow = narrow
		l.Name, l.Relative, l.Icon = "a name", `..\t.exe`, `%SystemRoot%\x.dll`
		l.Environment, l.Show, l.IDList = `%TEMP%\t.exe`, 7, []byte{4, 0, 1, 2, 0, 0}
		l.Created = time.Unix(0, 0)
		l.Droids = [4][16]byte{{1}, {2}, {3}, {4}}
		w := walk(t, l.Build())
		for flag, want := range map[uint32]string{4: l.Name, 8: l.Relative, 0x10: l.WorkingDir, 0x20: l.Arguments, 0x40: l.Icon} {
			if w.strings[flag] != want {
				t.Errorf("narrow %t: string %#x is %q, want %q", narrow, flag, w.strings[flag], want)
			}
		}
		if w.times[0] != 116444736000000000 || w.times[1] != 0 || w.times[2] != uint64(l.Written.Unix())*1e7+3408812+116444736000000000 {
			t.Errorf("times %v", w.times)
		}
		if w.size != 4096 || w.show != 7 || !bytes.Equal(w.list, l.IDList) {
			t.Errorf("size %d, show %d, list % x", w.size, w.show, w.list)
		}
		tracker := w.extra[0xA0000003]
		if le.Uint32(tracker) != 0x58 || zeroEnded(tracker[8:24]) != "kestrel-pc" || tracker[24] != 1 || tracker[24+48] != 4 {
			t.Errorf("tracker % x", tracker)
		}
		env := w.extra[0xA0000001]
		if len(env) != 780 || zeroEnded(env) != l.Environment || !strings.HasPrefix(wide(env[260:]), l.Environment+"\x00") {
			t.Errorf("environment of %d bytes", len(env))
		}
	}
}

// TestInfo follows the offsets of the LinkInfo, with and without wide strings.
func TestInfo(t *testing.T) {
	for _, isWide := range []bool{false, true} {
		l := sample()
		l.Wide, l.Target = isWide, `C:\Tools\heron.exe`
		b := walk(t, l.Build()).info
		head := le.Uint32(b[4:])
		if want := map[bool]uint32{false: 0x1C, true: 0x24}[isWide]; head != want || le.Uint32(b[8:]) != 1 {
			t.Errorf("wide %t: header of %#x bytes, flags %d", isWide, head, le.Uint32(b[8:]))
		}
		volume := b[le.Uint32(b[12:]):]
		if le.Uint32(volume[4:]) != 3 || le.Uint32(volume[8:]) != l.Serial || zeroEnded(volume[le.Uint32(volume[12:]):le.Uint32(volume)]) != "Windows" {
			t.Errorf("wide %t: volume % x", isWide, volume[:24])
		}
		if got := zeroEnded(b[le.Uint32(b[16:]):]); got != l.Target {
			t.Errorf("wide %t: path %q", isWide, got)
		}
		if got := b[le.Uint32(b[24:])]; got != 0 {
			t.Errorf("wide %t: the suffix is not empty: %#x", isWide, got)
		}
		if isWide {
			if got := wide(b[le.Uint32(b[28:]):]); !strings.HasPrefix(got, l.Target+"\x00") {
				t.Errorf("wide path %q", got)
			}
			if got := b[le.Uint32(b[32:]):]; !bytes.Equal(got, []byte{0, 0}) {
				t.Errorf("wide suffix % x", got)
			}
		}
	}
}

// TestEmptyParts are left out, with their flags.
func TestEmptyParts(t *testing.T) {
	w := walk(t, shelllink.Link{}.Build())
	if w.flags != 0x80 || len(w.strings) != 0 || len(w.extra) != 0 || w.info != nil || w.show != 1 {
		t.Errorf("%+v", w)
	}
}
