// Package ual reads the databases of User Access Logging, which Windows Server
// 2012 and later keep in System32\LogFiles\Sum: which account reached which
// role of the server from which address on which days, for two to three years.
//
// Current.mdb holds this year, {GUID}.mdb a copy and the years before, and
// SystemIdentity.mdb the server's own history and the names of the roles.
package ual

import (
	"cmp"
	"errors"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
)

// ErrNotUAL is returned by [Open] for another database.
var ErrNotUAL = errors.New("ual: database has no table of user access logging")

// A Database is one of the databases.
type Database struct{ *ese.DB }

// Open checks that a database has the tables of one of the three kinds.
func Open(db *ese.DB) (*Database, error) {
	if db.Table("CLIENTS") == nil && db.Table("ROLE_IDS") == nil && db.Table("CHAINED_DATABASES") == nil {
		return nil, ErrNotUAL
	}
	return &Database{db}, nil
}

// A Place is where a row is in the file.
type Place struct {
	Page   uint32
	Tag    int
	Offset int64
}

// A Client is a row of CLIENTS: an account and an address that used a role.
type Client struct {
	Place
	Role    string // GUID in braces
	Tenant  string
	Total   int64 // accesses
	First   time.Time
	Last    time.Time
	Address netip.Addr // not valid when it has neither 4 nor 16 bytes
	User    string     // domain\name
	Name    string     // of the client, rarely set
	Days    []Day
}

// A Day counts the accesses of one day. Day 1 is 1 January; its date is the
// server's.
type Day struct {
	Day      int
	Date     time.Time // midnight, written as UTC
	Accesses int64
}

// A Role is a row of ROLE_ACCESS.
type Role struct {
	Place
	Role  string
	First time.Time
	Last  time.Time
}

// A Name is a row of DNS.
type Name struct {
	Place
	Address string
	Host    string
	Last    time.Time
}

// A Machine is a row of VIRTUALMACHINES.
type Machine struct {
	Place
	ID      string // GUID in braces
	BIOS    string
	Serial  string
	Created time.Time
	Last    time.Time // seen active
}

// An Identity is a row of SYSTEM_IDENTITY: the server as it was from Created
// on. A row is added when one of its facts changes.
type Identity struct {
	Place
	Created      time.Time
	Host         string
	Domain       string
	Build        int64
	Manufacturer string
	Product      string
	Serial       string
	LastBoot     string // CIM date-time: 20220716164333.452772+120
	ZoneMinutes  int64  // of the server, east of UTC
}

// A Chained is a row of CHAINED_DATABASES: the file of a year.
type Chained struct {
	Place
	Year int
	File string
}

// A RoleName is a row of ROLE_IDS.
type RoleName struct {
	Place
	Role    string
	Product string
	Name    string
}

// Clients returns the rows of CLIENTS.
func (d *Database) Clients() iter.Seq2[Client, error] {
	return rows(d, "CLIENTS", func(t *ese.Table, r *ese.Row) Client {
		c := Client{
			Place: placeOf(r), Role: text(t, r, "RoleGuid"), Tenant: text(t, r, "TenantId"), Total: num(t, r, "TotalAccesses"),
			First: when(t, r, "InsertDate"), Last: when(t, r, "LastAccess"),
			User: text(t, r, "AuthenticatedUserName"), Name: text(t, r, "ClientName"),
		}
		b, _ := r.Bytes(t.Column("Address"))
		c.Address, _ = netip.AddrFromSlice(b)
		r.Each(func(col *ese.Column, v ese.Value, _ error) bool {
			day, ok := strings.CutPrefix(col.Name, "Day")
			if !ok {
				return true
			}
			n, err := strconv.Atoi(day)
			if count, ok := v.Int(); ok && count != 0 && err == nil && n >= 1 && n <= 366 {
				c.Days = append(c.Days, Day{n, c.date(n), count})
			}
			return true
		})
		slices.SortFunc(c.Days, func(a, b Day) int { return cmp.Compare(a.Day, b.Day) })
		return c
	})
}

// date returns the date of a day of the year. A database covers one year; a row
// whose times are of two years has days of both.
func (c *Client) date(day int) time.Time {
	year := c.Last.Year()
	if c.First.IsZero() || c.Last.IsZero() {
		return time.Time{}
	}
	if c.First.Year() < year && day > c.Last.YearDay()+1 { // a day more: the server's zone is unknown
		year = c.First.Year()
	}
	return time.Date(year, 1, day, 0, 0, 0, 0, time.UTC)
}

// Roles returns the rows of ROLE_ACCESS.
func (d *Database) Roles() iter.Seq2[Role, error] {
	return rows(d, "ROLE_ACCESS", func(t *ese.Table, r *ese.Row) Role {
		return Role{placeOf(r), text(t, r, "RoleGuid"), when(t, r, "FirstSeen"), when(t, r, "LastSeen")}
	})
}

// Names returns the rows of DNS.
func (d *Database) Names() iter.Seq2[Name, error] {
	return rows(d, "DNS", func(t *ese.Table, r *ese.Row) Name {
		return Name{placeOf(r), text(t, r, "Address"), text(t, r, "HostName"), when(t, r, "LastSeen")}
	})
}

// Machines returns the rows of VIRTUALMACHINES.
func (d *Database) Machines() iter.Seq2[Machine, error] {
	return rows(d, "VIRTUALMACHINES", func(t *ese.Table, r *ese.Row) Machine {
		return Machine{placeOf(r), text(t, r, "VmGuid"), text(t, r, "BIOSGuid"), text(t, r, "SerialNumber"),
			when(t, r, "CreationTime"), when(t, r, "LastSeenActive")}
	})
}

// Identities returns the rows of SYSTEM_IDENTITY.
func (d *Database) Identities() iter.Seq2[Identity, error] {
	return rows(d, "SYSTEM_IDENTITY", func(t *ese.Table, r *ese.Row) Identity {
		return Identity{
			Place: placeOf(r), Created: when(t, r, "CreationTime"), Host: text(t, r, "SystemDNSHostName"),
			Domain: text(t, r, "SystemDomainName"),
			Build:  num(t, r, "OSBuildNumber"), Manufacturer: text(t, r, "SystemManufacturer"), Product: text(t, r, "SystemProductName"),
			Serial: text(t, r, "SystemSerialNumber"), LastBoot: text(t, r, "OSLastBootUpTime"),
			ZoneMinutes: int64(int16(num(t, r, "OSCurrentTimeZone"))), // stored unsigned
		}
	})
}

// Chain returns the rows of CHAINED_DATABASES.
func (d *Database) Chain() iter.Seq2[Chained, error] {
	return rows(d, "CHAINED_DATABASES", func(t *ese.Table, r *ese.Row) Chained {
		return Chained{placeOf(r), int(num(t, r, "Year")), text(t, r, "FileName")}
	})
}

// RoleNames returns the rows of ROLE_IDS.
func (d *Database) RoleNames() iter.Seq2[RoleName, error] {
	return rows(d, "ROLE_IDS", func(t *ese.Table, r *ese.Row) RoleName {
		return RoleName{placeOf(r), text(t, r, "RoleGuid"), text(t, r, "ProductName"), text(t, r, "RoleName")}
	})
}

// knownRoles are the names in ROLE_IDS of Windows Server 2012 R2 and 2019, for
// a database without its SystemIdentity.mdb.
var knownRoles = map[string]string{
	"{C50FCC83-BC8D-4DF5-8A3D-89D7F80F074B}": "Active Directory Certificate Services",
	"{B4CDD739-089C-417E-878D-855F90081BE7}": "Active Directory Rights Management Service",
	"{48EED6B2-9CDC-4358-B5A5-8DEA3B2F3F6A}": "DHCP Server",
	"{7CC4B071-292C-4732-97A1-CF9A7301195D}": "FAX Server",
	"{10A9226F-50EE-49D8-A393-9A501D47CE04}": "File Server",
	"{BBD85B29-9DCC-4FD9-865D-3846DCBA75C7}": "Network Policy and Access Services",
	"{7FB09BD3-7FE6-435E-8348-7D8AEFB6CEA3}": "Print and Document Services",
	"{D6256CF7-98FB-4EB4-AA18-303F1DA1F770}": "Web Server",
	"{4116A14D-3840-4F42-A67F-F2F9FF46EB4C}": "Windows Deployment Services",
	"{D8DC1C8E-EA13-49CE-9A68-C9DCA8DB8B33}": "Windows Server Update Services",
	"{C23F1C6A-30A8-41B6-BBF7-F266563DFCD6}": "FTP Server",
	"{910CBAF9-B612-4782-A21F-F7C75105434A}": "BranchCache",
	"{952285D9-EDB7-4B6B-9D85-0C09E3DA0BBD}": "Remote Access",
	"{AD495FC3-0EAA-413D-BA7D-8B13FA7EC598}": "Active Directory Domain Services",
}

// KnownRole returns the name of a role that Windows Server has by default, or
// "". SystemIdentity.mdb of the same server is the better source.
func KnownRole(guid string) string { return knownRoles[guid] }

// Merge joins the clients of several databases of one server. The same row
// is both in Current.mdb and in the file of its year: of rows with equal role,
// tenant, address, user and first access the one with the latest access stays.
func Merge(lists ...[]Client) []Client {
	type key struct {
		role, tenant, user, name string
		address                  netip.Addr
		first                    time.Time
	}
	at := map[key]int{}
	var out []Client
	for _, list := range lists {
		for _, c := range list {
			k := key{c.Role, c.Tenant, c.User, c.Name, c.Address, c.First}
			i, ok := at[k]
			switch {
			case !ok:
				at[k] = len(out)
				out = append(out, c)
			case c.Last.After(out[i].Last):
				out[i] = c
			}
		}
	}
	return out
}

func placeOf(r *ese.Row) Place { return Place{r.Page, r.Tag, r.Offset} }

func text(t *ese.Table, r *ese.Row, name string) string {
	s, _ := r.Text(t.Column(name))
	return s
}

func num(t *ese.Table, r *ese.Row, name string) int64 {
	n, _ := r.Int(t.Column(name))
	return n
}

func when(t *ese.Table, r *ese.Row, name string) time.Time {
	at, _ := r.Time(t.Column(name))
	return at
}

// rows decodes the rows of a table. A table that is absent has none.
func rows[T any](d *Database, table string, decode func(*ese.Table, *ese.Row) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		t := d.Table(table)
		if t == nil {
			return
		}
		for row, err := range t.Rows() {
			var v T
			if err == nil {
				v = decode(t, &row)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
