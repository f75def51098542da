package ntfs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type truthIndex struct {
	State     string    `json:"state"`
	Block     int64     `json:"block"`
	Namespace uint8     `json:"namespace"`
	Name      string    `json:"name"`
	Parent    string    `json:"parent"`
	Times     [4]uint64 `json:"times"`
	Size      uint64    `json:"size"`
	File      string    `json:"file"`
}

// TestIndexTruth compares the live entries of the collected indexes with the
// bytes' own listing, and asks that the slack holds what another reader found.
func TestIndexTruth(t *testing.T) {
	for _, name := range evidenceNames(t, "i30/*.truth.jsonl.gz", ".truth.jsonl.gz") {
		t.Run(name, func(t *testing.T) {
			var live []truthIndex
			slack := map[string]int{}
			sc := bufio.NewScanner(bytes.NewReader(evidence(t, name+".truth.jsonl.gz")))
			for sc.Scan() {
				var r truthIndex
				if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
					t.Fatal(err)
				}
				if r.State == "live" {
					r.State = ""
					live = append(live, r)
				} else {
					slack[r.Name]++
				}
			}
			var got []truthIndex
			found := map[string]int{}
			n := 0
			for e, err := range IndexEntries(bytes.NewReader(evidence(t, name+".i30.gz")), nil) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Slack {
					found[e.Name.Name()]++
					n++
					continue
				}
				got = append(got, truthIndex{"", e.Block, e.Namespace, e.Name.Name(), e.Parent.String(), e.Times, e.Size, e.File.String()})
			}
			if d := cmp.Diff(live, got); d != "" {
				t.Errorf("live entries (-truth +got):\n%s", d)
			}
			for name, want := range slack {
				if found[name] < want {
					t.Errorf("slack: %q found %d times, the other reader says %d", name, found[name], want)
				}
			}
			for name, have := range found {
				if slack[name] < have {
					t.Logf("slack: %q found %d times, the other reader says %d", name, have, slack[name])
				}
			}
			t.Log(len(live), "live,", n, "in the slack")
		})
	}
}
