package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// writeFiles writes files into a folder of the test.
func writeFiles(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A dumpedRecord is what the tests below read of a record.
type dumpedRecord struct {
	ID       string `json:"id"`
	Artifact string `json:"artifact"`
	State    string `json:"state"`
}

// dumpRecords returns what `dump` says of evidence, and its exit code.
func dumpRecords(t *testing.T, args ...string) (code int, list []dumpedRecord, said string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"artifactdump", "dump", "--format", "jsonl"}, args...), &out, &errs)
	for line := range bytes.Lines(out.Bytes()) {
		var r dumpedRecord
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return code, list, errs.String()
}

// states counts records by state.
func states(list []dumpedRecord) map[string]int {
	n := map[string]int{}
	for _, r := range list {
		n[r.State]++
	}
	return n
}

// TestEncrypted runs over the incident after a program has encrypted the first part of each file.
func TestEncrypted(t *testing.T) {
	testcost.Again(t)
	for _, c := range []struct {
		kib               int
		live, unreachable int // records at least
	}{
		{4, 500, 0},
		{16, 5, 200},
		{32, 5, 100},
	} {
		dir := writeFiles(t, prefixed("C/", corpus.Incident().Encrypted(c.kib<<10, 1)))
		code, records, said := dumpRecords(t, dir)
		n := states(records)
		if code != 3 || n["live"] < c.live || n["unreachable"] < c.unreachable || n["deleted"] > 1 {
			t.Errorf("%d KiB: exit %d, records %v", c.kib, code, n)
		}
		if !strings.Contains(said, "base block lost") {
			t.Errorf("%d KiB: the lost base block is not named: %.300s", c.kib, said)
		}
		code, kept, _ := dumpRecords(t, "--no-deleted", dir)
		if m := states(kept); code != 3 || m["unreachable"] != n["unreachable"] || m["live"] != n["live"] || m["deleted"] > 0 {
			t.Errorf("%d KiB without deleted records: exit %d, %v, and with them %v", c.kib, code, m, n)
		}
	}
}

func prefixed(prefix string, files map[string][]byte) map[string][]byte {
	out := make(map[string][]byte, len(files))
	for name, b := range files {
		out[prefix+name] = b
	}
	return out
}

// TestEncryptedScan does the whole job over it, and explains a record that the damaged tree does not lead to.
func TestEncryptedScan(t *testing.T) {
	testcost.Again(t)
	dir := writeFiles(t, prefixed("C/", corpus.Incident().Encrypted(16<<10, 1)))
	to := filepath.Join(t.TempDir(), "case")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"artifactdump", "scan", dir, "-o", to}, &out, &errs); code != 3 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	var timeline int64
	for name, b := range listing(t, to) {
		if strings.HasPrefix(path.Base(name), "timeline") {
			timeline += int64(len(b))
		}
	}
	if timeline < 10_000 {
		t.Errorf("the timeline has %d bytes", timeline)
	}
	_, records, _ := dumpRecords(t, dir)
	i := slices.IndexFunc(records, func(r dumpedRecord) bool { return r.State == "unreachable" })
	if i < 0 {
		t.Fatal("no record is unreachable")
	}
	out.Reset()
	code := run(t.Context(), []string{"artifactdump", "explain", dir, records[i].ID}, &out, &errs)
	if code != 0 && code != 3 || !strings.Contains(out.String(), "unreachable record: in use but unreachable") {
		t.Errorf("explain: exit %d, %s", code, out.String())
	}
}

// TestEncryptedLoose puts the same hives without their folders, under names that the program gave them.
func TestEncryptedLoose(t *testing.T) {
	all := corpus.Incident().Encrypted(16<<10, 1)
	loose := map[string][]byte{}
	for name, b := range all {
		switch base := path.Base(name); base {
		case "SYSTEM", "SOFTWARE":
			loose[base+".locked"] = b
		case "NTUSER.DAT":
			if strings.Contains(name, "Users/mira") {
				loose["a0000017"] = b // the name is lost, too
			}
		}
	}
	code, records, said := dumpRecords(t, writeFiles(t, loose))
	seen := map[string]bool{}
	for _, r := range records {
		seen[r.Artifact] = true
	}
	for _, want := range []string{"services", "software"} {
		if !seen[want] {
			t.Errorf("no record of %s among %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
	if code != 3 || states(records)["unreachable"] != len(records) || !strings.Contains(said, "a0000017") {
		t.Errorf("exit %d, %v, %s", code, states(records), said)
	}
}
