package bits

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func counted(s string) []byte {
	u := utf16.Encode([]rune(s + "\x00"))
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(u)))
	for _, c := range u {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

var made = time.Date(2025, 3, 4, 5, 6, 7, 800, time.UTC)

func ft(b []byte, t time.Time) []byte {
	return binary.LittleEndian.AppendUint64(b, uint64(t.UnixNano()/100)+116444736000000000)
}

func job(list []byte) []byte {
	b := []byte(jobMarker)
	for _, v := range []uint32{1, 3, 6, 0} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "0123456789abcdef"...)
	for _, s := range []string{"update", "", `C:\Users\Public\run.exe`, "-q", "S-1-5-21-1-2-3-1001"} {
		b = append(b, counted(s)...)
	}
	b = binary.LittleEndian.AppendUint32(b, 3)
	b = append(b, "descriptor and token"...)
	b = append(b, listMarker...)
	b = append(b, list...)
	b = append(b, listMarker...)
	for _, v := range []uint32{2, 0, 600, 86400} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = ft(ft(ft(ft(b, made), made.Add(time.Second)), made), made)
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = ft(ft(b, made.Add(time.Minute)), made.Add(90*24*time.Hour))
	b = append(b, "unknown"...)
	b = append(b, counted(`C:\Windows\heron.exe`)...)
	return append(b, jobMarker...)
}

func fileBody() []byte {
	b := append(append(counted(`C:\Temp\a.exe`), counted("https://heron.example/a.exe")...), counted(`C:\Temp\BIT1.tmp`)...)
	b = binary.LittleEndian.AppendUint64(b, 1<<64-1)
	b = binary.LittleEndian.AppendUint64(b, 77)
	return append(append(append(b, 0), counted(`C:\`)...), counted(`\\?\Volume{1}\`)...)
}

func TestJob(t *testing.T) {
	ids := append([]byte{2, 0, 0, 0}, "fedcba98765432100123456789abcdef"...)
	j, err := ParseJob(job(ids))
	if err != nil {
		t.Fatal(err)
	}
	want := &Job{Type: 1, Priority: 3, State: 6, ID: "33323130-3534-3736-3839-616263646566", Name: "update", Command: `C:\Users\Public\run.exe`, Arguments: "-q",
		Owner: "S-1-5-21-1-2-3-1001", NotifyFlags: 3, FileIDs: []string{"63646566-6162-3839-3736-353433323130", "33323130-3534-3736-3839-616263646566"},
		Errors: 2, RetryDelay: 600, Timeout: 86400, Created: made, Modified: made.Add(time.Second), Completed: made.Add(time.Minute),
		Expires: made.Add(90 * 24 * time.Hour), Program: `C:\Windows\heron.exe`}
	if !reflect.DeepEqual(j, want) {
		t.Errorf("%+v\nwant %+v", j, want)
	}
	if j.TypeName() != "upload" || j.PriorityName() != "low" || j.StateName() != "transferred" || (&Job{State: 99}).StateName() != "99" {
		t.Errorf("%s, %s, %s", j.TypeName(), j.PriorityName(), j.StateName())
	}

	// An older job holds its file.
	j, err = ParseJob(job(append([]byte{1, 0, 0, 0}, fileBody()...)))
	if err != nil || len(j.Files) != 1 || j.Files[0].URL != "https://heron.example/a.exe" || j.Files[0].Size != -1 || j.Files[0].Drive != `C:\` || j.RetryDelay != 600 {
		t.Errorf("%+v, %v", j, err)
	}
	good := job(ids)
	for n := range good[:len(good)-70] {
		if j, err := ParseJob(good[:n]); err == nil || n >= 16 && j == nil {
			t.Fatalf("%d bytes: %v, %v", n, j, err)
		}
	}
}

func TestCarve(t *testing.T) {
	f := append([]byte(fileMarker), append(fileBody(), fileMarker...)...)
	b := append([]byte("garbage"), job([]byte{0, 0, 0, 0})...)
	b = append(append(append(b, make([]byte, 100)...), f...), "more"...)
	jobs, files := Carve(b)
	if len(jobs) != 1 || jobs[0].Name != "update" || jobs[0].Offset != 7 || len(jobs[0].Damage) != 0 {
		t.Errorf("jobs: %+v", jobs)
	}
	if len(files) != 1 || files[0].Temporary != `C:\Temp\BIT1.tmp` || string(b[files[0].Offset:files[0].Offset+16]) != fileMarker {
		t.Errorf("files: %+v", files)
	}
}

// TestEvidence decodes the blobs of real machines; the expected values are
// those of the shared truth table.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(root, "artifacts2", "bits", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	j, err := ParseJob(read("blobs/win10-job.raw"))
	if err != nil {
		t.Fatal(err)
	}
	const layout = "2006-01-02T15:04:05.0000000Z"
	got := []string{j.ID, j.Name, j.Owner, j.StateName(), j.PriorityName(), j.Created.Format(layout), j.Completed.Format(layout), j.Expires.Format(layout), j.Program, strings.Join(j.FileIDs, " ")}
	want := []string{"266504AC-D974-446C-96AD-2BE13A5665B0", "Chrome Component Updater", "S-1-5-21-1079689790-2336414676-942872339-1001", "transferred", "normal",
		"2022-12-21T02:18:03.1204654Z", "2022-12-21T02:18:43.4087920Z", "2023-03-21T02:18:43.4087920Z", `C:\Program Files\Chromium\Application\chrome.exe`, "95D6889C-B2D3-4748-8EB1-9DA0650CB892"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	f, err := ParseFile(read("blobs/win10-file.raw"))
	if err != nil || f.Size != 4782 || f.Transferred != 4782 || !strings.HasPrefix(f.URL, "http://edgedl.me.gvt1.com/") || !strings.HasSuffix(f.Temporary, `\BITAC67.tmp`) || !strings.HasPrefix(f.Volume, `\\?\Volume{08542f90-`) {
		t.Errorf("%+v, %v", f, err)
	}
	// A file of Windows 8.1 is part of its job.
	old := append(append(append([]byte(jobMarker), make([]byte, 32)...), make([]byte, 24)...), read("blobs/win81-file.raw")...)
	j, _ = ParseJob(old)
	if len(j.Files) != 1 || j.Files[0].Size != 3226443 || !strings.HasPrefix(j.Files[0].URL, "http://msedge.b.tlu.dl.delivery.mp.microsoft.com/") {
		t.Errorf("%+v", j)
	}
	for name, n := range map[string]int{"win10/qmgr.db": 1, "win11/qmgr.db": 4} {
		jobs, files := Carve(read(name))
		ids := map[string]bool{}
		for _, j := range jobs {
			ids[j.ID] = true
		}
		if len(ids) < n || len(files) < n {
			t.Errorf("%s: %d jobs and %d files carved, want at least %d", name, len(ids), len(files), n)
		}
	}
}

func FuzzJob(f *testing.F) {
	f.Add(job(append([]byte{1, 0, 0, 0}, "fedcba9876543210"...)))
	f.Add(job(append([]byte{1, 0, 0, 0}, fileBody()...)))
	f.Add(append([]byte(fileMarker), fileBody()...))
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseJob(b)
		ParseFile(b)
		jobs, files := Carve(b)
		for _, j := range jobs {
			if string(b[j.Offset:j.Offset+16]) != jobMarker {
				t.Fatal("a job without a marker")
			}
			for _, d := range j.Damage {
				if d.Offset > int64(len(b)) {
					t.Fatalf("damage outside of the data: %v", d)
				}
			}
		}
		if 32*(len(jobs)+len(files)) > 2*len(b)+64 {
			t.Fatalf("%d jobs and %d files in %d bytes", len(jobs), len(files), len(b))
		}
	})
}
