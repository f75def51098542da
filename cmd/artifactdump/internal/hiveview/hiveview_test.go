package hiveview

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/hive"
)

const config = "../../../../corpus/files/incident/C/Windows/System32/config/"

// open opens a hive and returns what is said of it.
func open(t *testing.T, path string, o Options) (*File, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	f, err := Open(path, messages.New(&said), o)
	if err != nil {
		t.Fatal(err)
	}
	return f, &said
}

// small is a hive with two keys below the root, and three values.
func small(t *testing.T) string {
	t.Helper()
	w := regf.New("ROOT", time.Date(2026, 3, 1, 10, 20, 30, 0, time.UTC))
	w.Root.Sub("Run").Set("", regf.String("default.exe")).Set("updater", regf.String(`C:\Users\Public\updater.exe`))
	w.Root.Sub("Running").Set("n", regf.DWord(7))
	name := filepath.Join(t.TempDir(), "HIVE")
	if err := os.WriteFile(name, w.Build(), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestOpen replays the logs beside a hive, those that are named, or none.
func TestOpen(t *testing.T) {
	system := config + "SYSTEM"
	f, said := open(t, system, Options{})
	if !f.Recovery().Applied || !strings.Contains(said.String(), "dirty hive: replayed 1 log entry") {
		t.Errorf("%+v: %s", f.Recovery(), said)
	}
	if f, said := open(t, system, Options{NoLogs: true}); f.Recovery().Applied || strings.Contains(said.String(), "replayed") {
		t.Errorf("%+v: %s", f.Recovery(), said)
	}
	if f, _ := open(t, system, Options{Logs: []string{system + ".LOG1"}}); !f.Recovery().Applied {
		t.Errorf("%+v", f.Recovery())
	}
	log := messages.New(&bytes.Buffer{})
	if _, err := Open(system, log, Options{Logs: []string{"not there"}}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a log that is named and not there: %v", err)
	}
	if _, err := Open("not there", log, Options{}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	os.WriteFile(bad, []byte("no hive"), 0o666)
	if _, err := Open(bad, log, Options{}); err == nil || !strings.HasPrefix(err.Error(), bad+": ") {
		t.Errorf("%v", err)
	}
}

// TestStrict stops at damage that is only named else.
func TestStrict(t *testing.T) {
	name := small(t)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "CUT")
	os.WriteFile(cut, b[:len(b)-512], 0o666)
	f, said := open(t, cut, Options{})
	f.Check()
	if f.Log.Tell(); f.Log.Damages() == 0 || !strings.Contains(said.String(), "damaged: "+cut) {
		t.Errorf("a cut hive is whole: %s", said)
	}
	log := messages.New(&bytes.Buffer{})
	log.Strict = true
	if _, err := Open(cut, log, Options{}); err == nil {
		t.Error("a cut hive is opened")
	}
}

// key finds a key of a hive.
func key(t *testing.T, f *File, path string) hive.Key {
	t.Helper()
	k, err := f.Find(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestList(t *testing.T) {
	f, _ := open(t, small(t), Options{})
	var b bytes.Buffer
	if err := f.List(&b, key(t, f, "Run"), false); err != nil {
		t.Fatal(err)
	}
	one := b.String()
	if strings.Count(one, "last written") != 1 || !strings.Contains(one, "updater") || !strings.Contains(one, "(Default)") || strings.Contains(one, "Running") {
		t.Errorf("%s", one)
	}
	b.Reset()
	if err := f.List(&b, key(t, f, "Run"), true); err != nil || b.String() != one {
		t.Errorf("%v: keys beside are listed as below: %s", err, b.String())
	}
	b.Reset()
	if err := f.List(&b, key(t, f, ""), true); err != nil || strings.Count(b.String(), "last written") != 3 {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestValue(t *testing.T) {
	f, _ := open(t, small(t), Options{})
	for _, c := range []struct{ name, text string }{{"updater", `C:\Users\Public\updater.exe`}, {"", "default.exe"}, {"(default)", "default.exe"}} {
		v, err := f.Value("Run", c.name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if f.Print(&b, v, false); !strings.Contains(b.String(), c.text) {
			t.Errorf("%q: %s", c.name, b.String())
		}
		b.Reset()
		if f.Print(&b, v, true); b.Len() != 2*len(c.text)+2 {
			t.Errorf("%q: %d bytes as stored", c.name, b.Len())
		}
	}
	if _, err := f.Value("Run", "x"); err == nil || err.Error() != `no value "x" in Run` {
		t.Errorf("%v", err)
	}
	if _, err := f.Value("Nowhere", "x"); err == nil {
		t.Error("a key that is not there has a value")
	}
}

func TestSearch(t *testing.T) {
	f, _ := open(t, small(t), Options{})
	for _, c := range []struct {
		name string
		text string
		s    Search
		want int
	}{
		{"all", "RUN", Search{}, 2},
		{"data", "public", Search{}, 1},
		{"data alone", "run", Search{Data: true}, 0},
		{"names alone", "updater", Search{Names: true}, 1},
		{"keys alone", "updater", Search{Keys: true}, 0},
		{"one hit of name and data", "updater", Search{}, 1},
	} {
		var err error
		if c.s.Pattern, err = Pattern(c.text, false); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		hits, err := f.Search(t.Context(), &b, key(t, f, ""), c.s)
		if err != nil || hits != c.want {
			t.Errorf("%s: %d hits, want %d, %v: %s", c.name, hits, c.want, err, b.String())
		}
	}
	re, err := Pattern("run(ning)?$", true)
	if err != nil {
		t.Fatal(err)
	}
	if hits, err := f.Search(t.Context(), &bytes.Buffer{}, key(t, f, "Running"), Search{Pattern: re}); hits != 1 || err != nil {
		t.Errorf("below a key: %d, %v", hits, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Search(gone, &bytes.Buffer{}, key(t, f, ""), Search{Pattern: re}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := Pattern("(", false); err != nil {
		t.Errorf("as text: %v", err)
	}
	_, err = Pattern("(", true)
	if _, ok := errors.AsType[usage.Error](err); !ok {
		t.Errorf("%v", err)
	}
}

// TestDump writes each key once as lines and as objects, and with deleted ones more.
func TestDump(t *testing.T) {
	f, _ := open(t, "../../../../corpus/files/incident/C/Users/daniel/NTUSER.DAT", Options{})
	lines := func(write func(*bytes.Buffer) error) string {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	tsv := lines(func(b *bytes.Buffer) error { return f.Dump(b, false) })
	objects := lines(func(b *bytes.Buffer) error { return f.DumpJSON(b, false) })
	if keys := strings.Count("\n"+tsv, "\nK\t"); keys == 0 || keys != strings.Count(objects, "\n") {
		t.Errorf("%d keys as lines, %d as objects", keys, strings.Count(objects, "\n"))
	}
	more := lines(func(b *bytes.Buffer) error { return f.Dump(b, true) })
	moreObjects := lines(func(b *bytes.Buffer) error { return f.DumpJSON(b, true) })
	var b bytes.Buffer
	notes := f.Deleted(&b)
	if len(more) <= len(tsv) || !strings.HasPrefix(moreObjects, objects) || len(moreObjects) == len(objects) || b.Len() == 0 {
		t.Errorf("nothing is deleted: %d and %d bytes; %s", len(more), len(moreObjects), b.String())
	}
	if len(notes) == 0 || !strings.Contains(notes[0], "deleted key") {
		t.Errorf("%q", notes)
	}
}

func TestExport(t *testing.T) {
	f, _ := open(t, small(t), Options{})
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	if err := f.Export(w, key(t, f, "Run"), `HKEY_X`); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if got := b.String(); !strings.Contains(got, `[HKEY_X\Run]`) || strings.Contains(got, "Running") || !strings.Contains(got, `"updater"=`) {
		t.Errorf("%s", got)
	}
}

// TestMayRecover keeps the clean copy out of the evidence.
func TestMayRecover(t *testing.T) {
	name := small(t)
	f, said := open(t, name, Options{})
	for _, bad := range []string{name, filepath.Join(filepath.Dir(name), "beside")} {
		if err := f.MayRecover(bad); err == nil || !strings.Contains(err.Error(), "never written to") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, ok := range []string{"-", filepath.Join(t.TempDir(), "clean")} {
		if err := f.MayRecover(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	if !strings.Contains(said.String(), "nothing to replay") {
		t.Errorf("%s", said)
	}
}
