package evidence_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
)

func openFS(t *testing.T, fsys fs.FS) *evidence.Tree {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev.Trees[0]
}

func mapFS(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, n := range names {
		m[n] = &fstest.MapFile{Data: []byte("x")}
	}
	return m
}

func TestGlob(t *testing.T) {
	tr := openFS(t, mapFS(
		"WINDOWS/system32/Config/software.txt",
		"WINDOWS/prefetch/b.PF", "WINDOWS/prefetch/A.pf", "WINDOWS/prefetch/Layout.ini", "WINDOWS/prefetch/sub/c.pf",
		"WINDOWS/System32/Tasks/One", "WINDOWS/System32/Tasks/Microsoft/Windows/Two",
		"Users/mira/NTUSER.DAT", "Users/daniel/ntuser.dat", "WINDOWS/ServiceProfiles/LocalService/NTUSER.DAT",
		"ProgramData/x/y.txt",
	))
	for _, tc := range []struct {
		pattern string
		want    []string
	}{
		{`%SystemRoot%\Prefetch\*.pf`, []string{`C:\WINDOWS\prefetch\A.pf`, `C:\WINDOWS\prefetch\b.PF`}},
		{`%systemroot%\PREFETCH\layout.INI`, []string{`C:\WINDOWS\prefetch\Layout.ini`}},
		{`%SystemRoot%\System32\Tasks\**`, []string{`C:\WINDOWS\System32\Tasks\One`, `C:\WINDOWS\System32\Tasks\Microsoft\Windows\Two`}},
		{`%SystemRoot%\?refetch\?.pf`, []string{`C:\WINDOWS\prefetch\A.pf`, `C:\WINDOWS\prefetch\b.PF`}},
		{`%UserProfile%\ntuser.dat`, []string{`C:\Users\daniel\ntuser.dat`, `C:\Users\mira\NTUSER.DAT`, `C:\WINDOWS\ServiceProfiles\LocalService\NTUSER.DAT`}},
		{`%ProgramData%\*\*.txt`, []string{`C:\ProgramData\x\y.txt`}},
		{`%SystemDrive%\ProgramData\**\y.*`, []string{`C:\ProgramData\x\y.txt`}},
		{`c:\programdata\*\y.txt`, []string{`C:\ProgramData\x\y.txt`}},
		{`D:\ProgramData\*\y.txt`, nil},
		{`%SystemRoot%\NoSuch\*`, nil},
	} {
		files, errs := tr.Glob(tc.pattern)
		for _, err := range errs {
			t.Errorf("Glob(%s): %v", tc.pattern, err)
		}
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("Glob(%s) = %q, want %q", tc.pattern, got, tc.want)
		}
	}
	if f, ok := tr.Lookup(`c:\windows\PREFETCH\a.PF`); !ok || f.Path != `C:\WINDOWS\prefetch\A.pf` {
		t.Errorf("Lookup found %v, %v", f, ok)
	}
	if _, ok := tr.Lookup(`D:\windows\prefetch\a.pf`); ok {
		t.Error("Lookup found a file of C: on D:")
	}
	if !tr.Walked(`C:\Windows\Prefetch\gone.pf`) || tr.Walked(`C:\Nowhere\gone.exe`) {
		t.Error("Walked must tell folders that are in the evidence from those that are not")
	}
}

// TestLinksStayInside follows no link out of the evidence and none in circles.
func TestLinksStayInside(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.pf")
	pre := filepath.Join(dir, "Windows", "Prefetch")
	for _, err := range []error{
		os.WriteFile(outside, []byte("secret"), 0o600),
		os.MkdirAll(pre, 0o755),
		os.MkdirAll(filepath.Join(dir, "Windows", "System32"), 0o755),
		os.WriteFile(filepath.Join(pre, "A.pf"), []byte("a"), 0o600),
		os.Symlink(outside, filepath.Join(pre, "OUT.pf")),
		os.Symlink("..", filepath.Join(pre, "loop")),
	} {
		if err != nil {
			t.Skip(err)
		}
	}
	ev, err := evidence.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	files, _ := ev.Trees[0].Glob(`%SystemRoot%\**\*.pf`)
	if len(files) > 2 {
		t.Errorf("%d files below Windows: a link was walked", len(files))
	}
	for _, f := range files {
		b, err := f.Bytes()
		if strings.HasSuffix(f.Path, "OUT.pf") && err == nil {
			t.Errorf("read %q through a link that leads out", b)
		}
	}
}

func TestMachine(t *testing.T) {
	tr := openFS(t, corpus.Incident().FS())
	m := tr.Machine()
	if m.Name != corpus.Computer || m.NameFrom != "SYSTEM" || m.ControlSet != "ControlSet001" || m.TimeZone != "Tokyo Standard Time" || m.Bias != -540 || m.Build != "19045" {
		t.Errorf("machine = %+v", m)
	}
	for _, name := range []string{"mira", "daniel"} {
		i := slices.IndexFunc(m.Users, func(u evidence.User) bool { return u.Name == name })
		if i < 0 || !strings.HasPrefix(m.Users[i].SID, "S-1-5-21-") {
			t.Errorf("user %s not found with a SID: %+v", name, m.Users)
			continue
		}
		if got := m.UserOf(`c:\users\` + name + `\NTUSER.DAT`); got != m.Users[i] {
			t.Errorf("UserOf = %+v, want %+v", got, m.Users[i])
		}
	}
	if got := m.UserOf(`C:\Windows\System32\config\DEFAULT`).SID; got != "S-1-5-18" {
		t.Errorf("DEFAULT belongs to %q", got)
	}
	hives, errs := tr.Hives()
	for _, err := range errs {
		t.Error(err)
	}
	kinds := map[evidence.Kind]int{}
	for _, h := range hives {
		kinds[h.Kind]++
		if _, err := h.Open(); err != nil {
			t.Errorf("%s: %v", h.Path, err)
		}
	}
	for _, k := range []evidence.Kind{evidence.SYSTEM, evidence.SOFTWARE, evidence.SAM, evidence.SECURITY, evidence.AMCACHE} {
		if kinds[k] != 1 {
			t.Errorf("%d hives of kind %s, want 1", kinds[k], k)
		}
	}
	if kinds[evidence.NTUSER] < 4 {
		t.Errorf("%d user hives, want those of two users, DEFAULT and the services", kinds[evidence.NTUSER])
	}
}

// TestRecognise finds out what a hive is when its name is lost.
func TestRecognise(t *testing.T) {
	heap := fstest.MapFS{}
	i := 0
	for name, b := range corpus.Incident().Files() {
		base := strings.ToUpper(name[strings.LastIndexByte(name, '/')+1:])
		switch base {
		case "SYSTEM", "SOFTWARE", "SAM", "SECURITY", "NTUSER.DAT", "USRCLASS.DAT":
			i++
			heap[base+"_"+string(rune('a'+i))+".bin"] = &fstest.MapFile{Data: b}
		}
	}
	tr := openFS(t, heap)
	if !tr.Loose() {
		t.Fatal("a heap of files was not seen as one")
	}
	hives, _ := tr.Hives()
	if len(hives) != len(heap) {
		t.Fatalf("%d hives of %d", len(hives), len(heap))
	}
	for _, h := range hives {
		name := h.Path[strings.LastIndexByte(h.Path, '\\')+1:]
		want := evidence.Kind(strings.TrimSuffix(name[:strings.IndexByte(name, '_')], ".DAT"))
		if h.Kind != want {
			t.Errorf("%s recognised as %q", h.Path, h.Kind)
		}
	}
}

func TestNothing(t *testing.T) {
	if _, err := evidence.OpenFS(fstest.MapFS{}, "empty", nil); !errors.Is(err, evidence.ErrNothing) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := evidence.OpenFS(mapFS("a.txt", "b/c.txt"), "other", nil); !errors.Is(err, evidence.ErrNothing) {
		t.Errorf("a folder without evidence: %v", err)
	}
	if _, err := evidence.Open(filepath.Join(t.TempDir(), "no"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a wrong path: %v", err)
	}
	name := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(name, []byte("hello world"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Open(name, nil); !errors.Is(err, evidence.ErrNothing) {
		t.Errorf("a text file: %v", err)
	}
}

func TestLimit(t *testing.T) {
	fsys := mapFS("Windows/System32/x", "Windows/Prefetch/A.pf")
	ev, err := evidence.OpenFS(fsys, "case", &evidence.Options{MaxFile: 1})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := ev.Trees[0].Glob(`%SystemRoot%\Prefetch\*`)
	if _, err := files[0].Bytes(); err != nil {
		t.Errorf("a file of the limit's size: %v", err)
	}
	fsys["Windows/Prefetch/A.pf"].Data = []byte("xx")
	if _, err := files[0].Bytes(); !errors.Is(err, evidence.ErrTooLarge) {
		t.Errorf("a file above the limit: %v", err)
	}
}

// TestNumberedName opens a database whose name ends in a number, as the segments
// of an image do, and still says of a segment that it is one.
func TestNumberedName(t *testing.T) {
	dir := t.TempDir()
	for name, head := range map[string]string{"History-57.0.2987.133": "SQLite format 3\x00", "disk.002": "\x00\x01\x02"} {
		if err := os.WriteFile(filepath.Join(dir, name), append([]byte(head), make([]byte, 4096)...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := evidence.Open(filepath.Join(dir, "History-57.0.2987.133"), nil)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	if _, err := evidence.Open(filepath.Join(dir, "disk.002"), nil); err == nil || !strings.Contains(err.Error(), "first segment") {
		t.Errorf("a segment: %v", err)
	}
}
