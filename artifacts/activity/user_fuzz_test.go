package activity_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// FuzzUserBlobs puts bytes where the artifacts of users and of the system
// expect a structure, and wants: the same records twice, an error only with a
// place, no more records than the input can hold.
func FuzzUserBlobs(f *testing.F) {
	f.Add(regf.UTF16("x.exe\x00"), uint32(3))
	f.Add([]byte{0, 0, 0, 0, 255, 255, 255, 255}, uint32(3))
	f.Add(make([]byte, 80), uint32(3))
	f.Add(append(make([]byte, 0x34), 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0), uint32(3))
	f.Add(make([]byte, 0xD0), uint32(3))
	f.Add([]byte("DMIO:ID:0123456789abcdef"), uint32(3))
	f.Add(regf.UTF16("[F00000000][T01D8AB1122334455][O00000000]*C:\\x.docx\x00"), uint32(1))
	f.Add(regf.UTF16("a\x00b\x00\x00"), uint32(7))
	f.Add([]byte{25, 0, 0x2F, 'C', ':', '\\', 0}, uint32(0xFFFF0010))
	f.Fuzz(func(t *testing.T, b []byte, typ uint32) {
		if len(b) > 1<<14 {
			return
		}
		v := regf.Raw(typ, b)
		m := corpus.NewMachine()
		nt := m.Hive(casetest.DanielNT)
		nt.Sub("Environment")
		for _, k := range []string{
			explorer + "RunMRU", explorer + "WordWheelQuery", explorer + "RecentDocs", explorer + `ComDlg32\OpenSavePidlMRU\*`, explorer + `ComDlg32\LastVisitedPidlMRU`,
			explorer + `ComDlg32\CIDSizeMRU`, `Software\Microsoft\Windows\Shell\BagMRU`, `Software\Microsoft\Windows\Shell\BagMRU\0`,
		} {
			nt.Sub(k).Set("0", v).Set("1", v).Set("a", v).Set("MRUListEx", v).Set("MRUList", v).Set("NodeSlot", v)
		}
		nt.Sub(`Software\Microsoft\Office\16.0\Word\File MRU`).Set("Item 1", v)
		nt.Sub(`Software\Microsoft\Office\16.0\Word\Security\Trusted Documents\TrustRecords`).Set("x", v)
		nt.Sub(`Software\7-Zip\FM`).Set("FolderHistory", v)
		nt.Sub(`Software\Microsoft\Internet Explorer\TypedURLs`).Set("url1", v)
		nt.Sub(`Software\Microsoft\Internet Explorer\TypedURLsTime`).Set("url1", v)
		sys := m.Hive(casetest.UserSystem)
		sys.Sub("Select").Set("Current", regf.DWord(1))
		sys.Sub("MountedDevices").Set(`\DosDevices\C:`, v)
		sys.Sub(`ControlSet001\Control\Windows`).Set("ShutdownTime", v)
		sys.Sub(`ControlSet001\Control\TimeZoneInformation`).Set("DaylightStart", v).Set("Bias", v)
		sys.Sub(`ControlSet001\Enum\USB\a\b\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\0064`).Set("", v)
		sys.Sub(`ControlSet001\Services\Tcpip\Parameters\Interfaces\{x}\34D6`).Set("DhcpGatewayHardware", v).Set("IPAddress", v)
		sys.Sub(`ControlSet001\Services\LanmanServer\Shares`).Set("s", v)
		sam := m.Hive(casetest.UserSAM).Sub(`SAM\Domains`)
		sam.Sub("Account").Set("V", v)
		sam.Sub(`Account\Users\000001F4`).Set("F", v).Set("V", v)
		sam.Sub(`Account\Users\Names\x`).Set("", v)
		sam.Sub(`Builtin\Aliases\00000220`).Set("C", v)
		m.Hive(casetest.UserSoftware).Sub("Classes")
		net := m.Hive(casetest.UserSoftware).Sub(`Microsoft\Windows NT\CurrentVersion\NetworkList`)
		net.Sub(`Profiles\{x}`).Set("DateCreated", v).Set("Category", v)
		net.Sub(`Signatures\Managed\x`).Set("DefaultGatewayMac", v).Set("ProfileGuid", v)
		tr := testtree.OpenFS(t, m.FS())
		for _, name := range []string{
			"runmru", "wordwheelquery", "recentdocs", "opensave", "lastvisited", "shellbags", "officemru", "trustrecords", "archivers", "typedurls",
			"mounteddevices", "shutdown", "timezone", "usb", "interfaces", "shares", "users", "groups", "networks",
		} {
			recs, errs := casetest.UserRun(t, tr, name)
			again, _ := casetest.UserRun(t, tr, name)
			if len(recs) != len(again) || len(recs) > 64+len(b) {
				t.Errorf("%s: %d records, then %d, from %d bytes", name, len(recs), len(again), len(b))
			}
			for i := range recs {
				if recs[i].Summary() != again[i].Summary() || recs[i].ID != again[i].ID {
					t.Errorf("%s: %q, then %q", name, recs[i].Summary(), again[i].Summary())
				}
				recs[i].Events()
			}
			for _, e := range errs {
				if e.Artifact == name && e.From.Key == "" {
					t.Errorf("%v has no place", e)
				}
			}
		}
	})
}
