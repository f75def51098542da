package prefetch_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/prefetch"
)

// wantDamage says for each flaw what is reported: kind, structure, offset. The file is the corpus sample of version 30, variant 2, and of
// version 26 for the flaws that only older files can have. In the plain sample, the file metrics begin at 296, the trace chains at
// 520, the names at 744, the executable record at 1556, the volumes at 1656, and the end is at 2372.
var wantDamage = map[string]string{
	"empty":                    "TooShort, file, 0",
	"sevenBytes":               "TooShort, file, 7",
	"allZero":                  "AllZero, file, 0",
	"text":                     "NotPrefetch, file, 0",
	"headerCutOff":             "HeaderMissing, header, 84",
	"secondFileAfterEnd":       "TrailingData, file, 2372",
	"slackAfterEnd":            "TrailingData, file, 2372",
	"declared4GiB":             "DeclaredSizeImplausible, MAM container, 4; DecompressTruncated, MAM container, 847; TrailingData, file, 2372",
	"declaredLess":             "DeclaredSizeImplausible, MAM container, 4; DecompressTruncated, MAM container, 847; TrailingData, file, 2372",
	"declaredMore":             "DecompressTruncated, MAM container, 847; TrailingData, file, 2372",
	"truncatedTable":           "DecompressTruncated, MAM container, 136",
	"truncatedStream":          "DecompressTruncated, MAM container, 564; Truncated, file, 810; SectionTruncated, filename strings, 744; SectionTruncated, filename strings, 810; SectionTruncated, executable record, 810; SectionTruncated, volumes, 810",
	"overSubscribedTable":      "DecompressCorrupt, MAM container, 8",
	"incompleteTable":          "DecompressCorrupt, MAM container, 8",
	"matchBeforeStart":         "DecompressCorrupt, MAM container, 268",
	"wrongCRC":                 "ChecksumMismatch, MAM container, 8",
	"lznt1":                    "UnsupportedCompression, MAM container, 3",
	"unknownFlag":              "UnknownFlags, MAM container, 3",
	"trailingStream":           "TrailingData, MAM container, 845",
	"notSCCA":                  "NotSCCA, header, 0",
	"unknownVersion":           "UnknownVersion, header, 0",
	"unknownVariant":           "UnknownVariant, file information, 84",
	"sizeMismatch":             "SizeMismatch, header, 12",
	"nameWithoutEnd":           "BadName, header, 16; Inconsistent, header, 16",
	"hashMismatch":             "",
	"cutInMetrics":             "Truncated, file, 344; SectionTruncated, file metrics, 296; SectionTruncated, trace chains, 344; SectionTruncated, filename strings, 344; SectionTruncated, filename strings, 344; SectionTruncated, executable record, 344; SectionTruncated, volumes, 344",
	"cutInTraces":              "Truncated, file, 532; SectionTruncated, trace chains, 520; SectionTruncated, filename strings, 532; SectionTruncated, filename strings, 532; SectionTruncated, executable record, 532; SectionTruncated, volumes, 532",
	"cutInStrings":             "Truncated, file, 1150; SectionTruncated, filename strings, 744; SectionTruncated, filename strings, 1150; SectionTruncated, executable record, 1150; SectionTruncated, volumes, 1150",
	"cutInVolumes":             "Truncated, file, 1704; SectionTruncated, volumes, 1656",
	"cutInDirectories":         "Truncated, file, 2368; SectionTruncated, volumes, 1656; SectionTruncated, directory strings, 2288",
	"metricCountFFFFFFFF":      "SectionTruncated, file metrics, 296; Inconsistent, file information, 92",
	"traceCountFFFFFFFF":       "SectionTruncated, trace chains, 520; Inconsistent, file information, 96; Inconsistent, file information, 100",
	"stringsSizeFFFFFFFF":      "SectionTruncated, filename strings, 744; Inconsistent, file information, 212",
	"volumeCountFFFFFFFF":      "SectionTruncated, volumes, 1656",
	"refCountFFFFFFFF":         "SectionTruncated, file references, 1924",
	"directoryCountFFFFFFFF":   "SectionTruncated, directory strings, 2178; Inconsistent, file information, 120",
	"directoryRunsPastSection": "SectionTruncated, directory strings, 1984",
	"shiftedByOne":             "UnknownVariant, file information, 84; SectionTruncated, file metrics, 2372; SectionTruncated, trace chains, 2372; SectionTruncated, filename strings, 2372; SectionTruncated, volumes, 2372; Inconsistent, file information, 212; Inconsistent, file information, 108",
	"volumesBeyondEnd":         "SectionTruncated, volumes, 2372; Inconsistent, file information, 108",
	"oddStrings":               "OddStrings, filename strings, 1554; Inconsistent, filename strings, 744; Inconsistent, file information, 212",
	"nameRunsPastStrings":      "BadName, file metrics entry, 500; Inconsistent, filename strings, 744",
	"nameLengthFFFFFFFF":       "BadName, file metrics entry, 308; Inconsistent, filename strings, 744",
	"nameOffsetFFFFFFFE":       "BadName, file metrics entry, 308; Inconsistent, filename strings, 744",
	"nameOffByTwo":             "Inconsistent, filename strings, 744",
	"nameWithLoneSurrogate":    "UnpairedSurrogate, filename strings, 744",
	"chainLoop":                "BadChain, trace chain entry, 528",
	"chainOutOfRange":          "BadChain, trace chain entry, 528",
	"firstTraceOutOfRange":     "Inconsistent, file metrics entry, 296; BadChain, file metrics entry, 296",
	"traceCountOfFile":         "Inconsistent, file metrics entry, 304; Inconsistent, file metrics entry, 328; Inconsistent, file metrics entry, 360; Inconsistent, file metrics entry, 392; Inconsistent, file metrics entry, 424; Inconsistent, file metrics entry, 456; Inconsistent, file metrics entry, 488; BadChain, file metrics entry, 488; Inconsistent, file information, 96",
	"prefetchedCount":          "Inconsistent, file metrics entry, 304",
	"badFileTime":              "BadTime, file information, 128",
	"runBefore1980":            "BadTime, file information, 128",
	"volumeTimeAllOnes":        "BadTime, volume entry, 1664; Inconsistent, volume entry, 1664",
	"runCountZero":             "Inconsistent, file information, 200",
	"runCountLess":             "Inconsistent, file information, 200",
	"runTimeGap":               "Inconsistent, file information, 152; Inconsistent, file information, 200",
	"runBeforeVolume":          "",
	"clockMovedBack":           "",
	"directoryTotal":           "Inconsistent, file information, 120",
	"volumeNameTime":           "Inconsistent, volume entry, 1664",
	"volumeNameSerial":         "Inconsistent, volume entry, 1664",
	"volumeNamePastSection":    "BadName, volume entry, 1656",
	"recordOfAnother":          "Inconsistent, header, 16",
	"recordBeyondEnd":          "SectionTruncated, executable record, 2372; Inconsistent, file information, 212; Inconsistent, file information, 108",
}

// Two flaws are facts of a machine, not of a file, and a third needs the hash.
var wantFlag = map[string]func(*prefetch.File) bool{
	"hashMismatch":    func(f *prefetch.File) bool { return f.Verify(nil, nil).Status == prefetch.Mismatch },
	"runBeforeVolume": func(f *prefetch.File) bool { return f.BeforeVolume },
	"clockMovedBack":  func(f *prefetch.File) bool { return f.ClockSetBack },
}

func TestDamage(t *testing.T) {
	for _, d := range scca.Damages {
		t.Run(d.Name, func(t *testing.T) {
			s := scca.Samples()["v30b"]
			if !d.Applies(s) {
				s = scca.Samples()["v26"]
			}
			want, ok := wantDamage[d.Name]
			if !ok {
				t.Fatal("no expectation for this flaw")
			}
			f, err := prefetch.Parse(d.Build(s), nil)
			if got := strings.Join(problems(f, err), "; "); got != want {
				t.Errorf("damage:\n got %s\nwant %s", got, want)
			}
		})
	}
}

// problems lists what is wrong with a file, the error first unless it is in the list of damages too.
func problems(f *prefetch.File, err error) []string {
	var all []*prefetch.FormatError
	if f != nil {
		all = f.Damage
	}
	if fe, ok := errors.AsType[*prefetch.FormatError](err); ok && !slices.Contains(all, fe) {
		all = append([]*prefetch.FormatError{fe}, all...)
	}
	list := make([]string, 0, len(all))
	for _, fe := range all {
		list = append(list, fmt.Sprintf("%s, %s, %d", fe.Kind, fe.Struct, fe.Offset))
	}
	return list
}

// Each flaw is reported by its kind in every version, variant and container that can have it, and what the flaw does not touch is there.
func TestDamageEverywhere(t *testing.T) {
	names := slices.Sorted(maps.Keys(scca.Samples()))
	for _, d := range scca.Damages {
		for _, name := range names {
			s := scca.Samples()[name]
			if !d.Applies(s) {
				continue
			}
			f, err := prefetch.Parse(d.Build(s), nil)
			if d.Fatal {
				fe, ok := errors.AsType[*prefetch.FormatError](err)
				if !errors.Is(err, prefetch.ErrNotPrefetch) || !ok || fe.Kind.String() != string(d.Want) {
					// A flaw of the whole file that lies inside a container is one of the container's content.
					t.Errorf("%s, %s: error %v, want %s", d.Name, name, err, d.Want)
				}
				continue
			}
			if flag := wantFlag[d.Name]; flag != nil {
				if err != nil || !flag(f) || len(f.Damage) > 0 {
					t.Errorf("%s, %s: not reported; error %v, damage %v", d.Name, name, err, problems(f, nil))
				}
				continue
			}
			if !slices.ContainsFunc(problems(f, err), func(p string) bool { return strings.HasPrefix(p, string(d.Want)+",") }) {
				t.Errorf("%s, %s: %v, want %s", d.Name, name, problems(f, err), d.Want)
			}
			headless := d.Name == "headerCutOff"
			if f == nil || f.Version == 0 && !headless {
				continue // nothing could be decompressed, or the method is not known
			}
			if !headless && d.Name != "nameWithoutEnd" && (f.Executable != "CMD.EXE" || f.Hash == 0) {
				t.Errorf("%s, %s: name %q, hash %08X", d.Name, name, f.Executable, f.Hash)
			}
			if len(f.LastRuns) == 0 {
				t.Errorf("%s, %s: no run times", d.Name, name)
			}
			if headless && f.ExecutablePath != s.Path {
				t.Errorf("%s, %s: path %q, want %q", d.Name, name, f.ExecutablePath, s.Path)
			}
		}
	}
}

// Counts that cannot be true cost nothing and hide nothing: the sections end where the next ones begin.
func TestImplausibleCounts(t *testing.T) {
	s := scca.Samples()["v30b"]
	for _, d := range scca.Damages {
		if !strings.HasSuffix(d.Name, "CountFFFFFFFF") {
			continue
		}
		f, err := prefetch.Parse(d.Build(s), nil)
		if err != nil {
			t.Fatal(d.Name, err)
		}
		if len(f.Files) != len(s.Files) || len(f.Volumes) != len(s.Volumes) || !slices.Equal(f.Volumes[0].Directories, s.Volumes[0].Directories) || f.Files[6].Name != s.Files[6].Name {
			t.Errorf("%s: %d files, %d volumes, %q", d.Name, len(f.Files), len(f.Volumes), f.Volumes[0].Directories)
		}
	}
}

// A file that ends anywhere gives what was before the end, and says that it ends.
func TestTruncatedAnywhere(t *testing.T) {
	for _, name := range []string{"v17", "v23", "v26", "v30a", "v31", "v30b-mam", "v31-mam-crc"} {
		s := scca.Samples()[name]
		b := s.Build()
		whole, _ := prefetch.Parse(b, nil)
		for n := range b {
			f, err := prefetch.Parse(b[:n], nil)
			if err == nil && len(f.Damage) == 0 && f.Size < whole.Size { // the last bytes of a container hold nothing but the end marker
				t.Fatalf("%s, %d of %d bytes: no error and no damage", name, n, len(b))
			}
			if f == nil {
				if n >= 8 {
					t.Fatalf("%s, %d of %d bytes: no File", name, n, len(b))
				}
				continue
			}
			if f.Size >= 84 && (f.Executable != whole.Executable || f.Hash != whole.Hash) {
				t.Fatalf("%s, %d of %d bytes: %s %08X", name, n, len(b), f.Executable, f.Hash)
			}
			for i, run := range f.LastRuns {
				if !run.Equal(whole.LastRuns[i]) {
					t.Fatalf("%s, %d of %d bytes: run time %d is %s, want %s", name, n, len(b), i, run, whole.LastRuns[i])
				}
			}
			for i, m := range f.Files {
				if m.Name != "" && m.Name != whole.Files[i].Name {
					t.Fatalf("%s, %d of %d bytes: name %d is %q, want %q", name, n, len(b), i, m.Name, whole.Files[i].Name)
				}
			}
			if f.ExecutablePath != "" && f.ExecutablePath != whole.ExecutablePath {
				t.Fatalf("%s, %d of %d bytes: path %q", name, n, len(b), f.ExecutablePath)
			}
			checkOffsets(t, f, n)
		}
	}
}

// checkOffsets: every damage lies inside the file.
func checkOffsets(t *testing.T, f *prefetch.File, input int) {
	t.Helper()
	for _, d := range f.Damage {
		end := f.Size
		if d.Struct == "MAM container" {
			end = input
		}
		if d.Offset < 0 || d.Offset > int64(end) {
			t.Fatalf("damage %v lies outside of %d bytes", d, end)
		}
	}
}

func TestLimit(t *testing.T) {
	s := scca.Samples()["v30b-mam"]
	for _, mam := range []bool{true, false} {
		s.MAM = mam
		f, err := prefetch.Parse(s.Build(), &prefetch.Options{MaxSize: 1000})
		le, ok := errors.AsType[*prefetch.LimitError](err)
		if !ok || le.Option != "MaxSize" || le.Limit != 1000 || le.Need != 2372 {
			t.Errorf("MAM %t: error %v, want a LimitError", mam, err)
		}
		if f.RunCount != 11 || f.Size != 1000 {
			t.Errorf("MAM %t: run count %d of %d bytes", mam, f.RunCount, f.Size)
		}
	}
}

func TestStrict(t *testing.T) {
	s := scca.Samples()["v26"]
	b := append(s.Build(), 1, 2, 3)
	f, err := prefetch.Parse(b, &prefetch.Options{Strict: true})
	if fe, ok := errors.AsType[*prefetch.FormatError](err); !ok || fe.Kind != prefetch.TrailingData || f == nil {
		t.Errorf("Parse(strict) = %v, %v, want the File and its TrailingData", f, err)
	}
}

func TestCollected(t *testing.T) {
	s := scca.Samples()["v31"]
	for days, want := range map[int]int{-2: 2, 1: 0} {
		f, err := prefetch.Parse(s.Build(), &prefetch.Options{Collected: s.LastRuns[0].Add(time.Duration(days) * 24 * time.Hour)})
		if err != nil || len(f.Damage) != want {
			t.Errorf("collected %d days after the last run: %v, want %d run times in the future", days, problems(f, err), want)
		}
	}
}

// The clock was set back between two launches if a slot rises by more than a minute; programs that start together rise by less.
func TestClockSetBack(t *testing.T) {
	for step, want := range map[time.Duration]bool{-time.Hour: false, 10 * time.Second: false, time.Minute: false, 61 * time.Second: true, 4800 * time.Hour: true} {
		s := scca.Samples()["v30b"]
		s.LastRuns = []time.Time{s.LastRuns[0], s.LastRuns[0].Add(step)}
		s.RunCount = 2
		f, err := prefetch.Parse(s.Build(), nil)
		if err != nil || f.ClockSetBack != want || len(f.Damage) > 0 {
			t.Errorf("second slot %s after the first: ClockSetBack = %t, want %t; %v", step, f.ClockSetBack, want, problems(f, err))
		}
		if latest := s.LastRuns[0].Add(max(step, 0)); !f.LatestRun().Equal(latest) || !f.LastRun().Equal(s.LastRuns[0]) {
			t.Errorf("second slot %s after the first: last %s, latest %s", step, f.LastRun(), f.LatestRun())
		}
	}
}
