package lists

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// TestShape has values without a kind, as people write them into lists.
func TestShape(t *testing.T) {
	for v, want := range map[string]Kind{
		md5A: MD5, strings.ToUpper(sha1A): SHA1, sha256A: SHA256,
		`HKLM\Software\X`: Registry, `HKEY_CURRENT_USER\Software\X`: Registry, `HKLM:\Software\X`: Registry, `\REGISTRY\MACHINE\SOFTWARE\X`: Registry,
		`http://a.example/x`: URL, `HTTPS://a.example`: URL, `a.example/x`: URL, `ftp://198.51.100.1/x`: URL,
		`198.51.100.1`: Address, `2001:db8::1`: Address, `198.51.100.0/24`: Address, `2001:db8::/32`: Address,
		`C:\a\b.exe`: Path, `%TEMP%\a.exe`: Path, `\\srv\share\a.exe`: Path, `*\a.exe`: Path,
		`a.exe`: Name, `a*.dll`: Name, `a.docm`: Name, `бэд.exe`: Name, `?.ps1`: Name,
		`a.example`: Domain, `*.a.example`: Domain, `xn--bcher-kva.example`: Domain, `bücher.example`: Domain, `a_b.example`: Domain,
		"": "", "a": "", "a.": "", ".a": "", "a..b": "", "1.2.3": "", "-a.example": "", "a b.example": "", "a.1": "",
		md5A + "0": "", strings.Repeat("g", 32): "", "300.1.1.1": "", strings.Repeat("a", 64) + ".example": "",
	} {
		if got, ok := Shape(v); got != want || ok != (want != "") {
			t.Errorf("Shape(%q) = %q, %t, want %q", v, got, ok, want)
		}
	}
}

// TestRefang undoes the marks that keep addresses from being opened, and no others.
func TestRefang(t *testing.T) {
	for in, want := range map[string]string{
		"hxxp://a[.]example/x":         "http://a.example/x",
		"hXXps[://]a[dot]example":      "https://a.example",
		"198(.)51[.]100[.]1":           "198.51.100.1",
		"2001[:]db8[:][:]1":            "2001:db8::1",
		"heron[at]a.example":           "heron@a.example",
		"hxxp":                         "hxxp",
		`C:\Program Files (x86)\a.exe`: `C:\Program Files (x86)\a.exe`,
		"http://[2001:db8::1]/x":       "http://[2001:db8::1]/x",
		"":                             "",
	} {
		if got := refang(in); got != want {
			t.Errorf("refang(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestURLKey has spellings of one address, and of others.
func TestURLKey(t *testing.T) {
	for _, s := range []string{"http://a.example/x", "https://A.EXAMPLE/x/", "a.example/x", "http://user:pass@a.example:80/x", "HTTPS://a.example:443/x#part",
		"http://a.example/%78"} {
		if got := urlKey(s); got != "a.example/x" {
			t.Errorf("urlKey(%q) = %q", s, got)
		}
	}
	for in, want := range map[string]string{
		"http://a.example":              "a.example",
		"http://a.example/":             "a.example",
		"http://a.example:8080/":        "a.example:8080",
		"http://a.example/X?q=%41#y":    "a.example/X?q=A",
		"http://a.example/%zz":          "a.example/%zz",
		"http://a.example/a%00b":        "a.example/a%00b",
		"http://[2001:DB8::1]:8080/x":   "[2001:db8::1]:8080/x",
		"http://a.example/u@b.example/": "a.example/u@b.example",
	} {
		if got := urlKey(in); got != want {
			t.Errorf("urlKey(%q) = %q, want %q", in, got, want)
		}
	}
	for key, want := range map[string]string{"a.example/x": "a.example", "a.example:8080/x": "a.example", "198.51.100.1:1": "198.51.100.1",
		"[2001:db8::1]/x": "2001:db8::1", "": ""} {
		if got := hostOf(key); got != want {
			t.Errorf("hostOf(%q) = %q, want %q", key, got, want)
		}
	}
}

// TestRegistryKeySpellings brings the spellings of tools, of the kernel and of
// PowerShell together.
func TestRegistryKeySpellings(t *testing.T) {
	for want, list := range map[string][]string{
		`hklm\software\x`: {`HKLM\SOFTWARE\X`, `HKEY_LOCAL_MACHINE\Software\X\`, `HKLM:\Software\X`, `\REGISTRY\MACHINE\SOFTWARE\X`},
		`hku\<user>\software\x`: {`HKCU\Software\X`, `HKEY_CURRENT_USER\Software\X`, `HKU\S-1-5-21-1-2-3-1001\Software\X`, `HKCU:\Software\X`,
			`\REGISTRY\USER\S-1-5-21-1-2-3-1001\Software\X`, `HKEY_USERS\.DEFAULT\Software\X`},
		`hklm\software\classes\.x`:               {`HKCR\.x`, `HKEY_CLASSES_ROOT\.x`, `HKLM\Software\Classes\.x`},
		`hklm\system\currentcontrolset\services`: {`HKLM\SYSTEM\ControlSet001\Services`, `HKLM\SYSTEM\ControlSet002\Services`, `HKLM\System\CurrentControlSet\Services`},
		"":                                       {``, `HKLM`, `HKLM\`, `Software\X`, `HKXX\Software`, `C:\hklm\x`},
	} {
		for _, s := range list {
			if got := RegistryKey(s); got != want {
				t.Errorf("RegistryKey(%q) = %q, want %q", s, got, want)
			}
		}
	}
}

// TestPathKeys: a path that does not begin at a root can be below any folder.
func TestPathKeys(t *testing.T) {
	for in, want := range map[string]string{
		`C:\Windows\a.exe`:      `\windows\a.exe`,
		`%TEMP%\a.exe`:          `*\temp\a.exe`,
		`%APPDATA%\x\a.exe`:     `*\appdata\roaming\x\a.exe`,
		`%UserProfile%\a.exe`:   `\users\*\a.exe`,
		`%SystemDrive%\a.exe`:   `\a.exe`,
		`%windir%/a.exe`:        `\windows\a.exe`,
		`x\a.exe`:               `*\x\a.exe`,
		`*\x\a.exe`:             `*\x\a.exe`,
		`\\srv\share\a.exe`:     `\\srv\share\a.exe`,
		`"C:\a b\c.exe"`:        `\a b\c.exe`,
		`%nothing%\a.exe`:       `*\%nothing%\a.exe`,
		`%TEMP%a.exe`:           `*\%temp%a.exe`,
		`C:\Users\*\x\*\a?.exe`: `\users\*\x\*\a?.exe`,
	} {
		if got := pathKey(in); got != want {
			t.Errorf("pathKey(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestHashPrograms has the output of programs that compute hashes. GNU's put a
// backslash before the line where a name holds one, and double those of the name.
func TestHashPrograms(t *testing.T) {
	for name, text := range map[string]string{
		"text mode":   sha256A + "  a.exe",
		"binary mode": sha256A + " *a.exe",
		"bsd":         "SHA256 (a.exe) = " + sha256A,
		"escaped":     `\` + sha256A + ` *a.exe`,
		"tab":         sha256A + "\ta.exe",
		"upper case":  strings.ToUpper(sha256A) + "  a.exe",
		"no newline":  sha256A + "  a.exe\r\n",
	} {
		l := parse(t, text, Indicators)
		if l.Entries != 1 || l.Kinds[SHA256] != 1 || l.Skipped != 0 {
			t.Errorf("%s: %+v", name, l.Summary)
			continue
		}
		if got := values(l, sha256A); !slices.Equal(got, []string{"sha256 " + sha256A + " (a.exe)"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	l := parse(t, `\`+md5A+` *C:\\Users\\mira\\a.exe`+"\n", Indicators)
	if got := values(l, md5A); !slices.Equal(got, []string{"md5 " + md5A + ` (C:\Users\mira\a.exe)`}) {
		t.Errorf("an escaped name: %v, %+v", got, l.Summary)
	}
}

// TestUTF16Damaged: a surrogate without a partner does not swallow the end of its
// line, in both byte orders, and a reader may give its bytes one by one.
func TestUTF16Damaged(t *testing.T) {
	units := slices.Concat(utf16.Encode([]rune("a.exe #bad ")), []uint16{0xD83D, '\n'}, utf16.Encode([]rune("b.exe #\U0001F600\n")),
		[]uint16{0xD83D, 0xD83D, 0xDE00, '.', 'e', 'x', 'e', '\n', 0xDE00}, utf16.Encode([]rune("c.exe")), []uint16{0xD83D})
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		b := order.AppendUint16(nil, 0xFEFF)
		for _, u := range units {
			b = order.AppendUint16(b, u)
		}
		for _, in := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)), iotest.DataErrReader(bytes.NewReader(append(b, 'x')))} {
			text, err := io.ReadAll(newUTF16(bufio.NewReader(in)))
			const want = "a.exe #bad \uFFFD\nb.exe #\U0001F600\n\uFFFD\U0001F600.exe\n\uFFFDc.exe\uFFFD"
			if err != nil || string(text) != want {
				t.Fatalf("%s: %q, %v, want %q", name, text, err, want)
			}
		}
		l, err := Parse(bytes.NewReader(b), "l", Indicators)
		if err != nil || len(values(l, `C:\a.exe`)) != 1 || len(values(l, `C:\b.exe`)) != 1 {
			t.Errorf("%s: %v, %+v", name, err, l.Summary)
		}
	}
}

// TestScores has the values of score that LOKI's lists have, and texts that are none.
func TestScores(t *testing.T) {
	for text, want := range map[string]string{"100": "high", "75": "high", "74": "medium", "60": "medium", "59": "low", "40": "low", "39": "informational",
		"-5": "informational", "": "", "x": "", "7 5": ""} {
		l := parse(t, "evil.example;a comment;"+text, Indicators)
		level, name := "none", ""
		(&Set{Lists: []*List{l}}).Text("evil.example", func(m Match) { level, name = m.Level, m.Name })
		if level != want || !strings.HasPrefix(name, "a comment") {
			t.Errorf("score %q: level %q, name %q, want %q", text, level, name, want)
		}
	}
	for in, want := range map[string]string{"Critical": "critical", " HIGH ": "high", "info": "informational", "severe": "", "": ""} {
		if got := levelWord(in); got != want {
			t.Errorf("levelWord(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for n := range 12 {
		got := clip("aäб\U0001F600x", n)
		if len(got) > n || !strings.HasPrefix("aäб\U0001F600x", got) || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("clip to %d bytes: %q", n, got)
		}
	}
}

// TestNetworks: an address is in a network when its first bits are, whatever its
// spelling.
func TestNetworks(t *testing.T) {
	l := parse(t, "198.51.100.77/24\n2001:db8::1/64\n203.0.113.7\n0.0.0.0/0\n::/0\n198.51.100.0/33\n", Indicators)
	if l.Entries != 3 || l.Skipped != 3 {
		t.Errorf("%+v %v", l.Summary, l.Problems)
	}
	for text, want := range map[string]bool{
		"198.51.100.0": true, "198.51.100.255": true, "198.51.101.0": false, "::ffff:198.51.100.9": true, "198.51.100.9:443": true,
		"2001:db8::ffff": true, "2001:DB8:0:0:1::": true, "2001:db8:0:1::": false, "203.0.113.7": true, "203.0.113.70": false, "1203.0.113.7": false,
	} {
		if got := len(values(l, text)) > 0; got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// TestDomainsAbove: an entry is its domain and all below, no domain that only ends alike.
func TestDomainsAbove(t *testing.T) {
	l := parse(t, "heron.example\n*.marsh.example\n", Indicators)
	if l.Entries != 2 {
		t.Fatalf("%+v %v", l.Summary, l.Problems)
	}
	for text, want := range map[string]bool{
		"heron.example": true, "a.b.HERON.example": true, "heron.example.": true, "notheron.example": false, "heron.example.org": false,
		"http://user@a.marsh.example:8080/x?y": true, "example": false, `\\x.heron.example\share\a.exe`: true,
	} {
		if got := len(values(l, text)) > 0; got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// TestLongLines skips a line that is too long, names its number, and reads on.
func TestLongLines(t *testing.T) {
	for _, n := range []int{maxLine - 1, maxLine, maxLine + 1, 300 << 10, 3 << 20} {
		l := parse(t, "a.exe\n#"+strings.Repeat("x", n)+"\nb.exe\n", Indicators)
		if len(values(l, `C:\a.exe`)) != 1 || len(values(l, `C:\b.exe`)) != 1 || l.Entries != 2 {
			t.Errorf("a line of %d bytes: %+v", n, l.Summary)
		}
		if long := n+2 > maxLine; long != (l.Skipped == 1) || long && l.Problems[0].Line != 2 {
			t.Errorf("a line of %d bytes: %+v", n, l.Problems)
		}
	}
}

// TestReaderFails: an error of the reader is the error of the list, at any place.
func TestReaderFails(t *testing.T) {
	bad := fmt.Errorf("cable pulled")
	for _, text := range []string{"", "a.exe\n", "md5,filename\n" + md5A + ",a\n", `{"type":"bundle","objects":[`, "\xff\xfea"} {
		l, err := Parse(io.MultiReader(strings.NewReader(text), iotest.ErrReader(bad)), "l", Indicators)
		if err == nil {
			t.Errorf("%q: no error, %+v", text, l.Summary)
		}
	}
}
