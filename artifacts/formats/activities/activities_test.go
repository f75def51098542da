package activities

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

func sample() []byte {
	const sql = "CREATE TABLE [Activity]([Id] GUID PRIMARY KEY NOT NULL, [AppId] TEXT NOT NULL, [ActivityType] INT NOT NULL, [ActivityStatus] INT NOT NULL, [ParentActivityId] GUID, [Payload] BLOB, [StartTime] DATETIME, [EndTime] DATETIME, [ClipboardPayload] BLOB, [PlatformDeviceId] TEXT)"
	app := `[{"application":"","platform":"alternateId"},{"application":"Heron.Notes","platform":"packageId"},{"application":"{6D809377-6AF0-444B-8957-A3773F02200E}\\Heron\\h.exe","platform":"x_exe_path"}]`
	id, none := []byte("0123456789abcdef"), make([]byte, 16)
	clip := []byte(`[{"content":"` + base64.StdEncoding.EncodeToString([]byte("copied")) + `","formatName":"Text"}]`)
	r := func(n int64, values ...any) sqlitefile.Row { return sqlitefile.Row{ID: n, Values: values} }
	return sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "Activity", SQL: sql,
		Rows: []sqlitefile.Row{
			r(1, id, app, 5, 1, none, []byte(`{"displayText":"plan.txt","appDisplayName":"Notes","description":"C:\\plan.txt","activationUri":"x:?file=1"}`), 1741675200, 0, nil, "device"),
			r(2, id, app, 6, 1, none, []byte(`{"type":"UserEngaged","activeDurationSeconds":15,"userTimezone":"Europe/Berlin"}`), 1741675200, 1741675260, nil, "device"),
			r(3, id, app, 10, 1, id, []byte("no JSON"), 1741675200, 1741675200, clip, "device"),
		},
		Dropped: []sqlitefile.Row{r(9, []byte("fedcba9876543210"), app, 5, 1, none, []byte(`{"displayText":"deleted.txt"}`), 1741675300, 0, nil, "device")},
	}}}.Build()
}

func TestRead(t *testing.T) {
	db, err := sqlitedb.Open(bytes.NewReader(sample()), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []Activity
	for a, err := range Read(db, true) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	if len(got) != 4 {
		t.Fatalf("%d activities", len(got))
	}
	at := time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC)
	want := Activity{Place: got[0].Place, Table: "Activity", ID: "30313233343536373839616263646566", Type: 5, Status: 1, Program: `{6D809377-6AF0-444B-8957-A3773F02200E}\Heron\h.exe`, Platform: "x_exe_path",
		Device: "device", Start: at, Text: "plan.txt", AppName: "Notes", Content: `C:\plan.txt`, Activation: "x:?file=1", Payload: got[0].Payload}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("%+v\nwant %+v", got[0], want)
	}
	if a := got[1]; a.Active != 15*time.Second || a.Zone != "Europe/Berlin" || a.TypeName() != "in use" || !a.End.Equal(at.Add(time.Minute)) {
		t.Errorf("%+v", a)
	}
	if a := got[2]; a.Clipboard != "copied" || a.Parent != a.ID || a.TypeName() != "clipboard" {
		t.Errorf("%+v", a)
	}
	if a := got[3]; a.State != sqlitedb.Deleted || a.Text != "deleted.txt" {
		t.Errorf("%+v", a)
	}
}

// TestEvidence compares with the shared truth table.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for name, want := range map[string]struct {
		types       map[int64]int
		first, last int64
		ends        int64
		recovered   int
	}{
		"win10-belkasoft-anit.ghosh": {map[int64]int{5: 13, 6: 29}, 1612986816, 1613270265, 46784247935, 100},
		"win10-rathbunvm":            {map[int64]int{5: 5, 6: 4, 11: 1, 16: 4}, 1646485772, 1646515329, 13171950294, 0},
		"win11-rathbunvm-wal-only":   {map[int64]int{5: 6, 6: 9, 11: 4, 16: 11}, 1646487297, 1646515370, 32929918511, 0},
	} {
		read := func(suffix string) sqlitedb.Reader {
			b, err := os.ReadFile(filepath.Join(root, "artifacts2", "timeline", name, "ActivitiesCache.db"+suffix))
			if err != nil {
				t.Fatal(err)
			}
			return bytes.NewReader(b)
		}
		db, err := sqlitedb.Open(read(""), read("-wal"), nil)
		if err != nil {
			t.Fatal(err)
		}
		types := map[int64]int{}
		first, last, ends, recovered, setup := int64(1<<62), int64(0), int64(0), 0, false
		for a, err := range Read(db, true) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if a.State != sqlitedb.Live {
				recovered++
				continue
			}
			types[a.Type]++
			first, last = min(first, a.Start.Unix()), max(last, a.Start.Unix())
			if !a.End.IsZero() {
				ends += a.End.Unix()
			}
			if a.Program == "" {
				t.Errorf("%s: no program: %+v", name, a)
			}
			setup = setup || a.Program == `D:\setup64.exe` && a.Start.Unix() == 1646487428
		}
		if !reflect.DeepEqual(types, want.types) || first != want.first || last != want.last || ends != want.ends || recovered < want.recovered {
			t.Errorf("%s: %v, first %d, last %d, sum of ends %d, %d recovered", name, types, first, last, ends, recovered)
		}
		if name == "win11-rathbunvm-wal-only" && !setup {
			t.Errorf("%s: setup64.exe is missing", name)
		}
		t.Logf("%s: %d recovered", name, recovered)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
		if err != nil {
			return
		}
		for a := range Read(db, true) {
			a.TypeName()
		}
	})
}
