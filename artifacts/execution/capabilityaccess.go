package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A CapabilityUse is one use of a device or of personal data by a program, or
// the hash of a program that used one.
type CapabilityUse struct {
	artifacts.Origin
	Kind       string    `json:"kind"` // use, identity
	Capability string    `json:"capability,omitempty"`
	App        string    `json:"app"` // path, or package family name
	Packaged   bool      `json:"packaged"`
	SID        string    `json:"user_identifier,omitempty"`
	Start      time.Time `json:"start_time,omitzero" event:"Start Time"`
	Stop       time.Time `json:"end_time,omitzero" event:"End Time"`
	Observed   time.Time `json:"observed,omitzero" event:"Recorded Time"`
	Blocked    bool      `json:"access_blocked,omitempty"`
	AppName    string    `json:"app_name,omitempty"`
	Service    string    `json:"service,omitempty"`
	SHA1       string    `json:"sha1,omitempty"`
	ProgramID  string    `json:"program_id,omitempty"`
	Row        int64     `json:"row"`
	Page       uint32    `json:"page"`
	account    evidence.User
}

var capabilityAccess = artifacts.Define(artifacts.Artifact{
	Name:     "capabilityaccess",
	Title:    "Capability access history",
	DataType: "windows:capability_access:usage",
	About: `CapabilityAccessManager.db of Windows 11: each use of the microphone, camera, location, screen capture and other capabilities by a program,
with start, end and account, for about 30 days, where consentstore has only the last use. Proves that the program ran as this account and had the
capability open from start to end. Records of the kind identity have the SHA-1 of a program at the time that it was observed. Does not prove what was
recorded or sent. A row whose access was blocked proves the attempt. Rows that were deleted or are only in the log are marked. Times are UTC.
The format is not documented, and no file of a real machine was at hand: columns are found by their names.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1123", "T1125", "T1113"},
	Refs: []string{
		"https://medium.com/@cyber.sundae.dfir/capability-access-manager-forensics-in-windows-11-f586ef8aac79",
		"https://attack.mitre.org/techniques/T1123/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%ProgramData%\Microsoft\Windows\CapabilityAccessManager\CapabilityAccessManager.db`, "sqlite"),
	},
}, decodeCapabilityAccess)

// The tables of uses, of hashes, and of the texts that rows of both name by number.
const (
	packagedUses = "PackagedUsageHistory"
	otherUses    = "NonPackagedUsageHistory"
	identities   = "NonPackagedIdentityRelationship"
)

var capabilityTexts = []string{"Capabilities", "PackageFamilyNames", "BinaryFullPaths", "Users", "FileIDs", "ProgramIDs", "AppNames", "ServiceNames"}

// maxCapabilityTexts bounds the texts of one table.
const maxCapabilityTexts = 1 << 18

func decodeCapabilityAccess(in artifacts.Input, yield func(CapabilityUse) bool) error {
	db, err := databases.OpenSQLite(in)
	if db == nil {
		return err
	}
	if in.Loose() && db.Table(packagedUses) == nil && db.Table(otherUses) == nil {
		return nil
	}
	var errs databases.Errors
	texts := map[string]map[int64]string{}
	for _, table := range capabilityTexts {
		if db.Table(table) == nil {
			continue // older versions have fewer
		}
		list := map[int64]string{}
		for row, err := range db.Rows(table, "ID", "StringValue") {
			if err != nil {
				errs.Add(err)
				continue
			}
			if id, ok := row.Get("ID").Int(); ok && len(list) < maxCapabilityTexts {
				list[id] = row.Get("StringValue").Text()
			}
		}
		texts[table] = list
	}
	for row, err := range db.Each(true, packagedUses, otherUses, identities) {
		if err != nil {
			errs.Add(err)
			continue
		}
		r := capabilityUse(&row, texts)
		r.Origin = db.At(row.Place, row.State, row.Grade)
		r.account = databases.Account(in, r.SID)
		if r.App == "" && r.Start.IsZero() && r.Observed.IsZero() {
			continue // a remnant that shows nothing
		}
		if !yield(r) {
			return nil
		}
	}
	return db.End(&errs)
}

func capabilityUse(row *sqlitedb.Row, texts map[string]map[int64]string) CapabilityUse {
	named := func(column, table string) string {
		id, _ := row.Get(column).Int()
		return texts[table][id]
	}
	at := func(column string) time.Time {
		v, _ := row.Get(column).Int()
		return wire.Time(uint64(max(0, v)))
	}
	blocked, _ := row.Get("AccessBlocked").Int()
	r := CapabilityUse{
		Kind: "use", Capability: named("Capability", "Capabilities"), SID: named("UserSid", "Users"),
		Start: at("LastUsedTimeStart"), Stop: at("LastUsedTimeStop"), Observed: at("LastObservedTime"), Blocked: blocked != 0,
		AppName: named("AppName", "AppNames"), Service: named("ServiceName", "ServiceNames"), ProgramID: named("ProgramID", "ProgramIDs"),
		SHA1: amcacheSHA1(named("FileID", "FileIDs")), Page: row.Page,
	}
	r.Row, _ = row.Get("ID").Int()
	switch {
	case strings.EqualFold(row.Table.Name, packagedUses):
		r.Packaged, r.App = true, named("PackageFamilyName", "PackageFamilyNames")
	case strings.EqualFold(row.Table.Name, identities):
		r.Kind = "identity"
		fallthrough
	default:
		r.App = named("BinaryFullPath", "BinaryFullPaths")
	}
	return r
}

// Owner returns the account that the program ran as.
func (r CapabilityUse) Owner() evidence.User { return r.account }

// Program returns the path; a packaged program has none.
func (r CapabilityUse) Program() string {
	if r.Packaged {
		return ""
	}
	return r.App
}

// Proof is that the file was there where only its hash is recorded.
func (r CapabilityUse) Proof() artifacts.Proof {
	if r.Kind == "identity" {
		return artifacts.Present
	}
	return artifacts.Executed
}

// Summary names the capability.
func (r CapabilityUse) Summary() string {
	switch {
	case r.Kind == "identity":
		return fmt.Sprintf("[%s] SHA-1: %s", r.App, r.SHA1)
	case r.Blocked:
		return fmt.Sprintf("[%s] was refused the %s", r.App, r.Capability)
	}
	return fmt.Sprintf("[%s] used the %s", r.App, r.Capability)
}
