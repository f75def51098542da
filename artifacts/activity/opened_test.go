package activity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

// realLists lays the real jump lists of one machine out as in a profile.
func realLists(t *testing.T, folder string) fstest.MapFS {
	t.Helper()
	dir := filepath.Join(testtree.EvidenceDir(t), "artifacts2", "jumplists", folder)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		kind := "AutomaticDestinations/"
		if strings.Contains(f.Name(), ".custom") {
			kind = "CustomDestinations/"
		}
		m["Users/x/AppData/Roaming/Microsoft/Windows/Recent/"+kind+f.Name()] = &fstest.MapFile{Data: b}
	}
	return m
}

// TestJumpListsReal reads the lists of a Windows 10: nine items of Explorer,
// four of them pinned, the newest as the shared truth says.
func TestJumpListsReal(t *testing.T) {
	recs, errs := testtree.Found(t, realLists(t, "win10-rathbunvm"), jumpLists)
	testtree.NoErrors(t, errs)
	n, pinned, newest := 0, 0, time.Time{}
	for i := range recs {
		r := recs[i].Data.(JumpListItem)
		if r.ProgramID != "f01b4d95cf55d32a" || r.Kind != "automatic" {
			continue
		}
		n++
		if r.Pinned {
			pinned++
		}
		if r.Opened.After(newest) {
			newest = r.Opened
		}
		if r.ListProgram != "Windows Explorer" || r.ProgramSource != "listed" || r.Version != 4 || recs[i].From.Offset == 0 {
			t.Errorf("%+v", r)
		}
	}
	if n != 9 || pinned != 4 || newest.Format(time.RFC3339Nano) != "2022-02-08T20:44:20.6000878Z" {
		t.Errorf("%d items, %d pinned, newest %v", n, pinned, newest)
	}
	recs, errs = testtree.Found(t, realLists(t, "win2012r2-stolenszechuan"), jumpLists)
	testtree.NoErrors(t, errs)
	for _, r := range recs {
		if j := r.Data.(JumpListItem); j.Path == `C:\FileShare\Secret\Beth_Secret.txt` && j.Host == "citadel-dc01" && j.ListProgram == "Notepad" {
			return
		}
	}
	t.Error("Beth_Secret.txt is in no list of Notepad")
}

// TestJumpListProgram computes the program of a list from what the machine
// names; without its hives the built-in names are all there is.
func TestJumpListProgram(t *testing.T) {
	for _, c := range []struct{ cases, source string }{{"users software accounts system amcache amcachefiles", "computed"}, {"users", "listed"}} {
		recs, errs := testtree.Found(t, testtree.Incident(t, append(strings.Fields(c.cases), "jumplists")...), jumpLists)
		testtree.NoErrors(t, errs)
		if len(recs) != 4 {
			t.Fatalf("%d records", len(recs))
		}
		r := recs[0].Data.(JumpListItem)
		if r.ProgramSource != c.source || !strings.HasSuffix(strings.ToLower(r.ProgramName), `}\notepad.exe`) {
			t.Errorf("%s: %q %q", c.cases, r.ProgramSource, r.ProgramName)
		}
		if recs[2].From.State != artifacts.Deleted || recs[2].Data.(JumpListItem).Target != `C:\Users\mira\Documents\draft.txt` || len(recs[2].Events()) != 0 {
			t.Errorf("the removed item: %+v", recs[2])
		}
		if ev := recs[1].Events(); len(ev) != 1 || ev[0].Kind != "Last Visited Time" || ev[0].Local {
			t.Errorf("events %+v", ev)
		}
	}
}

func TestJumpListDamaged(t *testing.T) {
	const name = "Users/mira/AppData/Roaming/Microsoft/Windows/Recent/AutomaticDestinations/9b9cdc69c1c24e2b.automaticDestinations-ms"
	whole := corpus.NewMachine().With("jumplists").Files()[name]
	m := fstest.MapFS{name: {Data: whole[:len(whole)/2]}, "Windows/System32/ntdll.dll": {}}
	if _, errs := testtree.Found(t, m, jumpLists); len(errs) == 0 {
		t.Error("half a list is no damage")
	}
	m[name] = &fstest.MapFile{Data: []byte("nothing of the kind")}
	if recs, errs := testtree.Found(t, m, jumpLists); len(errs) != 1 || len(recs) != 0 {
		t.Errorf("%d records, %v", len(recs), errs)
	}
}

func TestShortcuts(t *testing.T) {
	link := shelllink.Link{Target: `E:\tools\x.exe`, Serial: 0x1234ABCD, Label: "STICK", Arguments: "/q", Machine: "other-pc"}
	m := fstest.MapFS{
		"Windows/System32/ntdll.dll":                                                     {},
		"Users/mira/AppData/Roaming/Microsoft/Windows/Recent/x.lnk":                      {Data: link.Build()},
		"Users/mira/AppData/Roaming/Microsoft/Internet Explorer/Quick Launch/a/b/y.lnk":  {Data: link.Build()},
		"Users/mira/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/z.lnk": {Data: link.Build()},
		"ProgramData/Microsoft/Windows/Start Menu/Programs/Tools/w.lnk":                  {Data: link.Build()},
		"Users/mira/AppData/Roaming/Microsoft/Office/Recent/bad.lnk":                     {Data: link.Build()[:90]},
		"Users/mira/AppData/Roaming/Microsoft/Windows/Recent/text.lnk":                   {Data: []byte("no link")},
	}
	recs, errs := testtree.Found(t, m, shortcuts)
	places := map[string]Shortcut{}
	for _, r := range recs {
		s := r.Data.(Shortcut)
		places[s.Place] = s
	}
	if len(recs) != 4 || len(errs) != 2 || len(places) != 4 {
		t.Errorf("%d records of %v, %d errors", len(recs), places, len(errs))
	}
	r := places["recent"]
	if r.Target != `E:\tools\x.exe` || r.Arguments != "/q" || r.Serial != "1234ABCD" || r.Label != "STICK" || r.DriveType != "fixed" || r.LinkMachine != "other-pc" || r.Program() != r.Target {
		t.Errorf("%+v", r)
	}
	if r.Proof() != artifacts.Interacted || places["start menu"].Proof() != artifacts.Present {
		t.Error("only Recent shows that something was opened")
	}
}
