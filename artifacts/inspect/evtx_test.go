package inspect

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

func evtxLog() []byte {
	var w corpus.Writer
	e := corpus.Event{
		Provider: "P", GUID: "{01234567-89AB-CDEF-0123-456789ABCDEF}", EventID: 7, Version: 1, Level: 4, Keywords: 0x80,
		Channel: "C", Computer: "M", Created: time.Date(2026, 3, 6, 18, 16, 2, 100, time.UTC), UserSID: "S-1-5-18", ProcessID: 4, ThreadID: 8,
		Data: []corpus.Field{{Name: "a", Value: corpus.Str("x\"y")}, {Value: corpus.U32(5)}, {Name: "a", Value: corpus.Bool(2)}},
	}
	return corpus.Log{Records: w.Records(1, e, e, e)}.Build()
}

func evtxRows(t *testing.T, b []byte, kind string, opts Options) (lines []string, err error) {
	t.Helper()
	f := File{Path: "a.evtx", ReaderAt: bytes.NewReader(b), Size: int64(len(b))}
	err = Read(f, kind, opts, func(r Row) bool {
		lines = append(lines, string(r.AppendJSON(nil, f.Path)))
		return true
	})
	return lines, err
}

func TestEVTX(t *testing.T) {
	lines, err := evtxRows(t, evtxLog(), "", Options{})
	want := `{"kind":"evtx","path":"a.evtx","offset":4608,"record_id":1,"filetime":134172945620000001,"time":"2026-03-06T18:16:02.0000001Z",` +
		`"written":134172945620000001,"chunk":0,"chunk_offset":512,"provider":"P","provider_guid":"{01234567-89AB-CDEF-0123-456789ABCDEF}",` +
		`"event_id":7,"version":1,"level":4,"task":0,"opcode":0,"keywords":"0x80","channel":"C","computer":"M","user_sid":"S-1-5-18",` +
		`"process_id":4,"thread_id":8,"data":[["a","x\"y"],["","5"],["a","true"]]}` + "\n"
	if err != nil || len(lines) != 3 || lines[0] != want {
		t.Errorf("%d rows, %v\n%s\nwant\n%s", len(lines), err, lines[0], want)
	}
}

func TestEVTXDamaged(t *testing.T) {
	hidden := evtxLog()
	corpus.Hide(hidden, 1)
	lost := evtxLog()
	corpus.LoseHeader(lost)
	torn := evtxLog()
	torn = torn[:corpus.Places(torn)[2]+40]
	for _, c := range []struct {
		name, kind string
		data       []byte
		opts       Options
		rows       int
		state      string
		damaged    bool
	}{
		{"chunk", "", evtxLog()[4096:], Options{}, 3, "", false},
		{"lost header", "evtx", lost, Options{}, 3, "", true},
		{"torn", "", torn, Options{}, 2, "", true},
		{"hidden", "", hidden, Options{}, 2, "", false},
		{"hidden", "", hidden, Options{Recovered: true}, 3, `"state":"hidden"`, false},
	} {
		lines, err := evtxRows(t, c.data, c.kind, c.opts)
		if len(lines) != c.rows || (err != nil) != c.damaged || !strings.Contains(strings.Join(lines, ""), c.state) {
			t.Errorf("%s: %d rows, %v", c.name, len(lines), err)
		}
	}
	if _, err := evtxRows(t, make([]byte, 9000), "evtx", Options{}); err == nil {
		t.Error("no error for a file without chunks")
	}
}

// TestEVTXReal lists the shared logs of the Sigma cases: every row is JSON with
// the keys that others rely on.
func TestEVTXReal(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	names, _ := filepath.Glob(filepath.Join(dir, "sigma", "logs", "*", "*.evtx"))
	n := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := evtxRows(t, b, "", Options{Recovered: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, line := range lines {
			var row struct {
				RecordID uint64 `json:"record_id"`
				Filetime uint64
				Time     time.Time
				EventID  *uint16 `json:"event_id"`
				Channel  string
				State    string
				Data     [][2]string
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatalf("%s: %v in %s", name, err, line)
			}
			if row.State == "" {
				n++
				if row.RecordID == 0 || row.Filetime == 0 || row.Time.Year() < 2000 || row.EventID == nil || row.Channel == "" {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
	}
	if n != 118 {
		t.Errorf("%d live records, want 118", n)
	}
}
