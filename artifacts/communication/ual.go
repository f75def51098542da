package communication

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/ual"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A UAL is what User Access Logging knows of one client of one role of a server,
// of a role, of a name, or of the server itself.
type UAL struct {
	artifacts.Origin
	Kind     string    `json:"kind"`                // client, role, name, machine, server
	Role     string    `json:"role,omitempty"`      // GUID
	RoleName string    `json:"role_name,omitempty"` // "File Server"
	Account  string    `json:"account,omitempty"`   // domain\name
	Address  string    `json:"address,omitempty"`
	Client   string    `json:"client_name,omitempty"`
	Total    int64     `json:"accesses,omitempty"`
	First    time.Time `json:"first,omitzero" event:"First Connection Time"`
	Last     time.Time `json:"last,omitzero" event:"Last Connection Time"`
	Days     []string  `json:"days,omitempty" extra:"-"` // "2022-07-16: 62"
	Facts    string    `json:"facts,omitempty"`          // of the server
	Page     uint32    `json:"page"`
}

var ualClients = artifacts.Define(artifacts.Artifact{
	Name:     "ual",
	Title:    "User access logging",
	DataType: "windows:user_access_logging:clients",
	About: `Windows Server 2012 and later count, for each role (file server, directory, print, remote access …), which account came from which
address, day by day, for two to three years. Proves that this account reached this role of this server from this address, for the first time and
the last time at these times, and how often on which days. Does not prove what was done there, nor that the account's owner did it. A role without a
client shows only that it was used. The rows of a year are in Current.mdb and in a second database; of equal rows the newer one counts. The
names of clients come from DNS, as the server asked then. Times are UTC; the days are those of the server's calendar. The service writes once a
day: what came last may be missing in a copy of a running server.`,
	Proves: artifacts.Present,
	Attack: []string{"T1021.002", "T1078"},
	Refs: []string{
		"https://learn.microsoft.com/windows-server/administration/user-access-logging/get-started-with-user-access-logging",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/esedb_plugins/user_access_logging.py",
	},
	Sources: []artifacts.Source{artifacts.SignedRandom(`%SystemRoot%\System32\LogFiles\Sum\*.mdb`, "ese")},
}, decodeUAL)

func decodeUAL(in artifacts.Input, yield func(UAL) bool) error {
	db, err := ualOpen(in)
	if db == nil {
		return err
	}
	names := ualRoles(in, db)
	var newest time.Time
	send := func(r UAL, p ual.Place) bool {
		r.Origin, r.Page = in.AtOffset(p.Offset), p.Page
		if r.Role != "" {
			r.RoleName = cmp.Or(names[strings.ToUpper(r.Role)], ual.KnownRole(r.Role))
		}
		if r.Last.After(newest) {
			newest = r.Last
		}
		return yield(r)
	}
	if sendUALClients(in, db, send) &&
		ualRows(db.Roles(), send, func(c ual.Role) (UAL, ual.Place) {
			return UAL{Kind: "role", Role: c.Role, First: c.First, Last: c.Last}, c.Place
		}) &&
		ualRows(db.Names(), send, func(c ual.Name) (UAL, ual.Place) {
			return UAL{Kind: "name", Address: c.Address, Client: c.Host, Last: c.Last}, c.Place
		}) &&
		ualRows(db.Machines(), send, func(c ual.Machine) (UAL, ual.Place) {
			return UAL{Kind: "machine", Client: c.ID, Facts: strings.TrimSpace(c.BIOS + " " + c.Serial), First: c.Created, Last: c.Last}, c.Place
		}) &&
		ualRows(db.Identities(), send, func(c ual.Identity) (UAL, ual.Place) {
			facts := fmt.Sprintf("%s %s, build %d, last boot %s", c.Manufacturer, c.Product, c.Build, c.LastBoot)
			return UAL{Kind: "server", Client: strings.Trim(c.Host+"."+c.Domain, "."), Facts: facts, First: c.Created}, c.Place
		}) {
		return databases.EndESE(in, db.DB, newest)
	}
	return nil
}

// ualRows sends the rows of a table as records. An error of a row is in the
// damage of the database, which the end of the file tells. It reports whether
// more is wanted.
func ualRows[T any](rows iter.Seq2[T, error], send func(UAL, ual.Place) bool, record func(T) (UAL, ual.Place)) bool {
	for row, err := range rows {
		if err == nil && !send(record(row)) {
			return false
		}
	}
	return true
}

// sendUALClients sends the clients which no other database of the server knows better.
func sendUALClients(in artifacts.Input, db *ual.Database, send func(UAL, ual.Place) bool) bool {
	newer := ualNewer(in)
	for c, err := range db.Clients() {
		if err != nil {
			continue // in the damage of the database
		}
		if t, ok := newer[ualKey(c)]; ok && (t.last.After(c.Last) || t.last.Equal(c.Last) && t.path != in.From.Path) {
			continue // another database of the server has the same row, or a newer one
		}
		r := UAL{Kind: "client", Role: c.Role, Account: c.User, Client: c.Name, Total: c.Total, First: c.First, Last: c.Last}
		if c.Address.IsValid() {
			r.Address = c.Address.String()
		}
		for _, d := range c.Days {
			r.Days = append(r.Days, fmt.Sprintf("%s: %d", d.Date.Format(time.DateOnly), d.Accesses))
		}
		if !send(r, c.Place) {
			return false
		}
	}
	return true
}

func ualOpen(in artifacts.Input) (*ual.Database, error) {
	db, err := databases.ESE(in)
	if db == nil {
		return nil, err
	}
	u, err := ual.Open(db)
	if err != nil {
		return nil, databases.Foreign(in, err, ual.ErrNotUAL)
	}
	return u, nil
}

// ualBeside opens the databases of the server that lie in the folder of the input.
func ualBeside(in artifacts.Input, each func(path string, db *ual.Database)) {
	if in.Tree == nil || in.Loose() {
		return
	}
	files, _ := in.Tree.Glob(`%SystemRoot%\System32\LogFiles\Sum\*.mdb`)
	for _, f := range files {
		if f.Snapshot != in.From.Snapshot || winpath.Key(winpath.Dir(f.Path)) != winpath.Key(winpath.Dir(in.From.Path)) {
			continue
		}
		b, err := f.Bytes()
		if err != nil {
			continue // reported where the file is the input
		}
		if db, err := ese.Open(bytes.NewReader(b), int64(len(b))); err == nil {
			if u, err := ual.Open(db); err == nil {
				each(f.Path, u)
			}
		}
	}
}

// ualRoles returns the names of roles that the server itself keeps.
func ualRoles(in artifacts.Input, own *ual.Database) map[string]string {
	return in.Once("ual: roles "+in.From.Snapshot+winpath.Dir(in.From.Path), func() any {
		out := map[string]string{}
		read := func(_ string, db *ual.Database) {
			for r, err := range db.RoleNames() {
				if err == nil && r.Name != "" {
					out[strings.ToUpper(r.Role)] = r.Name
				}
			}
		}
		ualBeside(in, read)
		read("", own)
		return out
	}).(map[string]string)
}

// ualLatest is the database that has the newest of equal rows.
type ualLatest struct {
	path string
	last time.Time
}

// ualKey is what the same row of two databases of one server have in common.
func ualKey(c ual.Client) string {
	return strings.ToUpper(c.Role + c.Tenant + " " + c.User + " " + c.Address.String() + " " + c.First.String())
}

func ualNewer(in artifacts.Input) map[string]ualLatest {
	return in.Once("ual: newer "+in.From.Snapshot+winpath.Dir(in.From.Path), func() any {
		out := map[string]ualLatest{}
		ualBeside(in, func(path string, db *ual.Database) {
			for c, err := range db.Clients() {
				if err != nil {
					continue
				}
				key := ualKey(c)
				if t, ok := out[key]; !ok || c.Last.After(t.last) {
					out[key] = ualLatest{path, c.Last}
				}
			}
		})
		return out
	}).(map[string]ualLatest)
}

// Summary shows who came from where.
func (r UAL) Summary() string {
	switch r.Kind {
	case "client":
		return fmt.Sprintf("[%s] from %s reached %s %d times on %d days", r.Account, r.Address, cmp.Or(r.RoleName, r.Role), r.Total,
			len(r.Days))
	case "role":
		return fmt.Sprintf("the role %s was used", cmp.Or(r.RoleName, r.Role))
	case "name":
		return fmt.Sprintf("%s was named %s", r.Address, r.Client)
	case "machine":
		return fmt.Sprintf("virtual machine %s %s", r.Client, r.Facts)
	}
	return fmt.Sprintf("the server is %s: %s", r.Client, r.Facts)
}
