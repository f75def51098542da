package corpus

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// Logs and tables that need no database.

// webLogsCase: a visitor of the test server, and somebody who sent data to a page that nobody wrote.
func webLogsCase(m *Machine) {
	at := IntrusionStart.Add(-20 * time.Minute)
	lines := []string{
		"#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0", "#Date: " + at.Format(time.DateTime),
		"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
		at.Format(time.DateTime) + " 192.0.2.23 GET /index.html - 80 - 192.0.2.40 Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 3",
		at.Add(time.Minute).Format(time.DateTime) + " 192.0.2.23 GET /index.html id=1+UNION+SELECT+1 80 - " + Intruder +
			" sqlmap/1.7 - 404 0 2 1",
		at.Add(2*time.Minute).Format(time.DateTime) + " 192.0.2.23 POST /uploads/x.aspx cmd=whoami 80 - " + Intruder +
			" Mozilla/5.0 - 200 0 0 118",
	}
	m.File("inetpub/logs/LogFiles/W3SVC1/u_ex260306.log", []byte(strings.Join(lines, "\r\n")+"\r\n"))
}

// clrUsageCase: rundll32 loaded .NET for daniel.
func clrUsageCase(m *Machine) {
	m.File("Users/"+Daniel+"/AppData/Local/Microsoft/CLR_v4.0/UsageLogs/rundll32.exe.log", []byte("1,\"fusion\",\"GAC\",0\r\n"))
}

// startupInfoCase: the log-on of daniel on Sunday starts the implant.
func startupInfoCase(m *Machine) {
	clock := func(t time.Time) string { return t.Format("2006/01/02:15:04:05.0000000") }
	process := func(name, line string, pid int, start time.Time) string {
		return fmt.Sprintf("<Process Name=\"%s\" PID=\"%d\" StartedInTraceSec=\"%.3f\"><StartTime>%s</StartTime><CommandLine><![CDATA[%s]]></CommandLine>"+
			"<DiskUsage Units=\"bytes\">1048576</DiskUsage><CpuUsage Units=\"us\">203125</CpuUsage><ParentPID>4312</ParentPID><ParentStartTime>%s</ParentStartTime>"+
			"<ParentName>explorer.exe</ParentName></Process>\r\n", name, pid, start.Sub(LastLogon).Seconds(), clock(start), line,
			clock(LastLogon.Add(2*time.Second)))
	}
	text := "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<StartupData>\r\n" +
		process(Implant, `"`+Implant+`" -k netsvcs`, 6120, utc(2026, 3, 7, 23, 52, 41, 0)) +
		process(`C:\Windows\System32\SecurityHealthSystray.exe`, `"C:\Windows\System32\SecurityHealthSystray.exe"`, 6144,
			utc(2026, 3, 7, 23, 52, 43, 0)) +
		"</StartupData>\r\n"
	m.File("Windows/System32/WDI/LogFiles/StartupInfo/"+DanielSID+"_StartupInfo1.xml", append([]byte{0xFF, 0xFE}, regf.UTF16(text)...))
}

// citCase: a table of an older Windows 10, which knows the scanner of the intruder.
func citCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\Windows NT\CurrentVersion\AppCompatFlags\CIT\System`).At(CleanupTime).
		Set("20260302000000", regf.Binary(citValue(WeekStart, Scanner, "nbtscan 192.0.2.0/24", 4*24+17)))
}

// citValue is a week with one program that ran in one hour: a header of 92 bytes, texts, a bitmap of 168 bits, lists
// that point to them, all in one chunk that LZNT1 stores uncompressed.
func citValue(week time.Time, path, command string, hour int) []byte {
	le := binary.LittleEndian
	b := make([]byte, 92)
	le.PutUint16(b, 10)
	for _, off := range []int{8, 48, 56} {
		le.PutUint64(b[off:], regf.FILETIME(week))
	}
	le.PutUint32(b[64:], 604800)
	le.PutUint32(b[68:], 3600)
	add := func(list ...uint32) uint32 {
		at := uint32(len(b))
		for _, n := range list {
			b = le.AppendUint32(b, n)
		}
		return at
	}
	text := func(s string) (at, size uint32) {
		u := regf.UTF16(s)
		at = uint32(len(b))
		b = append(b, u...)
		return at, uint32(len(u) / 2)
	}
	p, pn := text(path)
	c, cn := text(command)
	bits := uint32(len(b))
	b = append(b, make([]byte, 21)...)
	b[int(bits)+hour/8] |= 1 << (hour % 8)
	list := add(bits, 21)
	use := add(list, 8, 0, 0, 0, 0)
	program := add(p, pn, c, cn, uint32(WeekStart.Unix()), 77, 0)
	entries := add(program, use, 28, 24)
	le.PutUint32(b[24:], 1)
	le.PutUint32(b[28:], entries)
	le.PutUint32(b[4:], uint32(len(b)))
	le.PutUint32(b[16:], crc32.Update(crc32.ChecksumIEEE(b[:16]), crc32.IEEETable, b[20:]))
	chunk := append(le.AppendUint16(nil, 0x3000|uint16(len(b)-1)), b...)
	out := le.AppendUint32(le.AppendUint32(nil, uint32(len(chunk))), uint32(len(b)))
	return append(out, chunk...)
}

// appxDebugCase: the debugger of a developer for an app of mira's.
func appxDebugCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Windows\CurrentVersion\PackagedAppXDebug\Plover.Notes_1.2.0.0_x64__8wekyb3d8bbwe`).
		At(utc(2026, 2, 11, 5, 0, 2, 0)).Set("", regf.String(`"C:\Program Files\Plover\debug.exe" -p`))
}
