package execution

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// UserAssist is one program, shortcut or menu entry that a user used through
// Explorer.
type UserAssist struct {
	artifacts.Origin
	Name       string    `json:"name"`           // decoded, as written
	Path       string    `json:"path,omitempty"` // with the known folder in words
	GUID       string    `json:"guid"`
	Kind       string    `json:"kind"` // "program", "shortcut", "menu", "other"
	Runs       uint32    `json:"number_of_executions"`
	Focus      uint32    `json:"application_focus_count,omitempty"`
	FocusMS    uint32    `json:"application_focus_duration,omitempty"` // milliseconds; programs only
	LastRun    time.Time `json:"last_run,omitzero"`
	Session    uint32    `json:"session,omitempty"`
	Version    uint32    `json:"version"`
	Seeded     bool      `json:"seeded,omitempty"` // came with the profile
	Aggregate  bool      `json:"aggregate,omitempty"`
	KeyWritten time.Time `json:"key_written,omitzero"`
}

var userAssist = artifacts.Define(artifacts.Artifact{
	Name:     "userassist",
	Title:    "UserAssist",
	DataType: "windows:registry:userassist",
	About: `Explorer counts the programs that each user starts through it, for the list of often used programs
in the Start menu. An entry with a count of one or more proves that this user started the program or
shortcut from the desktop, the Start menu or a folder, how often, and when last. Starts from a
console, by a service or by another program are not counted. A count of zero with a time means that
the program had the focus, or that its count was reset: use, not a start. Entries created with the
profile are not starts. Windows gives a new profile programs with decreasing counts and one common
time, the creation of the profile. They are marked seeded; later starts increase their count. Focus
time is counted in milliseconds and only for programs. The last write of the key dates only the last
change of any entry. A list without entries was cleared, or counting was always off.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/User-assist.md",
		"https://blog.didierstevens.com/programs/userassist/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\*\Count`),
	},
}, decodeUserAssist)

// The two sets that Windows 7 and later fill.
const (
	userAssistPrograms  = "{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}"
	userAssistShortcuts = "{F4E57C4B-2036-45F0-A9AB-443BCFE33D9F}"
)

// A userAssistLayout is where the fields of an entry lie. Winreg-kb, "User
// Assist", entries of format version 3 and 5; seen in real files.
type userAssistLayout struct {
	version, size              int
	session, runs, focus, msec int // -1: the layout has none
	last                       int
	first                      uint32 // what the counter starts from
}

var (
	userAssist3 = userAssistLayout{3, 16, 0, 4, -1, -1, 8, 5}
	userAssist5 = userAssistLayout{5, 72, 0, 4, 8, 12, 60, 0}
)

func decodeUserAssist(in artifacts.Input, yield func(UserAssist) bool) error {
	guid := ""
	if len(in.Match) > 0 {
		guid = strings.ToUpper(in.Match[0])
	}
	plain := userAssistPlain(in)
	// Deleted values come one at a time: the key is looked over once for all.
	seeds := in.Once("userassist seeds "+in.From.Snapshot+in.From.Path+in.From.Key+strconv.FormatInt(in.Key.Offset(), 10), func() any {
		return userAssistSeeds(in.Key.Values())
	}).(map[seed]bool)
	var recs []UserAssist
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		name := userAssistName(v.Name(), plain)
		if userAssistBookkeeping(name) {
			continue
		}
		b, err := v.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		l := userAssistLayoutOf(b)
		if l.size == 0 {
			if err == nil {
				errs = append(errs, in.Errorf(in.At(v), "%d bytes, an entry has 16 or 72", len(b)))
			}
			continue
		}
		r := UserAssist{
			Origin:     in.At(v),
			Name:       name,
			Path:       knownPath(in, name),
			GUID:       guid,
			Kind:       "other",
			Session:    le.Uint32(b[l.session:]),
			Runs:       le.Uint32(b[l.runs:]),
			LastRun:    wire.TimeAt(b, l.last),
			Version:    uint32(l.version),
			KeyWritten: in.Written(),
		}
		r.Seeded = seeds[seedOf(b, l)]
		r.Runs -= min(r.Runs, l.first)
		switch {
		case guid == userAssistPrograms:
			r.Kind = "program"
		case guid == userAssistShortcuts:
			r.Kind = "shortcut"
		case l.version == 3:
			r.Kind, r.Aggregate = userAssistMenu(name)
		}
		if l.focus >= 0 {
			r.Focus = le.Uint32(b[l.focus:])
			if r.Kind != "shortcut" { // there the field repeats the count
				r.FocusMS = le.Uint32(b[l.msec:])
			}
		}
		recs = append(recs, r)
	}
	if len(recs) == 0 && len(errs) == 0 && in.From.State == artifacts.Live && !in.Partial() && guid == userAssistPrograms {
		// A profile is born with entries in this set.
		recs = append(recs, UserAssist{Origin: in.AtKey(), GUID: guid, Kind: "none", KeyWritten: in.Written()})
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

func userAssistLayoutOf(b []byte) userAssistLayout {
	switch {
	case len(b) == userAssist3.size:
		return userAssist3
	case len(b) >= userAssist5.size:
		return userAssist5
	}
	return userAssistLayout{}
}

// userAssistPlain reports whether Explorer was told not to rotate the names.
func userAssistPlain(in artifacts.Input) bool {
	set, err := in.Key.Parent()
	if err != nil {
		return false
	}
	top, err := set.Parent()
	if err != nil {
		return false
	}
	k, err := top.Subkey("Settings")
	if err != nil {
		return false
	}
	n, _ := in.Of(k).Uint("NoEncrypt")
	return n == 1
}

// userAssistName undoes the rotation by 13 letters. A name that reads as one
// without it was never rotated: the switch for that may have been set later,
// or taken back.
func userAssistName(name string, plain bool) string {
	rotated := strings.Map(rot13, name)
	lower := strings.ToLower(rotated)
	switch {
	case strings.HasPrefix(name, "UEME_"):
		return name
	case plain && !strings.HasPrefix(rotated, "UEME_") && !strings.Contains(lower, ".exe") && !strings.Contains(lower, ".lnk"):
		return name
	}
	return rotated
}

func rot13(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case 'A' <= r && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}

// userAssistBookkeeping names the values that Explorer keeps for itself.
func userAssistBookkeeping(name string) bool {
	return strings.HasPrefix(name, "UEME_CTLSESSION") || strings.HasPrefix(name, "UEME_CTLCUACount")
}

// userAssistMenu reads the prefix of names up to Vista. One without a path is
// the sum of all entries of its sort.
func userAssistMenu(name string) (kind string, aggregate bool) {
	head, tail, _ := strings.Cut(name, ":")
	switch head {
	case "UEME_RUNPATH", "UEME_RUNCPL":
		kind = "program"
	case "UEME_RUNPIDL":
		kind = "shortcut"
	default:
		kind = "menu"
	}
	return kind, tail == ""
}

// userAssistPath takes the prefix off and puts the known folder into words.
func userAssistPath(name string) string {
	p := name
	if strings.HasPrefix(p, "UEME_") {
		_, p, _ = strings.Cut(p, ":")
		// %csidl2%\x is the folder of that number: winreg-kb, "User Assist".
		if n, rest, ok := strings.Cut(strings.TrimPrefix(p, "%csidl"), "%"); ok && strings.HasPrefix(p, "%csidl") {
			if dir, ok := csidl[n]; ok {
				return winpath.Join(dir, rest)
			}
		}
		return p
	}
	if i := strings.IndexByte(p, '}'); strings.HasPrefix(p, "{") && i > 0 {
		if dir, ok := winpath.KnownFolder(p[:i+1]); ok {
			return winpath.Join(dir, p[i+1:])
		}
	}
	return p
}

// knownPath is userAssistPath with the folders of the machine and of the user
// in the place of variables.
func knownPath(in artifacts.Input, name string) string {
	p := userAssistPath(name)
	if in.Machine == nil || !strings.HasPrefix(p, "%") {
		return p
	}
	return in.Machine.Expand(p, in.User)
}

// csidl are the shell folders that names of Windows XP use, by number. Windows
// SDK, "CSIDL".
var csidl = map[string]string{
	"0":  `%USERPROFILE%\Desktop`,
	"2":  `%USERPROFILE%\Start Menu\Programs`,
	"5":  `%USERPROFILE%\My Documents`,
	"6":  `%USERPROFILE%\Favorites`,
	"11": `%USERPROFILE%\Start Menu`,
	"16": `%USERPROFILE%\Desktop`,
	"22": `%ALLUSERSPROFILE%\Start Menu`,
	"23": `%ALLUSERSPROFILE%\Start Menu\Programs`,
	"25": `%ALLUSERSPROFILE%\Desktop`,
	"36": `%SystemRoot%`,
	"37": `%SystemRoot%\System32`,
	"38": `%ProgramFiles%`,
}

// A seed is what the entries that a new profile comes with have in common.
type seed struct {
	last uint64
	runs uint32
}

func seedOf(b []byte, l userAssistLayout) seed {
	return seed{le.Uint64(b[l.last:]), le.Uint32(b[l.runs:])}
}

// userAssistSeeds looks over the whole key for runs of three or more entries
// that share one time and whose counts go down one by one. People do not
// start three programs within 100 ns, and not in that proportion.
func userAssistSeeds(values iter.Seq2[hive.Value, error]) map[seed]bool {
	byTime := map[uint64][]uint32{}
	for v, err := range values {
		if err != nil || userAssistBookkeeping(userAssistName(v.Name(), false)) {
			continue
		}
		b, err := v.Bytes()
		l := userAssistLayoutOf(b)
		if err != nil || l.size == 0 {
			continue
		}
		if s := seedOf(b, l); s.last != 0 {
			byTime[s.last] = append(byTime[s.last], s.runs)
		}
	}
	seeds := map[seed]bool{}
	for last, runs := range byTime {
		slices.SortFunc(runs, func(a, b uint32) int { return cmp.Compare(b, a) })
		runs = slices.Compact(runs)
		for i := 0; i < len(runs); {
			j := i + 1
			for j < len(runs) && runs[j] == runs[j-1]-1 {
				j++
			}
			if j-i >= 3 {
				for _, n := range runs[i:j] {
					seeds[seed{last, n}] = true
				}
			}
			i = j
		}
	}
	return seeds
}

// Program returns the file, without the prefix of older versions.
func (u UserAssist) Program() string {
	if u.Aggregate || u.Kind == "menu" || strings.Contains(u.Name, "!") {
		return ""
	}
	return u.Path
}

// Proof is a start only where one was counted and not given by the profile.
func (u UserAssist) Proof() artifacts.Proof {
	switch {
	case u.Seeded, u.Kind == "none":
		return artifacts.Configured
	case u.Runs == 0, u.Kind == "menu", u.Aggregate:
		return artifacts.Interacted
	}
	return artifacts.Executed
}

// Tags marks entries that no user made.
func (u UserAssist) Tags() []string {
	switch {
	case u.Seeded:
		return []string{"seeded"}
	case u.Kind == "none":
		return []string{"empty"}
	}
	return nil
}

// Summary follows the wording of timeline tools.
func (u UserAssist) Summary() string {
	if u.Kind == "none" {
		return fmt.Sprintf("[%s] holds no entries: cleared, or never filled", u.GUID)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] Value name: %s Count: %d", u.GUID, u.Name, u.Runs)
	if u.Focus > 0 || u.FocusMS > 0 {
		fmt.Fprintf(&b, " Application focus count: %d, focus duration: %s", u.Focus,
			time.Duration(min(int64(u.FocusMS), math.MaxInt32))*time.Millisecond)
	}
	if u.Seeded {
		b.WriteString(" (came with the profile, not a start)")
	}
	return b.String()
}

// Events gives the last start, or what the time is where nothing was started.
func (u UserAssist) Events() []artifacts.Event {
	if u.Kind == "none" {
		return artifacts.KeyEvent(0, u.KeyWritten, "UserAssist without entries")
	}
	if u.LastRun.IsZero() {
		return nil
	}
	kind := "Last Time Executed"
	if u.Proof() != artifacts.Executed {
		kind = "Last Used Time"
	}
	if u.Seeded {
		kind = "Creation Time"
	}
	return []artifacts.Event{{Time: u.LastRun, Kind: kind}}
}
