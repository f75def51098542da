package execution

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A SRUMApp is what one program did on the processor and the disk in one period.
type SRUMApp struct {
	artifacts.Origin
	databases.SRUMRow
	FaceTime         int64 `json:"face_time,omitempty"` // 100 ns
	ForegroundCycles int64 `json:"foreground_cycles"`
	BackgroundCycles int64 `json:"background_cycles"`
	BytesRead        int64 `json:"bytes_read"` // foreground and background
	BytesWritten     int64 `json:"bytes_written"`
}

var srumApps = artifacts.Define(artifacts.Artifact{
	Name:     "srumapps",
	Title:    "SRUM application usage",
	DataType: "windows:srum:application_usage",
	About: `The System Resource Usage Monitor of Windows 8 and later sums, about once an hour and at shutdown, what each program of each account
used. Proves that this program ran as this account, and what it read and wrote, in the period that ended at the time of the row. Does not
prove when in this period, nor how often. The first rows after a boot may hold the sums of a much longer period. Times are UTC, the end of
the period. Rows are kept for about 30 days. What ran in the last hour before power was lost is missing. Programs of the system are stored with their file
name and link time only; a link time of a reproducible build is a hash.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://github.com/libyal/esedb-kb/blob/main/documentation/System%20Resource%20Usage%20Monitor%20(SRUM).asciidoc",
		"https://www.sciencedirect.com/science/article/abs/pii/S1742287615000031",
	},
	Sources: databases.SRUMSources,
}, decodeSRUMApps)

func decodeSRUMApps(in artifacts.Input, yield func(SRUMApp) bool) error {
	db, err := databases.OpenSRUM(in)
	if db == nil {
		return err
	}
	for row, err := range db.Apps() {
		if err != nil {
			continue // in the damage of the database
		}
		r := SRUMApp{FaceTime: row.FaceTime, ForegroundCycles: row.Foreground.Cycles, BackgroundCycles: row.Background.Cycles,
			BytesRead: row.Foreground.BytesRead + row.Background.BytesRead, BytesWritten: row.Foreground.BytesWritten +
				row.Background.BytesWritten}
		r.SRUMRow, r.Origin = db.Row(row.Row)
		if !yield(r) {
			return nil
		}
	}
	return db.End()
}

// Events gives the end of the period.
func (r SRUMApp) Events() []artifacts.Event {
	if r.Time.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Time, Kind: "End Time"}}
}

// Summary shows what the program used.
func (r SRUMApp) Summary() string {
	return fmt.Sprintf("%s ran in the period that ended now: %d foreground and %d background cycles, %d bytes read, %d written",
		r.Who(), r.ForegroundCycles, r.BackgroundCycles, r.BytesRead, r.BytesWritten)
}
