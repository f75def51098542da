package execution

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Bam is one program that the background or desktop activity moderator saw
// active.
type Bam struct {
	artifacts.Origin
	Path     string    `json:"path"` // with a device name, or a package family name
	SID      string    `json:"user_identifier"`
	LastRun  time.Time `json:"last_run,omitzero" event:"Last Time Executed"`
	Packaged bool      `json:"packaged,omitempty"`
	Service  string    `json:"service"` // "bam" or "dam"
	Frozen   bool      `json:"frozen,omitempty"`

	user evidence.User
}

var bam = artifacts.Define(artifacts.Artifact{
	Name:     "bam",
	Title:    "Background Activity Moderator",
	DataType: "windows:registry:bam",
	About: `On Windows 10 1709 and later a driver that throttles background programs records, for each account,
the programs that it moderates. Proves that a process of this program ran under this SID. The time
is when the moderator last saw it active, near its last start or its end. There is only one time, no
count and no first run. Entries unused for about a week are deleted at the next boot, so absence
proves nothing about earlier activity. Console programs started by others, and programs on removable
or network drives, are often missing. The number in \Device\HarddiskVolumeN is assigned at boot and
may name another volume at the next. An upgrade to 1809 keeps the older key: its entries no longer
change and are marked frozen.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002", "T1059"},
	Refs: []string{
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/bam.py",
		"https://learn.microsoft.com/windows/win32/procthread/quality-of-service",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\bam\State\UserSettings\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\bam\UserSettings\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\dam\State\UserSettings\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\dam\UserSettings\*`),
	},
}, decodeBam)

// A BAM value; seen in real files of 1709 and 1903, 24 bytes each.
const (
	bamTime     = 0  // FILETIME
	bamPackaged = 16 // u32, 1 for a packaged program
	bamMin      = 8  // the time alone is enough
)

func decodeBam(in artifacts.Input, yield func(Bam) bool) error {
	service := "bam"
	if strings.Contains(strings.ToLower(in.Source.Key), `\dam\`) {
		service = "dam"
	}
	sid := ""
	if len(in.Match) > 0 {
		sid = in.Match[len(in.Match)-1]
	}
	frozen := false
	if !strings.Contains(in.Source.Key, `\State\`) && in.ControlSet != "" {
		path := in.ControlSet + `\Services\` + service + `\State\UserSettings`
		frozen = in.Once("bam "+in.From.Snapshot+in.From.Path+path, func() any {
			_, err := in.Hive.Key(path)
			return err == nil
		}).(bool)
	}
	user := bamUser(in, sid)

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		switch v.Name() {
		case "Version", "SequenceNumber", "":
			continue
		}
		b, err := v.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if len(b) < bamMin {
			if err == nil {
				errs = append(errs, in.Errorf(in.At(v), "%d bytes, an entry begins with a time of 8", len(b)))
			}
			continue
		}
		if !yield(Bam{
			Origin:   in.At(v),
			Path:     v.Name(),
			SID:      sid,
			LastRun:  wire.TimeAt(b, bamTime),
			Packaged: len(b) >= bamPackaged+4 && le.Uint32(b[bamPackaged:]) == 1,
			Service:  service,
			Frozen:   frozen,
			user:     user,
		}) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// bamUser is the account of the SID that the key is named after.
func bamUser(in artifacts.Input, sid string) evidence.User {
	if in.Machine != nil {
		for _, u := range in.Machine.Users {
			if strings.EqualFold(u.SID, sid) {
				return u
			}
		}
	}
	return evidence.User{SID: sid}
}

// Owner is the account under which the program ran.
func (b Bam) Owner() evidence.User { return b.user }

// Program returns the path; a packaged program has none.
func (b Bam) Program() string {
	if !strings.Contains(b.Path, `\`) {
		return ""
	}
	return b.Path
}

// Summary names the account, since the hive is the machine's.
func (b Bam) Summary() string {
	s := fmt.Sprintf("[%s] was active [%s]", b.Path, b.SID)
	if b.Frozen {
		s += " (key of an older version, frozen at an upgrade)"
	}
	return s
}

// Tags marks entries that an upgrade left behind.
func (b Bam) Tags() []string {
	if b.Frozen {
		return []string{"frozen"}
	}
	return nil
}
