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

// CompatAssistant is one program that the Program Compatibility Assistant has
// watched.
type CompatAssistant struct {
	artifacts.Origin
	Path       string    `json:"path"`
	Store      bool      `json:"store"` // Windows 8 and later; else the Persisted list of Vista and 7
	Size       uint64    `json:"file_size,omitempty"`
	CheckSum   uint32    `json:"pe_checksum,omitempty"`
	DataTime   time.Time `json:"compatibility_data_time,omitzero"` // no execution time
	Index      int       `json:"index"`
	KeyWritten time.Time `json:"key_written,omitzero"`
}

var compatAssistant = artifacts.Define(artifacts.Artifact{
	Name:     "compatassistant",
	Title:    "Compatibility Assistant",
	DataType: "windows:registry:compatassistant",
	About: `The Program Compatibility Assistant watches programs that users start and records those that it has
assessed. Proves that a program of this path was started by this user at an unknown time. Windows 8
and later also record the size and PE checksum of the file. The FILETIME inside an entry is not an
execution time: in real hives all entries share one or two values, the date of the compatibility
data of Windows. It is shown but is not an event. The key's last write dates the newest entry.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs: []string{"https://learn.microsoft.com/windows/win32/w8cookbook/pca-compatibility-modes",
		"https://github.com/keydet89/RegRipper4.0/blob/main/plugins/appcompatflags.pl"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\Store`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\Persisted`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\Persisted`),
	},
}, decodeCompatAssistant)

// A Store entry: a signature, two words, then blocks of tag, length and data;
// seen in real hives. Block 7 is always there.
const (
	sacpHeader   = 12
	sacpFile     = 7
	sacpFileSize = 0  // u32
	sacpCheckSum = 4  // u32
	sacpTime     = 24 // FILETIME
	sacpFileMin  = 32
)

func decodeCompatAssistant(in artifacts.Input, yield func(CompatAssistant) bool) error {
	store := strings.HasSuffix(in.Source.Key, "Store")
	var recs []CompatAssistant
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Name() == "" {
			continue
		}
		r := CompatAssistant{Origin: in.At(v), Path: v.Name(), Store: store, Index: len(recs), KeyWritten: in.Written()}
		if store {
			b, err := v.Bytes()
			if err == nil {
				err = r.blocks(b)
			}
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
		}
		recs = append(recs, r)
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// blocks reads the data of a Store entry; the name alone is worth a record.
func (r *CompatAssistant) blocks(b []byte) error {
	if len(b) < sacpHeader || string(b[:4]) != "SACP" {
		return errors.New("no SACP signature")
	}
	for off := sacpHeader; off < len(b); {
		if len(b)-off < 8 {
			return fmt.Errorf("%d bytes are left at %d, a block begins with 8", len(b)-off, off)
		}
		tag, size := le.Uint32(b[off:]), uint64(le.Uint32(b[off+4:]))
		off += 8
		if size > uint64(len(b)-off) {
			return fmt.Errorf("block %d of %d bytes at %d, %d are left", tag, size, off-8, len(b)-off)
		}
		if d := b[off : off+int(size)]; tag == sacpFile && len(d) >= sacpFileMin {
			r.Size = uint64(le.Uint32(d[sacpFileSize:]))
			r.CheckSum = le.Uint32(d[sacpCheckSum:])
			r.DataTime = wire.TimeAt(d, sacpTime)
		}
		off += int(size)
	}
	return nil
}

// Program returns the path.
func (c CompatAssistant) Program() string { return withoutMedia(c.Path) }

// Summary says that the time is unknown.
func (c CompatAssistant) Summary() string {
	return fmt.Sprintf("[%s] was executed (time unknown)", c.Path)
}

// Events gives the key's time, once.
func (c CompatAssistant) Events() []artifacts.Event {
	return artifacts.KeyEvent(c.Index, c.KeyWritten, "Compatibility Assistant")
}
