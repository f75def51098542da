package sigma

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// load compiles rules given as documents; each must be judged.
func load(t testing.TB, opts *Options, docs ...string) *Set {
	t.Helper()
	s := loadAny(t, opts, docs...)
	for _, x := range s.Skipped() {
		t.Fatalf("skipped: %s", x)
	}
	return s
}

func loadAny(t testing.TB, opts *Options, docs ...string) *Set {
	t.Helper()
	fsys := fstest.MapFS{"rules.yml": {Data: []byte(strings.Join(docs, "\n---\n"))}}
	s, err := LoadFS(fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rule is a rule over process creation with this detection.
func rule(detection string) string {
	return "title: t\nid: t\nlogsource: {product: windows, category: process_creation}\ndetection:\n" + detection
}

// process is a Sysmon event 1.
func process(fields ...string) *Event {
	e := &Event{Channel: chSysmon, Provider: "Microsoft-Windows-Sysmon", ID: "1", Time: time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)}
	for i := 0; i+1 < len(fields); i += 2 {
		e.Fields = append(e.Fields, Field{fields[i], fields[i+1]})
	}
	return e
}

func hits(s *Set, e *Event) []string {
	var out []string
	s.NewMatcher().Match(e, func(r *Rule) bool { out = append(out, r.ID); return true })
	slices.Sort(out)
	return out
}

func TestDetection(t *testing.T) {
	cmd := func(s string) []string { return []string{"Image", `C:\Windows\System32\cmd.exe`, "CommandLine", s} }
	for _, c := range []struct {
		name, detection string
		fields          []string
		want            bool
	}{
		{"exact, any case", "  a: {CommandLine: 'WHOAMI /all'}\n  condition: a", cmd("whoami /ALL"), true},
		{"exact is whole", "  a: {CommandLine: 'whoami'}\n  condition: a", cmd("whoami /all"), false},
		{"cased", "  a: {CommandLine|cased: 'whoami'}\n  condition: a", cmd("Whoami"), false},
		{"cased contains", "  a: {CommandLine|contains|cased: 'Who'}\n  condition: a", cmd("x Whoami"), true},
		{"star", "  a: {CommandLine: 'cmd*/c*del'}\n  condition: a", cmd("cmd.exe /q /c x & del"), true},
		{"star order", "  a: {CommandLine: 'cmd*/c*del'}\n  condition: a", cmd("cmd.exe /q del /c"), false},
		{"question mark", "  a: {CommandLine|contains: 'a?c'}\n  condition: a", cmd("xxabcxx"), true},
		{"literal star", `  a: {CommandLine|contains: 'del \*.log'}` + "\n  condition: a", cmd(`del *.log`), true},
		{"literal star only", `  a: {CommandLine|contains: 'del \*.log'}` + "\n  condition: a", cmd(`del x.log`), false},
		{"two backslashes are one", `  a: {CommandLine|contains: '\\share'}` + "\n  condition: a", cmd(`net use \share`), true},
		{"four are two", `  a: {CommandLine|contains: '\\\\share'}` + "\n  condition: a", cmd(`net use \share`), false},
		{"backslash before a letter", `  a: {CommandLine|contains: 'C:\Users'}` + "\n  condition: a", cmd(`dir C:\Users\a`), true},
		{"backslash, then wildcard", `  a: {CommandLine: 'dir C:\\*'}` + "\n  condition: a", cmd(`dir C:\x`), true},
		{"startswith", "  a: {CommandLine|startswith: ping}\n  condition: a", cmd("ping -n 1"), true},
		{"endswith", `  a: {Image|endswith: '\CMD.exe'}` + "\n  condition: a", cmd(""), true},
		{"list is or", "  a: {CommandLine: [x, y]}\n  condition: a", cmd("y"), true},
		{"all", "  a: {CommandLine|contains|all: [x, y]}\n  condition: a", cmd("y z"), false},
		{"number", "  a: {ProcessId: 4}\n  condition: a", []string{"ProcessId", "4"}, true},
		{"null is absent", "  a: {Company: null}\n  condition: a", cmd("x"), true},
		{"null is empty", "  a: {Company: null}\n  condition: a", []string{"Company", ""}, true},
		{"null is not a value", "  a: {Company: null}\n  condition: a", []string{"Company", "x"}, false},
		{"empty text", "  a: {Company: ''}\n  condition: a", []string{"Company", ""}, true},
		{"star needs a value", "  a: {Company: '*'}\n  condition: a", cmd("x"), false},
		{"exists", "  a: {Company|exists: true}\n  condition: a", []string{"Company", ""}, true},
		{"exists false", "  a: {Company|exists: false}\n  condition: a", cmd("x"), true},
		{"re", "  a: {CommandLine|re: 'a[0-9]+b'}\n  condition: a", cmd("xa12b"), true},
		{"re regards case", "  a: {CommandLine|re: 'a[0-9]+b'}\n  condition: a", cmd("xA12B"), false},
		{"re with a flag", "  a: {CommandLine|re|i: 'a[0-9]+b'}\n  condition: a", cmd("xA12B"), true},
		{"cidr", "  a: {Ip|cidr: 10.0.0.0/8}\n  condition: a", []string{"Ip", "::ffff:10.1.2.3"}, true},
		{"cidr outside", "  a: {Ip|cidr: 10.0.0.0/8}\n  condition: a", []string{"Ip", "11.1.2.3"}, false},
		{"cidr of version 6", "  a: {Ip|cidr: 'fe80::/10'}\n  condition: a", []string{"Ip", "fe80::1%3"}, true},
		{"gte", "  a: {Size|gte: 10}\n  condition: a", []string{"Size", "0x10"}, true},
		{"lt", "  a: {Size|lt: 10}\n  condition: a", []string{"Size", "10"}, false},
		{"neq", "  a: {Size|neq: 10}\n  condition: a", []string{"Size", "11"}, true},
		{"hour", "  a: {UtcTime|hour: 3}\n  condition: a", []string{"UtcTime", "2026-03-06 03:04:05.678"}, true},
		{"fieldref", "  a: {User|fieldref: ParentUser}\n  condition: a", []string{"User", "A", "ParentUser", "a"}, true},
		{"fieldref endswith", "  a: {Image|fieldref|endswith: Name}\n  condition: a", []string{"Image", `C:\a.exe`, "Name", "A.EXE"}, true},
		{"windash slash", "  a: {CommandLine|windash|contains: ' -all'}\n  condition: a", cmd("x /ALL"), true},
		{"windash dash", "  a: {CommandLine|contains|windash: ' -all -x'}\n  condition: a", cmd("x –all /x"), true},
		{"windash within a word", "  a: {CommandLine|contains|windash: 'a-b'}\n  condition: a", cmd("a/b"), false},
		{"base64", "  a: {CommandLine|base64|contains: 'foo'}\n  condition: a", cmd("x Zm9v"), true},
		{"base64offset", "  a: {CommandLine|base64offset|contains: 'http://'}\n  condition: a", cmd("eGh0dHA6Ly9h"), true}, // "xhttp://a"
		{"wide, base64offset", "  a: {CommandLine|wide|base64offset|contains: 'IEX'}\n  condition: a", cmd("SQBFAFgA"), true},
		{"field name with a blank", "  a: {ThreatName|contains: x}\n  condition: a", []string{"Threat Name", "ax"}, true},
		{"field below UserData", "  a: {Operation|contains: x}\n  condition: a", []string{"UserData/Op/Operation", "ax"}, true},
		{"keywords", "  a: [mimikatz, other]\n  condition: a", cmd("run Mimikatz now"), true},
		{"keywords all", "  a: {'|all': [mimikatz, other]}\n  condition: a", cmd("run Mimikatz now"), false},
		{"list of mappings", "  a: [{Image: x}, {CommandLine: y}]\n  condition: a", cmd("y"), true},
		{"not", "  a: {CommandLine|contains: x}\n  f: {Image|endswith: cmd.exe}\n  condition: a and not f", cmd("x"), false},
		{"not of an absent field", "  a: {CommandLine|contains: x}\n  f: {Parent|endswith: cmd.exe}\n  condition: a and not f", cmd("x"), true},
		{"1 of", "  s_1: {CommandLine: x}\n  s_2: {CommandLine: y}\n  condition: 1 of s_*", cmd("y"), true},
		{"all of", "  s_1: {CommandLine: x}\n  s_2: {CommandLine: y}\n  condition: all of s_*", cmd("y"), false},
		{"them without underscore", "  a: {CommandLine: y}\n  _b: {CommandLine: z}\n  condition: all of them", cmd("y"), true},
		{"precedence", "  a: {CommandLine: y}\n  b: {CommandLine: z}\n  c: {CommandLine: z}\n  condition: a or b and c", cmd("y"), true},
		{"parentheses", "  a: {CommandLine: y}\n  b: {CommandLine: z}\n  c: {CommandLine: z}\n  condition: (a or b) and c", cmd("y"), false},
		{"list of conditions", "  a: {CommandLine: x}\n  b: {CommandLine: y}\n  condition: [a, b]", cmd("y"), true},
		{"nested mapping", "  a: [{CommandLine|contains: [a, b], Image: '*cmd*'}]\n  condition: a", cmd("b"), true},
		{"letters outside ASCII", "  a: {CommandLine|contains: 'ÄÖ'}\n  condition: a", cmd("xäö"), true},
		{"several values of a name", "  a: {X: b}\n  condition: a", []string{"X", "a", "X", "b"}, true},
		{"event id", "  a: {EventID: 1, CommandLine: x}\n  condition: a", cmd("x"), true},
	} {
		got := len(hits(load(t, nil, rule(c.detection)), process(c.fields...))) == 1
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	doc := rule("  a: {User|expand: '%admins%'}\n  condition: a")
	if s := loadAny(t, nil, doc); len(s.Skipped()) != 1 || !strings.Contains(s.Skipped()[0].Reason, "%admins%") {
		t.Errorf("without values: %v", s.Skipped())
	}
	s := load(t, &Options{Placeholders: map[string][]string{"admins": {"root", `corp\adm*`}}}, doc)
	if len(hits(s, process("User", `CORP\adm1`))) != 1 || len(hits(s, process("User", "bob"))) != 0 {
		t.Error("placeholder does not match as written")
	}
}

// TestThreeValues judges a record that can carry nothing but a path.
func TestThreeValues(t *testing.T) {
	path := func(e *Event) *Event { e.Carries = func(f string) bool { return f == "Image" }; return e }
	for _, c := range []struct {
		detection string
		hit       bool
		unjudged  int
	}{
		{"  a: {Image|endswith: x.exe}\n  condition: a", true, 0},
		{"  a: {Image|endswith: x.exe, CommandLine|contains: y}\n  condition: a", false, 1},
		{"  a: {Image|endswith: x.exe}\n  f: {CommandLine|contains: y}\n  condition: a and not f", false, 1},
		{"  a: {Image|endswith: x.exe}\n  f: {CommandLine|contains: y}\n  condition: a or f", true, 0},
		{"  a: {Image|endswith: x.exe}\n  f: {ParentImage: null}\n  condition: a and f", false, 1},
		{"  a: {Image|endswith: x.exe}\n  f: {Image|contains: '\\tmp\\'}\n  condition: a and not f", true, 0},
	} {
		s := load(t, nil, rule(c.detection))
		m := s.NewMatcher()
		n := 0
		m.Match(path(process("Image", `C:\x.exe`)), func(*Rule) bool { n++; return true })
		if (n == 1) != c.hit || m.Unjudged[s.Rules()[0]] != c.unjudged {
			t.Errorf("%q: %d hits, unjudged %v", c.detection, n, m.Unjudged)
		}
	}
}

func TestLogSources(t *testing.T) {
	doc := func(id, src string) string {
		return "title: t\nid: " + id + "\nlogsource: {" + src + "}\ndetection: {a: {Image|endswith: x.exe}, condition: a}"
	}
	s := load(t, nil, doc("process", "product: windows, category: process_creation"), doc("security", "product: windows, service: security"),
		doc("both", "product: windows, category: process_creation, service: security"), doc("all", "product: windows"), doc("file", "category: file_event, product: windows"))
	created := &Event{Channel: "Security", ID: "4688", Fields: []Field{{"NewProcessName", `C:\x.exe`}, {"SubjectUserName", "u"}, {"SubjectDomainName", "d"}}}
	if got := hits(s, created); !slices.Equal(got, []string{"all", "both", "process", "security"}) {
		t.Errorf("Security 4688: %v", got)
	}
	if got := hits(s, process("Image", "x.exe")); !slices.Equal(got, []string{"all", "process"}) {
		t.Errorf("Sysmon 1: %v", got)
	}
	if got := hits(s, &Event{Category: "file_event", Fields: []Field{{"Image", "x.exe"}}}); !slices.Equal(got, []string{"all", "file"}) {
		t.Errorf("a record of category file_event: %v", got)
	}
	reg := load(t, nil, "title: t\nid: r\nlogsource: {product: windows, category: registry_set}\ndetection: {a: {TargetObject: 'HKLM\\Software\\X\\v', Details: 'y'}, condition: a}")
	if got := hits(reg, &Event{Channel: "Security", ID: "4657", Fields: []Field{{"ObjectName", `\REGISTRY\MACHINE\Software\X`}, {"ObjectValueName", "v"}, {"NewValue", "y"}}}); len(got) != 1 {
		t.Errorf("Security 4657: %v", got)
	}
}

// TestSkipped names each rule that is not judged, with its line and reason, and
// judges the others.
func TestSkipped(t *testing.T) {
	good := rule("  a: {Image: x}\n  condition: a")
	for _, c := range []struct{ doc, reason string }{
		{rule("  a: {Image|near: x}\n  condition: a"), `unknown modifier "near"`},
		{rule("  a: {Image|re: '(?=x)'}\n  condition: a"), "invalid or unsupported Perl syntax"},
		{rule("  a: {Image: x}\n  condition: a | count() > 5"), "aggregation"},
		{rule("  a: {Image: x}\n  condition: b"), `no detection item "b"`},
		{rule("  a: {Image: x}\n  condition: (a"), "parenthesis"},
		{rule("  a: {Image: x}\n  condition: a b"), `unexpected "b"`},
		{rule("  a: {Image: x}\n  condition: 1 of c*"), `no detection item matches "c*"`},
		{rule("  a: {Image: x}\n  condition: " + strings.Repeat("not ", 100) + "a"), "nested"},
		{rule("  a: {Image: x}"), "no condition"},
		{rule("  a: {Image: {b: c}}\n  condition: a"), "mapping as value"},
		{"title: t\nlogsource: {product: linux}\ndetection: {a: {b: c}, condition: a}", "product linux"},
		{"title: t\nlogsource: {product: windows, service: nope}\ndetection: {a: {b: c}, condition: a}", "service nope"},
		{"title: t\nstatus: experimental\nlogsource: {product: windows}\ndetection: {a: {b: c}, condition: a}", "status experimental"},
		{"title: t\nstatus: deprecated\nlogsource: {product: windows}\ndetection: {a: {b: c}, condition: a}", "status deprecated"},
		{"title: t\ncorrelation: {type: event_count, rules: [nope], timespan: 5m, condition: {gte: 2}}", `"nope"`},
		{"title: t\ncorrelation: {type: metric, rules: [t], timespan: 5m, condition: {gte: 2}}", "metric"},
	} {
		s := loadAny(t, nil, good, c.doc)
		if len(s.Skipped()) != 1 || !strings.Contains(s.Skipped()[0].Reason, c.reason) || s.Skipped()[0].File != "rules.yml" || s.Skipped()[0].Line < 2 && !strings.HasPrefix(c.reason, "status") {
			t.Errorf("%s: skipped %v", c.reason, s.Skipped())
		}
		if len(s.Rules()) != 1 || len(hits(s, process("Image", "x"))) != 1 {
			t.Errorf("%s: the sound rule is not judged", c.reason)
		}
	}
	s := loadAny(t, nil, "a: [b", good)
	if len(s.Skipped()) != 1 || s.Skipped()[0].Reason == "" || s.Skipped()[0].Line == 0 {
		t.Errorf("broken YAML: %v", s.Skipped())
	}
}

func TestCorrelation(t *testing.T) {
	base := func(id, image string) string {
		return "title: t\nname: " + id + "\nid: " + id + "\nlogsource: {product: windows, category: process_creation}\ndetection: {a: {Image: " + image + "}, condition: a}"
	}
	at := func(sec int, image, user, arg string) *Event {
		e := process("Image", image, "User", user, "CommandLine", arg)
		e.Time = e.Time.Add(time.Duration(sec) * time.Second)
		return e
	}
	for _, c := range []struct {
		name, doc string
		events    []*Event
		want      []string
	}{
		{"event_count", "{type: event_count, rules: [a], group-by: [User], timespan: 1m, condition: {gte: 3}}",
			[]*Event{at(50, "a", "x", ""), at(0, "a", "x", ""), at(30, "a", "x", ""), at(10, "a", "y", ""), at(200, "a", "x", ""), at(201, "a", "x", "")},
			[]string{"3 hits in 50s, User: x"}},
		{"event_count slides", "{type: event_count, rules: [a], timespan: 1m, condition: {gte: 3}}",
			[]*Event{at(0, "a", "x", ""), at(50, "a", "x", ""), at(70, "a", "x", ""), at(100, "a", "x", "")}, []string{"3 hits in 50s"}},
		{"value_count", "{type: value_count, rules: [a], timespan: 1m, condition: {gte: 2, field: CommandLine}}",
			[]*Event{at(0, "a", "x", "1"), at(5, "a", "x", "1"), at(9, "a", "x", "2")}, []string{"3 hits in 9s"}},
		{"value_count of one value", "{type: value_count, rules: [a], timespan: 1m, condition: {gte: 2, field: CommandLine}}",
			[]*Event{at(0, "a", "x", "1"), at(5, "a", "x", "1")}, nil},
		{"temporal", "{type: temporal, rules: [a, b], group-by: [User], timespan: 1m}",
			[]*Event{at(9, "a", "x", ""), at(0, "b", "x", ""), at(3, "b", "y", "")}, []string{"2 hits in 9s, User: x"}},
		{"temporal_ordered", "{type: temporal_ordered, rules: [a, b], timespan: 1m}",
			[]*Event{at(9, "a", "x", ""), at(0, "b", "x", "")}, nil},
		{"temporal_ordered in order", "{type: temporal_ordered, rules: [a, b], timespan: 1m}",
			[]*Event{at(0, "a", "x", ""), at(9, "b", "x", "")}, []string{"2 hits in 9s"}},
		{"aliases", "{type: temporal, rules: [a, b], group-by: [who], timespan: 1m, aliases: {who: {a: User, b: CommandLine}}}",
			[]*Event{at(0, "a", "x", "q"), at(9, "b", "p", "x")}, []string{"2 hits in 9s, who: x"}},
	} {
		s := load(t, nil, base("a", "a"), base("b", "b"), "title: c\nid: c\ncorrelation: "+c.doc)
		m, k := s.NewMatcher(), s.NewCorrelator()
		for i, e := range c.events {
			m.Match(e, func(r *Rule) bool { k.Add(r, e, i); return true })
		}
		var got []string
		for _, x := range k.Report() {
			got = append(got, x.Format())
			if len(x.Refs) != x.Count || x.Rule.ID != "c" {
				t.Errorf("%s: %d references of %d hits", c.name, len(x.Refs), x.Count)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if !s.Silent(s.Rules()[0]) || s.Silent(s.Rules()[2]) {
			t.Errorf("%s: the counted rule is not silent, or the counting one is", c.name)
		}
	}
}

func TestGlobal(t *testing.T) {
	s := load(t, nil, "action: global\ntitle: t\nlevel: high\ndetection: {a: {Image: x}, condition: a}",
		"id: one\nlogsource: {product: windows, category: process_creation}", "id: two\nlogsource: {product: windows, category: image_load}")
	if got := hits(s, process("Image", "x")); !slices.Equal(got, []string{"one"}) || s.Rules()[1].Level != "high" {
		t.Errorf("%v, %+v", got, s.Rules())
	}
}

func TestMetadata(t *testing.T) {
	r := load(t, nil, "title: A\nauthor: B\nlevel: High\ntags: [attack.t1059.001, attack.execution, cve.2021-1]\nreferences: ['https://example.org/x']\n"+
		"falsepositives: [Admins]\nlogsource: {product: windows}\ndetection: {a: {Image: x}, condition: a}").Rules()[0]
	if r.Author != "B" || r.Level != "high" || !slices.Equal(r.Techniques(), []string{"T1059.001"}) || r.Link() != "https://example.org/x" || r.FalsePositives[0] != "Admins" {
		t.Errorf("%+v", r)
	}
}

// FuzzRule feeds rules of any content to the loader and judges an event by what
// is left of them.
func FuzzRule(f *testing.F) {
	f.Add(rule("  a: {Image|endswith: x.exe, CommandLine|contains|all: [a, b*c, '?']}\n  condition: a"), "x.exe", "abc")
	f.Add(rule("  a: {Image|re: '^a+$'}\n  b: [k, l]\n  condition: not 1 of them or (a and b)"), "aaa", "k")
	f.Add("a: &x [*x]", "", "")
	f.Add("title: t\nlogsource: &l {product: windows}\ndetection: {a: *l, condition: a}", "", "")
	f.Fuzz(func(t *testing.T, doc, image, line string) {
		s := loadAny(t, &Options{Statuses: []string{"all"}}, doc)
		m := s.NewMatcher()
		for range 2 { // a second event must not see the first
			m.Match(process("Image", image, "CommandLine", line), func(*Rule) bool { return true })
		}
	})
}

// FuzzText holds the automaton to the pattern: both must say the same of any
// text.
func FuzzText(f *testing.F) {
	f.Add("a*b?c", "xxaQbRcyy", uint8(3))
	f.Add(`\*.LOG`, "*.log", uint8(1))
	f.Add("ß", "SS", uint8(0))
	f.Fuzz(func(t *testing.T, pat, text string, how uint8) {
		mods := [...]modifiers{{}, {contains: true}, {starts: true}, {ends: true}, {contains: true, cased: true}}
		m := &mods[int(how)%len(mods)]
		x := &test{field: "image", name: "Image", cased: m.cased}
		x.pattern(parsePattern(pat), m, false)
		if x.kind == testEmpty || x.kind == testAny {
			return
		}
		g := newGroup(LogSource{})
		g.add(&parsed{rule: &Rule{}, cond: x.node()})
		g.finish()
		set := &Set{groups: []*group{g}}
		got := false
		set.NewMatcher().Match(process("Image", text), func(*Rule) bool { got = true; return true })
		folded := text
		if !m.cased {
			folded = string(fold(nil, text))
		}
		if want := x.glob.match(folded); got != want {
			t.Errorf("pattern %q, text %q: automaton %v, pattern %v", pat, text, got, want)
		}
	})
}
