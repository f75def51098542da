package evtx

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// evidence returns the folder of the shared evidence, or skips.
func evidence(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		tb.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return dir
}

// A truthRecord is one line of a truth table: spec of evidence/evtx/README.md.
type truthRecord struct {
	File    string
	Records int

	Chunk, Off int
	ID         uint64
	T          uint64
	Prov       string
	EID        string
	Made       uint64
	Chan       string
	Comp       string
	SID        string
	Data       [][2]string
}

// eachTruth calls f for each file of a truth table.
func eachTruth(t *testing.T, table string, f func(path string, want []truthRecord)) {
	t.Helper()
	file, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	var want []truthRecord
	path := ""
	flush := func() {
		if path != "" {
			f(path, want)
		}
		want = want[:0]
	}
	for lines.Scan() {
		var r truthRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.File != "" {
			flush()
			path = r.File
			continue
		}
		want = append(want, r)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	flush()
}

// TestTruth compares every record of the shared logs with the truth tables,
// which three independent readers and the bytes themselves settled.
func TestTruth(t *testing.T) {
	dir := evidence(t)
	total, files := 0, 0
	for _, set := range []string{"evtx", "sigma"} {
		eachTruth(t, filepath.Join(dir, set, "truth.jsonl.gz"), func(path string, want []truthRecord) {
			total += len(want)
			if files++; testcost.Samples() && files%20 != 0 {
				return
			}
			compareTruth(t, filepath.Join(dir, set, path), want)
		})
	}
	if total != 62866+118 {
		t.Errorf("the truth tables hold %d records", total)
	}
}

func compareTruth(t *testing.T, path string, want []truthRecord) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(file, info.Size(), nil)
	if err != nil {
		t.Error(err)
		return
	}
	i, bad := 0, 0
	for rec, err := range f.Records() {
		if err != nil {
			t.Logf("%s: %v", path, err)
			continue
		}
		if i == len(want) {
			t.Errorf("%s: more than the %d records of the truth", path, i)
			return
		}
		if diff := truthDiff(rec, &want[i]); diff != "" && bad < 3 {
			bad++
			t.Errorf("%s: record %d: %s", path, rec.ID, diff)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%s: %d records, want %d", path, i, len(want))
	}
}

func truthDiff(rec Record, want *truthRecord) string {
	eid := strconv.Itoa(int(rec.EventID()))
	for _, c := range []struct{ name, got, want string }{
		{"chunk", strconv.Itoa(rec.Chunk), strconv.Itoa(want.Chunk)},
		{"offset", strconv.Itoa(rec.ChunkOffset), strconv.Itoa(want.Off)},
		{"identifier", strconv.FormatUint(rec.ID, 10), strconv.FormatUint(want.ID, 10)},
		{"written", strconv.FormatUint(rec.Written, 10), strconv.FormatUint(want.T, 10)},
		{"made", strconv.FormatUint(rec.Created(), 10), strconv.FormatUint(want.Made, 10)},
		{"provider", rec.Provider(), want.Prov},
		{"event identifier", eid, want.EID},
		{"channel", rec.Channel(), want.Chan},
		{"computer", rec.Computer(), want.Comp},
		{"user", rec.UserSID(), want.SID},
	} {
		if c.got != c.want {
			return c.name + " = " + strconv.Quote(c.got) + ", want " + strconv.Quote(c.want)
		}
	}
	for i := range max(rec.Len(), len(want.Data)) {
		if i == rec.Len() {
			return "lacks " + strconv.Quote(strings.Join(want.Data[i][:], " = "))
		}
		name, v := rec.At(i)
		got := v.String()
		if v.Type == SystemTime {
			got += "Z" // the truth adds a zone; the file has none (section 6)
		}
		if i == len(want.Data) {
			return "too much: " + strconv.Quote(name+" = "+got)
		}
		if name != want.Data[i][0] || got != want.Data[i][1] {
			return strconv.Quote(name+" = "+got) + ", want " + strconv.Quote(strings.Join(want.Data[i][:], " = "))
		}
	}
	return ""
}
