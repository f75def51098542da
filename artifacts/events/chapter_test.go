package events_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
)

// TestOnce: all artifacts of the chapter together give what each gives alone, and
// a record belongs to one of them.
func TestOnce(t *testing.T) {
	results, err := artifacts.Run(t.Context(), testtree.Tree(t, corpus.Incident().Files()), events.Artifacts(), &artifacts.Options{Jobs: 3})
	if err != nil {
		t.Fatal(err)
	}
	together, places := map[string][]string{}, map[string]string{}
	logs, read, passed := 0, 0, 0
	for res := range results {
		if res.Artifact == nil {
			continue
		}
		for i := range res.Records {
			r := &res.Records[i]
			if r.Artifact != res.Artifact {
				t.Fatalf("a record of %s in a result of %s", r.Artifact.Name, res.Artifact.Name)
			}
			if r.From.SHA256 == "" {
				t.Errorf("%s %s has no hash", r.Artifact.Name, r.From.Path)
			}
			together[r.Artifact.Name] = append(together[r.Artifact.Name], r.ID)
			if f, ok := r.Data.(events.EvtxFile); ok {
				logs, read = logs+1, read+f.Read
				continue
			}
			e, _ := r.Data.(events.Event)
			passed += len(e.Numbers())
			at := fmt.Sprint(r.From.Path, r.From.Offset)
			if other := places[at]; other != "" {
				t.Errorf("%s is a record of %s and of %s", at, other, r.Artifact.Name)
			}
			places[at] = r.Artifact.Name
		}
	}
	if logs == 0 || read != passed {
		t.Errorf("%d records of %d logs were read, %d passed on", read, logs, passed)
	}
	fsys := corpus.Incident().FS()
	for _, a := range events.Artifacts() {
		recs, _ := testtree.Found(t, fsys, a)
		var alone []string
		for _, r := range recs {
			alone = append(alone, r.ID)
		}
		if !slices.Equal(alone, together[a.Name]) {
			t.Errorf("%s: %d records alone, %d together, or other ids", a.Name, len(alone), len(together[a.Name]))
		}
	}
}

// TestFilter reads the values of --events.
func TestFilter(t *testing.T) {
	kinds := events.Kinds()
	at := func(channel string, id uint32) *events.Event {
		i := slices.IndexFunc(kinds, func(k *events.Kind) bool { return k.Channel == channel && k.ID == id })
		k := kinds[i]
		return &events.Event{Record: events.Record{Channel: k.Channel, Provider: k.Provider, ID: k.ID}, Kind: k}
	}
	high, low := at("Security", 4624), at("Security", 4611)
	unknown := &events.Event{Record: events.Record{Channel: "A/B", Provider: "C:D", ID: 7}}
	for s, want := range map[string][3]bool{
		"": {true, false, false}, "default": {true, false, false}, "ALL": {true, true, true}, "none": {},
		"security": {true, true, false}, "a/b,Microsoft-Windows-Security-Auditing:4611": {false, true, true}, "c:d:7": {false, false, true}, "c:d:8": {},
	} {
		f, err := events.ParseFilter(s)
		if err != nil {
			t.Fatal(err)
		}
		if have := [3]bool{f.Shows(high), f.Shows(low), f.Shows(unknown)}; have != want {
			t.Errorf("%q shows %v, want %v", s, have, want)
		}
	}
	for _, s := range []string{"a,,b", ":7", "security:x", "security:70000"} {
		if _, err := events.ParseFilter(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
}

// TestQuiet: records that are not shown reach rules, without a row.
func TestQuiet(t *testing.T) {
	none, err := events.ParseFilter("none")
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), testtree.Tree(t, corpus.Incident().Files()), events.Artifacts(), &artifacts.Options{Quiet: none.Quiet})
	if err != nil {
		t.Fatal(err)
	}
	quiet, shown := 0, 0
	for res := range results {
		for i := range res.Records {
			if res.Records[i].Quiet {
				quiet++
			} else if shown++; res.Artifact.Name != "evtxfiles" {
				t.Errorf("%s shows %s", res.Artifact.Name, res.Records[i].Summary())
			}
		}
	}
	if quiet == 0 || shown == 0 {
		t.Errorf("%d records are quiet, %d shown", quiet, shown)
	}
}
