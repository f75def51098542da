package webcache

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/esedb"
)

var at = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

var paths = []string{`C:\Users\u\Downloads\x.exe.partial`, `C:\Users\u\Downloads\x.exe`}

func wide(list ...string) (b []byte) {
	for _, s := range list {
		for _, c := range utf16.Encode([]rune(s + "\x00")) {
			b = append(b, byte(c), byte(c>>8))
		}
	}
	return b
}

func entries(name string, urls ...string) esedb.Table {
	t := esedb.Table{Name: name, Columns: []esedb.Column{
		{Name: "EntryId", Type: esedb.Int64}, {Name: "AccessCount", Type: esedb.Uint32}, {Name: "CreationTime", Type: esedb.Int64},
		{Name: "AccessedTime", Type: esedb.Int64}, {Name: "ExpiryTime", Type: esedb.Int64},
		{Name: "Url", Type: esedb.LongText, CodePage: 1200}, {Name: "ResponseHeaders", Type: esedb.LongBinary},
	}}
	ft := wire.FileTime(at)
	for i, u := range urls {
		head := append(make([]byte, 0x148), wide("text/html", "https://a.example/x.exe", paths[0], paths[1])...)
		t.Rows = append(t.Rows, esedb.Row{Values: []any{i + 1, 3, ft, ft, 0, esedb.Long{Value: u + "\x00"}, head}})
	}
	return t
}

func TestOpen(t *testing.T) {
	file := esedb.DB{PageSize: 32768, Revision: 180, State: esedb.Dirty, Tables: []esedb.Table{
		{Name: "Containers", Columns: []esedb.Column{
			{Name: "ContainerId", Type: esedb.Int64}, {Name: "LastAccessTime", Type: esedb.Int64},
			{Name: "Name", Type: esedb.LongText, CodePage: 1200}, {Name: "Directory", Type: esedb.LongText, CodePage: 1200},
		}, Rows: []esedb.Row{
			{Values: []any{1, wire.FileTime(at), "History", `C:\Users\u\AppData\Local\Microsoft\Windows\History\`}},
			{Values: []any{2, nil, "MSHist012024050620240507", ""}},
			{Values: []any{9, nil, "Lost", ""}},
		}},
		entries("Container_1", "Visited: u@https://a.example/p?q=a@b", "https://b.example/", "Cookie:u@c.example/"),
		entries("Container_2", ":2024050620240507: u@file:///C:/Users/u/plan.docx"),
	}}
	b := file.Bytes()
	base, err := ese.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(base)
	if err != nil {
		t.Fatal(err)
	}
	var got []Entry
	var names []string
	for c, err := range d.Containers() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, c.Name)
		if c.Daily() != (c.ID == 2) || c.ID == 1 && !c.Accessed.Equal(at) {
			t.Errorf("container %+v", c)
		}
		for e, err := range d.Entries(&c) {
			if err != nil {
				t.Fatal(err)
			}
			if !e.Accessed.Equal(at) || !e.Created.Equal(at) || !e.Expires.IsZero() || e.AccessCount != 3 {
				t.Errorf("entry %+v", e)
			}
			got = append(got, e)
		}
	}
	if !slices.Equal(names, []string{"History", "MSHist012024050620240507", "Lost"}) {
		t.Errorf("containers %q", names)
	}
	want := [][4]string{
		{"Visited", "", "u", "https://a.example/p?q=a@b"},
		{"", "", "", "https://b.example/"},
		{"Cookie", "", "u", "c.example/"},
		{"", "2024050620240507", "u", "file:///C:/Users/u/plan.docx"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d entries", len(got))
	}
	for i, e := range got {
		if g := [4]string{e.Kind, e.Days, e.User, e.Target}; g != want[i] {
			t.Errorf("%q, want %q", g, want[i])
		}
	}
	dl, ok := got[0].Download()
	if !ok || dl.Source != "https://a.example/x.exe" || !slices.Equal(dl.Paths, paths) {
		t.Errorf("download %+v", dl)
	}
	file.Tables = file.Tables[1:]
	b = file.Bytes()
	if base, err = ese.Open(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(base); !errors.Is(err, ErrNotWebCache) {
		t.Errorf("another database: %v", err)
	}
}

func FuzzDownload(f *testing.F) {
	f.Add(wide("text/html", "https://a.example/x.exe", `C:\x.exe`))
	f.Add([]byte{0, 0xD8, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		e := Entry{Response: b}
		e.Download()
		e.URL = string(b)
		e.split()
	})
}
