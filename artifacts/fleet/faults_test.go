package fleet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A made is a case that no scan wrote.
type made struct {
	id, run, started string
	shows            []string
	lines            []observations.Observation
	text             string // in place of lines
	wrongSum         bool
	state            string
}

// writeCase writes a case folder.
func writeCase(t testing.TB, dir string, c made) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, observations.FileName)
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	for i := range c.lines {
		c.lines[i].Host = c.id
		b, err := c.lines[i].Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		z.Write(b)
	}
	z.Write([]byte(c.text))
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	sum, err := files.SHA256(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if c.wrongSum {
		sum = strings.Repeat("0", 64)
	}
	if c.state == "" {
		c.state = "complete"
	}
	m := map[string]any{"tool": "artifactdump", "state": "complete", "started": c.started, "hosts": []any{map[string]any{
		"name": strings.ToUpper(nameOf(c.id)), "host_id": c.id, "shows": c.shows, "state": c.state, "run_id": c.run,
		"counts": map[string]any{"findings": map[string]int{"high": 1}}, "outputs": []any{map[string]any{"name": observations.FileName, "sha256": sum}},
	}}}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), b, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFaults: what cannot be read is named, and the rest is compared.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	one := []observations.Observation{{Kind: "program", Key: `\a.exe`, Count: 1, IDs: []string{"1"}}}
	all := observations.Kinds()
	write := func(name string, c made) string { return writeCase(t, filepath.Join(dir, "cases", name), c) }
	cases := []string{
		write("good", made{id: "a-1", run: "1", shows: all, lines: one}),
		write("twice", made{id: "a-1", run: "1", shows: all, lines: one}),
		write("older", made{id: "b-1", run: "1", started: "2026-01-01", shows: all, lines: one}),
		write("newer", made{id: "b-1", run: "2", started: "2026-02-01", shows: all,
			lines: []observations.Observation{{Kind: "program", Key: `\b.exe`, Count: 1}}}),
		write("changed", made{id: "c-1", lines: one, wrongSum: true}),
		write("unfinished", made{id: "d-1", lines: one, state: "failed"}),
		write("old version", made{id: "", lines: nil}),
		filepath.Join(dir, "cases", "missing"),
		write("blind", made{id: "e-1", shows: []string{"finding"}}),
	}
	m, out := compare(t, fleet.Options{Cases: cases})
	if m.Damaged() != 4 || m.Counts.Machines != 3 || len(m.Notes) != 2 {
		t.Errorf("%d machines, errors %v, notes %q", m.Counts.Machines, m.Errors, m.Notes)
	}
	if !strings.Contains(m.Notes[0], "given twice") || !strings.Contains(m.Notes[1], filepath.Join("cases", "older")+", is not") &&
		!strings.Contains(m.Notes[1], "older is not") {
		t.Errorf("notes %q", m.Notes)
	}
	var keys []string
	for _, r := range lines[fleet.Row](t, out["stack.jsonl"]) {
		keys = append(keys, fmt.Sprintf("%s on %d of %d", r.Key, r.Hosts, r.OfHosts))
	}
	if want := []string{`\a.exe on 1 of 2`, `\b.exe on 1 of 2`}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q: the blind machine cannot show programs", keys, want)
	}

	t.Run("a run that fails", func(t *testing.T) {
		for what, c := range map[string]made{
			"not in order": {text: `{"kind":"program","key":"b","host":"x-1","count":1}` + "\n" + `{"kind":"program","key":"a","host":"x-1","count":1}` + "\n"},
			"twice":        {text: strings.Repeat(`{"kind":"program","key":"b","host":"x-1","count":1}`+"\n", 2)},
			"foreign":      {text: `{"kind":"program","key":"b","host":"y-1","count":1}` + "\n"},
			"no JSON":      {text: "{\n"},
			"long":         {text: `{"kind":"program","key":"` + strings.Repeat("a", 1<<20) + `","host":"x-1","count":1}` + "\n"},
			"control":      {text: `{"kind":"program","key":"a\u0000b","host":"x-1","count":1}` + "\n"},
			"no key":       {text: `{"kind":"program","key":"","host":"x-1","count":1}` + "\n"},
		} {
			c.id, c.shows = "x-1", all
			bad := writeCase(t, filepath.Join(dir, "bad", what), c)
			to := filepath.Join(dir, "out "+what)
			_, err := fleet.Run(t.Context(), fleet.Options{Cases: []string{cases[0], bad}, Dir: to})
			if err == nil || !strings.Contains(err.Error(), observations.FileName) {
				t.Errorf("%s: %v", what, err)
			}
			if left, _ := filepath.Glob(to + "*"); len(left) > 0 {
				t.Errorf("%s: %v is left", what, left)
			}
		}
	})
	t.Run("folders", func(t *testing.T) {
		to := filepath.Join(dir, "result")
		o := fleet.Options{Cases: cases[:1], Dir: to}
		if _, err := fleet.Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if _, err := fleet.Run(t.Context(), o); err == nil {
			t.Error("results are replaced without Force")
		}
		o.Force = true
		if _, err := fleet.Run(t.Context(), o); err != nil {
			t.Error(err)
		}
		for _, d := range []string{cases[0], filepath.Join(cases[0], "x"), filepath.Join(dir, "cases"), ""} {
			o.Dir = d
			if _, err := fleet.Run(t.Context(), o); err == nil {
				t.Errorf("writes to %q", d)
			}
		}
	})
	t.Run("hostile page", func(t *testing.T) {
		evil := `\</script><img src=x onerror=alert(1)>` + "\u202e.exe"
		hostile := func(id string) string {
			return writeCase(t, filepath.Join(dir, "hostile", id), made{id: id, run: id, shows: all, lines: []observations.Observation{
				{Kind: "program", Key: evil, First: "2026-03-01T00:00:00.0000000Z", Count: 1, Level: "critical", IDs: []string{"1"}}}})
		}
		_, out := compare(t, fleet.Options{Cases: []string{hostile("p-1"), hostile("p-2")}})
		page := out["fleet.html"]
		if bytes.Contains(page, []byte("<img")) || bytes.Count(page, []byte("</script>")) != 2 || bytes.Contains(page, []byte("\u202e")) {
			t.Error("a name becomes part of the page")
		}
		for _, want := range []string{"default-src 'none'", "script-src &#39;sha256-"} {
			if !bytes.Contains(page, []byte(want)) && !bytes.Contains(page, []byte(strings.ReplaceAll(want, "'", "&#39;"))) {
				t.Errorf("the page has no %q", want)
			}
		}
		for _, no := range []string{"http://", "https://", "style=", "onclick", "@import", "url("} {
			if bytes.Contains(page, []byte(no)) {
				t.Errorf("the page has %q", no)
			}
		}
	})
}

// TestRow merges rows of many machines in random orders and groupings.
func TestRow(t *testing.T) {
	var parts []fleet.Row
	for i := range 40 {
		o := observations.Observation{Kind: "program", Key: "k", Host: fmt.Sprintf("h%02d", i), Count: int64(i), Where: fmt.Sprint("w", 99-i),
			Level: []string{"", "low", "high"}[i%3], IDs: []string{fmt.Sprint(i), fmt.Sprint(100 - i)}}
		if i%4 != 0 {
			o.First, o.Last = fmt.Sprintf("2026-03-%02dT00:00:00.0000000Z", 1+i/4), fmt.Sprintf("2026-04-%02dT00:00:00.0000000Z", 1+i/4)
		}
		parts = append(parts, fleet.RowOf(&o))
	}
	r := rand.New(rand.NewPCG(1, 2))
	join := func(list []fleet.Row) []byte {
		for len(list) > 1 {
			i := r.IntN(len(list) - 1)
			list[i].Merge(&list[i+1])
			list = slices.Delete(list, i+1, i+2)
		}
		b, _ := json.Marshal(list[0])
		return b
	}
	want := join(slices.Clone(parts))
	for range 200 {
		shuffled := slices.Clone(parts)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := join(shuffled); !bytes.Equal(got, want) {
			t.Fatalf("another order gives\n%s\nnot\n%s", got, want)
		}
	}
}

// TestSorted: lines in any order make the file that the merge of the machines
// gives, with as little memory as there is.
func TestSorted(t *testing.T) {
	dir := t.TempDir()
	var cases []string
	var all []string
	for i := range 9 {
		c := made{id: fmt.Sprintf("m%d-1", i), run: fmt.Sprint(i), shows: observations.Kinds()}
		for k := range 50 {
			if (i+k)%3 == 0 {
				c.lines = append(c.lines, observations.Observation{Kind: "name", Key: fmt.Sprintf("k%02d", k), Count: 1, IDs: []string{"1"}})
			}
		}
		cases = append(cases, writeCase(t, filepath.Join(dir, "cases", c.id), c))
		for i := range c.lines {
			b, _ := c.lines[i].Append(nil)
			all = append(all, strings.TrimSuffix(string(b), "\n"))
		}
	}
	_, want := compare(t, fleet.Options{Cases: cases})
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	name := filepath.Join(dir, "sorted.gz")
	if err := fleet.WriteSorted(t.Context(), name, func(yield func(string, error) bool) {
		for _, l := range all {
			if !yield(l, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	_, got := compare(t, fleet.Options{Cases: cases, Observations: fleet.ReadSorted(t.Context(), name)})
	if !maps.EqualFunc(got, want, bytes.Equal) {
		t.Error("sorted lines give other results")
	}
}
