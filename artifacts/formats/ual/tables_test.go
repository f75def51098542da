package ual

import (
	"iter"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/esedb"
)

func list[T any](t *testing.T, rows iter.Seq2[T, error]) (out []T) {
	t.Helper()
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// wideColumn is a column of UTF-16 text.
func wideColumn(name string) esedb.Column {
	return esedb.Column{Name: name, Type: esedb.LongText, CodePage: 1200}
}

// TestTables reads the tables beside CLIENTS: of a server's own database, of
// the one with the system's identity, and the names of the roles.
func TestTables(t *testing.T) {
	made, last := time.Date(2022, 7, 16, 14, 43, 33, 0, time.UTC), time.Date(2024, 3, 5, 11, 0, 0, 0, time.UTC)
	role := []byte{0x9F, 0x22, 0xA9, 0x10, 0xEE, 0x50, 0xD8, 0x49, 0xA3, 0x93, 0x9A, 0x50, 0x1D, 0x47, 0xCE, 0x04}
	const id = "{10A9229F-50EE-49D8-A393-9A501D47CE04}"
	stamp := func(name string) esedb.Column { return esedb.Column{Name: name, Type: esedb.DateTime} }
	guid := func(name string) esedb.Column { return esedb.Column{Name: name, Type: esedb.GUID} }
	d, err := Open(opened(t,
		esedb.Table{Name: "ROLE_ACCESS", Columns: []esedb.Column{guid("RoleGuid"), stamp("FirstSeen"), stamp("LastSeen")},
			Rows: []esedb.Row{{Values: []any{role, wire.FileTime(made), wire.FileTime(last)}}, {Values: []any{role, nil, nil}}}},
		esedb.Table{Name: "DNS", Columns: []esedb.Column{stamp("LastSeen"), wideColumn("Address"), wideColumn("HostName")},
			Rows: []esedb.Row{{Values: []any{wire.FileTime(last), "10.0.0.5", "pc.heron.example"}}}},
		esedb.Table{Name: "VIRTUALMACHINES", Columns: []esedb.Column{guid("VmGuid"), guid("BIOSGuid"), stamp("CreationTime"),
			stamp("LastSeenActive"), wideColumn("SerialNumber")},
			Rows: []esedb.Row{{Values: []any{role, nil, wire.FileTime(made), wire.FileTime(last), "0001-0002"}}}},
		esedb.Table{Name: "SYSTEM_IDENTITY", Columns: []esedb.Column{
			stamp("CreationTime"), {Name: "OSBuildNumber", Type: esedb.Uint32}, {Name: "OSCurrentTimeZone", Type: esedb.Uint16},
			wideColumn("SystemDNSHostName"), wideColumn("SystemDomainName"), wideColumn("SystemManufacturer"), wideColumn("SystemProductName"),
			wideColumn("SystemSerialNumber"), wideColumn("OSLastBootUpTime")},
			Rows: []esedb.Row{
				{Values: []any{wire.FileTime(made), 20348, 120, "SRV", "heron.example", "Maker", "Product", "S1", "20220716164333.452772+120"}},
				{Values: []any{wire.FileTime(last), 20348, 65536 - 300, "SRV2"}}, // five hours west
			}},
		esedb.Table{Name: "CHAINED_DATABASES", Columns: []esedb.Column{{Name: "Year", Type: esedb.Uint16}, wideColumn("FileName")},
			Rows: []esedb.Row{{Values: []any{2024, "{10A9229F}.mdb"}}}},
		esedb.Table{Name: "ROLE_IDS", Columns: []esedb.Column{guid("RoleGuid"), wideColumn("ProductName"), wideColumn("RoleName")},
			Rows: []esedb.Row{{Values: []any{role, "Windows", "File Server"}}}},
	))
	if err != nil {
		t.Fatal(err)
	}
	roles := list(t, d.Roles())
	if len(roles) != 2 || roles[0].Role != id || !roles[0].First.Equal(made) || !roles[0].Last.Equal(last) || !roles[1].First.IsZero() {
		t.Errorf("roles %+v", roles)
	}
	if roles[0].Page == 0 || roles[0].Offset == 0 || roles[1].Tag == roles[0].Tag {
		t.Errorf("places %+v", roles)
	}
	if n := list(t, d.Names()); len(n) != 1 || n[0].Address != "10.0.0.5" || n[0].Host != "pc.heron.example" || !n[0].Last.Equal(last) {
		t.Errorf("names %+v", n)
	}
	if m := list(t, d.Machines()); len(m) != 1 || m[0].ID != id || m[0].BIOS != "" || m[0].Serial != "0001-0002" ||
		!m[0].Created.Equal(made) ||
		!m[0].Last.Equal(last) {
		t.Errorf("machines %+v", m)
	}
	ids := list(t, d.Identities())
	if len(ids) != 2 {
		t.Fatalf("identities %+v", ids)
	}
	want := Identity{Place: ids[0].Place, Created: made, Host: "SRV", Domain: "heron.example", Build: 20348, Manufacturer: "Maker",
		Product: "Product", Serial: "S1", LastBoot: "20220716164333.452772+120", ZoneMinutes: 120}
	if ids[0] != want || ids[1].ZoneMinutes != -300 || ids[1].Host != "SRV2" {
		t.Errorf("%+v\nwant %+v", ids, want)
	}
	if c := list(t, d.Chain()); len(c) != 1 || c[0].Year != 2024 || c[0].File != "{10A9229F}.mdb" {
		t.Errorf("chain %+v", c)
	}
	if n := list(t, d.RoleNames()); len(n) != 1 || n[0].Role != id || n[0].Name != "File Server" || n[0].Product != "Windows" {
		t.Errorf("role names %+v", n)
	}
	if KnownRole("{10A9226F-50EE-49D8-A393-9A501D47CE04}") != "File Server" || KnownRole(id) != "" {
		t.Error("roles of Windows")
	}
	for range d.Roles() {
		break // a reader may stop
	}
}

// TestMergeKeys: rows are the same when the role, the account, the address and the first access are.
func TestMergeKeys(t *testing.T) {
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	base := Client{Role: "r", Tenant: "t", User: "u", Name: "n", Address: netip.MustParseAddr("10.0.0.1"), First: first, Last: first, Total: 1}
	for name, change := range map[string]func(*Client){
		"role": func(c *Client) { c.Role = "x" }, "tenant": func(c *Client) { c.Tenant = "x" }, "user": func(c *Client) { c.User = "x" },
		"name": func(c *Client) { c.Name = "x" }, "address": func(c *Client) { c.Address = netip.MustParseAddr("10.0.0.2") },
		"first": func(c *Client) { c.First = first.Add(1) },
	} {
		other := base
		change(&other)
		if got := Merge([]Client{base}, []Client{other}); len(got) != 2 {
			t.Errorf("another %s: %+v", name, got)
		}
	}
	late := base
	late.Last, late.Total = first.Add(time.Hour), 7
	for _, lists := range [][][]Client{{{base}, {late}}, {{late}, {base}}, {{base, late}}, {{late}, nil, {base, base}}} {
		if got := Merge(lists...); !reflect.DeepEqual(got, []Client{late}) {
			t.Errorf("%+v", got)
		}
	}
	if got := Merge(); len(got) != 0 {
		t.Errorf("nothing: %+v", got)
	}
}
