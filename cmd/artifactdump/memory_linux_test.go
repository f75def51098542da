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
				b, err := os.ReadFile(noted)
				if err != nil {
					t.Fatal(err)
				}
				peak, err := strconv.Atoi(string(b))
				if peak <<= 10; err != nil || peak == 0 {
					t.Fatalf("%q, %v", b, err)
				}
				if peak > mostMemory {
					t.Errorf("%s: %d MiB", args[0], peak>>20)
				}
				t.Logf("%s: exit %d, %d MiB, %.1f s of processor time: %.300s", args[0], code, peak>>20,
					(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), strings.TrimSpace(said))
			}
		})
	}
}
