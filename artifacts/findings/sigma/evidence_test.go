package sigma

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// truthEvents yields the events of a truth table, with the file of each.
func truthEvents(t testing.TB, path string, yield func(file string, e *Event)) {
	t.Helper()
	for file, row := range testtree.EventRows(t, path) {
		e := &Event{Channel: row.Chan, Provider: row.Prov, ID: row.EID, Time: wire.Time(uint64(row.T))}
		for _, d := range row.Data {
			e.Fields = append(e.Fields, Field{d[0], d[1]})
		}
		e.Fields = append(e.Fields, Field{"Computer", row.Comp})
		yield(file, e)
	}
}

// moreThanNamed are cases whose description counts fewer events than the log
// holds that match: the bytes of each event were compared with the rule by hand.
var moreThanNamed = map[string]int{
	"0b9ad457-2554-44c1-82c2-d56a99c42377": 3, // user.conf.new twice, user.conf~RF2d9c20d.TMP
	"8fbf3271-1ef6-4e94-8210-03c2317947f6": 3, // procdump.exe, procdump64.exe, procdump64a.exe
	"c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2, // AutoShareWks and AutoShareServer
}

// TestRegression holds the engine to the regression cases of SigmaHQ: each
// rule must hit its log as often as the case says.
func TestRegression(t *testing.T) {
	set, err := Load([]string{testtree.Evidence(t, "sigma", "rules")}, &Options{Statuses: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set.Skipped() {
		t.Errorf("skipped: %s", s)
	}
	hits := map[string]map[string]int{} // by log and rule
	m := set.NewMatcher()
	truthEvents(t, testtree.Evidence(t, "sigma", "truth.jsonl.gz"), func(file string, e *Event) {
		if hits[file] == nil {
			hits[file] = map[string]int{}
		}
		m.Match(e, func(r *Rule) bool { hits[file][r.ID]++; return true })
	})
	b, err := os.ReadFile(testtree.Evidence(t, "sigma", "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		c := strings.Split(line, "\t")
		n++
		got := hits[c[2]][c[0]]
		want, err := strconv.Atoi(strings.TrimSpace(c[4]))
		if more := moreThanNamed[c[0]]; more > 0 {
			want = more
		}
		if got == 0 || err == nil && got != want {
			t.Errorf("%s: %s hits %d times, want %s", c[2], c[1], got, c[4])
		}
	}
	if n != 101 {
		t.Errorf("%d cases, want 101", n)
	}
}

// TestCleanMachine counts what the rules say of a machine without an intrusion.
func TestCleanMachine(t *testing.T) {
	set, err := Load([]string{testtree.Evidence(t, "sigma", "rules")}, &Options{Statuses: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	events := 0
	pairs := map[string]string{}
	truthEvents(t, testtree.Evidence(t, "evtx", "truth.jsonl.gz"), func(file string, e *Event) {
		if !strings.Contains(file, "museum-win11") {
			return
		}
		events++
		m.Match(e, func(r *Rule) bool { pairs[fmt.Sprint(r.Title, " in ", file)] = r.Level; return true })
	})
	if events < 30_000 {
		t.Fatalf("%d events", events)
	}
	for p, level := range pairs {
		t.Logf("%s: %s", level, p)
		if level != "low" && level != "informational" {
			t.Errorf("%s: %s", level, p)
		}
	}
}
