package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// comKinds are the keys below a class that name its code, in the order in
// which an in-process caller asks for it.
var comKinds = []string{"InprocServer32", "LocalServer32", "InprocHandler32", "LocalServer", "InprocServer"}

// comMachine returns the SOFTWARE hive that lives, or nil.
func comMachine(in artifacts.Input) *hive.Hive {
	h, _ := in.Once("com: hive SOFTWARE", func() any {
		hives, _ := in.Tree.Hives()
		for _, h := range hives {
			if h.Kind == evidence.SOFTWARE && !h.Backup && h.Snapshot == "" {
				if hv, _ := h.Open(); hv != nil {
					return hv
				}
			}
		}
		return (*hive.Hive)(nil)
	}).(*hive.Hive)
	return h
}

// comClass returns the key of a class of the whole machine.
func comClass(in artifacts.Input, clsid string, view32 bool) (hive.Key, bool) {
	hv := comMachine(in)
	if in.Source.Hive == evidence.SOFTWARE {
		hv = in.Hive
	}
	if hv == nil || !comIsCLSID(clsid) {
		return hive.Key{}, false
	}
	paths := []string{`Classes\CLSID\`, `Classes\Wow6432Node\CLSID\`, `Wow6432Node\Classes\CLSID\`}
	if view32 {
		paths = []string{paths[1], paths[2], paths[0]}
	}
	for _, p := range paths {
		if k, err := hv.Key(p + clsid); err == nil {
			return k, true
		}
	}
	return hive.Key{}, false
}

// comServer returns the code of a class as the registry of the machine names
// it, by which of its keys, and what the class is called.
func comServer(in artifacts.Input, clsid string, view32 bool) (server, kind, title string) {
	k, ok := comClass(in, clsid, view32)
	if !ok {
		return "", "", ""
	}
	title = in.Of(k).Text("")
	for _, kind := range comKinds {
		if sub, err := k.Subkey(kind); err == nil {
			if s := in.Of(sub).Text(""); s != "" {
				return s, kind, title
			}
		}
	}
	return "", "", title
}

// comProgID returns the class that a program id stands for, or "".
func comProgID(in artifacts.Input, id string) string {
	hv := comMachine(in)
	if in.Source.Hive == evidence.SOFTWARE {
		hv = in.Hive
	}
	if hv == nil || id == "" || strings.ContainsAny(id, `\`) {
		return ""
	}
	k, err := hv.Key(`Classes\` + id + `\CLSID`)
	if err != nil {
		return ""
	}
	return in.Of(k).Text("")
}

// autostartCOM is the autostart of a class: its server is the program.
func autostartCOM(in artifacts.Input, mechanism, clsid string) (Entry, string) {
	server, kind, title := comServer(in, clsid, in.View32)
	var a Entry
	switch {
	case server == "":
		a = autostartOf(in, mechanism)
	case strings.HasPrefix(kind, "Local"):
		a = autostartCommand(in, mechanism, server)
	default:
		a = autostartDLL(in, mechanism, server)
	}
	return a, title
}

// comIsCLSID reports whether s has the form of a class id in braces.
func comIsCLSID(s string) bool {
	if len(s) != 38 || s[0] != '{' || s[37] != '}' {
		return false
	}
	for i, c := range s[1:37] {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
				return false
			}
		}
	}
	return true
}

// comSummary is the line of a record about a class.
func comSummary(r Hook, clsid, title string) string {
	s := "[" + r.Key + "] " + clsid
	if title != "" {
		s += " " + title
	}
	if r.Command != "" {
		s += ": " + r.Command
	} else {
		s += ": no server in the registry of the machine"
	}
	return s + r.state()
}
