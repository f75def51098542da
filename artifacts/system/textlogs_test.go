package system

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

func logOf(t *testing.T, path, text string, a *artifacts.Artifact) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	return testtree.Found(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, path: {Data: []byte(text)}}, a)
}

// TestPFRO reads lines of a real log, of which one has commas in its path.
func TestPFRO(t *testing.T) {
	recs, errs := logOf(t, "Windows/PFRO.log", strings.Join([]string{
		`6/28/2016 9:57:4 - PFRO Error: \??\C:\WINDOWS\spool\New\PrintConfig.dll, \??\C:\WINDOWS\spool\PrintConfig.dll, 0xc000003a`,
		`6/28/2016 9:57:4 - PFRO Error: \??\C:\a, b\Au_.exe, |delete operation|, 0xc0000034`,
		"6/28/2016 9:57:4 - 21 Successful PFRO operations", "", "nothing"}, "\r\n"), pfro)
	testtree.WantErrors(t, errs, "line 5 is not a line of PFRO.log")
	testtree.WantSummaries(t, recs, `[C:\WINDOWS\spool\New\PrintConfig.dll] was not renamed to C:\WINDOWS\spool\PrintConfig.dll: 0xc000003a`,
		`[C:\a, b\Au_.exe] was not deleted: 0xc0000034`, "[boot] 21 files were renamed or deleted")
	if r := recs[1].Data.(BootRename); !r.Delete || r.Target != "" || r.Time.Format("15:04:05") != "09:57:04" || !recs[1].Events()[0].Local {
		t.Errorf("%+v", r)
	}
}

// TestNetSetup reads a join that failed and a change of name.
func TestNetSetup(t *testing.T) {
	const at = "03/01/2017 10:22:57:125 "
	recs, errs := logOf(t, "Windows/debug/NetSetup.LOG", strings.Join([]string{
		at + "NetpGetLsaPrimaryDomain: of a section whose beginning is gone: status: 0x0",
		at + "-----------------------------------------------------------------",
		at + "NetpDoDomainJoin",
		at + "NetpMachineValidToJoin: 'MYSERVER'",
		at + "NetpJoinDomain",
		at + "\tMachine: MYSERVER",
		at + "\tDomain: mydomain.local",
		at + "\tMachineAccountOU: (NULL)",
		at + "\tAccount: mydomain.local\\AdminUser",
		at + "\tOptions: 0x27",
		at + "NetpDsGetDcName: found DC '\\\\dc02.mydomain.local' in the specified domain",
		at + "NetpJoinDomainOnDs: status of connecting to dc '\\\\dc02.mydomain.local': 0x0",
		"03/01/2017 10:22:59:031 NetpDoDomainJoin: status: 0x6ba",
		"03/01/2017 10:22:59:031 -----------------------------------------------------------------",
		"03/01/2017 10:22:59:031 NetpChangeMachineName: from 'MYSERVER' to 'OTHER' using 'mydomain.local\\AdminUser' [0x1000]",
		"no time", "13/41/2017 10:22:59:031 x",
	}, "\r\n"), netsetup)
	testtree.NoErrors(t, errs)
	if len(recs) != 2 {
		t.Fatalf("%d records", len(recs))
	}
	testtree.WantSummaries(t, recs, `[MYSERVER] join of domain mydomain.local by mydomain.local\AdminUser: 0x6ba`, `[MYSERVER] rename to OTHER by mydomain.local\AdminUser`)
	r := recs[0].Data.(DomainJoin)
	if r.Options != "0x27" || r.Unit != "" || r.Controller != `\\dc02.mydomain.local` || r.Line != 3 || r.End.Sub(r.Start).Milliseconds() != 1906 || r.Workgroup {
		t.Errorf("%+v", r)
	}
}

func FuzzTextLogs(f *testing.F) {
	f.Add([]byte(`6/28/2016 9:57:4 - PFRO Error: \??\C:\a, |delete operation|, 0xc0000034`))
	f.Add([]byte("03/01/2017 10:22:57:125 NetpDoDomainJoin\n03/01/2017 10:22:57:125 NetpChangeMachineName: from 'a' to 'b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, a := range []*artifacts.Artifact{pfro, netsetup} {
			testtree.CheckDecoded(t, artifacts.Input{Artifact: a, Data: b}, int64(len(b)))
		}
	})
}
