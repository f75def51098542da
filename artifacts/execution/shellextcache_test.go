package execution_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
)

// TestShellExtCacheReal counts the values that the truth tables have, and holds the
// times to the life of the profile.
func TestShellExtCacheReal(t *testing.T) {
	for file, want := range map[string]int{"hives/regipy/NTUSER.DAT": 73, "hives/regipy/NTUSER_with_winscp.DAT": 114,
		"hives/regipy/NTUSER-WSL.DAT": 47, "hives/velo/ntuser.dat": 13} {
		recs := casetest.UserReal(t, "shellextcache", file)
		if len(recs) != want {
			t.Errorf("%s: %d records, want %d", file, len(recs), want)
		}
		for _, r := range recs {
			for _, e := range r.Events() {
				if y := e.Time.Year(); y < 2009 || y > 2025 {
					t.Errorf("%s: %s at %v", file, r.Summary(), e.Time)
				}
			}
		}
	}
}
