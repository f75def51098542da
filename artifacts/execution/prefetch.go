package execution

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/ranfiles"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

// Prefetch is one Prefetch file: a program, how often it started, and when.
type Prefetch struct {
	artifacts.Origin
	Executable   string           `json:"executable"`
	ImagePath    string           `json:"image_path,omitempty"`   // what the hash verified, or the best candidate
	CommandLine  string           `json:"command_line,omitempty"` // of a hosting program, where the hash gave it away
	Package      string           `json:"package,omitempty"`
	AppID        string           `json:"app_id,omitempty"`
	Hash         string           `json:"prefetch_hash"`
	HashStatus   string           `json:"hash_status"`
	HashNote     string           `json:"hash_note,omitempty"` // why it could not be verified
	Recovered    bool             `json:"path_recovered,omitempty"`
	Hint         uint32           `json:"prefetch_hint,omitempty"` // k of /prefetch:k
	RunCount     uint32           `json:"run_count"`
	LastRuns     []time.Time      `json:"last_runs"`
	ClockSetBack bool             `json:"clock_set_back,omitempty"`
	Scenario     bool             `json:"scenario,omitempty"` // boot or operation, not a start of its own
	Version      uint32           `json:"version"`
	Size         uint32           `json:"size,omitempty" extra:"-"` // of the uncompressed file, as its header declares it
	Volumes      []PrefetchVolume `json:"volumes"`
	Files        []string         `json:"files" extra:"-"`
	Damage       []string         `json:"damage,omitempty" extra:"-"`
}

// A PrefetchVolume is a volume that the program touched.
type PrefetchVolume struct {
	Device      string    `json:"device"`
	Serial      string    `json:"serial"`
	Created     time.Time `json:"created,omitzero"`
	Directories []string  `json:"directories,omitempty"`
}

var prefetchFiles = artifacts.Define(artifacts.Artifact{
	Name:     "prefetch",
	Title:    "Prefetch",
	DataType: "windows:prefetch:execution",
	About: `Windows traces the first ten seconds of a program start and stores the files that it used in a
Prefetch file. Proves that the program was started from the path that its hash covers, how often
since the file was created, and when. Windows 8 and later keep the last eight starts, older versions
the last one. A start time is that of the process; the file itself is written some ten seconds
later. The count restarts after the file was deleted or aged out. Several processes of one click
count several times. A missing file does not prove that a program never ran: Prefetch is off on
servers, at most 128 or 1,024 files are kept, and cleaners delete them. A file in the file list was
accessed in the first seconds of some start, not necessarily by the program's own code.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002", "T1059", "T1569.002"},
	Refs: []string{
		"https://github.com/libyal/libscca/blob/main/documentation/Windows%20Prefetch%20File%20(PF)%20format.asciidoc",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-xca/",
	},
	Sources: []artifacts.Source{artifacts.Files(`%SystemRoot%\Prefetch\*.pf`)},
}, decodePrefetch)

func decodePrefetch(in artifacts.Input, yield func(Prefetch) bool) error {
	f, err := prefetch.Parse(in.Data, nil)
	if f == nil {
		return prefetchError(in, err)
	}
	ranfiles.Note(in, f)
	p := Prefetch{
		Origin:       in.AtOffset(0),
		Executable:   strings.Clone(f.Executable),
		Package:      strings.Clone(f.PackageFullName),
		Hash:         fmt.Sprintf("%08X", f.Hash),
		RunCount:     f.RunCount,
		ClockSetBack: f.ClockSetBack,
		Scenario:     f.Flags&1 != 0,
		Version:      uint32(f.Version),
		Size:         f.DeclaredSize,
	}
	v := f.Verify(prefetchDictionary(in), nil)
	p.HashStatus = v.Status.String()
	p.ImagePath, p.CommandLine, p.Hint, p.Recovered = v.Path, v.CommandLine, v.Hint, v.Recovered
	p.HashNote, p.AppID = v.Why, v.AppID
	if p.ImagePath == "" {
		p.ImagePath = cmp.Or(f.ExecutablePath, likelyImage(f))
	}
	if v.Package != "" {
		p.Package = v.Package
	}
	p.ImagePath = strings.Clone(p.ImagePath) // a part of all names of the file, which need not stay with the record
	p.LastRuns = slices.Collect(f.Runs())
	for _, v := range f.Volumes {
		p.Volumes = append(p.Volumes, PrefetchVolume{v.Device, fmt.Sprintf("%08X", v.Serial), v.Created, v.Directories})
	}
	for _, m := range f.Files {
		p.Files = append(p.Files, m.Name)
	}
	var errs []error
	if err != nil {
		errs = append(errs, prefetchError(in, err))
	}
	for _, d := range f.Damage {
		p.Damage = append(p.Damage, d.Error())
		if error(d) == err {
			continue // it ended the reading, and was named above
		}
		errs = append(errs, prefetchError(in, d))
	}
	if !f.NameMatches(winpath.Base(in.From.Path)) && !in.Tree.Loose() {
		// A loose file may have been renamed by whoever collected it.
		errs = append(errs, in.Errorf(in.AtOffset(16), "the file is named %s, its header says %s", winpath.Base(in.From.Path),
			f.FileName()))
	}
	yield(p)
	return errors.Join(errs...)
}

// prefetchError gives a parser's error its place in the file.
func prefetchError(in artifacts.Input, err error) error {
	at := in.AtOffset(0)
	if fe, ok := errors.AsType[*prefetch.FormatError](err); ok {
		at = in.AtOffset(fe.Offset)
	}
	return in.Wrap(at, err)
}

// likelyImage is the entry of the file list that bears the program's name.
func likelyImage(f *prefetch.File) string {
	for _, m := range f.Files {
		base := winpath.Base(m.Name)
		if base == f.Executable || len(f.Executable) == 29 && strings.HasPrefix(base, f.Executable) {
			return m.Name
		}
	}
	return ""
}

// prefetchDictionary knows the command lines of hosting programs: the usual
// ones, and the services of the machine's own SYSTEM hive.
func prefetchDictionary(in artifacts.Input) *prefetch.Dictionary {
	return in.Once("prefetch dictionary", func() any {
		d := new(prefetch.Dictionary)
		root := in.Machine.SystemRoot
		for _, s := range in.Machine.Services {
			path := s.ImagePath
			if root != "" && !strings.EqualFold(root, `C:\Windows`) {
				path = in.Machine.Expand(path, evidence.User{})
			}
			d.AddService(path, s.Name)
		}
		return d
	}).(*prefetch.Dictionary)
}

// Program returns the path that the file is about.
func (p Prefetch) Program() string {
	if p.ImagePath != "" {
		return p.ImagePath
	}
	return p.Executable
}

// Summary follows the wording that timeline tools search for.
func (p Prefetch) Summary() string {
	var b strings.Builder
	if p.Scenario {
		fmt.Fprintf(&b, "[%s] scenario was recorded", p.Executable)
	} else {
		fmt.Fprintf(&b, "[%s] was executed", p.Executable)
	}
	fmt.Fprintf(&b, " - run count %d", p.RunCount)
	if p.ImagePath != "" {
		path := winpath.Key(p.ImagePath)
		fmt.Fprintf(&b, " path hints: %s", strings.ToUpper(path))
	}
	fmt.Fprintf(&b, " hash: 0x%s (%s)", p.Hash, p.HashStatus)
	if p.CommandLine != "" {
		fmt.Fprintf(&b, " command line: %s", p.CommandLine)
	}
	if p.Package != "" {
		fmt.Fprintf(&b, " package: %s", p.Package)
	}
	return b.String()
}

// Tags marks what a reader must know before trusting the times.
func (p Prefetch) Tags() []string {
	var tags []string
	if p.ClockSetBack {
		tags = append(tags, "clock-set-back")
	}
	if p.HashStatus == "mismatch" {
		tags = append(tags, "hash-mismatch")
	}
	if len(p.Damage) > 0 {
		tags = append(tags, "damaged")
	}
	return tags
}

// Events gives each start, in slot order, and the creation of each volume.
func (p Prefetch) Events() []artifacts.Event {
	var out []artifacts.Event
	for i, t := range p.LastRuns {
		kind := "Last Time Executed"
		if i > 0 {
			kind = "Previous Last Time Executed"
		}
		out = append(out, artifacts.Event{Time: t, Kind: kind})
	}
	for _, v := range p.Volumes {
		if !v.Created.IsZero() {
			out = append(out, artifacts.Event{
				Time: v.Created, Kind: "Creation Time", DataType: "windows:volume:creation", Proof: artifacts.Present,
				Message: fmt.Sprintf("Volume %s serial %s was formatted, seen by Prefetch [%s]", v.Device, v.Serial, p.Executable),
				Extra:   []artifacts.Field{{Name: "device_path", Value: v.Device}, {Name: "serial_number", Value: v.Serial}},
			})
		}
	}
	return out
}

// NamedFiles returns the program that ran.
func (p Prefetch) NamedFiles() []string { return []string{p.ImagePath} }
