package srum

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

func utf16Bytes(s string) (b []byte) {
	for _, c := range utf16.Encode([]rune(s + "\x00")) {
		b = append(b, byte(c), byte(c>>8))
	}
	return b
}

// The texts are those of the shared evidence (Windows 11 and Server 2022).
func TestParseID(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		text string
		want ID
	}{
		{Program, `\Device\HarddiskVolume3\Windows\System32\svchost.exe [DcomLaunch]`,
			ID{Path: `\Device\HarddiskVolume3\Windows\System32\svchost.exe`, Groups: []string{"DcomLaunch"}}},
		{Program, `!!svchost.exe!2013/03/29:14:54:16!1f834![netsvcs] [Schedule]`,
			ID{Path: "svchost.exe", Groups: []string{"netsvcs", "Schedule"}, Checksum: 0x1f834,
				LinkTime: time.Date(2013, 3, 29, 14, 54, 16, 0, time.UTC)}},
		{Program, `!!IsrDpc!1970/01/01:00:00:00!0!`, ID{Path: "IsrDpc"}},
		{Program, "", ID{}},
		{Service, "wuauserv", ID{}},
		{Package, "Microsoft.Windows.CloudExperienceHost_10.0.22000.1_neutral_neutral_cw5n1h2txyewy!App!WWAHost.exe!1975/01/11:08:16:40!fddf5!",
			ID{Package: "Microsoft.Windows.CloudExperienceHost_10.0.22000.1_neutral_neutral_cw5n1h2txyewy", App: "App", Path: "WWAHost.exe",
				Checksum: 0xfddf5, LinkTime: time.Date(1975, 1, 11, 8, 16, 40, 0, time.UTC)}},
		{Package, "MicrosoftTeams_22042.702.1226.2352_x64__8wekyb3d8bbwe", ID{Package: "MicrosoftTeams_22042.702.1226.2352_x64__8wekyb3d8bbwe"}},
	} {
		tt.want.Kind, tt.want.Text = tt.kind, tt.text
		if got := parseID(tt.kind, utf16Bytes(tt.text)); !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%+v\nwant %+v", *got, tt.want)
		}
	}
	if id := parseID(User, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}); id.Text != "S-1-5-18" {
		t.Errorf("user %q", id.Text)
	}
}

type tableTruth struct {
	Rows, Apps, Users   int
	First, Last         string
	SumSent             int64 `json:"sum_BytesSent"`
	SumReceived         int64 `json:"sum_BytesRecvd"`
	SumForegroundCycles int64 `json:"sum_ForegroundCycleTime"`
	SumBackgroundCycles int64 `json:"sum_BackgroundCycleTime"`
	SumBackgroundRead   int64 `json:"sum_BackgroundBytesRead"`
	SumBackgroundWrite  int64 `json:"sum_BackgroundBytesWritten"`
	SumConnected        int64 `json:"sum_ConnectedTime"`
	SumDuration         int64 `json:"sum_DurationMS"`
}

func TestReal(t *testing.T) {
	dir := testtree.Evidence(t, "artifacts2")
	files := 0
	for line := range testtree.Lines(t, filepath.Join(dir, "truth/artifacts2.jsonl.gz")) {
		var want struct {
			File, Kind string
			IDTypes    map[Kind]int          `json:"id_types"`
			Tables     map[string]tableTruth `json:"tables"`
			Odd        map[string][]string   `json:"programs_below_users_or_tmp"`
		}
		if err := json.Unmarshal(line, &want); err != nil || want.Kind != "srum" {
			continue
		}
		files++
		t.Run(want.File, func(t *testing.T) {
			d := open(t, filepath.Join(dir, want.File))
			if got := d.IDs(); !reflect.DeepEqual(got, want.IDTypes) {
				t.Errorf("ids %v, want %v", got, want.IDTypes)
			}
			got := summary(t, d)
			for name, w := range want.Tables {
				if got[name] != w {
					t.Errorf("%s:\n%+v, want\n%+v", name, got[name], w)
				}
			}
			for path := range want.Odd {
				found := false
				for app := range d.Apps() {
					found = found || app.App != nil && app.App.Path == path
				}
				if !found {
					t.Errorf("%s is in no row", path)
				}
			}
		})
	}
	if files != 3 {
		t.Errorf("%d files with a truth", files)
	}
}

func open(t *testing.T, name string) *Database {
	t.Helper()
	b, err := os.ReadFile(name)
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
	return d
}

// summary sums the rows of all tables as the table of truth does.
func summary(t *testing.T, d *Database) map[string]tableTruth {
	m := map[string]tableTruth{}
	apps, users := map[string]map[int32]bool{}, map[string]map[int32]bool{}
	add := func(table string, r Row, err error, f func(*tableTruth)) {
		if err != nil {
			t.Error(err)
			return
		}
		s := m[table]
		at := r.Time.Format("2006-01-02T15:04:05.000Z")
		if s.Rows == 0 || at < s.First {
			s.First = at
		}
		s.Last = max(s.Last, at)
		s.Rows++
		if s.Rows == 1 {
			apps[table], users[table] = map[int32]bool{}, map[int32]bool{}
		}
		apps[table][r.AppID], users[table][r.UserID] = true, true
		s.Apps, s.Users = len(apps[table]), len(users[table])
		if r.App == nil || r.User == nil {
			t.Errorf("%s: id %d or %d is unknown", table, r.AppID, r.UserID)
		}
		if f != nil {
			f(&s)
		}
		m[table] = s
	}
	for r, err := range d.Apps() {
		add(TableApps, r.Row, err, func(s *tableTruth) {
			s.SumForegroundCycles += r.Foreground.Cycles
			s.SumBackgroundCycles += r.Background.Cycles
			s.SumBackgroundRead += r.Background.BytesRead
			s.SumBackgroundWrite += r.Background.BytesWritten
		})
	}
	for r, err := range d.Networks() {
		add(TableNetwork, r.Row, err, func(s *tableTruth) { s.SumSent += r.Sent; s.SumReceived += r.Received })
	}
	for r, err := range d.Connections() {
		add(TableConnections, r.Row, err, func(s *tableTruth) { s.SumConnected += r.Seconds })
	}
	for r, err := range d.Timelines() {
		add(TableTimeline, r.Row, err, func(s *tableTruth) {
			if r.Duration != nil {
				s.SumDuration += *r.Duration
			}
		})
	}
	for r, err := range d.Others() {
		add(r.Table, r.Row, err, nil)
	}
	return m
}
