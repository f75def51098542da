package databases

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/srum"
	"github.com/artifactdump/artifactdump/hive"
)

// SRUMSources are where SRUDB.dat lies.
var SRUMSources = []artifacts.Source{artifacts.SignedRandom(`%SystemRoot%\System32\sru\SRUDB.dat`, "ese")}

// A SRUMRow is what the records of all tables of SRUDB.dat have in common.
type SRUMRow struct {
	Time    time.Time `json:"time,omitzero"`            // end of the period
	Number  int32     `json:"number"`                   // AutoIncId
	Path    string    `json:"path,omitempty"`           // of the program, as stored; or its file name
	Kind    string    `json:"kind"`                     // program, service, package, object; "" for the system itself
	App     string    `json:"app,omitempty"`            // the id as stored
	Groups  []string  `json:"groups,omitempty"`         // of svchost.exe: group and service
	Linked  time.Time `json:"link_time,omitzero"`       // of the program's file; a hash in a reproducible build
	SID     string    `json:"user_identifier,omitzero"` // of the account
	Page    uint32    `json:"page"`
	AppID   int32     `json:"app_id"`
	UserID  int32     `json:"user_id"`
	account evidence.User
}

// Owner returns the account that the program ran as.
func (r SRUMRow) Owner() evidence.User { return r.account }

// Program returns the path of the program, "" for services and packages.
func (r SRUMRow) Program() string {
	if r.Kind != "program" {
		return ""
	}
	return r.Path
}

// Build returns the file name, the link time and the end of the period of a row
// that names its program without a folder; "" for all others.
func (r SRUMRow) Build() (name string, linked, at time.Time) {
	if r.Kind != "program" || r.Linked.IsZero() || strings.Contains(r.Path, `\`) {
		return "", time.Time{}, time.Time{}
	}
	return r.Path, r.Linked, r.Time
}

// Who names program and account for a summary.
func (r SRUMRow) Who() string {
	who := r.App
	switch {
	case r.Kind == "program" && r.Path != "":
		who = r.Path
		if len(r.Groups) > 0 {
			who += " " + strings.Join(r.Groups, " ")
		}
	case who == "":
		who = "the system"
	}
	s := "[" + who + "]"
	switch {
	case r.account.Name != "":
		s += " as " + r.account.Name
	case r.SID != "":
		s += " as " + r.SID
	}
	return s
}

// A SRUM is an open SRUDB.dat.
type SRUM struct {
	*srum.Database
	in     artifacts.Input
	Newest time.Time
}

// OpenSRUM opens the input. It returns nil without an error for a loose file that
// is another database.
func OpenSRUM(in artifacts.Input) (*SRUM, error) {
	db, err := ESE(in)
	if db == nil {
		return nil, err
	}
	s, err := srum.Open(db)
	if err != nil {
		return nil, Foreign(in, err, srum.ErrNotSRUM)
	}
	return &SRUM{Database: s, in: in}, nil
}

// Row resolves the ids of a row.
func (s *SRUM) Row(r srum.Row) (SRUMRow, artifacts.Origin) {
	if r.Time.After(s.Newest) {
		s.Newest = r.Time
	}
	out := SRUMRow{Time: r.Time, Number: r.Number, Page: r.Page, AppID: r.AppID, UserID: r.UserID}
	if id := r.App; id != nil {
		if id.Text != "" {
			out.Kind = id.Kind.String()
		}
		out.App, out.Path, out.Groups, out.Linked = id.Text, id.Path, id.Groups, id.LinkTime
	}
	if id := r.User; id != nil && id.Kind == srum.User {
		out.SID = id.Text
		out.account = Account(s.in, id.Text)
	}
	return out, s.in.AtOffset(r.Offset)
}

// End is what the decoder returns after the rows.
func (s *SRUM) End() error { return EndESE(s.in, s.DB, s.Newest) }

// Account returns the account with a SID.
func Account(in artifacts.Input, sid string) evidence.User {
	if in.Machine != nil && sid != "" {
		for _, u := range in.Machine.Users {
			if strings.EqualFold(u.SID, sid) {
				return u
			}
		}
	}
	return evidence.User{SID: sid}
}

// Extension returns what SOFTWARE calls a table, or the built-in title.
func (s *SRUM) Extension(table string) string {
	if hv := Software(s.in); hv != nil {
		if k, err := hv.Key(`Microsoft\Windows NT\CurrentVersion\SRUM\Extensions\` + table); err == nil {
			if name := s.in.Of(k).Text(""); name != "" {
				return name
			}
		}
	}
	return srum.Title(table)
}

// Profile returns the name of the wireless network with an index (L2ProfileId).
func (s *SRUM) Profile(index int32) string {
	if index == 0 {
		return ""
	}
	return s.in.Once("srum: profiles "+s.in.From.Snapshot,
		func() any { return wirelessProfiles(s.in) }).(map[uint64]string)[uint64(uint32(index))]
}

// wirelessProfiles reads Microsoft\WlanSvc\Interfaces\{…}\Profiles\{…}: the index of
// each profile, and the SSID in MetaData, value "Channel Hints": u32 length, 32 bytes.
func wirelessProfiles(in artifacts.Input) map[uint64]string {
	out := map[uint64]string{}
	hv := Software(in)
	if hv == nil {
		return out
	}
	k, err := hv.Key(`Microsoft\WlanSvc\Interfaces`)
	if err != nil {
		return out
	}
	for face := range in.Of(k).Subkeys() {
		profiles, ok := in.Of(face).Subkey("Profiles")
		if !ok {
			continue
		}
		for p := range in.Of(profiles).Subkeys() {
			index, ok := in.Of(p).Uint("ProfileIndex")
			meta, found := in.Of(p).Subkey("MetaData")
			if !ok || !found {
				continue
			}
			if b := in.Of(meta).Bytes("Channel Hints"); len(b) >= 36 && b[0] <= 32 && b[1]|b[2]|b[3] == 0 {
				out[index] = strings.ToValidUTF8(string(b[4:4+b[0]]), "?")
			}
		}
	}
	return out
}

// Software returns the live SOFTWARE hive of the machine, or nil. Ids of older
// copies are looked up in it, too: it stays open for the run, theirs do not.
func Software(in artifacts.Input) *hive.Hive {
	if in.Tree == nil {
		return nil
	}
	hv, _ := in.Once("databases: SOFTWARE "+in.From.Snapshot, func() any {
		var live *hive.Hive
		hives, _ := in.Tree.Hives()
		for _, h := range hives {
			if h.Kind != evidence.SOFTWARE || h.Backup || h.Snapshot != "" {
				continue
			}
			if hv, _ := h.Open(); hv != nil {
				live = hv
			}
		}
		return live
	}).(*hive.Hive)
	return hv
}
