package arguments

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// refused demands a mistake in the command line that says something.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	if _, ok := errors.AsType[usage.Error](err); !ok || !strings.Contains(err.Error(), says) {
		t.Errorf("%v; want a mistake in the command line that says %q", err, says)
	}
}

func TestArtifacts(t *testing.T) {
	list, err := Artifacts([]string{"prefetch", "execution"})
	if err != nil || len(list) < 10 {
		t.Errorf("%d, %v", len(list), err)
	}
	if all, err := Artifacts(nil); err != nil || len(all) <= len(list) {
		t.Errorf("%d, %v", len(all), err)
	}
	_, err = Artifacts([]string{"prefetch", "prefetsh"})
	refused(t, err, "prefetch")
	_, err = Artifacts([]string{"executoin"})
	refused(t, err, "execution")
	for _, c := range []struct {
		names []string
		want  bool
	}{{nil, false}, {[]string{"prefetch"}, true}, {[]string{"Prefetch", "bam"}, true}, {[]string{"execution"}, false},
		{[]string{"prefetch", "execution"}, false}, {[]string{"nonsense"}, false}} {
		if got := AreArtifacts(c.names); got != c.want {
			t.Errorf("%v: %v", c.names, got)
		}
	}
}

func TestLevel(t *testing.T) {
	for v, want := range map[string]findings.Level{"": 0, "High": findings.High, "low": findings.Low} {
		if got, err := Level("level", v); err != nil || got != want {
			t.Errorf("%q: %v, %v", v, got, err)
		}
	}
	_, err := Level("fail-level", "worst")
	refused(t, err, `--fail-level: unknown level "worst"; known: `)
}

func TestZone(t *testing.T) {
	if z, err := Zone("", nil); err != nil || z == nil {
		t.Errorf("%v, %v", z, err)
	}
	if z, err := Zone("+01:00", nil); err != nil || !strings.Contains(z.String(), "+01:00") {
		t.Errorf("%v, %v", z, err)
	}
	_, err := Zone("Nowhere/At all", nil)
	refused(t, err, "--evidence-timezone")
}

func TestWords(t *testing.T) {
	known := []string{"new", "gone"}
	for v, want := range map[string]string{"": "[new gone]", "gone": "[gone]", " gone, new": "[gone new]"} {
		if got, err := Words("change", v, known); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v; want %s", v, got, err, want)
		}
	}
	_, err := Words("change", "new,old", known)
	refused(t, err, `--change: unknown "old"; known: new, gone`)
}

func TestBytes(t *testing.T) {
	for v, want := range map[string]int64{"1": 1, "3k": 3 << 10, "500M": 500 << 20, "2G": 2 << 30, "4194304T": 1 << 62} {
		if got, err := Bytes("max-file", v); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", v, got, err, want)
		}
	}
	for _, bad := range []string{"", "0", "-1", "M", "1.5G", "G2", "2GB", "4194305T", "99999999999999999999"} {
		_, err := Bytes("max-file", bad)
		refused(t, err, "--max-file")
	}
}

// TestSplit takes what is a file as evidence, even if it looks like an id or a name.
func TestSplit(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("abc1", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	paths, ids := IDs([]string{"ffff", "abc1", "f08a", "12"})
	if fmt.Sprint(paths, ids) != "[ffff abc1] [f08a 12]" {
		t.Errorf("%v %v", paths, ids)
	}
	if paths, ids = IDs([]string{"ffff"}); fmt.Sprint(paths, ids) != "[ffff] []" {
		t.Errorf("%v %v", paths, ids)
	}
	if paths, ids = IDs([]string{"a", "F08A"}); len(ids) != 0 || len(paths) != 2 {
		t.Errorf("%v %v", paths, ids)
	}
	paths, names := Programs([]string{"first", "cmd.exe", "abc1", `C:\x.exe`})
	if fmt.Sprint(paths, names) != `[first abc1] [cmd.exe C:\x.exe]` {
		t.Errorf("%v %v", paths, names)
	}
}

func TestWithoutPassword(t *testing.T) {
	args := []string{"a", "--password", "s3cret", "-password=s3cret", "--password=", "b", "--password"}
	want := []string{"a", "--password", "***", "-password=***", "--password=***", "b", "--password"}
	if got := WithoutPassword(args); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if args[2] != "s3cret" {
		t.Error("the arguments themselves were changed")
	}
}

// file writes a file and returns its name.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTables(t *testing.T) {
	if _, err := Tables([]string{file(t, "# nothing\n")}); err != nil {
		t.Error(err)
	}
	_, err := Tables([]string{file(t, "no such statement\n")})
	refused(t, err, "file.txt")
	if _, err := Tables([]string{"not there"}); err == nil || !strings.HasPrefix(err.Error(), "--rules: ") {
		t.Errorf("%v", err)
	}
}

func TestSigma(t *testing.T) {
	if set, err := Sigma(nil, "all", "not there"); set != nil || err != nil {
		t.Errorf("%v, %v", set, err)
	}
	if _, err := Sigma([]string{"not there"}, "", ""); err == nil || !strings.HasPrefix(err.Error(), "--sigma: ") {
		t.Errorf("%v", err)
	}
	if _, err := Sigma([]string{"x"}, "", "not there"); err == nil || !strings.HasPrefix(err.Error(), "--sigma-placeholders: ") {
		t.Errorf("%v", err)
	}
	got, err := readPlaceholders(strings.NewReader("# servers\n\n%Servers% dc1, dc2 ,\nServers dc3\nEmpty\n"))
	if err != nil || fmt.Sprint(got) != "map[Servers:[dc1 dc2 dc3]]" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestMarks(t *testing.T) {
	one := file(t, `{"id":"0123456789abcdef","note":"here"}`) // without a line feed at its end
	marks, err := Marks([]string{one, one})
	if err != nil || len(marks) == 0 {
		t.Errorf("%v, %v", marks, err)
	}
	_, err = Marks([]string{file(t, "not JSON")})
	refused(t, err, "--marks")
	_, err = Marks([]string{"not there"})
	refused(t, err, "--marks not there")
}
