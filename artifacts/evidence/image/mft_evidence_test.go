package image

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// TestRecordsOfImages reads the $MFT of the packed images of the evidence and
// compares sequence, use, times, names, streams and path of each record with
// the truth table beside it.
func TestRecordsOfImages(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for _, name := range []string{"velociraptor-test.E01", "njctf-1.E01", "plaso-vsstest.qcow2"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "ntfs", "images", name)
			d, err := Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if len(d.Volumes()) != 1 {
				t.Fatalf("%d volumes", len(d.Volumes()))
			}
			v, err := d.Volumes()[0].NTFS()
			if err != nil {
				t.Fatal(err)
			}
			table, err := v.Table(nil)
			if err != nil {
				t.Fatal(err)
			}
			truth := recordTruth(t, strings.TrimSuffix(path, filepath.Ext(path))+".truth.jsonl.gz")
			for r, err := range v.Records(table, false) {
				if err != nil {
					t.Fatal(err)
				}
				if got := recordLine(table, r); got != truth[r.Entry] {
					t.Errorf("entry %d:\n got %s\nwant %s", r.Entry, got, truth[r.Entry])
				}
				delete(truth, r.Entry)
			}
			if len(truth) > 0 {
				t.Errorf("%d records are missing", len(truth))
			}
		})
	}
}

func recordLine(table *ntfs.Table, r *ntfs.Record) string {
	var names, streams []string
	for i := range r.Names {
		names = append(names, fmt.Sprintf("%s %s %d", r.Names[i].Name(), r.Names[i].Parent, r.Names[i].Times))
	}
	for i := range r.Streams {
		streams = append(streams, fmt.Sprint(r.Streams[i].Name(), r.Streams[i].Size))
	}
	slices.Sort(names)
	slices.Sort(streams)
	path, state, ok := table.Path(r)
	if _, rest, cut := strings.Cut(path, ")"); cut && state == ntfs.PathOrphan {
		path = rest
	}
	if !ok || !r.IsBase() {
		path = ""
	}
	return fmt.Sprint(r.Sequence, r.InUse(), [4]uint64(r.Standard.Times), names, streams, strings.ReplaceAll(path, `\`, "/"))
}

func recordTruth(t *testing.T, name string) map[uint64]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[uint64]string{}
	for sc := bufio.NewScanner(z); sc.Scan(); {
		var r struct {
			Entry    uint64
			State    string
			Sequence uint16
			InUse    bool `json:"in_use"`
			SI       [4]uint64
			Names    []struct {
				Name, Parent string
				Times        [4]uint64
			}
			Streams [][3]any
			Path    string
		}
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.State == "no record" {
			continue
		}
		var names, streams []string
		for _, n := range r.Names {
			names = append(names, fmt.Sprintf("%s %s %d", n.Name, n.Parent, n.Times))
		}
		for _, s := range r.Streams {
			streams = append(streams, fmt.Sprint(s[0], uint64(s[1].(float64))))
		}
		slices.Sort(names)
		slices.Sort(streams)
		out[r.Entry] = fmt.Sprint(r.Sequence, r.InUse, r.SI, names, streams, r.Path)
	}
	return out
}
