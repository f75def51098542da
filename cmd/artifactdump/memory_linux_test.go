package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// mostMemory is what the program may take, whatever the evidence holds.
const mostMemory = 512 << 20

// TestHostileMemory reads evidence that is made to exhaust memory, in a process
// that the system gives no more than mostMemory of data: it says what it left out
// and ends as it does with damage, or as ever.
func TestHostileMemory(t *testing.T) {
	if testing.Short() || os.Getenv("ARTIFACTDUMP_EVIDENCE") == "" {
		t.Skip("takes minutes: runs with the real evidence, as all long tests")
	}
	for _, h := range corpus.HostileSet() {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			path, err := h.Write(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			for _, args := range [][]string{
				{"dump", "-q", "--format", "jsonl", path},
				{"findings", "-q", path},
				{"report", "-q", path, "-o", filepath.Join(t.TempDir(), "report.html")},
				{"scan", "-q", path, "-o", filepath.Join(t.TempDir(), "case")},
			} {
				noted := filepath.Join(t.TempDir(), "peak")
				cmd := child(t, []string{"ARTIFACTDUMP_TEST_DATA=" + strconv.Itoa(mostMemory), "ARTIFACTDUMP_TEST_PEAK=" + noted}, args...)
				var stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = null, &stderr
				code := exitCode(t, cmd.Run())
				said := stderr.String()
				if code != exitOK && code != exitDamaged {
					t.Errorf("%s: exit %d: %.2000s", args[0], code, said)
				}
				peak := peakOf(t, noted)
				if peak > mostMemory {
					t.Errorf("%s: %d MiB", args[0], peak>>20)
				}
				t.Logf("%s: exit %d, %d MiB, %.1f s of processor time: %.300s", args[0], code, peak>>20,
					(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), strings.TrimSpace(said))
			}
		})
	}
}

// peakOf reads what notePeak wrote, in bytes.
func peakOf(t *testing.T, name string) int64 {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || kib <= 0 {
		t.Fatalf("%q, %v", b, err)
	}
	return kib << 10
}

// TestUsersMemory scans machines of many users, each with a real NTUSER.DAT and a real
// UsrClass.dat: memory must not grow as their hives do.
func TestUsersMemory(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if testing.Short() || dir == "" {
		t.Skip("takes a minute: runs with the real evidence, as all long tests")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		users int
		most  int64
	}{{50, 250e6}, {200, 450e6}} {
		root := t.TempDir()
		place := func(from, to string, link bool) {
			to = filepath.Join(root, "C", filepath.FromSlash(to))
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				t.Fatal(err)
			}
			if link && os.Link(filepath.Join(root, "C", filepath.FromSlash(from)), to) == nil {
				return
			}
			b, err := os.ReadFile(filepath.Join(dir, "hives", filepath.FromSlash(from)))
			if err == nil {
				err = os.WriteFile(to, b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		const class = "/AppData/Local/Microsoft/Windows/UsrClass.dat"
		place("regipy/SYSTEM_WIN_10_1709", "Windows/System32/config/SYSTEM", false)
		place("regipy/NTUSER_with_winscp.DAT", "Users/user0/NTUSER.DAT", false)
		place("velo/UsrClass.dat", "Users/user0"+class, false)
		for i := 1; i < c.users; i++ { // the same bytes, without more of the disk
			user := "Users/user" + strconv.Itoa(i)
			place("Users/user0/NTUSER.DAT", user+"/NTUSER.DAT", true)
			place("Users/user0"+class, user+class, true)
		}
		noted := filepath.Join(t.TempDir(), "peak")
		env := []string{"GOGC=50", "ARTIFACTDUMP_TEST_PEAK=" + noted} // the first as main sets it
		cmd := child(t, env, "scan", "-q", root, "-o", filepath.Join(t.TempDir(), "case"))
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = null, &stderr
		if code := exitCode(t, cmd.Run()); code != exitOK && code != exitDamaged {
			t.Fatalf("%d users: exit %d: %.2000s", c.users, code, stderr.String())
		}
		peak := peakOf(t, noted)
		if peak > c.most {
			t.Errorf("%d users: %d MB, at most %d wanted", c.users, peak/1e6, c.most/1e6)
		}
		t.Logf("%d users: %d MB, %.1f s of processor time", c.users, peak/1e6,
			(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	}
}
