package filesystem

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// Mark is the Mark of the Web of a file: where it came from.
type Mark struct {
	artifacts.Origin
	Path      string    `json:"file_path"`
	PathState string    `json:"path_state"`
	Reference string    `json:"file_reference"`
	Exists    bool      `json:"exists"`
	Zone      string    `json:"zone"`
	HostURL   string    `json:"host_url,omitempty"`
	Referrer  string    `json:"referrer_url,omitempty"`
	HostIP    string    `json:"host_ip,omitempty"`
	Package   string    `json:"package,omitempty"`
	AppZone   string    `json:"app_zone,omitempty"`
	Other     []string  `json:"other_lines,omitempty"`
	Lost      bool      `json:"text_lost,omitempty"` // the text is not in the file record
	Appeared  time.Time `json:"name_created,omitzero"`
}

var zoneID = artifacts.Define(artifacts.Artifact{
	Name:     "zoneid",
	Title:    "Mark of the Web",
	DataType: "windows:zone_identifier",
	About: `The stream Zone.Identifier that browsers, mail programs and archivers attach to what they save from another zone. Proves that a
program of the machine wrote the file as coming from this zone, and from this address when it names one. The stream is in the file record:
it survives renames on the volume, and a deleted file keeps it until the record is reused. It has no time of its own. Does not prove that
the file was opened, and its absence proves nothing: not every program marks files, and users can remove the mark. Copies to other file
systems lose it. Any program can write any text into it.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002", "T1566", "T1553.005"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-fscc/6e3f7352-d11c-4d76-8c39-2516a9df36e8",
	},
	Sources: signedMFT(),
	First:   readViewFirst,
}, decodeZoneID)

// zoneName returns the word for a zone.
func zoneName(id int) string {
	names := [...]string{"local", "intranet", "trusted", "Internet", "restricted"}
	if id < 0 {
		return ""
	}
	if id < len(names) {
		return names[id]
	}
	return fmt.Sprint(id)
}

// clipURL cuts an address to what browsers accept.
func clipURL(s string) string {
	const limit = 2083
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

func decodeZoneID(in artifacts.Input, yield func(Mark) bool) error {
	v := viewFrom(in, in.File)
	if v == nil || len(v.marked) == 0 {
		return nil
	}
	live := liveView(in)
	opts := ntfs.RecordOptions{RecordSize: v.recordSize, Table: v.table}
	for r, err := range ntfs.RecordsOf(in.Random, entriesOf(v.marked), opts) {
		if err != nil {
			return nil // the artifact mft reports it
		}
		s := r.ZoneIdentifier()
		if s == nil || !v.marked[r.Reference()] || live != nil && live.marked[r.Reference()] {
			continue
		}
		z := ntfs.ParseZone(s.Value)
		m := Mark{
			Origin: in.AtOffset(r.Offset + int64(s.Offset)), Reference: r.Reference().String(), Exists: r.InUse(), Zone: zoneName(z.ID),
			HostURL: z.HostURL, Referrer: z.ReferrerURL, HostIP: z.HostIP, Package: z.Package, AppZone: z.AppZoneID, Other: z.Other,
			Lost: s.Value == nil,
		}
		if s.Record != r.Entry {
			m.Origin = in.AtOffset(r.Offset) // it is in an extension record
		}
		if path, state, ok := v.table.Path(r); ok {
			m.Path, m.PathState = v.drive+path, state.String()
		}
		if n := r.BestName(); n != nil {
			m.Appeared = n.Created()
		}
		if !yield(m) {
			return nil
		}
	}
	return nil
}

// Program returns the path of a program or a script.
func (m Mark) Program() string {
	if !IsRunnable(m.Path) {
		return ""
	}
	return m.Path
}

// Summary says where the file came from.
func (m Mark) Summary() string {
	var b strings.Builder
	b.WriteString(m.Path)
	if m.Zone != "" {
		b.WriteString(" came from the zone " + m.Zone)
	}
	if m.HostURL != "" {
		b.WriteString(", from " + clipURL(m.HostURL))
	}
	if m.Referrer != "" {
		b.WriteString(", by way of " + clipURL(m.Referrer))
	}
	if !m.Exists {
		b.WriteString(" (deleted)")
	}
	return b.String()
}

// Tags marks files that are gone.
func (m Mark) Tags() []string {
	if !m.Exists {
		return []string{"deleted-file"}
	}
	return nil
}
