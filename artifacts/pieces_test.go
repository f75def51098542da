package artifacts_test

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// A line is a record of the tests' own artifact.
type line struct {
	artifacts.Origin
	Time time.Time `json:"time" event:"Recorded Time"`
	Text string    `json:"text"`
}

// lines makes an artifact of the lines of *.lines, each padded to a size.
func lines(decoded *atomic.Int64, pad int) *artifacts.Artifact {
	filler := strings.Repeat("x", pad)
	return artifacts.Define(artifacts.Artifact{
		Name: "lines", Title: "Line", DataType: "test:line", Proves: artifacts.Present,
		Sources: []artifacts.Source{artifacts.LargeFiles(`%SystemRoot%\*.lines`)},
	}, func(in artifacts.Input, yield func(line) bool) error {
		pos := int64(0)
		s := bufio.NewScanner(in.Stream)
		for s.Scan() {
			decoded.Add(1)
			if !yield(line{in.AtOffset(pos), time.Unix(pos, 0).UTC(), s.Text() + filler}) {
				return nil
			}
			pos += int64(len(s.Bytes())) + 1
		}
		return errors.Join(s.Err(), in.Errorf(in.AtOffset(pos), "the end"))
	})
}

func linesTree(t *testing.T, files map[string]int) *evidence.Tree {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for name, n := range files {
		m["Windows/"+name] = &fstest.MapFile{Data: []byte(strings.Repeat("a line\n", n))}
	}
	return testTree(t, m)
}

func testTree(t *testing.T, m fstest.MapFS) *evidence.Tree {
	t.Helper()
	ev, err := evidence.OpenFS(m, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev.Trees[0]
}

// TestPieces reads sources with many records: they come in pieces, in order, the
// hash and the errors with the last; a small source comes whole.
func TestPieces(t *testing.T) {
	testcost.Again(t)
	files := map[string]int{"a.lines": 30000, "b.lines": 3, "c.lines": 20000}
	for _, jobs := range []int{1, 4} {
		var decoded atomic.Int64
		tree := linesTree(t, files)
		list := []*artifacts.Artifact{lines(&decoded, 0)}
		results, err := artifacts.Run(t.Context(), tree, list, &artifacts.Options{Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		records, pieces := map[string]int{}, map[string]int{}
		var order []string
		ids := map[string]bool{}
		for res := range results {
			name := res.From.Path[strings.LastIndexByte(res.From.Path, '\\')+1:]
			if pieces[name] == 0 {
				order = append(order, name)
			}
			pieces[name]++
			records[name] += len(res.Records)
			whole := sha256.Sum256([]byte(strings.Repeat("a line\n", files[name])))
			sum := hex.EncodeToString(whole[:])
			switch {
			case res.More && (res.From.SHA256 != "" || len(res.Errors) > 0):
				t.Errorf("%s: a piece has what only the last knows: %+v", name, res.From)
			case !res.More && (res.From.SHA256 != sum || len(res.Errors) != 1 || len(res.Records) == 0):
				t.Errorf("%s: the last piece: %+v, %d records, errors %v", name, res.From, len(res.Records), res.Errors)
			}
			for _, r := range res.Records {
				if ids[r.ID] {
					t.Fatalf("two records have the id %s", r.ID)
				}
				ids[r.ID] = true
				if want := map[bool]string{true: sum}[name == "b.lines"]; r.From.SHA256 != want {
					t.Fatalf("%s: a record has the hash %q, want %q", name, r.From.SHA256, want)
				}
			}
		}
		if fmt.Sprint(records) != fmt.Sprint(files) || fmt.Sprint(order) != "[a.lines b.lines c.lines]" {
			t.Errorf("%d jobs: %v in the order %v", jobs, records, order)
		}
		if pieces["a.lines"] < 5 || pieces["b.lines"] != 1 {
			t.Errorf("%d jobs: pieces %v", jobs, pieces)
		}
		for row, err := range output.Timeline(t.Context(), tree, list, nil) {
			if err == nil && len(row.SHA256) != 64 {
				t.Fatalf("a row of the timeline has no hash: %+v", row)
			}
		}
	}
}

// TestPiecesWait stops reading after the first piece: the decoders of large
// files wait, whatever their number, and go away when the reader does.
func TestPiecesWait(t *testing.T) { synctest.Test(t, piecesWait) }

func piecesWait(t *testing.T) {
	var decoded atomic.Int64
	files := map[string]int{}
	for i := range 8 {
		files[fmt.Sprintf("%d.lines", i)] = 50000
	}
	const pad = 10 << 10
	list := []*artifacts.Artifact{lines(&decoded, pad)}
	opts := &artifacts.Options{Jobs: 8, Places: make(chan struct{}, 2)}
	results, err := artifacts.Run(t.Context(), linesTree(t, files), list, opts)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for res := range results {
		if n++; n == 20 {
			break
		}
		if n == 1 {
			synctest.Wait() // until all decoders wait
			if held := decoded.Load() * pad; held > 160<<20 {
				t.Errorf("%d MiB were decoded before anybody read them", held>>20)
			}
		}
		if !res.More {
			t.Errorf("result %d is the last of its source", n)
		}
	}
}

// TestManyLines reads a firewall log of three million lines out of a small zip,
// with a heap that could not hold a tenth of its records.
func TestManyLines(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const count = 3_000_000
	path := filepath.Join(t.TempDir(), "bomb.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("C/Windows/System32/LogFiles/Firewall/pfirewall.log")
	if err != nil {
		t.Fatal(err)
	}
	head := "#Version: 1.5\r\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size " +
		"tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\r\n"
	io.WriteString(w, head)
	part := strings.Repeat("2026-03-06 18:00:00 ALLOW TCP 10.0.0.1 10.0.0.2 49152 443 0 - 0 0 0 - - - SEND\r\n", 1000)
	for range count / 1000 {
		io.WriteString(w, part)
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Size() > 2<<20 {
		t.Fatalf("the zip has %d bytes: %v", st.Size(), err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	list, err := catalogue.Select([]string{"firewalllog"})
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), ev.Trees[0], list, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, peak := 0, uint64(0)
	for res := range results {
		n += len(res.Records)
		for _, e := range res.Errors {
			t.Error(e)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
		if !res.More && len(res.From.SHA256) != 64 {
			t.Error("the last piece has no hash")
		}
	}
	if n != count {
		t.Errorf("%d records, want %d", n, count)
	}
	if peak > 200<<20 {
		t.Errorf("the heap grew to %d MiB", peak>>20)
	}
	t.Logf("heap of at most %d MiB", peak>>20)
}

// TestRandomFiles reads a file from its end, out of a folder, a file system that
// reads only forward, and a zip.
func TestRandomFiles(t *testing.T) {
	data := []byte(strings.Repeat("0123456789", 1000) + "END")
	sum := sha256.Sum256(data)
	tail := artifacts.Define(artifacts.Artifact{
		Name: "tail", Title: "Tail", DataType: "test:tail", Proves: artifacts.Present,
		Sources: []artifacts.Source{artifacts.RandomFiles(`%SystemRoot%\x.db`)},
	}, func(in artifacts.Input, yield func(line) bool) error {
		b := make([]byte, 3)
		_, err := in.Random.ReadAt(b, in.Size-3)
		yield(line{Origin: in.AtOffset(in.Size - 3), Text: string(b)})
		return err
	})
	dir := t.TempDir()
	for _, name := range []string{"Windows/System32/ntdll.dll", "Windows/x.db"} {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	zipped := filepath.Join(t.TempDir(), "a.zip")
	f, err := os.Create(zipped)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("C/Windows/x.db")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	var trees []*evidence.Tree
	for _, path := range []string{dir, zipped} {
		ev, err := evidence.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		trees = append(trees, ev.Trees[0])
	}
	trees = append(trees, testTree(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Windows/x.db": {Data: data}}))
	for i, tree := range trees {
		results, err := artifacts.Run(t.Context(), tree, []*artifacts.Artifact{tail}, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for res := range results {
			for _, e := range res.Errors {
				t.Errorf("tree %d: %v", i, e)
			}
			for _, r := range res.Records {
				n++
				l, ok := artifacts.As[line](&r)
				if !ok || l.Text != "END" || r.From.SHA256 != hex.EncodeToString(sum[:]) || r.From.Offset != int64(len(data)-3) {
					t.Errorf("tree %d: %+v", i, r)
				}
			}
		}
		if n != 1 {
			t.Errorf("tree %d: %d records", i, n)
		}
	}
}

// TestRunList refuses lists that cannot be run.
func TestRunList(t *testing.T) {
	tree := linesTree(t, nil)
	a := lines(new(atomic.Int64), 0)
	for _, list := range [][]*artifacts.Artifact{{nil}, {{Name: "by hand"}}, {a, a}} {
		if _, err := artifacts.Run(t.Context(), tree, list, nil); err == nil {
			t.Errorf("%v was accepted", list)
		}
	}
}

// TestPiecesOfFamily: each piece of each member names the file that it is of.
func TestPiecesOfFamily(t *testing.T) {
	const n = 30000
	even := artifacts.Part[line](artifacts.Artifact{Name: "even", Title: "Even line", DataType: "test:even", Proves: artifacts.Present})
	odd := artifacts.Part[line](artifacts.Artifact{Name: "odd", Title: "Odd line", DataType: "test:odd", Proves: artifacts.Present})
	list := artifacts.Family([]artifacts.Source{artifacts.LargeFiles(`%SystemRoot%\*.lines`)}, func(in artifacts.Input, out *artifacts.Output) error {
		for i := range n {
			a := []*artifacts.Artifact{even, odd}[i%2]
			if !out.Put(a, line{in.AtOffset(int64(i)), time.Unix(int64(i), 0).UTC(), "text"}) {
				return nil
			}
		}
		return nil
	}, even, odd)
	results, err := artifacts.Run(t.Context(), linesTree(t, map[string]int{"a.lines": 3}), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	pieces, records := map[string]int{}, map[string]int{}
	for res := range results {
		if !strings.HasSuffix(res.From.Path, `\a.lines`) {
			t.Errorf("a piece of %s with %d records is of the file %q", res.Artifact.Name, len(res.Records), res.From.Path)
		}
		pieces[res.Artifact.Name]++
		records[res.Artifact.Name] += len(res.Records)
	}
	if pieces["odd"] < 3 || records["odd"] != n/2 || records["even"] != n/2 {
		t.Errorf("pieces %v, records %v", pieces, records)
	}
}
