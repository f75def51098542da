package corpus

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// What leads out of the machine, and who set it.

// NetworkTime is when the intruder opened the way on: a rule for the implant, then a port that leads to the next
// machine.
var NetworkTime = utc(2026, 3, 6, 18, 21, 37, 4099182)

// firewallCase: rules of Windows, and one that the implant set for itself.
func firewallCase(m *Machine) {
	policy := m.Hive(systemHive).Sub(controlSet + `Services\SharedAccess\Parameters\FirewallPolicy`)
	policy.Sub("FirewallRules").At(NetworkTime).
		Set("RemoteDesktop-UserMode-In-TCP", regf.String(`v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|Desc=@FirewallAPI.dll,-28756|EmbedCtxt=@FirewallAPI.dll,-28752|`)).
		Set("CoreNet-DNS-Out-UDP", regf.String(`v2.30|Action=Allow|Active=TRUE|Dir=Out|Protocol=17|RPort=53|App=%SystemRoot%\system32\svchost.exe|Svc=dnscache|Name=@FirewallAPI.dll,-25405|`)).
		Set("{0A4E9C55-6C0E-4D0B-8A6E-5B1F2A7D9C31}",
			regf.String(`v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|Profile=Public|LPort=3390|App=`+Implant+`|Name=Host Process|`))
	for _, p := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		policy.Sub(p).Set("EnableFirewall", regf.DWord(1)).Set("DisableNotifications", regf.DWord(0))
	}
	policy.Sub(`PublicProfile\Logging`).Set("LogDroppedPackets", regf.DWord(1)).
		Set("LogFilePath", regf.Expand(`%systemroot%\system32\LogFiles\Firewall\pfirewall.log`)).Set("LogFileSize", regf.DWord(4096))
}

// firewallLogCase: dropped packets of an ordinary night, and somebody who asks for the new port. Tokyo time.
func firewallLogCase(m *Machine) {
	tokyo := func(t time.Time) string { return t.Add(9 * time.Hour).Format(time.DateTime) }
	lines := []string{
		"#Version: 1.5", "#Software: Microsoft Windows Firewall", "#Time Format: Local",
		"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path", "",
		tokyo(IntrusionStart.Add(-3*time.Hour)) + " DROP UDP 192.0.2.1 192.0.2.255 138 138 229 - - - - - - - RECEIVE",
		tokyo(NetworkTime.Add(-90*time.Second)) + " DROP TCP " + Intruder + " 192.0.2.23 51022 3390 52 S 1120883771 0 64240 - - - RECEIVE",
	}
	m.File("Windows/System32/LogFiles/Firewall/pfirewall.log", []byte(strings.Join(lines, "\r\n")+"\r\n"))
}

// portProxyCase: what comes to the new port goes to the server beside.
func portProxyCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Services\PortProxy\v4tov4\tcp`).At(NetworkTime.Add(41*time.Second)).
		Set("0.0.0.0/3390", regf.String("192.0.2.11/3389"))
}

// proxiesCase: the copies in Connections do not know of daniel's proxy yet; services go straight.
func proxiesCase(m *Machine) {
	const key = currentVersion + `Internet Settings\Connections`
	for _, user := range []string{Mira, Daniel} {
		m.Hive(ntuser(user)).Sub(`Software\`+key).At(utc(2026, 3, 6, 0, 12, 9, 5530218)).
			Set("DefaultConnectionSettings", regf.Binary(connection(0x46, 14, 9, "", "", ""))).
			Set("SavedLegacySettings", regf.Binary(connection(0x46, 31, 9, "", "", "")))
	}
	m.Hive(softwareHive).Sub(key).Set("WinHttpSettings", regf.Binary(connection(0x18, 0, 1, "", "")))
}

// connection is the blob of one connection: version, counter, flags, counted texts, and for version 0x46 zeros.
func connection(version, counter, flags uint32, texts ...string) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, version), counter), flags)
	for _, s := range texts {
		b = append(le.AppendUint32(b, uint32(len(s))), s...)
	}
	if version == 0x46 {
		b = append(b, make([]byte, 32)...)
	}
	return b
}

// nrptCase: the VPN client asks its own server for the names of the office.
func nrptCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Services\Dnscache\Parameters\DnsPolicyConfig\{5B0E7C61-18A4-4E0F-9C9B-6A6F0B1D2E33}`).At(utc(2025,
		9, 1, 0, 31, 7, 110264)).
		Set("Name", regf.Multi(".kestrel.example")).Set("GenericDNSServers", regf.String("192.0.2.53")).
		Set("ConfigOptions", regf.DWord(8)).Set("Version", regf.DWord(2))
}

// cryptnetCase: a revocation list that Windows fetched for mira.
func cryptnetCase(m *Machine) {
	const cache = "Users/" + Mira + "/AppData/LocalLow/Microsoft/CryptnetUrlCache/"
	const name = "3C428B1A3E5F57D887EC4B864FAC5DCC"
	content := []byte("0\x82\x01\x00 a revocation list")
	m.File(cache+"MetaData/"+name, cryptnetMeta("http://crl.plover.example/root.crl", `"5f2e-61a0"`, utc(2026, 3, 5, 1, 2, 3, 4567),
		utc(2026, 2, 28, 20, 0, 0, 0), len(content)))
	m.File(cache+"Content/"+name, content)
}

func cryptnetMeta(url, etag string, fetched, modified time.Time, size int) []byte {
	le := binary.LittleEndian
	u, e := append(regf.UTF16(url), 0, 0), append(regf.UTF16(etag), 0, 0)
	b := make([]byte, 116)
	le.PutUint32(b[12:], uint32(len(u)))
	le.PutUint64(b[16:], regf.FILETIME(fetched))
	le.PutUint64(b[88:], regf.FILETIME(modified))
	le.PutUint32(b[100:], uint32(len(e)))
	le.PutUint32(b[112:], uint32(size))
	return append(append(b, u...), e...)
}

// zoneMapCase: mira trusts the site of the office.
func zoneMapCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\`+currentVersion+`Internet Settings\ZoneMap\Domains\kestrel.example\files`).At(utc(2025, 1, 27, 0,
		55, 12, 88104)).
		Set("https", regf.DWord(2))
	m.Hive(ntuser(Mira)).Sub(`Software\`+currentVersion+`Internet Settings\ZoneMap\Domains\kestrel.example\portal`).At(utc(2025, 2, 4, 0,
		12, 9, 0)).Set("https", regf.DWord(1))
	m.Hive(ntuser(Daniel)).Sub(`Software\`+currentVersion+`Internet Settings\ZoneMap\Ranges\Range1`).At(ImplantStart.Add(9*time.Second)).
		Set(":Range", regf.String(Server)).Set("http", regf.DWord(2))
}
