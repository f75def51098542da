package ntfs

import (
	"bytes"
	"testing"
)

// TestLogFile reads the logs of the evidence. No other reader has judged what
// is carved; versions and clean dismounts are known.
func TestLogFile(t *testing.T) {
	for _, c := range []struct {
		name, version string
		clean         bool
		records       int // file records, each with a name that $MFT of the volume could hold
	}{
		{"LogFile_7", "1.1", true, 31},
		{"LogFile_10", "2.0", false, 23},
		{"LogFile_10_downgraded", "1.1", true, 19},
		{"jschicht-tiny", "1.1", false, 34},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := evidence(t, "logfile/"+c.name+".bin.gz")
			if !IsLogFile(data) {
				t.Error("not recognised")
			}
			count := map[LogKind]int{}
			unknown := 0
			var last *Restart
			for it, err := range Log(bytes.NewReader(data)) {
				if err != nil {
					t.Fatal(err)
				}
				count[it.Kind]++
				switch {
				case it.Kind == LogRestart:
					if last == nil || it.Restart.CurrentLSN > last.CurrentLSN {
						last = it.Restart
					}
				case it.LSN == 0:
					unknown++
				case it.LSN > last.CurrentLSN:
					t.Errorf("offset %d: LSN %d is after the current one, %d", it.Offset, it.LSN, last.CurrentLSN)
				}
			}
			if last == nil || last.Version != c.version || last.Clean != c.clean {
				t.Errorf("restart page %+v, want version %s, clean %v", last, c.version, c.clean)
			}
			if count[LogRestart] != 2 || count[LogRecord] != c.records || count[LogName] == 0 || count[LogIndex] == 0 {
				t.Errorf("found %v", count)
			}
			t.Logf("%v, %d of them in a log record whose beginning is lost", count, unknown)
		})
	}
	t.Run("empty", func(t *testing.T) {
		for it, err := range Log(bytes.NewReader(evidence(t, "logfile/LogFile_empty.bin.gz"))) {
			if err == nil {
				t.Error(it)
			}
		}
	})
}
