package findings_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus"
)

// wholeVolume writes the incident as a volume that is there as a whole, and not
// as a collection: with programs, of which some are gone.
func wholeVolume(t *testing.T, dir string) {
	t.Helper()
	if err := corpus.Incident().WithoutMetadata().Write(dir); err != nil {
		t.Fatal(err)
	}
	// Times as Windows leaves them have parts of seconds; those that a tool set
	// have none.
	fine := time.Date(2024, 11, 20, 4, 40, 1, 123456700, time.UTC)
	forged := time.Date(2019, 3, 19, 4, 43, 50, 0, time.UTC)
	for name, modified := range map[string]time.Time{
		`Windows/System32/ntdll.dll`:                          fine,
		`Windows/System32/whoami.exe`:                         fine,
		`Windows/System32/rundll32.exe`:                       fine,
		`PerfLogs/readme.txt`:                                 fine, // the folder is there, rar.exe is not
		`Users/daniel/AppData/Local/Temp/other.tmp`:           fine,
		`Users/Public/svchost.exe`:                            fine, // the implant
		`Users/Public/Libraries/cache.dll`:                    fine,
		`Program Files/PaperScan/PaperScan.exe`:               forged, // an ordinary program out of an archive
		`Users/mira/AppData/Local/Microsoft/OneDrive/old.txt`: fine,
	} {
		path := filepath.Join(dir, "C", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("MZ"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
}

// says is what a rule gives about a subject that ends so.
func says(r *findings.Report, rule, subject string) (findings.Level, string) {
	for _, f := range r.Findings {
		if !strings.HasSuffix(strings.ToLower(f.Subject), strings.ToLower(subject)) {
			continue
		}
		for _, re := range f.Reasons {
			if re.RuleID == rule {
				return re.Level, re.Says
			}
		}
	}
	return 0, ""
}

// TestWholeVolume: what rests on files that are not there, or on their times,
// from the bytes of a volume to the finding; on a folder and on an NTFS image.
func TestWholeVolume(t *testing.T) {
	dir := t.TempDir()
	wholeVolume(t, dir)
	check := func(t *testing.T, path string, image bool) {
		ev, err := evidence.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		r := evaluate(t, ev.Trees[0], ev.Kind, 0, nil)
		type expect struct {
			rule, subject string
			level         findings.Level // 0: nothing
			words         string
		}
		list := []expect{
			{"X-01", `\perflogs\rar.exe`, findings.High, "it ran (bam, prefetch, srumapps)"},
			{"X-01", `\temp\nbtscan.exe`, findings.High, "nbtscan.exe no longer exists"},
			{"X-01", `\system32\ipconfig.exe`, findings.Low, ""},
			{"X-01", `\system32\curl.exe`, findings.Low, ""}, // a tool, at the home that Windows gives it
			{"X-01", `\system32\whoami.exe`, 0, ""},          // there
			{"X-01", `\users\public\svchost.exe`, 0, ""},     // there
			{"X-01", `\paperscan\paperscan.exe`, 0, ""},      // there
			{"X-01", `\office16\excel.exe`, 0, ""},           // its folder is not there to tell
			{"P-08", `\plover pdf\register.exe`, findings.Medium, "RunOnceEx"},
			{"P-08", `\heron notes\notes.exe`, findings.Medium, "Startup folder"},
			{"P-08", `service spooler`, findings.Informational, "spoolsv.exe"}, // Windows itself leaves such behind
			{"P-08", `\users\public\svchost.exe`, 0, ""},
			{"P-08", `\libraries\cache.dll`, 0, ""},
			{"D-06", `event log security`, findings.High, "wevtutil"},
			{"D-06", `event log system`, 0, ""},
		}
		status := map[string]string{"X-01": findings.Evaluated, "P-08": findings.Evaluated, "D-06": findings.Evaluated, "D-01": findings.NotEvaluated, "D-02": findings.NotEvaluated}
		if image {
			status["D-01"], status["D-02"] = findings.Evaluated, findings.Evaluated
			list = append(list,
				expect{"D-01", `\users\public\svchost.exe`, findings.Medium, "created 2019-03-19 04:43:50, in whole seconds, but $FILE_NAME says 2024-11-20 04:40:01"},
				expect{"D-01", `\system32\whoami.exe`, 0, ""},
				expect{"D-01", `\libraries\cache.dll`, 0, ""},
				expect{"D-01", `\paperscan\paperscan.exe`, 0, ""}, // an archive keeps such times; the folder is an ordinary one
				expect{"D-02", `\users\public\svchost.exe`, findings.Medium, "ShimCache recorded 2026-03-06"},
				expect{"D-02", `\system32\whoami.exe`, 0, ""},
			)
		}
		for _, w := range list {
			l, text := says(r, w.rule, w.subject)
			if l != w.level || !strings.Contains(text, w.words) {
				t.Errorf("%s about %s: %v %q, want %v …%s…", w.rule, w.subject, l, text, w.level, w.words)
			}
		}
		for _, c := range r.Coverage {
			if want := status[c.RuleID]; want != "" && c.Status != want {
				t.Errorf("%s is %s, want %s: %v", c.RuleID, c.Status, want, c.Why)
			}
		}
	}
	t.Run("folder", func(t *testing.T) { check(t, filepath.Join(dir, "C"), false) })
	t.Run("NTFS image", func(t *testing.T) {
		img := ntfsImage(t, dir)
		setTimes(t, img, "svchost.exe", time.Date(2019, 3, 19, 4, 43, 50, 0, time.UTC))
		check(t, img, true)
	})
	t.Run("no logs", func(t *testing.T) {
		for _, name := range []string{"Security", "System"} {
			if err := os.Remove(filepath.Join(dir, "C", "Windows", "System32", "winevt", "Logs", name+".evtx")); err != nil {
				t.Fatal(err)
			}
		}
		ev, err := evidence.Open(filepath.Join(dir, "C"), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		r := evaluate(t, ev.Trees[0], ev.Kind, 0, nil)
		for _, name := range []string{"Security", "System"} {
			if l, text := says(r, "D-06", "event log "+name); l != findings.High || !strings.Contains(text, name+".evtx is missing") {
				t.Errorf("%s: %v %q", name, l, text)
			}
		}
		if l, text := says(r, "D-06", "event log Application"); l != 0 {
			t.Errorf("Application: %v %q", l, text)
		}
	})
}

// setTimes does to a file what a tool that forges times does: it writes the
// four of $STANDARD_INFORMATION and leaves those of $FILE_NAME.
func setTimes(t *testing.T, img, name string, to time.Time) {
	t.Helper()
	b, err := os.ReadFile(img)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	n := 0
	for at := 0; at+1024 <= len(b); at += 1024 {
		rec := b[at : at+510] // what stands in its first sector, without the two bytes that are kept elsewhere
		if string(rec[:4]) != "FILE" {
			continue
		}
		var info []byte // the value of $STANDARD_INFORMATION
		for a := rec[le.Uint16(rec[20:]):]; len(a) > 24 && le.Uint32(a[4:]) >= 24 && int(le.Uint32(a[4:])) <= len(a); a = a[le.Uint32(a[4:]):] {
			kind := le.Uint32(a)
			if kind != 0x10 && kind != 0x30 {
				continue
			}
			value := a[le.Uint16(a[20:]):]
			switch {
			case kind == 0x10:
				info = value
			case bytes.Equal(value[66:66+2*int(value[64])], wide(name)):
				for i := range 4 {
					le.PutUint64(info[8*i:], uint64(wire.FileTime(to)))
				}
				n++
			}
		}
	}
	if n != 1 {
		t.Fatalf("%d records bear the name %s", n, name)
	}
	if err := os.WriteFile(img, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// ntfsImage makes an NTFS volume of the folder C in dir, with public tools, and
// skips the test where they are not installed.
func ntfsImage(t *testing.T, dir string) string {
	t.Helper()
	for _, tool := range []string{"mkfs.ntfs", "wimcapture", "wimapply"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	out := t.TempDir()
	sh := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = out
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text)
		}
	}
	sh("truncate", "-s", "64M", "ntfs.img")
	sh("mkfs.ntfs", "-F", "-Q", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "ntfs.img")
	// Without a list of its own wimcapture leaves out RECYCLER and its like.
	if err := os.WriteFile(filepath.Join(out, "all.ini"), []byte("[ExclusionList]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh("wimcapture", filepath.Join(dir, "C"), "t.wim", "--compress=none", "--config=all.ini")
	sh("wimapply", "t.wim", "1", "ntfs.img")
	return filepath.Join(out, "ntfs.img")
}
