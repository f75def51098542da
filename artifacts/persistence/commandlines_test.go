package persistence

import (
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestServiceCommands has the commands by which services are made to run others: the
// host is the image, what it runs the payload, and both are looked for in the evidence.
func TestServiceCommands(t *testing.T) {
	m := testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		cs := testtree.AsSystem(root)
		cs.Sub(`Control\Session Manager\Environment`).Set("ComSpec", regf.Expand(`%SystemRoot%\system32\cmd.exe`))
		for name, command := range map[string]string{
			"a": `%COMSPEC% /Q /c C:\t\a.bat`,
			"b": `cmd /c ""C:\t\b c.bat" 1"`,
			"c": `%ComSpec% /C "powershell -nop -enc dwBoAG8AYQBtAGkA"`,
			"d": `rundll32 C:\t\d.dll,Start`,
			"e": `"%CommonProgramFiles%\e f\e.exe" -x`,
			"f": `\SystemRoot\system32\svchost.exe -k netsvcs -p`,
		} {
			cs.Sub(`Services\`+name).Set("ImagePath", regf.Expand(command)).Set("Type", regf.DWord(0x10)).Set("Start", regf.DWord(2))
		}
	})
	for _, name := range []string{"Windows/System32/ntdll.dll", "Windows/System32/cmd.exe", "Windows/System32/rundll32.exe", "Program Files/Common Files/e f/e.exe"} {
		m[name] = &fstest.MapFile{Data: []byte("MZ")}
	}
	recs, errs := found(t, m, "services")
	testtree.NoErrors(t, errs)
	got := map[string]Entry{}
	for _, r := range recs {
		s := r.Data.(Service)
		got[s.Name] = s.Entry
	}
	for name, want := range map[string]Entry{
		"a": {Image: `C:\Windows\system32\cmd.exe`, Payload: `C:\t\a.bat`, FilePresent: presentYes},
		"b": {Image: `C:\Windows\System32\cmd.exe`, Payload: `C:\t\b c.bat`, FilePresent: presentYes, Guessed: true}, // found by the search path
		"c": {Image: `C:\Windows\system32\cmd.exe`, Payload: `powershell`, Decoded: "whoami", FilePresent: presentYes},
		"d": {Image: `C:\Windows\System32\rundll32.exe`, Payload: `C:\t\d.dll`, FilePresent: presentYes, Guessed: true},
		"e": {Image: `C:\Program Files\Common Files\e f\e.exe`, FilePresent: presentYes},
		"f": {Image: `C:\Windows\system32\svchost.exe`, FilePresent: presentNo},
	} {
		g := got[name]
		if g.Image != want.Image || g.Payload != want.Payload || g.Decoded != want.Decoded || g.FilePresent != want.FilePresent || g.Guessed != want.Guessed {
			t.Errorf("service %s: image %q (%s, guessed %t), payload %q, decoded %q; want %q (%s, guessed %t), %q, %q", name, g.Image, g.FilePresent, g.Guessed, g.Payload,
				g.Decoded, want.Image, want.FilePresent, want.Guessed, want.Payload, want.Decoded)
		}
	}
}

// TestINILines has what win.ini and autorun.inf may hold.
func TestINILines(t *testing.T) {
	type entry struct {
		section, name, value string
		line                 int
	}
	var got []entry
	for l := range iniLines([]byte("x=outside\r\n[ Windows ]\r\n; comment=1\r\n# comment=2\r\n Load = C:\\a.exe = 1 \r\nno value\r\nrun=\r\n[]\n=nameless\n[last\nö=\xe4")) {
		got = append(got, entry{l.section, l.name, l.value, l.line})
	}
	want := []entry{{"", "x", "outside", 1}, {"Windows", "Load", `C:\a.exe = 1`, 5}, {"Windows", "run", "", 7}, {"", "", "nameless", 9}, {"last", "Ã¶", "ä", 11}}
	if len(got) != len(want) {
		t.Fatalf("%d settings: %+v", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("setting %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	n := 0
	for range iniLines([]byte("a=1\nb=2\n")) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("left after the first setting, got %d", n)
	}
}

// TestCommandLimit: cmd.exe takes a quarter of the command line that CreateProcess does.
func TestCommandLimit(t *testing.T) {
	for line, want := range map[string]int{`cmd /c x`: commandMaxCmd, `cmd.exe /c x`: commandMaxCmd, `C:\Windows\System32\CMD.EXE /c x`: commandMaxCmd,
		`"C:\a b\cmd.exe" x`: commandMaxCmd, `cmdx.exe`: commandMax, `a.exe cmd.exe`: commandMax, ``: commandMax} {
		if got := commandLimit(line); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

// TestAbsolute: a path is absolute when it names a place on a volume of the machine.
func TestAbsolute(t *testing.T) {
	for path, want := range map[string]bool{`C:\a.exe`: true, `\a.exe`: true, `\??\C:\a.exe`: true, `%SystemRoot%\a.exe`: true, `\Device\HarddiskVolume1\a.exe`: true,
		`\\?\GLOBALROOT\Device\HarddiskVolume1\a.exe`: true, `\\srv\share\a.exe`: false, `a.exe`: false, `x\a.exe`: false, `C:a.exe`: false, ``: false,
		`%APPDATA%\a.exe`: false} {
		if got := autostartAbsolute(path); got != want {
			t.Errorf("%q: %t, want %t", path, got, want)
		}
	}
}
