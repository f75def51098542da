package communication

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestHosts(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "hosts"), "hosts")
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []Host{
		{File: "hosts", Line: 4, Address: "192.0.2.40", Names: []string{"printer.kestrel.example"}, Comment: "third floor"},
		{File: "hosts", Line: 5, Address: "127.0.0.1", Names: []string{"definitionupdates.microsoft.com"}, Loopback: true},
		{File: "DataBasePath", Path: `%SystemRoot%\System32\drivers\etc`, Default: true, Written: corpus.Installed},
	})
	if len(recs) > 1 && recs[1].From.Offset == 0 {
		t.Error("the line has no offset")
	}
}

func TestHostsUnusual(t *testing.T) {
	m := testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Services\Tcpip\Parameters`).Set("DataBasePath", regf.String(`C:\Users\Public\etc`))
	})
	m["Windows/System32/drivers/etc/hosts"] = &fstest.MapFile{Data: []byte("::1\tlocalhost\n0.0.0.0 a b #c\nnonsense here\n10.0.0.1\n#10.0.0.2 commented\n\xff\xe9 x")}
	m["Windows/System32/drivers/etc/lmhosts.sam"] = &fstest.MapFile{Data: []byte("# #PRE explained\r\n102.54.94.97 rhino #PRE #DOM:networking\r\n#INCLUDE \\\\server\\share\\lmhosts\r\n")}
	m["Users/Public/etc/hosts"] = &fstest.MapFile{Data: append([]byte{0xFE, 0xFF}, utf16BE("198.51.100.20 bank.example\r\n")...)}
	recs, errs := found(t, m, "hosts")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[hosts line 1] localhost is ::1`,
		`[hosts line 2] a b is 0.0.0.0`,
		`[hosts line 3] here is nonsense (the first word is no address)`,
		`[hosts line 4]  is 10.0.0.1 (an address without a name)`,
		`[hosts line 6] x is ÿé (the first word is no address)`,
		`[lmhosts.sam line 2] rhino is 102.54.94.97 #PRE #DOM:networking`,
		`[lmhosts.sam line 3] #INCLUDE \\server\share\lmhosts`,
		`[DataBasePath] C:\Users\Public\etc`,
		`[hosts line 1] bank.example is 198.51.100.20`,
	)
	if h := recs[8].Data.(Host); h.Path != `C:\Users\Public\etc\hosts` {
		t.Errorf("the moved file: %+v", h)
	}
}

func utf16BE(s string) []byte {
	b := regf.UTF16(s)
	for i := 0; i < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return b
}

func TestFirewall(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "firewall"), "firewall")
	testtree.NoErrors(t, errs)
	if len(recs) != 12 {
		t.Fatalf("%d records, want 12", len(recs))
	}
	testtree.WantRecords(t, recs[2:4], []Firewall{
		{Kind: "rule", List: "FirewallRules", Name: "{0A4E9C55-6C0E-4D0B-8A6E-5B1F2A7D9C31}", Title: "Host Process", Version: "v2.30", Action: "Allow", Active: true,
			Direction: "In", Protocol: "TCP", Profiles: []string{"Domain", "Private", "Public"}, LocalPorts: []string{"3390"}, App: corpus.Implant,
			Written: corpus.NetworkTime, image: corpus.Implant},
		{Kind: "setting", List: "DomainProfile", Name: "EnableFirewall", Value: "1", Written: corpus.Installed, first: true},
	})
	if n := len(recs[0].Events()) + len(recs[1].Events()) + len(recs[2].Events()); n != 1 {
		t.Errorf("the key's time is %d events, want one", n)
	}
	if recs[2].Program() != corpus.Implant {
		t.Errorf("program %q", recs[2].Program())
	}
}

func TestFirewallOld(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		p := testtree.AsSystem(root).Sub(`Services\SharedAccess\Parameters\FirewallPolicy`)
		p.Sub(`StandardProfile\AuthorizedApplications\List`).
			Set(`C:\a: b\x.exe`, regf.String(`C:\a: b\x.exe:*:Enabled:X: the program`)).
			Set(`%windir%\y.exe`, regf.String(`%WINDIR%\y.exe:LocalSubNet:Disabled:Y`)).
			Set(`C:\other.exe`, regf.String(`C:\z.exe:*:Enabled:Z`)).
			Set(`cut`, regf.String(`cut`))
		p.Sub(`StandardProfile\GloballyOpenPorts\List`).Set("3389:TCP", regf.String(`3389:TCP:*:Enabled:@xpsp2res.dll,-22009`))
		p.Sub(`StandardProfile`).Set("EnableFirewall", regf.DWord(0)).Set("Other", regf.DWord(0))
		p.Sub(`FirewallRules`).Set("bad", regf.String("no rule")).Set("num", regf.DWord(1)).Set("empty", regf.String("V2.0|Action=Block|Dir=Out|App=System|RPort2_10=IPHTTPSOut|x|"))
	}), "firewall")
	testtree.WantErrors(t, errs, `value "bad"`, `value "cut"`)
	testtree.WantSummaries(t, recs,
		`[FirewallRules]   (not active)`,
		`[FirewallRules] Block out remote port IPHTTPSOut program System (not active)`,
		`[StandardProfile] EnableFirewall = 0`,
		`[StandardProfile\AuthorizedApplications\List] Allow in program C:\a: b\x.exe rule X: the program`,
		`[StandardProfile\AuthorizedApplications\List] Allow in remote address LocalSubNet program %windir%\y.exe rule Y (not active)`,
		`[StandardProfile\AuthorizedApplications\List] Allow in program C:\z.exe rule Z`,
		`[StandardProfile\AuthorizedApplications\List] Allow in remote address cut program cut (not active)`,
		`[StandardProfile\GloballyOpenPorts\List] Allow in TCP local port 3389 rule @xpsp2res.dll,-22009`,
	)
}

func TestFirewallLog(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "firewalllog"), "firewalllog")
	testtree.NoErrors(t, errs)
	at := corpus.NetworkTime.Add(9*time.Hour - 90*time.Second).Truncate(time.Second)
	testtree.WantRecords(t, recs[1:], []FirewallLog{{Line: 7, Time: at, Local: true, Action: "DROP", Protocol: "TCP", Source: corpus.Intruder, SourcePort: "51022",
		Destination: "192.0.2.23", DestinationPort: "3390", Size: "52", Flags: "S", Path: "RECEIVE"}})
	ev := recs[1].Events()
	if len(ev) != 1 || ev[0].Local || ev[0].Zone != "local, inferred +09:00" || !ev[0].Time.Equal(at.Add(-9*time.Hour)) {
		t.Errorf("events %+v", ev)
	}
}

func TestFirewallLogUnusual(t *testing.T) {
	log := "2026-03-06 18:00:00 ALLOW UDP 10.0.0.1 10.0.0.2 53 1024 0 - - - - - - - SEND 4242\n" +
		"#Time Format: UTC\n#Fields: action date time\nDROP 2026-03-06 18:00:01\nDROP yesterday\n\n"
	recs, errs := found(t, fstest.MapFS{"Windows/pfirewall.log": {Data: []byte(log)}, "Windows/System32/ntdll.dll": {}}, "firewalllog")
	testtree.WantErrors(t, errs, "line 5: no date and time")
	testtree.WantSummaries(t, recs, `[ALLOW] UDP 10.0.0.1 port 53 to 10.0.0.2 port 1024 SEND`, `[DROP]   to `)
	if r := recs[1].Data.(FirewallLog); r.Local || r.Time.IsZero() {
		t.Errorf("with a UTC header: %+v", r)
	}
	noise := strings.Repeat("x\n", 1000)
	_, errs = found(t, fstest.MapFS{"Windows/pfirewall.log": {Data: []byte(noise)}, "Windows/System32/ntdll.dll": {}}, "firewalllog")
	if len(errs) != 101 {
		t.Errorf("%d errors for a thousand bad lines, want 101", len(errs))
	}
}

func TestPortProxy(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "portproxy"), "portproxy")
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []PortProxy{{Direction: "v4tov4", Protocol: "tcp", ListenAddress: "0.0.0.0", ListenPort: "3390", Address: "192.0.2.11", Port: "3389",
		Written: corpus.NetworkTime.Add(41 * time.Second)}})

	recs, errs = found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Services\PortProxy\v6tov4\tcp`).Set("*/80", regf.String("a")).Set("::/81", regf.DWord(1))
	}), "portproxy")
	testtree.WantErrors(t, errs, "want address/port", "not text")
	testtree.WantSummaries(t, recs, `[v6tov4] * port 80 is handed to a port `)
}

func TestProxies(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "proxies"), "proxies")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[WinHTTP WinHttpSettings] no proxy`,
		`[Internet Settings] server 198.51.100.20:8080 #proxy-in-use #log`,
		`[connection DefaultConnectionSettings] no proxy, detected by the network`,
		`[connection SavedLegacySettings] no proxy, detected by the network`,
		`[Internet Settings] no proxy`,
		`[connection DefaultConnectionSettings] no proxy, detected by the network`,
		`[connection SavedLegacySettings] no proxy, detected by the network`,
	)
	testtree.WantRecords(t, recs[1:2], []Proxy{{Kind: "Internet Settings", Enabled: true, Server: "198.51.100.20:8080", Written: corpus.ProxyTime}})
}

func TestProxiesUnusual(t *testing.T) {
	u32 := func(n ...uint32) (b []byte) {
		for _, x := range n {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
		return b
	}
	recs, errs := found(t, testtree.HiveOf(testtree.NtuserPath, func(root *regf.Key) {
		testtree.AsUser(root)
		k := root.Sub(`Software\Microsoft\Windows\CurrentVersion\Internet Settings`)
		k.Set("AutoConfigURL", regf.String("http://198.51.100.20/p.pac")).Set("ProxyEnable", regf.String("yes"))
		k.Sub("Connections").
			Set("VPN", regf.Binary(append(u32(0x46, 3, 3, 4), "p:80\x02\x00\x00\x00ab\x01\x00\x00\x00u"...))).
			Set("cut", regf.Binary(append(u32(0x46, 3, 3, 400), "p:80"...))).
			Set("short", regf.Binary(u32(0x46))).
			Set("empty", regf.Binary(nil)).
			Set("text", regf.String("x"))
	}), "proxies")
	testtree.WantErrors(t, errs, `value "ProxyEnable"`, "text of 400 bytes", "connection settings of 4 bytes", "is of type REG_SZ, not binary")
	testtree.WantSummaries(t, recs,
		`[Internet Settings] no proxy, script http://198.51.100.20/p.pac #proxy-in-use`,
		`[connection VPN] server p:80, script u #proxy-in-use`,
		`[connection cut] no proxy`,
	)
}

func TestNRPT(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "nrpt"), "nrpt")
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	testtree.WantRecords(t, recs, []NRPT{{Rule: "{5B0E7C61-18A4-4E0F-9C9B-6A6F0B1D2E33}", Names: []string{".kestrel.example"}, Servers: "192.0.2.53", Options: 8,
		Written: recs[0].Data.(NRPT).Written}})

	recs, errs = found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		k := root.Sub(`Policies\Microsoft\Windows NT\DNSClient\DnsPolicyConfig`)
		k.Sub("a").Set("Name", regf.String("bank.example")).Set("GenericDNSServers", regf.String("198.51.100.20")).Set("ConfigOptions", regf.String("x"))
		k.Sub("b").Set("Version", regf.DWord(1))
	}), "nrpt")
	testtree.WantErrors(t, errs, `value "ConfigOptions"`)
	testtree.WantSummaries(t, recs, `[bank.example] is asked of 198.51.100.20`)
}

func TestBITS(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "bits"), "bits")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[Chrome Component Updater] download http://updates.browser.example/component.crx3 → C:\Users\mira\AppData\Local\Temp\component.crx3, owner mira, acknowledged`,
		`[Font Download] download http://198.51.100.20/cache.dll → C:\Users\Public\Libraries\cache.dll, owner daniel, transferred, `+
			`then runs C:\Windows\System32\rundll32.exe "C:\Users\Public\Libraries\cache.dll",Start`,
	)
	m := fstest.MapFS{
		"Windows/System32/ntdll.dll":                           {},
		"ProgramData/Microsoft/Network/Downloader/qmgr0.dat":   {Data: []byte("no job in here")},
		"ProgramData/Microsoft/Network/Downloader/qmgr1.dat":   {},
		"ProgramData/Microsoft/Network/Downloader/qmgr.jfm":    {Data: []byte("?")},
		"ProgramData/Microsoft/Network/Downloader/edb0001.log": {Data: []byte("?")},
	}
	recs, errs = found(t, m, "bits")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs)
}

func TestCryptnet(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "cryptnet"), "cryptnet")
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []Cryptnet{{URL: "http://crl.plover.example/root.crl", ETag: "5f2e-61a0", Size: 22,
		Downloaded: time.Date(2026, 3, 5, 1, 2, 3, 456700, time.UTC), Modified: time.Date(2026, 2, 28, 20, 0, 0, 0, time.UTC),
		Content: `C:\Users\mira\AppData\LocalLow\Microsoft\CryptnetUrlCache\Content\3C428B1A3E5F57D887EC4B864FAC5DCC`, Present: true}})
}

func TestCryptnetDamage(t *testing.T) {
	whole := corpus.NewMachine().With("cryptnet").Files()
	for name, b := range whole {
		if !strings.Contains(name, "MetaData") {
			continue
		}
		for _, tt := range []struct {
			name string
			b    []byte
			url  bool
			err  string
		}{
			{"header cut", b[:100], false, "metadata of 100 bytes"},
			{"address cut", b[:130], true, "runs past the end"},
			{"ETag cut", b[:len(b)-2], true, "ETag of"},
			{"no address", append(bytes.Clone(b[:12]), append(make([]byte, 4), b[16:]...)...), false, "no address"},
		} {
			r, err := parseCryptnet(tt.b)
			if err == nil || !strings.Contains(err.Error(), tt.err) || (r.URL != "") != tt.url {
				t.Errorf("%s: %q, %v", tt.name, r.URL, err)
			}
		}
	}
}

// What real machines hold, with counts: see evidence/.
func TestRealNetwork(t *testing.T) {
	for _, tt := range []struct {
		path, artifact string
		count          int
	}{
		{"images/win7-composed", "firewall", 773},
		{"images/win7-composed", "portproxy", 0},
		{"images/win7-composed", "proxies", 3},
	} {
		if n := len(realRecords(t, tt.path, tt.artifact)); n != tt.count {
			t.Errorf("%s %s: %d records, want %d", tt.path, tt.artifact, n, tt.count)
		}
	}
}

func FuzzFirewallRule(f *testing.F) {
	f.Add("v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=System|Name=x|")
	f.Add("V2.0|||=|a")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseFirewallRule(s)
		if err == nil && !strings.HasPrefix(s, r.Version+"|") {
			t.Errorf("version %q of %q", r.Version, s)
		}
		firewallException(`StandardProfile\AuthorizedApplications\List`, "C:\\a.exe", s)
		firewallException(`StandardProfile\GloballyOpenPorts\List`, "1:TCP", s)
	})
}

func FuzzProxyConnection(f *testing.F) {
	f.Add([]byte("\x46\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00p:80\x00\x00\x00\x00"))
	f.Add(make([]byte, 56))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, _ := parseProxyConnection(b)
		if len(r.Server)+len(r.Bypass)+len(r.AutoConfig) > 2*len(b) { // Latin-1 becomes two bytes at most
			t.Errorf("%d bytes of text out of %d", len(r.Server)+len(r.Bypass)+len(r.AutoConfig), len(b))
		}
	})
}

func FuzzCryptnet(f *testing.F) {
	for name, b := range corpus.NewMachine().With("cryptnet").Files() {
		if strings.Contains(name, "MetaData") {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseCryptnet(b)
		if err == nil && r.URL == "" {
			t.Error("no address and no error")
		}
		if len(r.URL)+len(r.ETag) > 2*len(b) {
			t.Error("more text than data")
		}
	})
}

func FuzzTextFiles(f *testing.F) {
	f.Add([]byte("127.0.0.1 a # b\r\n[s]\r\nname=value\r\n2026-03-06 18:00:00 ALLOW UDP 1 2 3 4"))
	f.Add([]byte("\xFF\xFEa\x00\n\x00b"))
	f.Add([]byte("\xFE\xFF\x00a\x00\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(-1)
		for off, s := range textfile.Lines(bytes.NewReader(b)) {
			if off <= last || off >= int64(len(b)) || strings.ContainsRune(s, '\n') && b[0] < 0xFE {
				t.Fatalf("line %q at %d after %d of %d", s, off, last, len(b))
			}
			last = off
		}
		in := artifacts.Input{Data: b}
		recs, _ := firewallLog.Decode(in)
		for _, r := range recs {
			if r.Data.(FirewallLog).Time.IsZero() {
				t.Fatal("a line without a time")
			}
		}
		parseHosts("lmhosts", bytes.NewReader(b), in.AtOffset, func(Host) bool { return true })
	})
}

// In a heap of files without folders a log is known by its name alone: that
// of a hive is no firewall's.
func TestFirewallLogLoose(t *testing.T) {
	m := fstest.MapFS{"NTUSER.DAT": testtree.HiveOf(testtree.NtuserPath, testtree.AsUser)[testtree.NtuserPath], "NTUSER.DAT.LOG1": {Data: []byte("regf\n?")}}
	recs, errs := found(t, m, "firewalllog")
	testtree.NoErrors(t, errs)
	if len(recs) != 0 {
		t.Errorf("%d records", len(recs))
	}
}

func TestZoneMap(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "zonemap"), "zonemap")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[198.51.100.20] by http is in the zone 2, Trusted sites`,
		`[files.kestrel.example] by https is in the zone 2, Trusted sites`,
		`[portal.kestrel.example] by https is in the zone 1, Local intranet`,
	)

	recs, errs = found(t, testtree.HiveOf(testtree.NtuserPath, func(root *regf.Key) {
		testtree.AsUser(root)
		z := root.Sub(`Software\Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap`)
		z.Sub(`Domains\evil.example\*`).Set("http", regf.DWord(2)).Set("", regf.String("x"))
		z.Sub(`Ranges\Range1`).Set("*", regf.DWord(9)).Set(":Range", regf.String("198.51.100.0-198.51.100.255"))
		root.Sub(`Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMapKey`).Set("https://x.example", regf.String("1")).Set("bad", regf.String("one"))
	}), "zonemap")
	testtree.WantErrors(t, errs, `value "bad" at`)
	testtree.WantSummaries(t, recs,
		`[*.evil.example] by http is in the zone 2, Trusted sites`,
		`[198.51.100.0-198.51.100.255] is in the zone 9, custom`,
		`[https://x.example] is in the zone 1, Local intranet`,
	)
}
