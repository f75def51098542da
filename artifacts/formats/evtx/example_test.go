package evtx_test

import (
	"bytes"
	"fmt"
	"log"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

// logon is a log of one event.
func logon() []byte {
	var w corpus.Writer
	return corpus.Log{Records: w.Records(1, corpus.Event{
		Provider: "Microsoft-Windows-Security-Auditing", EventID: 4624, Channel: "Security", Computer: "WS-07",
		Created: time.Date(2026, 3, 6, 18, 16, 2, 0, time.UTC),
		Data:    []corpus.Field{{Name: "TargetUserName", Value: corpus.Str("j.doe")}, {Name: "LogonType", Value: corpus.U32(10)}},
	})}.Build()
}

func ExampleFile_Records() {
	b := logon()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		log.Fatal(err)
	}
	for rec, err := range f.Records() {
		if err != nil {
			log.Print(err)
		}
		fmt.Println(rec.Time().Format(time.RFC3339), rec.Channel(), rec.EventID())
		for name, v := range rec.Data() {
			fmt.Println(name, "=", v)
		}
	}
	// Output:
	// 2026-03-06T18:16:02Z Security 4624
	// TargetUserName = j.doe
	// LogonType = 10
}

func ExampleParallel() {
	b := logon()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		log.Fatal(err)
	}
	for events := range evtx.Parallel(f, 2, func(d *evtx.Decoder, chunk int) (events []evtx.Event) {
		for rec, err := range f.Chunk(d, chunk) {
			if err == nil {
				events = append(events, rec.Event())
			}
		}
		return events
	}) {
		for _, e := range events {
			fmt.Println(e.Channel, e.EventID, e.Get("TargetUserName"))
		}
	}
	// Output: Security 4624 j.doe
}
