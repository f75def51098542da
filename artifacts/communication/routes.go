package communication

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A Route is a route that stays through boots.
type Route struct {
	artifacts.Origin
	Destination string    `json:"destination"`
	Mask        string    `json:"mask"`
	Gateway     string    `json:"gateway"`
	Metric      string    `json:"metric,omitempty"`
	Written     time.Time `json:"written,omitzero"` // the last write of the list
}

var routes = artifacts.Define(artifacts.Artifact{
	Name:     "routes",
	Title:    "Persistent route",
	DataType: "windows:registry:persistent_route",
	About: `Routes that were added for good (route -p add): which network is reached through which gateway. Proves that the route was set.
Does not prove who set it, nor that anything was sent there. A route for one address or one network through a machine of the local network can lead
traffic past the firewall, or to an intruder. VPN clients and administrators of several networks set them. The time is the last write of the whole list.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1090", "T1557"},
	Refs:   []string{"https://learn.microsoft.com/windows-server/administration/windows-commands/route_ws2008"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters\PersistentRoutes`),
	},
}, decodeRoutes)

// decodeRoutes reads the names of the values: "10.0.0.0,255.0.0.0,192.0.2.1,1".
func decodeRoutes(in artifacts.Input, yield func(Route) bool) error {
	for v := range in.Own().All() {
		parts := strings.Split(v.Name(), ",")
		if len(parts) < 3 {
			if v.Name() != "" {
				in.Note(in.At(v), fmt.Errorf("%d parts, a route has three or four", len(parts)))
			}
			continue
		}
		r := Route{Origin: in.At(v), Destination: parts[0], Mask: parts[1], Gateway: parts[2], Written: in.Written()}
		if len(parts) > 3 {
			r.Metric = parts[3]
		}
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// Events gives the last write of the list.
func (r Route) Events() []artifacts.Event {
	if r.Written.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Written, Kind: "Content Modification Time"}}
}

// Summary shows the route.
func (r Route) Summary() string {
	return fmt.Sprintf("[%s mask %s] through %s", r.Destination, r.Mask, r.Gateway)
}
