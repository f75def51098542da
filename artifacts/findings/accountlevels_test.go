package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

const sidOfMira = "S-1-5-21-1-2-3-1001"

// TestBuiltInAccounts: A-01.
func TestBuiltInAccounts(t *testing.T) {
	off := func(a *system.Account) { a.Flags = []string{"Account disabled"} }
	used := func(a *system.Account) { a.Logons = 1 }
	checkLevels(t, "A-01", []verdict{
		{"the guest may log on", findings.Medium, records{user(501, "Guest", nil)}},
		{"the guest did log on", findings.Critical, records{user(501, "Guest", used)}},
		{"the guest is off", silent, records{user(501, "Guest", off)}},
		{"the default account may log on", findings.Medium, records{user(503, "DefaultAccount", nil)}},
		{"the account of the sandbox may log on", findings.Medium, records{user(504, "WDAGUtilityAccount", nil)}},
		{"the administrator may log on, as ever", silent, records{user(500, "Administrator", nil)}},
		{"the default account is an administrator", findings.Critical, records{user(503, "DefaultAccount", off), group(544, "S-1-5-21-1-2-3-503")}},
		{"the guest is a guest", silent, records{user(501, "Guest", off), rec("groups", system.Group{RID: 546, Name: "Guests", Members: []string{"S-1-5-21-1-2-3-501"}})}},
		{"the guest was an administrator", silent, records{user(501, "Guest", off), deleted(group(544, "S-1-5-21-1-2-3-501"))}},
	})
	checkSays(t, "A-01", records{user(501, "Guest", used)}, "it is enabled and logged on 1 time")
	// The account is named even where only the group is here.
	checkSays(t, "A-01", records{group(544, "S-1-5-21-1-2-3-501")}, "S-1-5-21-1-2-3-501 (RID 501)", "member of Administrators")
}

// TestNewAccounts: A-02.
func TestNewAccounts(t *testing.T) {
	installed := rec("osinfo", system.OSInfo{Installed: day.AddDate(0, 0, -100)})
	since := func(days int) artifacts.Record {
		return user(1001, "mira", func(a *system.Account) { a.Created = day.AddDate(0, 0, days-100) })
	}
	hidden := func(s artifacts.State) artifacts.Record {
		return in(s, rec("winlogon", fill(persistence.Winlogon{Name: "mira", Value: "hidden (0)"}, persistence.Entry{Mechanism: "Log-on screen"})))
	}
	admin := group(544, sidOfMira)
	checkLevels(t, "A-02", []verdict{
		{"eight days after Windows", findings.Low, records{installed, since(8)}},
		{"seven days after Windows", silent, records{installed, since(7)}},
		{"late, and an administrator", findings.Medium, records{installed, since(8), admin}},
		{"late, and no administrator any more", findings.Low, records{installed, since(8), deleted(admin)}},
		{"nobody knows when Windows was installed", silent, records{since(8)}},
		{"within an hour of starts that deserve a look", findings.High, records{since(100), pf(`\Users\Public\a.exe`, at(60))}},
		{"after more than an hour", silent, records{since(100), pf(`\Users\Public\a.exe`, at(61))}},
		{"a name that net user does not list", findings.High, records{user(1002, "helper$", nil)}},
		{"the account of a HomeGroup", silent, records{user(1002, "HomeGroupUser$", nil)}},
		{"the account of a HomeGroup, an administrator", findings.High, records{user(1002, "HomeGroupUser$", nil), group(544, "S-1-5-21-1-2-3-1002")}},
		{"hidden at the logon screen", findings.High, records{user(1001, "mira", nil), hidden(artifacts.Live)}},
		{"not hidden any more", silent, records{user(1001, "mira", nil), hidden(artifacts.Deleted)}},
		{"hidden from the user manager", findings.High, records{user(1001, "mira", func(a *system.Account) { a.NoName = true })}},
		{"a deleted account", silent, records{deleted(user(1002, "helper$", nil))}},
		{"an account of Windows", silent, records{user(504, "WDAGUtilityAccount$", nil)}},
	})
	checkSays(t, "A-02", records{installed, since(8), admin}, "8 days after Windows was installed, and it is an administrator")
}

// TestOtherAccounts.
func TestOtherAccounts(t *testing.T) {
	stored := func(rid uint32) artifacts.Record {
		return user(1001, "mira", func(a *system.Account) { a.StoredRID = rid })
	}
	checkLevels(t, "A-03", []verdict{
		{"the data has another number", findings.Critical, records{stored(500)}},
		{"the data has its number", silent, records{stored(1001)}},
		{"a deleted account", silent, records{deleted(stored(500))}},
	})
	wrong := user(1001, "mira", func(a *system.Account) { a.BadPassword, a.BadLogons = day, 3 })
	checkLevels(t, "A-04", []verdict{
		{"a day before", findings.Low, records{wrong, pf(`\Users\Public\a.exe`, at(24*60))}},
		{"a day after", findings.Low, records{wrong, pf(`\Users\Public\a.exe`, at(-24*60))}},
		{"more than a day", silent, records{wrong, pf(`\Users\Public\a.exe`, at(24*60+1))}},
		{"no start that deserves a look", silent, records{wrong, pf(`\Program Files\A\a.exe`, at(5))}},
	})
	checkSays(t, "A-04", records{wrong, pf(`\Users\Public\a.exe`, at(5))}, "3 counted")
	profile := func(sid string) artifacts.Record {
		return rec("profiles", system.Profile{SID: sid, Path: `C:\Users\x`})
	}
	mira := user(1001, "mira", nil)
	checkLevels(t, "A-07", []verdict{
		{"a local account that is gone", findings.Low, records{mira, profile("S-1-5-21-1-2-3-1007")}},
		{"its copy", findings.Low, records{mira, profile("S-1-5-21-1-2-3-1007.bak")}},
		{"the copy of an account that is there", silent, records{mira, profile(sidOfMira + ".bak")}},
		{"an account of a domain", silent, records{mira, profile("S-1-5-21-9-9-9-1007")}},
		{"no accounts are here", silent, records{profile("S-1-5-21-1-2-3-1007")}},
		{"an account that was deleted, whose record is left", findings.Low, records{mira, deleted(user(1007, "gone", nil)), profile("S-1-5-21-1-2-3-1007")}},
	})
}

// TestPrivileges: A-08.
func TestPrivileges(t *testing.T) {
	mira := user(1001, "mira", nil)
	has := func(sid string, p ...string) artifacts.Record { return rec("userrights", rights(sid, p...)) }
	checkLevels(t, "A-08", []verdict{
		{"an account of the machine debugs", findings.High, records{mira, has(sidOfMira, "SeDebugPrivilege")}},
		{"an account of a domain debugs", findings.Medium, records{mira, has("S-1-5-21-9-9-9-1001", "SeDebugPrivilege")}},
		{"an account of a service", findings.Low, records{mira, has("S-1-5-21-9-9-9-1001", "SeAssignPrimaryTokenPrivilege")}},
		{"the administrator", findings.Informational, records{mira, has("S-1-5-21-1-2-3-500", "SeDebugPrivilege")}},
		{"the administrators of the domain", findings.Informational, records{mira, has("S-1-5-21-9-9-9-512", "SeDebugPrivilege")}},
		{"everyone", findings.High, records{has("S-1-1-0", "SeBackupPrivilege")}},
		{"everyone may pass folders, as ever", silent, records{has("S-1-1-0", "SeChangeNotifyPrivilege")}},
		{"all users may shut down, as ever", silent, records{has("S-1-5-32-545", "SeShutdownPrivilege")}},
		{"not any more", silent, records{deleted(has("S-1-1-0", "SeBackupPrivilege"))}},
	})
	checkSays(t, "A-08", records{has("S-1-1-0", "SeBackupPrivilege")}, "group everyone", "it has SeBackupPrivilege")
}

// TestConnections: A-05.
func TestConnections(t *testing.T) {
	rdp := func(host string) records { return records{of("u", rec("tsclient", activity.RDPServer{Host: host}))} }
	drive := func(path string) records {
		return records{of("u", rec("mappeddrives", activity.MappedDrive{Path: path}))}
	}
	key := func(host, kind string) records {
		return records{of("u", rec("putty", activity.RemoteHost{Tool: "PuTTY", Kind: kind, Host: host}))}
	}
	checkLevels(t, "A-05", []verdict{
		{"Remote Desktop to a name", findings.Low, rdp("fileserver")},
		{"Remote Desktop to an address", findings.Medium, rdp("10.0.0.8")},
		{"an administrative share", findings.Medium, drive(`\\srv\ADMIN$`)},
		{"the disk of another machine", findings.Medium, drive(`\\srv\d$\x`)},
		{"a share of an address", findings.Low, drive(`\\10.0.0.8\public`)},
		{"a share", silent, drive(`\\srv\public`)},
		{"printers", silent, drive(`\\srv\print$`)},
		{"a folder", silent, drive(`C:\share`)},
		{"slashes of another system", findings.Medium, drive(`//srv/c$`)},
		{"typed", findings.Low, records{of("u", rec("runmru", activity.RunMRU{Command: `mstsc /v:srv`}))}},
		{"Remote Desktop without a machine", silent, records{of("u", rec("runmru", activity.RunMRU{Command: `mstsc`}))}},
		{"SSH within the network", findings.Low, key("10.0.0.8", "host key")},
		{"SSH to a server of the Internet", silent, key("203.0.113.9", "host key")},
		{"a session that was only named", silent, key("10.0.0.8", "session")},
	})
	if got := techniques(drive(`\\srv\ADMIN$`), "A-05"); !slices.Contains(got, "T1021.002") {
		t.Errorf("an administrative share has the techniques %v", got)
	}
}

// TestReportsAreJoined: Join keeps the findings of all machines in one order,
// adds what was counted, and names the machine of a limit.
func TestReportsAreJoined(t *testing.T) {
	one := &findings.Report{
		Findings: []findings.Finding{{ID: "a", Host: "PC1", Level: findings.Low, Score: 30}},
		Coverage: []findings.Coverage{{Host: "PC1", RuleID: "M-01"}}, Silenced: 2, Limits: []string{"full"}, Known: findings.Known{Programs: 1, Lowered: 2},
	}
	two := &findings.Report{
		Findings: []findings.Finding{{ID: "b", Host: "PC2", Level: findings.High, Score: 70}},
		Coverage: []findings.Coverage{{Host: "PC2", RuleID: "M-01"}}, Silenced: 1, Known: findings.Known{Folded: 4},
	}
	r := findings.Join(one, two)
	if len(r.Findings) != 2 || r.Findings[0].ID != "b" || len(r.Coverage) != 2 {
		t.Errorf("the joined report is %+v", r)
	}
	if r.Silenced != 3 || r.Known != (findings.Known{Programs: 1, Lowered: 2, Folded: 4}) || r.Worst() != findings.High {
		t.Errorf("silenced %d, known %+v, worst %s", r.Silenced, r.Known, r.Worst())
	}
	if len(r.Limits) != 1 || r.Limits[0] != "PC1: full" {
		t.Errorf("the limits are %q", r.Limits)
	}
	if alone := findings.Join(one); alone.Limits[0] != "full" {
		t.Errorf("the limit of a single machine is %q", alone.Limits)
	}
	if low := r.AtLeast(findings.Medium); len(low.Findings) != 1 || low.Silenced != 3 || len(low.Coverage) != 2 {
		t.Errorf("from medium on there are %+v", low)
	}
	if w := new(findings.Report).Worst(); w != 0 {
		t.Errorf("nothing is %s", w)
	}
}

// TestVerdicts: a record has the highest level of the findings that quote it,
// and the rules whose reason it is.
func TestVerdicts(t *testing.T) {
	r := judge(records{pf(`\Users\Public\svchost.exe`, at(0)), pf(`\Program Files\A\a.exe`, at(5000))}, nil)
	v := r.Verdicts()
	bad, fine := v["prefetch-0"], v["prefetch-1"]
	if bad.Level != findings.Critical || !slices.Contains(bad.Rules, "M-01") || !slices.Contains(bad.Rules, "X-02") || len(bad.Findings) == 0 {
		t.Errorf("the verdict of the program in the wrong folder is %+v", bad)
	}
	if fine.Level != 0 || len(fine.Rules)+len(fine.Findings) != 0 {
		t.Errorf("the verdict of an ordinary program is %+v", fine)
	}
}

// TestLevelsAsText: the words of levels are those of Sigma, in both directions.
func TestLevelsAsText(t *testing.T) {
	for i, w := range findings.Levels() {
		l := findings.Level(i + 1)
		var back findings.Level
		if b, err := l.MarshalText(); string(b) != w || err != nil {
			t.Errorf("level %d is written %q, %v", i+1, b, err)
		}
		if err := back.UnmarshalText([]byte(w)); err != nil || back != l {
			t.Errorf("%q is read as %v, %v", w, back, err)
		}
	}
	if l, ok := findings.ParseLevel("info"); !ok || l != findings.Informational {
		t.Errorf("info is %v, %v", l, ok)
	}
	for _, w := range []string{"", "severe", "High"} {
		var l findings.Level
		if err := l.UnmarshalText([]byte(w)); err == nil {
			t.Errorf("%q is read as %v", w, l)
		}
	}
	if s := findings.Level(9).String(); s != "level 9" {
		t.Errorf("a level beyond the scale is %q", s)
	}
}

// TestFindingsAreReadBack: JSON of a report has the times of all outputs, and
// can be read back; local times have no Z.
func TestFindingsAreReadBack(t *testing.T) {
	f := findings.Finding{
		ID: "a", Level: findings.High, FirstSeen: day, LastSeen: day.Add(time.Second + 500), TimeKind: "Creation Time", Techniques: []string{},
		Evidence: []findings.Evidence{{ID: "r", Time: day, Quote: "<b>", Channel: "System", RecordNumber: 7}},
	}
	for _, kind := range []string{"Creation Time", artifacts.UnknownZone} {
		f.TimeKind, f.Evidence[0].TimeKind = kind, kind
		b, err := f.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var back findings.Finding
		if err := back.UnmarshalJSON(b); err != nil {
			t.Fatal(err)
		}
		if !back.FirstSeen.Equal(f.FirstSeen) || !back.LastSeen.Equal(f.LastSeen.Truncate(100)) || !back.Evidence[0].Time.Equal(day) || back.Evidence[0].RecordNumber != 7 || back.Level != f.Level {
			t.Errorf("%s: read back %+v", kind, back)
		}
		z := slices.Contains(b, 'Z')
		if z == (kind == artifacts.UnknownZone) {
			t.Errorf("%s: the times are written %s", kind, b)
		}
		if !slices.Contains(b, '<') {
			t.Errorf("the quote is escaped as if for a page: %s", b)
		}
	}
}

// TestChainFinding: E-90 has the level of its worst hop, medium at least, and
// one more from three machines on.
func TestChainFinding(t *testing.T) {
	chain := func(level findings.Level, machines ...string) findings.Finding {
		return findings.ChainFinding(machines[0], &findings.Chain{Machines: machines, Says: []string{"a hop"}, Level: level, First: day, Last: day.Add(time.Hour), Evidence: []findings.Evidence{{ID: "r"}}})
	}
	for _, c := range []struct {
		level    findings.Level
		machines []string
		want     findings.Level
	}{
		{0, []string{"A", "B"}, findings.Medium},
		{findings.Low, []string{"A", "B"}, findings.Medium},
		{findings.High, []string{"A", "B"}, findings.High},
		{0, []string{"A", "B", "C"}, findings.High},
		{findings.Critical, []string{"A", "B", "C"}, findings.Critical},
	} {
		if f := chain(c.level, c.machines...); f.Level != c.want {
			t.Errorf("%v with %s is %s, want %s", c.machines, word(c.level), f.Level, c.want)
		}
	}
	f := chain(0, "A", "B", "C")
	if f.Subject != "A → B → C" || f.RuleID != "E-90" || f.Host != "A" || len(f.Reasons) != 1 || f.Evidence[0].Rules[0] != "E-90" || f.ID == chain(0, "A", "B", "D").ID {
		t.Errorf("the finding is %+v", f)
	}
	if f.ID != chain(0, "A", "B", "C").ID {
		t.Error("the id of a chain changes")
	}
	// A report takes it in its place, and its coverage counts it for its machine alone.
	r := &findings.Report{
		Findings: []findings.Finding{{ID: "x", Level: findings.Critical, Score: 90}, {ID: "y", Level: findings.Low, Score: 30}},
		Coverage: []findings.Coverage{{Host: "A", RuleID: "E-90"}, {Host: "B", RuleID: "E-90"}, {Host: "A", RuleID: "E-01"}},
	}
	r.Insert(f)
	if r.Findings[1].ID != f.ID || r.Coverage[0].Hits != 1 || r.Coverage[1].Hits != 0 || r.Coverage[2].Hits != 0 {
		t.Errorf("the report is %+v", r)
	}
	long := findings.Chain{Machines: []string{"A", "B"}, Evidence: make([]findings.Evidence, 100)}
	if f := findings.ChainFinding("A", &long); len(f.Evidence)+f.Omitted != 100 || f.Omitted == 0 || f.Count != 100 {
		t.Errorf("of 100 records it shows %d, omits %d and counts %d", len(f.Evidence), f.Omitted, f.Count)
	}
}

// TestOwnRules: what docs/findings.md says of --rules.
func TestOwnRules(t *testing.T) {
	with := func(text string) *findings.Options {
		t.Helper()
		tables, err := findings.ShippedTables().Extend("ours", bytesOf(text))
		if err != nil {
			t.Fatal(err)
		}
		return &findings.Options{Tables: tables}
	}
	tool := records{pf(`\Tools\sub\a.exe`, at(0))}
	t.Run("silence", func(t *testing.T) {
		r := judge(tool, with(`silence rule X-02 path C:\Tools\**`))
		if l, _ := level(r, "X-02"); l != silent || r.Silenced != 1 || coverageOf(r, "X-02").Silenced != 1 || coverageOf(r, "X-02").Hits != 0 {
			t.Errorf("the silenced hit is %s; the report counts %d, the coverage %+v", word(l), r.Silenced, coverageOf(r, "X-02"))
		}
		// All of a statement must match.
		if l, _ := level(judge(tool, with(`silence rule X-03 path C:\Tools\**`)), "X-02"); l != findings.High {
			t.Errorf("a statement about another rule makes it %s", word(l))
		}
		if l, _ := level(judge(tool, with(`silence rule X-02 path C:\Tools\*`)), "X-02"); l != findings.High {
			t.Errorf("* matches across folders: %s", word(l))
		}
	})
	t.Run("level", func(t *testing.T) {
		if l, _ := level(judge(tool, with("level X-02 informational")), "X-02"); l != findings.Informational {
			t.Errorf("the level is %s", word(l))
		}
	})
	t.Run("enable", func(t *testing.T) {
		twice := records{pf(`\Program Files\A\a.exe`, at(0)), pf(`\Program Files\A\a.exe`, at(9))}
		if l, _ := level(judge(twice, nil), "M-02b"); l != silent {
			t.Errorf("without the statement M-02b is %s", l)
		}
		r := judge(twice, with("enable M-02b"))
		if l, says := level(r, "M-02b"); l != findings.Informational || coverageOf(r, "M-02b").Status != findings.Evaluated {
			t.Errorf("M-02b is %s: %q", word(l), says)
		}
	})
	t.Run("ids that end in a small letter", func(t *testing.T) {
		a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
		differ := records{
			task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) { t.XMLSHA256, t.Actions = a, []string{"a"} }),
			cached(`\x`, func(t *persistence.TaskCache) { t.Hash, t.Actions = b, []string{"b"} }),
		}
		if l, _ := level(judge(differ, with("level p-12b low")), "P-12b"); l != findings.Low {
			t.Errorf("P-12b with a level of its own is %s", word(l))
		}
		if r := judge(differ, with("silence rule P-12b")); r.Silenced != 1 {
			t.Errorf("P-12b is silenced %d times", r.Silenced)
		}
	})
	t.Run("place", func(t *testing.T) {
		own := records{pf(`\Program Files\Depot\a.exe`, at(0))}
		if l, says := level(judge(own, with(`place OURS high "\program files\depot\**"`)), "X-02"); l != findings.High || fmt.Sprint(says) == "" {
			t.Errorf("a place of our own is %s: %q", word(l), says)
		}
	})
	t.Run("binary", func(t *testing.T) {
		own := `binary "\program files\ours" : oursvc`
		checkAway := func(path string, want findings.Level) {
			t.Helper()
			if l, _ := level(judge(records{pf(path, at(0))}, with(own)), "M-01"); l != want {
				t.Errorf("%s is %s, want %s", path, word(l), word(want))
			}
		}
		checkAway(`\Program Files\Ours\oursvc.exe`, silent)
		checkAway(`\Program Files\Other\oursvc.exe`, findings.Critical)
	})
	t.Run("tool", func(t *testing.T) {
		if l, _ := level(judge(records{pf(`\Program Files\A\oddtool.exe`, at(0))}, with(`tool "in-house" medium T1059 : oddtool`)), "X-03"); l != findings.Medium {
			t.Errorf("a tool of our own is %s", word(l))
		}
	})
	t.Run("mistakes", func(t *testing.T) {
		for text, problem := range map[string]string{
			"\n\nsilence rule X-99":                `ours line 3: no rule is called "X-99"`,
			"hide X-02":                            `ours line 1: no statement is called "hide"`,
			"level X-02 severe":                    `no level is called "severe"`,
			"silence rule":                         "silence wants pairs",
			"toolhash 123 x":                       "is no SHA-1 or SHA-256",
			`tool "x" medium T9999 : y`:            `the technique "T9999"`,
			`pattern p high - "(" words`:           "the regular expression",
			`binary \x`:                            "binary wants folders",
			"place OURS high":                      "place wants",
			`service 95 x : \y.exe`:                `unknown version of Windows "95"`,
			"silence size 12":                      `silence does not know "size"`,
			"acquisition a b":                      "acquisition wants",
			"# fine\nenable M-02b\nenable nothing": `ours line 3: no rule is called "nothing"`,
		} {
			_, err := findings.ShippedTables().Extend("ours", bytesOf(text))
			if err == nil || !containsAll(err.Error(), problem) {
				t.Errorf("%q gives %v, want %s", text, err, problem)
			}
		}
	})
}
