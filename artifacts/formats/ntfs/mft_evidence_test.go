package ntfs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/google/go-cmp/cmp"
)

// evidence opens a file of the shared evidence, unpacked.
func evidence(tb testing.TB, name string) []byte {
	tb.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		tb.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	b, err := os.ReadFile(filepath.Join(dir, "ntfs", filepath.FromSlash(name)))
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		tb.Fatal(err)
	}
	return b
}

// evidenceNames lists the files of a folder of the evidence that have a truth
// table, without endings.
func evidenceNames(tb testing.TB, pattern, suffix string) []string {
	tb.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		tb.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	list, err := filepath.Glob(filepath.Join(dir, "ntfs", filepath.FromSlash(pattern)))
	if err != nil || len(list) == 0 {
		tb.Fatalf("no %s in the evidence: %v", pattern, err)
	}
	for i, p := range list {
		rel, _ := filepath.Rel(filepath.Join(dir, "ntfs"), p)
		list[i] = strings.TrimSuffix(filepath.ToSlash(rel), suffix)
	}
	return list
}

// A truthName and a truthRecord are rows of the truth tables.
type truthName struct {
	Namespace uint8     `json:"namespace"`
	Name      string    `json:"name"`
	Parent    string    `json:"parent"`
	Times     [4]uint64 `json:"times"`
}

type truthRecord struct {
	Entry      uint64      `json:"entry"`
	State      string      `json:"state"`
	Sequence   uint16      `json:"sequence"`
	InUse      bool        `json:"in_use"`
	Directory  bool        `json:"directory"`
	Base       string      `json:"base"`
	Links      uint16      `json:"links"`
	LSN        uint64      `json:"lsn"`
	SI         *[4]uint64  `json:"si"`
	Attributes uint32      `json:"attributes"`
	USN        uint64      `json:"usn"`
	Names      []truthName `json:"names"`
	Streams    [][3]any    `json:"streams"`
	Reparse    string      `json:"reparse"`
	Zone       string      `json:"zone_identifier"`
	Path       string      `json:"path"`
	PathState  string      `json:"path_state"`
	Damage     string      `json:"damage"`
	Disputed   []string    `json:"disputed"`
}

func readTruth(tb testing.TB, name string) []truthRecord {
	tb.Helper()
	var out []truthRecord
	sc := bufio.NewScanner(bytes.NewReader(evidence(tb, name)))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var r truthRecord
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			tb.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// truthOf writes a record as the truth tables do.
func truthOf(t *Table, r *Record) truthRecord {
	out := truthRecord{
		Entry: r.Entry, Sequence: r.Sequence, InUse: r.InUse(), Directory: r.Flags&flagDir != 0,
		Links: r.Links, LSN: r.LSN, Attributes: r.Standard.Attributes, USN: r.Standard.USN,
	}
	if r.Damage&Baad != 0 {
		return truthRecord{Entry: r.Entry, State: "BAAD"}
	}
	if r.Damage&Torn != 0 {
		out.Damage = "torn"
	}
	if !r.IsBase() {
		out.Base = r.Base.String()
	}
	if r.HasStandard {
		si := [4]uint64(r.Standard.Times)
		out.SI = &si
	}
	for i := range r.Names {
		n := &r.Names[i]
		out.Names = append(out.Names, truthName{n.Namespace, n.Name(), n.Parent.String(), n.Times})
	}
	for i := range r.Streams {
		s := &r.Streams[i]
		where := "clusters"
		if s.Resident {
			where = "resident"
		}
		out.Streams = append(out.Streams, [3]any{s.Name(), float64(s.Size), where})
	}
	if r.ReparseTag != 0 {
		out.Reparse = fmt.Sprintf("0x%08x", r.ReparseTag)
	}
	if z := r.ZoneIdentifier(); z != nil {
		for _, c := range z.Value {
			out.Zone += string(rune(c))
		}
	}
	if path, state, ok := t.Path(r); ok && r.IsBase() {
		out.PathState = "whole"
		if state == PathOrphan {
			out.PathState = "parent gone"
			path = path[strings.IndexByte(path, ')')+1:]
		}
		out.Path = strings.ReplaceAll(path, `\`, "/")
	}
	return out
}

func (r *truthRecord) sort() {
	slices.SortFunc(r.Names, func(a, b truthName) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	slices.SortFunc(r.Streams, func(a, b [3]any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// compareMFT compares a $MFT with its truth table.
func compareMFT(t *testing.T, open func() io.Reader, opts RecordOptions, truth []truthRecord) (records, disputed int) {
	t.Helper()
	table, err := ReadTable(open(), &opts, nil)
	if err != nil {
		t.Log(err)
	}
	got := map[uint64]truthRecord{}
	opts.Table = table
	for r, err := range Records(open(), &opts) {
		if err != nil {
			t.Log(err)
			break
		}
		got[r.Entry] = truthOf(table, r)
	}
	bad := 0
	for _, want := range truth {
		have, ok := got[want.Entry]
		delete(got, want.Entry)
		if want.State == "no record" {
			if ok {
				t.Errorf("entry %d: a record where there is none: %+v", want.Entry, have)
			}
			continue
		}
		records++
		if len(want.Disputed) > 0 {
			disputed++
		}
		want.Disputed = nil
		want.sort()
		have.sort()
		if reflect.DeepEqual(want, have) { // which cmp takes much longer to see
			continue
		}
		if d := cmp.Diff(want, have); d != "" {
			if bad++; bad < 10 {
				t.Errorf("entry %d (-truth +got):\n%s", want.Entry, d)
			}
		}
	}
	if bad > 0 || len(got) > 0 {
		t.Errorf("%d of %d records differ, %d are not in the truth table", bad, records, len(got))
	}
	return records, disputed
}

// TestMFTTruth compares every loose $MFT of the evidence, every record of it,
// with the tables on which three other readers agree.
func TestMFTTruth(t *testing.T) {
	records, disputed := 0, 0
	for _, name := range testcost.Sample(evidenceNames(t, "mft/*.truth.jsonl.gz", ".truth.jsonl.gz"), 4) {
		t.Run(name, func(t *testing.T) {
			data := evidence(t, name+".mft.gz")
			n, d := compareMFT(t, func() io.Reader { return bytes.NewReader(data) }, RecordOptions{}, readTruth(t, name+".truth.jsonl.gz"))
			records, disputed = records+n, disputed+d
		})
	}
	t.Logf("%d records, %d of them disputed between other readers", records, disputed)
}

// partition is where the volume begins in images that are not a volume alone.
var partition = map[string]int64{"images/dfir-index": 128 * 512}

// TestVolumeMFTTruth compares the $MFT of every raw image, read through the
// volume, with its truth table.
func TestVolumeMFTTruth(t *testing.T) {
	for _, name := range []string{"ads-same-ids.dd", "jschicht-tiny.dd", "colinfinck-testfs1.raw", "dfir-index.raw", "ntfs3.raw"} {
		base := "images/" + name[:strings.LastIndexByte(name, '.')]
		t.Run(name, func(t *testing.T) {
			img := evidence(t, "images/"+name+".gz")[partition[base]:]
			v := mustOpen(t, img, nil)
			open := func() io.Reader { return v.MFT() }
			n, _ := compareMFT(t, open, RecordOptions{RecordSize: v.RecordSize()}, readTruth(t, base+".truth.jsonl.gz"))
			t.Log(n, "records")
		})
	}
}

// TestSlackOfDamagedVolume finds the long names that six records of a damaged
// volume hold only after their used part. One other reader takes them for
// names of the file; the truth tables list them as disputed.
func TestSlackOfDamagedVolume(t *testing.T) {
	_, all := readAll(t, evidence(t, "mft/xways-damaged.mft.gz"))
	for entry, want := range map[uint64]string{
		179: "Reisebericht_Kenya_Safari_Reise_24.02_-_09.03.2005.doc", 180: "Schließfach.jpg",
		532: "分歧加大 沪深大盘重演天量震荡 UTF-8.txt", 546: "Pressetext07-01.doc",
		554: "NST-EST2006-01.xls", 557: "Angel H. Angelov.doc",
	} {
		if s := all[entry].SlackNames; len(s) != 1 || s[0].Name() != want {
			t.Errorf("entry %d: %d names in the slack, want %q", entry, len(s), want)
		}
	}
	for _, entry := range []uint64{179, 180, 496, 524, 531, 532, 546, 554, 557, 566, 567, 568} {
		if r := all[entry]; len(r.SlackStreams) == 0 {
			t.Errorf("entry %d: no stream in the slack", entry)
		}
	}
}
