package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/logons"
)

// someLogons is an analysis with a guesser who succeeds, a session with an end,
// one without, and a name that means harm.
func someLogons() *logons.Analysis {
	b := logons.New(nil)
	n := uint64(0)
	t0 := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	add := func(id uint32, at time.Duration, fields ...string) {
		n++
		r := &events.Record{Number: n, ID: id, Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", Computer: "DC1.corp.local", Time: t0.Add(at)}
		for i := 0; i+1 < len(fields); i += 2 {
			r.Data = append(r.Data, events.Field{Name: fields[i], Value: fields[i+1]})
		}
		b.Add("", r, fmt.Sprint(n))
	}
	for i := range 12 {
		add(4625, time.Duration(i)*time.Second, "TargetUserName", "bob", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "8.8.4.4", "SubStatus", "0xc000006a")
	}
	add(4625, 30*time.Second, "TargetUserName", "eve", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "8.8.4.4", "SubStatus", "0xc0000064")
	add(4624, time.Minute, "TargetUserSid", "S-1-5-21-1-2-3-1105", "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x5001", "LogonType", "10", "IpAddress", "8.8.4.4")
	add(4672, time.Minute, "SubjectUserSid", "S-1-5-21-1-2-3-1105", "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x5001")
	add(4634, 3*time.Hour, "TargetUserSid", "S-1-5-21-1-2-3-1105", "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x5001", "LogonType", "10")
	evil := `</title><script>alert(1)</script>` + "\u202egnp"
	add(4624, 48*time.Hour, "TargetUserSid", "S-1-5-21-1-2-3-1106", "TargetUserName", evil, "TargetDomainName", "CORP", "TargetLogonId", "0x6001", "LogonType", "3", "IpAddress", "10.0.0.9", "WorkstationName", `"onload=x`)
	return b.Analyse()
}

// TestLogons: the chapter has its three parts in both languages, the same bytes
// each time, and the names of the evidence stay text.
func TestLogons(t *testing.T) {
	for _, lang := range Languages() {
		page := func() string {
			var b bytes.Buffer
			if err := Write(&b, Input{Logons: someLogons(), Collected: NewCollector(nil)}, &Options{Lang: lang}); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		s := page()
		if s != page() {
			t.Errorf("%s: two pages differ", lang)
		}
		_, chapter, ok := strings.Cut(s, `<section id="logons"`)
		chapter, _, _ = strings.Cut(chapter, "</section>")
		if !ok || !strings.Contains(s, `<a href="#logons">`) {
			t.Fatalf("%s: no chapter", lang)
		}
		tr, _ := translator(lang)
		for _, want := range []string{
			tr.text("lg.sum", 15, 13, 3, 2), `class="span seat admin"`, `class="span net open"`, `href="#lg1"`, `id="lg1"`, tr.text("lg.external"),
			`stroke-dasharray`, "8.8.4.4", ">" + tr.text("lg.accounts") + "<", tr.word("way", "10"),
			tr.text("lg.rare"), tr.text("lg.heat.note"), ">" + tr.word("day", "4") + "<",
		} {
			if !strings.Contains(chapter, want) {
				t.Errorf("%s: the chapter lacks %q", lang, want)
			}
		}
		if strings.Contains(chapter, "<script") || strings.ContainsRune(chapter, '\u202e') || regexp.MustCompile(`<[^>]*\sonload`).MatchString(chapter) {
			t.Errorf("%s: a name of the evidence became part of the page", lang)
		}
		for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(chapter, -1) {
			if !strings.Contains(s, `id="`+m[1]+`"`) {
				t.Errorf("%s: a link leads nowhere: %s", lang, m[1])
			}
		}
	}
	var b bytes.Buffer
	if err := Write(&b, Input{Logons: logons.New(nil).Analyse(), Collected: NewCollector(nil)}, nil); err != nil || strings.Contains(b.String(), `id="logons"`) {
		t.Errorf("a chapter without log-ons: %v", err)
	}
}

// TestLogonsLimits: very many accounts fill the chapter to its limits, and the
// rest is counted.
func TestLogonsLimits(t *testing.T) {
	b := logons.New(nil)
	t0 := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	for i := range 3000 {
		b.Add("", &events.Record{
			Number: uint64(i), ID: 4624, Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", Computer: "DC1", Time: t0.Add(time.Duration(i) * 13 * time.Hour),
			Data: events.Pairs{
				{Name: "TargetUserSid", Value: fmt.Sprint("S-1-5-21-1-2-3-", 2000+i%700)}, {Name: "TargetUserName", Value: fmt.Sprint("u", i%700)},
				{Name: "TargetDomainName", Value: "CORP"}, {Name: "TargetLogonId", Value: fmt.Sprintf("0x%x", 0x10000+i)}, {Name: "LogonType", Value: "3"},
				{Name: "IpAddress", Value: fmt.Sprintf("10.0.%d.%d", i%3, i%250)},
			},
		}, fmt.Sprint(i))
	}
	v := drawLogons(b.Analyse(), false, translate{"en"})
	if len(v.Rare) != maxUncommon || v.Rare[0].Rare < v.Rare[1].Rare || strings.Count(string(v.Heat), `class="heading"`) != 10 {
		t.Errorf("%d rare log-ons, heat of %d accounts", len(v.Rare), strings.Count(string(v.Heat), `class="heading"`))
	}
	if len(v.Edges) != maxEdges || v.EdgesLeft == 0 || len(v.Spans.Lanes) != maxSpans || v.Spans.Left != 700-maxSpans {
		t.Errorf("%d rows and %d more, %d lanes and %d more", len(v.Edges), v.EdgesLeft, len(v.Spans.Lanes), v.Spans.Left)
	}
	for _, l := range v.Spans.Lanes {
		for _, bar := range l.Bars {
			if bar.X < laneLeft || bar.X > chartRight+8 {
				t.Fatalf("a bar at %v", bar.X)
			}
		}
	}
}

// TestLaneHosts: lanes of several machines say which, also when the evidence is one file.
func TestLaneHosts(t *testing.T) {
	day := time.Date(2026, 3, 6, 8, 0, 0, 0, time.UTC)
	acc := &logons.Account{ID: "a:bob", Name: `CORP\bob`, Kind: "user"}
	one, two := &logons.Host{ID: "h:one", Label: "ONE"}, &logons.Host{ID: "h:two", Label: "TWO"}
	session := func(h *logons.Host) *logons.Session {
		return &logons.Session{Account: acc, Host: h, Source: h, Type: 2, Begin: day, End: day.Add(time.Hour)}
	}
	tr, _ := translator("en")
	for want, list := range map[string][]*logons.Session{"bob – ONE": {session(one), session(two)}, "bob": {session(one)}} {
		s := drawSpans(&logons.Analysis{Sessions: logons.SeriesOf(list...)}, false, tr)
		if len(s.Lanes) != len(list) || s.Lanes[0].Label != want {
			t.Errorf("%+v, want %q", s.Lanes, want)
		}
	}
}
