package prefetch_test

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/artifactdump/artifactdump/prefetch"
)

// The values stand in the names of files that Windows wrote for these texts.
func TestHash(t *testing.T) {
	for _, tt := range []struct {
		version           prefetch.Version
		path, commandLine string
		want              uint32
	}{
		{17, `\DEVICE\HARDDISKVOLUME1\WINDOWS\NOTEPAD.EXE`, "", 0x189578DA},
		{17, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\CMD.EXE`, "", 0x087B4001},
		{17, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\CALC.EXE`, "", 0x02CD573A},
		{23, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\CMD.EXE`, "", 0x89305D47},
		{26, `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\CMD.EXE`, "", 0x4A81B364},
		{30, `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\CMD.EXE`, "", 0x0BD30981},
		{31, `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\NOTEPAD.EXE`, "", 0xD8414F97},
		{30, `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\SVCHOST.EXE`, "", 0xD02762BF},
		{30, "", `C:\Windows\System32\svchost.exe -k netsvcs -p -s BITS`, 0xE19CCE58 + 314159},
		{30, `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\SVCHOST.EXE`, `C:\Windows\System32\svchost.exe -k netsvcs -p -s BITS`, 0xB1C43117},
		{30, `C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}`, "", 0x7D7DC89B},
		{30, `\DEVICE\HARDDISKVOLUME4\WINDOWS\SYSTEM32\RUNTIMEBROKER.EXE`, "", 0x17E2786F},
		{30, `Microsoft.WindowsTerminal_1.15.2713.0_x64__8wekyb3d8bbwe`, "", 0x4CDF6877},
		{30, `runtimebroker07f4358a809ac99a64a67c1`, "", 0xDE40270A},
		{30, `App`, "", 0x450F18DC},
		{17, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\MMC.EXE`, "", 0x025D8420},
		{17, "", `"C:\WINDOWS\system32\mmc.exe" "C:\WINDOWS\system32\certsrv.msc" `, 0x04C3910E},
		{17, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\MMC.EXE`, `"C:\WINDOWS\system32\mmc.exe" "C:\WINDOWS\system32\certsrv.msc" `, 0x0721152E},
	} {
		if got := prefetch.Hash(tt.version, tt.path, tt.commandLine); got != tt.want {
			t.Errorf("Hash(%d, %q, %q) = %08X, want %08X", uint32(tt.version), tt.path, tt.commandLine, got, tt.want)
		}
	}
	got := prefetch.Hash(30, `\DEVICE\HARDDISKVOLUME4\WINDOWS\SYSTEM32\RUNTIMEBROKER.EXE`, "") +
		prefetch.HashPackage(`Microsoft.WindowsTerminal_1.15.2713.0_x64__8wekyb3d8bbwe`, `runtimebroker07f4358a809ac99a64a67c1`)
	if want := uint32(0x430207F0); got != want {
		t.Errorf("Hash + HashPackage = %08X, want %08X", got, want)
	}
}

// The hash of real files gives their path, and what else went into it, for at least the shares that the built-in dictionary is known
// to reach.
func TestVerifyEvidence(t *testing.T) {
	dir, all := truths(t)
	folders := make(map[string]*prefetch.VolumeNumbers)
	var files []*prefetch.File
	var names []string
	for _, w := range testcost.Sample(all, 4) {
		if w.Status != "OK" {
			continue
		}
		f, err := prefetch.Parse(read(t, dir, w.Path), nil)
		if err != nil {
			t.Fatal(w.Path, err)
		}
		folder := path.Dir(w.Path)
		if folders[folder] == nil {
			folders[folder] = new(prefetch.VolumeNumbers)
		}
		folders[folder].Add(f)
		files, names = append(files, f), append(names, w.Path)
	}

	type tally struct{ ok, all int }
	groups, statuses := make(map[string]tally), make(map[prefetch.Status]int)
	add := func(group string, ok bool) {
		n := groups[group]
		n.all++
		if ok {
			n.ok++
		}
		groups[group] = n
	}
	worst := 0.0
	for i, f := range files {
		v := f.Verify(nil, folders[path.Dir(names[i])])
		statuses[v.Status]++
		add("all", v.Status.OK())
		if v.Status.OK() {
			worst = max(worst, v.FalseMatch())
		}
		if sum := prefetch.Hash(f.Version, v.Path, v.CommandLine) + v.Hint; v.Status.OK() {
			if v.Package != "" {
				sum += prefetch.HashPackage(v.Package, v.AppID)
			}
			if sum != f.Hash {
				t.Errorf("%s: %s for %s, but the sum of its parts is %08X", names[i], v.Status, v.Path, sum)
			}
		}
		switch {
		case f.Boot() || f.Operation():
			add("scenarios", v.Status.OK())
		case f.Hosting():
			add(f.Executable, v.Status.OK())
		case f.PackageFullName != "":
			add("packaged", v.Status.OK())
		case v.Status == prefetch.NotVerifiable:
			add("packaged, no record", false)
		default:
			// Version 26 has no executable record, and its list of files often lacks the executable itself: real files of installers
			// and browsers name it nowhere.
			add(fmt.Sprintf("plain, version %d", uint32(f.Version)), v.Status.OK())
			if v.Recovered {
				add("recovered", true)
			}
		}
		if v.Status.OK() != (v.Why == "") {
			t.Errorf("%s: %s, why %q", names[i], v.Status, v.Why)
		}
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		n := groups[g]
		t.Logf("%-26s %4d of %4d verified (%.1f %%)", g, n.ok, n.all, 100*float64(n.ok)/float64(n.all))
	}
	list := make([]string, 0, len(statuses))
	for s, n := range statuses {
		list = append(list, fmt.Sprintf("%s %d", s, n))
	}
	slices.SortFunc(list, cmp.Compare)
	t.Logf("%s; largest chance of a false match %.1e", strings.Join(list, ", "), worst)

	for group, least := range map[string]float64{
		"all": 0.92, "SVCHOST.EXE": 0.9, "DLLHOST.EXE": 0.75, "packaged": 0.85,
		"plain, version 17": 1, "plain, version 23": 1, "plain, version 26": 0.9, "plain, version 30": 1, "plain, version 31": 1,
	} {
		if n := groups[group]; !testcost.Samples() && (n.all == 0 || float64(n.ok) < least*float64(n.all)) {
			t.Errorf("%s: %d of %d verified, want at least %.0f %%", group, n.ok, n.all, 100*least)
		}
	}
}
