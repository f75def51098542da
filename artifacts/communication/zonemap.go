package communication

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A ZoneMap is one site that was put into a security zone by hand or policy.
type ZoneMap struct {
	artifacts.Origin
	Site     string    `json:"site"`               // a domain with its host, or a range of addresses
	Protocol string    `json:"protocol,omitempty"` // https, * for all
	Zone     uint32    `json:"zone"`
	ZoneName string    `json:"zone_name"`
	Policy   bool      `json:"policy,omitempty"`
	Written  time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var zoneMap = artifacts.Define(artifacts.Artifact{
	Name:     "zonemap",
	Title:    "Site in a security zone",
	DataType: "windows:registry:internet_zone",
	About: `Sites and address ranges assigned to a security zone for a user or by policy: 2 is trusted sites,
with fewer restrictions for files and scripts; 4 is restricted sites. Proves that the site was
assigned. Does not prove that it was visited. Malware adds its server to the trusted sites; security
programs and the enhanced security of servers add hundreds. What a zone allows is the artifact
internetsettings. The time is that of the site's own key.`,
	Proves:  artifacts.Configured,
	Attack:  []string{"T1112", "T1553.005", "T1562.001"},
	Refs:    []string{"https://learn.microsoft.com/troubleshoot/developer/browsers/security-privacy/ie-security-zones-registry-entries"},
	Sources: zoneMapSources(),
}, decodeZoneMap)

const zoneMapKey = `Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap`

func zoneMapSources() []artifacts.Source {
	var out []artifacts.Source
	for _, k := range []string{`\Domains\*`, `\Domains\*\*`, `\EscDomains\*`, `\EscDomains\*\*`, `\Ranges\*`, `Key`} {
		out = append(out, artifacts.Key(evidence.NTUSER, `Software\`+zoneMapKey+k), artifacts.Key(evidence.SOFTWARE, zoneMapKey+k),
			artifacts.Key(evidence.NTUSER, `Software\Policies\`+zoneMapKey+k), artifacts.Key(evidence.SOFTWARE, `Policies\`+zoneMapKey+k))
	}
	return out
}

// zoneMapNames are the zones that Windows sets up.
var zoneMapNames = []string{"My Computer", "Local intranet", "Trusted sites", "Internet", "Restricted sites"}

func decodeZoneMap(in artifacts.Input, yield func(ZoneMap) bool) error {
	site := in.Matched(0)
	if strings.HasSuffix(in.Source.Key, `Domains\*\*`) {
		site += "." + in.Matched(1) // the host stands below its domain
	}
	if strings.Contains(in.Source.Key, `\Ranges\`) {
		site = in.Text(":Range")
	}
	list := strings.HasSuffix(in.Source.Key, "ZoneMapKey") // of a policy: the name is the site, the data the zone as text

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		r := ZoneMap{Origin: in.At(v), Site: site, Protocol: v.Name(), Policy: strings.Contains(in.Source.Key, "Policies")}
		if !in.Partial() {
			r.Written = in.Written()
		}
		switch {
		case v.Name() == "" || v.Name() == ":Range":
			continue
		case list:
			text, _, err := artifacts.AnyText(v)
			if err == nil {
				_, err = fmt.Sscanf(text, "%d", &r.Zone)
			}
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
				continue
			}
			r.Site, r.Protocol = v.Name(), ""
		default:
			n, err := v.Uint()
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
				continue
			}
			r.Zone = uint32(n)
		}
		r.ZoneName = "custom"
		if int64(r.Zone) < int64(len(zoneMapNames)) {
			r.ZoneName = zoneMapNames[r.Zone]
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary shows the site and its zone.
func (r ZoneMap) Summary() string {
	s := "[" + r.Site + "]"
	if r.Protocol != "" && r.Protocol != "*" {
		s += " by " + r.Protocol
	}
	return s + fmt.Sprintf(" is in the zone %d, %s", r.Zone, r.ZoneName)
}
