package evidence

import (
	"errors"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// TestHolds asks whether a folder is on a volume that is being collected.
func TestHolds(t *testing.T) {
	defer func(old func(string) (uint32, error)) { volumeSerial = old }(volumeSerial)
	volumeSerial = func(dir string) (uint32, error) {
		switch dir {
		case "own":
			return 0x1234ABCD, nil
		case "other":
			return 0x1234ABCE, nil
		}
		return 0, errors.New("no such folder")
	}
	e := &Evidence{live: true, Trees: []*Tree{nil, {volumes: []*volume{{fsys: &ntfs.Volume{Serial: 0x56780000_1234ABCD}}}}}}
	for dir, want := range map[string]bool{"own": true, "other": false, "missing": false} {
		if got := e.Holds(dir); got != want {
			t.Errorf("%s: %v, want %v", dir, got, want)
		}
	}
	e.live = false
	if e.Holds("own") {
		t.Error("an image is taken for a volume of the running machine")
	}
}
