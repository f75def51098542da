package prefetch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/prefetch"
)

// wideText is UTF-16LE.
func wideText(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// TestExplain: each field is where it says, with the bytes of its value, in
// each version; and a compressed file is explained as its plain one is.
func TestExplain(t *testing.T) {
	for _, v := range []struct {
		version uint32
		variant int
		last    int // offset of run time 0, by the format document
		runs    int
		count   int
		record  int
	}{
		{scca.XP, 0, 120, 1, 144, 0}, {scca.Win7, 0, 128, 1, 152, 0}, {scca.Win8, 0, 128, 8, 208, 0},
		{scca.Win10, 1, 128, 8, 208, 220}, {scca.Win10, 2, 128, 8, 200, 212}, {scca.Win11, 0, 128, 8, 200, 212},
	} {
		name := fmt.Sprintf("version %d, variant %d", v.version, v.variant)
		s := scca.Sample(v.version, v.variant)
		plain := s.Build()
		b, fields, err := prefetch.Explain(plain, nil)
		if err != nil || !bytes.Equal(b, plain) {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
		byName := map[string]prefetch.Field{}
		for _, f := range fields {
			if f.Offset < 0 || f.Size <= 0 || f.Offset+f.Size > len(b) || f.Name == "" {
				t.Errorf("%s: %+v", name, f)
			}
			if _, twice := byName[f.Name]; twice && f.Name != "unknown" {
				t.Errorf("%s: two fields are named %s", name, f.Name)
			}
			byName[f.Name] = f
		}
		want := map[string]prefetch.Field{
			"format version":  {Offset: 0, Size: 4, Value: fmt.Sprint(v.version)},
			"signature":       {Offset: 4, Size: 4, Value: `"SCCA"`},
			"file size":       {Offset: 12, Size: 4, Value: fmt.Sprint(len(plain))},
			"executable name": {Offset: 16, Size: 60, Value: "CMD.EXE"},
			"prefetch hash":   {Offset: 76, Size: 4, Value: fmt.Sprintf("%08X", scca.Hash(v.version, s.Path))},
			"run time 0":      {Offset: v.last, Size: 8, Value: "2021-09-14T06:25:11.9876543Z"},
			"run count":       {Offset: v.count, Size: 4, Value: "11"},
		}
		if v.record > 0 {
			want["executable record size"] = prefetch.Field{Offset: v.record + 4, Size: 4, Value: byName["executable record size"].Value}
			if f := byName["executable record"]; f.Value != s.Path || !bytes.HasPrefix(b[f.Offset:], wideText(s.Path)) {
				t.Errorf("%s: executable record %+v", name, f)
			}
		}
		for field, w := range want {
			w.Name = field
			if byName[field] != w {
				t.Errorf("%s: %+v, want %+v", name, byName[field], w)
			}
		}
		if _, more := byName[fmt.Sprintf("run time %d", v.runs)]; more {
			t.Errorf("%s: more than %d run times", name, v.runs)
		}
		for i, vol := range s.Volumes {
			prefix := fmt.Sprintf("volume %d ", i)
			path := byName[prefix+"device path"]
			if path.Value != vol.Device || !bytes.Equal(b[path.Offset:path.Offset+path.Size], wideText(vol.Device)) {
				t.Errorf("%s: %+v is not %s", name, path, vol.Device)
			}
			if got := byName[prefix+"serial number"].Value; got != fmt.Sprintf("%08X", vol.Serial) {
				t.Errorf("%s: serial number %s", name, got)
			}
			if got := byName[prefix+"creation time"].Value; got != vol.Created.Format("2006-01-02T15:04:05.0000000Z") {
				t.Errorf("%s: created %s", name, got)
			}
			if got := byName[prefix+"number of directory strings"].Value; got != fmt.Sprint(len(vol.Directories)) {
				t.Errorf("%s: %s directories", name, got)
			}
		}
		s.MAM = true
		packed := s.Build()
		again, same, err := prefetch.Explain(packed, nil)
		if err != nil || !bytes.Equal(again, plain) || !slices.Equal(same, fields) || bytes.Equal(packed, plain) {
			t.Errorf("%s: compressed: %d bytes, %v", name, len(again), err)
		}
		// What is handed out is a copy.
		again[0] ^= 0xFF
		if f, err := prefetch.Parse(packed, nil); err != nil || uint32(f.Version) != v.version {
			t.Errorf("%s: the file changed with its copy: %v", name, err)
		}
	}
}

// TestExplainDamage explains what is there of a damaged file, and nothing of one that is none.
func TestExplainDamage(t *testing.T) {
	s := scca.Sample(scca.Win10, 2)
	plain := s.Build()
	_, all, err := prefetch.Explain(plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for n := 84; n < len(plain); n += 53 {
		b, fields, _ := prefetch.Explain(plain[:n], nil)
		if !bytes.Equal(b, plain[:n]) || len(fields) < last {
			t.Fatalf("%d bytes: %d bytes back, %d fields, before %d", n, len(b), len(fields), last)
		}
		last = len(fields)
		for _, f := range fields {
			if f.Offset+f.Size > n {
				t.Fatalf("%d bytes: %+v", n, f)
			}
		}
	}
	if last < 30 || last > len(all) {
		t.Errorf("%d fields of a file that is almost whole, %d of a whole one", last, len(all))
	}
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte(strings.Repeat("no prefetch file ", 20)), "zeros": make([]byte,
		1000)} {
		if b, fields, err := prefetch.Explain(b, nil); !errors.Is(err, prefetch.ErrNotPrefetch) || b != nil || fields != nil {
			t.Errorf("%s: %d fields, %v", name, len(fields), err)
		}
	}
	// Times that are not set, and those that are none.
	for value, want := range map[byte]string{0: "not set", 0xFF: "no plausible time"} {
		b := bytes.Clone(plain)
		copy(b[136:], bytes.Repeat([]byte{value}, 8)) // run time 1
		_, fields, _ := prefetch.Explain(b, nil)
		i := slices.IndexFunc(fields, func(f prefetch.Field) bool { return f.Name == "run time 1" })
		if i < 0 || !strings.Contains(fields[i].Value, want) {
			t.Errorf("a time of %02X: %+v", value, fields[i])
		}
	}
	s.MAM = true
	packed := s.Build()
	if _, _, err := prefetch.Explain(packed, &prefetch.Options{MaxSize: 100}); err == nil {
		t.Error("no limit")
	} else if limit, ok := errors.AsType[*prefetch.LimitError](err); !ok || limit.Limit != 100 || limit.Need != int64(len(plain)) ||
		!strings.Contains(err.Error(), "raise Options."+limit.Option) {
		t.Errorf("%v", err)
	}
}

// TestRunTimes reads the slots of run times: those that are set, in their order.
func TestRunTimes(t *testing.T) {
	at := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	for _, c := range []struct {
		slots        []time.Time
		last, latest time.Time
		runs         int
	}{
		{nil, time.Time{}, time.Time{}, 0},
		{[]time.Time{at(5)}, at(5), at(5), 1},
		{[]time.Time{at(5), at(9), at(7)}, at(5), at(9), 3}, // the clock was set back
		{[]time.Time{{}, at(3)}, time.Time{}, at(3), 1},
		{[]time.Time{{}, {}}, time.Time{}, time.Time{}, 0},
	} {
		f := prefetch.File{LastRuns: c.slots}
		var runs []time.Time
		for r := range f.Runs() {
			runs = append(runs, r)
		}
		if !f.LastRun().Equal(c.last) || !f.LatestRun().Equal(c.latest) || len(runs) != c.runs || slices.ContainsFunc(runs, time.Time.IsZero) {
			t.Errorf("%v: last %v, latest %v, runs %v", c.slots, f.LastRun(), f.LatestRun(), runs)
		}
	}
	f := prefetch.File{LastRuns: []time.Time{at(1), at(2)}}
	for range f.Runs() {
		break // a reader may stop
	}
}

// TestTraces gives each file its own pages, whatever a damaged entry claims.
func TestTraces(t *testing.T) {
	s := scca.Sample(scca.Win10, 2)
	b := s.Build()
	f, err := prefetch.Parse(b, &prefetch.Options{Traces: true})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i, m := range f.Files {
		traces := f.TracesOf(m)
		if len(traces) != len(s.Files[i].Pages) || m.Bytes() != int64(len(traces))*4096 {
			t.Errorf("%s: %d traces, %d bytes, want %d", m.Name, len(traces), m.Bytes(), len(s.Files[i].Pages))
		}
		for j, tr := range traces {
			if tr.Offset != int64(s.Files[i].Pages[j].Offset) {
				t.Errorf("%s: page %d at %d", m.Name, j, tr.Offset)
			}
		}
		total += len(traces)
	}
	if total != len(f.Traces) || total == 0 {
		t.Errorf("%d traces of files, %d in all", total, len(f.Traces))
	}
	for _, m := range []prefetch.Metric{
		{FirstTrace: uint32(total) + 1}, {FirstTrace: 1<<32 - 1, Traces: 1<<32 - 1}, {FirstTrace: uint32(total), Traces: 5},
	} {
		if got := f.TracesOf(m); len(got) != 0 {
			t.Errorf("%+v: %d traces", m, len(got))
		}
	}
	if got := f.TracesOf(prefetch.Metric{FirstTrace: uint32(total) - 1, Traces: 1<<32 - 1}); len(got) != 1 {
		t.Errorf("past the end: %d traces, want the last one", len(got))
	}
	without, err := prefetch.Parse(b, nil)
	if err != nil || without.Traces != nil || without.TracesOf(without.Files[0]) != nil {
		t.Errorf("traces that nobody asked for: %d, %v", len(without.Traces), err)
	}
}

// TestVolumeNumbers learns which number a volume has from a file that says it.
func TestVolumeNumbers(t *testing.T) {
	s := scca.Sample(scca.Win10, 2)
	f, err := prefetch.Parse(s.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n prefetch.VolumeNumbers
	if n.Of(s.Volumes[0].Device) != nil || len(n.Volumes()) != 0 {
		t.Error("the zero value knows a volume")
	}
	n.Add(f)
	n.Add(f) // once is enough
	if got := n.Of(s.Volumes[0].Device); !slices.Equal(got, []int{2}) {
		t.Errorf("numbers %v of %s", got, s.Volumes[0].Device)
	}
	if got := n.Volumes(); !slices.Equal(got, []string{s.Volumes[0].Device}) {
		t.Errorf("volumes %v", got)
	}
	// The same volume had another number before; the path decides between volumes, and one alone needs no path.
	device := s.Volumes[0].Device
	for _, other := range []prefetch.File{
		{ExecutablePath: `\DEVICE\HARDDISKVOLUME1\A.EXE`, Volumes: []prefetch.Volume{{Device: device}}},
		{ExecutablePath: `\DEVICE\HARDDISKVOLUME9\B.EXE`, Volumes: []prefetch.Volume{{Device: device}, {Device: "x"}}}, // which of them?
		{ExecutablePath: `\DEVICE\HARDDISKVOLUME3`, Volumes: []prefetch.Volume{{Device: device}}},
		{ExecutablePath: `\DEVICE\HARDDISKVOLUME\A.EXE`, Volumes: []prefetch.Volume{{Device: device}}},
		{ExecutablePath: `\DEVICE\HARDDISKVOLUMEx\A.EXE`, Volumes: []prefetch.Volume{{Device: device}}},
		{ExecutablePath: device + `\A.EXE`, Volumes: []prefetch.Volume{{Device: device}}},
		{Volumes: []prefetch.Volume{{Device: device}}},
	} {
		n.Add(&other)
	}
	if got := n.Of(device); !slices.Equal(got, []int{1, 2}) || len(n.Volumes()) != 1 {
		t.Errorf("numbers %v, volumes %v", got, n.Volumes())
	}
	var none *prefetch.VolumeNumbers
	if none.Of(device) != nil {
		t.Error("nil knows a volume")
	}
}

// TestNames has the words for what is counted, also for numbers that have none.
func TestNames(t *testing.T) {
	for v, want := range map[fmt.Stringer]string{
		prefetch.V17: "17 (Windows XP, Server 2003)", prefetch.V31: "31 (Windows 11)", prefetch.Version(99): "99 (unknown)",
		prefetch.KindPrefetch: "prefetch file", prefetch.KindLayout: "Layout.ini", prefetch.FileKind(99): "FileKind(99)",
		prefetch.Verified: "verified", prefetch.Mismatch: "mismatch", prefetch.Status(99): "Status(99)",
		prefetch.BadTime: "BadTime", prefetch.MoreDamage: "MoreDamage", prefetch.Kind(250): "Kind(250)",
	} {
		if v.String() != want {
			t.Errorf("%T: %s, want %s", v, v, want)
		}
	}
	b, err := json.Marshal([]any{prefetch.VerifiedWithHint, prefetch.BadChain})
	if err != nil || string(b) != `["verified-with-hint","BadChain"]` {
		t.Errorf("%s, %v", b, err)
	}
	for kind, want := range map[prefetch.FileKind]bool{prefetch.KindPrefetch: true, prefetch.KindBoot: true, prefetch.KindOperation: true,
		prefetch.KindUnknown: false, prefetch.KindReadyBoot: false, prefetch.KindSuperfetch: false, prefetch.KindLayout: false} {
		if kind.Parsable() != want {
			t.Errorf("%s: parsable %v", kind, !want)
		}
	}
	for status, want := range map[prefetch.Status]bool{prefetch.Verified: true, prefetch.VerifiedWithHint: true,
		prefetch.VerifiedByDictionary: true,
		prefetch.Mismatch:             false, prefetch.NotVerifiable: false} {
		if status.OK() != want {
			t.Errorf("%s: OK %v", status, !want)
		}
	}
	if p := (prefetch.Verification{Candidates: 1 << 20}).FalseMatch(); p != 1.0/4096 {
		t.Errorf("a million candidates match by chance with %v", p)
	}
	e := &prefetch.FormatError{Offset: 7, Struct: "header", Problem: "odd", Err: prefetch.ErrNotPrefetch}
	if e.Position() != 7 || e.Error() != "prefetch: header at offset 7: odd" || !errors.Is(e, prefetch.ErrNotPrefetch) {
		t.Errorf("%v at %d", e, e.Position())
	}
}
