package verify

import (
	"bytes"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	evtxcorpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

// someLog is an event log of several events.
func someLog(t *testing.T) []byte {
	t.Helper()
	var w evtxcorpus.Writer
	var list []evtxcorpus.Event
	for i := range 40 {
		list = append(list, evtxcorpus.Event{
			Provider: "Microsoft-Windows-Security-Auditing", Channel: "Security", Computer: "PC", EventID: 4624,
			Created: time.Date(2026, 3, 6, 18, 0, i, 0, time.UTC),
			Data: []evtxcorpus.Field{
				{Name: "TargetUserName", Value: evtxcorpus.Str("mira")}, {Name: "LogonType", Value: evtxcorpus.U32(3)},
				{Name: "TargetLogonId", Value: evtxcorpus.Value{Type: 0x15, Data: []byte{1, 2, 3, 0, 0, 0, 0, 0}}}, {Name: "Empty", Value: evtxcorpus.Null()},
			},
		})
	}
	return evtxcorpus.Log{Records: w.Records(1, list...)}.Build()
}

// compareBytes compares a log with what the witness makes of other bytes, in
// this process.
func compareBytes(t *testing.T, ours, theirs []byte) *Verdict {
	t.Helper()
	v := &Verdict{Path: "X.evtx", Kind: "evtx"}
	log, err := evtx.Open(bytes.NewReader(ours), int64(len(ours)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := askLog(witnessQuestion{Data: theirs[logHeader:]})
	for i := range log.Chunks() {
		at := logHeader + i*evtx.ChunkSize
		x := &chunkCompare{v: v, bytes: ours[at:min(at+evtx.ChunkSize, len(ours))], start: int64(at), theirs: a.Chunks[i]}
		x.compare(log, evtx.NewDecoder(), i)
	}
	return v
}

// TestLogs: a log agrees with itself, and a witness that read other bytes differs
// in just the field that was changed, with the bytes to decide by.
func TestLogs(t *testing.T) {
	b := someLog(t)
	if v := compareBytes(t, b, b); v.Agreed < 40*8 || v.Differences() > 0 || v.Divergences() > 0 {
		t.Errorf("with itself: %+v", v)
	}
	other := bytes.Replace(b, []byte("m\x00i\x00r\x00a\x00"), []byte("m\x00a\x00r\x00a\x00"), 1)
	v := compareBytes(t, b, other)
	if len(v.Unexplained) != 1 {
		t.Fatalf("%d differences: %+v", len(v.Unexplained), v.Unexplained)
	}
	if d := v.Unexplained[0]; d.Field != "EventData/TargetUserName" || d.Ours != "mira" || d.Theirs != "mara" || d.Bytes != "6d 00 69 00 72 00 61 00 00 00" {
		t.Errorf("%+v", d)
	}
}

// TestLogsDamaged: a record that one of both lacks is a difference where we know
// of no damage, and a known divergence where we do.
func TestLogsDamaged(t *testing.T) {
	b := someLog(t)
	places := evtxcorpus.Places(b)
	bad := bytes.Clone(b)
	bad[places[20]] = 'x' // both end at this record
	if v := compareBytes(t, bad, bad); v.Differences() > 0 || v.Agreed == 0 {
		t.Errorf("damaged for both: %+v", v)
	}
	if v := compareBytes(t, b, bad); v.Differences() != 20 || v.Unexplained[0].Field != "record" {
		t.Errorf("damaged for the witness: %+v", v)
	}
	if v := compareBytes(t, bad, b); v.Differences() > 0 || v.Known[damagedRecord.field+": "+damagedRecord.when] != 20 {
		t.Errorf("damaged for us: %+v", v)
	}
	cut := b[:len(b)-1000]
	if v := compareBytes(t, cut, cut); v.Differences() > 0 || v.Divergences() == 0 {
		t.Errorf("cut: %+v", v)
	}
}
