package artifacts_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// collectedArtifacts are those of databases, jump lists, logs and other files that collectors bring, and of
// the keys that were added with them.
var collectedArtifacts = strings.Fields(`wmi jumplists shortcuts taskbarpins pshistory pstranscripts defenderdetections defenderlog quarantine
	srumnetwork srumapps srumconnections srumother bits browserhistory browserdownloads browserextensions webcache timeline remotetools ual searchindex
	weblogs startupinfo clrusage cit appxdebug openssh grouppolicy notepad setupapi notifications rdpcache capabilityaccess schedlgu pfro netsetup netlogonlog
	lastlogon signaturehijack drivers32 explorertools msdtc telemetrycontroller htmlhelp protection bluetooth cloudsync officemru userrights
	shellextensions autostartfiles networkadapters usagetracking`)

// A layout is a way in which collectors store files.
type layout struct {
	name  string
	zip   bool
	place func(name string) string
	more  map[string]string
}

// encoded spells a path as Velociraptor does.
func encoded(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = collect.EncodeComponent(p)
	}
	return strings.Join(parts, "/")
}

var layouts = []layout{
	{name: "KAPE", zip: true, place: func(name string) string { return "C/" + name }},
	{name: "KAPE, in a folder of the machine", place: func(name string) string { return "2026-03-08T021500_KESTREL-PC/C/" + name }},
	{name: "Velociraptor", zip: true, place: func(name string) string { return "uploads/ntfs/%5C%5C.%5CC%3A/" + encoded(name) }, more: map[string]string{"uploads.json": ""}},
	{name: "Velociraptor, two accessors", place: func(name string) string {
		h := fnv.New32() // a database and its log come by different ones
		h.Write([]byte(name))
		if h.Sum32()%2 == 0 {
			return "uploads/auto/C%3A/" + encoded(name)
		}
		return "uploads/ntfs/%5C%5C.%5CC%3A/" + encoded(name)
	}, more: map[string]string{"uploads.json": ""}},
}

// TestLayouts puts the files of the incident where collectors put them: each artifact yields
// the records that it yields of the volume itself, but for the place where they were found.
func TestLayouts(t *testing.T) {
	testcost.Again(t)
	files := corpus.Incident().WithoutMetadata().Files()
	want := layoutRecords(t, writeFolder(t, files, func(name string) string { return name }, nil))
	for _, name := range collectedArtifacts {
		if len(want[name]) == 0 {
			t.Errorf("%s has no record in the incident", name)
		}
	}
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			write := writeFolder
			if l.zip {
				write = writeZip
			}
			sameRecords(t, layoutRecords(t, write(t, files, l.place, l.more)), want)
		})
	}
}

// TestLayoutsReal does the same with databases, logs and lists of real machines.
func TestLayoutsReal(t *testing.T) {
	dir := testtree.EvidenceDir(t) + "/artifacts2/"
	files := map[string][]byte{"Windows/System32/ntdll.dll": {}}
	add := func(to, from string) {
		list, err := filepath.Glob(dir + from)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %v", from, err)
		}
		for _, f := range list {
			if st, err := os.Stat(f); err != nil || st.IsDir() {
				continue
			}
			if name, packed := strings.CutSuffix(filepath.Base(f), ".gz"); packed {
				files[to+name] = testtree.Unpack(t, f)
			} else {
				files[to+name] = testtree.ReadFile(t, f)
			}
		}
	}
	const user, data = "Users/anna/AppData/", "ProgramData/Microsoft/"
	add("Windows/System32/sru/", "srum/win11-rathbunvm-dirty/*")
	add("Windows/System32/wbem/Repository/", "wmi/server2022-attacked/*")
	add(data+"Network/Downloader/", "bits/win11/*")
	add(data+"Search/Data/Applications/Windows/", "search/win11-before/*")
	add(user+"Local/Microsoft/Windows/Notifications/", "notifications/win10/*")
	add(user+"Roaming/Microsoft/Windows/Recent/AutomaticDestinations/", "jumplists/win10-rathbunvm/*.automaticDestinations-ms")
	add("Windows/INF/", "setupapi/win10/*")
	want := layoutRecords(t, writeFolder(t, files, func(name string) string { return name }, nil))
	for name, least := range map[string]int{"srumnetwork": 143, "srumapps": 662, "wmi": 5, "bits": 4, "searchindex": 1000, "notifications": 8, "jumplists": 20, "setupapi": 25} {
		if len(want[name]) < least {
			t.Errorf("%s: %d records, want at least %d", name, len(want[name]), least)
		}
	}
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) { sameRecords(t, layoutRecords(t, writeFolder(t, files, l.place, l.more)), want) })
	}
}

func writeFolder(t *testing.T, files map[string][]byte, place func(string) string, more map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		write(place(name), data)
	}
	for name, data := range more {
		write(name, []byte(data))
	}
	return dir
}

// layoutRecords returns the records of each artifact with what they are about: their fields, account,
// proof, state and times.
func layoutRecords(t *testing.T, path string) map[string]map[string]int {
	t.Helper()
	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	if len(ev.Trees) != 1 {
		t.Fatalf("%d machines", len(ev.Trees))
	}
	for _, err := range ev.Trees[0].Problems() {
		t.Error(err)
	}
	var list []*artifacts.Artifact
	for _, a := range catalogue.All() {
		if slices.Contains(collectedArtifacts, a.Name) {
			list = append(list, a)
		}
	}
	if len(list) != len(collectedArtifacts) {
		t.Fatalf("%d artifacts of %d", len(list), len(collectedArtifacts))
	}
	results, err := artifacts.Run(t.Context(), ev.Trees[0], list, &artifacts.Options{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]int{}
	for res := range results {
		for i := range res.Records {
			r := &res.Records[i]
			data, err := json.Marshal(r.Data)
			if err != nil {
				t.Fatal(err)
			}
			if out[r.Artifact.Name] == nil {
				out[r.Artifact.Name] = map[string]int{}
			}
			var times []string
			for _, e := range r.Events() {
				times = append(times, fmt.Sprintf("%s %s %t", e.Kind, e.Time, e.Local))
			}
			out[r.Artifact.Name][fmt.Sprintf("%s\n%s %s %s %s", data, r.User.Name, r.Proof(), r.From.State, times)]++
		}
		for _, e := range res.Errors {
			out[res.Artifact.Name+" errors"] = map[string]int{e.Err.Error(): 1}
		}
	}
	return out
}

func sameRecords(t *testing.T, got, want map[string]map[string]int) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if maps.Equal(got[name], want[name]) {
			continue
		}
		for r, n := range want[name] {
			if got[name][r] != n {
				t.Errorf("%s: %d times instead of %d: %.600s", name, got[name][r], n, r)
				break
			}
		}
		t.Errorf("%s: %d different records, want %d", name, len(got[name]), len(want[name]))
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("%s: %d records, want none", name, len(got[name]))
		}
	}
}
