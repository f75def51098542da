package inspect

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/destinations"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// lines inspects a file and returns its rows as JSON without kind and path.
func lines(t *testing.T, f File, opts Options) ([]string, error) {
	t.Helper()
	kind, err := Detect(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = Read(f, "", opts, func(r Row) bool {
		if r.Kind != kind {
			t.Errorf("row of kind %s in a file of kind %s", r.Kind, kind)
		}
		line := string(r.AppendJSON(nil, f.Path))
		_, line, _ = strings.Cut(line, `"offset":`)
		out = append(out, strings.TrimSuffix(line, "}\n"))
		return true
	})
	return out, err
}

func file(path string, b []byte) File {
	return File{Path: path, ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
}

func TestSQLite(t *testing.T) {
	main, wal := sqlitefile.Sample(1024, 1)
	f := file("History", main)
	f.Beside = func(suffix string) (File, error) {
		if suffix == "-wal" {
			return file("History-wal", wal), nil
		}
		return File{}, fs.ErrNotExist
	}
	got, err := lines(t, f, Options{})
	if want := `0,"page_size":1024,"encoding":"UTF-8","tables":{"bird":60,"key":40},"wal_frames":2`; err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
	got, err = lines(t, f, Options{Table: "BIRD", Recovered: true})
	if err != nil || len(got) < 62 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, want := range map[int]string{
		1: `"table":"bird","rowid":1,"values":{"id":1,"name":"heron 0","n":0,"w":0},"origin":"wal"`,
		4: `"table":"bird","rowid":4,"values":{"id":4,"name":"changed again","n":1,"w":2},"origin":"wal"`,
	} {
		if !strings.Contains(got[i], want) {
			t.Errorf("row %d: %s, want %s", i, got[i], want)
		}
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		`"state":"deleted","table":"bird","values":{"name":"deleted kestrel","n":77,"w":1.5},"lost":["id"],"origin":"wal"`,
		`"state":"log","table":"bird","rowid":4,"values":{"id":4,"name":"changed once","n":1,"w":2},"origin":"wal"`,
		`"state":"deleted","table":"bird","rowid":7001,"values":{"id":7001,"name":"dropped wren","n":79,"w":2.5},"origin":"main"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if _, err := lines(t, f, Options{Table: "nowhere"}); err == nil || err.Error() != `no table "nowhere"` {
		t.Errorf("an unknown table: %v", err)
	}
	if got, err := lines(t, file("History", main[:len(main)-2048]), Options{Table: "*"}); err == nil || len(got) < 2 {
		t.Errorf("a cut database: %d rows, %v", len(got), err)
	}
}

func TestLinks(t *testing.T) {
	at := time.Date(2025, 2, 3, 4, 5, 6, 700, time.UTC)
	link := shelllink.Link{Target: `D:\tools\x.exe`, Serial: 0x1234ABCD, Label: "STICK", Arguments: "-a", WorkingDir: `D:\tools`, Machine: "kestrel-pc", Created: at, Size: 9}.Build()
	got, err := lines(t, file("x.lnk", link), Options{})
	want := `0,"target":"D:\\tools\\x.exe","arguments":"-a","working_dir":"D:\\tools","target_created":"2025-02-03T04:05:06.0000007Z","target_size":9,` +
		`"target_attributes":32,"show_command":1,"machine":"kestrel-pc",` +
		`"volume_serial":"1234ABCD","volume_type":"fixed","volume_label":"STICK"`
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v, %v, want\n%s", got, err, want)
	}
	if got, err := lines(t, file("x.lnk", link[:150]), Options{}); err == nil || len(got) != 1 || !strings.Contains(got[0], `"damage":"lnk: `) {
		t.Errorf("a cut shortcut: %v, %v", got, err)
	}

	auto := destinations.Automatic(4,
		destinations.Item{Number: 10, Path: `D:\tools\x.exe`, Host: "heron-pc", Opened: at, Pin: -1, Count: 3, Link: link},
		destinations.Item{Number: 11, Link: link, Removed: true})
	got, err = lines(t, file(`C:\x\9B9CDC69C1C24E2B.automaticDestinations-ms`, auto), Options{})
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, want := range [][]string{
		{`"list_kind":"automatic","app_id":"9b9cdc69c1c24e2b","application":"Notepad","entry":"a","item":"D:\\tools\\x.exe","filetime":133830291060000007`, `"count":3,"machine":"heron-pc"`, `"target":"D:\\tools\\x.exe"`},
		{`"state":"deleted"`, `"entry":"b","target"`, `"machine":"kestrel-pc"`},
	} {
		for _, w := range want {
			if !strings.Contains(got[i], w) {
				t.Errorf("row %d: %s, want %s", i, got[i], w)
			}
		}
	}
	custom := destinations.Custom(destinations.Category{Links: [][]byte{link, link}})
	got, err = lines(t, file("loose.bin", custom), Options{})
	if err != nil || len(got) != 2 || !strings.Contains(got[1], `"list_kind":"custom","category":"tasks","target"`) {
		t.Errorf("%v, %v", got, err)
	}
}
