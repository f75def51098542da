package artifacts_test

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// prng is the one function of Windows that today's Go needs and that Wine before version 9 lacks.
const prng = `#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
BOOL WINAPI DllMain(HINSTANCE h, DWORD r, LPVOID p) { return TRUE; }
`

// programs is the folder of artifactdump and artifactdump.exe, which .ci/run builds.
const programs = "ARTIFACTDUMP_PROGRAMS"

// A windows runs the Windows program under Wine.
type windows struct {
	t                    *testing.T
	wine, prefix, binary string
}

func (w *windows) run(args ...string) (stdout, stderr string) {
	w.t.Helper()
	// Services that Wine starts keep what they inherit: a pipe would wait for them, a file does not.
	dir := w.t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		return f
	}
	out, errs := open("out"), open("err")
	defer out.Close()
	defer errs.Close()
	cmd := exec.Command(w.wine, args...)
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.Env = append(os.Environ(), "WINEPREFIX="+w.prefix, "WINEDEBUG=-all", "WINEARCH=win64", "WINEDLLOVERRIDES=mscoree,mshtml=")
	err := cmd.Run()
	o, err1 := os.ReadFile(out.Name())
	e, err2 := os.ReadFile(errs.Name())
	if err = errors.Join(err, err1, err2); err != nil {
		w.t.Fatalf("%v: %v\n%s", args, err, e)
	}
	return string(o), string(e)
}

func (w *windows) dump(args ...string) (stdout, stderr string) {
	w.t.Helper()
	return w.run(append([]string{w.binary}, args...)...)
}

// newWindows makes a prefix of Wine for the program.
func newWindows(t *testing.T, dir string) *windows {
	t.Helper()
	w := &windows{t: t, prefix: filepath.Join(dir, "prefix"), binary: filepath.Join(os.Getenv(programs), "artifactdump.exe")}
	for _, name := range []string{"wine64", "/usr/lib/wine/wine64", "wine"} {
		if p, err := exec.LookPath(name); err == nil {
			w.wine = p
			break
		}
	}
	if w.wine == "" {
		t.Skip("Wine is not here")
	}
	need(t, "x86_64-w64-mingw32-gcc")
	w.run("wineboot", "-i")
	t.Cleanup(func() { // before the prefix is removed, which its services would fill again
		server := filepath.Join(filepath.Dir(w.wine), "wineserver")
		for _, flag := range []string{"-k", "-w"} {
			cmd := exec.Command(server, flag)
			cmd.Env = append(os.Environ(), "WINEPREFIX="+w.prefix)
			_ = cmd.Run()
		}
	})
	source := filepath.Join(dir, "prng.c")
	if err := os.WriteFile(source, []byte(prng), 0o666); err != nil {
		t.Fatal(err)
	}
	dll := filepath.Join(w.prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(dll); err == nil {
		return w // a newer Wine
	}
	if out, err := exec.Command("x86_64-w64-mingw32-gcc", "-shared", "-O1", "-o", dll, source, "-ladvapi32").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return w
}

// TestWindows runs the Windows program under Wine: a folder, a collection of it, and a volume that is read raw. Their timelines are those
// of the same evidence here, byte for byte.
func TestWindows(t *testing.T) {
	if os.Getenv(programs) == "" {
		t.Skip(programs + " is not set: the folder of artifactdump and artifactdump.exe")
	}
	dir := t.TempDir()
	w := newWindows(t, dir)
	here := filepath.Join(os.Getenv(programs), "artifactdump")
	timeline := func(path string) string {
		t.Helper()
		out, err := exec.Command(here, "timeline", "-q", "--format", "jsonl", path).Output()
		if err != nil || len(out) < 10_000 {
			t.Fatalf("%s: %d bytes, %v", path, len(out), err)
		}
		return string(out)
	}
	if out, _ := w.dump("--version"); !strings.HasPrefix(out, "artifactdump version ") {
		t.Errorf("version: %q", out)
	}
	folder := filepath.Join(dir, "machine")
	if err := corpus.Incident().Write(folder); err != nil {
		t.Fatal(err)
	}
	want := timeline(folder)
	if got, _ := w.dump("timeline", "-q", "--format", "jsonl", folder); got != want {
		t.Errorf("timeline of a folder: %d bytes, want %d", len(got), len(want))
	}
	w.dump("collect", folder, "-o", filepath.Join(dir, "folder.zip"))
	if timeline(filepath.Join(dir, "folder.zip")) != want {
		t.Error("the timeline of a collected folder differs")
	}

	w.options(dir, folder)

	// A link with two colons makes an image the device of a drive.
	volume := shadowImage(t, 3)
	if err := os.Symlink(volume, filepath.Join(w.prefix, "dosdevices", "c::")); err != nil {
		t.Fatal(err)
	}
	live := filepath.Join(dir, "live.zip")
	_, said := w.dump("collect", "C:", "-o", live)
	if !strings.Contains(said, "SHA-256 of the manifest") {
		t.Errorf("collect C: %s", said)
	}
	if m := manifestOf(t, live); !strings.Contains(m, `"bitlocker": "unknown"`) { // Wine knows no partitions
		t.Errorf("manifest: %s", m)
	}
	if got, want := timeline(live), timeline(volume); got != want {
		t.Errorf("timeline of a collected volume: %d bytes, want %d", len(got), len(want))
	}
}

// options tries what collect can be told: part of a listing, another layout, a drive through the file system, and the file beside the
// program.
func (w *windows) options(dir, folder string) {
	t := w.t
	t.Helper()
	collect := func(name string, args ...string) string {
		t.Helper()
		out := filepath.Join(dir, name)
		_, said := w.dump(append([]string{"collect", "-o", out}, args...)...)
		if !strings.Contains(said, "SHA-256 of the manifest") || !strings.Contains(said, " 0 in part") {
			t.Errorf("%v: %s", args, said)
		}
		return out
	}
	if m := manifestOf(t, collect("hot.zip", "--listing", "hot", folder)); !strings.Contains(m, `"listing_scope": "hot"`) {
		t.Errorf("--listing hot: %s", m)
	}
	z, err := zip.OpenReader(collect("kape.zip", "--layout", "kape", folder))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if _, err := fs.Stat(z, "C/Windows/System32/config/SYSTEM"); err != nil {
		t.Errorf("--layout kape: %v", err)
	}
	if err := os.Symlink(filepath.Join(folder, "C"), filepath.Join(w.prefix, "dosdevices", "e:")); err != nil {
		t.Fatal(err)
	}
	api := collect("api.zip", "--api", "E:")
	m := manifestOf(t, api)
	for _, want := range []string{`"source_kind": "volume (API)"`, `"name": "E:"`, `"accessor": "auto"`, `"machine": "` + corpus.Computer + `"`} {
		if !strings.Contains(m, want) {
			t.Errorf("--api: no %s in %s", want, m)
		}
	}
	zf, err := zip.OpenReader(api)
	if err != nil {
		t.Fatal(err)
	}
	defer zf.Close()
	if b, err := fs.ReadFile(zf, "artifactdump/files.jsonl"); err != nil || strings.Contains(string(b), `"copied":true`) ||
		!strings.Contains(string(b), `"source":"the file system"`) {
		t.Errorf("--api: times of copies: %v: %.500s", err, b)
	}

	stick := filepath.Join(dir, "stick")
	program, err := os.ReadFile(w.binary)
	if err != nil {
		t.Fatal(err)
	}
	options, err := json.Marshal(map[string]any{"source": folder, "output": "out.zip", "artifact": []string{"prefetch"}})
	if err = errors.Join(err, os.Mkdir(stick, 0o755), os.WriteFile(filepath.Join(stick, "artifactdump.exe"), program, 0o755),
		os.WriteFile(filepath.Join(stick, "artifactdump.json"), options, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, said := w.run(filepath.Join(stick, "artifactdump.exe")); !strings.Contains(said, "SHA-256 of the manifest") {
		t.Errorf("artifactdump.json: %s", said)
	}
	if m := manifestOf(t, filepath.Join(stick, "out.zip")); !strings.Contains(m, `"--artifact=prefetch"`) {
		t.Errorf("artifactdump.json: %s", m)
	}
}

// manifestOf reads the manifest of a collection.
func manifestOf(t *testing.T, name string) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	b, err := fs.ReadFile(z, "artifactdump/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
