package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// An AeDebug is a program or DLL that Windows runs when another one crashes
// or hangs.
type AeDebug struct{ Hook }

const (
	aeDebugKey  = `Microsoft\Windows NT\CurrentVersion\AeDebug`
	aeDebugWER  = `Microsoft\Windows\Windows Error Reporting\Hangs`
	aeDebugDLLs = `Microsoft\Windows\Windows Error Reporting\RuntimeExceptionHelperModules`
)

var aeDebug = artifacts.Define(artifacts.Artifact{
	Name:     "aedebug",
	Title:    "Crash debugger",
	DataType: "windows:registry:aedebug",
	About: `The debugger that Windows starts when a program crashes (AeDebug) or hangs (Windows Error
Reporting), and the DLLs that error reporting may load for a crashed program
(RuntimeExceptionHelperModules: the name of the value is the path). Proves that they were
configured. Does not prove that a program crashed or that they ran. With Auto = 1 the debugger
starts without a prompt. Development tools set it legitimately, and dozens of programs register
helper modules. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/debug/configuring-automatic-debugging",
		"https://learn.microsoft.com/windows/win32/wer/wer-settings",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, aeDebugKey),
		artifacts.Key(evidence.SOFTWARE, aeDebugKey+"Protected"),
		artifacts.Key(evidence.SOFTWARE, aeDebugWER),
		artifacts.Key(evidence.SOFTWARE, aeDebugDLLs),
		artifacts.Key(evidence.NTUSER, `Software\`+aeDebugDLLs),
	},
}, decodeAeDebug)

func decodeAeDebug(in artifacts.Input, yield func(AeDebug) bool) error {
	h := hooksOf(in, in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:])
	h.each(func(v hive.Value) {
		if strings.HasSuffix(in.Source.Key, "RuntimeExceptionHelperModules") {
			r := h.add(v, autostartDLL(in, "Crash helper DLL", v.Name()))
			r.Default = in.Machine.IsSystem32(winpath.Dir(r.Image))
			return
		}
		switch strings.ToLower(v.Name()) {
		case "debugger", "protecteddebugger", "reflectdebugger":
			if r := h.command(v, "Crash debugger"); r != nil {
				r.Default = hookSystem(in, r.Image, "drwtsn32")
			}
		case "auto":
			h.fact(v, "Crash debugger")
		}
	})
	return hookRecords(h, func(r Hook) AeDebug { return AeDebug{r} }, yield)
}
