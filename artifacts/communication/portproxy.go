package communication

import (
	"errors"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A PortProxy is one port of the machine that Windows hands on to another
// address.
type PortProxy struct {
	artifacts.Origin
	Direction     string    `json:"direction"` // v4tov4, v4tov6, v6tov4, v6tov6
	Protocol      string    `json:"protocol"`  // tcp
	ListenAddress string    `json:"listen_address"`
	ListenPort    string    `json:"listen_port"`
	Address       string    `json:"address"`
	Port          string    `json:"port"`
	Written       time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var portProxy = artifacts.Define(artifacts.Artifact{
	Name:     "portproxy",
	Title:    "Port proxy",
	DataType: "windows:registry:port_proxy",
	About: `Ports on which the service iphlpsvc listens and forwards to another address, as set by "netsh
interface portproxy". Proves that the redirection was configured and persists across boots. Does not
prove that a connection used it. The key does not exist by default. Administrators and developers of
Linux subsystems use it; intruders use it to reach further machines. The time is that of the whole
key: the last rule added or removed.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1090.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows-server/networking/technologies/netsh/netsh-interface-portproxy",
		"https://attack.mitre.org/techniques/T1090/001/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\PortProxy\v*\*`),
	},
}, decodePortProxy)

func decodePortProxy(in artifacts.Input, yield func(PortProxy) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		text, _, err := artifacts.AnyText(v)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		r := PortProxy{Origin: in.At(v), Direction: in.Matched(1), Protocol: in.Matched(0), Written: in.Written()}
		var okListen, okTarget bool
		r.ListenAddress, r.ListenPort, okListen = strings.Cut(v.Name(), "/")
		r.Address, r.Port, okTarget = strings.Cut(text, "/")
		if !okListen || !okTarget {
			errs = append(errs, in.Errorf(in.At(v), "want address/port on both sides, have %q and %q", v.Name(), text))
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary shows from where to where.
func (r PortProxy) Summary() string {
	return "[" + r.Direction + "] " + r.ListenAddress + " port " + r.ListenPort + " is handed to " + r.Address + " port " + r.Port
}
