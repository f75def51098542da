package winpath

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Command is a command line taken apart as far as its text allows.
type Command struct {
	Program   string // the file that is started, unquoted, as written
	Arguments string // what follows it
	Guessed   bool   // the end of an unquoted path with blanks had to be guessed
	Payload   string // what a host program runs: the DLL of rundll32, the script of wscript; "" when the program is the payload
	Decoded   string // the text of a PowerShell -EncodedCommand
}

// programs are the extensions that end a program's path in an unquoted
// command line.
var programs = []string{".exe", ".dll", ".com", ".bat", ".cmd", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".ps1", ".scr", ".pif", ".cpl",
	".sys", ".hta", ".msi"}

// ParseCommand finds the program in a command line. Windows resolves an
// unquoted path with blanks by trying each prefix that could be a file; exists
// (which may be nil) is asked the same question of the evidence. Without an
// answer, the shortest prefix that ends in a program's extension is taken and
// Guessed is set when the path held blanks. A name without folder and extension
// that an argument follows ("powershell -File C:\x.ps1") is the program: Windows
// tries it first, with .exe, in the folders of the search path.
func ParseCommand(line string, exists func(path string) bool) Command {
	var c Command
	c.Program, c.Arguments, c.Guessed = parse(line, exists)
	c.Payload, c.Decoded = peel(c.Program, c.Arguments)
	return c
}

// parse is ParseCommand without a look at the payload.
func parse(line string, exists func(path string) bool) (program, args string, guessed bool) {
	s := strings.TrimLeft(line, " \t")
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		program, args, _ = strings.Cut(rest, `"`)
		return program, strings.TrimSpace(args), false
	}
	return unquoted(s, exists)
}

func unquoted(s string, exists func(string) bool) (program, args string, guessed bool) {
	if name, rest, ok := bareName(s); ok {
		return name, rest, false
	}
	var best int
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != ' ' && s[i] != '\t' && s[i] != ',' {
			continue
		}
		prefix := s[:i]
		if prefix == "" || !endsInProgram(prefix) {
			continue
		}
		if exists == nil {
			return prefix, strings.TrimSpace(s[i:]), strings.ContainsAny(prefix, " \t")
		}
		if exists(prefix) {
			return prefix, strings.TrimSpace(s[i:]), false
		}
		if best == 0 {
			best = i
		}
	}
	if best > 0 {
		return s[:best], strings.TrimSpace(s[best:]), strings.ContainsAny(s[:best], " \t")
	}
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:]), false
	}
	return s, "", false
}

// bareName cuts a command line after a first word that cannot be the beginning
// of a path: it has neither folder nor extension, and either names a program that
// runs others or has a switch, a path or a quoted text after it.
func bareName(s string) (name, rest string, ok bool) {
	name, rest, _ = strings.Cut(s, " ")
	if before, after, tab := strings.Cut(name, "\t"); tab {
		name, rest = before, after+" "+rest
	}
	if rest = strings.TrimSpace(rest); name == "" || rest == "" || strings.ContainsAny(name, `\/:.,%"`) {
		return "", "", false
	}
	if runsOthers(strings.ToLower(name)) || strings.ContainsRune(`-/"\%`, rune(rest[0])) || len(rest) > 1 && rest[1] == ':' {
		return name, rest, true
	}
	return "", "", false
}

func endsInProgram(s string) bool {
	for _, ext := range programs {
		if len(s) > len(ext) && strings.EqualFold(s[len(s)-len(ext):], ext) {
			return true
		}
	}
	return false
}

// operandHosts run the file that their first argument that is not a switch names.
var operandHosts = []string{"regsvr32", "wscript", "cscript", "mshta", "msiexec", "installutil", "regasm", "regsvcs"}

// runsOthers reports whether peel knows a program, by its name without .exe.
func runsOthers(name string) bool {
	switch name {
	case "rundll32", "control", "odbcconf", "cmd", "powershell", "pwsh":
		return true
	}
	return slices.Contains(operandHosts, name)
}

// peel takes one level of a host program off.
func peel(program, args string) (payload, decoded string) {
	name := strings.TrimSuffix(strings.ToLower(Base(program)), ".exe")
	switch {
	case name == "rundll32":
		p, _, _ := strings.Cut(firstArg(args), ",")
		return p, ""
	case name == "control": // a file and the number of its page: x.cpl,@0
		p, _, _ := strings.Cut(firstOperand(args), ",")
		return p, ""
	case name == "odbcconf":
		return odbcPayload(args), ""
	case slices.Contains(operandHosts, name):
		return firstOperand(args), ""
	case name == "cmd":
		rest, ok := shellCommand(args)
		if !ok {
			return "", ""
		}
		// One level is peeled, however many a hostile line has.
		inner, rest, _ := parse(rest, nil)
		if n := strings.ToLower(Base(inner)); strings.HasPrefix(n, "powershell") || strings.HasPrefix(n, "pwsh") {
			_, decoded = peel(inner, rest)
		}
		return inner, decoded
	case name == "powershell" || name == "pwsh":
		return powerShell(args)
	}
	return "", ""
}

// shellCommand returns what cmd.exe runs: the text after the first /c, /k or /r,
// without the quotes around the whole of it ("cmd /?", section on quotes). A quoted
// program keeps its quotes.
func shellCommand(args string) (string, bool) {
	first := -1
	for _, sw := range []string{"/c", "/k", "/r"} {
		if i := IndexFold(args, sw); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	if first < 0 {
		return "", false
	}
	rest := strings.TrimSpace(args[first+2:])
	inner, ok := strings.CutPrefix(rest, `"`)
	if !ok {
		return rest, true
	}
	if program, _, _ := strings.Cut(inner, `"`); endsInProgram(program) {
		if p, _, _ := parse(program, nil); p == program {
			return rest, true
		}
	}
	if i := strings.LastIndexByte(inner, '"'); i >= 0 {
		inner = inner[:i] + inner[i+1:]
	}
	return strings.TrimSpace(inner), true
}

// odbcPayload returns the DLL of {REGSVR x.dll}, or the file of -f.
func odbcPayload(args string) string {
	fields := Fields(args)
	for i, f := range fields {
		if strings.EqualFold(f, "{regsvr") && i+1 < len(fields) {
			return strings.TrimSuffix(fields[i+1], "}")
		}
	}
	return firstOperand(args)
}

// powerShell returns the script or the encoded command of PowerShell's arguments.
// PowerShell takes a slash and the typographical dashes for a hyphen, too.
func powerShell(args string) (payload, decoded string) {
	fields := Fields(args)
	for i, f := range fields {
		sw := strings.TrimLeft(f, "-/\u2013\u2014\u2015")
		if sw == f || i+1 >= len(fields) {
			continue
		}
		sw = strings.ToLower(sw)
		switch {
		case sw == "f" || strings.HasPrefix("file", sw) && len(sw) > 1:
			return fields[i+1], ""
		case sw == "e" || sw == "ec" || strings.HasPrefix("encodedcommand", sw) && len(sw) > 1:
			return "", DecodeCommand(fields[i+1])
		}
	}
	return "", ""
}

func firstArg(args string) string {
	if f := Fields(args); len(f) > 0 {
		return f[0]
	}
	return ""
}

// firstOperand skips switches.
func firstOperand(args string) string {
	for _, f := range Fields(args) {
		if f != "" && f[0] != '/' && f[0] != '-' {
			return f
		}
	}
	return ""
}

// Fields splits arguments at blanks outside double quotes and drops the
// quotes.
func Fields(args string) []string {
	var out []string
	var b strings.Builder
	in, have := false, false
	for _, r := range args {
		switch {
		case r == '"':
			in, have = !in, true
		case (r == ' ' || r == '\t') && !in:
			if have {
				out = append(out, b.String())
				b.Reset()
				have = false
			}
		default:
			b.WriteRune(r)
			have = true
		}
	}
	if have {
		out = append(out, b.String())
	}
	return out
}

// DecodeCommand returns the text of a PowerShell encoded command (base64 of
// UTF-16LE), or "" when it is none.
func DecodeCommand(s string) string {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		if raw, err = base64.RawStdEncoding.DecodeString(s); err != nil {
			return ""
		}
	}
	if len(raw) < 2 || len(raw)%2 != 0 {
		return ""
	}
	u := make([]uint16, len(raw)/2)
	for i := range u {
		u[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	return string(utf16.Decode(u))
}
