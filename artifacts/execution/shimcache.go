package execution

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/appcompat"
)

// Shimcache is one file whose compatibility Windows looked up.
type Shimcache struct {
	artifacts.Origin
	Index    int       `json:"entry_index"` // 0 is the newest, except on XP
	Path     string    `json:"path"`
	Package  string    `json:"package,omitempty"` // family name of a packaged program
	Modified time.Time `json:"modified,omitzero" event:"File Last Modification Time"`
	Updated  time.Time `json:"last_update,omitzero" event:"Last Time Executed"` // XP only
	Size     uint64    `json:"file_size,omitempty"`                             // XP and 2003 only
	Rank     int       `json:"rank,omitempty"`                                  // XP only, 1 is the newest
	Flags    *uint32   `json:"insertion_flags,omitempty"`                       // Vista to 8.1
	Shims    *uint32   `json:"shim_flags,omitempty"`                            // Vista to 8.1
	LastData *uint32   `json:"last_data,omitempty"`                             // Windows 10 and later
	Executed string    `json:"executed"`                                        // "yes", "no", "possibly", "unknown"
	Layout   string    `json:"layout"`
	At       int       `json:"value_offset"` // of the entry inside the value
	Written  time.Time `json:"key_written,omitzero"`
}

var shimcache = artifacts.Define(artifacts.Artifact{
	Name:     "shimcache",
	Title:    "AppCompatCache",
	DataType: "windows:registry:appcompatcache",
	About: `Windows looks up each program in its table of compatibility fixes and caches the path and time of
the file, up to 1,024 entries (96 on XP). Proves that the file was at that path with that
modification time when it was looked up: at a start, or when Explorer showed its folder. The time is
a copy of the file's last modification. It is not the time of a start and may be older than the
machine. Entries are stored newest first, so two entries with known times bracket those between
them. On Windows 7 to 8.1 bit 2 of the insertion flags is set when a process was created from the
file. It proves a start, but not its time; without it an entry neither proves nor excludes a start.
The flags of Vista are unknown; Server 2003 has none. On Windows 10 and later some tools read a last
word of 1 as "executed". Machine types are stored in the same place, so 1 is reported as possible,
and 0 does not mean that the program did not run. Only XP also stores the last update of the entry,
which timelines call the last execution. The cache is kept in memory and written at shutdown:
activity since the last clean shutdown is missing. The key's time is that shutdown.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002", "T1036.005"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/Application-compatibility-cache.md",
		"https://web.archive.org/web/2020/https://www.fireeye.com/content/dam/fireeye-www/services/freeware/shimcache-whitepaper.pdf",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\AppCompatCache`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\AppCompatibility`),
	},
}, decodeShimcache)

func decodeShimcache(in artifacts.Input, yield func(Shimcache) bool) error {
	v, ok := in.Own().Find("AppCompatCache")
	if !ok {
		return nil
	}
	at := in.At(v)
	b, err := v.Bytes()
	var errs []error
	if err != nil {
		errs = append(errs, in.Wrap(at, err))
	}
	build := 0
	if in.Machine != nil {
		build, _ = strconv.Atoi(in.Machine.Build)
	}
	c, err := appcompat.Parse(b, &appcompat.Options{Build: build})
	if err != nil {
		return errors.Join(append(errs, in.Wrap(at, err))...)
	}
	for _, d := range c.Damage {
		errs = append(errs, in.Wrap(at, d))
	}

	for i := range c.Entries {
		e := &c.Entries[i]
		r := Shimcache{
			Origin:   at,
			Index:    i,
			Path:     e.Path,
			Modified: e.Modified,
			Updated:  e.Updated,
			Size:     e.Size,
			Rank:     e.Rank,
			Executed: "unknown",
			Layout:   c.Version.String(),
			At:       e.Offset,
			Written:  in.Written(),
		}
		pkg, ok := appcompat.ParsePackage(e.Path)
		if !ok {
			pkg, ok = appcompat.ParsePackage(e.Package)
		}
		if ok {
			r.Package = pkg.Family()
		}
		if e.HasFlags {
			r.Flags, r.Shims = &e.Flags, &e.Shims
		}
		switch c.Version {
		case appcompat.Windows7, appcompat.Windows80, appcompat.Windows81:
			r.Executed = "no"
			if e.Flags&appcompat.FlagExecuted != 0 {
				r.Executed = "yes"
			}
		case appcompat.Windows10, appcompat.Windows1703:
			if last, ok := e.LastData(); ok {
				r.LastData = &last
				if last == 1 {
					r.Executed = "possibly"
				}
			}
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Program returns the path; a packaged program has none.
func (s Shimcache) Program() string {
	if strings.Contains(s.Path, "\t") {
		return ""
	}
	return withoutMedia(s.Path)
}

// withoutMedia takes the mark of a removable medium off a path:
// SIGN.MEDIA=1FEB354 setup.exe. What follows is relative to the medium.
func withoutMedia(path string) string {
	if len(path) > 11 && strings.EqualFold(path[:11], "SIGN.MEDIA=") {
		if _, rest, ok := strings.Cut(path, " "); ok {
			return rest
		}
	}
	return path
}

// Summary says what the time is, because it is so often taken for a start.
func (s Shimcache) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]", strings.ReplaceAll(cmp.Or(s.Path, s.Package), "\t", " "))
	switch s.Executed {
	case "yes":
		b.WriteString(" was executed (time unknown)")
	case "possibly":
		b.WriteString(" was seen, possibly executed (time unknown)")
	default:
		b.WriteString(" was seen")
	}
	fmt.Fprintf(&b, ", entry %d", s.Index)
	if !s.Modified.IsZero() {
		fmt.Fprintf(&b, ", file modified %s", s.Modified.Format("2006-01-02 15:04:05"))
	}
	return b.String()
}

// Proof is a start only where the entry's own flag says so.
func (s Shimcache) Proof() artifacts.Proof {
	if s.Executed == "yes" {
		return artifacts.Executed
	}
	return artifacts.Present
}

// Events adds the key's time once, at the newest entry. A modification time is
// a fact about the file even where the entry proves a start.
func (s Shimcache) Events() []artifacts.Event {
	if s.Index != 0 || s.Written.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: s.Written, Kind: "Registry Last Written Time", Proof: artifacts.Present,
		Message: "AppCompatCache was written to the registry, normally at shutdown"}}
}
