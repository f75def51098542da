package communication

import (
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// TestSRUMReal holds the sums of the shared databases, of which one was not shut
// down and one, of a server, has no table of the network.
func TestSRUMReal(t *testing.T) {
	for _, c := range []struct {
		folder                string
		networks, connections int
		sent, received        int64
	}{
		{"win10-rathbunvm", 23, 1, 1927275, 148739057},
		{"win11-rathbunvm-dirty", 143, 9, 47314886, 3260291949},
		{"server2022-attacked", 0, 4, 0, 0},
	} {
		path := "artifacts2/srum/" + c.folder + "/SRUDB.dat"
		recs := realRecords(t, path, "srumnetwork")
		var sent, received int64
		for _, r := range recs {
			n := r.Data.(SRUMNetwork)
			sent, received = sent+n.Sent, received+n.Received
			if n.Time.IsZero() || n.Interface == "" || r.From.Offset == 0 || n.Page == 0 {
				t.Fatalf("%s: %+v", path, n)
			}
		}
		if len(recs) != c.networks || sent != c.sent || received != c.received {
			t.Errorf("%s: %d rows, sent %d, received %d", path, len(recs), sent, received)
		}
		if recs := realRecords(t, path, "srumconnections"); len(recs) != c.connections {
			t.Errorf("%s: %d connections", path, len(recs))
		}
	}
}

// TestBITSReal holds the jobs of the shared databases, by the truth table.
func TestBITSReal(t *testing.T) {
	recs := realRecords(t, "artifacts2/bits/win10/qmgr.db", "bits")
	var carved, files int
	for _, r := range recs {
		switch j := r.Data.(BITSJob); {
		case j.Type == "file":
			files++
		case j.Carved && r.From.State == "deleted":
			carved++
		}
	}
	if len(recs) != 1+carved+files || carved != 22 || files == 0 {
		t.Fatalf("%d records, %d jobs and %d files carved", len(recs), carved, files)
	}
	j := recs[0].Data.(BITSJob)
	if j.Name != "Chrome Component Updater" || j.JobID != "266504AC-D974-446C-96AD-2BE13A5665B0" || len(j.Files) != 1 || j.Files[0].Size != 4782 ||
		j.Created.Format(testTime) != "2022-12-21T02:18:03.1204654Z" || j.Completed.Format(testTime) != "2022-12-21T02:18:43.4087920Z" ||
		j.SID != "S-1-5-21-1079689790-2336414676-942872339-1001" || j.JobState != "transferred" || j.Page == 0 {
		t.Errorf("%+v", j)
	}
	recs = realRecords(t, "artifacts2/bits/win11/qmgr.db", "bits")
	var live int
	for _, r := range recs {
		if r.From.State == "live" {
			live++
			// By the truth table; done jobs in free pages come after these.
			if j := r.Data.(BITSJob); j.Name != "MozillaUpdate 308046B0AF4A39CB" || len(j.Files) != 1 || j.Files[0].Size != 13267764 {
				t.Errorf("%+v", j)
			}
		}
	}
	if live != 4 {
		t.Errorf("%d live jobs, want 4", live)
	}
}

const testTime = "2006-01-02T15:04:05.0000000Z"

// TestUALReal holds the clients of the shared databases. The server's own tables
// name its roles.
func TestUALReal(t *testing.T) {
	dir := testtree.EvidenceDir(t)
	m := fstest.MapFS{}
	for _, name := range []string{"SystemIdentity.mdb", "{C519A76A-D9B5-4F85-B667-5FAC08E0E1B4}.mdb"} {
		m["Windows/System32/LogFiles/Sum/"+name] = &fstest.MapFile{Data: testtree.ReadFile(t, dir+"/artifacts2/ual/plaso/"+name)}
	}
	recs, errs := found(t, m, "ual")
	testtree.NoErrors(t, errs)
	n := map[string]int{}
	for _, r := range recs {
		u := r.Data.(UAL)
		if n[u.Kind]++; u.Kind == "client" && n["client"] == 1 {
			if u.Account != `ual\dc-1$` || u.Address != "::1" || u.Total != 62 || len(u.Days) != 1 || u.Days[0] != "2022-07-16: 62" || u.RoleName == "" ||
				u.First.Format(testTime) != "2022-07-16T14:50:27.0773450Z" || u.Last.Format(testTime) != "2022-07-16T15:02:52.7424758Z" {
				t.Errorf("%+v", u)
			}
		}
	}
	if n["client"] != 14 || n["role"] != 3 || n["name"] != 6 || n["server"] == 0 {
		t.Errorf("%v", n)
	}
	for _, name := range []string{"Current.mdb"} {
		if recs := realRecords(t, "artifacts2/ual/server2012r2-szechuan/"+name, "ual"); len(recs) != 0 {
			t.Errorf("%s: %d records of empty tables", name, len(recs))
		}
	}
}
