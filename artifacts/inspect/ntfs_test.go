package inspect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

func fileOf(name string, data []byte) File {
	return File{Path: name, ReaderAt: bytes.NewReader(data), Size: int64(len(data))}
}

// rowsOf reads a file and returns its rows as JSON gives them.
func rowsOf(t *testing.T, f File, opts Options) (rows []map[string]any, err error) {
	t.Helper()
	err = Read(f, "", opts, func(r Row) bool {
		var m map[string]any
		d := json.NewDecoder(bytes.NewReader(r.AppendJSON(nil, f.Path)))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, m)
		return true
	})
	return rows, err
}

func evidenceFiles(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(testtree.Evidence(t, "ntfs", pattern))
	if err != nil || len(list) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	return list
}

// TestMFTRows compares the rows of each loose $MFT of the evidence, key by key,
// with its truth table.
func TestMFTRows(t *testing.T) {
	for _, name := range testcost.Sample(evidenceFiles(t, "mft/*.truth.jsonl.gz"), 4) {
		truth := map[string]map[string]any{}
		sc := bufio.NewScanner(bytes.NewReader(testtree.Unpack(t, name)))
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			var m map[string]any
			d := json.NewDecoder(bytes.NewReader(sc.Bytes()))
			d.UseNumber()
			if err := d.Decode(&m); err != nil {
				t.Fatal(err)
			}
			if m["state"] != "no record" {
				truth[m["entry"].(json.Number).String()] = m
			}
		}
		base := strings.TrimSuffix(name, ".truth.jsonl.gz")
		rows, _ := rowsOf(t, fileOf("$MFT", testtree.Unpack(t, base+".mft.gz")), Options{})
		bad := 0
		for _, got := range rows {
			key := got["entry"].(json.Number).String()
			want := truth[key]
			delete(truth, key)
			if d := differs(want, got); d != "" {
				if bad++; bad < 5 {
					t.Errorf("%s, entry %s: %s\nwant %v\n got %v", filepath.Base(base), key, d, want, got)
				}
			}
		}
		if len(truth) > 0 || bad > 0 {
			t.Errorf("%s: %d rows differ, %d are missing: %v", filepath.Base(base), bad, len(truth), slices.Sorted(maps.Keys(truth)))
		}
	}
}

// differs names the first key of a truth row that the row does not agree with.
func differs(want, got map[string]any) string {
	if want == nil {
		return "no such record"
	}
	for key, w := range want {
		switch key {
		case "disputed":
		case "state":
			if got["damage"] != w {
				return key
			}
		case "path":
			path, _ := got["file_path"].(string)
			if rest, ok := strings.CutPrefix(path, `\$Orphan\(`); ok {
				_, path, _ = strings.Cut(rest, ")")
			}
			if strings.ReplaceAll(path, `\`, "/") != w {
				return key
			}
		case "path_state":
			if (got[key] == "orphan") != (w == "parent gone") {
				return key
			}
		case "names", "streams":
			if !sameSet(w.([]any), live(got[key])) {
				return key
			}
		default:
			if !reflect.DeepEqual(w, got[key]) {
				return key
			}
		}
	}
	return ""
}

// live drops the names from slack.
func live(v any) []any {
	list, _ := v.([]any)
	return slices.DeleteFunc(slices.Clone(list), func(x any) bool {
		m, ok := x.(map[string]any)
		return ok && m["state"] == "slack"
	})
}

func sameSet(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		i := slices.IndexFunc(b, func(y any) bool { return reflect.DeepEqual(x, y) })
		if i < 0 {
			return false
		}
		b = slices.Delete(slices.Clone(b), i, i+1)
	}
	return true
}

// TestUSNRows compares the rows of each journal with the listing on which two
// other readers agree.
func TestUSNRows(t *testing.T) {
	for _, name := range evidenceFiles(t, "usn/*.truth.tsv.gz") {
		lines := strings.Split(strings.TrimSuffix(string(testtree.Unpack(t, name)), "\n"), "\n")
		keys := strings.Split(lines[0], "\t")
		rows, err := rowsOf(t, fileOf("$J", testtree.Unpack(t, strings.TrimSuffix(name, ".truth.tsv.gz")+".j.gz")), Options{})
		if err != nil || len(rows) != len(lines)-1 {
			t.Errorf("%s: %d rows, want %d: %v", filepath.Base(name), len(rows), len(lines)-1, err)
			continue
		}
		for i, row := range rows {
			for k, want := range strings.SplitN(lines[i+1], "\t", len(keys)) {
				got, ok := row[keys[k]].(string)
				if !ok {
					got = row[keys[k]].(json.Number).String()
				}
				if got != want {
					t.Fatalf("%s, row %d: %s is %s, want %s", filepath.Base(name), i, keys[k], got, want)
				}
			}
		}
	}
}

// TestUSNPaths asks for the paths of a journal beside its $MFT.
func TestUSNPaths(t *testing.T) {
	at := time.Date(2026, 3, 6, 17, 50, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at, FirstUSN: 8192})
	dir := v.Mkdir(ntfsmeta.Root, "Public", at)
	file := v.Create(dir, "svchost.tmp", []byte("MZ"), at)
	v.Rename(dir, ntfsmeta.Root, "Hidden", at.Add(time.Minute))
	v.Delete(file, at.Add(time.Hour))
	mft := fileOf("$MFT", v.MFT())
	rows, err := rowsOf(t, fileOf("$J", v.J()), Options{MFT: &mft})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range v.Moments() {
		if rows[i]["file_path"] != m.Path || rows[i]["path_state"] != "whole" {
			t.Errorf("row %d: %v, want %q", i, rows[i], m.Path)
		}
	}
	if len(rows) != len(v.Moments()) {
		t.Errorf("%d rows, want %d", len(rows), len(v.Moments()))
	}
}

// TestDetectNTFS asks which files are taken for which kind.
func TestDetectNTFS(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{})
	v.Mkdir(ntfsmeta.Root, "a", time.Unix(1e9, 0))
	damaged := v.MFT()
	copy(damaged, "BAAD")
	for _, c := range []struct {
		name string
		data []byte
		kind string
	}{
		{"x", v.MFT(), "mft"},
		{"x", damaged, "mft"},
		{"x", v.J(), "usn"},
		{"$UsnJrnl_$J", append(make([]byte, 1<<20), v.J()...), "usn"},
		{"x", []byte("INDX(\x00\x09\x00"), "i30"},
		{"x", []byte("RSTR\x1e\x00\x09\x00"), "logfile"},
		{"x", make([]byte, 8192), ""},
		{"x", []byte("FILEs are not records"), ""},
	} {
		if kind, _ := Detect(fileOf(c.name, c.data)); kind != c.kind {
			t.Errorf("%q with %.4q is %q, want %q", c.name, c.data, kind, c.kind)
		}
	}
}
