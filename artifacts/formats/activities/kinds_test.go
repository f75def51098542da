package activities

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// TestTypeNames has the meaning of each type of activity; one that is not known is its number.
func TestTypeNames(t *testing.T) {
	for n, want := range map[int64]string{2: "notification", 3: "mobile backup", 5: "opened", 6: "in use", 10: "clipboard", 11: "setting",
		12: "setting", 15: "setting", 16: "copy or paste", 0: "0", 99: "99"} {
		if got := (&Activity{Type: n}).TypeName(); got != want {
			t.Errorf("type %d: %s, want %s", n, got, want)
		}
	}
}

// TestProgram picks the best of the names that a program has, in any order.
func TestProgram(t *testing.T) {
	for list, want := range map[string]string{
		`[{"application":"alt","platform":"alternateId"}` +
			`,{"application":"C:\\a.exe","platform":"x_exe_path"},{"application":"w","platform":"windows_win32"}]`: `C:\a.exe x_exe_path`,
		`[{"application":"w","platform":"windows_win32"},{"application":"p","platform":"packageId"}]`: "w windows_win32",
		`[{"application":"p","platform":"packageId"},{"application":"","platform":"x_exe_path"}]`:     "p packageId",
		`[{"application":"h","platform":"host"},{"application":"i","platform":"ios"}]`:                "h host", // none is known: the first
		`[]`:                "",
		`not a list`:        "not a list",
		`{"application":1}`: `{"application":1}`,
	} {
		var a Activity
		a.program(list)
		if got := a.Program + " " + a.Platform; got != want && got != want+" " {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
}

// TestPayload reads the parts of a payload, and none of one that is of another form.
func TestPayload(t *testing.T) {
	for s, want := range map[string]string{
		`{"displayText":"t","appDisplayName":"a",` +
			`"description":"d","contentUri":"u","activationUri":"x","activeDurationSeconds":1.5,"userTimezone":"UTC"}`: "t a d x 1.5s UTC",
		`{"contentUri":"u"}`:             "  u  0s ",
		`{"activeDurationSeconds":-1}`:   "    0s ",
		`{"activeDurationSeconds":1e12}`: "    0s ",
		`{"displayText":5}`:              "    0s ",
		``:                               "    0s ",
	} {
		var a Activity
		a.payload(s)
		if got := fmt.Sprintf("%s %s %s %s %v %s", a.Text, a.AppName, a.Content, a.Activation, a.Active, a.Zone); got != want || a.Payload != s {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

// TestClipboard decodes what was copied: UTF-8 or UTF-16, of the form that is text.
func TestClipboard(t *testing.T) {
	enc := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for s, want := range map[string]string{
		`[{"content":"` + enc("plain ü") + `","formatName":"Text"}]`:                                                   "plain ü",
		`[{"content":"` + enc("w\x00i\x00d\x00e\x00\x00\x00") + `","formatName":"Text"}]`:                              "wide",
		`[{"content":"` + enc("<b>") + `","formatName":"HTML"}]`:                                                       "",
		`[{"content":"` + enc("<b>") + `","formatName":"HTML"},{"content":"` + enc("text") + `","formatName":"Text"}]`: "text",
		`[{"content":"not base64!","formatName":"Text"}]`:                                                              "",
		`nothing`: "",
	} {
		var a Activity
		a.clipboard(s)
		if a.Clipboard != want {
			t.Errorf("%s: %q, want %q", s, a.Clipboard, want)
		}
	}
}

// TestRows reads the second table as well, and times that are none.
func TestRows(t *testing.T) {
	columns := "(Id, AppId TEXT, ActivityType INT, StartTime DATETIME, EndTime DATETIME, ExpirationTime DATETIME, Payload BLOB)"
	row := func(n int64, values ...any) sqlitefile.Row { return sqlitefile.Row{ID: n, Values: values} }
	b := sqlitefile.DB{Tables: []sqlitefile.Table{
		{Name: "Activity", SQL: "CREATE TABLE Activity" + columns, Rows: []sqlitefile.Row{
			row(1, []byte("short id"), "a", 5, -1, int64(253402300800), int64(253402300799), "as text")}},
		{Name: "ActivityOperation", SQL: "CREATE TABLE ActivityOperation" + columns, Rows: []sqlitefile.Row{
			row(1, make([]byte, 16), "b", 6, 1, nil, nil, nil)}},
	}}.Build()
	db, err := sqlitedb.Open(bytes.NewReader(b), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []Activity
	for a, err := range Read(db, false) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	if len(got) != 2 || got[0].Table != "Activity" || got[1].Table != "ActivityOperation" {
		t.Fatalf("%+v", got)
	}
	if a := got[0]; a.ID != "" || !a.Start.IsZero() || !a.End.IsZero() || a.Expires.Format(time.RFC3339) != "9999-12-31T23:59:59Z" ||
		a.Payload != "as text" {
		t.Errorf("%+v", a)
	}
	if a := got[1]; a.ID != "" || a.Start.Unix() != 1 || a.Program != "b" {
		t.Errorf("%+v", a)
	}
	other, err := sqlitedb.Open(bytes.NewReader(sqlitefile.DB{Tables: []sqlitefile.Table{{Name: "t", SQL: "CREATE TABLE t(a)"}}}.Build()),
		nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range Read(other, true) {
		if n++; err != ErrNotTimeline {
			t.Errorf("another database: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("another database: %d entries", n)
	}
}
