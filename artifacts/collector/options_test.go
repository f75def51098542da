package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// TestLimits cuts files by the limit of one and of all; the manifest names them and says how much there is.
func TestLimits(t *testing.T) {
	machine := fstest.MapFS{"Windows/System32/config/SYSTEM": {Data: []byte("no hive")}}
	for name, size := range map[string]int{"a": 1000, "b": 2000, "c": 3000} {
		machine["Windows/"+name+".txt"] = &fstest.MapFile{Data: bytes.Repeat([]byte(name), size)}
	}
	for _, c := range []struct {
		file, total int64
		want        string // stored of a, b and c
	}{
		{0, 0, "1000 2000 3000"},
		{2000, 0, "1000 2000 2000"},
		{1999, 0, "1000 1999 1999"},
		{0, 7 + 3500, "1000 2000 500"},
		{0, 7 + 3000, "1000 2000 0"},
		{0, 7 + 1500, "1000 500 0"},
		{1500, 7 + 2600, "1000 1500 100"},
		{-1, -1, "1000 2000 3000"}, // no limit below zero
	} {
		o := options()
		o.MaxFile, o.MaxTotal = c.file, c.total
		var told []string
		o.Damage = func(err error) { told = append(told, err.Error()) }
		z := collectAll(t, machine, o)
		var got, names []string
		for _, l := range decode[fileLine](t, z.read(t, "artifactdump/files.jsonl")) {
			b := z.read(t, l.Stored)
			if int64(len(b)) != l.StoredSize || l.StoredSize != l.Size && l.State != cut {
				t.Errorf("%+v: %s has %d bytes: %+v", c, l.Path, len(b), l)
			}
			if l.State == cut {
				names = append(names, l.Path)
				if l.SHA256 != "" || l.StoredSHA256 != hashOf(b) || l.Error != fmt.Sprintf("%d of %d bytes are stored", len(b), l.Size) {
					t.Errorf("%+v: %+v", c, l)
				}
			}
			if strings.HasSuffix(l.Path, ".txt") {
				got = append(got, fmt.Sprint(l.StoredSize))
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("limits of %d and %d: stored %s, want %s", c.file, c.total, s, c.want)
		}
		man := z.manifest(t)
		if !slices.Equal(man.Cut, names) && len(man.Cut)+len(names) > 0 || z.sum.Partial != len(names) || len(told) != len(names) {
			t.Errorf("limits of %d and %d: cut %v, the manifest %v, %+v, reported %v", c.file, c.total, names, man.Cut, z.sum, told)
		}
	}
}

// TestPreview prints what Collect stores, in its order.
func TestPreview(t *testing.T) {
	m := copies(2)
	m["C/Windows/prog.exe"] = &fstest.MapFile{Data: []byte("MZ")}
	o := options()
	asked := 0
	o.Programs = func(_ context.Context, tree *evidence.Tree) ([]*evidence.File, error) {
		asked++
		var out []*evidence.File
		for _, name := range []string{`C:\Windows\prog.exe`, `C:\Windows\x.txt`, `C:\Windows\prog.exe`} {
			f, ok := tree.Lookup(name)
			if !ok {
				return nil, fs.ErrNotExist
			}
			out = append(out, f)
		}
		return out, nil
	}
	var b bytes.Buffer
	if err := Preview(t.Context(), &b, open(t, m), o); err != nil {
		t.Fatal(err)
	}
	z := collectAll(t, m, o)
	var want, kinds strings.Builder
	for _, l := range decode[fileLine](t, z.read(t, "artifactdump/files.jsonl")) {
		if l.Snapshot != "" {
			want.WriteString(l.Snapshot + ": ")
		}
		want.WriteString(l.Path + "\n")
		if l.Kind == "program" {
			kinds.WriteString(l.Path)
		}
	}
	if b.String() != want.String() || asked != 2 {
		t.Errorf("preview\n%s\ncollected\n%s", &b, &want)
	}
	if kinds.String() != `C:\Windows\prog.exe` { // the text file is named by an artifact, and each is stored once
		t.Errorf("programs %s", &kinds)
	}
	fails := errors.New("no programs")
	o.Programs = func(context.Context, *evidence.Tree) ([]*evidence.File, error) { return nil, fails }
	if err := Preview(t.Context(), io.Discard, open(t, m), o); !errors.Is(err, fails) {
		t.Errorf("preview: %v", err)
	}
	if _, err := Collect(t.Context(), open(t, m), io.Discard, o); !errors.Is(err, fails) {
		t.Errorf("collect: %v", err)
	}
	o.Programs = nil
	full := errors.New("full")
	if err := Preview(t.Context(), failing{full}, open(t, m), o); !errors.Is(err, full) {
		t.Errorf("preview into a full disk: %v", err)
	}
	if _, err := Collect(t.Context(), open(t, m), failing{full}, o); !errors.Is(err, full) {
		t.Errorf("collect into a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// xor is what encrypts in these tests.
type xor struct {
	w      io.Writer
	closed *bool
}

func (x xor) Write(p []byte) (int, error) {
	q := bytes.Clone(p)
	for i := range q {
		q[i] ^= 0x5A
	}
	return x.w.Write(q)
}

func (x xor) Close() error {
	*x.closed = true
	_, err := x.w.Write([]byte("end"))
	return err
}

// TestSeal encrypts a collection: nothing of it is plain on the disk, it cannot be resumed, and the hash is that of the encrypted file.
func TestSeal(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sealed")
	closed := false
	o := options()
	o.Seal = func(w io.Writer) (io.WriteCloser, error) { return xor{w, &closed}, nil }
	if _, err := File(stopAfter(t, o, 3), open(t, texts(5)), name, o, New); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(name + "*"); len(left) > 0 {
		t.Errorf("%v is left of an encrypted collection", left)
	}
	o.Progress = nil
	var notes []string
	o.Note = func(s string) { notes = append(notes, s) }
	sum, err := File(t.Context(), open(t, texts(5)), name, o, Resume)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "cannot be resumed") || sum.Resumed != 0 || !closed {
		t.Fatalf("%+v, %v, notes %v", sum, err, notes)
	}
	b, err := os.ReadFile(name)
	if err != nil || hashOf(b) != sum.SHA256 || sum.Size != int64(len(b)) || !bytes.HasSuffix(b, []byte("end")) {
		t.Fatalf("%d bytes, %+v, %v", len(b), sum, err)
	}
	if bytes.Contains(b, []byte("manifest.json")) || bytes.Contains(b, []byte("PK\x03\x04")) {
		t.Error("an entry is plain")
	}
	for i := range b {
		b[i] ^= 0x5A
	}
	o.Seal = nil
	if plain := collectAll(t, texts(5), o); !bytes.HasPrefix(b, plain.raw[:100]) {
		t.Error("what is encrypted is not the zip")
	}
	refused := errors.New("no key")
	o.Seal = func(io.Writer) (io.WriteCloser, error) { return nil, refused }
	if _, err := Collect(t.Context(), open(t, texts(1)), io.Discard, o); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}

// TestModes has what File does with what is there already.
func TestModes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c.zip")
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []int{New, Resume} {
		_, err := File(t.Context(), open(t, texts(1)), name, options(), mode)
		if exists, ok := errors.AsType[*files.ExistsError](err); !ok || exists.Name != name {
			t.Errorf("mode %d: %v", mode, err)
		}
		if b, err := os.ReadFile(name); err != nil || string(b) != "mine" {
			t.Errorf("mode %d: the file is %q, %v", mode, b, err)
		}
	}
	if sum, err := File(t.Context(), open(t, texts(1)), name, options(), Force); err != nil || sum.Files != 2 {
		t.Errorf("force: %+v, %v", sum, err)
	}
	// Nothing to go on with: a new one.
	other := filepath.Join(filepath.Dir(name), "d.zip")
	if sum, err := File(t.Context(), open(t, texts(1)), other, options(), Resume); err != nil || sum.Resumed != 0 || sum.Files != 2 {
		t.Errorf("resume of nothing: %+v, %v", sum, err)
	}
	// A link in the place of a file of an earlier run is not followed.
	third := filepath.Join(filepath.Dir(name), "e.zip")
	o := options()
	if _, err := File(stopAfter(t, o, 1), open(t, texts(3)), third, o, New); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_, err := File(t.Context(), open(t, texts(3)), third, options(), New)
	if u, ok := errors.AsType[*UnfinishedError](err); !ok || u.Name != third+".partial" {
		t.Errorf("unfinished: %v", err)
	}
	if err := os.Rename(third+".partial", third+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(third+".moved", third+".partial"); err != nil {
		t.Skip(err)
	}
	if _, err := File(t.Context(), open(t, texts(3)), third, options(), Resume); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a link: %v", err)
	}
}

// TestMachines collects several machines into folders of their own, whose names do not clash.
func TestMachines(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, f := range texts(1) {
		fsys["pc1/C/"+name], fsys["pc2/C/"+name], fsys["PC #3./C/"+name] = f, f, f
	}
	ev := open(t, fsys)
	if len(ev.Trees) != 3 {
		t.Fatalf("%d machines", len(ev.Trees))
	}
	z := collectAll(t, fsys, options())
	var got []string
	for _, n := range z.names() {
		if dir, ok := strings.CutSuffix(n, "artifactdump/manifest.json"); ok {
			got = append(got, dir)
		}
	}
	slices.Sort(got)
	if want := []string{"PC #3%2E/", "pc1/", "pc2/"}; !slices.Equal(got, want) || z.sum.Machines != 3 {
		t.Errorf("folders %q, want %q, %+v", got, want, z.sum)
	}
	seen := map[string]bool{}
	for _, n := range z.names() {
		if seen[n] {
			t.Errorf("two entries are named %s", n)
		}
		seen[n] = true
	}
	loose, err := evidence.OpenFS(fstest.MapFS{"NTUSER.DAT": {Data: append([]byte("regf"), make([]byte, 8192)...)},
		"A.EXE-11111111.pf": {Data: append([]byte{30, 0, 0, 0, 'S', 'C', 'C', 'A'}, make([]byte, 300)...)}}, "loose", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(t.Context(), loose, io.Discard, options()); err == nil || !strings.Contains(err.Error(), "loose files") {
		t.Errorf("loose files: %v", err)
	}
}

// TestProgress is called before each file and once at the end.
func TestProgress(t *testing.T) {
	o := options()
	var got []string
	o.Progress = func(done, planned int, path string) { got = append(got, fmt.Sprintf("%d/%d %s", done, planned, path)) }
	collectAll(t, texts(2), o)
	want := `[0/3 C:\Windows\System32\config\SYSTEM 1/3 C:\Windows\x.txt 2/3 C:\Windows\xx.txt 3/3 ]`
	if fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// A slow file can only be read from its beginning, in small pieces, and may end or fail early.
type slow struct {
	io.Reader
	st fs.FileInfo
}

func (s slow) Stat() (fs.FileInfo, error) { return s.st, nil }
func (s slow) Close() error               { return nil }

type thenFail struct{}

func (thenFail) Read([]byte) (int, error) { return 0, errBad }

// TestCopyStream copies a file of an archive, which is read once from its beginning.
func TestCopyStream(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 200)
	for _, c := range []struct {
		name   string
		r      io.Reader
		size   int64
		limit  int64
		stored int
		state  string
		err    string
	}{
		{"whole", bytes.NewReader(data), 3200, 1 << 20, 3200, whole, ""},
		{"one byte at a time", &oneByte{bytes.NewReader(data)}, 3200, 1 << 20, 3200, whole, ""},
		{"exactly the limit", bytes.NewReader(data), 3200, 3200, 3200, whole, ""},
		{"cut", bytes.NewReader(data), 3200, 3199, 3199, cut, "3199 of 3200 bytes are stored"},
		{"nothing may be stored", bytes.NewReader(data), 3200, 0, 0, cut, "0 of 3200 bytes are stored"},
		{"empty", bytes.NewReader(nil), 0, 0, 0, whole, ""},
		{"ends early", bytes.NewReader(data[:1000]), 3200, 1 << 20, 1000, failed, "cannot be read at 1000: unexpected EOF"},
		{"ends early, at a block", bytes.NewReader(data[:1024]), 3200, 1 << 20, 1024, failed, "unexpected EOF"},
		{"fails", io.MultiReader(bytes.NewReader(data[:700]), thenFail{}), 3200, 1 << 20, 700, failed, "cannot be read at 700: bad sector"},
		{"grew", bytes.NewReader(data), 3100, 1 << 20, 3200, whole, ""},
	} {
		var b bytes.Buffer
		got, err := copyFile(t.Context(), &b, slow{Reader: c.r}, c.size, c.limit, make([]byte, 512), whatever, false)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !bytes.Equal(b.Bytes(), data[:c.stored]) || got.stored != int64(c.stored) || got.state != c.state {
			t.Errorf("%s: %d bytes, %+v", c.name, b.Len(), got)
		}
		if (got.err == nil) != (c.err == "") || got.err != nil && got.err.Error() != c.err {
			t.Errorf("%s: error %v, want %q", c.name, got.err, c.err)
		}
		if got.kept != hashOf(b.Bytes()) || (got.sum == got.kept) != (c.state == whole) || c.state != whole && got.sum != "" {
			t.Errorf("%s: hashes %q and %q", c.name, got.sum, got.kept)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := copyFile(ctx, io.Discard, slow{Reader: bytes.NewReader(data)}, 3200, 1<<20, make([]byte, 512), whatever, false)
	if err != context.Canceled {
		t.Errorf("after the end: %v", err)
	}
}

type oneByte struct{ r io.Reader }

func (o *oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// TestCopyHoles stores a sparse file in both ways: its hash is that of the file with zeros for the holes.
func TestCopyHoles(t *testing.T) {
	const size = 5 << 20
	f := &fake{size: size, bad: -1, ranges: []ntfs.Range{{Offset: 1 << 20, Length: 100}, {Offset: 4 << 20, Length: 200}}}
	flat := make([]byte, size)
	for i := range flat {
		if i >= 1<<20 && i < 1<<20+100 || i >= 4<<20 && i < 4<<20+200 {
			flat[i] = byte(i)
		}
	}
	var b bytes.Buffer
	got, err := copyFile(t.Context(), &b, f, size, 1<<40, make([]byte, blockSize), whatever, false)
	if err != nil || got.sum != hashOf(flat) || got.kept != hashOf(b.Bytes()) || got.stored != 300 {
		t.Errorf("%d bytes, %+v, %v", b.Len(), got, err)
	}
	var n int64
	for _, s := range got.spans {
		if s.Off != n {
			t.Errorf("a span at %d, not at %d", s.Off, n)
		}
		n += s.Len
	}
	if n != size || len(got.spans) != 5 {
		t.Errorf("spans %+v", got.spans)
	}
	// Few holes are not worth an index.
	full := &fake{size: size, bad: -1, ranges: []ntfs.Range{{Offset: 4096, Length: size - 4096}}}
	b.Reset()
	got, err = copyFile(t.Context(), &b, full, size, 1<<40, make([]byte, blockSize), whatever, false)
	if err != nil || b.Len() != size || got.spans != nil {
		t.Errorf("%d bytes, %+v, %v", b.Len(), got, err)
	}
	// In folders, what cannot be read is zeros.
	bad := &fake{size: 20000, bad: 9000}
	b.Reset()
	if got, err = copyFile(t.Context(), &b, bad, 20000, 1<<40, make([]byte, blockSize), whatever, true); err != nil || b.Len() != 20000 ||
		got.state != failed || !bytes.Equal(b.Bytes()[8192:12288], make([]byte, 4096)) || b.Bytes()[8191] != 0xFF {
		t.Errorf("%d bytes, state %s, %v", b.Len(), got.state, err)
	}
}

// TestCopyTries reads a block again while its check fails, and stores it after some tries all the same.
func TestCopyTries(t *testing.T) {
	for _, bad := range []int{0, 1, 2, 50} {
		f := &fake{size: 1000, bad: -1}
		tries := 0
		check := func([]byte) bool { tries++; return tries > bad }
		var b bytes.Buffer
		got, err := copyFile(t.Context(), &b, f, 1000, 1<<20, make([]byte, blockSize), check, false)
		if want := min(bad+1, readTries); err != nil || got.state != whole || b.Len() != 1000 || tries != want {
			t.Errorf("%d bad readings: %d tries, want %d, %+v, %v", bad, tries, want, got, err)
		}
	}
}

// Example collects the text files of a machine into a zip and says what became of them.
func Example() {
	machine := fstest.MapFS{
		"C/Windows/System32/config/SYSTEM": {Data: []byte("not really a hive")},
		"C/Windows/setup.txt":              {Data: []byte("installed")},
	}
	ev, err := evidence.OpenFS(machine, "copy", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ev.Close()
	texts := &artifacts.Artifact{Name: "texts", Sources: []artifacts.Source{{Glob: `%AnyDrive%\Windows\*.txt`}}}
	var zip bytes.Buffer
	sum, err := Collect(context.Background(), ev, &zip, &Options{
		Artifacts: []*artifacts.Artifact{texts},
		Now:       func() time.Time { return time.Unix(0, 0) },
		Progress: func(_, _ int, path string) {
			if path != "" {
				fmt.Println(path)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sum.Files, "files,", sum.Bytes, "bytes,", sum.Size == int64(zip.Len()))
	// Output:
	// C:\Windows\System32\config\SYSTEM
	// C:\Windows\setup.txt
	// 2 files, 26 bytes, true
}
