package activity_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
)

// TestListsReal counts the records of real hives. The numbers of values are those
// that the truth tables have.
func TestListsReal(t *testing.T) {
	const old, new, wsl, xp = "hives/regipy/NTUSER.DAT", "hives/regipy/NTUSER_with_winscp.DAT", "hives/regipy/NTUSER-WSL.DAT",
		"hives/velo/ntuser.dat"
	for _, c := range []struct {
		artifact, file string
		want           int
		first          string
	}{
		{"readinglocations", new, 6, ""},
		{"taskbarpins", old, 3, `[{1F3427C8-5C10-4210-AA03-2EE45287D668}\TaskBar\Internet Explorer.lnk] position 1`},
		{"taskbarpins", new, 2, ""}, {"taskbarpins", wsl, 4, ""}, {"taskbarpins", xp, 0, ""},
		{"programscache", old, 141, ""}, {"programscache", xp, 90, "[Programs] position 1"},
		{"openwith", old, 4, "[.jpg] opened with DllHost.exe, position 1"}, {"openwith", new, 125, ""},
		{"openwith", xp, 1, "[.txt] opened with NOTEPAD.EXE, position 1"},
		{"officeaccounts", new, 1, "[tony] writes with Office"},
	} {
		t.Run(c.artifact+" "+c.file, func(t *testing.T) {
			recs := casetest.UserReal(t, c.artifact, c.file)
			if len(recs) != c.want {
				t.Errorf("%d records, want %d", len(recs), c.want)
			}
			if c.first != "" && recs[0].Summary() != c.first {
				t.Errorf("the first is %q, want %q", recs[0].Summary(), c.first)
			}
		})
	}
}

// TestTaskbarPinsLinks reads the shortcut of a pin beside its item.
func TestTaskbarPinsLinks(t *testing.T) {
	recs := casetest.UserCase(t, "taskbarpins", "users", "taskbarpins")
	if len(recs) != 1 {
		t.Fatalf("%d records, want 1", len(recs))
	}
	p := recs[0].Data.(activity.TaskbarPin)
	if p.Item != "Google Chrome.lnk" || p.Target != `C:\Program Files\Google\Chrome\Application\chrome.exe` {
		t.Errorf("got %+v", p)
	}
}
