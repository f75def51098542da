package system

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Shutdown is the last time that the machine was shut down in order.
type Shutdown struct {
	artifacts.Origin
	At      time.Time `json:"shutdown,omitzero" event:"Last Shutdown Time"`
	Written time.Time `json:"written,omitzero"`
}

var shutdown = artifacts.Define(artifacts.Artifact{
	Name:     "shutdown",
	Title:    "Last shutdown",
	DataType: "windows:registry:shutdown",
	About: `The last orderly shutdown of Windows: one time per control set, overwritten each time. Proves that
the machine ran until then. A crash or power loss does not set it. With fast startup (Windows 8 and
later) a shutdown is a kind of hibernation, which also sets it. A time long before the last events
on the volume means that the machine was not shut down properly or was running when it was copied.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1529"},
	Refs:   []string{"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/shutdown.py"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Windows`),
	},
}, decodeShutdown)

func decodeShutdown(in artifacts.Input, yield func(Shutdown) bool) error {
	v, err := in.Value("ShutdownTime")
	if err != nil {
		return nil
	}
	b, err := v.Bytes()
	if err != nil {
		return in.Wrap(in.At(v), err)
	}
	if len(b) != 8 {
		return in.Errorf(in.At(v), "%d bytes, a time has 8", len(b))
	}
	yield(Shutdown{Origin: in.At(v), At: wire.TimeAt(b, 0), Written: in.Written()})
	return nil
}

// Summary tells the time.
func (s Shutdown) Summary() string {
	return fmt.Sprintf("at %s", s.At.Format("2006-01-02 15:04:05"))
}
