package srum

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/corpus/esedb"
)

var hour = time.Date(2024, 5, 6, 7, 0, 0, 0, time.UTC)

// usage returns a table with the four columns that all have, and more.
func usage(name string, columns []esedb.Column, rows ...[]any) esedb.Table {
	t := esedb.Table{Name: name, Columns: append([]esedb.Column{{Name: "AutoIncId", Type: esedb.Int32}, {Name: "TimeStamp", Type: esedb.DateTime},
		{Name: "AppId", Type: esedb.Int32}, {Name: "UserId", Type: esedb.Int32}}, columns...)}
	for i, r := range rows {
		t.Rows = append(t.Rows, esedb.Row{Values: append([]any{i + 1, hour}, r...)})
	}
	return t
}

func int64s(names ...string) (c []esedb.Column) {
	for _, n := range names {
		c = append(c, esedb.Column{Name: n, Type: esedb.Int64})
	}
	return c
}

func sample() *esedb.DB {
	ids := esedb.Table{Name: TableIDs, Columns: []esedb.Column{
		{Name: "IdType", Type: esedb.Uint8}, {Name: "IdIndex", Type: esedb.Int32}, {Name: "IdBlob", Type: esedb.LongBinary},
	}, Rows: []esedb.Row{
		{Values: []any{0, 1}},
		{Values: []any{0, 2, utf16Bytes(`\Device\HarddiskVolume3\Temp\tool.exe`)}},
		{Values: []any{3, 3, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}}},
	}}
	const ethernet = int64(6 << 48)
	return &esedb.DB{PageSize: 4096, Revision: 200, State: esedb.Dirty, Tables: []esedb.Table{
		ids,
		usage(TableApps, int64s("FaceTime", "ForegroundCycleTime", "BackgroundCycleTime", "BackgroundBytesRead", "ForegroundNumberOfFlushes"),
			[]any{2, 3, 100, 200, 300, 400, 500}),
		usage(TableNetwork, int64s("InterfaceLuid", "BytesSent", "BytesRecvd"), []any{2, 3, ethernet + 9, 1000, 50}, []any{77, 1, ethernet, 1, nil}),
		usage(TableConnections, int64s("InterfaceLuid", "ConnectedTime", "ConnectStartTime"), []any{1, 3, ethernet, 60, wire.FileTime(hour)}),
		usage(TableTimeline, int64s("EndTime", "DurationMS", "InFocusS"), []any{2, 3, wire.FileTime(hour), 0, nil}),
		usage(TablePush, int64s("PayloadSize"), []any{2, 3, 7}),
		{Name: "MSysLocales", Columns: int64s("X")},
	}}
}

func opened(t *testing.T, file *esedb.DB) *ese.DB {
	t.Helper()
	b := file.Bytes()
	db, err := ese.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestTables(t *testing.T) {
	d, err := Open(opened(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	for a, err := range d.Apps() {
		if err != nil || a.App.Path != `\Device\HarddiskVolume3\Temp\tool.exe` || a.User.Text != "S-1-5-18" || !a.Time.Equal(hour) || a.Number != 1 ||
			a.FaceTime != 100 || a.Foreground != (IO{Cycles: 200, Flushes: 500}) || a.Background != (IO{Cycles: 300, BytesRead: 400}) {
			t.Errorf("app %+v, %v", a, err)
		}
	}
	var sent []int64
	for n, err := range d.Networks() {
		if err != nil || n.InterfaceType != 6 || n.AppID == 77 != (n.App == nil) || n.AppID == 77 && n.User.Text != "" {
			t.Errorf("network %+v, %v", n, err)
		}
		sent = append(sent, n.Sent, n.Received)
	}
	if !slices.Equal(sent, []int64{1000, 50, 1, 0}) {
		t.Errorf("bytes %v", sent)
	}
	for c, err := range d.Connections() {
		if err != nil || c.Seconds != 60 || !c.Start.Equal(hour) || c.LUID != 6<<48 {
			t.Errorf("connection %+v, %v", c, err)
		}
	}
	// Zero and NULL are not the same.
	for l, err := range d.Timelines() {
		if err != nil || l.Duration == nil || *l.Duration != 0 || l.InFocus != nil || l.Cycles != nil || !l.End.Equal(hour) {
			t.Errorf("timeline %+v, %v", l, err)
		}
	}
	var other []Generic
	for o, err := range d.Others() {
		if err != nil {
			t.Error(err)
		}
		other = append(other, o)
	}
	if len(other) != 1 || other[0].Table != TablePush || !slices.Equal(other[0].Values, []Value{{"PayloadSize", "7"}}) || Title(TablePush) == "" {
		t.Errorf("others: %+v", other)
	}
}

func TestNotSRUM(t *testing.T) {
	file := sample()
	file.Tables = file.Tables[1:]
	if _, err := Open(opened(t, file)); !errors.Is(err, ErrNotSRUM) {
		t.Errorf("another database: %v", err)
	}
}
