package execution

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// AmcacheFile is one program file that the inventory of Windows has seen.
type AmcacheFile struct {
	artifacts.Origin
	Path         string    `json:"full_path"`
	Name         string    `json:"name,omitempty"`
	OriginalName string    `json:"original_file_name,omitempty"` // by the file's version resource
	SHA1         string    `json:"sha1,omitempty"`
	SHA1Partial  bool      `json:"sha1_partial,omitempty"` // the file is bigger than what is hashed
	Size         uint64    `json:"file_size,omitempty"`
	Product      string    `json:"product_name,omitempty"`
	Company      string    `json:"company_name,omitempty"`
	Version      string    `json:"file_version,omitempty"`
	Description  string    `json:"description,omitempty"`
	BinaryType   string    `json:"binary_type,omitempty"`
	ProgramID    string    `json:"program_identifier,omitempty"`
	ProgramName  string    `json:"program_name,omitempty"`
	Package      string    `json:"package,omitempty"`
	Linked       string    `json:"link_date,omitempty"` // text: it may be a hash or forged
	OSComponent  bool      `json:"os_component,omitempty"`
	Usn          uint64    `json:"usn,omitempty"`
	Volume       string    `json:"volume,omitempty"`
	MFTEntry     uint64    `json:"mft_entry,omitempty"`
	MFTSequence  uint64    `json:"mft_sequence,omitempty"`
	Generation   string    `json:"generation"`
	Written      time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
	Modified     time.Time `json:"modified,omitzero" event:"File Last Modification Time"`
	Created      time.Time `json:"created,omitzero" event:"Creation Time"`
}

var amcacheFiles = artifacts.Define(artifacts.Artifact{
	Name:     "amcachefiles",
	Title:    "Amcache file",
	DataType: "windows:registry:amcache",
	About: `Windows keeps an inventory of program files with their SHA-1 for compatibility surveys. Proves that
the file was at that path with that content no later than the time of its key. The entry may outlive
the file. The key's time is when the inventory wrote the entry. On Windows 8 that is close to the
first start of a program that was not installed. Since Windows 10 it is a start or a scheduled scan;
many entries with nearly the same time are a scan. It does not by itself prove a start. The SHA-1
covers the first 31,457,280 bytes only. The link date is shown but is not an event: reproducible
builds store a hash there, and it can be forged. A different original file name shows that the file
was renamed. Modification and creation time (Windows 8 only) are copies of the file's times.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002", "T1036.003", "T1036.005"},
	Refs:   []string{amcacheRef, "https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/Amcache.md"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.AMCACHE, `Root\InventoryApplicationFile\*`),
		artifacts.Key(evidence.AMCACHE, `Root\File\*\*`),
	},
}, decodeAmcacheFiles)

// amcacheHashed is how much of a file the SHA-1 covers.
const amcacheHashed = 31457280

func decodeAmcacheFiles(in artifacts.Input, yield func(AmcacheFile) bool) error {
	r := AmcacheFile{Origin: in.AtKey(), Written: in.Written()}
	if strings.HasPrefix(in.Source.Key, `Root\File`) {
		amcacheNumbered(in, &r)
	} else {
		amcacheNamed(in, &r)
	}
	if r.Path == "" && r.SHA1 == "" {
		if in.Remnant() {
			return nil
		}
		return in.Errorf(in.AtKey(), "neither a path nor a hash")
	}
	if r.Name == "" {
		r.Name = winpath.Base(r.Path)
	}
	r.SHA1Partial = r.SHA1 != "" && r.Size > amcacheHashed
	if r.ProgramID != "" {
		r.ProgramName = amcacheProgramName(in, r.ProgramID)
	}
	yield(r)
	return nil
}

// amcacheNamed reads an entry of generations B to E.
func amcacheNamed(in artifacts.Input, r *AmcacheFile) {
	r.Path = in.Text("LowerCaseLongPath")
	r.Name = in.Text("Name")
	r.OriginalName = in.Text("OriginalFileName")
	r.SHA1 = amcacheSHA1(in.Text("FileId"))
	r.Size = amcacheUint(in, "Size")
	r.Product = in.Text("ProductName")
	r.Company = in.Text("Publisher")
	r.Version = in.Text("Version")
	r.BinaryType = in.Text("BinaryType")
	r.ProgramID = in.Text("ProgramId")
	r.Package = in.Text("AppxPackageFullName")
	r.Linked = in.Text("LinkDate")
	r.OSComponent = amcacheUint(in, "IsOsComponent") == 1
	r.Usn = amcacheUint(in, "Usn")
	_, hasPE := in.Value("IsPeFile")
	_, hasHash := in.Value("LongPathHash")
	switch {
	case len(in.Match) > 0 && !strings.Contains(in.Match[0], "|"):
		r.Generation = "B"
	case hasPE == nil:
		r.Generation = "C"
	case hasHash == nil:
		r.Generation = "D"
	default:
		r.Generation = "E"
	}
}

// amcacheNumbered reads an entry of generation A, below the id of its volume.
func amcacheNumbered(in artifacts.Input, r *AmcacheFile) {
	r.Generation = "A"
	r.Product = in.Text("0")
	r.Company = in.Text("1")
	r.Version = in.Text("5")
	r.Size = amcacheUint(in, "6")
	r.Description = in.Text("c")
	if t := amcacheUnix(in, "f"); !t.IsZero() {
		r.Linked = t.Format("01/02/2006 15:04:05")
	}
	r.Modified = amcacheTime(in, "11")
	if r.Modified.IsZero() {
		r.Modified = amcacheTime(in, "17")
	}
	r.Created = amcacheTime(in, "12")
	r.Path = in.Text("15")
	r.ProgramID = in.Text("100")
	r.SHA1 = amcacheSHA1(in.Text("101"))
	if len(in.Match) == 2 {
		r.Volume = in.Match[0]
		r.MFTEntry, r.MFTSequence, _ = amcacheReference(in.Match[1])
	}
}

// FileReferences returns the file's, which generation A has.
func (f AmcacheFile) FileReferences() []artifacts.FileReference {
	if f.MFTSequence == 0 || f.MFTSequence > 0xFFFF {
		return nil
	}
	return []artifacts.FileReference{{Path: f.Path, Entry: f.MFTEntry, Sequence: uint16(f.MFTSequence), Created: f.Created}}
}

// amcacheReference reads a file reference as generation A names its keys: the
// sequence in hex, four digits of the entry's high part (0000 in all files
// seen), and the low part without padding. So what follows 0000 does not begin
// with 0.
func amcacheReference(name string) (entry, sequence uint64, ok bool) {
	for i := 1; i <= 4 && i+5 <= len(name); i++ {
		if name[i:i+4] != "0000" || name[i+4] == '0' {
			continue
		}
		seq, err1 := strconv.ParseUint(name[:i], 16, 16)
		low, err2 := strconv.ParseUint(name[i+4:], 16, 32)
		if err1 == nil && err2 == nil {
			return low, seq, true
		}
	}
	return 0, 0, false
}

// amcacheProgramName looks the program of a file up in the same hive, whose
// programs are listed once for all files.
func amcacheProgramName(in artifacts.Input, id string) string {
	if in.Hive == nil {
		return ""
	}
	names := in.Once("amcache programs "+in.From.Snapshot+in.From.Path, func() any {
		names := map[string]string{}
		for _, t := range []struct{ table, value string }{{`Root\Programs`, "0"}, {`Root\InventoryApplication`, "Name"}} {
			k, err := in.Hive.Key(t.table)
			if err != nil {
				continue
			}
			for p := range in.Of(k).Subkeys() {
				if name := in.Of(p).Text(t.value); name != "" {
					names[strings.ToLower(p.Name())] = name
				}
			}
		}
		return names
	}).(map[string]string)
	return names[strings.ToLower(id)]
}

// Program returns the path.
func (f AmcacheFile) Program() string { return f.Path }

// Summary shows what tells one file from another.
func (f AmcacheFile) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] was seen", f.Path)
	if f.SHA1 != "" {
		fmt.Fprintf(&b, " SHA-1: %s", f.SHA1)
		if f.SHA1Partial {
			b.WriteString(" (of the first 31457280 bytes)")
		}
	}
	if f.Renamed() {
		fmt.Fprintf(&b, " original name: %s", f.OriginalName)
	}
	if f.Product != "" {
		fmt.Fprintf(&b, " product: %s", f.Product)
	}
	return b.String()
}

// Renamed reports whether the file bears another name than its version resource
// gives it.
func (f AmcacheFile) Renamed() bool {
	name := strings.TrimSuffix(strings.ToLower(f.OriginalName), ".mui")
	return name != "" && !strings.EqualFold(strings.TrimSuffix(name, ".exe"), strings.TrimSuffix(strings.ToLower(f.Name), ".exe"))
}
