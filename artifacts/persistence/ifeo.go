package persistence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// An IFEO is one setting by which Windows starts another program in place of,
// beside or after a program of a certain name.
type IFEO struct {
	Hook
	Target        string `json:"target"`                  // the program whose start or end triggers it
	TargetPath    string `json:"target_path,omitempty"`   // only when it lies here
	Accessibility bool   `json:"accessibility,omitempty"` // the target can be started from the log-on screen
}

const ifeoKey = `Microsoft\Windows NT\CurrentVersion\`

var ifeo = artifacts.Define(artifacts.Artifact{
	Name:     "ifeo",
	Title:    "Image File Execution Options",
	DataType: "windows:registry:image_file_execution_options",
	About: `Settings for programs by name. A Debugger starts instead of the program; a verifier DLL is loaded
into it (when the bit 0x100 of GlobalFlag is set); a MonitorProcess of SilentProcessExit is started
when it ends (when the bit 0x200 of GlobalFlag and the bit 1 of ReportingMode are set). Proves that
this was configured for all users. Does not prove that the program was started since. A Debugger for
a program of the logon screen (sethc, utilman, osk, narrator, magnify, displayswitch, atbroker)
gives anybody at the screen a program with SYSTEM rights. Development and process tools set
debuggers legitimately. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.012", "T1546.008"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1546/012/",
		"https://learn.microsoft.com/windows-hardware/drivers/debugger/registry-entries-for-silent-process-exit",
		"https://learn.microsoft.com/windows-hardware/drivers/debugger/gflags-flag-table",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, ifeoKey+`Image File Execution Options\*`),
		artifacts.Key(evidence.SOFTWARE, ifeoKey+`Image File Execution Options\*\*`),
		artifacts.Key(evidence.SOFTWARE, ifeoKey+`SilentProcessExit\*`),
	},
}, decodeIFEO)

// ifeoAccessibility are the programs that the log-on screen can start.
var ifeoAccessibility = []string{"sethc.exe", "utilman.exe", "osk.exe", "narrator.exe", "magnify.exe", "displayswitch.exe",
	"atbroker.exe", "easeofaccessdialog.exe", "voiceaccess.exe"}

func decodeIFEO(in artifacts.Input, yield func(IFEO) bool) error {
	exit := strings.Contains(in.Source.Key, "SilentProcessExit")
	h := hooksOf(in, strings.TrimPrefix(in.Source.Key, ifeoKey))
	target := in.Matched(0)
	if strings.HasSuffix(in.Source.Key, `\*\*`) {
		target = in.Matched(1)
	}
	h.each(func(v hive.Value) {
		switch name := strings.ToLower(v.Name()); {
		case exit && name == "monitorprocess":
			h.command(v, "SilentProcessExit")
		case exit && name == "reportingmode":
			h.fact(v, "SilentProcessExit")
		case exit:
		case name == "debugger":
			if r := h.command(v, "IFEO Debugger"); r != nil {
				// Windows itself ships this one as an example.
				r.Default = strings.HasPrefix(strings.ToLower(target), "your image file name here")
			}
		case name == "verifierdlls":
			h.dlls(v, "IFEO VerifierDlls", " ,;")
		case name == "globalflag":
			ifeoFlags(h, v)
		}
	})
	path := in.Text("FilterFullPath")
	return hookRecords(h, func(r Hook) IFEO {
		name := winpath.Base(target)
		return IFEO{r, target, path, slices.Contains(ifeoAccessibility, strings.ToLower(name))}
	}, yield)
}

// ifeoFlags records global flags that load or start something. The value is a
// number, or its hexadecimal digits as text.
func ifeoFlags(h *hooks, v hive.Value) {
	n, err := v.Uint()
	if err != nil {
		s, _ := h.text(v)
		if _, err := fmt.Sscanf(strings.ToLower(strings.TrimSpace(s)), "0x%x", &n); err != nil {
			return
		}
	}
	var what []string
	if n&0x100 != 0 {
		what = append(what, "application verifier")
	}
	if n&0x200 != 0 {
		what = append(what, "silent process exit monitoring")
	}
	if what == nil {
		return
	}
	r := h.add(v, autostartOf(h.in, "IFEO GlobalFlag"))
	r.Value = fmt.Sprintf("%#x (%s)", n, strings.Join(what, ", "))
}
