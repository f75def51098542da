package pffile

import (
	"testing"
)

// TestDictionary tries a line against the files of its program only, however the
// program is named.
func TestDictionary(t *testing.T) {
	const folder = "../../../corpus/files/incident/C/Windows/Prefetch/"
	tried := func(file string, lines ...string) int {
		t.Helper()
		f := Read(folder+file, nil, Dictionary(lines))
		if f.Prefetch == nil {
			t.Fatal(f.Err)
		}
		return f.Verify.Candidates
	}
	const host, other = "MMC.EXE-A73F90A6.pf", "DLLHOST.EXE-15CDDA9C.pf"
	none := tried(host)
	for _, line := range []string{"mmc x.msc", `C:\Windows\System32\Mmc.exe x.msc`, `"C:\Windows\System32\mmc.exe" x.msc`} {
		if n := tried(host, line); n <= none {
			t.Errorf("%s: only %d sums are tried, %d without it", line, n, none)
		}
	}
	if a, b := tried(other), tried(other, "mmc x.msc"); a != b {
		t.Errorf("the line of another program is tried: %d sums, %d without it", b, a)
	}
}
