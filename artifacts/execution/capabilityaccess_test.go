package execution

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/sqlitefile"
)

// TestCapabilityAccess reads the uses of the incident and the hash of the program.
func TestCapabilityAccess(t *testing.T) {
	recs, errs := testtree.Found(t, testtree.Incident(t, "accounts", "software", "capabilityaccess"), capabilityAccess)
	testtree.NoErrors(t, errs)
	n := map[string]int{}
	for _, r := range recs {
		u := r.Data.(CapabilityUse)
		n[u.Kind]++
		switch {
		case u.Kind == "identity" && (u.SHA1 != strings.Repeat("2", 40) || r.Proof() != artifacts.Present || u.Observed.IsZero() || len(r.Events()) != 1):
			t.Errorf("%+v", u)
		case u.Packaged && (!u.Blocked || r.Program() != "" || u.App != "Microsoft.WindowsMaps_8wekyb3d8bbwe" || u.Capability != "location"):
			t.Errorf("%+v", u)
		case u.Kind == "use" && !u.Packaged && (u.Blocked || r.Program() == "" || !strings.HasSuffix(u.SID, "-1002") || len(r.Events()) != 2 || r.User.Name != "daniel"):
			t.Errorf("%+v of %q", u, r.User.Name)
		}
	}
	if n["use"] != 3 || n["identity"] != 1 {
		t.Errorf("%v", n)
	}
}

// TestCapabilityAccessNewer reads the columns of a newer version in another order, and a
// table of texts that is missing.
func TestCapabilityAccessNewer(t *testing.T) {
	text := func(name, s string) sqlitefile.Table {
		return sqlitefile.Table{Name: name, SQL: "CREATE TABLE " + name + " (ID INTEGER PRIMARY KEY, StringValue TEXT)",
			Rows: []sqlitefile.Row{{ID: 4, Values: []any{nil, s}}}}
	}
	db := sqlitefile.DB{Tables: []sqlitefile.Table{text("AppNames", "Recorder"), text("ServiceNames", "CamSvc"), text("BinaryFullPaths", `C:\x.exe`),
		{Name: "NonPackagedUsageHistory", SQL: "CREATE TABLE NonPackagedUsageHistory (Label INTEGER, ServiceName INTEGER, AppName INTEGER, BinaryFullPath INTEGER, " +
			"AccessGUID INTEGER, LastUsedTimeStop INTEGER, LastUsedTimeStart INTEGER, Capability INTEGER, ID INTEGER PRIMARY KEY)",
			Rows: []sqlitefile.Row{{ID: 9, Values: []any{1, 4, 4, 4, 1, 0, int64(134173344000000000), 7, nil}}}}}}
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "ProgramData/Microsoft/Windows/CapabilityAccessManager/CapabilityAccessManager.db": {Data: db.Build()}}
	recs, errs := testtree.Found(t, m, capabilityAccess)
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	if u := recs[0].Data.(CapabilityUse); u.Row != 9 || u.AppName != "Recorder" || u.Service != "CamSvc" || u.App != `C:\x.exe` || u.Start.IsZero() || !u.Stop.IsZero() {
		t.Errorf("%+v", u)
	}
}
