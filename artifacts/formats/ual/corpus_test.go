package ual

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/esedb"
)

func opened(t *testing.T, tables ...esedb.Table) *ese.DB {
	t.Helper()
	b := (&esedb.DB{PageSize: 4096, Revision: 20, State: esedb.Clean, Tables: tables}).Bytes()
	db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestClients(t *testing.T) {
	first, last := time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC), time.Date(2024, 3, 5, 11, 0, 0, 0, time.UTC)
	role := []byte{0x9F, 0x22, 0xA9, 0x10, 0xEE, 0x50, 0xD8, 0x49, 0xA3, 0x93, 0x9A, 0x50, 0x1D, 0x47, 0xCE, 0x04}
	table := esedb.Table{Name: "CLIENTS", Columns: []esedb.Column{
		{Name: "RoleGuid", Type: esedb.GUID}, {Name: "TotalAccesses", Type: esedb.Uint32}, {Name: "InsertDate", Type: esedb.DateTime},
		{Name: "LastAccess", Type: esedb.DateTime}, {Name: "Address", Type: esedb.Binary},
		{Name: "AuthenticatedUserName", Type: esedb.LongText, CodePage: 1200},
		{Name: "Day61", Type: esedb.Uint16, Tagged: true}, {Name: "Day62", Type: esedb.Uint16, Tagged: true},
		{Name: "Day65", Type: esedb.Uint16, Tagged: true}, {Name: "Day400", Type: esedb.Uint16, Tagged: true},
	}, Rows: []esedb.Row{
		{Values: []any{role, 9, wire.FileTime(first), wire.FileTime(last), []byte{10, 0, 0, 5}, `dom\mira`, 4, 0, 5, 1}},
		{Values: []any{role, 1, nil, nil, []byte{1, 2, 3}, nil, 1}},
	}}
	d, err := Open(opened(t, table))
	if err != nil {
		t.Fatal(err)
	}
	var got []Client
	for c, err := range d.Clients() {
		if err != nil || c.Offset == 0 || c.Page == 0 {
			t.Errorf("%+v, %v", c, err)
		}
		c.Place = Place{}
		got = append(got, c)
	}
	const id = "{10A9229F-50EE-49D8-A393-9A501D47CE04}"
	want := []Client{
		{Role: id, Total: 9, First: first, Last: last, Address: netip.MustParseAddr("10.0.0.5"), User: `dom\mira`, Days: []Day{
			{61, time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), 4}, {65, time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC), 5}}},
		{Role: id, Total: 1, Days: []Day{{61, time.Time{}, 1}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	for range d.Names() {
		t.Error("a table that is absent has rows")
	}
}

func TestNotUAL(t *testing.T) {
	if _, err := Open(opened(t, esedb.Table{Name: "T", Columns: []esedb.Column{{Name: "X", Type: esedb.Int32}}})); !errors.Is(err, ErrNotUAL) {
		t.Errorf("another database: %v", err)
	}
}
