package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

const currentVersion = `Microsoft\Windows\CurrentVersion\`

// runKeysCase writes the entries that programs of the machine left in the lists beside the users' Run keys, and what
// users switched off.
func runKeysCase(m *Machine) {
	root := m.Hive(softwareHive)
	root.Sub(`WOW6432Node\`+currentVersion+`Run`).At(utc(2025, 2, 3, 1, 12, 40, 2207764)).
		Set("PdfPrinterHelper", regf.String(`C:\Program Files (x86)\Plover PDF\helper.exe -tray`))
	// An installer's second part that never ran, since nobody logged on as administrator of old.
	root.Sub(currentVersion+`RunOnceEx\0001`).At(utc(2025, 2, 3, 1, 12, 38, 5540129)).
		Set("", regf.String("Plover PDF")).Set("1", regf.String(`C:\Program Files (x86)\Plover PDF\setup.dll|Finish|/quiet`)).
		Set("2", regf.String(`||"C:\Program Files (x86)\Plover PDF\register.exe" /s`))
	m.Hive(ntuser(Mira)).Sub(`Software\`+currentVersion+`RunOnce`).At(utc(2026, 3, 5, 8, 44, 17, 6330912)).
		Set("!Delete Cached Update Binary", regf.String(`C:\Windows\system32\cmd.exe /q /c del /q "C:\Users\mira\AppData\Local\Microsoft\OneDrive\Update\OneDriveSetup.exe"`))
}

// startupApprovedCase writes what users switched on and off in the task manager.
func startupApprovedCase(m *Machine) {
	const approved = currentVersion + `Explorer\StartupApproved\`
	off := utc(2025, 5, 19, 4, 30, 52, 7719385)
	m.Hive(ntuser(Mira)).Sub(`Software\`+approved+`Run`).At(off).Set("OneDrive", regf.Binary(approval(3, off)))
	m.Hive(ntuser(Mira)).Sub(`Software\`+approved+`StartupFolder`).Set("Notes.lnk", regf.Binary(approval(2, time.Time{})))
	m.Hive(ntuser(Daniel)).Sub(`Software\`+approved+`Run`).At(utc(2025, 1, 24, 1, 20, 11, 4018837)).
		Set("MicrosoftEdgeAutoLaunch", regf.Binary(approval(2, time.Time{})))
	root := m.Hive(softwareHive)
	root.Sub(approved+`Run`).Set("SecurityHealth", regf.Binary(approval(6, time.Time{})))
	root.Sub(approved+`Run32`).At(off.Add(3*time.Second)).Set("PdfPrinterHelper", regf.Binary(approval(3, off.Add(3*time.Second))))
}

func approval(state uint32, off time.Time) []byte {
	b := binary.LittleEndian.AppendUint32(nil, state)
	if off.IsZero() {
		return append(b, make([]byte, 8)...)
	}
	return binary.LittleEndian.AppendUint64(b, regf.FILETIME(off))
}

// winlogonCase adds two of the policy extensions that every Windows has.
func winlogonCase(m *Machine) {
	ext := m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\Winlogon\GPExtensions`).At(Installed)
	ext.Sub("{42B5FAAE-6536-11d2-AE5A-0000F87571E3}").Set("", regf.String("Scripts")).Set("DllName",
		regf.Expand(`%SystemRoot%\System32\gpscript.dll`))
	ext.Sub("{25537BA6-77A8-11D2-9B6C-0000F8080861}").Set("", regf.String("Folder Redirection")).Set("DllName", regf.Expand(`fdeploy.dll`))
}

// windowsLoadCase writes the values that start programs as win.ini did, empty as they should be.
func windowsLoadCase(m *Machine) {
	for _, user := range []string{Mira, Daniel} {
		m.Hive(ntuser(user)).Sub(`Software\Microsoft\Windows NT\CurrentVersion\Windows`).
			Set("Device", regf.String("Microsoft Print to PDF,winspool,Ne01:")).Set("Load", regf.String("")).Set("Run", regf.String(""))
	}
}

// screensaverCase gives mira bubbles.
func screensaverCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Control Panel\Desktop`).At(utc(2025, 6, 2, 3, 8, 29, 1150348)).
		Set("SCRNSAVE.EXE", regf.String(`C:\Windows\system32\Bubbles.scr`)).Set("ScreenSaveActive", regf.String("1")).
		Set("ScreenSaveTimeOut", regf.String("600")).Set("ScreenSaverIsSecure", regf.String("1"))
}

// commandProcessorCase writes the settings of cmd.exe, and the code page that mira wants.
func commandProcessorCase(m *Machine) {
	const key = `Microsoft\Command Processor`
	m.Hive(softwareHive).Sub(key).Set("CompletionChar", regf.DWord(9)).Set("DefaultColor", regf.DWord(0)).
		Set("EnableExtensions", regf.DWord(1)).Set("PathCompletionChar", regf.DWord(9))
	m.Hive(ntuser(Mira)).Sub(`Software\`+key).At(utc(2025, 7, 11, 6, 2, 55, 9183301)).Set("AutoRun", regf.String("chcp 65001 >nul"))
}

// logonScriptsCase writes the local policy that connects everybody's network drive.
func logonScriptsCase(m *Machine) {
	at := utc(2024, 11, 21, 0, 40, 3, 6641907)
	ini := "\r\n[Logon]\r\n0CmdLine=drives.cmd\r\n0Parameters=K:\r\n"
	m.File("Windows/System32/GroupPolicy/User/Scripts/scripts.ini", append([]byte{0xFF, 0xFE}, regf.UTF16(ini)...))
	gpo := m.Hive(ntuser(Mira)).Sub(`Software\`+currentVersion+`Group Policy\Scripts\Logon\0`).At(at).
		Set("GPO-ID", regf.String("LocalGPO")).Set("DisplayName", regf.String("Local Group Policy")).
		Set("FileSysPath", regf.String(`C:\Windows\System32\GroupPolicy\User`))
	gpo.Sub("0").At(at).Set("Script", regf.String("drives.cmd")).Set("Parameters", regf.String("K:")).
		Set("ExecTime", regf.Binary(systemTime(utc(2026, 3, 6, 23, 49, 58, 0).Add(9*time.Hour))))
}

// systemTime is a SYSTEMTIME with the digits of t.
func systemTime(t time.Time) []byte {
	var b []byte
	for _, v := range []int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

const startup = "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/"

// startupFolderCase writes the startup folders: a shortcut of mira's, and the file that gives the folder its name.
func startupFolderCase(m *Machine) {
	ini := append([]byte{0xFF, 0xFE}, regf.UTF16("\r\n[.ShellClassInfo]\r\nLocalizedResourceName=@%SystemRoot%\\system32\\shell32.dll,-21787\r\n")...)
	m.File("Users/"+Mira+"/"+startup+"desktop.ini", ini)
	m.File("ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp/desktop.ini", ini)
	l := shelllink.Link{
		Target: `C:\Program Files\Heron Notes\notes.exe`, Serial: SystemSerial, Label: "Windows",
		Relative: `..\..\..\..\..\..\..\..\..\Program Files\Heron Notes\notes.exe`, WorkingDir: `C:\Program Files\Heron Notes`,
		Arguments: "--tray", Machine: "kestrel-pc",
		Created: utc(2025, 1, 9, 2, 14, 33, 3408812), Accessed: utc(2025, 1, 9, 2, 15, 1, 120044), Written: utc(2024, 12, 12, 9, 0, 26, 0),
		Size: 3_408_896, Show: 7,
	}
	// The tracker's file id counts from 1582 and holds the network address.
	l.Droids[1] = [16]byte{0x4B, 0x1F, 0x33, 0x90, 0x2E, 0xCE, 0xEF, 0x11, 0x9C, 0x4D, 0x02, 0x00, 0x5E, 0x10, 0x20, 0x30}
	l.Droids[3] = l.Droids[1]
	m.File("Users/"+Mira+"/"+startup+"Notes.lnk", l.Build())
}

// shellFoldersCase adds the folders around the startup folder.
func shellFoldersCase(m *Machine) {
	const menu = `\AppData\Roaming\Microsoft\Windows\Start Menu`
	for _, user := range []string{Mira, Daniel} {
		current := m.Hive(ntuser(user)).Sub(`Software\` + currentVersion + `Explorer`)
		current.Sub(`User Shell Folders`).Set("Start Menu", regf.Expand(`%USERPROFILE%`+menu)).Set("Programs",
			regf.Expand(`%USERPROFILE%`+menu+`\Programs`))
		current.Sub(`Shell Folders`).Set("Start Menu", regf.String(`C:\Users\`+user+menu)).Set("Programs",
			regf.String(`C:\Users\`+user+menu+`\Programs`))
	}
}
