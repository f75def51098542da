package logons

import (
	"net/netip"
	"testing"
)

// TestIsExternal has both ends of each range that is not public, and their neighbours.
func TestIsExternal(t *testing.T) {
	for _, c := range []struct {
		address string
		want    bool
	}{
		{"0.0.0.0", false}, {"0.255.255.255", false}, {"1.0.0.0", true},
		{"9.255.255.255", true}, {"10.0.0.0", false}, {"10.255.255.255", false}, {"11.0.0.0", true},
		{"100.63.255.255", true}, {"100.64.0.0", false}, {"100.127.255.255", false}, {"100.128.0.0", true},
		{"126.255.255.255", true}, {"127.0.0.1", false}, {"128.0.0.0", true},
		{"169.253.255.255", true}, {"169.254.0.0", false}, {"169.254.255.255", false}, {"169.255.0.0", true},
		{"172.15.255.255", true}, {"172.16.0.0", false}, {"172.31.255.255", false}, {"172.32.0.0", true},
		{"191.255.255.255", true}, {"192.0.0.8", false}, {"192.0.1.0", true}, {"192.0.2.255", false}, {"192.0.3.0", true},
		{"192.167.255.255", true}, {"192.168.0.0", false}, {"192.169.0.0", true},
		{"198.17.255.255", true}, {"198.18.0.0", false}, {"198.19.255.255", false}, {"198.20.0.0", true},
		{"198.51.100.1", false}, {"203.0.113.1", false}, {"203.0.114.0", true},
		{"223.255.255.255", true}, {"224.0.0.1", false}, {"239.255.255.255", false}, {"240.0.0.0", false}, {"255.255.255.255", false},
		{"::", false}, {"::1", false}, {"::2", true}, {"100::", false}, {"2001:db8::1", false}, {"2001:db9::1", true}, {"2606:4700::1111", true},
		{"fc00::", false}, {"fdff::1", false}, {"fe80::1", false}, {"fec0::1", false}, {"ff02::1", false},
		{"::ffff:10.0.0.5", false}, {"::ffff:198.51.100.1", false}, {"::ffff:8.8.8.8", true},
	} {
		if got := IsExternal(netip.MustParseAddr(c.address)); got != c.want {
			t.Errorf("%s: %t, want %t", c.address, got, c.want)
		}
	}
	if IsExternal(netip.Addr{}) {
		t.Error("no address at all is external")
	}
}

// TestHostKey has the spellings by which logs name one machine.
func TestHostKey(t *testing.T) {
	for in, want := range map[string]string{
		"pc-01": "PC-01", "PC-01.kestrel.example": "PC-01", `\\pc-01`: "PC-01", " pc-01 ": "PC-01", "pc-01.": "PC-01", "": "", "-": "-",
		"192.0.2.1": "192.0.2.1", "[192.0.2.1]": "192.0.2.1", "192.0.2.1:3389": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1",
		"2001:DB8::0001": "2001:db8::1", "[2001:db8::1]:443": "2001:db8::1", "fe80::1%12": "fe80::1", "192.0.2": "192",
		"größe": "GRÖßE", "bücher": "BÜCHER",
	} {
		if got := HostKey(in); got != want {
			t.Errorf("HostKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanNames(t *testing.T) {
	for in, want := range map[string]string{"-": "", "": "", "LOCAL": "", "Unknown": "", "0.0.0.0": "", `\\srv01`: "SRV01", "srv01": "SRV01"} {
		if got := cleanName(in); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"-": "", "0.0.0.0": "", "::": "", "::1": "::1", "127.0.0.1": "127.0.0.1", "192.0.2.1:80": "192.0.2.1", "LOCAL": "",
		" 192.0.2.7 ": "192.0.2.7", "192.0.2.300": ""} {
		if got := cleanAddress(in); got != want {
			t.Errorf("cleanAddress(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "[::1]:80": true, "::ffff:127.0.0.1": true, "10.0.0.1": false, "": false} {
		if got := isLocal(in); got != want {
			t.Errorf("isLocal(%q) = %t", in, got)
		}
	}
}

func TestLogonTypes(t *testing.T) {
	for in, want := range map[string]int16{"2": 2, " 10 ": 10, "0": 0, "20": 20, "21": -1, "-1": -1, "": -1, "x": -1, "0x3": -1, "3.0": -1} {
		if got := logonType(in); got != want {
			t.Errorf("logonType(%q) = %d, want %d", in, got, want)
		}
	}
}
