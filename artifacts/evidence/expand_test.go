package evidence

import "testing"

// TestExpand replaces the variables of a machine whose Windows is on D:, of a user,
// and of nobody.
func TestExpand(t *testing.T) {
	m := &Machine{SystemRoot: `D:\WINNT`, Env: map[string]string{
		"comspec": `%SystemRoot%\system32\cmd.exe`, "driverdata": `C:\Windows\System32\Drivers\DriverData`, "temp": `C:\machine`, "tmp": `%SystemRoot%\TEMP`,
		"username": "SYSTEM", "loop": `%loop%\x`, "a": `%b%`, "b": `x`, "path": `%SystemRoot%\system32;%SystemRoot%`, "public": `C:\other`,
	}}
	mira := User{Name: "mira", Profile: `C:\Users\mira`}
	for _, c := range []struct {
		in   string
		user User
		want string
	}{
		{`%SystemRoot%\x`, User{}, `D:\WINNT\x`},
		{`%WINDIR%\x`, User{}, `D:\WINNT\x`},
		{`%SystemDrive%\x`, User{}, `D:\x`},
		{`%ProgramFiles%\x`, User{}, `D:\Program Files\x`},
		{`%ProgramW6432%\x`, User{}, `D:\Program Files\x`},
		{`%ProgramFiles(x86)%\x`, User{}, `D:\Program Files (x86)\x`},
		{`%CommonProgramFiles%\x`, User{}, `D:\Program Files\Common Files\x`},
		{`%CommonProgramW6432%\x`, User{}, `D:\Program Files\Common Files\x`},
		{`%CommonProgramFiles(x86)%\x`, User{}, `D:\Program Files (x86)\Common Files\x`},
		{`%ProgramData%\x`, User{}, `D:\ProgramData\x`},
		{`%ALLUSERSPROFILE%\x`, User{}, `D:\ProgramData\x`},
		{`%PUBLIC%\x`, User{}, `D:\Users\Public\x`},
		{`%ComSpec% /c x`, User{}, `D:\WINNT\system32\cmd.exe /c x`}, // a variable of the machine that has one itself
		{`%path%`, User{}, `D:\WINNT\system32;D:\WINNT`},
		{`%DriverData%\x`, User{}, `C:\Windows\System32\Drivers\DriverData\x`},
		{`%loop%`, User{}, `%loop%`},
		{`%a%`, User{}, `%a%`}, // only the variables that are always there are expanded in others
		{`%b%`, User{}, `x`},
		{`%nothing%`, User{}, `%nothing%`},

		{`%UserProfile%\x`, mira, `C:\Users\mira\x`},
		{`%APPDATA%\x`, mira, `C:\Users\mira\AppData\Roaming\x`},
		{`%LocalAppData%\x`, mira, `C:\Users\mira\AppData\Local\x`},
		{`%TEMP%\x`, mira, `C:\Users\mira\AppData\Local\Temp\x`},
		{`%tmp%\x`, mira, `C:\Users\mira\AppData\Local\Temp\x`},
		{`%HOMEDRIVE%%HOMEPATH%\x`, mira, `C:\Users\mira\x`},
		{`C:\Users\%USERNAME%\x`, mira, `C:\Users\mira\x`},

		// Whose they are is unknown: the machine's own are those of its services.
		{`%TEMP%\x`, User{}, `%TEMP%\x`},
		{`%TMP%\x`, User{}, `%TMP%\x`},
		{`C:\Users\%USERNAME%\x`, User{}, `C:\Users\%USERNAME%\x`},
		{`%APPDATA%\x`, User{}, `%APPDATA%\x`},
		{`%HOMEPATH%\x`, User{}, `%HOMEPATH%\x`},
		{`%APPDATA%\x`, User{Name: "mira"}, `%APPDATA%\x`},

		{`100% sure`, mira, `100% sure`},
		{`%%`, mira, `%%`},
		{``, mira, ``},
	} {
		if got := m.Expand(c.in, c.user); got != c.want {
			t.Errorf("Expand(%q) for %q = %q, want %q", c.in, c.user.Name, got, c.want)
		}
	}
	if got := new(Machine).Expand(`%SystemRoot%\x`, User{}); got != `C:\Windows\x` {
		t.Errorf("of an unknown machine: %q", got)
	}
}

// TestFolders: where programs of Windows lie, by the folder of its installation.
func TestFolders(t *testing.T) {
	for root, dirs := range map[string]map[string]bool{
		`C:\Windows`: {`C:\Windows\System32`: true, `\windows\system32`: true, `C:\Windows\SysWOW64`: true, `C:\Windows`: false,
			`C:\Windows\System32\drivers`: false, `C:\Users\Public\System32`: false, ``: false,
			`%SystemRoot%\System32`: true, `\SystemRoot\SysWOW64\`: true, `%windir%`: false},
		`D:\WINNT`: {`D:\WINNT\System32`: true, `\winnt\syswow64`: true, `C:\Windows\System32`: false, `%SystemRoot%\System32`: true,
			`\??\D:\WINNT\system32\`: true},
		``: {`C:\Windows\System32`: true, `%windir%\system32`: true},
	} {
		m := &Machine{SystemRoot: root}
		for dir, want := range dirs {
			if got := m.IsSystem32(dir); got != want {
				t.Errorf("%s of %s: %t, want %t", dir, root, got, want)
			}
		}
	}
}
