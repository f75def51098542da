package prefetch

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Status says whether the hash of a file belongs to what the file says about its program.
type Status uint8

// The statuses.
const (
	NotVerifiable        Status = iota // part of what was hashed is not known: no statement
	Verified                           // the hash is that of the path
	VerifiedWithHint                   // of the path, plus the k of /prefetch:k
	VerifiedByDictionary               // of the path and a text from the dictionary: command line, or id of a packaged application
	Mismatch                           // of none of the recorded paths: renamed, edited, or run from a path not recorded
)

var statusNames = [...]string{"not-verifiable", "verified", "verified-with-hint", "verified-by-dictionary", "mismatch"}

// String returns the status in lower case with hyphens, such as "verified-with-hint".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// MarshalText returns the same as String.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// OK reports whether the hash was verified, in one of the three ways.
func (s Status) OK() bool { return s == Verified || s == VerifiedWithHint || s == VerifiedByDictionary }

// A Verification is the outcome of [File.Verify].
type Verification struct {
	Status      Status
	Path        string // the device path that was hashed
	Recovered   bool   // Path is not recorded as a file; it was made from a directory and the executable's name
	Hint        uint32 // the k of /prefetch:k
	Package     string // full name of the package that went into the hash
	AppID       string // and the application's id in it
	CommandLine string // of a hosting application
	Candidates  int    // how many sums were compared; each had a chance of 1 in 2^32 to match wrongly
	Why         string // if not OK: the reason
}

// FalseMatch returns the probability that a verification is a coincidence.
func (v Verification) FalseMatch() float64 { return float64(v.Candidates) / (1 << 32) }

const (
	maxHint   = 31 // largest k of /prefetch:k that is tried; up to 16 was seen
	maxVolume = 64 // largest number of a volume that is tried

	volumePrefix = `\DEVICE\HARDDISKVOLUME`
)

// hosts are the programs whose command line goes into the hash, with the first version that does
// so. On an installation the list is the value
// HostingAppList of the key PrefetchParameters.
var hosts = map[string][]Version{
	"DLLHOST.EXE":  {V17, V23, V26, V30, V31},
	"MMC.EXE":      {V17, V23, V26, V30, V31},
	"RUNDLL32.EXE": {V17, V23, V26, V30, V31},
	"SVCHOST.EXE":  {V23, V26, V30, V31},
	"TASKHOST.EXE": {V26},
}

// Hosting reports whether the program is one whose command line goes into the hash.
func (f *File) Hosting() bool { return slices.Contains(hosts[f.Executable], f.Version) }

// Boot reports whether the file is the trace of the system's start, NTOSBOOT, which has a fixed hash.
func (f *File) Boot() bool { return f.Executable == bootName && f.Hash == bootHash }

// Operation reports whether the file is the trace of an operation inside a running program. Its name begins with "Op-", and its hash
// is a number.
func (f *File) Operation() bool { return strings.HasPrefix(f.Executable, "Op-") && f.Flags&1 != 0 }

const (
	bootName = "NTOSBOOT"
	bootHash = 0xB00DFAAD
)

// VolumeNumbers records which number n in \DEVICE\HARDDISKVOLUMEn a volume had, from files that say it. From version 30 on most
// paths in a file lack the number, so that a folder's files help each other. The zero value is empty.
//
// Verifying reads VolumeNumbers only, so that goroutines can share them once they are filled.
type VolumeNumbers struct{ of map[string][]int }

// Add takes what f tells: its executable record has the number, its list of files the volume.
func (n *VolumeNumbers) Add(f *File) {
	rest, number, ok := numbered(f.ExecutablePath)
	if !ok {
		return
	}
	device := ""
	for i := range f.Files {
		if d, r := splitVolume(f.Files[i].Name); d != "" && r == rest {
			device = d
			break
		}
	}
	if device == "" {
		if len(f.Volumes) != 1 {
			return
		}
		device = f.Volumes[0].Device
	}
	if i, found := slices.BinarySearch(n.of[device], number); !found {
		if n.of == nil {
			n.of = make(map[string][]int)
		}
		n.of[device] = slices.Insert(n.of[device], i, number)
	}
}

// Volumes returns the devices for which a number is known, sorted.
func (n *VolumeNumbers) Volumes() []string { return slices.Sorted(maps.Keys(n.of)) }

// Of returns the numbers of a device, sorted.
func (n *VolumeNumbers) Of(device string) []int {
	if n == nil {
		return nil
	}
	return n.of[device]
}

// numbered takes \DEVICE\HARDDISKVOLUMEn\REST apart.
func numbered(p string) (rest string, n int, ok bool) {
	s, ok := strings.CutPrefix(p, volumePrefix)
	if !ok {
		return "", 0, false
	}
	i := strings.IndexByte(s, '\\')
	if i <= 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[:i])
	return s[i:], n, err == nil
}

// splitVolume splits a \VOLUME{…} name into its device and the rest. For other paths the device is empty.
func splitVolume(p string) (device, rest string) {
	if len(p) >= volumeNameLen {
		if _, _, ok := volumeName(p[:volumeNameLen]); ok {
			return p[:volumeNameLen], p[volumeNameLen:]
		}
	}
	return "", p
}

// Verify checks the hash against every path in the file that can be the program's: the executable record, the names that end in
// the executable's name, and the directories. What else goes into the hash of hosting and packaged
// applications is looked up in d; nil means
// the built-in dictionary. volumes, which may be nil, are tried before other volume numbers.
//
// A hash that fits proves that the program ran from that path, and for a host with that command line. docs/formats/prefetch.md,
// "Verification".
func (f *File) Verify(d *Dictionary, volumes *VolumeNumbers) Verification {
	v := verifier{f: f, volumes: volumes, host: f.Hosting(), dicts: [2]*Dictionary{seeds(), d}}
	if f.Boot() || f.Operation() {
		v.out.Why = "the hash is a fixed number, not that of a path"
		return v.out
	}
	if f.PackageFullName != "" {
		v.packaged = termOf(f.PackageFullName).apply(hashSeed)
		v.own.AddAppID(ownAppIDs(f)...)
	}
	if v.run() {
		return v.out
	}
	v.out.Why = v.why()
	return v.out
}

// A verifier is the work on one file.
type verifier struct {
	f        *File
	volumes  *VolumeNumbers
	dicts    [2]*Dictionary // built-in, and the caller's or nil
	own      Dictionary     // ids made from the file's own texts
	host     bool
	packaged uint32 // hash of the package's full name
	out      Verification
}

// run tries all candidates, the surest first.
func (v *verifier) run() bool {
	f := v.f
	if f.ExecutablePath != "" && v.path(f.ExecutablePath) {
		return true
	}
	if f.Executable == "" {
		return false
	}
	for i := range f.Files {
		name := f.Files[i].Name
		if isExecutable(name, f.Executable) && name != f.ExecutablePath && v.path(name) {
			return true
		}
	}
	for _, name := range uncut(f.Executable) {
		tail := termOf(name)
		for i := range f.Volumes {
			for _, dir := range f.Volumes[i].Directories {
				dir = strings.TrimSuffix(dir, `\`) + `\`
				device, rest := splitVolume(dir)
				if v.try(device, rest, name, v.term(dir, len(device)).then(tail)) {
					v.out.Recovered = true
					return true
				}
			}
		}
	}
	return false
}

// isExecutable reports whether a path's last component is the header's name, which may have been cut.
func isExecutable(path, name string) bool {
	last := lastComponent(path)
	return last == name || len(name) >= nameLimit && strings.HasPrefix(last, name) && cutName(last) == name
}

// uncut returns what a name from the header may have been before it was cut: itself, and with the rest of .EXE.
func uncut(name string) []string {
	if cutName(name+"x") != name {
		return []string{name}
	}
	names := []string{name}
	const ext = ".EXE"
	for n := len(ext) - 1; n > 0; n-- {
		if strings.HasSuffix(name, ext[:n]) {
			return append(names, name+ext[n:])
		}
	}
	return append(names, name+ext)
}

// path tries a recorded path.
func (v *verifier) path(p string) bool {
	device, rest := splitVolume(p)
	return v.try(device, rest, "", v.term(p, len(device)))
}

// term is the term of p without its first bytes, a volume's name in ASCII or nothing. Where p has
// an unpaired surrogate, the text as stored counts.
func (v *verifier) term(p string, from int) term {
	if strings.Contains(p, "\uFFFD") {
		for _, d := range v.f.Damage {
			if d.Kind != UnpairedSurrogate {
				continue
			}
			if text, _ := appendUTF8(nil, d.Raw); string(text) == p {
				return termOfRaw(d.Raw[2*from:])
			}
		}
	}
	return termOf(p[from:])
}

// try compares the hash with that of device, rest and tail, of which t is the term without the device. The device of a \VOLUME{…} name
// stands for a number that has to be found.
func (v *verifier) try(device, rest, tail string, t term) bool {
	s := seed(v.f.Version)
	if device == "" {
		return v.fits(t.apply(s), "", rest, tail)
	}
	known := v.volumes.Of(device)
	for _, n := range known {
		p := volumePrefix + strconv.Itoa(n)
		if v.fits(t.apply(termOf(p).apply(s)), p, rest, tail) {
			return true
		}
	}
	base := termOf(volumePrefix).apply(s)
	for n := 1; n <= maxVolume; n++ {
		if slices.Contains(known, n) {
			continue
		}
		h := base
		if n >= 10 {
			h = digit(h, n/10)
		}
		if v.fits(t.apply(digit(h, n%10)), "", rest, tail) {
			v.out.Path = volumePrefix + strconv.Itoa(n) + rest + tail
			return true
		}
	}
	return false
}

// digit is the polynomial h followed by a decimal digit.
func digit(h uint32, d int) uint32 { return (h*hashBase + '0' + uint32(d)) * hashBase }

// fits compares the hash with the polynomial h of a path, alone and with all that may be added. On success it fills in the outcome.
func (v *verifier) fits(h uint32, device, rest, tail string) bool {
	left := v.f.Hash - finish(v.f.Version, h)
	switch {
	case left == 0:
		v.out.Candidates++
		v.out.Status = Verified
	case left <= maxHint:
		v.out.Candidates += 1 + maxHint
		v.out.Status, v.out.Hint = VerifiedWithHint, left
	default:
		v.out.Candidates += 1 + maxHint
		if !v.lookUp(left) {
			return false
		}
		v.out.Status = VerifiedByDictionary
	}
	v.out.Path = device + rest + tail
	return true
}

// lookUp looks in the dictionaries for what the hash has beyond the path's.
func (v *verifier) lookUp(left uint32) bool {
	if v.f.PackageFullName != "" && v.packageID(left-v.packaged) {
		v.out.Package = v.f.PackageFullName
		return true
	}
	return v.host && v.commandLine(left)
}

func (v *verifier) commandLine(left uint32) bool {
	for _, d := range v.dicts {
		if d == nil {
			continue
		}
		v.out.Candidates += d.count[v.f.Executable]
		if line, ok := d.line(v.f.Version, v.f.Executable, left); ok {
			v.out.CommandLine = line
			return true
		}
	}
	return false
}

// packageID looks for an application id, and in a host for an id together with a command line.
func (v *verifier) packageID(left uint32) bool {
	for _, d := range []*Dictionary{&v.own, v.dicts[0], v.dicts[1]} {
		if d == nil {
			continue
		}
		v.out.Candidates += (1 + maxHint) * len(d.ids)
		if id, k, ok := d.appID(left); ok {
			v.out.AppID, v.out.Hint = id, k
			return true
		}
		for i := range d.ids {
			if v.host && v.commandLine(left-d.ids[i].hash) {
				v.out.AppID = d.ids[i].id
				return true
			}
		}
	}
	return false
}

// ownAppIDs are guesses from the file itself: the package's name, the last part of it, and the program's name without its extension.
func ownAppIDs(f *File) []string {
	name, _, _ := strings.Cut(f.PackageFullName, "_")
	stem := f.Executable
	if i := strings.LastIndexByte(stem, '.'); i > 0 {
		stem = stem[:i]
	}
	ids := []string{name, name[strings.LastIndexByte(name, '.')+1:]}
	// The id has its own case, the header's name is in upper case: take the spelling that the package's name has, if it has one.
	if i := strings.Index(strings.ToUpper(name), stem); i >= 0 && len(strings.ToUpper(name)) == len(name) {
		ids = append(ids, name[i:i+len(stem)])
	}
	return append(ids, stem, strings.ToLower(stem), stem[:min(1, len(stem))]+strings.ToLower(stem[min(1, len(stem)):]))
}

// packageHosts are programs of Windows that run packaged applications.
var packageHosts = []string{"WWAHOST.EXE", "RUNTIMEBROKER.EXE", "BACKGROUNDTASKHOST.EXE"}

// appsFolder is where packaged applications lie. Versions that do not record the package's name show it only so.
const appsFolder = `\PROGRAM FILES\WINDOWSAPPS\`

// why decides between the two negative answers, and says so in words.
func (v *verifier) why() string {
	f := v.f
	inApps := func(m Metric) bool { return isExecutable(m.Name, f.Executable) && strings.Contains(m.Name, appsFolder) }
	switch {
	case f.Executable == "":
		return "the header is missing"
	case f.PackageFullName != "":
		v.out.Package = f.PackageFullName
		return "the application's id in package " + f.PackageFullName + " is not in the dictionary"
	case v.host:
		return "the command line of a hosting application is not in the dictionary"
	case slices.ContainsFunc(f.Files, inApps), f.ExecutablePath == "" && slices.Contains(packageHosts, f.Executable):
		return "a packaged application, and the file does not hold the name of its package"
	case incomplete(f):
		return "the file is incomplete"
	}
	v.out.Status = Mismatch
	if f.ExecutablePath != "" {
		return "the hash is not that of " + f.ExecutablePath
	}
	if slices.ContainsFunc(f.Files, func(m Metric) bool { return isExecutable(m.Name, f.Executable) }) {
		return "the hash is not that of any recorded path of " + f.Executable
	}
	return "no path of " + f.Executable + " is recorded, and none of the directories fits"
}

// incomplete reports whether a path may have been lost.
func incomplete(f *File) bool {
	return slices.ContainsFunc(f.Damage, func(d *FormatError) bool {
		switch d.Kind {
		case Truncated, SectionTruncated, DecompressCorrupt, DecompressTruncated, UnknownVersion, HeaderMissing:
			return true
		}
		return false
	})
}
