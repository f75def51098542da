package communication

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A SRUMConnection is one connection of the machine to a network.
type SRUMConnection struct {
	artifacts.Origin
	databases.SRUMRow
	Start     time.Time `json:"connect_start,omitzero" event:"First Connection Time"`
	Seconds   int64     `json:"connected_s"`
	Interface string    `json:"interface_type"`
	LUID      string    `json:"interface_luid"`
	Profile   string    `json:"network,omitempty"`
	ProfileID int32     `json:"profile_id,omitempty"`
}

var srumConnections = artifacts.Define(artifacts.Artifact{
	Name:     "srumconnections",
	Title:    "SRUM network connectivity",
	DataType: "windows:srum:network_connectivity",
	About: `Connections of the machine to networks, by the System Resource Usage Monitor of Windows 8 and later. Proves that an interface of this type
was connected from First Connection Time on, for so many seconds. A wireless network has its name when SOFTWARE still knows the profile. Does not prove that
anybody used the connection. Times are UTC. The row itself was written at the end of a period (time). plaso names the start "Last Connection Time".`,
	Proves: artifacts.Present,
	Attack: []string{"T1041"},
	Refs: []string{
		"https://github.com/libyal/esedb-kb/blob/main/documentation/System%20Resource%20Usage%20Monitor%20(SRUM).asciidoc",
	},
	Sources: databases.SRUMSources,
}, decodeSRUMConnections)

func decodeSRUMConnections(in artifacts.Input, yield func(SRUMConnection) bool) error {
	db, err := databases.OpenSRUM(in)
	if db == nil {
		return err
	}
	for row, err := range db.Connections() {
		if err != nil {
			continue // in the damage of the database
		}
		r := SRUMConnection{Start: row.Start, Seconds: row.Seconds, Interface: interfaceType(row.InterfaceType),
			LUID: fmt.Sprintf("%016X", row.LUID), Profile: db.Profile(row.Profile), ProfileID: row.Profile}
		r.SRUMRow, r.Origin = db.Row(row.Row)
		if !yield(r) {
			return nil
		}
	}
	return db.End()
}

// Summary shows how long the connection lasted.
func (r SRUMConnection) Summary() string {
	s := r.Interface
	if r.Profile != "" {
		s += " [" + r.Profile + "]"
	}
	return fmt.Sprintf("%s connected for %d s", s, r.Seconds)
}
