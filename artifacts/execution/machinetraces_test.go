package execution_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestRecentFileCache(t *testing.T) {
	f := casetest.RunCase[execution.RecentFile](t, "recentfilecache")
	casetest.Same(t, []execution.RecentFile{{Path: `c:\windows\system32\werfault.exe`}, {Path: `c:\users\mira\downloads\setup.exe`, Index: 1}}, f.Data)
	const path = "Windows/AppCompat/Programs/RecentFileCache.bcf"
	whole := casetest.CorpusMachine("recentfilecache").Files()["Windows/appcompat/Programs/RecentFileCache.bcf"]
	for n, want := range map[int][2]int{len(whole): {2, 0}, len(whole) - 4: {2, 1}, 20: {0, 0}, 22: {0, 1}, 19: {0, 1}} {
		f := casetest.Damaged[execution.RecentFile](t, "recentfilecache", path, whole[:n])
		if len(f.Data) != want[0] || len(f.Errs) != want[1] {
			t.Errorf("%d bytes: %d records, errors %v, want %v", n, len(f.Data), f.Errs, want)
		}
	}
	real := casetest.RealVolume(t, map[string]string{path: "images/win7-composed/Windows/AppCompat/Programs/RecentFileCache.bcf"})
	got := casetest.Run[execution.RecentFile](t, real, "recentfilecache")
	if len(got.Data) != 6 || len(got.Errs) != 0 {
		t.Errorf("the real file: %d paths, errors %v", len(got.Data), got.Errs)
	}
}

func TestPca(t *testing.T) {
	f := casetest.RunCase[execution.Pca](t, "pca")
	casetest.Same(t, []execution.Pca{
		{Path: corpus.Implant, Time: corpus.ImplantStart.Truncate(1e6), Launch: true, Encoding: "8-bit"},
		{Path: `C:\Program Files\PaperScan\PaperScan.exe`, Time: utc(2026, 3, 6, 4, 10, 18, 204_0000), Launch: true, Encoding: "8-bit"},
		{
			Path: `%public%\svchost.exe`, Time: utc(2026, 3, 6, 18, 3, 13, 44_0000), Code: "2", Type: "abnormal process exit", Product: "host process",
			Company: "microsoft corporation", Version: "1.0", ProgramID: "0006" + strings.Repeat("2", 40), Text: "Abnormal process exit with code 0xc0000005", Encoding: "UTF-16",
		},
		{
			Path: `%programfiles%\paperscan\paperscan.exe`, Time: utc(2026, 3, 3, 5, 44, 35, 117_0000), Code: "3", Type: "PCA resolver was called", Product: "paperscan",
			Company: "orpalis", Version: "3.0.130", ProgramID: "0000931f4d8fa1b9e536d7f9acd977cfba400000ffff", Text: "PCA resolve is called", Encoding: "UTF-16",
		},
	}, f.Data)
	if f.Records[2].Proof() != artifacts.Executed || f.Records[3].Proof() != artifacts.Present {
		t.Error("an exit proves a run, a resolver's record does not")
	}
}

// TestPcaEncodings reads one record in each encoding that copies circulate in.
func TestPcaEncodings(t *testing.T) {
	const line = "2026-03-03 05:44:35.117|3|c:\\drücker\\x.exe|p|c|1|id|text\r\n"
	for name, data := range map[string][]byte{
		"UTF-16":     wide(line),
		"UTF-16 BOM": append([]byte{0xFF, 0xFE}, wide(line)...),
		"UTF-8":      []byte(line),
		"UTF-8 BOM":  append([]byte{0xEF, 0xBB, 0xBF}, line...),
		"8-bit":      []byte(strings.ReplaceAll(line, "ü", "\xFC")),
	} {
		f := casetest.Damaged[execution.Pca](t, "pca", "Windows/appcompat/pca/PcaGeneralDb0.txt", data)
		if len(f.Data) != 1 || len(f.Errs) != 0 || f.Data[0].Path != `c:\drücker\x.exe` || f.Data[0].Encoding != strings.TrimSuffix(name, " BOM") {
			t.Errorf("%s: %+v, errors %v", name, f.Data, f.Errs)
		}
	}
	f := casetest.Damaged[execution.Pca](t, "pca", "Windows/appcompat/pca/PcaAppLaunchDic.txt", []byte("C:\\a.exe|2026-13-01 00:00:00.000\r\nno separator\r\nC:\\b.exe|2026-03-01 00:00:00.000\r\n"))
	if len(f.Data) != 2 || len(f.Errs) != 2 || f.Errs[1].From.Offset != 34 {
		t.Errorf("%+v, errors %v", f.Data, f.Errs)
	}
}

func TestRadarAndTracing(t *testing.T) {
	f := casetest.RunCase[execution.Radar](t, "radar")
	got := casetest.Pick(t, f.Data, func(r execution.Radar) bool { return r.Name == "svchost.exe" })
	if len(f.Data) != 2 || got.Detected != utc(2026, 3, 6, 18, 26, 2, 7710000) {
		t.Errorf("%+v", f.Data)
	}
	m := casetest.CorpusMachine()
	m.Hive(casetest.SoftwareHive).Sub(`Microsoft\RADAR\HeapLeakDetection\DiagnosedApplications\x.exe`).Set("LastDetectionTime", regf.DWord(7))
	casetest.WantError(t, casetest.Run[execution.Radar](t, testtree.Tree(t, m.Files()), "radar").Errs, "LastDetectionTime")

	g := casetest.RunCase[execution.Tracing](t, "tracing")
	scan := casetest.Pick(t, g.Data, func(t execution.Tracing) bool { return t.Name == "nbtscan" })
	casetest.Same(t, execution.Tracing{Name: "nbtscan", Library: "RASAPI32", Written: utc(2026, 3, 6, 17, 54, 13, 1000000)}, scan)
	if len(g.Data) != 3 {
		t.Errorf("%d keys, want 3: the one of another component does not count", len(g.Data))
	}
}

func TestWer(t *testing.T) {
	f := casetest.RunCase[execution.Wer](t, "wer")
	at := utc(2026, 3, 6, 18, 3, 14, 2000000)
	casetest.Same(t, []execution.Wer{{
		Type: "APPCRASH", AppPath: corpus.Implant, AppName: "Host Process for Windows Services", SHA1: f.Data[0].SHA1,
		ProgramID: "0006" + strings.Repeat("2", 40), Time: at, Uploaded: at.Add(9e9), Report: "7b0f9e1a-4c8d-4a5e-9a11-6f2f6f0c2b10",
		Signature: map[string]string{"Application Name": "svchost.exe", "Fault Module Name": "cache.dll", "Exception Code": "c0000005"},
		Modules:   3, Suspicious: []string{corpus.Implant, corpus.ImplantDLL},
	}}, f.Data)
	if len(f.Data[0].SHA1) != 40 {
		t.Errorf("SHA-1 %q", f.Data[0].SHA1)
	}
	bad := casetest.Damaged[execution.Wer](t, "wer", "ProgramData/Microsoft/Windows/WER/ReportQueue/x/Report.wer", []byte("nothing"))
	if len(bad.Errs) != 1 {
		t.Errorf("errors %v, want one", bad.Errs)
	}
}

func TestSyscache(t *testing.T) {
	f := casetest.RunCase[execution.Syscache](t, "syscache")
	if len(f.Data) != 1 || f.Data[0].MFTEntry != 0x169DD || f.Data[0].MFTSeq != 7 || len(f.Data[0].SHA1) != 40 || !strings.HasPrefix(f.Data[0].ProgramID, "0006") {
		t.Errorf("%+v", f.Data)
	}
}

func TestPrefetchLayout(t *testing.T) {
	m := casetest.CorpusMachine("prefetchlayout", "prefetch")
	f := casetest.Run[execution.LayoutFile](t, testtree.Tree(t, m.Files()), "prefetchlayout")
	var got []string
	for _, l := range f.Data {
		got = append(got, l.Path+" "+l.Prefetch)
	}
	casetest.Same(t, []string{
		`C:\WINDOWS\EXPLORER.EXE there`,
		strings.ToUpper(corpus.Implant) + " there",
		strings.ToUpper(corpus.Scanner) + " there",
		strings.ToUpper(corpus.Cleaned) + " gone",
	}, got)
	bad := casetest.Damaged[execution.LayoutFile](t, "prefetchlayout", "Windows/Prefetch/Layout.ini", wide("[Other]\r\nC:\\x.exe\r\n"))
	if len(bad.Errs) != 1 || len(bad.Data) != 0 {
		t.Errorf("%+v, errors %v", bad.Data, bad.Errs)
	}
}

func TestRecycleBin(t *testing.T) {
	f := casetest.RunCase[execution.Recycled](t, "recyclebin")
	scanner := casetest.Pick(t, f.Data, func(r execution.Recycled) bool { return strings.Contains(r.Path, "nbtscan") })
	casetest.Same(t, execution.Recycled{
		Path: `C:\Users\daniel\Downloads\nbtscan.exe`, Deleted: utc(2026, 3, 6, 18, 34, 2, 1180000), Size: 36_864,
		Content: scanner.Content, There: "yes", Version: 2,
	}, scanner)
	notes := casetest.Pick(t, f.Data, func(r execution.Recycled) bool { return strings.HasSuffix(r.Path, "notes.txt") })
	if notes.There != "no" || notes.Version != 1 || notes.Size != 412 {
		t.Errorf("%+v", notes)
	}
	list := casetest.Pick(t, f.Data, func(r execution.Recycled) bool { return r.Emptied })
	if list.Path != `D:\Old\list.doc` || list.Index != 2 || !strings.HasSuffix(list.Content, `\Dd2.doc`) {
		t.Errorf("%+v", list)
	}
	for i, r := range f.Records {
		if r.User.SID == "" {
			t.Errorf("%s was deleted by nobody", f.Data[i].Path)
		}
	}
	for n, want := range map[int][2]int{10: {0, 1}, 26: {1, 1}, 60: {1, 1}} {
		b := casetest.CorpusMachine("recyclebin").Files()["$Recycle.Bin/"+corpus.DanielSID+"/$IQ4T7LA.exe"]
		g := casetest.Damaged[execution.Recycled](t, "recyclebin", "$Recycle.Bin/S-1-5-21-1-2-3-1001/$IQ4T7LA.exe", b[:n])
		if len(g.Data) != want[0] || len(g.Errs) != want[1] {
			t.Errorf("%d bytes: %d records, errors %v, want %v", n, len(g.Data), g.Errs, want)
		}
	}
	info := casetest.CorpusMachine("recyclebin").Files()["RECYCLER/"+corpus.MiraSID+"/INFO2"]
	g := casetest.Damaged[execution.Recycled](t, "recyclebin", "RECYCLER/S-1-5-21-1-2-3-1001/INFO2", info[:20+800+100])
	if len(g.Data) != 1 || len(g.Errs) != 1 || g.Errs[0].From.Offset != 820 {
		t.Errorf("%+v, errors %v", g.Data, g.Errs)
	}
}

// TestRecycleBinReal reads what six versions of Windows wrote.
func TestRecycleBinReal(t *testing.T) {
	files := map[string]string{}
	for dir, names := range map[string][]string{
		"Win10": {"$IFATB0K", "$I2JRX90", "$IRL4KYI.txt"}, "Win11": {"$I7BJJ65.txt"}, "Win2012R2": {"$IU2L112.txt"},
		"Win7": {"$IZI9VH9.exe", "$I6SODDB", "$ISEBKEC.zip", "$IPFXZSB", "$ID5HSV3.exe"}, "Win8.1": {"$IEMAANA", "$ISFWPA9.xls", "$IG1VEXX.xls", "$I3VPA17"},
	} {
		for _, n := range names {
			files["$Recycle.Bin/S-1-5-21-1-2-3-1001/"+n] = "recyclebin/" + dir + "/" + n
		}
	}
	files["RECYCLER/S-1-5-21-1-2-3-1001/INFO2"] = "recyclebin/WinXP/INFO2_MultiFiles"
	f := casetest.Run[execution.Recycled](t, casetest.RealVolume(t, files), "recyclebin")
	for _, e := range f.Errs {
		t.Errorf("undeclared: %v", e)
	}
	versions := map[uint64]int{}
	for _, r := range f.Data {
		versions[r.Version]++
		if y := r.Deleted.Year(); y < 2008 || y > 2025 || !strings.Contains(r.Path, `:\`) {
			t.Errorf("%+v", r)
		}
	}
	t.Logf("records by version: %v", versions)
	if versions[1]+versions[2] != 14 || versions[5] == 0 {
		t.Errorf("records by version: %v", versions)
	}
}

func TestShims(t *testing.T) {
	f := casetest.RunCase[persistence.Shim](t, "shims")
	const guid = "{0f5ad3c1-91b4-4d6e-8f10-8a2b7f6d1e55}"
	at := utc(2026, 3, 6, 18, 17, 44, 3120000)
	casetest.Same(t, []persistence.Shim{
		{Database: guid, Path: `C:\Windows\AppPatch\Custom\` + guid + ".sdb", Description: "Accessibility fix", Type: 0x10000, Installed: at, Written: at.Add(1e6)},
		{Target: "sethc.exe", Database: guid, Installed: at, Written: at},
	}, f.Data)
}
