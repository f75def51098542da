package winpath

import (
	"fmt"
	"strings"
	"testing"
)

// TestKeyDevices has the names by which a kernel and its tools call a volume.
func TestKeyDevices(t *testing.T) {
	for _, tc := range []struct{ in, key, vol string }{
		{`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy3\Windows\a.exe`, `\windows\a.exe`, `\Device\HarddiskVolumeShadowCopy3`},
		{`\\.\GlobalRoot\Device\HarddiskVolume2\a.exe`, `\a.exe`, `\Device\HarddiskVolume2`},
		{`\GLOBAL??\C:\a.exe`, `\a.exe`, "C:"},
		{`\??\UNC\srv\share\a.exe`, `\\srv\share\a.exe`, `\\srv\share`},
		{`\??\Volume{0a1b2c3d-0000-0000-0000-100000000000}\a.exe`, `\a.exe`, `Volume{0a1b2c3d-0000-0000-0000-100000000000}`},
		{`\Device\HarddiskVolume1`, `\`, `\Device\HarddiskVolume1`},
		{`\VOLUME{01d0f9a19c586134-d49d126f}`, `\`, `\VOLUME{01d0f9a19c586134-d49d126f}`},
		{`volume{x}`, `\`, `volume{x}`},
		{`\\srv`, `\\srv`, `\\srv`},
		{`\\srv\share`, `\\srv\share`, `\\srv\share`},
		{`//srv/share/a/../b.exe`, `\\srv\share\b.exe`, `\\srv\share`},
		{`C:a.exe`, `a.exe`, "C:"},
		{`1:\a.exe`, `1:\a.exe`, ""}, // no letter
		{`C:\`, `\`, "C:"},
		{`C:\a\`, `\a`, "C:"},
		{`C:\..\..\a`, `\a`, "C:"},
		{`  C:\A.EXE  `, `\a.exe`, "C:"},
		{`"`, `"`, ""},
		{`""`, "", ""},
	} {
		if got, vol := Key(tc.in), Volume(tc.in); got != tc.key || vol != tc.vol {
			t.Errorf("%q: key %q, volume %q, want %q, %q", tc.in, got, vol, tc.key, tc.vol)
		}
	}
}

// TestKeyVariables resolves each variable and known folder of the machine to a folder
// below the root, and none of a user.
func TestKeyVariables(t *testing.T) {
	for name, dir := range variables {
		want := strings.ToLower(dir) + `\x\a.exe`
		for _, s := range []string{name, strings.ToUpper(name)} {
			if got := Key(s + `\x\A.exe`); got != want {
				t.Errorf("Key(%s) = %q, want %q", s, got, want)
			}
		}
	}
	for id, dir := range knownFolders {
		if len(id) != 36 || strings.ToUpper(id) != id {
			t.Errorf("%s is no GUID in upper case", id)
		}
		if got, want := Key(`{`+strings.ToLower(id)+`}\a.exe`), strings.ToLower(dir)+`\a.exe`; got != want {
			t.Errorf("Key({%s}) = %q, want %q", id, got, want)
		}
		if got, ok := KnownFolder("{" + id + "}"); !ok || got != dir {
			t.Errorf("KnownFolder(%s) = %q, %t", id, got, ok)
		}
	}
	for _, s := range []string{`%APPDATA%\a.exe`, `%nothing%\a.exe`, `%\a.exe`, `{00000000-0000-0000-0000-000000000000}\a.exe`, `{}\a.exe`} {
		if got, want := Key(s), strings.ToLower(s); got != want {
			t.Errorf("Key(%q) = %q, want it as it stands", s, got)
		}
	}
	for _, s := range []string{"SYSTEMROOT", "systemroot", `SystemRoot\`} {
		if got := Key(s); got != `\windows` {
			t.Errorf("Key(%q) = %q", s, got)
		}
	}
}

// TestKeyKeepsItself: a key that is absolute and names no device is its own key.
func TestKeyKeepsItself(t *testing.T) {
	for _, s := range []string{`\windows\system32\cmd.exe`, `\\srv\share\a.exe`, `\`, `a.exe`, `\users\ä\ü.exe`, `\a.b\.c\d..e`, `\a b\c`} {
		if got := Key(s); got != s {
			t.Errorf("Key(%q) = %q", s, got)
		}
		if got := Key(strings.ToUpper(s)); got != s {
			t.Errorf("Key(%q) = %q, want %q", strings.ToUpper(s), got, s)
		}
	}
}

func TestParts(t *testing.T) {
	for _, tc := range []struct{ path, dir, base, ext string }{
		{`C:\a\b.EXE`, `C:\a`, `b.EXE`, ".exe"},
		{`C:/a/b.tar.gz`, `C:/a`, `b.tar.gz`, ".gz"},
		{`b`, "", "b", ""},
		{`.profile`, "", ".profile", ""}, // a name that begins with a dot is all name
		{`C:\a.b\c`, `C:\a.b`, "c", ""},
		{`C:\a\`, `C:\a`, "", ""},
		{`a.`, "", "a.", "."},
		{``, "", "", ""},
		{`\a`, "", "a", ""},
		{`C:\a\ü.Ä`, `C:\a`, "ü.Ä", ".ä"},
	} {
		if dir, base, ext := Dir(tc.path), Base(tc.path), Ext(tc.path); dir != tc.dir || base != tc.base || ext != tc.ext {
			t.Errorf("%q: dir %q, base %q, ext %q; want %q, %q, %q", tc.path, dir, base, ext, tc.dir, tc.base, tc.ext)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, tc := range []struct {
		parts []string
		want  string
	}{
		{nil, ""},
		{[]string{"", ""}, ""},
		{[]string{`C:\a`, "b"}, `C:\a\b`},
		{[]string{`C:\a\`, `\b`}, `C:\a\b`},
		{[]string{`C:\a`, "", "b", "c"}, `C:\a\b\c`},
		{[]string{"", `\a`, "b"}, `\a\b`},
		{[]string{`\\srv\share`, "a"}, `\\srv\share\a`},
		{[]string{`C:\`, `\\a`}, `C:\a`},
	} {
		if got := Join(tc.parts...); got != tc.want {
			t.Errorf("Join(%q) = %q, want %q", tc.parts, got, tc.want)
		}
	}
}

// TestLocal keeps the spelling that Key folds.
func TestLocal(t *testing.T) {
	for _, s := range []string{`C:\Users\Mira\A.exe`, `\Device\HarddiskVolume4\X.Y`, `%windir%\Notepad.EXE`, `\\Srv\Share\A`, `name.EXE`} {
		if local := Local(s); strings.ToLower(local) != Key(s) || !strings.HasSuffix(s, Base(local)) {
			t.Errorf("Local(%q) = %q, Key = %q", s, local, Key(s))
		}
	}
}

// TestExpandNeverNames: lookup is not asked for the empty name, and a value that holds
// a percent sign is not expanded again.
func TestExpandNeverNames(t *testing.T) {
	lookup := func(name string) (string, bool) {
		switch name {
		case "":
			t.Error("asked for the empty name")
		case "a":
			return "%b%", true
		case "b":
			return "B", true
		}
		return "", false
	}
	for in, want := range map[string]string{
		`%a%`:     `%b%`,
		`%a%%b%`:  `%b%B`,
		`%a`:      `%a`,
		`x%c%b%y`: `x%cBy`,
		`%b%%`:    `B%`,
		`%B%%c`:   `B%c`,
		``:        ``,
	} {
		if got := Expand(in, lookup); got != want {
			t.Errorf("Expand(%q) = %q, want %q", in, got, want)
		}
	}
}

func ExampleKey() {
	for _, path := range []string{
		`C:\Windows\System32\cmd.exe`,
		`\Device\HarddiskVolume3\WINDOWS\SYSTEM32\CMD.EXE`,
		`%SystemRoot%\system32\cmd.exe`,
		`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`,
	} {
		fmt.Println(Key(path))
	}
	// Output:
	// \windows\system32\cmd.exe
	// \windows\system32\cmd.exe
	// \windows\system32\cmd.exe
	// \windows\system32\cmd.exe
}

func ExampleParseCommand() {
	c := ParseCommand(`rundll32 "C:\Users\mira\AppData\Local\Temp\a b.dll",Start`, nil)
	fmt.Println(c.Program)
	fmt.Println(c.Payload)
	// Output:
	// rundll32
	// C:\Users\mira\AppData\Local\Temp\a b.dll
}

// TestIndexFold: letters of other sizes in upper and lower case do not move the index.
func TestIndexFold(t *testing.T) {
	for _, c := range []struct {
		s, sub string
		want   int
	}{
		{`C:\X\Tasks\a`, `\tasks\`, 4}, {`\TASKS\`, `\tasks\`, 0}, {``, ``, 0}, {`a`, ``, 0}, {``, `a`, -1}, {`ab`, `abc`, -1}, {`aab`, `AB`, 1},
		{"ȺȺȺ\\tasks\\a", `\TASKS\`, 6}, // lower case takes three bytes each, not two
		{"İİİ\\tasks\\a", `\TASKS\`, 6}, // lower case takes one
		{"ÄÖ", "äö", 0}, {"xÄÖ", "äö", 1}, {"\xff\\A", `\a`, 1},
	} {
		if got := IndexFold(c.s, c.sub); got != c.want {
			t.Errorf("IndexFold(%q, %q) = %d, want %d", c.s, c.sub, got, c.want)
		}
	}
	// A command line of such letters is cut where its switch is.
	if got := ParseCommand(`cmd.exe /d `+strings.Repeat("Ⱥ", 100)+` /c C:\t\a.bat`, nil); got.Payload != `C:\t\a.bat` {
		t.Errorf("payload %q", got.Payload)
	}
}
