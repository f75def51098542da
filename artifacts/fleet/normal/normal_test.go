package normal

import (
	"strings"
	"testing"
)

// TestPath holds each rule to its example, and to the mistakes that were made
// with it: what must stay is as important as what must go.
func TestPath(t *testing.T) {
	for _, c := range []struct{ rule, path, want string }{
		// 1: network paths keep server and share.
		{"1", `\Device\Mup\10.0.0.5\admin$\P.EXE`, `\\10.0.0.5\admin$\p.exe`},
		{"1", `\Device\Mup\;LanmanRedirector\;Z:0000000000012345\srv\share\a\p.exe`, `\\srv\share\a\p.exe`},
		{"1", `\Device\LanmanRedirector\;X:000000000001a2b3\SRV01\tools\x.exe`, `\\srv01\tools\x.exe`},
		{"1", `\??\UNC\srv\c$\windows\p.exe`, `\\srv\c$\windows\p.exe`},
		{"1", `\\?\UNC\srv\c$\p.exe`, `\\srv\c$\p.exe`},
		{"1", `\\10.1.2.3\20260306123456\x.exe`, `\\10.1.2.3\20260306123456\x.exe`},
		{"1", `\\5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f\a1b2c3d4e5\x.exe`, `\\5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f\a1b2c3d4e5\x.exe`},
		{"1", `\\srv\share\1.2.3.4\x.exe`, `\\srv\share\{v}\x.exe`},
		{"1", `\\srv`, `\\srv`},
		{"1", `\\srv\c$\Users\bob\x.exe`, `\\srv\c$\users\%user%\x.exe`},

		// 2: variables of users.
		{"2", `%APPDATA%\x\y.exe`, `\users\%user%\appdata\roaming\x\y.exe`},
		{"2", `%LocalAppData%\x.exe`, `\users\%user%\appdata\local\x.exe`},
		{"2", `%TEMP%\is-A1B2C.tmp\s.tmp`, `\users\%user%\appdata\local\temp\{tmp}\s.tmp`},
		{"2", `%tmp%\x.exe`, `\users\%user%\appdata\local\temp\x.exe`},
		{"2", `%USERPROFILE%/Desktop/x.exe`, `\users\%user%\desktop\x.exe`},
		{"2", `{374DE290-123F-4565-9164-39C4925E467B}\x.exe`, `\users\%user%\downloads\x.exe`},
		{"2", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`, `\windows\system32\cmd.exe`},
		{"2", `%windir%\explorer.exe`, `\windows\explorer.exe`},

		// 3: fixed 8.3 names, others stay.
		{"3", `C:\PROGRA~1\7-Zip\7z.exe`, `\program files\7-zip\7z.exe`},
		{"3", `C:\PROGRA~2\COMMON~1\x.exe`, `\program files (x86)\common files\x.exe`},
		{"3", `C:\PROGRA~3\x.exe`, `\programdata\x.exe`},
		{"3", `C:\DOCUME~1\bob\LOCALS~1\Temp\x.exe`, `\documents and settings\%user%\local settings\temp\x.exe`},
		{"3", `C:\DOCUME~1\bob\APPLIC~1\x.exe`, `\documents and settings\%user%\application data\x.exe`},
		{"3", `\windows\servic~1\networ~1\x.exe`, `\windows\serviceprofiles\networkservice\x.exe`},
		{"3", `\windows\servic~1\locals~1\x.exe`, `\windows\serviceprofiles\localservice\x.exe`},
		{"3", `C:\Windows\Sysnative\cmd.exe`, `\windows\system32\cmd.exe`},
		{"3", `C:\Tools\EVILTO~1\x.exe`, `\tools\evilto~1\x.exe`},

		// 4: profiles.
		{"4", `C:\Users\田中\x.exe`, `\users\%user%\x.exe`},
		{"4", `C:\Users\Public\svchost.exe`, `\users\public\svchost.exe`},
		{"4", `C:\Documents and Settings\All Users\x.exe`, `\documents and settings\all users\x.exe`},
		{"4", `C:\Documents and Settings\bob\x.exe`, `\documents and settings\%user%\x.exe`},
		{"4", `C:\Users\x.exe`, `\users\x.exe`},
		{"4", `C:\Windows\System32\config\systemprofile\AppData\x.exe`, `\windows\system32\config\systemprofile\appdata\x.exe`},
		{"4", `C:\Windows.old\Users\mira\x.exe`, `\windows.old\users\%user%\x.exe`},
		{"4", `C:\Backup\Users\mira\x.exe`, `\backup\users\mira\x.exe`},

		// 5: packages. A hexadecimal publisher is no random name.
		{"5", `C:\Program Files\WindowsApps\Microsoft.WindowsStore_11802.1001.11.0_x64__8wekyb3d8bbwe\WinStore.App.exe`,
			`\program files\windowsapps\microsoft.windowsstore_8wekyb3d8bbwe\winstore.app.exe`},
		{"5", `C:\Program Files\WindowsApps\E046963F.LenovoCompanion_10.2.1.0_x64__k1h2ywk1493x8\a.exe`,
			`\program files\windowsapps\e046963f.lenovocompanion_k1h2ywk1493x8\a.exe`},
		{"5", `C:\Windows\SystemApps\Microsoft.Windows.Search_cw5n1h2txyewy\SearchApp.exe`,
			`\windows\systemapps\microsoft.windows.search_cw5n1h2txyewy\searchapp.exe`},

		// 6: the component store.
		{"6", `C:\Windows\WinSxS\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_10.0.19041.3745_none_7de2b9da7c8ac1b5\TiWorker.exe`,
			`\windows\winsxs\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_{v}_none_{hex}\tiworker.exe`},

		// 7: folders of installers, anywhere.
		{"7", `C:\Program Files\gum2AAB.tmp\x.exe`, `\program files\{tmp}\x.exe`},
		{"7", `C:\Data\EU6AB7.tmp\x.exe`, `\data\{tmp}\x.exe`},
		{"7", `C:\Data\edgemitmp_5bb57.tmp\x.exe`, `\data\{tmp}\x.exe`},
		{"7", `C:\Data\CR_2A516.tmp\setup.exe`, `\data\{tmp}\setup.exe`},

		// 8: made-up places.
		{"8", `C:\Users\a\AppData\Local\Temp\7zS44AE4707\setup.exe`, `\users\%user%\appdata\local\temp\{tmp}\setup.exe`},
		{"8", `C:\Windows\Temp\nsx1A2B.tmp\x.dll`, `\windows\temp\{tmp}\x.dll`},
		{"8", `C:\Windows\Temp\_MEI12345\x.dll`, `\windows\temp\{tmp}\x.dll`},
		{"8", `C:\Windows\Temp\onefile_123_456\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\Rar$EXa0.123\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\RarSFX0\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\wz3f2a\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\_ir_ext_temp_0\x.exe`, `\windows\temp\_ir_ext_temp_0\x.exe`},
		{"8", `C:\Windows\Temp\ir_ext_temp_0\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\pftA2~tmp.tmp\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\3F2A1B~1\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\A1B2.tmp\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\MSI12AB.tmp\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\q0fpkblf.zcr\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\Windows\Temp\firstone.app\x.exe`, `\windows\temp\firstone.app\x.exe`},
		{"8", `C:\Windows\Temp\12345\x.exe`, `\windows\temp\{tmp}\x.exe`},
		{"8", `C:\ProgramData\Package Cache\{5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f}v14.29.30133\x.exe`,
			`\programdata\package cache\{guid}v{v}\x.exe`},
		{"8", `C:\ProgramData\Package Cache\{5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f}\vc_redist.x64.exe`,
			`\programdata\package cache\{tmp}\vc_redist.x64.exe`},
		{"8", `C:\Users\a\AppData\Local\Microsoft\Windows\INetCache\IE\Q1W2E3R4\setup[1].exe`,
			`\users\%user%\appdata\local\microsoft\windows\inetcache\ie\{tmp}\setup.exe`},
		{"8", `C:\Users\a\AppData\Local\Temp\Temp1_kit.zip\x.exe`, `\users\%user%\appdata\local\temp\kit.zip\x.exe`},
		{"8", `C:\tmp\p.exe`, `\tmp\p.exe`},
		// A rule for random names made {tmp}.exe of these.
		{"8", `C:\Windows\Temp\autoruns.exe`, `\windows\temp\autoruns.exe`},
		{"8", `C:\Windows\Temp\bginfo64.exe`, `\windows\temp\bginfo64.exe`},
		{"8", `C:\Windows\Temp\5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f\dismhost.exe`, `\windows\temp\{tmp}\dismhost.exe`},

		// 9: .NET is two products.
		{"9", `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe`, `\windows\microsoft.net\framework64\v4.0.30319\csc.exe`},
		{"9", `C:\Windows\Microsoft.NET\Framework\v2.0.50727\csc.exe`, `\windows\microsoft.net\framework\v2.0.50727\csc.exe`},

		// 10: folders.
		{"10", `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.2201.10-0\MsMpEng.exe`,
			`\programdata\microsoft\windows defender\platform\{v}\msmpeng.exe`},
		{"10", `C:\App\{5F0C6D1E-3B7A-4C52-9E86-0A1B2C3D4E5F}\x.exe`, `\app\{guid}\x.exe`},
		{"10", `C:\App\5f0c6d1e_3b7a_4c52_9e86_0a1b2c3d4e5f\x.exe`, `\app\{guid}\x.exe`},
		{"10", `C:\App\S-1-5-21-1-2-3-1001\x.exe`, `\app\{sid}\x.exe`},
		{"10", `C:\App\dataS-1-15-2-1-2-3x\x.exe`, `\app\data{sid}x\x.exe`},
		{"10", `C:\App\S-1-5-18\x.exe`, `\app\s-1-5-18\x.exe`},
		{"10", `C:\App\1d7f2a3b4c5d6e7\x.exe`, `\app\{time}\x.exe`},
		{"10", `C:\App\jre1.8.0_311\bin\java.exe`, `\app\jre{v}\bin\java.exe`},
		{"10", `C:\App\lib1.8.0_64\java.exe`, `\app\lib{v}_64\java.exe`},
		{"10", `C:\App\x64_1.8.0\java.exe`, `\app\x64_{v}\java.exe`},
		{"10", `C:\App\app-1.2.3_4.5.6\x.exe`, `\app\app-{v}\x.exe`},
		{"10", `C:\App\v2.1\x.exe`, `\app\{v}\x.exe`},
		{"10", `C:\App\Tool 4.2\x.exe`, `\app\tool {v}\x.exe`},
		{"10", `C:\App\tool_4.2\x.exe`, `\app\tool_{v}\x.exe`},
		{"10", `C:\App\a1b2c3d4\x.exe`, `\app\{hex}\x.exe`},
		{"10", `C:\App\deadbeef\x.exe`, `\app\deadbeef\x.exe`},
		{"10", `C:\App\abcdefabcdefabcd\x.exe`, `\app\{hex}\x.exe`},
		{"10", `C:\App\kb890830\x.exe`, `\app\kb890830\x.exe`},
		{"10", `C:\App\job-20260306\x.exe`, `\app\job-{n}\x.exe`},
		{"10", `C:\Python27\python.exe`, `\python27\python.exe`},
		{"10", `C:\Program Files\Snagit 2022\s.exe`, `\program files\snagit 2022\s.exe`},

		// 11: file names keep what an intruder chose.
		{"11", `C:\Users\a\Downloads\Setup (2).exe`, `\users\%user%\downloads\setup.exe`},
		{"11", `C:\Users\a\Downloads\Setup - Copy (3).exe`, `\users\%user%\downloads\setup.exe`},
		{"11", `C:\Windows\Temp\mpam-c58d9a7.exe`, `\windows\temp\mpam-{hex}.exe`},
		{"11", `C:\ProgramData\mpam-c58d9a7.exe`, `\programdata\mpam-c58d9a7.exe`},
		{"11", `C:\ProgramData\a1b2c3d4.exe`, `\programdata\a1b2c3d4.exe`},
		{"11", `C:\Windows\Temp\a1b2c3d4.exe`, `\windows\temp\{hex}.exe`},
		{"11", `C:\Users\a\Downloads\git-2.30.1-32-bit.exe`, `\users\%user%\downloads\git-{v}-32-bit.exe`},
		{"11", `C:\Users\a\Downloads\tool v1.2.exe`, `\users\%user%\downloads\tool {v}.exe`},
		{"11", `C:\Sublime\plugin_host-3.3.exe`, `\sublime\plugin_host-3.3.exe`},
		{"11", `C:\Sublime\plugin_host-3.8.exe`, `\sublime\plugin_host-3.8.exe`},
		{"11", `C:\Windows\kb890830.exe`, `\windows\kb890830.exe`},
		{"11", `C:\Windows\890830.exe`, `\windows\890830.exe`},
		{"11", `C:\$Recycle.Bin\S-1-5-21-1-2-3-1001\$RA1B2C3.exe`, `\$recycle.bin\{sid}\$r{tmp}.exe`},
		{"11", `C:\$Recycle.Bin\S-1-5-21-1-2-3-1001\$RA1B2C3\x.exe`, `\$recycle.bin\{sid}\$r{tmp}\x.exe`},
		{"11", `C:\Windows\Temp\MSI1A2B.tmp`, `\windows\temp\{tmp}`},

		// 12: what stays apart.
		{"12", `C:\Windows\SysWOW64\cmd.exe`, `\windows\syswow64\cmd.exe`},
		{"12", `C:\Program Files (x86)\x64\a.exe`, `\program files (x86)\x64\a.exe`},

		{"bare", `svchost.exe`, `svchost.exe`},
		{"bare", ``, ``},
		{"bare", `\`, `\`},
	} {
		got := Path(c.path)
		if got != c.want {
			t.Errorf("rule %s: Path(%q)\n got %s\nwant %s", c.rule, c.path, got, c.want)
		}
		if again := Path(got); again != got {
			t.Errorf("rule %s: Path(%q) is %q, which becomes %q", c.rule, c.path, got, again)
		}
	}
}

func TestCommand(t *testing.T) {
	long := strings.Repeat("a ", 400)
	for _, c := range []struct{ image, args, want string }{
		{`C:\Windows\System32\rundll32.exe`, `C:\Users\mira\x.dll,Start`, `\windows\system32\rundll32.exe \users\%user%\x.dll,start`},
		{`C:\a.exe`, `-o=C:\Users\mira\out.txt /t:"C:\Program Files\b c.txt" 1.2.3`,
			`\a.exe -o=\users\%user%\out.txt /t:\program files\b c.txt {v}`},
		{`C:\a.exe`, `10.0.0.5 999.1.1.1 --id 20260306123456`, `\a.exe 10.0.0.5 {v} --id {n}`},
		{`C:\Windows\System32\dllhost.exe`, `/Processid:{5F0C6D1E-3B7A-4C52-9E86-0A1B2C3D4E5F}`,
			`\windows\system32\dllhost.exe /processid:{5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f}`},
		{`C:\a.exe`, ``, `\a.exe`},
		{``, ``, ``},
	} {
		if got := Command(c.image, c.args); got != c.want {
			t.Errorf("Command(%q, %q)\n got %s\nwant %s", c.image, c.args, got, c.want)
		}
	}
	a, b := Command("x.exe", long+"1"), Command("x.exe", long+"2")
	if a == b || len(a) != keepHead+len(ellipsis)+16 || !strings.Contains(a, ellipsis) {
		t.Errorf("long commands: %d bytes %q, %q", len(a), a, b)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ what, got, want string }{
		{"name", Name(`C:\Users\mira\Setup (2).exe`), "setup.exe"},
		{"service", Service("CDPUserSvc_4f2a1", 0xe0), "cdpusersvc_{luid}"},
		{"service", Service("My_Cafe", 0x10), "my_cafe"},
		{"service", Service("{5F0C6D1E-3B7A-4C52-9E86-0A1B2C3D4E5F}", 0x10), "{guid}"},
		{"service", Service("GoogleChromeElevationService130.0.6723.92", 0x10), "googlechromeelevationservice{v}"},
		{"task", Task(`\GoogleUpdateTaskMachineCore1d7f2a3b4c5d6e7`), `\googleupdatetaskmachinecore{time}`},
		{"task", Task(`/Microsoft/Windows/X S-1-5-21-1-2-3-1001`), `\microsoft\windows\x {sid}`},
		{"task", Task(`\falcon sync`), `\falcon sync`},
		{"origin", Origin("HTTPS://user:pw@Example.COM:8443/a?b"), "example.com"},
		{"origin", Origin("http://[2001:DB8::1]:80/x"), "2001:db8::1"},
		{"origin", Origin("198.51.100.20:8080"), "198.51.100.20"},
		{"origin", Origin("example.com."), "example.com"},
		{"origin", Origin(`\\FALCON-SRV\c$\x`), "falcon-srv"},
		{"origin", Origin("file:///C:/Users/x"), ""},
		{"origin", Origin("file://falcon-srv/share/x"), "falcon-srv"},
		{"origin", Origin("about:internet"), ""},
		{"origin", Origin(""), ""},
		{"device", Device("0123456789ABC&0"), "0123456789abc"},
		{"account", Account("KESTREL-PC", "Daniel", "Kestrel-PC"), `.\daniel`},
		{"account", Account("CORP", "Daniel", "KESTREL-PC"), `corp\daniel`},
		{"account", Account("", `CORP\Daniel`, "KESTREL-PC"), `corp\daniel`},
		{"account", Account("CORP", "KESTREL-PC$", "KESTREL-PC"), `corp\%machine%$`},
		{"subject", Subject("discovery at 2022-03-10 20:26"), "discovery"},
		{"subject", Subject("mass change 2022-03-10T20:26:01Z of files"), "mass change of files"},
		{"subject", Subject(`C:\Users\Mira\x (2).exe`), `\users\%user%\x.exe`},
		{"subject", Subject(`task \falcon sync`), `task \falcon sync`},
		{"subject", Subject(`Defender exclusion C:\Users\mira\a`), `defender exclusion \users\%user%\a`},
		{"subject", Subject(`share \\FALCON-SRV\c$`), `share \\falcon-srv\c$`},
		{"subject", Subject(`event log Security`), `event log security`},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
}

// FuzzPath looks for panics, for keys that change when they are normalised
// again, and for what no key may hold.
func FuzzPath(f *testing.F) {
	for _, s := range []string{
		`C:\Users\mira\AppData\Local\Temp\is-A1B2C.tmp\x (2).exe`, `\Device\Mup\10.0.0.5\admin$\P.EXE`, `\??\UNC\a\b\c`, `%TEMP%\..\x`,
		`{5E6C858F-0E22-4760-9AFE-EA3317B67173}\x`, `\windows\winsxs\a_b_31bf3856ad364e35_10.0.1_none_7de2b9da7c8ac1b5\x.exe`,
		`C:\$Recycle.Bin\S-1-5-21-1-2-3-1001\$RA1B2C3.exe`, "\\\\?\\\xff\x00", strings.Repeat(`\a1b2c3d4`, 80), `SYSVOL\a\..\..\b`, `c:d:e:\x`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := Path(s)
		if again := Path(key); again != key {
			t.Errorf("Path(%q) is %q, which becomes %q", s, key, again)
		}
		if len(key) > maxKey {
			t.Errorf("Path(%q) has %d bytes", s, len(key))
		}
		_, rest := server(key)
		if !strings.Contains(key, ellipsis) && (guid.MatchString(rest) && !strings.Contains(rest, "winsxs") && !strings.Contains(rest, "apps") &&
			!strings.Contains(rest, "framework") || sid.MatchString(rest) && !strings.Contains(rest, "apps") && !strings.Contains(rest, "framework")) {
			t.Errorf("Path(%q) is %q, with an identifier", s, key)
		}
	})
}

// FuzzKeys looks for panics in the keys that are not of paths.
func FuzzKeys(f *testing.F) {
	f.Add(`C:\x.exe`, `-a=C:\b "c d" {5F0C6D1E-3B7A-4C52-9E86-0A1B2C3D4E5F}`)
	f.Add("http://a@b:c/d", "S-1-5-21-1-2-3-4_1a2b")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, key := range []string{Command(a, b), Service(a, 0x80), Task(a), Origin(a), Device(a), Account(a, b, "x"), Text(a), Subject(a)} {
			if len(key) > maxKey {
				t.Errorf("a key of %d bytes of %q, %q", len(key), a, b)
			}
		}
		if task := Task(a); Task(task) != task {
			t.Errorf("Task(%q) is %q, which becomes %q", a, task, Task(task))
		}
		if o := Origin(a); o != "" && Origin(o) != o {
			t.Errorf("Origin(%q) is %q, which becomes %q", a, o, Origin(o))
		}
	})
}
