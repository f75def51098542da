package logons

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// view returns the rows of a view, by column.
func view(t *testing.T, a *Analysis, name string, f *Filter) []map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := writeCSV(&b, a, name, f); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, c := range rows[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func TestSummaries(t *testing.T) {
	b := intrusion()
	// The same records again, as an archive of the log holds them, count once.
	for _, r := range []*events.Record{
		sec(3, 4625, 15, "TargetUserName", "bob", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "-", "WorkstationName", "KALI", "SubStatus", "0xc000006a", "AuthenticationPackageName", "NTLM"),
		sec(24, 4688, 120, "SubjectUserSid", bob, "SubjectLogonId", "0x6002"),
	} {
		b.Add("", r, "copy")
	}
	b.Add("", sec(90, 4999, 400), "unknown kind")
	b.Add("", sec(91, 4719, 410, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "AuditPolicyChanges", "%%8448"), "")
	b.Add("", sec(92, 4732, 420, "TargetSid", "S-1-5-32-544", "TargetUserName", "Administrators", "TargetDomainName", "Builtin", "MemberSid", bob, "MemberName", "-"), "")
	a := b.Analyse()

	sum := view(t, a, "logon-summary", nil)
	if len(sum) != 5 || sum[0]["Outcome"] != "success" || sum[len(sum)-1]["Outcome"] != "failure" || sum[len(sum)-1]["Count"] != "12" || sum[len(sum)-1]["Account"] != `CORP\bob` {
		t.Errorf("logon-summary: %v", sum)
	}
	all := view(t, a, "events-summary", nil)
	find := func(id string) map[string]string {
		i := slices.IndexFunc(all, func(m map[string]string) bool { return m["EventID"] == id })
		if i < 0 {
			t.Fatalf("events-summary has no %s", id)
		}
		return all[i]
	}
	if m := find("4625"); m["Count"] != "12" || m["Name"] != "logon-failure" && m["Name"] == "" || m["Value"] == "" || m["First"] != "2026-03-06 18:00:00.0000000" || m["Hosts"] != "DC1" {
		t.Errorf("4625: %v", m)
	}
	if m := find("4999"); m["Count"] != "1" || m["Name"] != "" {
		t.Errorf("an event that the catalogue does not know: %v", m)
	}
	pol := view(t, a, "policy", nil)
	if len(pol) != 1 || pol[0]["Account"] != `CORP\bob` || pol[0]["Record"] != "91" || pol[0]["Says"] == "" {
		t.Errorf("policy: %v", pol)
	}
	if n := len(view(t, a, "policy", &Filter{Accounts: []string{"eve"}})); n != 0 {
		t.Errorf("%d policy changes by somebody else", n)
	}
	if g := view(t, a, "groups", nil); len(g) != 1 || g[0]["Member"] != `CORP\bob` || g[0]["Action"] != "added" {
		t.Errorf("groups: %v", g)
	}
	dom := view(t, a, "domains", nil)
	if len(dom) != 1 || dom[0]["Domain"] != "CORP" || dom[0]["Failure"] != "12" || dom[0]["Names"] != "bob" {
		t.Errorf("domains: %v", dom)
	}
	hours := view(t, a, "hours", nil)
	if hours[0]["Account"] != `CORP\bob` || hours[0]["Weekday"] != "Fri" || hours[0]["H18"] != hours[0]["Total"] || hours[0]["H17"] != "0" {
		t.Errorf("hours: %v", hours)
	}
	// Filters hold in all views.
	if n := len(view(t, a, "ranking", &Filter{Failures: true, Accounts: []string{"bob"}})); n == 0 || n > len(view(t, a, "ranking", nil)) {
		t.Errorf("%d nodes of the ranking with failures", n)
	}
	for _, v := range []string{"ranking", "accounts", "hosts", "logons", "timeline", "sessions"} {
		if rows := view(t, a, v, &Filter{Sources: []string{"10.9.9.9"}}); len(rows) != 0 {
			t.Errorf("%s: %d rows from an address that nobody used", v, len(rows))
		}
	}
	for status, want := range map[uint64]int{0xc000006a: 12, 0xc0000064: 0} {
		if n := len(view(t, a, "timeline", &Filter{Status: []uint64{status}})); n != want {
			t.Errorf("--status %#x: %d attempts, want %d", status, n, want)
		}
		if n := len(view(t, a, "logons", &Filter{Status: []uint64{status}})); n != min(want, 1) {
			t.Errorf("--status %#x: %d edges", status, n)
		}
	}
}

// TestOverview: text without a view is for reading; what a filter chooses is shown,
// also where graphs hide it.
func TestOverview(t *testing.T) {
	a := intrusion().Analyse()
	text := func(f *Filter) string {
		var b strings.Builder
		if err := writeText(&b, a, "", f); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, s := range []string{"12 failures)", "2 sessions", "8.8.4.4 (KALI)", "1 ok, 12 failed", "2026-03-06 18:05Z (logoff)  administrator rights"} {
		if got := text(nil); !strings.Contains(got, s) {
			t.Errorf("no %q in:\n%s", s, got)
		}
	}
	if s := text(&Filter{}); strings.Contains(s, "SYSTEM") {
		t.Errorf("the overview shows services:\n%s", s)
	}
	if s := text(&Filter{Types: []int{5}}); !strings.Contains(s, "SYSTEM") || strings.Contains(s, "KALI") {
		t.Errorf("log-ons of services:\n%s", s)
	}
	if s := text(&Filter{Sources: []string{"nowhere"}}); !strings.Contains(s, "nothing to rank") {
		t.Errorf("a ranking of nowhere:\n%s", s)
	}
}

// TestWindowsAccounts: accounts that Windows makes for itself have one node, whether a
// record has their SID or not, and rare is never minus zero.
func TestWindowsAccounts(t *testing.T) {
	b := New(nil)
	b.Add("", sec(1, 4648, 0, "SubjectUserSid", "S-1-5-18", "SubjectUserName", "DC1$", "TargetUserName", "UMFD-0", "TargetDomainName", "Font Driver Host", "TargetServerName", "localhost"), "")
	b.Add("", sec(2, 4624, 0, "TargetUserSid", "S-1-5-96-0-0", "TargetUserName", "UMFD-0", "TargetDomainName", "Font Driver Host", "TargetLogonId", "0x99", "LogonType", "2"), "")
	a := b.Analyse()
	for _, e := range a.Edges {
		if e.Account.ID != "a:S-1-5-96-0-0" {
			t.Errorf("an account %s %s", e.Account.ID, e.Account.Name)
		}
	}
	if rows := view(t, a, "logons", nil); len(rows) != 2 || strings.HasPrefix(rows[1]["Rare"], "-") || strings.HasPrefix(rows[0]["Rare"], "-") {
		t.Errorf("%v", rows)
	}
}

// TestHabits is a user of three weeks who comes at nine, once in the night, and one
// day hardly at all; and an account at two addresses at once.
func TestHabits(t *testing.T) {
	b := New(nil)
	n := uint64(0)
	on := func(day, hour, minute, length int, address string) {
		n++
		at := (day*24+hour-18)*3600 + minute*60
		id := fmt.Sprintf("0x%x", 0x10000+n)
		typ := "10"
		if address == "" {
			typ = "2"
		}
		b.Add("", sec(2*n, 4624, at, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", id, "LogonType", typ, "IpAddress", address), "")
		b.Add("", sec(2*n+1, 4634, at+length, "TargetUserSid", bob, "TargetUserName", "bob", "TargetLogonId", id, "LogonType", typ), "")
	}
	for day := range 20 {
		for i := range 40 {
			if day != 12 {
				on(day, 9, i, 20, "")
			}
		}
	}
	on(7, 3, 10, 20, "")
	on(15, 9, 41, 3000, "8.8.4.4")
	on(15, 9, 50, 60, "9.9.9.9")
	kinds := map[ChangeKind][]Change{}
	for _, c := range b.Analyse().Changes() {
		if c.ID == "a:"+bob {
			kinds[c.Kind] = append(kinds[c.Kind], c)
		}
	}
	day := func(n, hour int) time.Time {
		return t0.Truncate(24 * time.Hour).Add(time.Duration(24*n+hour) * time.Hour)
	}
	if l := kinds[Less]; len(l) != 1 || !l[0].Hour.Equal(day(12, 9)) || l[0].Count != 0 || l[0].Score < minScore {
		t.Errorf("falls: %+v", l)
	}
	if l := kinds[Hour]; len(l) != 1 || !l[0].Hour.Equal(day(7, 3)) {
		t.Errorf("unusual hours: %+v", l)
	}
	if l := kinds[Places]; len(l) != 1 || !strings.Contains(l[0].About, "9.9.9.9") || !strings.Contains(l[0].About, "8.8.4.4") {
		t.Errorf("two places: %+v", l)
	}
}

func TestTails(t *testing.T) {
	for _, c := range []struct{ m, v float64 }{{3, 2}, {3, 30}, {40, 40}, {200, 2000}} {
		for _, n := range []int{0, 1, 5, 40} {
			up, low := upperTail(n+1, c.m, c.v), lowerTail(n, c.m, c.v)
			if sum := up + low; float64(n) < c.m && (sum < 1-1e-9 || sum > 1+1e-9) {
				t.Errorf("mean %g, variance %g: at most %d %g, more %g: together %g", c.m, c.v, n, low, up, sum)
			}
		}
	}
}

// TestCharts draws hostile names and more than there is room for; the pictures are
// XML, and the same each time.
func TestCharts(t *testing.T) {
	a := intrusion().Analyse()
	var list []*Session
	for i := range a.Sessions.Len() {
		list = append(list, a.Sessions.At(i))
	}
	for i := range 70 {
		name := fmt.Sprintf("CORP\\<user \"&%d\x07>", i)
		acc := &Account{ID: name, Name: name, Kind: "user"}
		list = append(list, &Session{Account: acc, Host: a.Hosts[0], Source: a.Hosts[0], Begin: t0, End: t0.Add(time.Hour), Type: 2})
		a.Edges = append(a.Edges, &Edge{Account: acc, Source: a.Hosts[0], Target: a.Hosts[0], Hours: [7][24]int{{1}}})
	}
	a.Sessions = SeriesOf(list...)
	draw := func(view string) string {
		var b strings.Builder
		if err := writeSVG(&b, a, view, nil); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", view, err)
			}
		}
		return b.String()
	}
	for view, want := range map[string][]string{
		"hours": {"+ 62 others", "CORP\\bob", ">Mon<", "18:00"}, "sessions": {"+ 11 others", "CORP\\&lt;user ", "2026-03-06 18:00"},
		"logons": {"8.8.4.4 (KALI)"},
	} {
		s := draw(view)
		for _, w := range want {
			if !strings.Contains(s, w) {
				t.Errorf("the picture of %s has no %q", view, w)
			}
		}
		if s != draw(view) {
			t.Errorf("%s: two pictures of one analysis differ", view)
		}
	}
	for view, f := range map[string]*Filter{"hours": {Accounts: []string{"nobody"}}, "sessions": {Accounts: []string{"nobody"}}} {
		var b strings.Builder
		if err := writeSVG(&b, a, view, f); err != nil || strings.Contains(b.String(), "<rect") {
			t.Errorf("%s of nobody: %v %s", view, err, b.String())
		}
	}
}
