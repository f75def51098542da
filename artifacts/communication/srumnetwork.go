package communication

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A SRUMNetwork is what one program sent and received over one interface in one
// period.
type SRUMNetwork struct {
	artifacts.Origin
	databases.SRUMRow
	Sent      int64  `json:"bytes_sent"`
	Received  int64  `json:"bytes_received"`
	Interface string `json:"interface_type"` // Ethernet, Wi-Fi …
	LUID      string `json:"interface_luid"`
	Profile   string `json:"network,omitempty"` // name of the wireless network
	ProfileID int32  `json:"profile_id,omitempty"`
}

var srumNetwork = artifacts.Define(artifacts.Artifact{
	Name:     "srumnetwork",
	Title:    "SRUM network usage",
	DataType: "windows:srum:network_usage",
	About: `The System Resource Usage Monitor of Windows 8 and later sums, about once an hour and at shutdown, the bytes that each program of
each account sent and received. Proves that this program ran as this account and moved so many bytes in the period that ended at the time of
the row. It does not record to whom, over which protocol, nor when in this period; the first rows after a boot may hold the sums of a much longer
one. Traffic in the local network counts too. Times are UTC, the end of the period. Rows are kept for about 30 days; what was sent in the last
hour before power was lost is missing. Servers have no such table.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1041", "T1048", "T1567"},
	Refs: []string{
		"https://github.com/libyal/esedb-kb/blob/main/documentation/System%20Resource%20Usage%20Monitor%20(SRUM).asciidoc",
		"https://www.sciencedirect.com/science/article/abs/pii/S1742287615000031",
	},
	Sources: databases.SRUMSources,
}, decodeSRUMNetwork)

func decodeSRUMNetwork(in artifacts.Input, yield func(SRUMNetwork) bool) error {
	db, err := databases.OpenSRUM(in)
	if db == nil {
		return err
	}
	for row, err := range db.Networks() {
		if err != nil {
			continue // in the damage of the database
		}
		r := SRUMNetwork{Sent: row.Sent, Received: row.Received, Interface: interfaceType(row.InterfaceType),
			LUID: fmt.Sprintf("%016X", row.LUID), Profile: db.Profile(row.Profile), ProfileID: row.Profile}
		r.SRUMRow, r.Origin = db.Row(row.Row)
		if !yield(r) {
			return nil
		}
	}
	return db.End()
}

// interfaceType names a type of interface of the IANA registry "ifType".
func interfaceType(n uint16) string {
	switch n {
	case 6:
		return "Ethernet"
	case 23:
		return "PPP"
	case 24:
		return "loopback"
	case 71:
		return "Wi-Fi"
	case 131:
		return "tunnel"
	case 243, 244:
		return "mobile broadband"
	}
	return fmt.Sprintf("type %d", n)
}

// Events gives the end of the period.
func (r SRUMNetwork) Events() []artifacts.Event {
	if r.Time.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Time, Kind: "End Time"}}
}

// Summary shows the bytes.
func (r SRUMNetwork) Summary() string {
	s := fmt.Sprintf("%s sent %d and received %d bytes over %s", r.Who(), r.Sent, r.Received, r.Interface)
	if r.Profile != "" {
		s += " [" + r.Profile + "]"
	}
	return s + " in the period that ended now"
}
