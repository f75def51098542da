package inspect

import (
	"encoding/json"
	"testing"
	"time"
)

func TestRow(t *testing.T) {
	r := Row{Kind: "evtx", Offset: 4096, State: "recovered", Damage: "no\ttemplate"}
	r.Add("time", time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC))
	r.Add("name", "<a>\u202e")
	r.Add("none", nil)
	r.Add("raw", json.RawMessage(`[["a","b"]]`))
	r.Add("bytes", []byte{1, 0xAB})
	r.Add("count", uint64(1<<63))
	want := `{"kind":"evtx","path":"a.evtx","offset":4096,"state":"recovered","damage":"no\ttemplate",` +
		`"time":"2026-01-02T03:04:05.0000006Z","name":"<a>` + "\u202e" + `","raw":[["a","b"]],"bytes":"01ab","count":9223372036854775808}` + "\n"
	if got := string(r.AppendJSON(nil, "a.evtx")); got != want {
		t.Errorf("JSON:\n%s\nwant\n%s", got, want)
	}
	text := "evtx at 0x1000 (recovered) damaged: no\\u0009template\n  time: 2026-01-02T03:04:05.0000006Z\n" +
		"  name: <a>\\u202e\n  raw: [[\"a\",\"b\"]]\n  bytes: 01ab\n  count: 9223372036854775808\n"
	if got := string(r.AppendText(nil)); got != text {
		t.Errorf("text:\n%s\nwant\n%s", got, text)
	}
}
