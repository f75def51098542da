package programs

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// TestPathKeys has the spellings by which sources name one program.
func TestPathKeys(t *testing.T) {
	mira := evidence.User{Name: "mira", Profile: `C:\Users\mira`}
	m := &evidence.Machine{SystemRoot: `C:\Windows`}
	for want, list := range map[string][]string{
		`\windows\system32\cmd.exe`: {`C:\Windows\System32\cmd.exe`, `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\CMD.EXE`, `%SystemRoot%\system32\cmd.exe`,
			`\SystemRoot\System32\cmd.exe`, `\??\C:\Windows\system32\cmd.exe`, `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`,
			`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\Windows\System32\cmd.exe`},
		`\users\mira\appdata\local\temp\a.exe`: {`C:\Users\mira\AppData\Local\Temp\a.exe`, `%TEMP%\a.exe`, `%LOCALAPPDATA%\Temp\a.exe`,
			`C:\Documents and Settings\mira\Local Settings\Temp\a.exe`, `C:\DOCUME~1\mira\LOCALS~1\Temp\a.exe`},
		`\users\mira\appdata\roaming\a.exe`: {`%APPDATA%\a.exe`, `C:\Documents and Settings\mira\Application Data\a.exe`, `C:\DOCUME~1\mira\APPLIC~1\a.exe`},
		`\users\mira\documents\a.exe`:       {`C:\Documents and Settings\mira\My Documents\a.exe`},
		`\programdata\a\b.exe`:              {`C:\ProgramData\a\b.exe`, `C:\Documents and Settings\All Users\Application Data\a\b.exe`, `%ALLUSERSPROFILE%\a\b.exe`},
		`\users\public\desktop\a.exe`:       {`C:\Documents and Settings\All Users\Desktop\a.exe`, `%PUBLIC%\Desktop\a.exe`},
		`\program files\a\b.exe`:            {`C:\Program Files\a\b.exe`, `C:\PROGRA~1\a\b.exe`, `%ProgramFiles%\a\b.exe`},
		`\program files (x86)\a\b.exe`:      {`C:\PROGRA~2\a\b.exe`, `%ProgramFiles(x86)%\a\b.exe`, `{7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E}\a\b.exe`},
		`\\srv\tools\a.exe`: {`\\SRV\Tools\a.exe`, `\Device\Mup\srv\tools\a.exe`, `\DEVICE\LANMANREDIRECTOR\;Z:0000000000012345\SRV\TOOLS\A.EXE`,
			`\Device\Mup\;LanmanRedirector\;Z:0000000000012345\srv\tools\a.exe`, `\\?\UNC\srv\tools\a.exe`},
		`a.exe`: {`a.exe`, `A.EXE`},
		``:      {``},
	} {
		for _, s := range list {
			if got := NewPaths(m).Key(s, mira); got != want {
				t.Errorf("Key(%q) = %q, want %q", s, got, want)
			}
		}
	}
}

// TestPathKeysOfNobody: a variable of a user who is not known stands for any profile.
func TestPathKeysOfNobody(t *testing.T) {
	var p Paths // nothing is known of the machine
	for in, want := range map[string]string{
		`%USERPROFILE%\a.exe`:                          `\users\-\a.exe`,
		`%APPDATA%\a.exe`:                              `\users\-\appdata\roaming\a.exe`,
		`%LocalAppData%\a.exe`:                         `\users\-\appdata\local\a.exe`,
		`%TEMP%\a.exe`:                                 `\users\-\appdata\local\temp\a.exe`,
		`%tmp%\x\a.exe`:                                `\users\-\appdata\local\temp\x\a.exe`,
		`C:\Documents and Settings`:                    `\documents and settings`,
		`C:\Documents and Settings\mira`:               `\documents and settings\mira`,
		`{B4BFCC3A-DB2C-424C-B029-7FE99A87C641}\a.exe`: `\users\-\desktop\a.exe`,
		`\Device\Mup\;`:                                `\\;`,
	} {
		if got := p.Key(in, evidence.User{}); got != want {
			t.Errorf("Key(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestOtherRoot: a Windows folder of another name is that of Windows.
func TestOtherRoot(t *testing.T) {
	p := NewPaths(&evidence.Machine{SystemRoot: `D:\WINNT`})
	for in, want := range map[string]string{
		`D:\WINNT\system32\a.exe`:    `\windows\system32\a.exe`,
		`%SystemRoot%\a.exe`:         `\windows\a.exe`,
		`D:\WINNTX\a.exe`:            `\winntx\a.exe`,
		`D:\WINNT`:                   `\winnt`,
		`\SystemRoot\system32\a.exe`: `\windows\system32\a.exe`,
	} {
		if got := p.Key(in, evidence.User{}); got != want {
			t.Errorf("Key(%q) = %q, want %q", in, got, want)
		}
	}
	if NewPaths(nil).Root != "" || NewPaths(&evidence.Machine{SystemRoot: `C:\Windows`}).Root != "" {
		t.Error("the usual folder needs no respelling")
	}
}

func TestProfileOf(t *testing.T) {
	for key, want := range map[string]string{
		`\users\mira\a.exe`: "mira", `\users\mira\x\y\a.exe`: "mira", `\users\a.exe`: "", `\users\public\a.exe`: "", `\users\default\a.exe`: "",
		`\users\all users\a.exe`: "", `\users\-\a.exe`: "", `\windows\a.exe`: "", `\\srv\users\mira\a.exe`: "", ``: "",
	} {
		if got := profileOf(key); got != want {
			t.Errorf("profileOf(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestProgramParts(t *testing.T) {
	for _, c := range []struct {
		p         Program
		base, dir string
		outside   bool
	}{
		{Program{Key: `\windows\system32\cmd.exe`}, "cmd.exe", `\windows\system32`, false},
		{Program{Key: `\program files\a\b.exe`}, "b.exe", `\program files\a`, false},
		{Program{Key: `\program files (x86)\a.exe`}, "a.exe", `\program files (x86)`, false},
		{Program{Key: `\windows\a.exe`, Volume: "E:"}, "a.exe", `\windows`, true}, // the folder of another volume
		{Program{Key: `\users\mira\a.exe`}, "a.exe", `\users\mira`, true},
		{Program{Key: `\windowsx\a.exe`}, "a.exe", `\windowsx`, true},
		{Program{Key: `a.exe`}, "a.exe", "", true},
		{Program{Key: `\a.exe`}, "a.exe", "", true},
	} {
		if b, d, o := c.p.Base(), c.p.Dir(), c.p.Outside(); b != c.base || d != c.dir || o != c.outside {
			t.Errorf("%s on %q: %q in %q, outside %t", c.p.Key, c.p.Volume, b, d, o)
		}
	}
}
