package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// InternetZone is a site, or a range of addresses, that is held to belong to a
// zone.
type InternetZone struct {
	artifacts.Origin
	Site    string    `json:"site"`
	Scheme  string    `json:"scheme"` // "http", "file", "*" all
	Zone    string    `json:"zone"`
	Policy  bool      `json:"policy,omitempty"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var internetSettings = artifacts.Define(artifacts.Artifact{
	Name:     "internetsettings",
	Title:    "Internet zones",
	DataType: "windows:registry:internet_zone",
	About: `Sites assigned to a zone of Internet Explorer, which Windows and Office also use: content of a
trusted or local site runs with fewer prompts and without a Mark of the Web. Proves that the site
was entered for this account or for the machine, by a person, a program or a policy. It does not
prove that the site was visited. The key's time is when the site was entered or its zone last
changed. Proxies are a separate artifact.`,
	Proves:  artifacts.Configured,
	Attack:  []string{"T1112", "T1553.005"},
	Refs:    []string{"https://learn.microsoft.com/troubleshoot/developer/browsers/security-privacy/ie-security-zones-registry-entries"},
	Sources: internetSources(),
}, decodeInternetSettings)

func internetSources() []artifacts.Source {
	var out []artifacts.Source
	for _, root := range []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap\`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap\`),
		artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap\`),
		artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap\`),
	} {
		for _, key := range []string{`Domains\*`, `Domains\*\*`, `EscDomains\*`, `EscDomains\*\*`, `Ranges\*`} {
			out = append(out, artifacts.Key(root.Hive, root.Key+key))
		}
	}
	return out
}

var internetZones = map[uint64]string{0: "my computer", 1: "local intranet", 2: "trusted sites", 3: "Internet", 4: "restricted sites"}

func decodeInternetSettings(in artifacts.Input, yield func(InternetZone) bool) error {
	if len(in.Match) == 0 {
		return nil
	}
	site := in.Match[0]
	if len(in.Match) > 1 {
		site = in.Match[1] + "." + site
	}
	if strings.HasSuffix(in.Source.Key, `Ranges\*`) {
		site = in.Text(":Range")
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Name() == "" || v.Name() == ":Range" {
			continue
		}
		n, err := v.Uint()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			continue
		}
		z := InternetZone{Origin: in.At(v), Site: site, Scheme: v.Name(), Zone: internetWord(internetZones, n),
			Policy: strings.Contains(in.Source.Key, `Policies\`)}
		if !in.Partial() {
			z.Written = in.Written()
		}
		if !yield(z) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary names site and zone.
func (z InternetZone) Summary() string {
	return fmt.Sprintf("[%s] %s belongs to %s", z.Site, z.Scheme, z.Zone)
}

// internetWord returns the word for a number, or the number.
func internetWord(words map[uint64]string, n uint64) string {
	if s, ok := words[n]; ok {
		return s
	}
	return fmt.Sprintf("%#x", n)
}
