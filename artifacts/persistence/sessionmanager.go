package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A SessionManager is a program that Windows starts while it boots, before
// anybody can log on.
type SessionManager struct{ Hook }

var sessionManager = artifacts.Define(artifacts.Artifact{
	Name:     "sessionmanager",
	Title:    "Session manager",
	DataType: "windows:registry:boot_execute",
	About: `The programs that the first user-mode process starts at boot: native programs in System32
(BootExecute, SetupExecute, Execute and others), and the Windows subsystem with its DLLs
(SubSystems). Also the program that confirms a successful boot (BootVerificationProgram), the one
that runs with the service manager (ServiceControlManagerExtension), and the program that replaces
the logon during Windows Setup (Setup\CmdLine, while SetupType is not 0). Proves that this was
configured for the next boot. Does not prove that it ran. By default BootExecute is "autocheck
autochk *" and the other lists are empty; disk tools and antivirus products add programs. The time
is that of the whole key, which changes at many boots.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547", "T1542"},
	Refs: []string{
		"https://learn.microsoft.com/sysinternals/downloads/autoruns",
		"https://learn.microsoft.com/previous-versions/windows/it-pro/windows-2000-server/cc963230(v=technet.10)",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\SubSystems`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\BootVerificationProgram`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control`),
		artifacts.Key(evidence.SYSTEM, `Setup`),
	},
}, decodeSessionManager)

func decodeSessionManager(in artifacts.Input, yield func(SessionManager) bool) error {
	key := in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:]
	h := hooksOf(in, key)
	h.each(func(v hive.Value) {
		name := strings.ToLower(v.Name())
		switch key {
		case "SubSystems":
			if name == "windows" || name == "posix" || name == "os2" {
				if r := h.command(v, "Subsystem"); r != nil {
					r.Default = name == "windows" && hookSystem(in, r.Image, "csrss") && sessionManagerUsual(r.Arguments) ||
						name == "posix" && hookSystem(in, r.Image, "psxss")
				}
			}
		case "BootVerificationProgram":
			if name == "imagepath" {
				h.command(v, "Boot verification program")
			}
		case "Control":
			if name == "servicecontrolmanagerextension" {
				if r := h.dll(v, "Service manager extension"); r != nil {
					r.Default = hookSystem(in, r.Image, "scext")
				}
			}
		case "Setup":
			switch name {
			case "cmdline":
				if r := h.command(v, "Setup command"); r != nil {
					if n, ok := in.Uint("SetupType"); ok && n == 0 {
						r.Inactive = "SetupType is 0"
					}
				}
			case "setuptype":
				if r := h.fact(v, "Setup command"); r != nil {
					r.Default = r.Value == "0"
				}
			}
		default:
			switch name {
			case "bootexecute", "bootexecutenopnpsync", "platformexecute", "setupexecute", "setupexecutenopnpsync", "execute", "s0initialcommand", "initialcommand", "bootshell":
				from := len(h.out)
				h.commands(v, v.Name())
				for i := range h.out[from:] {
					sessionManagerNative(in, &h.out[from+i])
				}
			}
		}
	})
	return hookRecords(h, func(r Hook) SessionManager { return SessionManager{r} }, yield)
}

// sessionManagerNative: a native program is named without its folder, which
// is System32, and the word autocheck in front of it is a mark for the disk
// check.
func sessionManagerNative(in artifacts.Input, r *Hook) {
	command := strings.TrimSpace(r.Command)
	if rest, ok := sessionManagerCutWord(command, "autocheck"); ok {
		a := autostartCommand(in, r.Mechanism, rest)
		a.Command = command
		r.Entry = a
	}
	switch strings.ToLower(r.Name) {
	case "bootexecute":
		r.Default = strings.EqualFold(command, "autocheck autochk *")
	case "bootshell":
		r.Default = hookSystem(in, r.Image, "bootim")
	}
}

func sessionManagerCutWord(s, word string) (string, bool) {
	if len(s) > len(word) && strings.EqualFold(s[:len(word)], word) && s[len(word)] == ' ' {
		return strings.TrimSpace(s[len(word):]), true
	}
	return s, false
}

// sessionManagerUsual reports whether csrss is told to load its own DLLs
// only: ServerDll=name[,id] or ServerDll=name:function,id.
func sessionManagerUsual(args string) bool {
	for f := range strings.FieldsSeq(args) {
		dll, ok := strings.CutPrefix(strings.ToLower(f), "serverdll=")
		if !ok {
			continue
		}
		dll, _, _ = strings.Cut(dll, ",")
		dll, _, _ = strings.Cut(dll, ":")
		switch strings.TrimSuffix(dll, ".dll") {
		case "basesrv", "winsrv", "winsrvext", "sxssrv", "consrv", "csrsrv":
		default:
			return false
		}
	}
	return true
}
