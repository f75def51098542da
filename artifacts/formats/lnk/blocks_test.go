package lnk

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTypedValue reads each type of [MS-OLEPS] 2.15 that shortcuts have.
func TestTypedValue(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		kind      uint16
		want      any
	}{
		{"VT_I2", "0200 0000 feff", 2, int64(-2)},
		{"VT_I4", "0300 0000 feffffff", 3, int64(-2)},
		{"VT_INT", "1600 0000 feffffff", 22, int64(-2)},
		{"VT_R8", "0500 0000 000000000000f8bf", 5, -1.5},
		{"VT_BOOL", "0b00 0000 ffff", 11, true},
		{"VT_BOOL, false", "0b00 0000 0000", 11, false},
		{"VT_UI1", "1100 0000 fe", 17, uint64(254)},
		{"VT_UI2", "1200 0000 feff", 18, uint64(65534)},
		{"VT_UI4", "1300 0000 feffffff", 19, uint64(math.MaxUint32 - 1)},
		{"VT_UINT", "1700 0000 feffffff", 23, uint64(math.MaxUint32 - 1)},
		{"VT_I8", "1400 0000 feffffffffffffff", 20, int64(-2)},
		{"VT_UI8", "1500 0000 feffffffffffffff", 21, uint64(math.MaxUint64 - 1)},
		{"VT_FILETIME", "4000 0000 00803ed5deb19d01", 64, time.Unix(0, 0).UTC()},
		{"VT_CLSID", "4800 0000 33221100554477668899aabbccddeeff", 72, "{00112233-4455-6677-8899-AABBCCDDEEFF}"},
		{"VT_LPWSTR", "1f00 0000 03000000 6800fc000000", 31, "hü"},
		{"VT_LPWSTR without its end", "1f00 0000 ff000000 6800fc00", 31, "hü"},
		{"VT_LPSTR", "1e00 0000 03000000 68fc00", 30, "hü"},
		{"VT_BSTR", "0800 0000 06000000 6800fc000000", 8, "hü"},
		{"a number that is cut", "1500 0000 feff", 21, []byte{0xFE, 0xFF}},
		{"a text without its count", "1f00 0000 0300", 31, []byte{3, 0}},
		{"a type that is not read", "0c00 0000 0102", 12, []byte{1, 2}},
		{"no type", "1f00", 0, []byte{0x1F, 0}},
	} {
		kind, got := typedValue(unhex(t, c.hex))
		if g, w := fmt.Sprintf("%T %v", got, got), fmt.Sprintf("%T %v", c.want, c.want); kind != c.kind || g != w {
			t.Errorf("%s: type %d, %s; want %d, %s", c.name, kind, g, c.kind, w)
		}
	}
}

// TestTimeBased takes the time and the network address out of the example of RFC 9562, A.1.
func TestTimeBased(t *testing.T) {
	// C232AB00-9414-11EC-B3C8-9F6BDECED846 is 2022-02-22 19:22:22 UTC.
	at, mac := TimeBased(unhex(t, "00ab32c2 1494 ec11 b3c8 9f6bdeced846"))
	if at.Format(time.RFC3339Nano) != "2022-02-22T19:22:22Z" || mac != "9f:6b:de:ce:d8:46" {
		t.Errorf("%v, %s", at, mac)
	}
	for name, s := range map[string]string{"random": "00ab32c2 1494 ec41 b3c8 9f6bdeced846", "short": "00ab32c2 1494 ec11",
		"before 1601": "00000000 0000 0010 b3c8 9f6bdeced846", "zero": strings.Repeat("00", 16)} {
		if at, mac := TimeBased(unhex(t, s)); !at.IsZero() || mac != "" {
			t.Errorf("%s: %v, %s", name, at, mac)
		}
	}
}

func le32(n uint32) []byte { return le.AppendUint32(nil, n) }

// link is a shortcut with flags and what follows its header.
func link(flags uint32, body ...[]byte) []byte {
	b := append(le32(headerSize), class...)
	b = append(b, make([]byte, headerSize-len(b))...)
	le.PutUint32(b[hdrFlags:], flags)
	return append(b, bytes.Join(body, nil)...)
}

func block(sig uint32, data []byte) []byte {
	return append(append(le32(uint32(8+len(data))), le32(sig)...), data...)
}

// TestBlocks reads each extra block of [MS-SHLLINK] 2.5, and each that is too short for its fields.
func TestBlocks(t *testing.T) {
	paths := make([]byte, 780)
	copy(paths, `%narrow%`)
	copy(paths[260:], unhex(t, "25007700fc0064006500250000"))
	narrow := make([]byte, 780)
	copy(narrow, `%narrow%`)
	tracked := make([]byte, 88)
	copy(tracked[8:], "heron-pc")
	copy(tracked[24:], unhex(t, "33221100554477668899aabbccddeeff 00ab32c21494ec11b3c89f6bdeced846"))
	copy(tracked[56:], unhex(t, "33221100554477668899aabbccddeefe 00ab32c21494ec11b3c89f6bdeced847"))
	guid := unhex(t, "33221100554477668899aabbccddeeff")
	for _, c := range []struct {
		name string
		sig  uint32
		data []byte
		got  func(*Link) string
		want string
		bad  string
	}{
		{"environment", sigEnvironment, paths, func(l *Link) string { return l.Environment }, "%wüde%", ""},
		{"environment, 8-bit only", sigEnvironment, narrow, func(l *Link) string { return l.Environment }, "%narrow%", ""},
		{"environment, cut", sigEnvironment, paths[:300], func(l *Link) string { return l.Environment }, "%narrow%",
			"EnvironmentVariableDataBlock at offset 76: 300 bytes of data, want 780"},
		{"icon", sigIcon, paths, func(l *Link) string { return l.IconEnvironment }, "%wüde%", ""},
		{"Darwin", sigDarwin, paths, func(l *Link) string { return l.Darwin }, "%wüde%", ""},
		{"Darwin, cut", sigDarwin, nil, func(l *Link) string { return l.Darwin }, "", "DarwinDataBlock at offset 76: 0 bytes"},
		{"shim", sigShim, unhex(t, "5700690037000000"), func(l *Link) string { return l.ShimLayer }, "Wi7", ""},
		{"known folder", sigKnownFolder, guid, func(l *Link) string { return l.KnownFolder }, "00112233-4455-6677-8899-AABBCCDDEEFF", ""},
		{"known folder, cut", sigKnownFolder, guid[:15], func(l *Link) string { return l.KnownFolder }, "", "shorter than a GUID"},
		{"special folder", sigSpecial, unhex(t, "25000000 00000000"), func(l *Link) string { return fmt.Sprint(l.SpecialFolder) }, "37", ""},
		{"special folder, cut", sigSpecial, unhex(t, "25000000"), func(l *Link) string { return fmt.Sprint(l.SpecialFolder) }, "0",
			"shorter than its fields"},
		{"item list", sigAnyIDList, []byte{0, 0}, func(l *Link) string { return fmt.Sprint(l.AnyIDList) }, "[0 0]", ""},
		{"tracker", sigTracker, tracked, func(l *Link) string {
			return strings.Join([]string{l.Tracker.Machine, l.Tracker.Droid[:8], l.Tracker.File[:8], l.Tracker.BirthDroid[34:],
				l.Tracker.BirthFile[34:],
				l.Tracker.MAC, l.Tracker.FileCreated.Format(time.DateOnly)}, " ")
		}, "heron-pc 00112233 C232AB00 FE 47 9f:6b:de:ce:d8:46 2022-02-22", ""},
		{"tracker, cut", sigTracker, tracked[:87], func(l *Link) string { return fmt.Sprint(l.Tracker) }, "<nil>",
			"TrackerDataBlock at offset 76: 87 bytes"},
		{"unknown", 0xA00000FF, []byte("x"), func(l *Link) string { return string(l.Extra[0].Data) }, "x", ""},
	} {
		b := link(0, block(c.sig, c.data), le32(0))
		l, err := Parse(b)
		if l == nil || c.got(l) != c.want || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%s: %+v, %v", c.name, l, err)
			continue
		}
		if len(l.Extra) != 1 || l.Extra[0].Signature != c.sig || l.Extra[0].Offset != headerSize || l.End != len(b) || l.Trailing != 0 {
			t.Errorf("%s: blocks %+v, end %d of %d", c.name, l.Extra, l.End, len(b))
		}
	}
	for name, c := range map[string]struct {
		body []byte
		bad  string
	}{
		"no end mark":          {block(sigShim, []byte{'a', 0}), ""},
		"half a size":          {[]byte{9, 0}, "ExtraData at offset 76: ends inside of a size"},
		"a size past the end":  {le32(500), "block of 500 bytes where 4 are left"},
		"a size of no content": {append(le32(7), 1, 2, 3), "block of 7 bytes"},
	} {
		if _, err := Parse(link(0, c.body)); (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%s: %v, want %s", name, err, c.bad)
		}
	}
}

// TestLinkInfo lays the place of the target out by hand ([MS-SHLLINK] 2.3): volume, paths in both widths, share and drive.
func TestLinkInfo(t *testing.T) {
	// info puts parts at offsets behind a header of 0x24 bytes, with the size first.
	info := func(head, flags uint32, fields map[int]uint32, parts map[int][]byte) []byte {
		b := make([]byte, 300)
		le.PutUint32(b, uint32(len(b)))
		le.PutUint32(b[4:], head)
		le.PutUint32(b[8:], flags)
		for at, v := range fields {
			le.PutUint32(b[at:], v)
		}
		for at, p := range parts {
			copy(b[at:], p)
		}
		return b
	}
	volume := bytes.Join([][]byte{le32(0x20), le32(3), le32(0x1A2B3C4D), le32(0x10), []byte("System\x00")}, nil)
	wide := bytes.Join([][]byte{le32(0x20), le32(2), le32(5), le32(0x14), le32(0x14), unhex(t, "fc0062000000")}, nil)
	net := bytes.Join([][]byte{le32(60), le32(1), le32(0x14), le32(0x20), le32(0x20000), []byte("\\\\srv\\share\x00Z:\x00")}, nil)
	netWide := bytes.Join([][]byte{le32(60), le32(1), le32(0x1C), le32(0x20), le32(0x20000), le32(0x1C), le32(0x24),
		unhex(t, "5c005c00fc000000 59003a000000")}, nil)
	for _, c := range []struct {
		name   string
		info   []byte
		want   string
		target string
		bad    string
	}{
		{"local", info(0x1C, 1, map[int]uint32{12: 0x40, 16: 0x80, 24: 0xA0}, map[int][]byte{0x40: volume, 0x80: []byte(`C:\dir`),
			0xA0: []byte("a.txt")}),
			`3 1A2B3C4D "System" "" ""`, `C:\dir\a.txt`, ""},
		{"local, wide", info(0x24, 1, map[int]uint32{12: 0x40, 16: 0x80, 24: 0xA0, 28: 0xC0, 32: 0xE0}, map[int][]byte{0x40: wide,
			0x80: []byte(`C:\x`),
			0xA0: []byte("x"), 0xC0: unhex(t, "43003a005c00fc00"), 0xE0: unhex(t, "fc00")}), `2 00000005 "üb" "" ""`, `C:\ü\ü`, ""},
		{"wide path outside", info(0x24, 1, map[int]uint32{16: 0x80, 28: 5000}, map[int][]byte{0x80: []byte(`C:\x`)}), "", `C:\x`,
			"LocalBasePath at offset 104: offset leads past the end"},
		{"path outside", info(0x1C, 1, map[int]uint32{16: 5000}, nil), "", "", "LocalBasePath at offset 92"},
		{"volume outside", info(0x1C, 1, map[int]uint32{12: 5000, 16: 0x80}, map[int][]byte{0x80: []byte(`C:\x`)}), "", `C:\x`,
			"VolumeID at offset 88"},
		{"volume too short", info(0x1C, 1, map[int]uint32{12: 0x40}, map[int][]byte{0x40: le32(8)}), "", "", "VolumeID at offset 140: shorter"},
		{"label outside", info(0x1C, 1, map[int]uint32{12: 0x40}, map[int][]byte{0x40: append(append([]byte{}, volume[:12]...), le32(5000)...)}),
			`3 1A2B3C4D "" "" ""`, "", ""},
		{"share", info(0x1C, 2, map[int]uint32{20: 0x40, 24: 0xA0}, map[int][]byte{0x40: net, 0xA0: []byte(`dir\a.txt`)}),
			`"\\srv\share" "Z:"`, `\\srv\share\dir\a.txt`, ""},
		{"share, wide", info(0x1C, 2, map[int]uint32{20: 0x40}, map[int][]byte{0x40: netWide}), `"\\ü" "Y:"`, `\\ü`, ""},
		{"share outside", info(0x1C, 2, map[int]uint32{20: 290}, nil), "", "", "CommonNetworkRelativeLink at offset 96"},
		{"short", info(0x1C, 1, nil, nil)[:0x1B], "", "", "LinkInfo at offset 76: shorter than its header"},
	} {
		b := append([]byte{}, c.info...)
		le.PutUint32(b, uint32(len(b)))
		l, err := Parse(link(hasLinkInfo, b, le32(0)))
		if l == nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := ""
		if v := l.Volume; v != nil {
			got = fmt.Sprintf("%d %08X %q ", v.DriveType, v.Serial, v.Label)
		}
		if got != "" || l.NetworkShare != "" {
			got += `"` + l.NetworkShare + `" "` + l.NetworkDevice + `"`
		}
		if got != c.want || l.Target() != c.target || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%s: %s, target %s, %v; want %s, %s, %s", c.name, got, l.Target(), err, c.want, c.target, c.bad)
		}
	}
}
