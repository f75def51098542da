package corpus

import (
	"strings"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// remoteToolsCase writes a session with the office's help desk, half a year before.
func remoteToolsCase(m *Machine) {
	const line = "1204558833\tHelp desk\t02-09-2025 05:10:33\t02-09-2025 05:21:52\tmira\tRemoteControl\t{8F0D6C51-3E2B-4A7C-9B10-5D2E61F4A733}\r\n"
	m.File("Program Files/TeamViewer/Connections_incoming.txt", []byte("\r\n"+line))
}

// openSSHCase writes the hosts that mira's client knows.
func openSSHCase(m *Machine) {
	key := "AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER"
	m.File("Users/mira/.ssh/known_hosts", []byte("git.kestrel.example,192.0.2.60 ssh-ed25519 "+key+"\n"))
}

// rdpCacheCase writes two pieces of a screen of daniel's session to the neighbor.
func rdpCacheCase(m *Machine) {
	b := append([]byte("RDP8bmp\x00"), 6, 0, 0, 0)
	for i, n := range []int{64, 16} {
		b = append(b, byte(i), 1, 2, 3, 4, 5, 6, 7, byte(n), 0, byte(n), 0)
		for p := range n * n {
			b = append(b, byte(p), byte(64*i), 0x80, 0)
		}
	}
	m.File("Users/daniel/AppData/Local/Microsoft/Terminal Server Client/Cache/Cache0000.bin", b)
}

// setupAPICase writes two sections of the log of devices, in the time of Tokyo: daniel's stick, and a printer's driver.
func setupAPICase(m *Machine) {
	lines := []string{
		"[Device Install Log]", "     OS Version = 10.0.19045", "", "[BeginLog]", "", "[Boot Session: 2026/03/02 08:51:10.500]", "",
		`>>>  [Device Install (Hardware initiated) - USBSTOR\Disk&Ven_Kingfish&Prod_Stick&Rev_1.00\AB12CD34&0]`,
		">>>  Section start 2026/03/02 09:14:03.117",
		`     dvi: Set selected driver complete.`,
		"<<<  Section end 2026/03/02 09:14:03.402", "<<<  [Exit status: SUCCESS]", "", "",
		`>>>  [Setup Import Driver Package - C:\Windows\system32\spool\tools\pdf\prnms009.inf]`,
		">>>  Section start 2026/03/02 09:20:49.867",
		`      cmd: C:\Windows\System32\spoolsv.exe`,
		"     inf: Provider: Microsoft",
		"<<<  Section end 2026/03/02 09:20:50.001", "<<<  [Exit status: SUCCESS]", "",
	}
	m.File("Windows/INF/setupapi.dev.log", []byte(strings.Join(lines, "\r\n")))
}

// groupPolicyCase writes a registry value of the local policy, and a drive of the company's.
func groupPolicyCase(m *Machine) {
	b := append([]byte("PReg"), 1, 0, 0, 0)
	b = append(b, regf.UTF16("[Software\\Policies\\Microsoft\\Windows\\System\x00;EnableSmartScreen\x00;")...)
	b = append(le.AppendUint32(b, 4), regf.UTF16(";")...)
	b = append(le.AppendUint32(b, 4), regf.UTF16(";")...)
	b = append(le.AppendUint32(b, 1), regf.UTF16("]")...)
	m.File("Windows/System32/GroupPolicy/Machine/Registry.pol", b)
	const drives = `<?xml version="1.0" encoding="utf-8"?>` + "\r\n" +
		`<Drives clsid="{8FDDCC1A-0C3C-43cd-A6B4-71A6DF20DA8C}"><Drive clsid="{935D1B74-9CB8-4e3c-9914-7DD559B7A417}" name="R:" status="R:" image="2" ` +
		`changed="2025-01-14 03:22:10" uid="{6E1B0E3C-1B0C-4A8D-8E0F-5E2D10A47B11}"><Properties action="U" thisDrive="NOCHANGE" allDrives="NOCHANGE" userName="" ` +
		`path="\\falcon-srv\reports" label="" persistent="1" useLetter="1" letter="R"/></Drive></Drives>`
	m.File("ProgramData/Microsoft/Group Policy/History/{3C0F5A6E-9D7B-4B12-8F55-2C1E0D9A7745}/User/Preferences/Drives/Drives.xml",
		[]byte(drives))
}
