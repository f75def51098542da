package main

import (
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestFileBody compares the body file of the images in the evidence with that of
// fls -r -p -m / (The Sleuth Kit 4.11.1). What may differ is named in bodyKey and
// bodyExpected.
func TestFileBody(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	least := map[string]int{
		"ads-same-ids.dd.gz": 54, "velociraptor-test.E01": 70, "njctf-1.E01": 70, "plaso-vsstest.qcow2": 57, "jschicht-tiny.dd.gz": 59,
		"ntfs3.raw.gz": 40, "dfir-index.raw.gz": 114, "colinfinck-testfs1.raw.gz": 1060,
	}
	for _, name := range testcost.Sample(slices.Sorted(maps.Keys(least)), 3) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "ntfs", "images", name)
			base := strings.TrimSuffix(name, ".gz")
			truth := string(unpacked(t, filepath.Join(dir, "ntfs", "images", strings.TrimSuffix(base, filepath.Ext(base))+".fls-body.txt.gz")))
			if base != name {
				b := unpacked(t, path)
				path = filepath.Join(t.TempDir(), base)
				must(t, os.WriteFile(path, b, 0o600))
			}
			stdout, stderr, code := runArgs(t, "dump", "-q", "--no-shadows", "-a", "mft", "--format", "bodyfile", path)
			if code != exitOK && code != exitDamaged {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			same := compareBody(t, truth, stdout)
			if same < least[name] {
				t.Errorf("%d equal lines, want at least %d", same, least[name])
			}
			again, _, _ := runArgs(t, "timeline", "-q", "--no-shadows", "-a", "mft", "--full", "--format", "bodyfile", path)
			if again != stdout {
				t.Error("timeline writes another body file")
			}
		})
	}
}

func compareBody(t *testing.T, truth, got string) (same int) {
	t.Helper()
	want := map[string]int{}
	for line := range strings.Lines(truth) {
		if !bodyExpected(line) {
			want[bodyKey(line)]++
		}
	}
	for line := range strings.Lines(got) {
		key := bodyKey(line)
		switch {
		case want[key] > 0:
			want[key]--
			same++
		case !bodyExtra(line):
			t.Errorf("only here: %s", line)
		}
	}
	for key, n := range want {
		if n > 0 {
			t.Errorf("only in fls: %s", key)
		}
	}
	return same
}

// bodyExpected are lines of fls that we do not write: views, which are indexes of
// the system and no names; the folder of orphans; names in the slack of an index
// whose record is lost; and a time before 1970, of which fls prints the lower 32
// bits.
func bodyExpected(line string) bool {
	return regexp.MustCompile(`:\$(O|Q|R|SDH|SII)\|\d+-144-|\|V/V-|\|0\|r/-----|\|3373865674\|`).MatchString(line)
}

// bodyExtra are lines that fls does not write: the root itself, the time before
// 1970, and files that only $MFT knows.
func bodyExtra(line string) bool {
	return strings.HasPrefix(line, "0|/|") || strings.HasPrefix(line, "0|/ ($FILE_NAME)|") || strings.Contains(line, "|-1|-1|-1|-1\n") ||
		strings.Contains(line, "/$Orphan")
}

// bodyKey is what must be equal of a line. fls takes the owner from the attribute
// that follows when the older $STANDARD_INFORMATION has none, numbers the
// attributes of extension records anew, and gives a file in use the kind "-" when
// the index of its folder has lost it.
func bodyKey(line string) string {
	f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
	if len(f) != 11 {
		return line
	}
	f[4] = ""
	if i := strings.LastIndexByte(f[2], '-'); slices.Contains([]string{"/Nine.txt:111", "/Nine.txt:333", "/ones.bin"}, f[1]) {
		f[2] = f[2][:i]
	}
	f[3] = f[3][1:]
	return strings.Join(f, "|")
}

func unpacked(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return b
}

// TestCleanVolumes finds nothing high or critical on small volumes without an
// attack: loose tables, and images without Windows.
func TestCleanVolumes(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for _, name := range []string{
		"mft/4k-large.mft.gz", "mft/deleted.mft.gz", "mft/nist-dfr16.mft.gz", "mft/orphan.mft.gz", "mft/slack.mft.gz",
		"images/ads-same-ids.dd.gz", "images/dfir-index.raw.gz", "images/colinfinck-testfs1.raw.gz",
	} {
		file := filepath.Join(t.TempDir(), "$MFT")
		must(t, os.WriteFile(file, unpacked(t, filepath.Join(dir, "ntfs", filepath.FromSlash(name))), 0o600))
		stdout, stderr, code := runArgs(t, "findings", "-q", "--format", "jsonl", file)
		if code != exitOK && code != exitDamaged || !strings.Contains(stdout, `"rule_id":"N-13"`) {
			t.Errorf("%s: exit %d: %s", name, code, stderr)
		}
		if regexp.MustCompile(`"level":"(high|critical)"`).MatchString(stdout) {
			t.Errorf("%s: %s", name, stdout)
		}
	}
}
