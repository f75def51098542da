package observations

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestAddLogons: an edge is who came from where, by which kind of log-on; the parts
// that are this machine's own are the same on every machine.
func TestAddLogons(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	mira := &logons.Account{Name: `CORP\Mira`, Kind: "user"}
	local := &logons.Account{Name: `KESTREL-PC\daniel`, Kind: "user"}
	tried := &logons.Account{Name: `CORP\admin1`, Kind: "user", Unresolved: true}
	system := &logons.Account{Name: `NT AUTHORITY\SYSTEM`, Kind: "virtual"}
	me := &logons.Host{Label: "kestrel-pc.corp.example", Names: []string{"KESTREL-PC", "10.0.0.7"}}
	other := &logons.Host{Label: "DC1", Names: []string{"DC1"}}
	edge := func(a *logons.Account, from, to *logons.Host, typ, success, failure int, id string) *logons.Edge {
		return &logons.Edge{Account: a, Source: from, Target: to, Kind: "logon", Type: typ, Success: success, Failure: failure,
			First: at, Last: at.Add(time.Hour), FirstRef: logons.Ref{ID: id}, Level: "high"}
	}
	b := NewBuilder(&evidence.Machine{Name: "KESTREL-PC"})
	b.AddLogons(nil)
	b.AddLogons(&logons.Analysis{Edges: []*logons.Edge{
		edge(mira, other, me, 3, 2, 1, "1"),
		edge(mira, me, me, 2, 1, 0, "2"),
		edge(mira, me, other, 3, 1, 0, "3"),
		edge(local, nil, me, -1, 1, 0, "4"),
		edge(tried, other, me, 3, 0, 9, "5"),
		edge(system, me, me, 5, 9, 0, "6"),
	}})
	got := map[string]Observation{}
	for _, o := range b.order {
		got[o.Kind+" "+o.Key] = *o
	}
	for key, id := range map[string]string{
		`edge corp\mira → dc1 → logon 3`: "1", `edge corp\mira → . → logon 2`: "2", `edge corp\mira → . → logon 3 → dc1`: "3",
		`edge .\daniel → . → logon`: "4", `edge corp\admin1 → dc1 → logon 3 failed`: "5", `account corp\mira`: "1", `account .\daniel`: "4",
	} {
		o, ok := got[key]
		if !ok || o.IDs[0] != id || o.Level != "high" || !strings.HasPrefix(o.First, "2026-03-06T18:00") || !strings.HasPrefix(o.Last, "2026-03-06T19:00") {
			t.Errorf("%s: %+v", key, o)
		}
		delete(got, key)
	}
	for key := range got {
		t.Errorf("%s is an observation", key)
	}
}

// TestKeysAreLines: a name with control characters makes no second line, and a long
// one is cut between characters.
func TestKeysAreLines(t *testing.T) {
	b := NewBuilder(&evidence.Machine{Name: "PC"})
	o := b.entry(Edge, "a\nb\x7fc\x1b[2J")
	if !Plain(o.Key) || o.Key != "a\uFFFDb\uFFFDc\uFFFD[2J" || b.entry(Edge, "a\nb\x7fc\x1b[2J") != o {
		t.Errorf("%q", o.Key)
	}
	for n := maxWhere - 4; n < maxWhere+4; n++ {
		s := clipped(strings.Repeat("x", n) + "日本")
		if !utf8.ValidString(s) || len(s) > maxWhere+len("…") {
			t.Errorf("%d bytes: %q", len(s), s[len(s)-8:])
		}
		if cut := strings.HasSuffix(s, "…"); cut != (n+6 > maxWhere) {
			t.Errorf("%d bytes were cut: %t", n+6, cut)
		}
	}
	if got := clipped("a\xffb"); got != "a\uFFFDb" {
		t.Errorf("%q", got)
	}
}

// TestHivesOf: a hive counts when it is live and whole; a dirty one counts when its
// log was there.
func TestHivesOf(t *testing.T) {
	hive := func(name string) *regf.Hive {
		spec := regf.New(name, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		spec.Root.Sub(`Select`).Set("Current", regf.DWord(1))
		spec.Root.Sub(`ControlSet001\Control\ComputerName\ComputerName`).Set("ComputerName", regf.String("KESTREL-PC"))
		return spec
	}
	tree := func(files fstest.MapFS) *evidence.Tree {
		ev, err := evidence.OpenFS(files, "x", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ev.Close() })
		return ev.Trees[0]
	}
	whole := hive("SYSTEM").Build()
	dirty := append([]byte(nil), whole...)
	dirty[8]++ // the second sequence number was not written
	const system = "Windows/System32/config/SYSTEM"
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  bool
	}{
		"whole":        {fstest.MapFS{system: {Data: whole}}, true},
		"backup alone": {fstest.MapFS{"Windows/System32/config/RegBack/SYSTEM": {Data: whole}, "Windows/x": {}}, false},
		"no hive":      {fstest.MapFS{system: {Data: []byte("regf")}, "Windows/x": {}}, false},
		"dirty":        {fstest.MapFS{system: {Data: dirty}}, false},
	} {
		if got := HivesOf(tree(c.files))[evidence.SYSTEM]; got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	id := IdentityOf(tree(fstest.MapFS{system: {Data: whole}}))
	if id.Name != "KESTREL-PC" || id.SystemRoot == "" || id.MachineGUID != "" || id.MachineSID != "" {
		t.Errorf("%+v", id)
	}
	later := hive("SYSTEM")
	later.Root.Written = later.Root.Written.Add(time.Hour)
	if other := IdentityOf(tree(fstest.MapFS{system: {Data: later.Build()}})); other.ID() == id.ID() {
		t.Errorf("two machines of one name have the id %s", id.ID())
	}
}
