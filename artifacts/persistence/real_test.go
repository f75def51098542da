package persistence

import "testing"

// What real machines hold, with counts: see evidence/.
func TestRealLoaders(t *testing.T) {
	for _, tt := range []struct {
		path, artifact string
		count          int
	}{
		{"images/win7-composed", "winsock", 31},
		{"images/win7-composed", "lsa", 22},
		{"images/win7-composed", "knowndlls", 29},
		{"images/win7-composed", "sessionmanager", 5},
		{"images/win7-composed", "print", 25},
		{"images/win7-composed", "timeproviders", 4},
	} {
		if n := len(realRecords(t, tt.path, tt.artifact)); n != tt.count {
			t.Errorf("%s %s: %d records, want %d", tt.path, tt.artifact, n, tt.count)
		}
	}
}
