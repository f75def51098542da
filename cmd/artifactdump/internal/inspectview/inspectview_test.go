package inspectview

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/inspect"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

// TestWrite lists files that no container format has, each alone in a folder and
// without anything else of its machine.
func TestWrite(t *testing.T) {
	incident := os.DirFS(filepath.Join(sessiontest.Incident, "C"))
	dir := t.TempDir()
	for _, c := range []struct{ from, name, as, kind, want string }{
		{"Windows/System32/Tasks/GoogleUpdateTaskMachineCore", "update.xml", "", "task", `"image":"C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe"`},
		{"Windows/Tasks/PloverUpdate.job", "x", "", "job", `"image":"C:\\Program Files (x86)\\Plover PDF\\update.exe"`},
		{"inetpub/logs/LogFiles/W3SVC1/u_ex260306.log", "web.txt", "", "weblogs", `"record_path":"/index.html"`},
		{"inetpub/logs/LogFiles/W3SVC1/u_ex260306.log", "web2.txt", "weblogs", "weblogs", `"record_path":"/index.html"`},
		{"Windows/INF/setupapi.dev.log", "setupapi.dev.log", "", "setupapi", `"local_times":["start_time","end_time","boot_session"]`},
		{"Windows/System32/config/SAM", "SAM", "", "hive", `"key":"\\SAM\\Domains`},
	} {
		b, err := fs.ReadFile(incident, c.from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		n, err := Write(t.Context(), &out, path, c.as, inspect.Options{}, nil)
		if err != nil || n == 0 || !strings.HasPrefix(out.String(), `{"kind":"`+c.kind+`","path":`) || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %d rows, %v: %.400s", c.name, n, err, out.String())
		}
		out.Reset()
		if _, err := Write(t.Context(), &out, path, c.as, inspect.Options{}, (*inspect.Row).AppendText); err != nil || !strings.HasPrefix(out.String(), c.kind+" at 0x") {
			t.Errorf("%s: %v: %.100s", c.name, err, out.String())
		}
	}
	// A log that begins with another line of its header, and files that only their folder makes known.
	for _, c := range []struct{ name, text, kind string }{
		{"w3c", "#Date: 2021-04-01 00:00:21\n#Fields: date time cs-method cs-uri-stem\n2021-04-01 00:00:21 GET /a.asp\n", "weblogs"},
		{"AnyDesk/ad.trace", "info 2022-09-28 12:39:26.845 lsvc 9952 9944 21 anynet.any_socket - Client-ID: 442226597 (FPR: 8e28a2a25b30).\n", "remotetools"},
		{".ssh/known_hosts", "host.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB2k\n", "openssh"},
	} {
		path := filepath.Join(dir, filepath.FromSlash(c.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if n, err := Write(t.Context(), &out, path, "", inspect.Options{}, nil); err != nil || n != 1 || !strings.HasPrefix(out.String(), `{"kind":"`+c.kind+`"`) {
			t.Errorf("%s: %d rows, %v: %.200s", c.name, n, err, out.String())
		}
	}
	path := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(path, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := Write(t.Context(), new(bytes.Buffer), path, "", inspect.Options{}, nil); n != 0 || err == nil {
		t.Errorf("a file of no kind: %d, %v", n, err)
	}
	for kind, want := range map[string]bool{"task": true, "evtx": true, "defenderlog": true, "runkeys": false, "nonsense": false} {
		if Known(kind) != want {
			t.Errorf("%s: %v", kind, !want)
		}
	}
}
