package execution

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/hive"
)

// TestPartialHive runs decoders over a real hive that holds the key Software
// of a user alone, so that no source's path fits it.
func TestPartialHive(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	b, err := os.ReadFile(filepath.Join(dir, "hives", "regipy", "ntuser_software_partial"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := hive.Open(b, nil)
	if h == nil {
		t.Fatal(err)
	}
	count := func(a *artifacts.Artifact) int {
		n := 0
		for _, s := range a.Sources {
			path, ok := strings.CutPrefix(s.Key, `Software\`)
			if !ok {
				continue
			}
			for k, err := range h.Keys() {
				if err != nil || !likePath(path, k.Path()) {
					continue
				}
				parts := splitPath(k.Path())
				in := artifacts.Input{Artifact: a, Source: s, Hive: h, Key: k, From: artifacts.Locator{Key: k.Path(), State: artifacts.Live}}
				for i, p := range splitPath(path) {
					if strings.Contains(p, "*") {
						in.Match = append(in.Match, parts[i])
					}
				}
				recs, errs := a.Decode(in)
				for _, err := range errs {
					t.Errorf("undeclared: %v", err)
				}
				n += len(recs)
				if len(recs) > 0 {
					t.Logf("%s: %s", a.Name, recs[0].Summary())
				}
			}
		}
		return n
	}
	for _, tt := range []struct {
		artifact *artifacts.Artifact
		want     int
	}{
		{userAssist, 181}, {recentApps, 13}, {featureUsage, 65}, {jumplistData, 1}, {compatAssistant, 92}, {consentStore, 69}, {sysinternals, 7}, {usageTracking, 0},
	} {
		if got := count(tt.artifact); got != tt.want {
			t.Errorf("%s: %d records, want %d", tt.artifact.Name, got, tt.want)
		}
	}
}

func likePath(pattern, path string) bool {
	want, have := splitPath(pattern), splitPath(path)
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		head, tail, star := strings.Cut(strings.ToLower(want[i]), "*")
		name := strings.ToLower(have[i])
		if !star && name != head || star && (!strings.HasPrefix(name, head) || !strings.HasSuffix(name, tail)) {
			return false
		}
	}
	return true
}

func splitPath(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '\\' })
}
