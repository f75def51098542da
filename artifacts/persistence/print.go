package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A Print is one DLL that the print spooler loads.
type Print struct {
	Hook
	Kind        string `json:"kind"`                  // monitor, processor, provider, driver
	Title       string `json:"title"`                 // the name of its key
	Environment string `json:"environment,omitempty"` // Windows x64
}

const printKey = `{CS}\Control\Print\`

var printers = artifacts.Define(artifacts.Artifact{
	Name:     "print",
	Title:    "Print spooler DLL",
	DataType: "windows:registry:print_spooler",
	About: `DLLs that the print spooler loads as SYSTEM: port monitors and providers at its start, print
processors and printer drivers when a printer needs them. Proves that they were installed. Does not
prove that they were loaded. Windows has a few monitors and one processor; printers and PDF programs
add their own. Monitors and providers are loaded by name from System32, processors and drivers from
below spool. The time is that of the key of this DLL.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.010", "T1547.012"},
	Refs: []string{
		"https://learn.microsoft.com/windows-hardware/drivers/print/introduction-to-print-monitors",
		"https://attack.mitre.org/techniques/T1547/010/",
		"https://attack.mitre.org/techniques/T1547/012/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, printKey+`Monitors\*`),
		artifacts.Key(evidence.SYSTEM, printKey+`Providers\*`),
		artifacts.Key(evidence.SYSTEM, printKey+`Environments\*\Print Processors\*`),
		artifacts.Key(evidence.SYSTEM, printKey+`Environments\*\Drivers\*\*`),
	},
}, decodePrint)

// printUsual are the files of Windows itself, for each kind.
var printUsual = map[string][]string{
	"monitor": {"localspl", "tcpmon", "usbmon", "wsdmon", "apmon", "fxsmon", "inetpp", "appmon", "ippmon", "msonpmon", "pjlmon",
		"cnbjmon", "tcpmib"},
	"provider":  {"inetpp", "win32spl"},
	"processor": {"winprint"},
}

func decodePrint(in artifacts.Input, yield func(Print) bool) error {
	src := in.Source.Key
	p := Print{Title: in.Matched(0), Environment: in.Matched(1)}
	h := hooksOf(in, strings.TrimPrefix(src, printKey))
	switch {
	case strings.Contains(src, "Monitors"):
		p.Kind = "monitor"
		h.value("Driver", func(v hive.Value) { h.dll(v, "Port monitor") })
	case strings.Contains(src, "Providers"):
		p.Kind = "provider"
		h.value("Name", func(v hive.Value) { h.dll(v, "Print provider") })
	case strings.Contains(src, "Processors"):
		p.Kind = "processor"
		h.value("Driver", func(v hive.Value) { printBelow(in, h, v, "Print processor", `prtprocs\`) })
	default:
		p.Kind = "driver"
		p.Environment = in.Matched(2)
		for _, name := range []string{"Driver", "Configuration File"} {
			h.value(name, func(v hive.Value) { printBelow(in, h, v, "Printer driver", `drivers\`) })
		}
	}
	return hookRecords(h, func(r Hook) Print {
		r.Default = hookSystem(in, r.Image, printUsual[p.Kind]...) ||
			p.Kind == "processor" && strings.HasSuffix(strings.ToLower(r.Image), `\winprint.dll`)
		q := p
		q.Hook = r
		return q
	}, yield)
}

// printBelow records a DLL that a name without folder stands for below the
// folder of the spooler, one for each architecture.
func printBelow(in artifacts.Input, h *hooks, v hive.Value, mechanism, folder string) {
	text, note := h.text(v)
	if text == "" {
		return
	}
	path := text
	if !strings.Contains(text, `\`) {
		arch := "x64"
		if strings.Contains(strings.ToLower(in.From.Key), `windows nt x86`) {
			arch = "W32X86"
		} else if strings.Contains(strings.ToLower(in.From.Key), `windows arm64`) {
			arch = "ARM64"
		}
		path = `%SystemRoot%\System32\spool\` + folder + arch + `\` + text
		if folder == `drivers\` {
			path = `%SystemRoot%\System32\spool\drivers\` + arch + `\3\` + text
		}
	}
	a := autostartDLL(in, mechanism, path)
	a.Command = text
	h.add(v, a).Unusual = note
}
