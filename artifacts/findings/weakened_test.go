package findings_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// TestWeakened: the levels of the rules over zones, sites, exclusions and rights.
func TestWeakened(t *testing.T) {
	site := func(name string, zone uint32, policy bool) artifacts.Record {
		return of("u", rec("zonemap", communication.ZoneMap{Site: name, Zone: zone, ZoneName: "x", Policy: policy}))
	}
	zone := func(z activity.InternetZone) artifacts.Record { return of("u", rec("internetsettings", z)) }
	without := func(list, name, pattern string, known bool) artifacts.Record {
		return rec("backuprestore", system.BackupExclusion{List: list, Name: name, Patterns: []string{pattern}, Default: known})
	}
	gone := func(r artifacts.Record) artifacts.Record {
		r.From.State = artifacts.Deleted
		return r
	}
	starts := []string{"1806 start programs and unsafe files: allowed (default: asks)"}
	scripts := []string{"1407 read the clipboard from scripts: allowed (default: asks)"}
	for _, c := range []struct {
		rule, what string
		level      findings.Level
		records    records
	}{
		{"F-13", "an ordinary site", findings.Low, records{site("files.kestrel.example", 2, false)}},
		{"F-13", "a service that programs of companies use", findings.Informational, records{site("kestrel.sharepoint.com", 2, false)}},
		{"F-13", "a look-alike of such a service", findings.Low, records{site("sharepoint.com.kestrel.example", 2, false)}},
		{"F-13", "a name of the own network", findings.Informational, records{site("intranet", 1, false)}},
		{"F-13", "an address of the own network", findings.Low, records{site("10.0.0.9", 1, false)}},
		{"F-13", "an address of the Internet by policy", findings.Medium, records{site("8.8.4.4", 2, true)}},
		{"F-13", "a range of the Internet", findings.High, records{site("8.8.4.*", 2, false)}},
		{"F-13", "a whole domain", findings.High, records{site("*.com", 2, false)}},
		{"F-13", "the sites of one name", findings.Low, records{site("*.kestrel.example", 2, false)}},
		{"F-13", "as the machine itself", findings.High, records{site("kestrel.example", 0, false)}},
		{"F-13", "the Internet", 0, records{site("kestrel.example", 3, false)}},
		{"F-13", "deleted", 0, records{gone(site("8.8.4.4", 2, false))}},

		{"F-12", "programs start from the Internet", findings.Medium, records{zone(activity.InternetZone{Zone: "3", Weaker: starts})}},
		{"F-12", "scripts of the Internet", findings.Low, records{zone(activity.InternetZone{Zone: "3", Weaker: scripts})}},
		{"F-12", "programs start from the intranet", findings.Low, records{zone(activity.InternetZone{Zone: "1", Weaker: starts})}},
		{"F-12", "by policy", findings.Low, records{zone(activity.InternetZone{Zone: "3", Weaker: starts, Policy: true})}},

		{"F-14", "a backup program's own files", findings.Low, records{without("FilesNotToBackup", "Vendor", `C:\Program Files\Vendor\x.db`, false)}},
		{"F-14", "all users", findings.High, records{without("FilesNotToSnapshot", "Vendor", `C:\Users\* /s`, false)}},
		{"F-14", "a whole volume", findings.High, records{without("FilesNotToSnapshot", "Vendor", `\* /s`, false)}},
		{"F-14", "a known name that covers all users", findings.High, records{without("FilesNotToSnapshot", "WUA", `\Users\* /s`, true)}},
		{"F-14", "a known name in Windows' own form", 0, records{without("FilesNotToSnapshot", "OutlookOST", `$UserProfile$\AppData\Local\Microsoft\Outlook\*.ost`, true)}},
		{"F-14", "a known name in the folder of Windows' own data", 0, records{without("FilesNotToSnapshot", "Storage Tiers Management", `\System Volume Information\Heat\*.* /s`, true)}},
		{"F-14", "another name there", findings.Medium, records{without("FilesNotToSnapshot", "Vendor", `\System Volume Information\x\*.* /s`, false)}},
		{"F-14", "a key", findings.Low, records{without("KeysNotToRestore", "Vendor", `CurrentControlSet\Services\x\`, false)}},

		{"P-13", "a script as a type library", findings.High, records{of("u", rec("typelibs", persistence.TypeLib{GUID: "{1}", Path: `script:C:\x.sct`, Moniker: true}))}},
		{"P-13", "a file as a type library", 0, records{of("u", rec("typelibs", persistence.TypeLib{GUID: "{1}", Path: `C:\x.tlb`}))}},

		{"A-08", "a local account that may debug", findings.High, records{user(1001, "x", nil), rec("userrights", rights("S-1-5-21-1-2-3-1001", "SeDebugPrivilege"))}},
		{"A-08", "an account of a domain", findings.Medium, records{user(1001, "x", nil), rec("userrights", rights("S-1-5-21-9-9-9-1001", "SeDebugPrivilege"))}},
		{"A-08", "an account of a service", findings.Low, records{rec("userrights", rights("S-1-5-21-1-2-3-1001", "SeAssignPrimaryTokenPrivilege"))}},
		{"A-08", "the administrators of a domain", findings.Informational, records{rec("userrights", rights("S-1-5-21-9-9-9-512", "SeTcbPrivilege"))}},
		{"A-08", "everyone", findings.High, records{rec("userrights", rights("S-1-1-0", "SeChangeNotifyPrivilege", "SeImpersonatePrivilege"))}},
		{"A-08", "what users have", 0, records{rec("userrights", rights("S-1-5-32-545", "SeChangeNotifyPrivilege", "SeShutdownPrivilege"))}},
		{"A-08", "deleted", 0, records{gone(rec("userrights", rights("S-1-1-0", "SeDebugPrivilege")))}},
	} {
		if l, said := level(judge(c.records, nil), c.rule); l != c.level {
			t.Errorf("%s, %s: %s, want %s: %s", c.rule, c.what, l, c.level, said)
		}
	}
}
