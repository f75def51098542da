package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// TrustRecord is a document whose content a user allowed, or a setting of
// Office that allows macros.
type TrustRecord struct {
	artifacts.Origin
	Path        string    `json:"path"` // the document as Office spells it; of a setting its name
	Application string    `json:"application"`
	Version     string    `json:"version"`
	Kind        string    `json:"kind"` // "document", "location", "setting"
	Macros      bool      `json:"macros_enabled,omitempty"`
	Editing     bool      `json:"editing_enabled,omitempty"`
	Flags       uint32    `json:"flags,omitempty"`
	Value       string    `json:"value,omitempty"`
	Meaning     string    `json:"meaning,omitempty"`
	Offset      string    `json:"utc_offset,omitempty"`
	Trusted     time.Time `json:"trusted,omitzero" event:"Last Trusted Time"`
	Created     time.Time `json:"file_created,omitzero" event:"Creation Time"`
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var trustRecords = artifacts.Define(artifacts.Artifact{
	Name:     "trustrecords",
	Title:    "Trusted Office documents",
	DataType: "windows:registry:office_trust_record",
	About: `Documents for which a user clicked "Enable editing" or "Enable content", the folders that Office
trusts, and the settings for macros. Proves that the click was made under this account, for which
document and when (minutes, UTC); with macros enabled its code could then run without a prompt. It
does not prove that the document held macros or what they did. The first time in a record is that of
the document file, not of the click. Folders trusted by default are also listed; a setting is dated
only by its key.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002", "T1059.005", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/deployoffice/security/trusted-documents",
		"https://learn.microsoft.com/deployoffice/security/internet-macros-blocked",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, officeAppKey+`Security\Trusted Documents\TrustRecords`),
		artifacts.Key(evidence.NTUSER, officeAppKey+`Security\Trusted Locations\*`),
		artifacts.Key(evidence.NTUSER, officeAppKey+"Security"),
		artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Office\*\*\Security`),
	},
}, decodeTrustRecords)

// A trust record; seen in real hives, 24 bytes.
const (
	trustFile    = 0  // FILETIME of the document
	trustOffset  = 8  // i64, 100 ns: the zone's distance from UTC
	trustMinutes = 16 // u32, minutes since 1970, UTC: the click
	trustFlags   = 20 // u32, 1 editing, 7FFFFFFF macros
	trustMin     = 24
)

var trustSettings = map[string]map[string]string{
	"VBAWarnings": {"1": "all macros run", "2": "macros ask", "3": "only signed macros", "4": "no macros"},
	"AccessVBOM":  {"1": "programs may change macros", "0": "programs may not change macros"},
	"BlockContentExecutionFromInternet": {"1": "macros of files from the Internet are blocked",
		"0": "macros of files from the Internet may run"},
	"DisableInternetFilesInPV":   {"1": "files from the Internet open without the protected view"},
	"DisableAttachmentsInPV":     {"1": "attachments open without the protected view"},
	"DisableUnsafeLocationsInPV": {"1": "files of unsafe folders open without the protected view"},
	"DisableAllActiveX":          {"1": "ActiveX is off"},
	"AllowNetworkLocations":      {"1": "folders on the network may be trusted"},
	"PackagerPrompt":             {"0": "embedded objects open without a question"},
	"MarkInternalAsUnsafe":       {"0": "files of the intranet are safe"},
	"ExtensionHardening":         {"0": "a wrong extension opens without a question"},
}

func decodeTrustRecords(in artifacts.Input, yield func(TrustRecord) bool) error {
	if len(in.Match) < 2 {
		return nil
	}
	base := TrustRecord{Version: in.Match[0], Application: in.Match[1]}
	if len(in.Match) > 2 {
		if in.Partial() || in.Text("Path") == "" {
			return nil
		}
		base.Origin, base.Kind, base.Written = in.AtKey(), "location", in.Written()
		base.Path, base.Value = in.Text("Path"), in.Text("Description")
		yield(base)
		return nil
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		r := base
		r.Origin, r.Path = in.At(v), v.Name()
		if !strings.HasSuffix(in.Source.Key, "TrustRecords") {
			means, known := trustSettings[v.Name()]
			if !known {
				continue
			}
			r.Kind, r.Value = "setting", in.Own().AnyOf(v)
			r.Meaning = means[r.Value]
			if !in.Partial() {
				r.Written = in.Written()
			}
			if !yield(r) {
				return nil
			}
			continue
		}
		r.Kind = "document"
		b, err := v.Bytes()
		if err == nil && len(b) < trustMin {
			err = fmt.Errorf("%d bytes, a trust record has %d", len(b), trustMin)
		}
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if len(b) >= trustMin {
			r.document(b)
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// document reads the data of a document that was trusted, trustMin bytes or more.
func (t *TrustRecord) document(b []byte) {
	t.Created = wire.TimeAt(b, trustFile)
	t.Offset = (time.Duration(int64(le.Uint64(b[trustOffset:]))/1e7) * time.Second).String()
	if n := le.Uint32(b[trustMinutes:]); n != 0 && 60*int64(n) <= 253402300799 { // a later time nobody can write
		t.Trusted = time.Unix(60*int64(n), 0).UTC()
	}
	t.Flags = le.Uint32(b[trustFlags:])
	t.Macros, t.Editing = t.Flags == 0x7FFFFFFF, t.Flags&1 != 0
}

// Proof distinguishes user actions from settings.
func (t TrustRecord) Proof() artifacts.Proof {
	if t.Kind == "document" {
		return artifacts.Interacted
	}
	return artifacts.Configured
}

// Tags marks the click that lets code run.
func (t TrustRecord) Tags() []string {
	if t.Macros || t.Kind == "setting" && t.Meaning == "all macros run" {
		return []string{"macros"}
	}
	return nil
}

// Summary describes what is trusted.
func (t TrustRecord) Summary() string {
	switch {
	case t.Kind == "setting":
		return fmt.Sprintf("[%s] is %s %s (%s %s)", t.Path, t.Value, t.Meaning, t.Application, t.Version)
	case t.Kind == "location":
		return fmt.Sprintf("[%s] is a trusted folder (%s %s)", t.Path, t.Application, t.Version)
	case t.Macros:
		return fmt.Sprintf("[%s] macros enabled (%s %s)", t.Path, t.Application, t.Version)
	case t.Editing:
		return fmt.Sprintf("[%s] editing enabled (%s %s)", t.Path, t.Application, t.Version)
	}
	return fmt.Sprintf("[%s] trusted, flags %#x (%s %s)", t.Path, t.Flags, t.Application, t.Version)
}
