package system

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	mp "github.com/artifactdump/artifactdump/artifacts/formats/defender"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A DefenderDetection is one threat that Windows Defender detected.
type DefenderDetection struct {
	artifacts.Origin
	Threat     string    `json:"threat"`
	ThreatID   string    `json:"threat_id"`
	ID         string    `json:"detection_id"`
	Category   uint32    `json:"category,omitempty"`
	Kind       string    `json:"category_name,omitempty"`
	Resources  []string  `json:"resources,omitempty"` // kind: place
	Path       string    `json:"path,omitempty"`      // the first file among them
	Address    string    `json:"address,omitempty"`   // that a file was fetched from
	SHA256     string    `json:"sha256,omitempty"`
	First      time.Time `json:"first_detected,omitzero" event:"Last Detection Time"`
	Status     time.Time `json:"status_time,omitzero" event:"Event Time"`
	Remediated time.Time `json:"remediated,omitzero"`
	Account    string    `json:"account,omitempty"`
	Process    string    `json:"process,omitempty"`
	Cleaner    string    `json:"remediation_account,omitempty"`
	Ran        bool      `json:"ran,omitempty"` // the kind of a resource shows that it ran
	NotCleaned bool      `json:"not_cleaned,omitempty"`
}

var defenderDetections = artifacts.Define(artifacts.Artifact{
	Name:     "defenderdetections",
	Title:    "Defender detection",
	DataType: "av:defender:detection_history",
	About: `What Windows Defender detected, one file for each detection. Proves that the engine saw this resource at that time, and by the account
which process touched it. Whether it ran depends on the kind of the resource: behaviour, command lines and processes did; a file need not
have. A detection that was removed from the history leaves nothing, and one may be wrong. Last Detection Time is when the threat was first
detected, Event Time the last change of its state; both are UTC. Without a time of remediation the detection was not dealt with when the
file was last written.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002", "T1105"},
	Refs: []string{
		"https://learn.microsoft.com/defender-endpoint/review-scan-results-microsoft-defender-antivirus",
		"https://github.com/libyal/dtformats/blob/main/documentation/Windows%20Defender%20scan%20DetectionHistory%20file%20format.asciidoc",
	},
	Sources: []artifacts.Source{
		artifacts.SignedFiles(`%ProgramData%\Microsoft\Windows Defender\Scans\History\Service\DetectionHistory\*\*`, collect.DetectionFile),
	},
}, decodeDefenderDetection)

// threatCategories are the numbers of the categories that Get-MpThreatCatalog
// documents, of those that malware has.
var threatCategories = map[uint32]string{
	1: "adware", 2: "spyware", 3: "password stealer", 4: "trojan downloader", 5: "worm", 6: "backdoor", 7: "remote access trojan",
	8: "trojan",
	9: "email flooder", 10: "keylogger", 11: "dialer", 12: "monitoring software", 13: "browser modifier", 21: "exploit",
	27: "potentially unwanted",
	30: "exploit", 31: "file sharing", 34: "tool", 36: "trojan denial of service", 37: "trojan dropper", 42: "virus", 43: "known bad",
	46: "behaviour", 50: "ransomware",
}

func decodeDefenderDetection(in artifacts.Input, yield func(DefenderDetection) bool) error {
	d, err := mp.ParseDetection(in.Data)
	if d == nil {
		return err
	}
	r := DefenderDetection{Origin: in.AtOffset(0), Threat: d.Threat, ThreatID: strconv.FormatUint(d.ThreatID, 10), ID: d.ID,
		Category: d.Category,
		Kind:     threatCategories[d.Category], First: d.First, Status: d.Status, Remediated: d.Remediated, Account: d.User,
		Process: d.Process, Cleaner: d.Account}
	r.NotCleaned = !d.First.IsZero() && d.Remediated.IsZero()
	for i := range d.Resources {
		r.resource(&d.Resources[i])
	}
	yield(r)
	var errs []error
	for _, damage := range d.Damage {
		errs = append(errs, in.Wrap(in.AtOffset(damage.Offset), damage))
	}
	return errors.Join(errs...)
}

func (r *DefenderDetection) resource(res *mp.Resource) {
	r.Resources = append(r.Resources, res.Kind+": "+res.Place)
	path := ""
	switch strings.ToLower(res.Kind) {
	case "file":
		path = res.Place
	case "containerfile":
		path, _, _ = strings.Cut(res.Place, "->")
	case "webfile":
		if p, address, _, _, ok := res.Web(); ok {
			path, r.Address = p, cmp.Or(r.Address, address)
		}
	case "cmdline":
		r.Ran = true
		path = winpath.ParseCommand(res.Place, nil).Program
	case "behavior", "internalbehavior", "process":
		r.Ran = true
	}
	r.Path = cmp.Or(r.Path, path)
	for _, t := range res.Tracking {
		if strings.EqualFold(t.Name, "ThreatTrackingSha256") {
			r.SHA256 = cmp.Or(r.SHA256, strings.ToLower(t.Value))
		}
	}
}

// Proof is more where the kind of a resource shows that it ran.
func (r DefenderDetection) Proof() artifacts.Proof {
	if r.Ran {
		return artifacts.Executed
	}
	return artifacts.Present
}

// Program returns the file that was detected.
func (r DefenderDetection) Program() string { return r.Path }

// Summary shows what was found where.
func (r DefenderDetection) Summary() string {
	s := fmt.Sprintf("[%s] in %s", r.Threat, strings.Join(r.Resources[:min(len(r.Resources), 4)], "; "))
	if r.Account != "" {
		s += ", user: " + r.Account
	}
	if r.NotCleaned {
		s += ", not remediated"
	}
	return s
}
