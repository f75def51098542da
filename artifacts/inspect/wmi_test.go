package inspect

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/wmirepo"
)

func wmiFile() File {
	stored := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	repo := wmirepo.Repository{
		Classes: []wmirepo.Class{
			{Name: "__SystemClass", Stored: stored},
			{Name: "__NAMESPACE", Super: "__SystemClass", Stored: stored, Properties: []wmirepo.Property{{Name: "Name", Type: wmirepo.String}}},
			{Name: "__IndicationRelated", Super: "__SystemClass", Stored: stored},
			{Name: "__EventFilter", Super: "__IndicationRelated", Stored: stored, Properties: []wmirepo.Property{
				{Name: "Name", Type: wmirepo.String}, {Name: "CreatorSID", Type: wmirepo.Uint8 | wmirepo.Array}, {Name: "Query", Type: wmirepo.String},
			}},
		},
		Instances: []wmirepo.Instance{
			{Class: "__NAMESPACE", Namespace: "ROOT", Stored: stored, Values: []any{"subscription"}},
			{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored,
				Values: []any{"f", []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}, "q"}},
			{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored, OldPage: true, Values: []any{"old", nil, "q"}},
		},
	}
	files := repo.Files()
	parts := map[string][]byte{"INDEX.BTR": files.Index, "MAPPING1.MAP": files.Map}
	return File{Path: "Repository/OBJECTS.DATA", ReaderAt: bytes.NewReader(files.Objects), Size: int64(len(files.Objects)),
		Sibling: func(name string) (File, error) {
			b, ok := parts[name]
			if !ok {
				return File{}, errors.New("no such file")
			}
			return File{Path: name, ReaderAt: bytes.NewReader(b), Size: int64(len(b))}, nil
		}}
}

func TestWMI(t *testing.T) {
	f := wmiFile()
	got := eseLines(t, f, Options{Recovered: true})
	if len(got) != 2 {
		t.Fatalf("%d rows: %v", len(got), got)
	}
	delete(got[0], "offset")
	want := map[string]any{"kind": "wmi", "class": "__EventFilter", "namespace": `ROOT\subscription`,
		"properties": map[string]any{"Name": "f", "CreatorSID": "010100000000000512000000", "Query": "q"}, "creator_sid": "S-1-5-18",
		"filetime": float64(133594528890000000), "service_run_from": "2024-05-06T07:08:09.0000000Z",
		"class_filetime": float64(133594528890000000), "page": 0.0}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("%v\nwant\n%v", got[0], want)
	}
	if got[1]["state"] != "deleted" {
		t.Errorf("state %v", got[1]["state"])
	}
	if live := eseLines(t, f, Options{}); len(live) != 1 {
		t.Errorf("%d live rows", len(live))
	}
	// By its name, and by what is in it.
	f.Path = "copy.bin"
	if kind, err := Detect(f); err != nil || kind != "wmi" {
		t.Errorf("a copy under another name is %q, %v", kind, err)
	}
}
