package observations_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/corpus"
)

// incident makes the observations of the incident, with a number of workers.
func incident(t *testing.T, jobs int) []byte {
	t.Helper()
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	tree := ev.Trees[0]
	b := observations.NewBuilder(tree.Machine())
	eval := findings.NewEvaluator(findings.FactsOf(tree, "folder", nil), nil)
	results, err := artifacts.Run(t.Context(), tree, catalogue.All(), &artifacts.Options{Jobs: jobs})
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		eval.Add(&res)
		b.AddResult(&res)
	}
	b.AddFindings(eval.Report())
	var out bytes.Buffer
	n, err := b.Write(&out, observations.IdentityOf(tree).ID())
	if err != nil || n == 0 || b.Dropped() != 0 {
		t.Fatalf("%d observations, %d dropped, %v", n, b.Dropped(), err)
	}
	return out.Bytes()
}

func unpack(t *testing.T, packed []byte) []observations.Observation {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if z.Name != "" || !z.ModTime.IsZero() {
		t.Errorf("the header has a name or a time: %q, %v", z.Name, z.ModTime)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var out []observations.Observation
	for line := range bytes.Lines(text) {
		var fast, slow observations.Observation
		if err := fast.Parse(line); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, &slow); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slow, fast); diff != "" {
			t.Fatalf("%s read in two ways:\n%s", line, diff)
		}
		again, err := fast.Append(nil)
		if err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%s written again: %s, %v", line, again, err)
		}
		out = append(out, fast)
	}
	return out
}

// TestIncident finds what the incident left, under the keys of a fleet.
func TestIncident(t *testing.T) {
	packed := incident(t, 1)
	if !bytes.Equal(packed, incident(t, 8)) {
		t.Error("another number of workers gives other bytes")
	}
	list := unpack(t, packed)
	seen := map[string]observations.Observation{}
	for i, o := range list {
		if i > 0 && list[i-1].Compare(&o) >= 0 {
			t.Fatalf("%v before %v", list[i-1], o)
		}
		if o.Key == "" || o.Host != "kestrel-pc-2eee2f9d" || o.Count < 1 || len(o.IDs) == 0 || !observations.Plain(o.Key) {
			t.Errorf("%+v", o)
		}
		for _, user := range []string{`\mira\`, `\daniel\`} {
			if o.Kind == observations.Program && strings.Contains(o.Key, user) {
				t.Errorf("the key %q has the name of a user", o.Key)
			}
		}
		seen[o.Kind+" "+o.Key] = o
	}
	for key, want := range map[string][3]string{ // level, first, last
		`program \users\public\svchost.exe`:        {"critical", "2026-03-06T17:57:37.3391570Z", "2026-03-07T23:52:41.5058617Z"},
		`program \windows\psexesvc.exe`:            {"critical", "2026-03-06T18:07:31.8812245Z", "2026-03-06T18:09:02.9045635Z"},
		`service psexesvc = \windows\psexesvc.exe`: {"critical", "2026-03-06T18:07:33.8812245Z", "2026-03-06T18:07:33.8812245Z"},
		`finding X-06 discovery`:                   {"high", "2026-03-06T17:46:02.1180452Z", "2026-03-06T18:16:21.9544832Z"},
		`task \falcon sync = rundll32.exe \users\public\libraries\cache.dll,#1`: {"critical", "2026-03-06T18:16:02.2246903Z",
			"2026-03-06T18:16:02.2246903Z"},
		`device 4c5300019920260304`: {"", "2025-01-30T00:40:02.1191001Z", "2026-03-04T09:31:55.8800240Z"},
		`account .\daniel`:          {"high", "2025-01-24T01:15:33.2801745Z", "2026-03-07T23:52:30.9917345Z"},
	} {
		o, ok := seen[key]
		if !ok {
			t.Errorf("no %s", key)
			continue
		}
		if got := [3]string{o.Level, o.First, o.Last}; got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// TestMerge merges in every order.
func TestMerge(t *testing.T) {
	parts := []observations.Observation{
		{First: "2026-03-01T00:00:00.0000000Z", Last: "2026-03-02T00:00:00.0000000Z", Count: 1, Level: "low", Where: "B", IDs: []string{"3", "7"}},
		{Count: 2, IDs: []string{"1"}},
		{First: "2026-02-01T00:00:00.0000000Z", Last: "2026-02-02T00:00:00.0000000Z", Count: 4, Level: "critical", Where: "a", IDs: []string{"2", "9"}},
		{First: "2026-03-09T00:00:00.0000000Z", Last: "2026-03-09T00:00:00.0000000Z", Count: 8, Level: "high", Where: "A", IDs: []string{"1", "8"}},
	}
	want := observations.Observation{First: "2026-02-01T00:00:00.0000000Z", Last: "2026-03-09T00:00:00.0000000Z", Count: 15, Level: "critical",
		Where: "A", IDs: []string{"1", "2", "3"}}
	for i := range parts {
		for j := range parts {
			for k := range parts {
				l := 6 - i - j - k
				if i == j || j == k || i == k {
					continue
				}
				left := parts[i]
				left.Merge(&parts[j])
				right := parts[k]
				right.Merge(&parts[l])
				left.Merge(&right)
				if diff := cmp.Diff(want, left); diff != "" {
					t.Fatalf("%d %d %d %d:\n%s", i, j, k, l, diff)
				}
			}
		}
	}
}

// TestIdentity: what is known first counts, and a name alone does not join two
// machines.
func TestIdentity(t *testing.T) {
	a := observations.Identity{Name: "PC", MachineGUID: "{5F0C6D1E-3B7A-4C52-9E86-0A1B2C3D4E5F}", MachineSID: "S-1-5-21-1-2-3"}
	b := observations.Identity{Name: "pc", MachineGUID: "5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f"}
	c := observations.Identity{Name: "PC", MachineSID: "S-1-5-21-1-2-3", SystemRoot: "x"}
	d := observations.Identity{Name: "PC", Evidence: "y"}
	if a.ID() != b.ID() || a.ID() == c.ID() || c.ID() == d.ID() || !strings.HasPrefix(a.ID(), "pc-") || len(a.ID()) != 11 {
		t.Errorf("%s %s %s %s", a.ID(), b.ID(), c.ID(), d.ID())
	}
}

// TestShows: a machine counts only for what its sources can show.
func TestShows(t *testing.T) {
	all := observations.Sources{
		Hives:     map[evidence.Kind]bool{evidence.SYSTEM: true, evidence.SOFTWARE: true, evidence.AMCACHE: true, evidence.SAM: true},
		Artifacts: map[string]bool{"prefetch": true, "zoneid": true, "eventlogons": true}, Prefetch: true,
	}
	if diff := cmp.Diff(observations.Kinds(), all.Shows()); diff != "" {
		t.Errorf("all sources: %s", diff)
	}
	off := observations.Sources{Artifacts: map[string]bool{"prefetch": true}}
	if diff := cmp.Diff([]string{observations.Finding}, off.Shows()); diff != "" {
		t.Errorf("Prefetch alone, switched off: %s", diff)
	}
	off.Prefetch = true
	if diff := cmp.Diff([]string{observations.Finding, observations.Name, observations.Program}, off.Shows()); diff != "" {
		t.Errorf("Prefetch alone: %s", diff)
	}
}

// FuzzParse reads hostile lines: both readers agree, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"kind":"program","key":"\\a\"b","host":"h","first":"x","last":"y","count":12,"level":"low","where":"w","ids":["1","2"]}`))
	f.Add([]byte(`{"kind":"name","key":"\u0041","host":"h","count":1}`))
	f.Add([]byte(`{"count":1,"key":"k"}`))
	f.Add([]byte(`{"kind":"","key":"","host":"","count":01}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var fast, slow observations.Observation
		err := fast.Parse(line)
		if err != nil {
			return
		}
		if err := json.Unmarshal(line, &slow); err != nil {
			t.Fatalf("%q is read as %+v; it is no JSON: %v", line, fast, err)
		}
		if diff := cmp.Diff(slow, fast); diff != "" {
			t.Errorf("%q:\n%s", line, diff)
		}
	})
}
