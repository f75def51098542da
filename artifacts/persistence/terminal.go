package persistence

import (
	"encoding/json"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// terminalSettings are the parts of the settings of Windows Terminal that start
// something.
type terminalSettings struct {
	StartOnUserLogin bool            `json:"startOnUserLogin"`
	StartupActions   string          `json:"startupActions"`
	DefaultProfile   string          `json:"defaultProfile"`
	Profiles         json.RawMessage `json:"profiles"` // a list, or an object that holds one
}

type terminalProfile struct {
	GUID        string `json:"guid"`
	Name        string `json:"name"`
	CommandLine string `json:"commandline"`
}

// terminalCommands gives a record for each profile with a command of its own. A
// profile runs when it is opened; the default one at each start, which is the log-on
// where startOnUserLogin says so.
func terminalCommands(in artifacts.Input) ([]AutostartFile, error) {
	var s terminalSettings
	if err := json.Unmarshal(plainJSON(in.Data), &s); err != nil {
		return nil, in.Errorf(in.AtOffset(0), "settings of Windows Terminal: %v", err)
	}
	var list []terminalProfile
	if json.Unmarshal(s.Profiles, &list) != nil {
		var object struct {
			List []terminalProfile `json:"list"`
		}
		if err := json.Unmarshal(s.Profiles, &object); err == nil {
			list = object.List
		}
	}
	var out []AutostartFile
	add := func(name, value, command string, on bool) {
		r := autostartFileRecord(in, "Windows Terminal profile", 0)
		r.Entry = autostartCommand(in, r.Kind, command)
		r.Section, r.Name, r.Value, r.Disabled = "profiles", name, value, !on
		out = append(out, r)
	}
	for _, p := range list {
		if p.CommandLine == "" {
			continue
		}
		first := strings.EqualFold(p.GUID, s.DefaultProfile) || strings.EqualFold(p.Name, s.DefaultProfile)
		add(p.Name, p.GUID, p.CommandLine, first && s.StartOnUserLogin)
	}
	if s.StartupActions != "" {
		add("startupActions", "", "wt.exe "+s.StartupActions, s.StartOnUserLogin)
	}
	for i := range out {
		out[i].Default = strings.HasPrefix(strings.ToLower(out[i].Command), "%systemroot%\\system32\\") &&
			(strings.HasSuffix(strings.ToLower(out[i].Command), "powershell.exe") || strings.HasSuffix(strings.ToLower(out[i].Command), "cmd.exe"))
	}
	return out, nil
}

// plainJSON takes the comments and the commas before a closing bracket out of a
// JSON text, which the settings of Windows programs may have.
func plainJSON(b []byte) []byte {
	b = []byte(strings.TrimPrefix(string(b), "\uFEFF"))
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '"':
			end := i + 1
			for end < len(b) && b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(b))
			out = append(out, b[i:end]...)
			i = end - 1
		case b[i] == '/' && i+1 < len(b) && b[i+1] == '/':
			for i+1 < len(b) && b[i+1] != '\n' {
				i++
			}
		case b[i] == '/' && i+1 < len(b) && b[i+1] == '*':
			end := strings.Index(string(b[i+2:]), "*/")
			if end < 0 {
				return out
			}
			i += end + 3
		case b[i] == ']' || b[i] == '}':
			n := len(strings.TrimRight(string(out), " \t\r\n"))
			if n > 0 && out[n-1] == ',' {
				out = out[:n-1]
			}
			out = append(out, b[i])
		default:
			out = append(out, b[i])
		}
	}
	return out
}
