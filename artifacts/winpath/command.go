package winpath

import (
	"encoding/base64"
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
// Guessed is set when the path held blanks.
func ParseCommand(line string, exists func(path string) bool) Command {
	s := strings.TrimLeft(line, " \t")
	var c Command
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		if before, after, ok0 := strings.Cut(rest, "\""); ok0 {
			c.Program, c.Arguments = before, strings.TrimSpace(after)
		} else {
			c.Program = rest
		}
	} else {
		c.Program, c.Arguments, c.Guessed = unquoted(s, exists)
	}
	c.Payload, c.Decoded = peel(c.Program, c.Arguments)
	return c
}

// parse is ParseCommand without a look at the payload.
func parse(line string) (program, args string) {
	s := strings.TrimLeft(line, " \t")
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		program, args, _ = strings.Cut(rest, `"`)
		return program, strings.TrimSpace(args)
	}
	program, args, _ = unquoted(s, nil)
	return program, args
}

func unquoted(s string, exists func(string) bool) (program, args string, guessed bool) {
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

func endsInProgram(s string) bool {
	for _, ext := range programs {
		if len(s) > len(ext) && strings.EqualFold(s[len(s)-len(ext):], ext) {
			return true
		}
	}
	return false
}

// peel takes one level of a host program off.
func peel(program, args string) (payload, decoded string) {
	name := strings.TrimSuffix(strings.ToLower(Base(program)), ".exe")
	switch name {
	case "rundll32":
		p, _, _ := strings.Cut(firstArg(args), ",")
		return p, ""
	case "regsvr32", "wscript", "cscript", "mshta", "msiexec", "odbcconf", "installutil", "regasm", "regsvcs", "control":
		return firstOperand(args), ""
	case "cmd":
		low := strings.ToLower(args)
		for _, sw := range []string{"/c", "/k", "/r"} {
			if i := strings.Index(low, sw); i >= 0 && i+2 <= len(args) {
				// One level is peeled, however many a hostile line has.
				inner, rest := parse(strings.TrimSpace(args[i+2:]))
				if n := strings.ToLower(Base(inner)); strings.HasPrefix(n, "powershell") || strings.HasPrefix(n, "pwsh") {
					_, decoded = peel(inner, rest)
				}
				return inner, decoded
			}
		}
	case "powershell", "pwsh":
		fields := Fields(args)
		for i, f := range fields {
			sw := strings.ToLower(strings.TrimLeft(f, "-/"))
			if f == sw || i+1 >= len(fields) {
				continue
			}
			switch {
			case sw == "f" || strings.HasPrefix("file", sw) && len(sw) > 1:
				return fields[i+1], ""
			case sw == "e" || sw == "ec" || strings.HasPrefix("encodedcommand", sw) && len(sw) > 1:
				return "", DecodeCommand(fields[i+1])
			}
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
