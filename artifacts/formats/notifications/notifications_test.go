package notifications

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

func sample() []byte {
	const filetime int64 = 133861488000000000 // 2025-03-11T06:40:00Z
	toast := `<?xml version="1.0" encoding="utf-8"?><toast launch="action=open"><visual><binding><text>Threat found</text><image src="x"/><text id="2"> tool.exe &amp; more </text></binding></visual></toast>`
	r := func(n int64, values ...any) sqlitefile.Row { return sqlitefile.Row{ID: n, Values: values} }
	return sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "NotificationHandler", SQL: "CREATE TABLE [NotificationHandler]([RecordId] INTEGER PRIMARY KEY, [PrimaryId] TEXT NOT NULL, [ContainerSid] TEXT)", Rows: []sqlitefile.Row{r(4, nil, "Windows.Defender", nil)}},
		{Name: "Notification", SQL: "CREATE TABLE [Notification]([Order] INTEGER NOT NULL PRIMARY KEY, [Id] INTEGER NOT NULL, [HandlerId] INTEGER, [Type] TEXT NOT NULL, [Payload] BLOB, [Tag] TEXT, [Group] TEXT, [ExpiryTime] INT64, [ArrivalTime] INT64)",
			Rows:    []sqlitefile.Row{r(1, nil, 7, 4, "toast", []byte(toast), "tag", "group", 0, filetime)},
			Dropped: []sqlitefile.Row{r(2, nil, 8, 4, "tile", []byte("<tile><text>gone"), nil, nil, filetime, filetime)}},
	}}.Build()
}

func TestRead(t *testing.T) {
	db, err := sqlitedb.Open(bytes.NewReader(sample()), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []Notification
	for n, err := range Read(db, true) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if len(got) != 2 {
		t.Fatalf("%d notifications", len(got))
	}
	at := time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC)
	want := Notification{Place: got[0].Place, ID: 7, Program: "Windows.Defender", Type: "toast", Tag: "tag", Group: "group", Arrival: at,
		Text: []string{"Threat found", "tool.exe & more"}, Launch: "action=open", Payload: got[0].Payload}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("%+v\nwant %+v", got[0], want)
	}
	if n := got[1]; n.State != sqlitedb.Deleted || !reflect.DeepEqual(n.Text, []string{"gone"}) || !n.Expiry.Equal(at) {
		t.Errorf("%+v", n)
	}
}

// TestEvidence compares with the shared truth table.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	b, err := os.ReadFile(filepath.Join(root, "artifacts2", "notifications", "win10", "wpndatabase.db"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for n, err := range Read(db, false) {
		if err != nil {
			t.Error(err)
		}
		if n.Type != "tile" || n.Program == "" || n.Arrival.IsZero() || n.Expiry.IsZero() != (n.ID < 47) {
			t.Errorf("%+v", n)
		}
		ids = append(ids, fmt.Sprint(n.ID))
	}
	if !reflect.DeepEqual(ids, []string{"36", "37", "39", "40", "41", "42", "47", "48"}) {
		t.Errorf("%q", ids)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
		if err != nil {
			return
		}
		for range Read(db, true) {
		}
	})
}
