package filesystem

import (
	"bytes"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

func TestSelect(t *testing.T) {
	var s Selection
	const update, alone = 1000 * day, 2000 * day
	for i := range 30 {
		s.Add(`\Windows\System32\some.dll`, update+uint64(i)*second)
	}
	s.Add(`\Windows\System32\evil.dll`, alone)
	for _, c := range []struct {
		path   string
		named  uint64
		marked bool
		want   Reason
	}{
		{`\Windows\System32\some.dll`, update, false, NotSelected},
		{`\Windows\System32\evil.dll`, alone, false, NamedAlone},
		{`\Windows\WinSxS\x\evil.dll`, alone, false, NotSelected},
		{`\Windows\System32\evil.txt`, alone, false, NotSelected},
		{`\Windows\System32\evil.txt`, alone, true, Marked},
		{`\Users\a\Desktop\tool.exe`, update, false, ProgramOutside},
		{`\Users\a\Desktop\run.ps1`, update, false, ProgramOutside},
		{`\Users\a\Desktop\data.zip`, update, false, ProgramOutside},
		{`\Users\a\Desktop\letter.txt`, update, false, NotSelected},
		{`\Users\a\Downloads\bill.docm`, update, false, MacroDocument},
		{`\Users\a\Documents\bill.docm`, update, false, NotSelected},
		{`\Users\Public\anything.dat`, update, false, HotPlace},
		{`\Users\Public\desktop.ini`, update, false, NotSelected},
		{`\Users\a\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\x.txt`, update, false, HotPlace},
		{`\Windows\Prefetch\CMD.EXE-01234567.pf`, update, false, HotPlace},
		{`\Windows\Fonts\arial.ttf`, update, false, NotSelected},
		{`\Windows\Fonts\arial.exe`, update, false, HotPlace},
		{`\x.exe`, update, false, HotPlace},
		{`\pagefile.sys`, update, false, HotPlace},
		{`\Windows\System32\wbem\Repository\OBJECTS.DATA`, update, false, HotPlace},
		{`\Windows\System32\wbem\AutoRecover\x.mof`, alone, false, NamedAlone},
		{`\Windows\System32\wbem\AutoRecover\x.mof`, update, false, NotSelected},
		{`\$Orphan\(12-3)\x.exe`, update, false, ProgramOutside},
	} {
		if got := s.Select(c.path, c.named, c.marked); got != c.want {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
}

func TestFate(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: ruleDay})
	stays := v.Create(ntfsmeta.Root, "stays.exe", nil, ruleDay)
	reused := v.Create(ntfsmeta.Root, "reused.exe", nil, ruleDay)
	gone := v.Create(ntfsmeta.Root, "gone.exe", nil, ruleDay)
	v.Delete(reused, ruleDay)
	v.Create(ntfsmeta.Root, "new.exe", nil, ruleDay) // takes its record
	v.Delete(gone, ruleDay)
	table, err := ntfs.ReadTable(bytes.NewReader(v.MFT()), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	entry := ntfs.Reference(stays).Entry()
	for ref, want := range map[ntfs.Reference]Fate{
		ntfs.Reference(stays):              FateExists,
		ntfs.Reference(gone):               FateDeleted,
		ntfs.Reference(reused):             FateReused,
		ntfs.NewReference(entry, 7):        FateUnknown,
		ntfs.NewReference(entry, 65535):    FateReused, // the numbers begin again at 1
		ntfs.NewReference(entry, 0):        FateUnknown,
		ntfs.NewReference(1<<40, 1):        FateUnknown,
		ntfs.NewReference(entry+100000, 1): FateUnknown,
	} {
		if got := FateOf(table, ref); got != want {
			t.Errorf("%s: %s, want %s", ref, got, want)
		}
	}
}

// TestKinds holds what is asked of every file of a volume against the slow way.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name      string
		program   bool
		runnable  bool
		container bool
	}{
		{`\a\b.exe`, true, true, false},
		{`B.EXE`, true, true, false},
		{`b.Sys`, true, true, false},
		{`\pagefile.sys`, false, true, false},
		{`HIBERFIL.SYS`, false, true, false},
		{`\my pagefile.sys`, true, true, false},
		{`x.psm1`, false, true, false},
		{`x.vhdx`, false, false, true},
		{`x.7z`, false, false, true},
		{`x.js`, false, true, false},
		{`x.docm`, false, false, false},
		{`x.exe.txt`, false, false, false},
		{`x.exe.`, false, false, false},
		{`x.exee`, false, false, false},
		{`x.html5`, false, false, false},
		{`exe`, false, false, false},
		{`.exe`, true, true, false},
		{`\x.exe\y`, false, false, false},
		{`\x.exe/y`, false, false, false},
		{`x.dat`, false, false, false},
		{`é.exe`, true, true, false},
		{`x.exé`, false, false, false},
		{``, false, false, false},
	} {
		if p, r, z := IsProgram(c.name), IsRunnable(c.name), IsContainer(c.name); p != c.program || r != c.runnable || z != c.container {
			t.Errorf("%q: %v %v %v", c.name, p, r, z)
		}
		b := []byte(c.name)
		if n := testing.AllocsPerRun(10, func() { isProgram(b) }); n != 0 {
			t.Errorf("%q: %v allocations", c.name, n)
		}
	}
}
