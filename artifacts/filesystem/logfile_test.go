package filesystem_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// logPage is a page of $LogFile with some bytes, each at a multiple of 64.
func logPage(list ...[]byte) []byte {
	const sectors, fixups = 8, 40
	b := make([]byte, 512*sectors)
	copy(b, "RCRD")
	binary.LittleEndian.PutUint16(b[4:], fixups)
	binary.LittleEndian.PutUint16(b[6:], sectors+1)
	at := 128
	for _, x := range list {
		at += (copy(b[at:], x) + 63) &^ 63
	}
	b[fixups] = 1
	for i := 1; i <= sectors; i++ {
		end := b[512*i-2 : 512*i]
		copy(b[fixups+2*i:], end)
		end[0], end[1] = 1, 0
	}
	return b
}

// TestLogFileOnce: what the log holds is shown once, and not when the file table or the
// change journal shows it; all of it when everything is asked for.
func TestLogFileOnce(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made, FirstUSN: 1 << 20})
	tool := v.Create(ntfsmeta.Root, "tool.exe", nil, made.Add(time.Hour))
	v.Create(ntfsmeta.Root, "notes.doc", nil, made.Add(2*time.Hour))
	mft, journal := v.MFT(), v.J()
	change := journal[:binary.LittleEndian.Uint32(journal)]
	record := mft[int(tool&(1<<48-1))*1024:][:1024]
	older := append([]byte(nil), record...)
	binary.LittleEndian.PutUint64(older[8:], 77) // LSN
	log := append(v.LogFile(), logPage(change, record, change)...)
	before := append(v.LogFile(), logPage(older, older, change)...)

	const changes, records = "journal record", "file record"
	for name, c := range map[string]struct {
		files map[string][]byte
		full  bool
		want  map[string]int
	}{
		"alone":          {map[string][]byte{"C/$LogFile": log}, false, map[string]int{changes: 1, records: 1}},
		"all":            {map[string][]byte{"C/$LogFile": log, "C/$MFT": mft, "C/$Extend/$J": journal}, true, map[string]int{changes: 2, records: 1}},
		"journal":        {map[string][]byte{"C/$LogFile": log, "C/$Extend/$J": journal}, false, map[string]int{records: 1}},
		"file table":     {map[string][]byte{"C/$LogFile": log, "C/$MFT": mft}, false, map[string]int{changes: 1}},
		"both":           {map[string][]byte{"C/$LogFile": log, "C/$MFT": mft, "C/$Extend/$J": journal}, false, map[string]int{}},
		"older record":   {map[string][]byte{"C/$LogFile": before, "C/$MFT": mft, "C/$Extend/$J": journal}, false, map[string]int{records: 1}},
		"other volume":   {map[string][]byte{"C/$LogFile": log, "D/$MFT": mft, "D/$Extend/$J": journal}, false, map[string]int{changes: 1, records: 1}},
		"deleted record": {map[string][]byte{"C/$LogFile": log, "C/$MFT": mft[:1024*24]}, false, map[string]int{changes: 1, records: 1}},
	} {
		c.files["C/Windows/System32/config/SYSTEM"] = nil
		got := map[string]int{}
		for _, x := range of[filesystem.LogItem](decode(t, c.files, &artifacts.Options{Full: c.full})) {
			if x.Kind == changes || x.Kind == records {
				got[x.Kind]++
			}
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %s, want %s", name, fmt.Sprint(got), fmt.Sprint(c.want))
		}
	}
}
