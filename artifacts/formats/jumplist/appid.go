package jumplist

import (
	"fmt"
	"hash/crc64"
	"strings"
	"sync"
	"unicode/utf16"
)

// table is of the reflected polynomial 0x92C64265D32139A4.
var table = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(0x92C64265D32139A4) })

// AppID returns the 16 hexadecimal digits that name the lists of a program. It
// is a CRC-64 of the program's AppUserModelID or, when it has none, of its
// path, in upper case and UTF-16. In a path the known folder is its GUID: see
// [Names].
func AppID(name string) string {
	u := utf16.Encode([]rune(strings.ToUpper(name)))
	b := make([]byte, 0, 2*len(u))
	for _, c := range u {
		b = le.AppendUint16(b, c)
	}
	// The standard library inverts before and after; here nothing is inverted
	// at the end.
	return fmt.Sprintf("%016x", ^crc64.Update(0, table(), b))
}

// folders are the known folders that programs lie in, longest first where one
// is in another. (KNOWNFOLDERID)
var folders = []struct{ path, guid string }{
	{`\Windows\System32`, "{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}"},
	{`\Windows\SysWOW64`, "{D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27}"},
	{`\Windows\System32`, "{D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27}"},
	{`\Windows`, "{F38BF404-1D43-42F2-9305-67DE0B28FC23}"},
	{`\Program Files\Common Files`, "{6365D5A7-0F0D-45E5-87F6-0DA56B6A4F7D}"},
	{`\Program Files\Common Files`, "{F7F1ED05-9F6D-47A2-AAAE-29D317C6F066}"},
	{`\Program Files (x86)\Common Files`, "{DE974D24-D9C6-4D3E-BF91-F4455120B917}"},
	{`\Program Files`, "{6D809377-6AF0-444B-8957-A3773F02200E}"},
	{`\Program Files`, "{905E63B6-C1BF-494E-B29C-65B732D3D21A}"},
	{`\Program Files (x86)`, "{7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E}"},
	{`\ProgramData`, "{62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}"},
	{`\Users\*\AppData\Local`, "{F1B32785-6FBA-4FCF-9D55-7B8E7F157091}"},
	{`\Users\*\AppData\Roaming`, "{3EB685DB-65F9-4CF6-A03A-E3EF65729F3D}"},
	{`\Users\*\Desktop`, "{B4BFCC3A-DB2C-424C-B029-7FE99A87C641}"},
	{`\Users\*\Downloads`, "{374DE290-123F-4565-9164-39C4925E467B}"},
	{`\Users\*`, "{5E6C858F-0E22-4760-9AFE-EA3317B67173}"},
}

// Names returns what a path may have been hashed as: itself, and with each
// known folder that it lies in as a GUID.
func Names(path string) []string {
	out := []string{path}
	if len(path) < 3 || path[1] != ':' {
		return out
	}
	for _, f := range folders {
		if rest, ok := below(path[2:], f.path); ok {
			out = append(out, f.guid+rest)
		}
	}
	return out
}

// below reports whether a path lies below a folder, in which a star is one
// name, and returns the rest of it.
func below(path, folder string) (rest string, ok bool) {
	for part := range strings.SplitSeq(folder[1:], `\`) {
		if !strings.HasPrefix(path, `\`) {
			return "", false
		}
		path = path[1:]
		n := strings.IndexByte(path, '\\')
		if n < 0 || part != "*" && !strings.EqualFold(path[:n], part) {
			return "", false
		}
		path = path[n:]
	}
	return path, true
}

// A Program is one that a list can be of.
type Program struct {
	Name string // for people
	ID   string // AppUserModelID, or path with the GUID of its folder
}

// quickAccess is the list of Explorer's quick access. What it is a hash of is
// not known.
const quickAccess = "5f7b5f1e01b83767"

// programs are well-known ones. Those of a machine are better taken from its
// own traces.
var programs = []Program{
	{"Windows Explorer", "Microsoft.Windows.Explorer"},
	{"Windows Explorer", `{F38BF404-1D43-42F2-9305-67DE0B28FC23}\explorer.exe`},
	{"Control Panel", "Microsoft.Windows.ControlPanel"},
	{"Settings", "windows.immersivecontrolpanel_cw5n1h2txyewy!microsoft.windows.immersivecontrolpanel"},
	{"Remote Desktop Connection", "Microsoft.Windows.RemoteDesktop"},
	{"Internet Explorer", "Microsoft.InternetExplorer.Default"},
	{"Microsoft Edge", "MSEdge"},
	{"Microsoft Edge (legacy)", "Microsoft.MicrosoftEdge_8wekyb3d8bbwe!MicrosoftEdge"},
	{"Google Chrome", "Chrome"},
	{"Firefox", "308046B0AF4A39CB"},
	{"Xbox Game Bar", "Microsoft.XboxGamingOverlay_8wekyb3d8bbwe!App"},
	{"Photos", "Microsoft.Windows.Photos_8wekyb3d8bbwe!App"},
	{"Windows Terminal", "Microsoft.WindowsTerminal_8wekyb3d8bbwe!App"},
	{"Notepad (packaged)", "Microsoft.WindowsNotepad_8wekyb3d8bbwe!App"},
	{"Notepad", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\notepad.exe`},
	{"Paint", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\mspaint.exe`},
	{"Command Prompt", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`},
	{"Windows PowerShell", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe`},
	{"Windows PowerShell ISE", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\PowerShell_ISE.exe`},
	{"WordPad", `{6D809377-6AF0-444B-8957-A3773F02200E}\Windows NT\Accessories\WORDPAD.EXE`},
	{"Microsoft Management Console", `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\mmc.exe`},
	{"Windows Media Player", "Microsoft.Windows.MediaPlayer32"},
	{"Word", "Microsoft.Office.WINWORD.EXE.15"},
	{"Excel", "Microsoft.Office.EXCEL.EXE.15"},
	{"PowerPoint", "Microsoft.Office.POWERPNT.EXE.15"},
	{"Outlook", "Microsoft.Office.OUTLOOK.EXE.15"},
	{"7-Zip", `{6D809377-6AF0-444B-8957-A3773F02200E}\7-Zip\7zFM.exe`},
	{"WinRAR", `{6D809377-6AF0-444B-8957-A3773F02200E}\WinRAR\WinRAR.exe`},
	{"Notepad++", `{6D809377-6AF0-444B-8957-A3773F02200E}\Notepad++\notepad++.exe`},
}

var byID = sync.OnceValue(func() map[string]Program {
	m := map[string]Program{quickAccess: {Name: "Quick access"}}
	for _, p := range programs {
		m[AppID(p.ID)] = p
	}
	return m
})

// Known returns the well-known program whose lists have an id.
func Known(id string) (p Program, ok bool) {
	p, ok = byID()[strings.ToLower(id)]
	return p, ok
}
