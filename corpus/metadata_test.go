package corpus

import (
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestMetadata asks for the moments of the story in the change journal.
func TestMetadata(t *testing.T) {
	v := Metadata()
	moments := v.Moments()
	for _, path := range []string{
		`\Users\Public\beacon.exe.crdownload`, `\Users\Public\svchost.exe`, `\Users\Public\Libraries\cache.dll`,
		`\Users\daniel\AppData\Local\Temp\pd64.exe`, `\PerfLogs\out.rar`, `\Windows\PSEXESVC.EXE`,
	} {
		if !slices.ContainsFunc(moments, func(m ntfsmeta.Moment) bool { return m.Path == path }) {
			t.Errorf("nothing happens to %s", path)
		}
	}
	for i := 1; i < len(moments); i++ {
		if moments[i].USN <= moments[i-1].USN {
			t.Fatalf("record %d is out of order", i)
		}
	}
	if n := len(v.MFT()); n%1024 != 0 || n > 1<<20 {
		t.Errorf("a $MFT of %d bytes", n)
	}
	if !strings.Contains(string(v.MFT()), "HostUrl=http://"+Server) {
		t.Error("no Mark of the Web")
	}
	if string(v.MFT()) != string(Metadata().MFT()) || string(v.J()) != string(Metadata().J()) {
		t.Error("not the same bytes again")
	}
}
