package system_test

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestIdentityReal has the SIDs, secrets and rights of real SECURITY hives. The
// times are those of the 8 bytes in the truth tables.
func TestIdentityReal(t *testing.T) {
	const domain, home = "hives/ez/SECURITY", "hives/regipy/SECURITY"
	for _, c := range []struct {
		artifact, file string
		want           []string // among the summaries
		count          int
	}{
		{"machinesid", domain, []string{"[S-1-5-21-3064465268-1549819264-574340205] machine 2JQQWP1",
			"[S-1-5-21-727398572-3617256236-2003601904] domain PRWUA (prwua.org)"}, 2},
		{"machinesid", home, []string{"[S-1-5-21-1786693902-1815088602-2777321892] machine DESKTOP-M964FJN", "[WORKGROUP] workgroup, without a SID"}, 2},
		{"lsasecrets", domain, []string{"[$MACHINE.ACC] password of the machine's account in its domain, set 2014-10-02T19:27:58Z",
			"[_SC_SLAgentSvc] password of the account that the service runs under SLAgentSvc, set 2014-08-19T18:15:08Z"}, 5},
		{"lsasecrets", home, []string{"[DefaultPassword] password of the automatic log-on, set 2021-08-05T10:54:35Z"}, 3},
		{"userrights", home, []string{"[S-1-1-0] may log on over the network; SeChangeNotifyPrivilege",
			"[S-1-5-80-0] may log on as a service; no privilege"}, 13},
	} {
		t.Run(c.artifact+" "+c.file, func(t *testing.T) {
			recs := casetest.UserReal(t, c.artifact, c.file)
			got := userSummaries(recs)
			if len(got) != c.count {
				t.Errorf("%d records, want %d: %q", len(got), c.count, got)
			}
			for _, w := range c.want {
				if !slices.Contains(got, w) {
					t.Errorf("%q is not among %q", w, got)
				}
			}
			for _, r := range recs {
				if u, ok := r.Data.(system.UserRights); ok && len(u.Powerful) > 0 {
					t.Errorf("%s holds %v on a machine that nobody changed", u.SID, u.Powerful)
				}
			}
		})
	}
}

// TestSystemReal counts what the SYSTEM hives of Windows 7 and 10 have.
func TestSystemReal(t *testing.T) {
	const seven, ten = "hives/regipy/SYSTEM", "hives/regipy/SYSTEM_WIN_10_1709"
	for _, c := range []struct {
		artifact, file, want string
	}{
		{"memorysettings", ten, `[PrefetchParameters\EnablePrefetcher] is 3: for programs and the boot`},
		{"memorysettings", seven, `[CrashControl\CrashDumpEnabled] is 2: a crash of Windows writes the kernel's memory`},
		{"netlogon", ten, `[Parameters\MaximumPasswordAge] is 30: days until the machine changes its password, the default`},
		{"systemsettings", seven, `[Select\LastKnownGood] is 2: number of the control set of the last good boot`},
		{"backuprestore", ten, `[FilesNotToSnapshot] WUA: %windir%\softwaredistribution\*.* /s`},
		{"deviceclasses", ten, `[disk] SCSI\Disk&Ven_SanDisk&Prod_Extreme_SSD\000000`},
		{"networkadapters", ten, `[Intel(R) 82574L Gigabit Network Connection] (PCI\VEN_8086&DEV_10D3&SUBSYS_07D015AD&REV_00\000C29FFFFF3FFDE00)`},
	} {
		t.Run(c.artifact+" "+c.file, func(t *testing.T) {
			recs := casetest.UserReal(t, c.artifact, c.file)
			if got := userSummaries(recs); !slices.Contains(got, c.want) {
				t.Errorf("%q is not among %q", c.want, got)
			}
			for _, r := range recs {
				if slices.Contains(r.Tags(), "weakens") {
					t.Errorf("%s weakens on a machine that nobody changed", r.Summary())
				}
				if b, ok := r.Data.(system.BackupExclusion); ok && !b.Default {
					t.Errorf("%s is not known as a default", r.Summary())
				}
			}
		})
	}
}

// TestPolicyDamaged has values of SECURITY that say more than they hold.
func TestPolicyDamaged(t *testing.T) {
	m := corpus.NewMachine().With("accounts")
	policy := m.Hive("Windows/System32/config/SECURITY").Sub("Policy")
	policy.Sub(`Accounts\S-1-5-21-1-2-3-1001\Privilgs`).Set("", regf.Raw(0, []byte{200, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
	recs := casetest.UserDamaged(t, m, "userrights", "200 privileges, there is room for 1")
	if len(recs) != 1 || !slices.Equal(recs[0].Tags(), []string{"powerful"}) {
		t.Errorf("got %q", userSummaries(recs))
	}

	m = corpus.NewMachine().With("accounts")
	m.Hive("Windows/System32/config/SECURITY").Sub(`Policy\PolPrDmS`).Set("", regf.Raw(0, []byte{1, 9, 0}))
	m.Hive("Windows/System32/config/SECURITY").Sub(`Policy\PolPrDmN`).Set("", regf.Raw(0, []byte{255, 255, 0, 0, 8, 0, 0, 0, 65, 0}))
	if recs := casetest.UserDamaged(t, m, "machinesid", "3 bytes that are no SID"); len(recs) != 1 {
		t.Errorf("got %q", userSummaries(recs))
	}
}

// TestNetworkAdaptersChanged marks an address that is not the hardware's.
func TestNetworkAdaptersChanged(t *testing.T) {
	m := corpus.NewMachine().With("system", "networkadapters")
	k := m.Hive(casetest.UserSystem).Sub(`ControlSet001\Control\NetworkSetup2\Interfaces\{x}\Kernel`)
	k.Set("IfDescr", regf.String("card")).Set("CurrentAddress", regf.Binary([]byte{2, 0, 0, 0, 0, 1})).
		Set("PermanentAddress", regf.Binary([]byte{0, 1, 2, 3, 4, 5}))
	changed := 0
	for _, r := range casetest.UserFS(t, m.FS(), "networkadapters") {
		if slices.Contains(r.Tags(), "mac-changed") {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d adapters with another address, want 1", changed)
	}
}
