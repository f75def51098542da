package appcompat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Values that Windows itself wrote: the layout is known by their bytes, all of
// a value is used, and the counts are those that a reader by hand gives.
func TestEvidence(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for _, tt := range []struct {
		file    string
		version Version
		bits    int
		entries int
		claimed uint32
	}{
		{"WinXPx86.bin", WindowsXP, 32, 17, 96},
		{"Win2k8Standard.bin", Vista, 64, 873, 873},
		{"win7x86.bin", Windows7, 32, 91, 91},
		{"win7x64.bin", Windows7, 64, 304, 304},
		{"Win80.bin", Windows80, 0, 104, 0},
		{"Win81.bin", Windows81, 0, 1024, 0},
		{"Win10.bin", Windows10, 0, 350, 350},
		{"Win10Creators.bin", Windows1703, 0, 506, 506},
	} {
		b, err := os.ReadFile(filepath.Join(dir, "appcompatcache", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(b, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
			continue
		}
		for _, d := range c.Damage {
			t.Errorf("%s: %v", tt.file, d)
		}
		if c.Version != tt.version || c.Bits != tt.bits || len(c.Entries) != tt.entries || c.Claimed != tt.claimed {
			t.Errorf("{%q, %v, %d, %d, %d},", tt.file, c.Version, c.Bits, len(c.Entries), c.Claimed)
		}
		for i, e := range c.Entries {
			if e.Path == "" || strings.ContainsAny(e.Path, "\x00\uFFFD") {
				t.Errorf("%s: entry %d: path %q", tt.file, i, e.Path)
			}
			if y := e.Modified.Year(); !e.Modified.IsZero() && (y < 1980 || y > 2026) {
				t.Errorf("%s: entry %d: modified %v", tt.file, i, e.Modified)
			}
		}
	}
}
