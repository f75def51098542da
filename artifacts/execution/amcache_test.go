package execution_test

import (
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestAmcacheFiles(t *testing.T) {
	f := casetest.RunCase[execution.AmcacheFile](t, "amcachefiles")
	got := casetest.Pick(t, f.Data, func(a execution.AmcacheFile) bool { return strings.EqualFold(a.Path, corpus.Implant) })
	casetest.Same(t, execution.AmcacheFile{
		Path: strings.ToLower(corpus.Implant), Name: "svchost.exe", OriginalName: "beacon.exe", SHA1: got.SHA1, Size: 288_256,
		Version: "1.0.0.0", BinaryType: "pe64_amd64", ProgramID: "0006" + strings.Repeat("2", 40), Linked: "05/22/2066 07:17:28",
		Usn: 0x1A40_3000, Generation: "D", Written: corpus.ImplantStart.Add(1200e6),
	}, got)
	if len(got.SHA1) != 40 || !got.Renamed() {
		t.Errorf("SHA-1 %q, renamed %v", got.SHA1, got.Renamed())
	}
	paper := casetest.Pick(t, f.Data, func(a execution.AmcacheFile) bool { return a.Name == "PaperScan.exe" })
	if paper.Renamed() || !paper.SHA1Partial {
		t.Errorf("PaperScan is %+v", paper)
	}
	for i := range f.Records {
		for _, e := range f.Records[i].Events() {
			if e.Time.Year() == 2066 {
				t.Error("a link date is an event")
			}
		}
	}
}

// TestAmcacheGenerations reads entries of each generation beside each other.
func TestAmcacheGenerations(t *testing.T) {
	m := casetest.CorpusMachine("amcacheprograms")
	root := m.Hive(casetest.AmcacheHive).Sub("Root")
	written := utc(2015, 4, 1, 10, 0, 0, 1)
	root.Sub(`File\8195d9c8-2089-11ea-824e-806e6f6e6963\100000169dd`).At(written).
		Set("0", regf.String("Tool")).Set("1", regf.String("Vendor")).Set("5", regf.String("2.1")).Set("6", regf.DWord(4096)).
		Set("c", regf.String("A tool")).Set("f", regf.DWord(1428000000)).
		Set("11", regf.QWord(regf.FILETIME(utc(2015, 3, 1, 0, 0, 0, 7)))).Set("12", regf.QWord(regf.FILETIME(utc(2015, 3, 2, 0, 0, 0, 8)))).
		Set("15", regf.String(`C:\Tools\tool.exe`)).Set("17", regf.QWord(1)).Set("100", regf.String("0000495c")).
		Set("101", regf.String("0000"+strings.Repeat("ab", 20)))
	root.Sub(`Programs\0000495c`).At(written).Set("0", regf.String("The Tool")).Set("a", regf.QWord(1428000001)).Set("b", regf.QWord(0)).
		Set("d", regf.Multi(`c:\tools`, `c:\tools\lib`)).Set("Files", regf.Multi("x@100000169dd"))
	files := root.Sub("InventoryApplicationFile")
	files.Sub(strings.Repeat("0", 44)).At(written).Set("LowerCaseLongPath", regf.String(`c:\b.exe`)).Set("Size", regf.String("0x7fac0"))
	files.Sub("c.exe|1234").At(written).Set("LowerCaseLongPath", regf.String(`c:\c.exe`)).Set("Size", regf.QWord(5)).
		Set("IsPeFile", regf.DWord(1)).Set("IsOsComponent", regf.DWord(1)).Set("LongPathHash", regf.String("c.exe|1234"))
	files.Sub("e.exe|1234").At(written).Set("LowerCaseLongPath", regf.String(`c:\e.exe`))
	f := casetest.Run[execution.AmcacheFile](t, testtree.Tree(t, m.Files()), "amcachefiles")
	for _, e := range f.Errs {
		t.Error(e)
	}
	casetest.Same(t, []execution.AmcacheFile{
		{Path: `c:\b.exe`, Name: "b.exe", Size: 0x7fac0, Generation: "B", Written: written},
		{Path: `c:\c.exe`, Name: "c.exe", Size: 5, OSComponent: true, Generation: "C", Written: written},
		{Path: `c:\e.exe`, Name: "e.exe", Generation: "E", Written: written},
		{
			Path: `C:\Tools\tool.exe`, Name: "tool.exe", SHA1: strings.Repeat("ab", 20), Size: 4096, Product: "Tool", Company: "Vendor",
			Version: "2.1", Description: "A tool", ProgramID: "0000495c", ProgramName: "The Tool", Linked: "04/02/2015 18:40:00",
			Volume: "8195d9c8-2089-11ea-824e-806e6f6e6963", MFTEntry: 0x169dd, MFTSequence: 0x10, Generation: "A",
			Written: written, Modified: utc(2015, 3, 1, 0, 0, 0, 7), Created: utc(2015, 3, 2, 0, 0, 0, 8),
		},
	}, f.Data)

	p := casetest.Run[execution.AmcacheProgram](t, testtree.Tree(t, m.Files()), "amcacheprograms")
	old := casetest.Pick(t, p.Data, func(p execution.AmcacheProgram) bool { return p.Generation == "A" })
	casetest.Same(t, execution.AmcacheProgram{
		ID: "0000495c", Name: "The Tool", Paths: []string{`c:\tools`, `c:\tools\lib`}, Files: 1,
		Installed: utc(2015, 4, 2, 18, 40, 1, 0), Written: written, Generation: "A",
	}, old)
	paper := casetest.Pick(t, p.Data, func(p execution.AmcacheProgram) bool { return p.Name == "PaperScan Free 3.0" })
	if paper.Installed != utc(2026, 3, 3, 5, 41, 12, 0) || len(paper.Uninstall) != 1 {
		t.Errorf("PaperScan is %+v", paper)
	}
}

func TestAmcacheDamage(t *testing.T) {
	m := casetest.CorpusMachine("amcachefiles")
	m.Hive(casetest.AmcacheHive).Sub(`Root\InventoryApplicationFile\empty|0`)
	f := casetest.Run[execution.AmcacheFile](t, testtree.Tree(t, m.Files()), "amcachefiles")
	if len(f.Errs) != 1 || !strings.HasSuffix(f.Errs[0].From.Key, "empty|0") {
		t.Errorf("errors %v, want one for the entry without a path", f.Errs)
	}
}

func TestAmcacheDriversShortcutsDevices(t *testing.T) {
	d := casetest.RunCase[execution.AmcacheDriver](t, "amcachedrivers")
	usb := casetest.Pick(t, d.Data, func(d execution.AmcacheDriver) bool { return d.Name == "psusbscan.sys" })
	if usb.Path != `c:\windows\system32\drivers\psusbscan.sys` || usb.Signed != "yes" || usb.InBox != "no" || usb.Modified != utc(2019, 12, 7, 9, 7, 53, 0) {
		t.Errorf("driver %+v", usb)
	}
	s := casetest.RunCase[execution.AmcacheShortcut](t, "amcacheshortcuts")
	if len(s.Data) != 1 || s.Data[0].Program() != `C:\Program Files\PaperScan\PaperScan.exe` {
		t.Errorf("shortcuts %+v", s.Data)
	}
	v := casetest.RunCase[execution.AmcacheDevice](t, "amcachedevices")
	if len(v.Data) != 2 || v.Data[0].Kind != "device" || v.Data[1].Kind != "container" || v.Data[0].Container != v.Data[1].ID ||
		!strings.HasPrefix(v.Data[0].ID, `usbstor\disk`) {
		t.Errorf("devices %+v", v.Data)
	}
}

// TestAmcacheReal counts what the hives of six machines hold, by generation.
func TestAmcacheReal(t *testing.T) {
	for _, tt := range []struct {
		path                           []string
		files                          map[string]int
		programs, drivers, links, devs int
	}{
		{[]string{"artemis", "amcache_win81", "Amcache.hve"}, map[string]int{"A": 2, "D": 2}, 0, 0, 0, 0},
		{[]string{"museum-server2022-aptsimulatorvm"}, map[string]int{"E": 41}, 0, 0, 0, 180},
		{[]string{"museum-win10-rathbunvm"}, map[string]int{"D": 183}, 91, 373, 51, 205},
		{[]string{"museum-win2012r2-stolenszechuan"}, map[string]int{"A": 136}, 3, 0, 0, 0},
		{[]string{"regipy", "amcache.hve"}, map[string]int{"A": 1120, "B": 247}, 100, 311, 0, 214},
		{[]string{"velo", "Amcache.hve"}, map[string]int{"C": 85}, 0, 0, 0, 0},
	} {
		path := append([]string{"hives"}, tt.path...)
		got := map[string]int{}
		for _, f := range casetest.RunHive[execution.AmcacheFile](t, "amcachefiles", path...).Data {
			got[f.Generation]++
			if f.Generation == "A" && f.MFTEntry == 0 {
				t.Errorf("%v: no file reference for %s", tt.path, f.Path)
			}
		}
		casetest.Same(t, tt.files, got)
		n := []int{
			len(casetest.RunHive[execution.AmcacheProgram](t, "amcacheprograms", path...).Data),
			len(casetest.RunHive[execution.AmcacheDriver](t, "amcachedrivers", path...).Data),
			len(casetest.RunHive[execution.AmcacheShortcut](t, "amcacheshortcuts", path...).Data),
			len(casetest.RunHive[execution.AmcacheDevice](t, "amcachedevices", path...).Data),
		}
		casetest.Same(t, []int{tt.programs, tt.drivers, tt.links, tt.devs}, n)
	}
}
