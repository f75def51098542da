package communication

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestFirewallRuleFields has each field of [MS-GPFAS] 2.2.2.19 that a record keeps,
// and fields that come twice or have no name.
func TestFirewallRuleFields(t *testing.T) {
	r, err := parseFirewallRule(`v2.31|Action=Block|Active=true|Dir=Out|Protocol=17|Profile=Domain|Profile=Public|LPort=53|LPort2_10=67-68|` +
		`RPort=443|LA4=192.0.2.1|LA6=2001:db8::1|RA4=LocalSubnet|RA42=198.51.100.0/255.255.255.0|RA6=fe80::/64|RA62=::1|` +
		`App=%SystemRoot%\system32\svchost.exe|Svc=Dnscache|LUOwn=S-1-5-21-1-2-3-1001|AppPkgId=S-1-15-2-1|` +
		`Name=DNS = out|Desc=a description|EmbedCtxt=@x.dll,-1|Edge=TRUE|loose||`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"version", r.Version, "v2.31"}, {"action", r.Action, "Block"}, {"direction", r.Direction, "Out"}, {"protocol", r.Protocol, "UDP"},
		{"profiles", strings.Join(r.Profiles, " "), "Domain Public"}, {"local ports", strings.Join(r.LocalPorts, " "), "53 67-68"},
		{"remote ports", strings.Join(r.RemotePorts, " "), "443"}, {"local addresses", strings.Join(r.LocalAddress, " "), "192.0.2.1 2001:db8::1"},
		{"remote addresses", strings.Join(r.RemoteAddress, " "), "LocalSubnet 198.51.100.0/255.255.255.0 fe80::/64 ::1"},
		{"program", r.App, `%SystemRoot%\system32\svchost.exe`}, {"service", r.Service, "Dnscache"}, {"owner", r.Owner, "S-1-5-21-1-2-3-1001"},
		{"package", r.Package, "S-1-15-2-1"}, {"title", r.Title, "DNS = out"}, {"description", r.Description, "a description"},
		{"group", r.Group, "@x.dll,-1"}, {"others", strings.Join(r.Other, " "), "Edge=TRUE loose"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	if !r.Active {
		t.Error("the rule is not active")
	}
	for _, bad := range []string{"", "v2.31", "Action=Allow|x", "2.31|Action=Allow|"} {
		if _, err := parseFirewallRule(bad); err == nil {
			t.Errorf("%q is a rule", bad)
		}
	}
}

// TestFirewallProtocols has the numbers of IANA's registry of protocols.
func TestFirewallProtocols(t *testing.T) {
	for n, want := range map[string]string{"1": "ICMP", "2": "IGMP", "6": "TCP", "17": "UDP", "41": "IPv6", "47": "GRE", "58": "ICMPv6",
		"": "", "0": "0", "256": "256", "06": "06", "x": "x"} {
		if got := firewallProtocol(n); got != want {
			t.Errorf("protocol %s: %q, want %q", n, got, want)
		}
	}
}

// TestFirewallSettings takes the switches of a profile, whatever their type, and
// nothing else of its key.
func TestFirewallSettings(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		p := testtree.AsSystem(root).Sub(`Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile`)
		p.Set("EnableFirewall", regf.DWord(0)).Set("DefaultInboundAction", regf.QWord(1)).Set("DisableNotifications", regf.DWord(1))
		p.Set("EnableFirewall2", regf.DWord(0))
		p.Sub("Logging").Set("LogFilePath", regf.Expand(`%systemroot%\x.log`)).Set("LogFileSize", regf.DWord(4294967295))
	}), "firewall")
	testtree.NoErrors(t, errs)
	got := map[string]string{}
	for _, r := range recs {
		d := r.Data.(Firewall)
		got[d.List+" "+d.Name] = d.Value
	}
	for name, want := range map[string]string{"PublicProfile EnableFirewall": "0", "PublicProfile DefaultInboundAction": "1",
		"PublicProfile DisableNotifications": "1", `PublicProfile\Logging LogFilePath`: `%systemroot%\x.log`, `PublicProfile\Logging LogFileSize`: "4294967295"} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s: %q (%t), want %q", name, v, ok, want)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d settings: %v", len(got), got)
	}
}

// TestInterfaceTypes has the numbers of IANA's registry "ifType".
func TestInterfaceTypes(t *testing.T) {
	for n, want := range map[uint16]string{6: "Ethernet", 23: "PPP", 24: "loopback", 71: "Wi-Fi", 131: "tunnel", 243: "mobile broadband",
		244: "mobile broadband", 0: "type 0", 65535: "type 65535"} {
		if got := interfaceType(n); got != want {
			t.Errorf("type %d: %q, want %q", n, got, want)
		}
	}
}

// TestRoutesUnusual has a default route, a route without a metric and names that are
// no routes.
func TestRoutesUnusual(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Services\Tcpip\Parameters\PersistentRoutes`).
			Set("0.0.0.0,0.0.0.0,192.0.2.254,-1", regf.String("")).
			Set("10.0.0.0,255.0.0.0,192.0.2.1", regf.DWord(7)).
			Set("10.0.0.0", regf.String("")).
			Set("", regf.String("default"))
	}), "routes")
	testtree.WantErrors(t, errs, "1 parts, a route has three or four")
	testtree.WantRecords(t, recs, []Route{
		{Destination: "0.0.0.0", Mask: "0.0.0.0", Gateway: "192.0.2.254", Metric: "-1", Written: testtree.Written},
		{Destination: "10.0.0.0", Mask: "255.0.0.0", Gateway: "192.0.2.1", Written: testtree.Written},
	})
	for i := range recs {
		if ev := recs[i].Events(); len(ev) != 1 || !ev[0].Time.Equal(testtree.Written) {
			t.Errorf("record %d: events %+v", i, ev)
		}
	}
}

// TestCloudSyncUnusual has registrations with more and fewer parts than usual, and
// accounts of which nothing is stored.
func TestCloudSyncUnusual(t *testing.T) {
	const sid = "S-1-5-21-1-2-3-1001"
	m := testtree.Hives(map[string]func(*regf.Key){
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			k := root.Sub(`Microsoft\Windows\CurrentVersion\Explorer\SyncRootManager`)
			k.Sub("Dropbox!"+sid+"!Personal!1").Sub("UserSyncRoots").Set(sid, regf.String(`C:\Users\mira\Dropbox`)).Set("", regf.String(`C:\d`))
			k.Sub("OneDrive")
			k.Sub("Box!" + sid).Sub("UserSyncRoots")
		},
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			a := root.Sub(`Software\Microsoft\OneDrive\Accounts`)
			a.Sub("Business1").Set("UserEmail", regf.String("mira@example.org")).Set("UserFolder", regf.String(`C:\Users\mira\OneDrive`)).
				Set("ClientFirstSignInTimestamp", regf.QWord(1772360430)).Set("cid", regf.String("0a1b"))
			a.Sub("Personal").Set("ClientFirstSignInTimestamp", regf.QWord(1<<40)) // nothing that names it
			root.Sub(`Software\Google\Drive`).Set("Path", regf.String(`C:\Users\mira\Drive`))
		},
	})
	recs, errs := found(t, m, "cloudsync")
	testtree.NoErrors(t, errs)
	var got []string
	for _, r := range recs {
		d := r.Data.(CloudSync)
		got = append(got, fmt.Sprintf("%s|%s|%s|%s", d.Provider, d.Account, d.UserSID, d.Folder))
		if d.Account == "Business1" && !d.SignedIn.Equal(time.Date(2026, 3, 1, 10, 20, 30, 0, time.UTC)) {
			t.Errorf("first sign-in %v", d.SignedIn)
		}
	}
	want := map[string]bool{
		`Dropbox|Personal!1|` + sid + `|C:\Users\mira\Dropbox`: true,
		`Dropbox|Personal!1|` + sid + `|C:\d`:                  true, // a value without a name is of the user of the key
		`OneDrive|||`:                                          true,
		`OneDrive|Business1||C:\Users\mira\OneDrive`:           true,
		`Google Drive|||C:\Users\mira\Drive`:                   true,
	}
	for _, g := range got {
		if !want[g] {
			t.Errorf("%q is not expected", g)
		}
		delete(want, g)
	}
	for w := range want {
		t.Errorf("%q is missing", w)
	}
}

// TestRDPCacheKinds has the files that hold no pieces which can be read.
func TestRDPCacheKinds(t *testing.T) {
	const dir = "Users/mira/AppData/Local/Microsoft/Terminal Server Client/Cache/"
	tile := func(w, h byte) string {
		return strings.Repeat("k", 8) + string([]byte{w, 0, h, 0}) + strings.Repeat("\x00\x00\xFF\xFF", int(w)*int(h))
	}
	const head = "RDP8bmp\x00\x06\x00\x00\x00"
	recs, errs := found(t, fstest.MapFS{
		"Windows/System32/ntdll.dll": {},
		dir + "bcache22.bmc":         {Data: []byte("old format")},
		dir + "bcache24.bmc":         {},
		dir + "Cache0000.bin":        {Data: []byte(head)},
		dir + "Cache0001.bin":        {Data: []byte(head + tile(2, 3) + tile(64, 1) + tile(5, 5))},
		dir + "Cache0002.bin":        {Data: []byte("not a cache at all")},
		dir + "Cache0003.bin":        {Data: []byte(head + tile(4, 4) + tile(4, 4)[:20])},
	}, "rdpcache")
	testtree.WantSummaries(t, recs,
		"[Cache0000.bin] 12 bytes, no pieces (RDP8bmp)",
		"[Cache0001.bin] 3 pieces of screens, up to 64x1",
		"[Cache0003.bin] 1 pieces of screens, up to 4x4",
		"[bcache22.bmc] 10 bytes, no pieces (not decoded)",
	)
	if len(errs) != 2 {
		t.Errorf("%d errors, want one for the file that is no cache and one for the cut one: %v", len(errs), errs)
	}
}

// A worn disk counts the files that are open, and fails in the middle of one.
type worn struct {
	fstest.MapFS
	bad  string
	open *int
}

func (w worn) Open(name string) (fs.File, error) {
	f, err := w.MapFS.Open(name)
	if st, ok := w.MapFS[name]; err == nil && ok && len(st.Data) > 0 {
		*w.open++
		return &wornFile{f, w, name}, nil
	}
	return f, err
}

type wornFile struct {
	fs.File
	w    worn
	name string
}

func (f *wornFile) Close() error { *f.w.open--; return f.File.Close() }

func (f *wornFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p[:min(len(p), 40)])
	if err != nil && f.name == f.w.bad {
		err = errors.New("bad sector")
	}
	return n, err
}

// TestHostsMovedUnreadable: what was read of a moved file is shown, the rest is an
// error, the next file is read, and no file stays open.
func TestHostsMovedUnreadable(t *testing.T) {
	m := testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Services\Tcpip\Parameters`).Set("DataBasePath", regf.String(`C:\Users\Public\etc`))
	})
	m["Users/Public/etc/hosts"] = &fstest.MapFile{Data: []byte("198.51.100.20 bank.example\r\n198.51.100.21 post.example\r\n")}
	m["Users/Public/etc/lmhosts"] = &fstest.MapFile{Data: []byte("198.51.100.22 rhino #PRE\r\n")}
	open := 0
	recs, errs := found(t, worn{m, "Users/Public/etc/hosts", &open}, "hosts")
	testtree.WantErrors(t, errs, `C:\Users\Public\etc\hosts: bad sector`)
	testtree.WantSummaries(t, recs, `[DataBasePath] C:\Users\Public\etc`, `[hosts line 1] bank.example is 198.51.100.20`,
		`[hosts line 2] post.example is 198.51.100.21`, `[lmhosts line 1] rhino is 198.51.100.22 #PRE`)
	if open != 0 {
		t.Errorf("%d files are still open", open)
	}
}
