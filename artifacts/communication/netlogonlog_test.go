package communication

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

const netlogonText = "12/30 23:59:58 [LOGON] [816] CONTOSO: SamLogon: Transitive Network logon of CONTOSO\\anna from PC 7 (via FILES) Entered\r\n" +
	"12/30 23:59:58 [LOGON] [816] CONTOSO: SamLogon: Transitive Network logon of CONTOSO\\anna from PC 7 (via FILES) Returns 0xC0000234\r\n" +
	"01/02 04:00:00 [LOGON] CONTOSO: SamLogon: Network logon of CONTOSO\\anna from  Returns 0x0\r\n" +
	"01/02 04:00:01 [1140] CONTOSO: NO_CLIENT_SITE: PC8 10.9.8.7\r\n" +
	"01/02 03:10:00 [CRITICAL] x\r\n01/41 99:00:00 SamLogon: x logon of y from z Returns 0x0\r\nshort\r\n"

func netlogonTree(modified string) map[string][]byte {
	m := map[string][]byte{"C/Windows/System32/ntdll.dll": {}, "C/Windows/debug/netlogon.log": []byte(netlogonText)}
	if modified != "" {
		m["2026-01-01T000000_CopyLog.csv"] = []byte("CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc,CopyDuration\r\n" +
			`2026-01-01 00:00:00,C:\Windows\debug\netlogon.log,C:\out\C\Windows\debug\netlogon.log,1,,False,2020-01-01 00:00:00,` + modified + ",2020-01-01 00:00:00,00:00:00\r\n")
	}
	return m
}

// TestNetlogonLog takes the year from the file, across a new year.
func TestNetlogonLog(t *testing.T) {
	for _, c := range []struct{ modified, first, last string }{
		{"2024-01-02 03:10:00", "2023-12-30 23:59:58", "2024-01-02 04:00:01"},
		{"2023-12-31 23:00:00", "2022-12-30 23:59:58", "2023-01-02 04:00:01"}, // changed without a line since
		{"", "", ""},
	} {
		recs, errs := testtree.FoundIn(t, testtree.Tree(t, netlogonTree(c.modified)), netlogonLog)
		testtree.NoErrors(t, errs)
		testtree.WantSummaries(t, recs, `[CONTOSO\anna] Transitive Network logon from PC 7 via FILES: 0xC0000234 (locked out)`,
			`[CONTOSO\anna] Network logon: 0x0 (success)`, "[PC8] client of no site, address 10.9.8.7")
		first, last := recs[0].Data.(NetlogonLine), recs[2].Data.(NetlogonLine)
		if c.modified == "" {
			if !first.Time.IsZero() || first.TimeText != "12/30 23:59:58" || len(recs[0].Events()) != 0 {
				t.Errorf("%+v", first)
			}
			continue
		}
		if first.Time.Format(time.DateTime) != c.first || last.Time.Format(time.DateTime) != c.last || first.TimeText != "" {
			t.Errorf("%s: %+v, %+v", c.modified, first, last)
		}
		if ev := recs[0].Events(); len(ev) != 1 || !ev[0].Local {
			t.Errorf("%+v", ev)
		}
	}
}

// TestNetlogonLogOfMember reads the log of a machine without a domain.
func TestNetlogonLogOfMember(t *testing.T) {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Windows/debug/netlogon.bak": {Data: []byte(netlogonText)}}
	recs, errs := testtree.Found(t, m, netlogonLog)
	testtree.NoErrors(t, errs)
	if len(recs) != 3 {
		t.Errorf("%d records", len(recs))
	}
}

func FuzzNetlogonLog(f *testing.F) {
	f.Add([]byte(netlogonText))
	f.Fuzz(func(t *testing.T, b []byte) {
		testtree.CheckDecoded(t, artifacts.Input{Artifact: netlogonLog, Data: b}, int64(len(b)))
	})
}
