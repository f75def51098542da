package collect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestDriveName has the names by which collectors call drives and copies of them.
func TestDriveName(t *testing.T) {
	for _, c := range []struct {
		dir     string
		vol     Vol
		certain bool
		ok      bool
	}{
		{"C", Vol{Name: "C:"}, false, true},
		{"c:", Vol{Name: "C:"}, true, true},
		{"d%3a", Vol{Name: "D:"}, true, true},
		{"%5C%5C.%5CC%3A", Vol{Name: "C:"}, true, true},
		{"SysVol", Vol{Name: "C:"}, false, true},
		{"VSS0", Vol{Snapshot: "vss0"}, false, true},
		{"vss12", Vol{Snapshot: "vss12"}, false, true},
		{"%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy7", Vol{Snapshot: "vss7"}, true, true},
		{"HarddiskVolumeShadowCopy7", Vol{Snapshot: "vss7"}, true, true},
		{"%5C%5C%3F%5CVolume{0a-1b}", Vol{Name: "Volume{0a-1b}"}, true, true},
		{"VSS", Vol{}, false, false},
		{"VSS-1", Vol{}, false, false},
		{"vss1x", Vol{}, false, false},
		{"HarddiskVolumeShadowCopy", Vol{}, false, false},
		{"1:", Vol{}, false, false},
		{"CC:", Vol{}, false, false},
		{"Ä", Vol{}, false, false},
		{"", Vol{}, false, false},
		{"Windows", Vol{}, false, false},
	} {
		vol, certain, ok := driveName(c.dir)
		if vol != c.vol || certain != c.certain || ok != c.ok {
			t.Errorf("%q: %+v, %v, %v; want %+v, %v, %v", c.dir, vol, certain, ok, c.vol, c.certain, c.ok)
		}
	}
}

func TestHostNames(t *testing.T) {
	for dir, want := range map[string]string{
		"PC1-C.0123456789abcdef":                  "PC1",
		"Collection-PC-1-2024-01-02T03_04_05Z":    "PC-1",
		"Collection-PC1-2024-01-02T03_04_05Z.zip": "PC1",
		"Collection-PC1-1800-01-02":               "Collection-PC1-1800-01-02", // not a year of a computer
		"Collection-2024-01-02T03_04_05Z":         "Collection-2024-01-02T03_04_05Z",
		"Collection-":                             "Collection-",
		"-C.1":                                    "-C.1",
		"a%2Fb":                                   "a/b",
		"plain":                                   "plain",
	} {
		if got := hostName(dir); got != want {
			t.Errorf("%q: %q, want %q", dir, got, want)
		}
	}
}

// TestWindowsPaths takes apart the paths of results of Velociraptor.
func TestWindowsPaths(t *testing.T) {
	for _, c := range []struct {
		path string
		vol  Vol
		rel  string
		ok   bool
	}{
		{`C:\Windows\x`, Vol{Name: "C:"}, "Windows/x", true},
		{`\\.\D:\x`, Vol{Name: "D:"}, "x", true},
		{`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy3\a\b`, Vol{Snapshot: "vss3"}, "a/b", true},
		{`\\?\Volume{0a-1b}\a`, Vol{Name: "Volume{0a-1b}"}, "a", true},
		{`C:`, Vol{}, "", false},
		{`C\x`, Vol{}, "", false}, // a bare letter may be a folder
		{`\\server\share\x`, Vol{}, "", false},
		{``, Vol{}, "", false},
	} {
		vol, rel, ok := splitWindowsPath(c.path)
		if ok != c.ok || ok && (vol != c.vol || rel != c.rel) {
			t.Errorf("%s: %+v, %q, %v; want %+v, %q, %v", c.path, vol, rel, ok, c.vol, c.rel, c.ok)
		}
	}
	// The volume has the name under which its files are stored.
	stored, _, _ := driveName("%5C%5C%3F%5CVolume{0a-1B}")
	if vol, _, ok := splitWindowsPath(`\\?\Volume{0a-1B}\a`); !ok || vol != stored {
		t.Errorf("a path of %+v, stored as %+v", vol, stored)
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]string{
		"2021-02-03T04:05:06Z": "2021-02-03T04:05:06Z", "2021-02-03T04:05:06.1234567+02:00": "2021-02-03T02:05:06.1234567Z",
		"2021-02-03 04:05:06.5": "2021-02-03T04:05:06.5Z", "2021-02-03T04:05:06": "2021-02-03T04:05:06Z",
		"2/3/2021 4:05:06 PM": "2021-02-03T16:05:06Z", "02/03/2021 04:05:06": "2021-02-03T04:05:06Z",
		"1601-01-01T00:00:00Z": "", "": "", "yesterday": "", "2021-13-03 04:05:06": "", "2021-02-03": "",
	} {
		got := parseTime(s)
		if got.IsZero() != (want == "") || want != "" && (got.Format(time.RFC3339Nano) != want || got.Location() != time.UTC) {
			t.Errorf("%q: %v, want %s", s, got, want)
		}
	}
}

// TestCopyTarget finds the drive in the destination of a copy log: the folder
// whose rest ends the source, also where a folder above has the name of a drive.
func TestCopyTarget(t *testing.T) {
	roots := map[string]int{"C": 0, "D": 1, "VSS1": 2}
	for _, c := range []struct {
		source, dest string
		vol          int
		rel          string
		ok           bool
	}{
		{`C:\Windows\a`, `E:\out\C\Windows\a`, 0, "Windows/a", true},
		{`C:\Windows\a`, `E:\D\out\C\Windows\a`, 0, "Windows/a", true},
		{`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\Windows\a`, `E:\out\VSS1\Windows\a`, 2, "Windows/a", true},
		{`C:\Windows\Long~1`, `E:\out\C\Windows\a`, 0, "Windows/a", true}, // nothing fits: the first drive
		{`C:\Windows\a`, `\C\Windows\a`, 0, "Windows/a", true},
		{`C:\a`, `E:\out\other\a`, 0, "", false},
		{`C:\a`, `C`, 0, "", false},
		{``, ``, 0, "", false},
	} {
		vol, rel, ok := copyTarget(roots, c.source, c.dest)
		if vol != c.vol || rel != c.rel || ok != c.ok {
			t.Errorf("%s to %s: %d, %q, %v", c.source, c.dest, vol, rel, ok)
		}
	}
}

// TestCopyLogDamage reads copy logs that are not whole: what can be read counts, and what cannot is named.
func TestCopyLogDamage(t *testing.T) {
	const head = "SourceFile,DestinationFile,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc\n"
	for _, c := range []struct {
		name, log string
		rows      int
		err       string
	}{
		{"whole", head + `C:\a,E:\C\a,2020-01-01 00:00:00,,` + "\n" + `C:\b,E:\C\b` + "\n", 2, ""},
		{"a quote in the middle", head + `C:\a,E:\C\a` + "\n" + `C:\b"x,E:\C\b` + "\n" + `C:\c,E:\C\c` + "\n", 2, "bare \""},
		{"no destination", "SourceFile,Size\nC:\\a,1\n", 0, "column DestinationFile is missing"},
		{"empty", "", 0, "EOF"},
	} {
		n := 0
		err := copyLog(fstest.MapFS{"log": {Data: []byte(c.log)}}, "log", func(source, dest string, _ Times) {
			if !strings.HasSuffix(source, dest[len(`E:\C`):]) {
				t.Errorf("%s: %s to %s", c.name, source, dest)
			}
			n++
		})
		if n != c.rows || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %d rows, %v; want %d, %s", c.name, n, err, c.rows, c.err)
		}
	}
}

// TestJSONLines: a line that is too long or broken is skipped, and named by its number.
func TestJSONLines(t *testing.T) {
	long := strings.Repeat("x", maxJSONLine+10)
	for _, c := range []struct {
		name, text string
		want       string
		err        string
	}{
		{"two lines", "a\nb\n", "[a b]", ""},
		{"more than a letter without an end", "aa\nbb", "[aa bb]", ""},
		{"empty lines", "\n\naa\n", "[aa]", ""},
		{"a refused one", "aa\nbad\ncc\n", "[aa cc]", "line 2: refused"},
		{"a long one", "aa\n" + long + "\ncc\n", "[aa cc]", fmt.Sprintf("line 2 is longer than %d bytes", maxJSONLine)},
		{"a long one at the end", "aa\n" + long, "[aa]", fmt.Sprintf("line 2 is longer than %d bytes", maxJSONLine)},
		{"the first error counts", "bad\n" + long + "\nbad\n", "[]", "line 1: refused"},
	} {
		got := []string{}
		err := jsonLines(fstest.MapFS{"f": {Data: []byte(c.text)}}, "f", func(line []byte) error {
			if s := strings.TrimSpace(string(line)); s != "bad" {
				got = append(got, s)
				return nil
			}
			return errors.New("refused")
		})
		if fmt.Sprint(got) != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %v, %v; want %s, %s", c.name, got, err, c.want, c.err)
		}
	}
}

// forward is a file that can only be read from its beginning.
type forward struct {
	io.Reader
	size int64
}

func (f *forward) Stat() (fs.FileInfo, error) { return nil, nil }
func (f *forward) Close() error               { return nil }

type forwardFS struct{ data []byte }

func (f forwardFS) Open(string) (fs.File, error) {
	return &forward{bytes.NewReader(f.data), int64(len(f.data))}, nil
}

// TestSparseReads reads pieces of a sparse file in any order, from a file that
// can be read anywhere and from one that cannot. The original is made by hand.
func TestSparseReads(t *testing.T) {
	stored := []byte("abcdefghij")
	m, err := newSparseMap([]span{
		{Stored: 6, Start: 30, StoredLen: 4, Len: 4}, // the index need not be in order
		{Start: 0, Len: 10},
		{Stored: 0, Start: 10, StoredLen: 3, Len: 5}, // shorter than its range: the rest is a hole
		{Stored: 3, Start: 15, StoredLen: 3, Len: 3},
		{Start: 34, Len: 6},
	}, int64(len(stored)))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 40)
	copy(want[10:], "abc")
	copy(want[15:], "def")
	copy(want[30:], "ghij")
	for name, fsys := range map[string]fs.FS{"anywhere": fstest.MapFS{"f": {Data: stored}}, "forward": forwardFS{stored}} {
		for _, spooled := range []bool{false, true} {
			s, err := openSparse(fsys, "f", m)
			if err != nil {
				t.Fatal(err)
			}
			if spooled {
				if err := s.Spool(100); err != nil {
					t.Fatal(err)
				}
			}
			if got := fmt.Sprint(s.StoredRanges()); got != "[[10 3] [15 3] [30 4]]" {
				t.Errorf("%s: ranges %s", name, got)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for range 200 {
				off := r.Int64N(41)
				p := make([]byte, 1+r.IntN(20))
				n, err := s.ReadAt(p, off)
				if end := min(40, off+int64(len(p))); !bytes.Equal(p[:n], want[off:end]) || (err == io.EOF) != (off+int64(len(p)) > 40) ||
					err != nil && err != io.EOF {
					t.Fatalf("%s, spooled %v: %q at %d, %v", name, spooled, p[:n], off, err)
				}
			}
			if b, err := io.ReadAll(s); err != nil || !bytes.Equal(b, want) {
				t.Errorf("%s: %q, %v", name, b, err)
			}
			if _, err := s.ReadAt(make([]byte, 1), -1); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s: before the start: %v", name, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		// What is stored is shorter than the index says.
		s, err := openSparse(map[string]fs.FS{"anywhere": fstest.MapFS{"f": {Data: stored[:7]}}, "forward": forwardFS{stored[:7]}}[name], "f", m)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.ReadAt(make([]byte, 40), 0); n != 30 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: cut: %d bytes, %v", name, n, err)
		}
	}
	for name, spans := range map[string][]span{
		"negative": {{Len: -1}}, "past the largest file": {{Start: 1<<63 - 1, Len: 1}}, "past the stored file": {{Stored: 5, StoredLen: 6,
			Len: 6}},
		"overlapping": {{StoredLen: 5, Len: 5}, {Start: 4, StoredLen: 1, Len: 1}},
	} {
		if m, err := newSparseMap(spans, 10); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// TestSpoolSize keeps what a reader has, as long as it is not more than is allowed.
func TestSpoolSize(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 10)
	fails := io.MultiReader(bytes.NewReader(data), iotestErr{errors.New("torn")})
	for _, c := range []struct {
		name           string
		r              io.Reader
		size, most     int64
		inMemory, kept int64 // kept: -1 for a refusal
		err            string
	}{
		{"in memory", bytes.NewReader(data), 100, 1000, 1000, 100, ""},
		{"size unknown", bytes.NewReader(data), 0, 1000, 1000, 100, ""},
		{"in a file", bytes.NewReader(data), 100, 1000, 10, 100, ""},
		{"exactly what is allowed, in a file", bytes.NewReader(data), 0, 100, 10, 100, ""},
		{"too large by its size", bytes.NewReader(data), 100, 99, 1000, -1, "99"},
		{"too large, in a file", bytes.NewReader(data), 0, 99, 10, -1, "99"},
		{"too large, in memory", bytes.NewReader(data), 0, 99, 1000, -1, "99"},
		{"torn", fails, 100, 1000, 1000, 100, "torn"},
	} {
		t.Setenv("TMPDIR", t.TempDir())
		s, err := spool(c.r, c.size, c.most, c.inMemory)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || (s == nil) != (c.kept < 0) {
			t.Errorf("%s: %+v, %v", c.name, s, err)
			continue
		}
		if s == nil {
			continue
		}
		got := make([]byte, c.kept)
		if n, err := s.ReadAt(got, 0); int64(n) != c.kept || !bytes.Equal(got, data[:c.kept]) || s.Size() != c.kept {
			t.Errorf("%s: %d bytes of %d, %v", c.name, n, s.Size(), err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

// TestSniffNTFS knows the parts of a file system that lie about as loose files, and no more than those.
func TestSniffNTFS(t *testing.T) {
	le := binary.LittleEndian
	record := func(magic string, fixup, sectors, first uint16, size uint32) []byte {
		b := make([]byte, 100)
		copy(b, magic)
		le.PutUint16(b[4:], fixup)
		le.PutUint16(b[6:], sectors)
		le.PutUint16(b[20:], first)
		le.PutUint32(b[28:], size)
		return b
	}
	usn := func(major, minor uint16, size uint32, when uint64, name uint16) []byte {
		b := make([]byte, 100)
		le.PutUint32(b, size)
		le.PutUint16(b[4:], major)
		le.PutUint16(b[6:], minor)
		at, nameAt := 32, 58
		if major == 3 {
			at, nameAt = 48, 74
		}
		le.PutUint64(b[at:], when)
		le.PutUint16(b[nameAt:], name)
		return b
	}
	const when = 134_000_000_000_000_000
	for _, c := range []struct {
		name string
		head []byte
		want Signature
	}{
		{"file record", record("FILE", 48, 3, 56, 1024), MFTFile},
		{"file record of XP", record("FILE", 42, 3, 48, 1024), MFTFile},
		{"a bad one", record("BAAD", 48, 3, 56, 1024), MFTFile},
		{"large records", record("FILE", 48, 9, 72, 4096), MFTFile},
		{"a size that is none", record("FILE", 48, 3, 56, 1000), ""},
		{"attributes before the fixup", record("FILE", 48, 3, 40, 1024), ""},
		{"a text that begins with FILE", []byte("FILE LIST " + strings.Repeat("x", 100)), ""},
		{"an index", record("INDX", 40, 9, 0, 0), IndexFile},
		{"an index without a fixup", record("INDX", 40, 1, 0, 0), ""},
		{"a log", record("RSTR", 30, 9, 0, 0), LogFile},
		{"a journal", usn(2, 0, 96, when, 60), JournalFile},
		{"a journal of version 3", usn(3, 0, 96, when, 76), JournalFile},
		{"version 4 has no time", usn(4, 0, 80, when, 60), ""},
		{"another minor version", usn(2, 1, 96, when, 60), ""},
		{"an odd size", usn(2, 0, 97, when, 60), ""},
		{"a size of 8 KiB", usn(2, 0, 8192, when, 60), ""},
		{"a time before NTFS", usn(2, 0, 96, 100_000_000_000_000_000, 60), ""},
		{"a name outside", usn(2, 0, 96, when, 96), ""},
		{"a name in the header", usn(2, 0, 96, when, 58), ""},
		{"cut", record("FILE", 48, 3, 56, 1024)[:59], ""},
		{"zeros", make([]byte, 100), ""},
	} {
		if got := sniffNTFS(c.head); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
