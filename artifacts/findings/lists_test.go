package findings_test

import (
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/lists"
)

const (
	sumA = "0123456789abcdef0123456789abcdef01234567"
	sumB = "89abcdef0123456789abcdef0123456789abcdef"
)

func listed(t *testing.T, texts map[lists.Role]string) *findings.Options {
	t.Helper()
	set := new(lists.Set)
	for role, text := range texts {
		l, err := lists.Parse(strings.NewReader(text), string(role)+".txt", role)
		if err != nil {
			t.Fatal(err)
		}
		set.Lists = append(set.Lists, l)
	}
	return &findings.Options{Lists: set}
}

// hashed is an Amcache record of a file.
func hashed(path, sum string, part bool) artifacts.Record {
	r := rec("amcachefiles", execution.AmcacheFile{Path: path, SHA1: sum, SHA1Partial: part})
	r.ID = "amcache " + path
	return r
}

func reasonOf(f *findings.Finding, rule string) *findings.Reason {
	if f == nil {
		return nil
	}
	for i := range f.Reasons {
		if f.Reasons[i].RuleID == rule {
			return &f.Reasons[i]
		}
	}
	return nil
}

// A bad hash is a finding with the label of the list, at its level.
func TestListBad(t *testing.T) {
	const path = `C:\Program Files\Tool\helper.exe`
	r := judge(records{hashed(path, sumA, false)}, listed(t, map[lists.Role]string{lists.Bad: sumA + ";Evil loader;60\n" + sumB}))
	f := find(r, path)
	why := reasonOf(f, "I-01")
	if why == nil || f.Level != findings.Medium || !strings.Contains(why.Says, "bad.txt: Evil loader") {
		t.Fatalf("%+v", f)
	}
	if f.Evidence[0].Artifact != "amcachefiles" {
		t.Errorf("evidence %+v", f.Evidence)
	}
	p := r.Models[0].Program(`\program files\tool\helper.exe`)[0]
	if len(p.Lookups) != 1 || p.Lookups[0].Role != "bad" || p.Lookups[0].Value != sumA || p.KnownGood || p.Level != "medium" {
		t.Errorf("program %+v", p.Lookups)
	}
	c := coverageOf(r, "I-01")
	if c.Status != findings.Evaluated || c.Hits != 1 || !strings.Contains(strings.Join(c.Why, "; "), "hashes of amcachefiles: 1 sha1") {
		t.Errorf("coverage %+v", c)
	}
	if c := coverageOf(judge(records{hashed(path, sumA, false)}, nil), "I-01"); c.Status != findings.NotEvaluated {
		t.Errorf("without lists: %+v", c)
	}
}

func coverageOf(r *findings.Report, id string) findings.Coverage {
	for _, c := range r.Coverage {
		if c.RuleID == id {
			return c
		}
	}
	return findings.Coverage{}
}

// A hit outside of the validity of its entry is one level lower, and says so.
func TestListValidity(t *testing.T) {
	const path = `C:\Program Files\Tool\helper.exe`
	list := func(until string) string {
		return `{"objects":[{"type":"indicator","id":"indicator--1","pattern":"[file:name = 'helper.exe']","valid_from":"2026-01-01T00:00:00Z","valid_until":"` +
			until + `"}]}`
	}
	recs := records{pf(path, at(0))}
	in := judge(recs, listed(t, map[lists.Role]string{lists.Indicators: list("2026-12-01T00:00:00Z")}))
	out := judge(recs, listed(t, map[lists.Role]string{lists.Indicators: list("2026-02-01T00:00:00Z")}))
	a, b := reasonOf(find(in, path), "I-01"), reasonOf(find(out, path), "I-01")
	if a == nil || b == nil || a.Level != findings.High || b.Level != findings.Medium || !strings.Contains(b.Says, "outside of its validity") {
		t.Errorf("%+v, %+v", a, b)
	}
}

// A known file lowers hits on its location by one level and folds informational
// ones. It excuses nothing that a program did, and no tool.
func TestListGood(t *testing.T) {
	const place, tool = `C:\Users\Public\helper.exe`, `C:\Users\Public\nbtscan.exe`
	recs := records{hashed(place, sumA, false), pf(place, at(0)), hashed(tool, sumB, false), pf(tool, at(1)), runKey(place, "")}
	opts := listed(t, map[lists.Role]string{lists.Good: sumA + "\n" + sumB})
	before, after := judge(recs, nil), judge(recs, opts)
	for _, x := range []struct {
		path, rule string
		step       findings.Level
	}{{place, "X-02", 1}, {place, "P-01", 0}, {tool, "X-02", 0}, {tool, "X-03", 0}} {
		a, b := reasonOf(find(before, x.path), x.rule), reasonOf(find(after, x.path), x.rule)
		if a == nil || b == nil || a.Level-b.Level != x.step {
			t.Errorf("%s %s: %+v, with the list %+v", x.path, x.rule, a, b)
		}
	}
	if k := after.Known; k.Programs != 1 || k.Lowered == 0 {
		t.Errorf("%+v", k)
	}
	if p := after.Models[0].Program(`\users\public\helper.exe`)[0]; !p.KnownGood || len(p.Lookups) != 1 || p.Lookups[0].Role != "good" {
		t.Errorf("%+v", p.Lookups)
	}
	if p := after.Models[0].Program(`\users\public\nbtscan.exe`)[0]; p.KnownGood || len(p.Lookups) != 1 {
		t.Errorf("a tool is folded: %+v", p.Lookups)
	}
	// Bad beats good.
	opts = listed(t, map[lists.Role]string{lists.Good: sumA, lists.Bad: sumA})
	if r := judge(recs, opts); r.Known.Programs != 0 || reasonOf(find(r, place), "I-01") == nil {
		t.Error("a file on a bad list is taken for a known one")
	}
	// Of two files of one path both must be known.
	opts = listed(t, map[lists.Role]string{lists.Good: sumA})
	other := hashed(place, strings.Repeat("7", 40), false)
	other.ID = "other"
	if r := judge(append(recs, other), opts); r.Known.Programs != 0 {
		t.Error("a replaced file is taken for a known one")
	}
}

// The hash of a part of a file is no hash of it, and the coverage says so.
func TestListPart(t *testing.T) {
	const path = `C:\Users\Public\helper.exe`
	r := judge(records{hashed(path, sumA, true)}, listed(t, map[lists.Role]string{lists.Good: sumA}))
	if r.Known.Programs != 0 || !strings.Contains(strings.Join(coverageOf(r, "I-01").Why, "; "), "31,457,280") {
		t.Errorf("%+v", coverageOf(r, "I-01").Why)
	}
}

// What a known address or domain is wanted for stays a finding, one level lower.
func TestListKnownAddress(t *testing.T) {
	recs := records{fetched(`C:\Users\a\Downloads\x.exe`)}
	bad := "example.com\nexample.org\nexample.net\n"
	a := judge(recs, listed(t, map[lists.Role]string{lists.Indicators: bad}))
	b := judge(recs, listed(t, map[lists.Role]string{lists.Indicators: bad, lists.Good: bad}))
	n := 0
	for i := range a.Findings {
		x := reasonOf(&a.Findings[i], "I-01")
		if x == nil {
			continue
		}
		n++
		if y := reasonOf(find(b, a.Findings[i].Subject), "I-01"); y == nil || y.Level != x.Level-1 {
			t.Errorf("%+v, known %+v", x, y)
		}
	}
	if n == 0 {
		t.Error("no hit on the domain")
	}
}
