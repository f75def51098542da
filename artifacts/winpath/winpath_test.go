package winpath

import "testing"

func TestKey(t *testing.T) {
	const cmd = `\windows\system32\cmd.exe`
	for _, tc := range []struct{ in, key, vol string }{
		{`C:\Windows\System32\cmd.exe`, cmd, "C:"},
		{`c:/windows/system32/cmd.exe`, cmd, "C:"},
		{`"C:\Windows\System32\cmd.exe"`, cmd, "C:"},
		{`\??\C:\Windows\System32\cmd.exe`, cmd, "C:"},
		{`\\?\C:\Windows\System32\cmd.exe`, cmd, "C:"},
		{`\SystemRoot\System32\cmd.exe`, cmd, ""},
		{`%SystemRoot%\System32\cmd.exe`, cmd, ""},
		{`%windir%\System32\cmd.exe`, cmd, ""},
		{`system32\cmd.exe`, cmd, ""},
		{`SYSVOL\Windows\System32\cmd.exe`, cmd, ""},
		{`\Device\HarddiskVolume4\Windows\System32\cmd.exe`, cmd, `\Device\HarddiskVolume4`},
		{`\VOLUME{01d0f9a19c586134-d49d126f}\WINDOWS\SYSTEM32\CMD.EXE`, cmd, `\VOLUME{01d0f9a19c586134-d49d126f}`},
		{`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`, cmd, ""},
		{`C:\Windows\\System32\.\x\..\cmd.exe`, cmd, "C:"},
		{`\\?\UNC\srv\share\a.exe`, `\\srv\share\a.exe`, `\\srv\share`},
		{`\\srv\c$\a.exe`, `\\srv\c$\a.exe`, `\\srv\c$`},
		{`cmd.exe`, "cmd.exe", ""},
		{``, "", ""},
		{`C:`, `\`, "C:"},
		{`\`, `\`, ""},
		{`%APPDATA%\x.exe`, `%appdata%\x.exe`, ""},
	} {
		if got := Key(tc.in); got != tc.key {
			t.Errorf("Key(%q) = %q, want %q", tc.in, got, tc.key)
		}
		if got := Volume(tc.in); got != tc.vol {
			t.Errorf("Volume(%q) = %q, want %q", tc.in, got, tc.vol)
		}
	}
}

func TestParseCommand(t *testing.T) {
	for _, tc := range []struct {
		line string
		want Command
	}{
		{`"C:\Program Files\A B\a.exe" -x "y z"`, Command{Program: `C:\Program Files\A B\a.exe`, Arguments: `-x "y z"`}},
		{`C:\Program Files\A\a.exe -x`, Command{Program: `C:\Program Files\A\a.exe`, Arguments: `-x`, Guessed: true}},
		{`C:\tool arg`, Command{Program: `C:\tool`, Arguments: `arg`}},
		{`rundll32.exe C:\x\y.dll,Start 1`, Command{Program: `rundll32.exe`, Arguments: `C:\x\y.dll,Start 1`, Payload: `C:\x\y.dll`}},
		{`regsvr32 /s /u C:\x.sct`, Command{Program: `regsvr32`, Arguments: `/s /u C:\x.sct`, Payload: `C:\x.sct`}},
		{`cmd.exe /c "C:\t\a.bat" 1`, Command{Program: `cmd.exe`, Arguments: `/c "C:\t\a.bat" 1`, Payload: `C:\t\a.bat`}},
		{`powershell -nop -enc VwByAGkAdABlAA==`, Command{Program: `powershell`, Arguments: `-nop -enc VwByAGkAdABlAA==`, Decoded: "Write"}},
		{`powershell.exe -File C:\a.ps1`, Command{Program: `powershell.exe`, Arguments: `-File C:\a.ps1`, Payload: `C:\a.ps1`}},
		{`"unclosed`, Command{Program: `unclosed`}},
		{``, Command{}},
	} {
		if got := ParseCommand(tc.line, nil); got != tc.want {
			t.Errorf("ParseCommand(%q) = %+v, want %+v", tc.line, got, tc.want)
		}
	}
	exists := func(p string) bool { return p == `C:\Program Files\My App.exe` }
	want := Command{Program: `C:\Program Files\My App.exe`, Arguments: `sub.exe x`}
	if got := ParseCommand(`C:\Program Files\My App.exe sub.exe x`, exists); got != want {
		t.Errorf("ParseCommand with a file that exists = %+v, want %+v", got, want)
	}
}

func TestExpand(t *testing.T) {
	env := func(n string) (string, bool) {
		v, ok := map[string]string{"appdata": `C:\Users\a\AppData\Roaming`}[n]
		return v, ok
	}
	for in, want := range map[string]string{
		`%APPDATA%\x`:       `C:\Users\a\AppData\Roaming\x`,
		`%NOPE%\%AppData%`:  `%NOPE%\C:\Users\a\AppData\Roaming`,
		`100%`:              `100%`,
		`%%`:                `%%`,
		`a%APPDATA%%NOPE%b`: `aC:\Users\a\AppData\Roaming%NOPE%b`,
	} {
		if got := Expand(in, env); got != want {
			t.Errorf("Expand(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add(`\??\C:\a\..\b`)
	f.Add(`\VOLUME{`)
	f.Fuzz(func(t *testing.T, s string) {
		k := Key(s)
		if Key(s) != k {
			t.Fatal("not deterministic")
		}
		ParseCommand(s, nil)
		Expand(s, func(string) (string, bool) { return "", false })
	})
}
