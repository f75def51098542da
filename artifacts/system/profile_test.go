package system_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// userSummaries is what the records say, in order.
func userSummaries(recs []artifacts.Record) []string {
	var out []string
	for _, r := range recs {
		out = append(out, r.Summary())
	}
	return out
}

func TestComputerName(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[system.ComputerName](casetest.UserCase(t, "computername"), ""), []system.ComputerName{
		{Name: corpus.Computer, Meaning: "NetBIOS name", Written: corpus.Installed.Add(14 * time.Minute)},
		{Name: corpus.Computer, Meaning: "host name to be"},
		{Name: corpus.Computer, Meaning: "host name"},
	})
}

func TestOSInfo(t *testing.T) {
	got := casetest.UserOf[system.OSInfo](casetest.UserCase(t, "osinfo", "osinfo"), "")
	want := []system.OSInfo{
		{Product: "Windows 10 Pro", Name: "Windows 10 Pro", Edition: "Professional", Version: "21H2", Build: "19044", Revision: 1288, Type: "Client", Owner: "mira",
			Replaced: "11/20/2024 13:31:07", Installed: casetest.UserTime(2024, 11, 20, 4, 21, 31, 0), Written: corpus.Installed},
		{Product: "Windows 10 Pro", Name: "Windows 10 Pro", Edition: "Professional", Version: "22H2", Build: "19045", Revision: 3803, Type: "Client", Owner: "mira",
			Root: `C:\Windows`, Installed: corpus.Installed, Written: corpus.Installed},
	}
	casetest.UserDiff(t, got, want)
}

// TestOSInfo11 names Windows 11, which calls itself 10.
func TestOSInfo11(t *testing.T) {
	m := corpus.NewMachine().With("software")
	m.Hive(casetest.UserSoftware).Sub(`Microsoft\Windows NT\CurrentVersion`).Set("CurrentBuild", regf.String("22631")).Set("CurrentBuildNumber", regf.String("22631"))
	if got := casetest.UserOf[system.OSInfo](casetest.UserFS(t, m.FS(), "osinfo"), ""); len(got) != 1 || got[0].Name != "Windows 11 Pro" || got[0].Product != "Windows 10 Pro" {
		t.Errorf("got %+v", got)
	}
}

func TestTimeZone(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[system.TimeZone](casetest.UserCase(t, "timezone"), ""), []system.TimeZone{{
		Name: "Tokyo Standard Time", Standard: "@tzres.dll,-632", Daylight: "@tzres.dll,-631", Bias: -540, DaylightBias: -60, ActiveBias: -540, Written: corpus.LastBoot,
	}})
}

// TestTimeZoneSeasons spells the first and the last Sunday.
func TestTimeZoneSeasons(t *testing.T) {
	m := corpus.NewMachine().With("system")
	start := func(month, week, hour byte) regf.Value {
		return regf.Binary([]byte{0, 0, month, 0, week, 0, hour, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	}
	m.Hive(casetest.UserSystem).Sub(`ControlSet001\Control\TimeZoneInformation`).Set("DaylightStart", start(3, 2, 2)).Set("StandardStart", start(11, 1, 2))
	got := casetest.UserOf[system.TimeZone](casetest.UserFS(t, m.FS(), "timezone"), "")
	if len(got) != 1 || got[0].DaylightFrom != "second Sunday of March at 02:00" || got[0].StandardFrom != "first Sunday of November at 02:00" {
		t.Errorf("got %+v", got)
	}
}

func TestShutdown(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[system.Shutdown](casetest.UserCase(t, "shutdown"), ""), []system.Shutdown{{At: corpus.LastShutdown, Written: corpus.LastShutdown}})
}

func TestShutdownCut(t *testing.T) {
	m := corpus.NewMachine().With("system")
	m.Hive(casetest.UserSystem).Sub(`ControlSet001\Control\Windows`).Set("ShutdownTime", regf.Binary([]byte{1, 2, 3, 4}))
	casetest.UserDamaged(t, m, "shutdown", "4 bytes, a time has 8")
}

func TestAccounts(t *testing.T) {
	recs := casetest.UserCase(t, "users")
	got := casetest.UserOf[system.Account](recs, "daniel")
	for i := range got {
		got[i] = system.Account{Name: got[i].Name, RID: got[i].RID, SID: got[i].SID, FullName: got[i].FullName, Flags: got[i].Flags, RawFlags: got[i].RawFlags,
			Logons: got[i].Logons, Created: got[i].Created, LastLogon: got[i].LastLogon, PasswordSet: got[i].PasswordSet, BadPassword: got[i].BadPassword, Written: got[i].Written}
	}
	want := system.Account{
		Name: "daniel", RID: 1002, SID: corpus.DanielSID, FullName: "Daniel Kestrel", Flags: []string{"normal", "password never expires"}, RawFlags: 0x210, Logons: 41,
		Created: casetest.UserTime(2025, 1, 24, 1, 15, 33, 2801745), LastLogon: corpus.LastLogon, PasswordSet: casetest.UserTime(2025, 1, 24, 1, 15, 33, 2957744),
		BadPassword: casetest.UserTime(2026, 3, 6, 17, 36, 48, 9014552), Written: corpus.LastLogon,
	}
	if len(got) != 1 || !casetest.EqualJSON(t, got[0], want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for _, r := range recs {
		a := r.Data.(system.Account)
		if a.Disabled() != (a.RID < 1000) || len(r.Tags()) != 0 {
			t.Errorf("%s: disabled %v, tags %v", a.Name, a.Disabled(), r.Tags())
		}
	}
}

// TestAccountsHijacked has a guest whose record carries the administrator's
// number, a name that leads to another account, an account without a name, and
// a name without an account.
func TestAccountsHijacked(t *testing.T) {
	m := corpus.NewMachine().With("accounts")
	users := m.Hive(casetest.UserSAM).Sub(`SAM\Domains\Account\Users`)
	var f []byte
	for _, v := range users.Sub("000001F5").Values {
		if v.Name == "F" {
			f = slices.Clone(v.Data)
		}
	}
	binary.LittleEndian.PutUint32(f[0x30:], 500)
	users.Sub("000001F5").Set("F", regf.Binary(f))
	users.Sub(`Names\mira`).Set("", regf.Raw(500, nil))
	users.Sub(`Names\ghost`).Set("", regf.Raw(1009, nil))
	users.Sub(`Names\daniel`).Name = "danielle"
	got := map[string]string{}
	for _, r := range casetest.UserFS(t, m.FS(), "users") {
		got[r.Data.(system.Account).Name] = strings.Join(r.Tags(), " ")
		if a := r.Data.(system.Account); a.Name == "Guest" && a.StoredRID != 500 || a.Name == "mira" && a.NamesRID != 500 || a.Name == "ghost" && !a.NoAccount {
			t.Errorf("got %+v", a)
		}
	}
	for name, want := range map[string]string{"Administrator": "", "Guest": "rid-mismatch", "mira": "rid-mismatch", "daniel": "no-name-key", "ghost": ""} {
		if tags, ok := got[name]; !ok || tags != want {
			t.Errorf("%s: tags %q (there: %v), want %q", name, tags, ok, want)
		}
	}
}

func TestAccountsDamage(t *testing.T) {
	for words, change := range map[string]func(*regf.Key){
		"10 bytes, want at least 68": func(k *regf.Key) { k.Set("F", regf.Binary(make([]byte, 10))) },
		"runs past the 300": func(k *regf.Key) {
			v := make([]byte, 300)
			binary.LittleEndian.PutUint32(v[0x0C:], 0xFFFFFFF0)
			binary.LittleEndian.PutUint32(v[0x10:], 0xFFFFFFF0)
			k.Set("V", regf.Binary(v))
		},
	} {
		m := corpus.NewMachine().With("accounts")
		change(m.Hive(casetest.UserSAM).Sub(`SAM\Domains\Account\Users\000003EA`))
		if recs := casetest.UserDamaged(t, m, "users", words); len(recs) < 5 {
			t.Errorf("%d records, want all five accounts", len(recs))
		}
	}
}

func TestGroups(t *testing.T) {
	got := casetest.UserOf[system.Group](casetest.UserCase(t, "groups"), "")
	if len(got) != 2 || got[0].RID != 544 || !slices.Equal(got[0].MemberNames, []string{"Administrator", "mira", "daniel"}) ||
		got[0].Members[2] != corpus.DanielSID || got[1].Name != "Remote Desktop Users" || len(got[1].Members) != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestGroupsCount has a count that the list of members does not hold.
func TestGroupsCount(t *testing.T) {
	m := corpus.NewMachine().With("accounts")
	k := m.Hive(casetest.UserSAM).Sub(`SAM\Domains\Builtin\Aliases\00000220`)
	c := slices.Clone(k.Values[0].Data)
	binary.LittleEndian.PutUint32(c[0x30:], 0xFFFFFFFF)
	k.Set("C", regf.Binary(c))
	recs := casetest.UserDamaged(t, m, "groups", "4294967295 members, room for 3")
	if len(recs) != 2 {
		t.Errorf("%d records, want both groups", len(recs))
	}
}

func TestProfiles(t *testing.T) {
	recs := casetest.UserCase(t, "profiles", "users")
	got := casetest.UserOf[system.Profile](recs, "daniel")
	if len(recs) != 5 || len(got) != 1 {
		t.Fatalf("%d profiles, %d of daniel; want 5 and 1", len(recs), len(got))
	}
	p := got[0]
	if p.SID != corpus.DanielSID || p.Path != `C:\Users\daniel` || !p.Hive || p.Backup || !p.Loaded.Equal(corpus.LastLogon.Add(-4*time.Second)) || !p.Unloaded.Equal(corpus.IntrusionEnd) {
		t.Errorf("got %+v", p)
	}
}

func TestNetworks(t *testing.T) {
	recs := casetest.UserCase(t, "networks", "networks")
	got := casetest.UserOf[system.NetworkProfile](recs, "")
	want := system.NetworkProfile{
		Name: "Hotel Lobby", Description: "Hotel Lobby", GUID: "{7C20B9E4-0D3F-4B66-8A15-2E4D6C8B0A1F}", Category: "public", Type: "wireless", GatewayMAC: "02:00:5e:7a:41:0c",
		DNSSuffix: "<none>", First: "Hotel Lobby",
		Created: casetest.UserTime(2025, 5, 19, 20, 2, 40, 1180000), Connected: casetest.UserTime(2025, 5, 22, 7, 40, 9, 7710000), Written: casetest.UserTime(2025, 5, 21, 22, 40, 9, 7710000),
	}
	if len(got) != 2 {
		t.Fatalf("%d networks, want 2", len(got))
	}
	casetest.UserDiff(t, got[1:], []system.NetworkProfile{want})
	for _, e := range recs[1].Events() {
		if local := e.Kind != "Content Modification Time"; e.Local || (e.Zone == "local, inferred +09:00") != local {
			t.Errorf("%s: zone %q", e.Kind, e.Zone)
		}
	}
}

func TestNetworksCut(t *testing.T) {
	m := corpus.NewMachine().With("networks")
	m.Hive(casetest.UserSoftware).Sub(`Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\{7C20B9E4-0D3F-4B66-8A15-2E4D6C8B0A1F}`).Set("DateCreated", regf.Binary(make([]byte, 8)))
	casetest.UserDamaged(t, m, "networks", "8 bytes, a time of this kind has 16")
}

func TestInterfaces(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[system.Interface](casetest.UserCase(t, "interfaces", "interfaces"), ""), []system.Interface{
		{GUID: "{6f1d2c3b-4a59-4e68-9d77-0a1b2c3d4e5f}", Name: "Ethernet", Protocol: "IPv4", DHCP: true, Addresses: []string{"192.0.2.23"}, Masks: []string{"255.255.255.0"},
			Gateways: []string{"192.0.2.1"}, DHCPDNS: "192.0.2.1", DHCPServer: "192.0.2.1", Obtained: casetest.UserTime(2026, 3, 7, 23, 51, 29, 0), Terminates: casetest.UserTime(2026, 3, 8, 23, 51, 29, 0),
			Written: corpus.LastBoot.Add(21 * time.Second)},
		{GUID: "{0b9a7c6d-5e4f-4a3b-8c2d-1f0e9d8c7b6a}", SSID: "Hotel Lobby", Protocol: "IPv4", DHCP: true, Addresses: []string{"198.51.100.77"}, DHCPServer: "198.51.100.1",
			GatewayMAC: "02:00:5e:7a:41:0c", Obtained: casetest.UserTime(2025, 5, 21, 22, 40, 8, 0), Written: casetest.UserTime(2025, 5, 21, 22, 40, 9, 0)},
	})
}

func TestShares(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[system.Share](casetest.UserCase(t, "shares", "shares"), ""), []system.Share{
		{Name: "scans", Path: `C:\Scans`, Type: "folder", Written: casetest.UserTime(2025, 2, 3, 1, 22, 50, 4400012)},
	})
}

func TestRemoteAccess(t *testing.T) {
	got := userSummaries(casetest.UserCase(t, "remoteaccess"))
	want := []string{
		"[Terminal Server\\fDenyTSConnections] is 0: Remote Desktop is on",
		"[RDP-Tcp\\PortNumber] is 3389: the usual port",
		"[RDP-Tcp\\UserAuthentication] is 1: authentication before the session",
		"[RDP-Tcp\\SecurityLayer] is 2: TLS",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUSB(t *testing.T) {
	recs := casetest.UserCase(t, "usb", "usb")
	first := casetest.UserTime(2025, 1, 30, 0, 40, 2, 1191001)
	casetest.UserDiff(t, casetest.UserOf[system.USBDevice](recs, ""), []system.USBDevice{
		{Bus: "USBSTOR", Device: "Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00", Serial: "4C5300019920260304&0", Vendor: "Kite", Product: "Pocket_32", Revision: "1.00",
			Name: "Kite Pocket 32 USB Device", Description: "Disk drive", Class: "DiskDrive", Service: "disk", Container: "{5d1a2c3e-7b60-5f41-9e22-0c1d2e3f4a5b}",
			DiskID: "{1f2e3d4c-17a3-11f0-b6c1-0a1b2c3d4e5f}", Installed: first, FirstInstall: first, LastArrival: casetest.UserTime(2026, 3, 4, 9, 0, 12, 4020017),
			LastRemoval: casetest.UserTime(2026, 3, 4, 9, 31, 55, 8800240), Written: casetest.UserTime(2026, 3, 4, 9, 0, 12, 4020017)},
		{Bus: "USB", Device: "ROOT_HUB30", Serial: "4&1a2b3c4d&0&0", MadeUp: true, Description: "USB Root Hub (USB 3.0)",
			Installed: corpus.Installed.Add(2 * time.Minute), Written: corpus.Installed},
		{Bus: "USB", Device: "VID_1EAB&PID_0022", Serial: "4C5300019920260304", Vendor: "1EAB", Product: "0022", Description: "USB Mass Storage Device", Service: "USBSTOR",
			Written: casetest.UserTime(2026, 3, 4, 9, 0, 12, 4020017)},
	})
}

func TestUSBShortTime(t *testing.T) {
	m := corpus.NewMachine().With("system", "usb")
	m.Hive(casetest.UserSystem).Sub(`ControlSet001\Enum\USB\ROOT_HUB30\4&1a2b3c4d&0&0\Properties\{83da6326-97a6-4088-9453-a1923f573b29}\0065`).Set("", regf.Raw(0xFFFF0010, []byte{1}))
	casetest.UserDamaged(t, m, "usb", "1 bytes, a time has 8")
}

func TestMountedDevices(t *testing.T) {
	recs := casetest.UserCase(t, "mounteddevices")
	got := casetest.UserOf[system.MountedDevice](recs, "")
	if len(got) != 3 || got[0] != (system.MountedDevice{Origin: got[0].Origin, Name: `\DosDevices\C:`, Drive: "C:", Signature: "9A4F21C7", Start: 0x20500000}) {
		t.Errorf("got %+v", got)
	}
}

// TestMountedDevicesGPT reads a partition of a GPT disk, and rubbish.
func TestMountedDevicesGPT(t *testing.T) {
	m := corpus.NewMachine().With("system")
	id := []byte("DMIO:ID:\x10\x32\x54\x76\x98\xba\xdc\xfe\x01\x23\x45\x67\x89\xab\xcd\xef")
	m.Hive(casetest.UserSystem).Sub("MountedDevices").Set(`\DosDevices\G:`, regf.Binary(id)).Set(`\DosDevices\H:`, regf.Binary([]byte{1, 2, 3}))
	got := map[string]system.MountedDevice{}
	for _, d := range casetest.UserOf[system.MountedDevice](casetest.UserFS(t, m.FS(), "mounteddevices"), "") {
		got[d.Drive] = d
	}
	if got["G:"].Partition != "{76543210-ba98-fedc-0123-456789abcdef}" || got["H:"].Raw != "010203" {
		t.Errorf("got %+v", got)
	}
}

func TestDefender(t *testing.T) {
	casetest.UserDiff(t, casetest.UserOf[system.Defender](casetest.UserCase(t, "defender", "defender"), ""), []system.Defender{
		{Kind: "setting", Name: "TamperProtection", Value: "4", Meaning: "tamper protection is off", Weak: true, Written: casetest.UserTime(2024, 12, 22, 4, 31, 7, 0)},
		{Kind: "exclusion", List: "Paths", Name: `C:\Users\Public`, Value: "0", Meaning: "is not scanned", Weak: true, Written: corpus.ExclusionTime},
	})
}

// TestDefenderPolicy has exclusions and switches that a policy sets.
func TestDefenderPolicy(t *testing.T) {
	m := corpus.NewMachine().With("software")
	root := m.Hive(casetest.UserSoftware).Sub(`Policies\Microsoft\Windows Defender`)
	root.Set("DisableAntiSpyware", regf.DWord(1))
	root.Sub(`Exclusions\Processes`).Set("x.exe", regf.String("0"))
	root.Sub(`Threats\ThreatIDDefaultAction`).Set("2147519003", regf.String("6"))
	got := userSummaries(casetest.UserFS(t, m.FS(), "defender"))
	want := []string{"[DisableAntiSpyware] is 1: the scanner is off", "[x.exe] is not scanned (Processes)", "[2147519003] is 6: allow"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEventLogging(t *testing.T) {
	recs := casetest.UserCase(t, "eventlogging", "eventlogging")
	var weak []string
	for _, r := range recs {
		if slices.Contains(r.Tags(), "weakens") {
			weak = append(weak, r.Summary())
		}
	}
	if want := []string{`[Microsoft-Windows-PowerShell/Operational\Enabled] is 0: the channel is off`}; len(recs) != 11 || !slices.Equal(weak, want) {
		t.Errorf("%d records, weakening %q; want 11 and %q", len(recs), weak, want)
	}
}

// TestEventLoggingMiniNT has the empty key that stops the Security log.
func TestEventLoggingMiniNT(t *testing.T) {
	m := corpus.NewMachine().With("system")
	m.Hive(casetest.UserSystem).Sub(`ControlSet001\Control\MiniNt`)
	got := casetest.UserOf[system.Setting](casetest.UserFS(t, m.FS(), "eventlogging"), "")
	if len(got) != 1 || !got[0].Weak {
		t.Errorf("got %+v", got)
	}
}

func TestProtection(t *testing.T) {
	got := casetest.UserOf[system.Setting](casetest.UserCase(t, "protection", "protection"), "")
	want := system.Setting{Setting: `Microsoft.PowerShell\ExecutionPolicy`, Value: "Bypass", Meaning: "every script runs, without a question", Weak: true, Written: corpus.PersistenceTime.Add(-3 * time.Minute)}
	i := slices.IndexFunc(got, func(s system.Setting) bool { return s.Weak })
	if len(got) != 4 || i < 0 {
		t.Fatalf("got %+v", got)
	}
	casetest.UserDiff(t, got[i:i+1], []system.Setting{want})
}

func TestSoftware(t *testing.T) {
	recs := casetest.UserCase(t, "software", "uninstall")
	got := casetest.UserOf[system.Installed](recs, "")
	if len(got) != 3 {
		t.Fatalf("%d programs, want 3", len(got))
	}
	for i, r := range recs {
		if r.View32 != (got[i].Name == "Falcon Report Viewer") {
			t.Errorf("%s: 32-bit view is %v", got[i].Name, r.View32)
		}
		if got[i].Name == "Falcon Report Viewer" && !got[i].Installed.Equal(casetest.UserTime(2025, 2, 3, 0, 0, 0, 0)) {
			t.Errorf("installed %v", got[i].Installed)
		}
	}
}

// TestProfileReal counts the records of real hives of Windows XP to 10.
func TestProfileReal(t *testing.T) {
	const w7, w8, w10 = "hives/regipy/SYSTEM", "hives/regipy/SYSTEM_2", "hives/regipy/SYSTEM_WIN_10_1709"
	for _, c := range []struct {
		artifact, file string
		want           int
	}{
		{"osinfo", w10, 2}, {"timezone", w7, 1}, {"timezone", w8, 1}, {"timezone", w10, 1},
		{"shutdown", w7, 1}, {"shutdown", w8, 1}, {"shutdown", w10, 1},
		{"users", "hives/ez/SAM_DUPENAME", 15}, {"users", "hives/regipy/SAM", 3}, {"users", "hives/regffs/SAM", 3}, {"users", "hives/velo/SAM", 5}, {"users", "hives/ez-plugins/SAM", 4},
		{"groups", "hives/regipy/SAM", 14}, {"groups", "hives/velo/SAM", 19},
		{"usb", w7, 22}, {"usb", w8, 5}, {"usb", w10, 30}, {"mounteddevices", w7, 11}, {"mounteddevices", w8, 5}, {"mounteddevices", w10, 8},
		{"interfaces", w7, 2}, {"remoteaccess", w10, 9}, {"eventlogging", w10, 30},
	} {
		t.Run(c.artifact+" "+c.file, func(t *testing.T) {
			recs := casetest.UserReal(t, c.artifact, c.file)
			if len(recs) != c.want {
				t.Errorf("%d records, want %d", len(recs), c.want)
			}
			for _, r := range recs {
				if slices.Contains(r.Tags(), "rid-mismatch") || slices.Contains(r.Tags(), "guest-member") {
					t.Errorf("%s: tags %v on an untouched machine", r.Summary(), r.Tags())
				}
			}
		})
	}
}

func TestVolumeLabels(t *testing.T) {
	const stick = "_??_USBSTOR#Disk&Ven_Kite&Prod_Pocket_32&Rev_1.00#4C5300019920260304&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"
	got := casetest.UserOf[system.VolumeLabel](casetest.UserCase(t, "volumelabels", "volumelabels"), "")
	plugged := casetest.UserTime(2026, 3, 4, 9, 0, 13, 2200145)
	casetest.UserDiff(t, got, []system.VolumeLabel{
		{Label: "KITE", Device: "SWD#WPDBUSENUM#_??_USBSTOR#DISK&VEN_KITE&PROD_POCKET_32&REV_1.00#4C5300019920260304&0#{53F56307-B6BF-11D0-94F2-00A0C91EFB8B}", Source: "portable devices", Written: plugged},
		{Label: "KITE", Drive: "E:", Source: "search", Written: plugged.Add(3 * time.Second)},
		{Label: "KITE", Serial: fmt.Sprintf("%08X", uint32(corpus.StickSerial)), Device: stick, Source: "ReadyBoost", Written: casetest.UserTime(2025, 1, 30, 0, 40, 5, 0)},
	})
}
