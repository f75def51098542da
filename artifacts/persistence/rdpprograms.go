package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An RDPProgram is a program that starts with a remote session.
type RDPProgram struct {
	Hook
	Station string `json:"station,omitempty"` // RDP-Tcp, Console
}

var rdpPrograms = artifacts.Define(artifacts.Artifact{
	Name:     "rdpprograms",
	Title:    "Remote desktop program",
	DataType: "windows:registry:rdp_initial_program",
	About: `Programs that start with a session of remote desktop: InitialProgram replaces the desktop for all
connections (while fInheritInitialProgram is 0, and by policy), StartupPrograms run with it
(rdpclip). Proves that this was configured. Does not prove that anybody connected. The time is that
of the whole key, usually that of the installation.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547"},
	Refs:   []string{"https://learn.microsoft.com/windows-hardware/customize/desktop/unattend/microsoft-windows-terminalservices-rdp-winstationextensions"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\WinStations\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Terminal Server\Wds\rdpwd`),
		artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\Terminal Services`),
		artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows NT\Terminal Services`),
	},
}, decodeRDPPrograms)

func decodeRDPPrograms(in artifacts.Input, yield func(RDPProgram) bool) error {
	h := hooksOf(in, in.Source.Key[strings.LastIndexByte(strings.TrimSuffix(in.Source.Key, `\*`), '\\')+1:])
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
				a := autostartCommand(in, "RDP startup program", c)
				recs[i].Entry = a
				recs[i].Default = hookSystem(in, a.Image, "rdpclip")
			}
		}
	})
	return hookRecords(h, func(r Hook) RDPProgram { return RDPProgram{r, in.Matched(0)} }, yield)
}
