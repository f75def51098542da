package artifacts

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An RDPProgram is a program that starts with a remote session.
type RDPProgram struct {
	Hook
	Station string `json:"station,omitempty"` // RDP-Tcp, Console
}

var rdpPrograms = Define(Artifact{
	Name:     "rdpprograms",
	Title:    "Remote desktop program",
	DataType: "windows:registry:rdp_initial_program",
	About: `Programs that start with a session of remote desktop: InitialProgram takes the place of the desktop for everybody who connects
(while fInheritInitialProgram is 0, and by policy), StartupPrograms run beside it (rdpclip). Proves that this was configured. Does not
prove that anybody connected. The time is that of the whole key, on most systems that of the installation.`,
	Proves: Configured,
	Attack: []string{"T1547"},
	Refs:   []string{"https://learn.microsoft.com/windows-hardware/customize/desktop/unattend/microsoft-windows-terminalservices-rdp-winstationextensions"},
	Sources: []Source{
		Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\*`),
		Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\Wds\rdpwd`),
		Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\Terminal Services`),
		Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows NT\Terminal Services`),
	},
}, decodeRDPPrograms)

func decodeRDPPrograms(in Input, yield func(RDPProgram) bool) error {
	h := in.hooks(in.Source.Key[strings.LastIndexByte(strings.TrimSuffix(in.Source.Key, `\*`), '\\')+1:])
	h.each(func(v hive.Value) {
		switch strings.ToLower(v.Name()) {
		case "initialprogram":
			r := h.command(v, "RDP initial program")
			if n, ok := in.Uint("fInheritInitialProgram"); r != nil && ok && n != 0 {
				r.Inactive = "fInheritInitialProgram is 1: that of the user counts"
			}
		case "startupprograms":
			recs := h.dlls(v, "RDP startup program", ",")
			for i := range recs {
				c := recs[i].Command
				a := in.autostart("RDP startup program", c)
				recs[i].autostart = a
				recs[i].Default = in.hookSystem(a.Image, "rdpclip")
			}
		}
	})
	return hookRecords(h, func(r Hook) RDPProgram { return RDPProgram{r, in.matched(0)} }, yield)
}
