package ual

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

func at(t time.Time) string { return t.Format("2006-01-02T15:04:05.0000000Z") }

func guid(s string) string { return strings.Trim(s, "{}") }

// rowsOf writes the rows of all tables in the form of the table of truth.
func rowsOf(t *testing.T, d *Database) map[string][]map[string]any {
	m := map[string][]map[string]any{}
	add := func(table string, err error, row map[string]any) {
		if err != nil {
			t.Error(err)
		}
		m[table] = append(m[table], row)
	}
	for c, err := range d.Clients() {
		row := map[string]any{"Address": c.Address.String(), "AuthenticatedUserName": c.User, "InsertDate": at(c.First), "LastAccess": at(c.Last),
			"RoleGuid": guid(c.Role), "TenantId": guid(c.Tenant), "TotalAccesses": float64(c.Total)}
		for _, d := range c.Days {
			row[fmt.Sprintf("Day%d", d.Day)] = float64(d.Accesses)
			if d.Date.YearDay() != d.Day || d.Date.Format(time.DateOnly) != "2022-07-16" {
				t.Errorf("day %d is %v", d.Day, d.Date)
			}
		}
		add("CLIENTS", err, row)
	}
	for r, err := range d.Roles() {
		add("ROLE_ACCESS", err, map[string]any{"FirstSeen": at(r.First), "LastSeen": at(r.Last), "RoleGuid": guid(r.Role)})
	}
	for n, err := range d.Names() {
		add("DNS", err, map[string]any{"Address": n.Address, "HostName": n.Host, "LastSeen": at(n.Last)})
	}
	for c, err := range d.Chain() {
		add("CHAINED_DATABASES", err, map[string]any{"FileName": c.File, "Year": float64(c.Year)})
	}
	for r, err := range d.RoleNames() {
		add("ROLE_IDS", err, map[string]any{"ProductName": r.Product, "RoleGuid": guid(r.Role), "RoleName": r.Name})
		if known := KnownRole(r.Role); known != r.Name {
			t.Errorf("role %s is known as %q, here %q", r.Role, known, r.Name)
		}
	}
	for i, err := range d.Identities() {
		add("SYSTEM_IDENTITY", err, map[string]any{"CreationTime": at(i.Created), "SystemDNSHostName": i.Host, "SystemDomainName": i.Domain,
			"OSBuildNumber": float64(i.Build), "SystemManufacturer": i.Manufacturer, "SystemProductName": i.Product,
			"SystemSerialNumber": i.Serial, "OSLastBootUpTime": i.LastBoot, "OSCurrentTimeZone": float64(uint16(i.ZoneMinutes))})
	}
	return m
}

func TestReal(t *testing.T) {
	dir := testtree.Evidence(t, "artifacts2")
	files := 0
	for line := range testtree.Lines(t, filepath.Join(dir, "truth/artifacts2.jsonl.gz")) {
		var want map[string]json.RawMessage
		if err := json.Unmarshal(line, &want); err != nil || string(want["kind"]) != `"ual"` {
			continue
		}
		files++
		var file string
		if err := json.Unmarshal(want["file"], &file); err != nil {
			t.Fatal(err)
		}
		t.Run(file, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			d, err := Open(db)
			if err != nil {
				t.Fatal(err)
			}
			got := rowsOf(t, d)
			for table, raw := range want {
				if table == "file" || table == "kind" {
					continue
				}
				var rows []map[string]any
				if err := json.Unmarshal(raw, &rows); err != nil {
					t.Fatal(err)
				}
				if len(got[table]) != len(rows) {
					t.Errorf("%s: %d rows, want %d", table, len(got[table]), len(rows))
					continue
				}
				for i, row := range rows {
					for name, v := range row {
						if g, ok := got[table][i][name]; table == "SYSTEM_IDENTITY" && !ok {
							continue // not decoded
						} else if !reflect.DeepEqual(g, v) {
							t.Errorf("%s %d %s = %v, want %v", table, i, name, g, v)
						}
					}
				}
			}
		})
	}
	if files != 4 {
		t.Errorf("%d files with a truth", files)
	}
}

func TestDateAndMerge(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	c := Client{First: day(2023, 12, 30), Last: day(2024, 1, 3)}
	for n, want := range map[int]time.Time{364: day(2023, 12, 30), 3: day(2024, 1, 3), 4: day(2024, 1, 4)} {
		if got := c.date(n); !got.Equal(want) {
			t.Errorf("day %d is %v, want %v", n, got, want)
		}
	}
	if got := (&Client{}).date(3); !got.IsZero() {
		t.Errorf("a row without times: %v", got)
	}
	old := Client{Role: "r", User: `d\u`, Address: netip.MustParseAddr("::1"), First: c.First, Last: c.First, Total: 1}
	late := old
	late.Last, late.Total = c.Last, 2
	other := old
	other.User = `d\v`
	got := Merge([]Client{old, other}, []Client{late})
	if len(got) != 2 || got[0].Total != 2 || !slices.ContainsFunc(got, func(c Client) bool { return c.User == `d\v` }) {
		t.Errorf("merged: %+v", got)
	}
}
