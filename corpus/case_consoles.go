package corpus

import "strings"

// psHistoryCase writes what mira typed into PowerShell, the last command over two lines.
func psHistoryCase(m *Machine) {
	lines := []string{"Get-Date", `cd C:\Users\mira\Documents`, "Get-ChildItem *.txt |`", "  Sort-Object Length"}
	m.File("Users/mira/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt",
		[]byte(strings.Join(lines, "\n")+"\n"))
}

// psTranscriptsCase writes one session of mira's, as Start-Transcript does; its times are those of Tokyo.
func psTranscriptsCase(m *Machine) {
	lines := []string{
		"**********************",
		"Windows PowerShell transcript start",
		"Start time: 20260304101502",
		`Username: KESTREL-PC\mira`,
		`RunAs User: KESTREL-PC\mira`,
		"Configuration Name: ",
		"Machine: KESTREL-PC (Microsoft Windows NT 10.0.19045.0)",
		`Host Application: C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`,
		"Process ID: 7104",
		"PSVersion: 5.1.19041.5247",
		"**********************",
		`PS C:\Users\mira> Get-Date`,
		"Wednesday, March 4, 2026 10:15:09",
		`PS C:\Users\mira> Stop-Transcript`,
		"**********************",
		"Windows PowerShell transcript end",
		"End time: 20260304101511",
		"**********************",
	}
	m.File("Users/mira/Documents/20260304/PowerShell_transcript.KESTREL-PC.aB3dE5fG.20260304101502.txt",
		[]byte("\ufeff"+strings.Join(lines, "\r\n")+"\r\n"))
}
