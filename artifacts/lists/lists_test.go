package lists

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const (
	md5A    = "0123456789abcdef0123456789abcdef"
	sha1A   = "0123456789abcdef0123456789abcdef01234567"
	sha256A = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func parse(t *testing.T, text string, role Role) *List {
	t.Helper()
	l, err := Parse(strings.NewReader(text), "list", role)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// values returns what a text of the evidence matches, as kind, entry and label.
func values(l *List, text string) []string {
	s := &Set{Lists: []*List{l}}
	var out []string
	add := func(m Match) {
		v := string(m.Kind) + " " + m.Value
		if m.Name != "" {
			v += " (" + m.Name + ")"
		}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	s.Text(text, add)
	for _, k := range []Kind{Registry, Command, Service, Task, Account} {
		s.Value(k, text, add)
	}
	slices.Sort(out)
	return out
}

func TestPlain(t *testing.T) {
	l := parse(t, `# indicators of the incident
`+strings.ToUpper(sha1A)+`
`+sha256A+` *dropper.exe
SHA256 (other.bin) = `+strings.Repeat("ab", 32)+`
`+md5A+`;a comment;70

198[.]51[.]100[.]20
203.0.113.0/24
2001:db8::1
evil[.]example   # the server
hxxps://Bad.example/Path/x.EXE
C:\Users\Public\svchost.exe
%TEMP%\pd64.exe
*\PerfLogs\*.rar
nbtscan.exe
HKLM\SYSTEM\ControlSet001\Services\Evil
HKCU\Software\Evil\Run
`, Indicators)
	if l.Format != "plain" || l.Skipped != 0 {
		t.Fatalf("format %s, problems %v", l.Format, l.Problems)
	}
	if l.Kinds[SHA1] != 1 || l.Kinds[SHA256] != 2 || l.Kinds[MD5] != 1 || l.Kinds[Address] != 3 || l.Kinds[Path] != 3 || l.Entries != 15 {
		t.Errorf("kinds %v, %d entries", l.Kinds, l.Entries)
	}
	for text, want := range map[string]string{
		sha1A: "sha1 " + sha1A,
		"SHA1=X,SHA256=" + strings.ToUpper(sha256A): "sha256 " + sha256A + " (dropper.exe)",
		md5A:                                 "md5 " + md5A + " (a comment)",
		"198.51.100.20:443":                  "address 198.51.100.20",
		"::ffff:203.0.113.9":                 "address 203.0.113.9",
		"http://203.0.113.77/x":              "address 203.0.113.77",
		"2001:DB8:0::1":                      "address 2001:db8::1",
		"cdn.EVIL.example":                   "domain cdn.evil.example (the server)",
		`\\evil.example\share\a.txt`:         "domain evil.example (the server)",
		"https://bad.example/Path/x.EXE":     "url bad.example/Path/x.EXE",
		`\??\c:\USERS\public\SVCHOST.exe`:    `path \users\public\svchost.exe`,
		`"C:\Users\Public\svchost.exe" -k x`: `path \users\public\svchost.exe`,
		`C:\Users\Public\svchost.exe -k x`:   `path \users\public\svchost.exe`,
		`\Device\HarddiskVolume2\Users\a\AppData\Local\Temp\pd64.exe`: `path \users\a\appdata\local\temp\pd64.exe`,
		`cmd /c c:\perflogs\out.rar`:                                  `path \perflogs\out.rar`,
		`D:\tools\NBTSCAN.EXE`:                                        "name nbtscan.exe",
		`HKLM\System\CurrentControlSet\Services\Evil\ImagePath`:       `registry hklm\system\currentcontrolset\services\evil`,
		`HKU\S-1-5-21-1-2-3-1001\Software\Evil\Run\x`:                 `registry hku\<user>\software\evil\run`,
		"notevil.example":                                             "", "203.0.114.1": "", `c:\tools\mynbtscan.exe`: "", `C:\Users\Public\svchost.exe.bak`: "",
		`HKLM\SYSTEM\CurrentControlSet\Services\EvilTwin`: "", strings.Repeat("0", 40): "",
	} {
		got := values(l, text)
		switch {
		case want == "" && len(got) > 0:
			t.Errorf("%s: %v, want nothing", text, got)
		case want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) || strings.HasPrefix(want, s) }):
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// A line that cannot be read is named by its number, and the others are used.
func TestDamaged(t *testing.T) {
	text := md5A + "\n" + "zz23456789abcdef0123456789abcdef00000000\n" + "not an indicator\n" + strings.Repeat("x", maxLine+10) + "\n" +
		sha1A[:39] + " name\n" + "d41d8cd98f00b204e9800998ecf8427e\n*.*\n0.0.0.0/0\n" + sha1A
	l := parse(t, text, Indicators)
	if l.Entries != 2 || l.Skipped != 7 {
		t.Fatalf("%d entries, %d skipped: %v", l.Entries, l.Skipped, l.Problems)
	}
	var lines []int
	for _, p := range l.Problems {
		lines = append(lines, p.Line)
	}
	if !slices.Equal(lines, []int{2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("lines %v", lines)
	}
	if _, err := Parse(strings.NewReader("nothing here\n"), "l", Bad); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a list without an entry: %v", err)
	}
	many := parse(t, strings.Repeat("no shape\n", 1000)+sha1A, Indicators)
	if many.Skipped != 1000 || len(many.Problems) != maxProblems {
		t.Errorf("%d skipped, %d named", many.Skipped, len(many.Problems))
	}
}

// Lists of hashes hold hashes: a name says nothing of whether a file is known.
func TestRoles(t *testing.T) {
	for _, role := range []Role{Bad, Good} {
		l := parse(t, sha1A+"\nnbtscan.exe\n", role)
		if l.Entries != 1 || l.Skipped != 1 || l.Problems[0].Line != 2 {
			t.Errorf("%s: %+v", role, l.Summary)
		}
	}
	l := parse(t, "example.com\n192.0.2.0/24\n", Good)
	s := &Set{Lists: []*List{l}}
	if _, ok := s.Good(Domain, "www.example.com"); !ok {
		t.Error("a domain of a list of known ones is not found")
	}
	if _, ok := s.Good(Address, "192.0.2.4"); !ok {
		t.Error("an address of a list of known ones is not found")
	}
	if s.Has(Kinds...) || len(values(l, "example.com")) > 0 {
		t.Error("what is known gives a hit")
	}
}

func TestCSV(t *testing.T) {
	for name, text := range map[string]string{
		"nsrl 2":    `"SHA-1","MD5","CRC32","FileName","FileSize"` + "\n" + `"` + sha1A + `","` + md5A + `","00","tool.exe",12`,
		"semicolon": "md5;sha1;filename;comment\n" + md5A + ";" + sha1A + ";tool.exe;tool.exe\n",
		"tab":       "hash\tname\n" + sha1A + "\ttool.exe\n" + md5A + "\ttool.exe\n",
		"bom":       "\xef\xbb\xbfSHA1,MD5,FileName\r\n" + sha1A + "," + md5A + ",tool.exe\r\n",
	} {
		l := parse(t, text, Bad)
		if l.Format != "csv" || l.Kinds[SHA1] != 1 || l.Kinds[MD5] != 1 || l.Entries != 2 || l.Skipped != 0 {
			t.Errorf("%s: %+v", name, l.Summary)
		}
		if got := values(l, sha1A); !slices.Equal(got, []string{"sha1 " + sha1A + " (tool.exe)"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	l := parse(t, "type,value,comment,level\nfilename,evil.exe,one,low\ndomain,evil.example,two,critical\nmutex,x,three,\n"+
		"regkey|value,HKLM\\Software\\X|run,four,\nip-dst|port,198.51.100.1|443,five,\nfilename|sha1,a.exe|"+sha1A+",,\n"+
		"windows-service-name,EvilSvc,six,\n", Indicators)
	if l.Skipped != 1 || l.Problems[0].Line != 4 || l.Entries != 6 {
		t.Errorf("%+v", l.Summary)
	}
	var level string
	(&Set{Lists: []*List{l}}).Text("x.evil.example", func(m Match) { level = m.Level })
	if level != "critical" {
		t.Errorf("level %q", level)
	}
	if got := values(l, "EvilSvc"); !slices.Equal(got, []string{"service evilsvc (six)"}) {
		t.Errorf("service: %v", got)
	}
}

func TestUTF16(t *testing.T) {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(sha1A + "\r\nбэд.exe\r\n")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	l, err := Parse(bytes.NewReader(b), "l", Indicators)
	if err != nil || l.Entries != 2 {
		t.Fatalf("%v %+v", err, l)
	}
	if got := values(l, `C:\БЭД.EXE`); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

const bundle = `{"type":"bundle","id":"bundle--1","objects":[
 {"type":"indicator","id":"indicator--1","name":"one hash","pattern_type":"stix","pattern":"[file:hashes.'SHA-1' = '` + sha1A + `']","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-02-01T00:00:00Z","labels":["a"]},
 {"type":"indicator","id":"indicator--2","name":"both","pattern_type":"stix","pattern":"[file:name = 'mim.exe' AND (file:hashes.MD5 = '` + md5A + `' OR file:hashes.SHA256 = '` + sha256A + `')]"},
 {"type":"indicator","id":"indicator--3","pattern_type":"stix","pattern":"[domain-name:value IN ('a.example','b.example')] FOLLOWEDBY [ipv4-addr:value ISSUBSET '198.51.100.0/24'] WITHIN 300 SECONDS"},
 {"type":"indicator","id":"indicator--4","pattern_type":"stix","pattern":"[process:command_line LIKE '%sekurlsa::%' OR windows-registry-key:key MATCHES 'Run\\\\\\\\evil$']"},
 {"type":"indicator","id":"indicator--5","pattern_type":"stix","pattern":"[file:name = 'x.dll' AND file:parent_directory_ref.path = 'C:\\\\Users\\\\Public']"},
 {"type":"indicator","id":"indicator--6","pattern_type":"stix","pattern":"[mutex:name = 'x']"},
 {"type":"indicator","id":"indicator--7","pattern_type":"yara","pattern":"rule x {}"},
 {"type":"indicator","id":"indicator--8","pattern_type":"stix","pattern":"[file:name = 'open"},
 {"type":"observed-data","id":"observed-data--1","objects":{"0":{"type":"domain-name","value":"innocent.example"}}},
 {"type":"indicator","id":"indicator--9","pattern_type":"stix","revoked":true,"pattern":"[file:name = 'revoked.exe']"}]}`

func TestSTIX(t *testing.T) {
	l := parse(t, bundle, Indicators)
	if l.Format != "stix" || l.Skipped != 3 {
		t.Fatalf("format %s, problems %v", l.Format, l.Problems)
	}
	for i, part := range []string{"mutex:name", "yara", "quote"} {
		if !strings.Contains(l.Problems[i].Text, part) {
			t.Errorf("problem %d is %s, want %s", i, l.Problems[i], part)
		}
	}
	for text, want := range map[string]string{
		"a.example": "domain a.example", "198.51.100.9": "address 198.51.100.9", `C:\Users\Public\X.dll`: `path \users\public\x.dll`,
		`mimikatz SEKURLSA::logonpasswords`: "command mimikatz sekurlsa::logonpasswords", `HKLM\Software\Run\evil`: `registry hklm\software\run\evil`,
	} {
		if got := values(l, text); !slices.Contains(got, want) {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"innocent.example", "revoked.exe", `C:\Other\x.dll`, "199.51.100.9"} {
		if got := values(l, text); len(got) > 0 {
			t.Errorf("%s: %v", text, got)
		}
	}
	s := &Set{Lists: []*List{l}}
	var joint Joint
	hits := func(subject, text string) (n int) {
		s.Text(text, func(m Match) {
			if joint.Complete(&m, subject) {
				n++
			}
		})
		return n
	}
	if hits("p", `C:\mim.exe`) != 0 || hits("q", md5A) != 0 {
		t.Error("a part of an indicator is a hit")
	}
	if hits("p", md5A) != 1 || hits("p", md5A) != 0 {
		t.Error("the last part of an indicator is not one hit")
	}
	var m Match
	s.Hash(sha1A, func(x Match) { m = x })
	at := func(s string) time.Time { v, _ := time.Parse(time.DateOnly, s); return v }
	if m.Label == nil || m.Outside(at("2026-01-15")) || !m.Outside(at("2025-12-31")) || !m.Outside(at("2026-02-01")) {
		t.Errorf("validity of %+v", m.Label)
	}
}

func TestMISP(t *testing.T) {
	l := parse(t, `{"response":[{"Event":{"info":"Case 7","threat_level_id":"1","Tag":[{"name":"tlp:red"}],
 "Attribute":[{"uuid":"u1","type":"filename|sha1","value":"a.exe|`+sha1A+`","to_ids":true,"Tag":[{"name":"apt"}]},
  {"type":"domain","value":"context.example","to_ids":false},{"type":"mutex","value":"m","to_ids":true},
  {"type":"regkey","value":"HKLM\\Software\\Evil","to_ids":true},{"type":"domain","value":"gone.example","to_ids":true,"deleted":true}],
 "Object":[{"name":"file","Attribute":[{"type":"filename","value":"common.dll","to_ids":true},{"type":"md5","value":"`+md5A+`","to_ids":true}]}]}}]}`,
		Indicators)
	if l.Format != "misp" || l.Entries != 3 || l.Skipped != 1 {
		t.Fatalf("%+v", l.Summary)
	}
	s := &Set{Lists: []*List{l}}
	var m Match
	s.Hash(sha1A, func(x Match) { m = x })
	if m.Label == nil || m.Level != "high" || !slices.Equal(m.Labels, []string{"tlp:red", "apt"}) || m.ID != "u1" || m.Name != "Case 7" {
		t.Errorf("label %+v", m.Label)
	}
	for _, text := range []string{"context.example", "gone.example", "common.dll"} {
		if got := values(l, text); len(got) > 0 {
			t.Errorf("%s: %v", text, got)
		}
	}
	warning := `{"name":"Top domains","type":"hostname","list":["example.com",".example.org","192.0.2.0/24"]}`
	if w := parse(t, warning, Good); w.Entries != 3 || w.Skipped != 0 || w.Format != "misp warning list" {
		t.Errorf("%+v", w.Summary)
	}
	if _, err := Parse(strings.NewReader(warning), "w", Indicators); err == nil {
		t.Error("a warning list is taken for indicators")
	}
	// A file that ends in the middle: what was read counts, the end is a problem.
	cut := parse(t, bundle[:len(bundle)-400], Indicators)
	if cut.Entries == 0 || !slices.ContainsFunc(cut.Problems, func(p Problem) bool { return strings.Contains(p.Text, "not read") }) {
		t.Errorf("%+v", cut.Summary)
	}
}

func TestPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"": "expected", "[": "path", "[file:name]": "operator", "[file:name = ]": "value", "[file:name = 'a'] x": "unexpected",
		"[file:name != 'a']": "!=", "[file:name NOT = 'a']": "negation", "[file:size > 3]": "file:size", "[file:name MATCHES '(']": "regular",
		"[file:name MATCHES '.*']": "everything", "[file:name LIKE '%']": "everything", "([file:name = 'a']": "parenthesis",
		"[file:hashes.MD5 = 'zz']": "digits", "[ipv4-addr:value ISSUBSET '0.0.0.0/0']": "everything",
		"[file:name = 'a' AND file:size = 3]": "file:size",
	} {
		l := newList("l", Indicators)
		if err := l.pattern(pattern, &Label{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
	// Alternatives of alternatives grow with each step: they are bounded.
	big := "[" + strings.Repeat("(file:name = 'a' OR file:name = 'b') AND ", 40) + "file:name = 'c']"
	if err := newList("l", Indicators).pattern(big, &Label{}); err == nil {
		t.Error("2^40 alternatives are taken")
	}
	deep := strings.Repeat("(", 100_000)
	if err := newList("l", Indicators).pattern(deep[:maxPattern], &Label{}); err == nil {
		t.Error("nesting is not bounded")
	}
}

// writeBloom makes a Bloom filter of SHA-1 texts by the description, with numbers of
// any size: it shares nothing with the reader.
func writeBloom(sums []string, n uint64, p float64) []byte {
	m := uint64(math.Ceil(-float64(n) * math.Log(p) / (math.Ln2 * math.Ln2)))
	k := uint64(math.Ceil(math.Ln2 * float64(m) / float64(n)))
	words := make([]uint64, (m+63)/64)
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	mod := new(big.Int).Sub(two64, big.NewInt(59))
	g, _ := new(big.Int).SetString("18446744073709550147", 10)
	for _, s := range sums {
		h := fnv.New64()
		h.Write([]byte(strings.ToUpper(s)))
		v := new(big.Int).Mod(new(big.Int).SetUint64(h.Sum64()), mod)
		for range k {
			v.Mul(v, g).Mod(v, two64).Mod(v, mod)
			at := new(big.Int).Mod(v, new(big.Int).SetUint64(m)).Uint64()
			words[at/64] |= 1 << (at % 64)
		}
	}
	var b bytes.Buffer
	for _, v := range []uint64{1, n, math.Float64bits(p), k, m, uint64(len(sums))} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	binary.Write(&b, binary.LittleEndian, words)
	return b.Bytes()
}

func TestBloom(t *testing.T) {
	var sums []string
	for i := range 1000 {
		sums = append(sums, fmt.Sprintf("%040x", i*7919))
	}
	path := filepath.Join(t.TempDir(), "hashlookup.bloom")
	if err := os.WriteFile(path, writeBloom(sums, 1000, 0.0001), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Read(path, Good, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Set{Lists: []*List{l}}
	defer s.Close()
	if l.Format != "bloom filter" || l.Entries != 1000 {
		t.Errorf("%+v", l.Summary)
	}
	for _, sum := range sums {
		if m, ok := s.Good(SHA1, sum); !ok || m.Doubt != "probably known (1 : 10000)" {
			t.Fatalf("%s is not found (%+v)", sum, m)
		}
	}
	wrong := 0
	for i := range 1000 {
		if _, ok := s.Good(SHA1, fmt.Sprintf("%039xf", i)); ok {
			wrong++
		}
	}
	if wrong > 5 {
		t.Errorf("%d of 1000 unknown hashes are found", wrong)
	}
	if sum, err := l.Hash(); err != nil || len(sum) != 64 {
		t.Errorf("hash %q %v", sum, err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	for _, sum := range sums {
		s.Good(SHA1, sum)
	}
	if l.Err() == nil {
		t.Error("a filter that was cut short gives no error")
	}
}

// The order of the lines does not change what a list answers, and repeated hashes
// count once.
func TestOrder(t *testing.T) {
	var lines []string
	for i := range 5000 {
		lines = append(lines, fmt.Sprintf("%040x;label %d", int64(i)*2654435761%100_003, i%7))
	}
	a := parse(t, strings.Join(lines, "\n"), Bad)
	slices.Reverse(lines)
	b := parse(t, strings.Join(append(lines, lines...), "\n"), Bad)
	if a.Entries != b.Entries || a.Entries != 5000 {
		t.Fatalf("%d and %d entries", a.Entries, b.Entries)
	}
	for i := range 5000 {
		sum := fmt.Sprintf("%040x", int64(i)*2654435761%100_003)
		m, ok := a.hashed(SHA1, sum)
		n, ok2 := b.hashed(SHA1, sum)
		if !ok || !ok2 || m.Name != n.Name || m.Name != fmt.Sprintf("label %d", i%7) {
			t.Fatalf("%s: %v %v %v %v", sum, m.Name, ok, n.Name, ok2)
		}
	}
}

func TestWild(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"a*b", "ab", true}, {"a*b", "axxb", true}, {"a*b", "axx", false}, {"?", "é", true}, {"a?c", "abc", true},
		{"a?c", "ac", false}, {`*\x*.exe`, `\a\x1.exe`, true}, {"*a*a*a*b", strings.Repeat("a", 2000), false},
	} {
		if got := wild(c.pattern, c.text); got != c.want {
			t.Errorf("%s, %.20s: %v", c.pattern, c.text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(bundle), "x")
	f.Add([]byte("md5,filename\n"+md5A+",a\n"), md5A)
	f.Add([]byte(sha1A+"  a\nC:\\a\\*.exe\n198.51.100.0/24\n[.]x\n"), `"C:\a\b.exe" 198.51.100.4`)
	f.Add([]byte(`{"Event":{"Attribute":[{"type":"domain|ip","value":"a.example|192.0.2.1","to_ids":true}]}}`), "a.example")
	f.Add([]byte("\xff\xfea\x00"), "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		for _, role := range []Role{Indicators, Bad, Good} {
			l, err := Parse(bytes.NewReader(data), "l", role)
			if err != nil {
				continue
			}
			if l.Entries == 0 || len(l.Problems) > maxProblems || l.Skipped < len(l.Problems) {
				t.Fatalf("%+v", l.Summary)
			}
			for i := range l.hashes {
				tab := &l.hashes[i]
				for n := range tab.len() {
					if _, ok := tab.find(tab.at(n)); !ok {
						t.Fatalf("hash %x is not found", tab.at(n))
					}
				}
			}
			values(l, text)
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("[file:name = 'a' AND (file:hashes.MD5 = '" + md5A + "' OR file:name LIKE '%x')] FOLLOWEDBY [url:value IN ('a','b')] WITHIN 5 SECONDS")
	f.Add("([file:name MATCHES '^a'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z')")
	f.Fuzz(func(t *testing.T, s string) {
		l := newList("l", Indicators)
		if l.pattern(s, &Label{}) == nil {
			l.finish()
			values(l, s)
		}
	})
}

func FuzzBloom(f *testing.F) {
	f.Add(writeBloom([]string{sha1A}, 10, 0.01))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !isBloom(data, int64(len(data))) {
			return
		}
		b, err := newBloom(bytes.NewReader(data), nil)
		if err != nil {
			return
		}
		if _, _, err := b.Has(SHA1, make([]byte, 20)); err != nil {
			t.Fatal(err) // the size was checked
		}
	})
}

func BenchmarkHashes(b *testing.B) {
	var text bytes.Buffer
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "%016x%024x\n", uint64(i)*0x9e3779b97f4a7c15, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		l, err := Parse(bytes.NewReader(text.Bytes()), "l", Bad)
		if err != nil || l.Entries != 1_000_000 {
			b.Fatal(err)
		}
	}
}
